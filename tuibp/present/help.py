"""The help: what the focused pane shows and how to read it, then every key by group.

The words about a pane stand here, once; the keys come from COMMANDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuibp.debugger.command import GROUPS, Command
from tuibp.debugger.commands import COMMANDS
from tuibp.present.cells import Picture, Run, framed, slide

PANES = {
    "program": (
        "The program",
        "Training is a straight line of operations. ▶ marks the next one to run; what the last step ran is lit. "
        "Each pass line lists its operations: a forward layer computes z then a; a backward layer computes ∂a (the "
        "column of the DP table), σ′, δ and ∂W. The arrows select a place; t goes forward to it, T back. │ stands "
        "along the frame that n, f and F work on; u selects the frame around it, d the one inside.",
    ),
    "network": (
        "The network",
        "Layers from input to cost, the one at hand in brackets; the arrows between them show the direction of the "
        "pass. Below: the samples of this batch; < and > look at another sample's column, and after the last one "
        "at the mean of those already executed; esc follows the program again. C is the cost of the sample, then "
        "of the batch and of the epoch so far; η is the learning rate.",
    ),
    "dp": (
        "The DP table",
        "Column l holds ∂C/∂a of layer l, one row per neuron. It fills from right to left: column L comes from the "
        "cost, and every other column needs only the column to its right: ∂C/∂a¹ = W²ᵀ δ². · is not computed yet, "
        "○ comes next. Column 0, the input's gradient, is no step of the program and is shown as soon as δ¹ is "
        "there.",
    ),
    "layer": (
        "One layer",
        "The vectors of the layer at hand, a row per neuron: z = W a + b, a = σ(z), σ′(z), ∂C/∂a, δ = σ′ ⊙ ∂C/∂a "
        "(which is also the gradient of the biases) and b. For a softmax σ′ is a Jacobian J; its diagonal is "
        "shown.",
    ),
    "matrix": (
        "The matrix",
        "Row i, column j: TO neuron i FROM neuron j of the layer below. It follows the program: W going forward, "
        "∂C/∂W going backward, ∇W after grad; w chooses another. The colour is the magnitude, warm above zero and "
        "cold below, and the sign is always printed.",
    ),
    "formula": (
        "The formula",
        "What was just done and what comes next: symbols first, then the numbers of one cell. Select a cell with "
        "the arrows in a table, or click on it, to see its own formula with its terms, the largest first, each "
        "with its share.",
    ),
    "curve": (
        "The cost curve",
        "The mean cost of every batch run so far, from the first to the furthest you have been. The batch on the "
        "screen is named below and has another colour. × marks a cost that is nan or infinite. Under it the time line: "
        "▲ here, ● where a stop has stopped you, letters for marks, * for notes, ┬ where a timeline forks off; a "
        "double click goes there.",
    ),
    "stops": (
        "Stops and displays",
        "Breakpoints, watches and catches, ● where they stop and ○ where they do not for now, ▶ before one that has "
        "stopped us here; c runs on to the next "
        "one, C back to the one before. b makes or forgets one on the selected line of the program, W watches the "
        "selected cell; on the command line: break bwd 1 if norm(delta[1]) < 0.05, watch cost > 1, catch nan. Below "
        "stands what D or :display shows at every stop. The arrows pick an entry; enter switches a stop, delete "
        "forgets it.",
    ),
    "timelines": (
        "Timelines, marks and notes",
        "Every number that is set by hand begins a timeline of its own; the old one keeps its future. Each has its "
        "cost curve here, and its last cost. The arrows pick one, enter goes there, at the same t; :diff 0 1 compares "
        "two. Below: marks, set with m and a letter, and notes, written with M; enter goes there.",
    ),
    "why": (
        "Why",
        "The answer to enter on a cell: its formula, then its terms, the largest first, each with its share. "
        "The arrows pick a term, enter follows it: to the cell that was read, and to the place just behind the "
        "operation that wrote it; backspace goes back to the question. pgdn, pgup, home and end turn the pages of a "
        "long answer, z gives it the whole screen. What the answer reads is lit in the tables. "
        "! holds the gradient of a cell against differences of the cost, :gradcheck that of the batch. "
        ":why small delta[1], :why big dW[1], :why zero dW[1][0,0], :why nan and :blame W[1][0,1] ask more.",
    ),
    "console": (
        "The console",
        "What has been typed, and the answers. : opens the command line: print W[1], find cost > 0.3, info locals, "
        "help. tab completes, up and down bring lines back, an empty line repeats the last movement or look. Here the "
        "arrows, pgdn, pgup, home and end scroll.",
    ),
}
"""By pane: a heading and how to read it."""
HOW = (
    "Below stands every command. A key is pressed; what begins with : is a word for the command line, which : opens. "
    "There every command can be typed by its name, or by as much of it as is clear, and everything else is an "
    "expression and is printed: W[1][0,1], norm(delta[1]). On a table the keys act on the selected cell, in the "
    "program on the selected line."
)
"""How to read what follows about the commands."""
HEAD = 15
"""Columns of the keys, or of the longest word that has none."""


def key_text(command: Command) -> str:
    """The keys of a command as the help prints them."""
    return "0-9" if command.name == "times" else "  ".join(command.keys)


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
    rows: list[list[Run]] = [[Run(heading, "title")]]
    rows += [[Run(line)] for line in _wrap(words, width)]
    rows += [[], *([Run(line)] for line in _wrap(HOW, width))]
    for group, title in GROUPS.items():
        rows += [[], [Run(title, "title")]]
        for command in COMMANDS.values():
            if command.group == group:
                rows += _command_rows(command, width)
    top, more = slide(len(rows), height, top)
    return framed(rows[top:], (), width, height, top, 0, more)


def _command_rows(command: Command, width: int) -> Iterator[list[Run]]:
    """The keys of a command, or the word where it has none, and what it does; then how it is typed."""
    head = key_text(command) if command.keys else f":{command.name}"
    room, word = max(20, width - HEAD - 2), command.keys and command.typed and not command.argument
    for number, line in enumerate(_wrap(f"{command.help} :{command.name}" if word else command.help, room)):
        yield [Run(f"{head if number == 0 else '':>{HEAD}}  ", "key"), Run(line)]
    if command.argument and command.typed:
        for line in _wrap(f":{command.usage}", room):
            yield [Run(" " * (HEAD + 2)), Run(line, "accent")]
