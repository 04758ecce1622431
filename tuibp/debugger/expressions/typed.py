"""The typed tree of an expression on one network: names resolved, layers and cells checked, every shape known.

Each tensor has one writing operation, so a typed tree also knows after which operations it may change; conditions are
looked at there and nowhere else (design: stops.md section 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from tuibp.engine.arrays import Array

Shape: TypeAlias = tuple[int, ...]
Index: TypeAlias = tuple[int | None, ...]
"""One place an axis; None is all along it."""
Rhythm: TypeAlias = Literal["sample", "batch", "epoch", ""]
"""How often a quantity comes about; empty for what never changes."""


class Const(NamedTuple):
    """A number that is the same everywhere."""

    value: float
    boolean: bool = False
    shape: Shape = ()


@dataclass(frozen=True, eq=False)
class Given:
    """An array or a number out of the history of values: as it was when it was printed."""

    value: Array
    boolean: bool

    @property
    def shape(self) -> Shape:
        """Its axes."""
        return self.value.shape


class Scalar(NamedTuple):
    """cost, bcost, ecost, or what follows from the position alone: epoch batch sample t m lr."""

    name: str
    boolean: bool = False
    shape: Shape = ()


class Leaf(NamedTuple):
    """A tensor or a part of it."""

    name: str
    layer: int | None
    cell: Index
    """Empty for the whole."""
    shape: Shape
    boolean: bool = False


class Op(NamedTuple):
    """An operator or a function entry by entry: numbers go with arrays, arrays with arrays of their own shape."""

    function: str
    args: tuple[Typed, ...]
    shape: Shape
    boolean: bool


class Reduce(NamedTuple):
    """An array to one number."""

    function: str
    arg: Typed
    boolean: bool
    shape: Shape = ()


class Past(NamedTuple):
    """prev or avg."""

    function: str
    arg: Typed
    n: int
    rhythm: Rhythm
    boolean: bool = False
    shape: Shape = ()


@dataclass(frozen=True)
class Dead:
    """dead(l). No tuple: as one, dead(1) would be equal to the number 1 and pass for it in what is remembered."""

    layer: int
    boolean: bool = False
    shape: Shape = ()


Typed: TypeAlias = Const | Given | Scalar | Leaf | Op | Reduce | Past | Dead

BATCHWISE = ("W", "b", "gW", "gb", "uW", "ub")
"""Tensors that belong to a batch and not to one of its samples."""
POSITIONAL = ("epoch", "batch", "sample", "t", "m", "lr")
"""Scalars that no operation writes."""
