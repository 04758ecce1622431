"""The help: what the focused pane shows and how to read it, then every key by group.

The words about a pane stand here, once; the keys come from COMMANDS.
"""

from __future__ import annotations

from collections.abc import Iterable

from tuibp.debugger.commands import COMMANDS, GROUPS, Command
from tuibp.present.cells import Picture, Row, Run

PANES = {
    "program": (
        "The program",
        "Training is a straight line of operations. ▶ marks the next one to run. Each pass line lists its operations: a forward "
        "layer computes z then a; a backward layer computes ∂a (the column of the DP table), σ′, δ and ∂W. "
        "Up and down select a place; t goes forward to it, T goes back. ◀ marks the frame that n and f work on (u, d).",
    ),
    "network": (
        "The network",
        "Layers from input to cost, the current one marked. Below: the samples of this batch; < and > look at another sample's "
        "column, and behind the last one at the mean of those already executed. C is the cost of the sample, then of the batch "
        "and of the epoch so far.",
    ),
    "dp": (
        "The DP table",
        "Column l holds ∂C/∂a of layer l, one row per neuron. It fills from right to left: column L comes from the cost, and "
        "every other column needs only the column to its right: ∂C/∂a¹ = W²ᵀ δ². · is not computed yet, ○ comes next. Column 0, "
        "the input's gradient, is no step of the program and is shown on request as soon as δ¹ is there.",
    ),
    "layer": (
        "One layer",
        "The vectors of the layer at hand, a row per neuron: z = W a + b, a = σ(z), σ′(z), ∂C/∂a, δ = σ′ ⊙ ∂C/∂a (which is also "
        "the gradient of the biases) and b. For a softmax σ′ is a Jacobian; its diagonal is shown.",
    ),
    "matrix": (
        "The matrix",
        "Row i, column j: TO neuron i FROM neuron j of the layer below. It follows the program: W going forward, ∂C/∂W going "
        "backward, ∇W after grad. w changes it. Orange is positive, blue negative, and the sign is always printed.",
    ),
    "formula": (
        "The formula",
        "The operation just done and the next one: symbols first, then the numbers of one cell. Select a cell with the arrows in "
        "any pane to see its own formula with its terms, the largest first.",
    ),
    "curve": (
        "The cost curve",
        "The mean cost of every batch run so far, from the first to the furthest you have been. The batch on the screen has "
        "another colour. × marks a cost that is nan or infinite.",
    ),
}
"""By pane: a heading and how to read it."""


def key_text(command: Command) -> str:
    """The keys of a command as the help prints them."""
    return "0-9" if command.name == "count" else "  ".join(command.keys)


def _wrap(text: str, width: int) -> Iterable[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def paint_help(pane: str, width: int, height: int, top: int = 0) -> Picture:
    """The help for a pane, from line `top` on."""
    heading, words = PANES[pane]
    rows: list[Row] = [(Run(heading, "title"),)]
    rows += [(Run(line, "text"),) for line in _wrap(words, width)]
    for group, title in GROUPS.items():
        rows += [(), (Run(title, "title"),)]
        for command in COMMANDS.values():
            if command.group != group or not command.keys:
                continue
            head = f"{key_text(command):>12}  "
            for number, line in enumerate(_wrap(command.help, max(20, width - len(head)))):
                rows.append((Run(head if number == 0 else " " * len(head), "key"), Run(line, "text")))
    top = max(0, min(top, len(rows) - height))
    more = f"lines {top}-{min(top + height, len(rows)) - 1} of {len(rows)}" if len(rows) > height else ""
    return Picture(tuple(rows[top : top + height]), (), top, 0, more)
