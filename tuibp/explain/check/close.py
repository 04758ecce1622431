"""When two arrays are the same number: the one rule of the check (explain.md section 3).

||u - r|| <= 1e-9 max(||u||, ||r||), or <= 1e-12 of the largest gradient norm, which is what rounding leaves of a tensor
that is zero. Numbers that were float32 on the way have 1e-4, of float16 1e-2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuibp.engine.arrays import Array


@dataclass(frozen=True)
class Tolerance:
    """How far two arrays may lie apart."""

    relative: float = 1e-9
    floor: float = 0.0
    """Absolute."""

    def equal(self, u: Array, r: Array) -> bool:
        """Whether two arrays are the same numbers; arrays of different shape are not."""
        if u.shape != r.shape:
            return False
        with np.errstate(all="ignore"):
            difference = u - r
            apart = float(np.vdot(difference, difference)) ** 0.5
            if not np.isfinite(apart):
                return bool(np.array_equal(u, r, equal_nan=True))
            size = max(float(np.vdot(u, u)), float(np.vdot(r, r))) ** 0.5
        return bool(apart <= max(self.relative * size, self.floor))


DOUBLE = Tolerance()
SINGLE = Tolerance(relative=1e-4)
HALF = Tolerance(relative=1e-2)


def relative_error(u: Array, r: Array) -> float:
    """||u - r|| / max(||u||, ||r||); 0 where both are zero, nan where a number is none."""
    if u.shape != r.shape:
        return float("nan")
    with np.errstate(all="ignore"):
        size = max(float(np.linalg.norm(u)), float(np.linalg.norm(r)))
        return float(np.linalg.norm(u - r)) / size if size else 0.0


def ratio(u: Array, r: Array, tolerance: Tolerance) -> float | None:
    """c where u = c r everywhere, c not 0; None where there is no such number."""
    return ratios(u, [r], tolerance)[0]


def ratios(u: Array, many: Sequence[Array] | Array, tolerance: Tolerance) -> list[float | None]:
    """`ratio` to each of several arrays, all at once: a walk tries hundreds."""
    found: list[float | None] = [None] * len(many)
    fitting = [k for k, r in enumerate(many) if r.shape == u.shape]
    if not fitting or not u.size:
        return found
    with np.errstate(all="ignore"):
        rows, flat = np.array([many[k] for k in fitting]).reshape(len(fitting), -1), u.ravel()
        c = rows @ flat / np.einsum("ki,ki->k", rows, rows)
        rows *= c[:, None]
        sizes = np.maximum(np.einsum("ki,ki->k", rows, rows), flat @ flat) ** 0.5
        rows -= flat
        apart = np.einsum("ki,ki->k", rows, rows) ** 0.5
        alike = (apart <= np.maximum(tolerance.relative * sizes, tolerance.floor)) & np.isfinite(c) & (c != 0.0)
    for at in np.flatnonzero(alike):
        found[fitting[at]] = float(c[at])
    return found
