"""NumPy calls one by one: carried out at once, or noted down to be carried out again and again.

Every kernel, activation and optimizer says what it computes as a sequence `do(function, *operands)`. Stepping carries
the calls out; running strings the very same calls together (`engine.straight`), so that both give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import DType, aligned_empty

Function: TypeAlias = Callable[..., object]
Buffer: TypeAlias = npt.NDArray[Any]


class Do(Protocol):
    """Takes NumPy calls, in the order in which they are to be carried out."""

    def __call__(self, function: Function, *operands: object, **options: object) -> None:
        """One call, which writes to an operand that is given as its `out`. A number that is meant in the type of the
        arrays beside it is a float; whole numbers are axes and the like.
        """

    def scratch(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Buffer:
        """A buffer for what an operation needs on the way; it holds anything at first and nothing afterwards."""


class _Now:
    """Carries every call out at once."""

    def __call__(self, function: Function, *operands: object, **options: object) -> None:
        function(*operands, **options)

    def scratch(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Buffer:
        return np.empty(shape, dtype)


now: Do = _Now()
"""For those who compute something once."""


class Call(NamedTuple):
    """One NumPy call with the buffers that it reads and writes."""

    function: Function
    operands: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(self) -> None:
        self.function(*self.operands, **self.options)


@dataclass(eq=False)
class Shared:
    """What the tapes of one machine have in common: scratch buffers, and numbers as arrays without axes, with which a
    call takes half the time of one with a Python float.
    """

    dtype: DType
    numbers: dict[float | str, Buffer] = field(default_factory=dict)
    buffers: dict[tuple[tuple[int, ...], str, int], Buffer] = field(default_factory=dict)

    def number(self, value: float) -> Buffer:
        """A number of the network's type, as NumPy would take it beside an array of that type."""
        key = value.hex()  # 0.0 and -0.0 are equal, and nan is not
        if key not in self.numbers:
            with np.errstate(all="ignore"):
                self.numbers[key] = np.array(value, self.dtype)
        return self.numbers[key]


class Tape:
    """Notes calls down. Scratch buffers are shared by all operations: they mean nothing from one to the next."""

    def __init__(self, shared: Shared) -> None:
        self.calls: list[Call] = []
        """Those of the operation."""
        self._shared = shared
        self._taken = 0

    def operation(self) -> None:
        """A new operation begins: an empty tape, and scratch may be used again."""
        self.calls = []
        self._taken = 0

    def __call__(self, function: Function, *operands: object, **options: object) -> None:
        number = self._shared.number
        self.calls.append(Call(function, tuple(number(o) if type(o) is float else o for o in operands), options))

    def scratch(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Buffer:
        key = (shape, np.dtype(dtype).str, self._taken)
        self._taken += 1
        if key not in self._shared.buffers:
            self._shared.buffers[key] = aligned_empty(shape, np.dtype(dtype))
        return self._shared.buffers[key]
