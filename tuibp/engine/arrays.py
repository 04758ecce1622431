"""The array type of the engine and the one way it takes memory.

Every buffer that BLAS reads or writes is contiguous and starts on a 64-byte boundary, because the last bit of a
product may depend on where its operands lie (design: machine.md section 2).
"""

from __future__ import annotations

import math
import weakref
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.intp]
DType: TypeAlias = np.dtype[np.floating[Any]]

ALIGNMENT = 64
"""Bytes: one cache line, and the widest vector register in use."""


def aligned_zeros(shape: tuple[int, ...], dtype: DType) -> Array:
    """A zeroed, C-contiguous array of `shape` whose first byte lies on a 64-byte boundary."""
    # The system hands out large memory zeroed, page by page as it is touched: cheaper than to fill it.
    return _aligned(np.zeros(_bytes(shape, dtype), dtype=np.uint8), shape, dtype)


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The same with no values set: memory that is never written to is never taken from the machine."""
    return _aligned(np.empty(_bytes(shape, dtype), dtype=np.uint8), shape, dtype)


class Memory:
    """Where the buffers of records come from: memory of those that nobody looks at any more, where there is some.

    To touch memory for the first time costs more than to compute with it, and records of a wide network are large.
    """

    SMALL = 64 * 1024
    """Bytes below which a buffer is not worth it: the allocator of the language keeps those at hand."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[npt.NDArray[np.uint8], weakref.ref[npt.NDArray[np.uint8]]]]] = {}
        """By size, every large block with the array that was last lent of it; that one is gone when no view is left."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """As `aligned_empty`."""
        size = _bytes(shape, dtype)
        return _aligned(np.empty(size, np.uint8) if size < self.SMALL else self._lend(size), shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """As `aligned_zeros`."""
        buffer = self.empty(shape, dtype)
        buffer.fill(0)
        return buffer

    def _lend(self, size: int) -> npt.NDArray[np.uint8]:
        blocks = self._blocks.setdefault(size, [])
        free = next((at for at, (_, lent) in enumerate(blocks) if lent() is None), len(blocks))
        block = blocks[free][0] if free < len(blocks) else np.empty(size, np.uint8)
        # Every view of an array refers to the array that owns the memory. Behind a memoryview this one counts as that.
        lending = np.frombuffer(block.data, np.uint8)
        blocks[free : free + 1] = [(block, weakref.ref(lending))]
        return lending


def _bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return math.prod(shape) * dtype.itemsize + ALIGNMENT


def _aligned(raw: npt.NDArray[np.uint8], shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + raw.size - ALIGNMENT].view(dtype).reshape(shape)
