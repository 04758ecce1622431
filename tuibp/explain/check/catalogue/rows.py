"""What a row of the catalogue of mistakes is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from tuibp.engine.arrays import Array
from tuibp.explain.check.context import Context


class Step(Enum):
    """The step of backprop that a mistake spoils; its value is the tensor that departs first."""

    Z = "z"
    A = "a"
    ERROR = "dC_da of L"
    RECURSION = "dC_da"
    SLOPE = "delta"
    DW = "dW"
    DB = "db"
    BATCH = "batch"

    @property
    def tensor(self) -> str:
        """The tensor that departs first."""
        return "dC_da" if self is Step.ERROR else self.value


Variants: TypeAlias = "Iterable[tuple[str, Array | None]]"
"""(detail, value): what the user's code would have computed; None where that is not defined on this probe."""
Compute: TypeAlias = Callable[[Context, int], Variants]
ComputeSlope: TypeAlias = Callable[[Context, int, Array], Variants]


@dataclass(frozen=True, eq=False)
class Mistake:
    """One mistake: its name, what it computes, the words that are shown, a line of algebra and how common it is."""

    name: str
    """Stands in JSON and never changes."""
    step: Step
    title: str
    """What is wrong, in a few words; {detail} stands for what a variant says of itself, {own} for
    the activation that the network has there.
    """
    words: str
    """One or two sentences for the person who made it."""
    algebra: str
    """The line that gives the user's number."""
    right: str
    """The line that gives the right one."""
    often: int
    """How often it is seen in public code: 0 to 3."""
    compute: Callable[..., Variants]
    """`Compute`, of a SLOPE `ComputeSlope`."""
    convention: bool = False
    """Whether it is no mistake but another convention."""
    bends: bool = False
    """Of a SLOPE: whether its value is more than some factor times dC_da."""


def one(value: Callable[[Context, int], Array | None]) -> Compute:
    """A mistake with one form."""
    return lambda context, l: (("", value(context, l)),)


def one_slope(value: Callable[[Context, int, Array], Array | None]) -> ComputeSlope:
    """The same of σ′."""
    return lambda context, l, dC_da: (("", value(context, l, dC_da)),)
