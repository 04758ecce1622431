"""The array type of the engine and the one way it takes memory.

Every buffer that BLAS reads or writes is contiguous and starts on a 64-byte boundary, because the last bit of a
product may depend on where its operands lie (design: machine.md section 2).
"""

from __future__ import annotations

import math
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


def _bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return math.prod(shape) * dtype.itemsize + ALIGNMENT


def _aligned(raw: npt.NDArray[np.uint8], shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + raw.size - ALIGNMENT].view(dtype).reshape(shape)
