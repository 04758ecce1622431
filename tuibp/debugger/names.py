"""The names of what can be looked at: one row for every tensor and scalar, and how a name is read.

`W[2][0,1]`: the first bracket is the layer, the second the cell. Names follow mathematics.md section 1.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuibp.engine.text import safe
from tuibp.errors import NameInputError

if TYPE_CHECKING:
    from tuibp.engine.network import Network

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TensorName:
    """A row of the table of tensors."""

    name: str
    symbol: str
    """On screen, before the layer's superscript."""
    meaning: str
    shape: Callable[[Network, int], Shape]
    """Of one layer, for one sample."""
    aliases: tuple[str, ...] = ()
    first: int | None = 1
    """The lowest layer that has it; None for a tensor of no layer."""


@dataclass(frozen=True, slots=True)
class CellRef:
    """A tensor, a cell of it, or a scalar: `layer` is None and `index` empty where they do not apply."""

    name: str
    layer: int | None = None
    index: tuple[int, ...] = ()

    def __str__(self) -> str:
        layer = "" if self.layer is None else f"[{self.layer}]"
        index = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return f"{self.name}{layer}{index}"


def _vector(network: Network, layer: int) -> Shape:
    return (network.sizes[layer],)


def _matrix(network: Network, layer: int) -> Shape:
    return (network.sizes[layer], network.sizes[layer - 1])


def _slope(network: Network, layer: int) -> Shape:
    n = network.sizes[layer]
    return (n,) if network.activation(layer).elementwise else (n, n)


TENSORS: dict[str, TensorName] = {
    row.name: row
    for row in (
        TensorName("a", "a", "activations", _vector, first=0),
        TensorName("z", "z", "pre-activations", _vector),
        TensorName("W", "W", "weights: to row i, from column j", _matrix),
        TensorName("b", "b", "biases", _vector),
        TensorName("sp", "σ′", "slope of the activation at z", _slope, ("σ'", "σ′")),
        TensorName("dC_da", "∂C/∂a", "the DP table", _vector, ("dC/da", "∂C/∂a"), first=0),
        TensorName("db", "δ", "delta: ∂C/∂z = ∂C/∂b", _vector, ("delta", "δ", "dC/db", "∂C/∂b")),
        TensorName("dW", "∂C/∂W", "weight gradient of one sample", _matrix, ("dC/dW", "∂C/∂W")),
        TensorName("gW", "∇W", "weight gradient of the batch", _matrix),
        TensorName("gb", "∇b", "bias gradient of the batch", _vector),
        TensorName("uW", "ΔW", "what the update added to W", _matrix),
        TensorName("ub", "Δb", "what the update added to b", _vector),
        TensorName("x", "x", "input of the sample", lambda network, _: (network.inputs,), first=None),
        TensorName("y", "y", "target of the sample", lambda network, _: (network.sizes[-1],), first=None),
    )
}
"""Every tensor by name."""

SCALARS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cost": ("cost of the sample", ("C",)),
    "bcost": ("mean cost of the batch so far", ()),
    "ecost": ("mean cost of the epoch so far", ()),
    "lr": ("learning rate", ("η", "eta")),
    "epoch": ("the epoch", ()),
    "batch": ("the batch of the epoch", ()),
    "sample": ("the sample of the batch", ()),
    "t": ("operations executed", ()),
    "L": ("number of the output layer", ()),
    "m": ("samples of the batch", ()),
}
"""Every scalar by name: its meaning and its aliases."""

ALIASES = {alias: row.name for row in TENSORS.values() for alias in row.aliases} | {
    alias: name for name, (_, aliases) in SCALARS.items() for alias in aliases
}
_FORM = re.compile(r"\s*([^\[\]\s]+)\s*((?:\[[^\[\]]*\]\s*)*)$")


def _integers(text: str, bracket: str) -> tuple[int, ...]:
    parts = bracket.split(",")
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        raise NameInputError(
            f'"{safe(text, 60)}": "{safe(bracket, 30)}" is not a list of whole numbers',
            hint="write a layer and a cell such as W[2][0,1]",
        ) from None


def parse_cell(text: str, network: Network) -> CellRef:
    """Read a tensor, cell or scalar name.

    Args:
        text: such as `cost`, `a[2]`, `W[2][0,1]`, `delta[1][3]`, `y[0]`.

    Raises:
        NameInputError: with the remedy: an unknown name, a layer or a cell that this network does not have.
    """
    match = _FORM.match(text) if len(text) <= 200 else None
    if match is None:
        raise NameInputError(
            f'"{safe(text, 60)}" is not a name', hint="write a tensor or a cell such as a[2] or W[2][0,1]"
        )
    base, rest = match.groups()
    name = ALIASES.get(base, base)
    brackets = [_integers(text, bracket) for bracket in re.findall(r"\[([^\[\]]*)\]", rest)]
    if name in SCALARS:
        if brackets:
            raise NameInputError(f"{name} is one number and has no brackets", hint=f"write {name}")
        return CellRef(name)
    if name not in TENSORS:
        near = difflib.get_close_matches(base, [*TENSORS, *SCALARS, *ALIASES], n=1)
        hint = f"did you mean {near[0]}?" if near else f"the names are {' '.join([*TENSORS, *SCALARS])}"
        raise NameInputError(f'no variable "{safe(base, 40)}"', hint=hint)
    return _cell(name, brackets, network)


def _cell(name: str, brackets: list[tuple[int, ...]], network: Network) -> CellRef:
    row = TENSORS[name]
    if row.first is None:
        layer, cells = None, brackets
    else:
        low = row.first
        if not brackets:
            raise NameInputError(f"{name} needs its layer", hint=f"write {name}[l] with l in {low}..{network.L}")
        if len(brackets[0]) != 1:
            guess = f"{name}[{network.L}][{','.join(map(str, brackets[0]))}]"
            raise NameInputError("the first bracket is the layer", hint=f"write {guess}")
        layer, cells = brackets[0][0], brackets[1:]
        if not low <= layer <= network.L:
            raise NameInputError(f"{name}[{layer}] does not exist", hint=f"the layers of {name} are {low}..{network.L}")
    if len(cells) > 1:
        raise NameInputError(
            f"{name} has too many brackets",
            hint=f"write {name}[layer][cell]" if layer is not None else f"write {name}[cell]",
        )
    shape = row.shape(network, layer or 0)
    index = cells[0] if cells else ()
    if index and (len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape, strict=True))):
        place = name if layer is None else f"{name}[{layer}]"
        last = ",".join(str(n - 1) for n in shape)
        zeros = ",".join("0" for _ in shape)
        raise NameInputError(
            f"{place} has no cell [{','.join(map(str, index))}]", hint=f"its cells are [{zeros}] to [{last}]"
        )
    return CellRef(name, layer, index)
