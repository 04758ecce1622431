"""Memory as bad as it may be: what is new is full of nan, and what nobody looks at any more is soon written over."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tuibp.engine.arrays import Memory

_empty = Memory.empty


def _spoilt(memory: Memory, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    buffer = _empty(memory, shape, dtype)
    buffer.fill(np.nan)
    return buffer


def spoil(patch: pytest.MonkeyPatch) -> None:
    """Give records, runs and states such memory, small buffers as well."""
    patch.setattr(Memory, "SMALL", 0)
    patch.setattr(Memory, "empty", _spoilt)
