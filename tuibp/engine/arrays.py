"""The array type of the engine and the one way it takes memory.

Every buffer that BLAS reads or writes is contiguous and starts on a 64-byte boundary, because the last bit of a
product may depend on where its operands lie (design: machine.md section 2).
"""

from __future__ import annotations

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
    count = int(np.prod(shape, dtype=np.int64))
    raw = np.zeros(count * dtype.itemsize + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + count * dtype.itemsize].view(dtype).reshape(shape)
