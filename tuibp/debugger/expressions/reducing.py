"""Reductions of arrays that have the samples of a batch along their last axis, as calls told where to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import FLOAT, PRINT
from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.engine.calls import Do

SHORT = 256
"""Entries in a row from which on a product of each row costs less than a copy of all."""


def aligned(args: Sequence[npt.NDArray[Any]], shapes: Sequence[tuple[int, ...]], lead: int) -> list[npt.NDArray[Any]]:
    """Numbers get as many axes as the arrays beside them, between the `lead` first axes and the last one."""
    most = max(map(len, shapes))
    return [
        arg.reshape(*arg.shape[:lead], *(1,) * (most - len(shape)), *arg.shape[lead:]) if len(shape) < most else arg
        for arg, shape in zip(args, shapes, strict=True)
    ]


def reduce_into(
    do: Do, function: str, x: npt.NDArray[Any], axes: tuple[int, ...], size: int, out: npt.NDArray[Any]
) -> None:
    """Emit a reduction of `size` entries along `axes`."""
    if x.shape[-1] == 1 and x.flags.c_contiguous:
        # One number of a whole array: a single loop over all of it takes half the time of one along several axes.
        x, axes, out = x.reshape(-1), (0,), out.reshape(())
    if function == "norm":
        if x.ndim == 1:
            do(np.dot, x, x, out)
        elif x.ndim == 3 and x.shape[-1] == 1:
            _squares_by_rows(do, x[..., 0], out)
        else:
            squares = do.scratch(x.shape, FLOAT)
            do(np.multiply, x, x, squares)
            do(np.add.reduce, squares, axes, None, out)
        do(np.sqrt, out, out)
    elif function in ("argmax", "argmin", PRINT):
        own = {"argmax": _argmax, "argmin": _argmin, PRINT: fingerprint}[function]
        do(own, x.reshape(*x.shape, 1) if x.ndim == 1 else x, axes, out.reshape(1) if x.ndim == 1 else out)
    else:
        row = FUNCTIONS[function]
        assert row.call is not None
        do(row.call, x, axes[0] if x.ndim == 1 else axes, out.dtype, out)
        if function == "mean":
            do(np.divide, out, size, out)


def _squares_by_rows(do: Do, x: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
    """Emit the sum of squares of a matrix whose rows lie apart, as those of weights beside their biases: no squares are
    written. Short rows are put together first.
    """
    if x.shape[1] < SHORT:
        whole = do.scratch(x.shape, FLOAT)
        do(np.copyto, whole, x)
        do(np.dot, whole.reshape(-1), whole.reshape(-1), out.reshape(()))
    else:
        rows = do.scratch(x.shape[:1], FLOAT)
        do(np.vecdot, x, x, rows)
        do(np.add.reduce, rows, 0, None, out.reshape(()))


def _flattened(x: npt.NDArray[Any], axes: tuple[int, ...]) -> npt.NDArray[Any]:
    """The axes to reduce as one, in the place of the first."""
    if not axes:
        return x[..., np.newaxis, :]
    lead, tail = x.shape[: axes[0]], x.shape[axes[-1] + 1 :]
    return x.reshape(*lead, -1, *tail)


def _argmax(x: npt.NDArray[Any], axes: tuple[int, ...], out: npt.NDArray[Any]) -> None:
    out[...] = _flattened(x, axes).argmax(-2)


def _argmin(x: npt.NDArray[Any], axes: tuple[int, ...], out: npt.NDArray[Any]) -> None:
    out[...] = _flattened(x, axes).argmin(-2)


def fingerprint(x: npt.NDArray[Any], axes: tuple[int, ...], out: npt.NDArray[Any]) -> None:
    """Sums of the entries' bits, each times an odd number of its own, modulo 2^64."""
    numbers = np.ascontiguousarray(_flattened(x, axes), FLOAT)
    flat = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)  # one nan is like another
    weights = np.arange(1, flat.shape[-2] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    mixed = (flat ^ (flat >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    np.add.reduce(mixed * weights[:, np.newaxis], axis=-2, out=out)
