"""The gradient check of one cell: the cost a little to either side of it (explain.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuibp.debugger.names import CellRef
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.network import Network, Parameters
from tuibp.explain.gradcheck.check import PASS, WARN, Status
from tuibp.explain.gradcheck.differences import H, Mask

MOVED = {"W": "W", "dW": "W", "gW": "W", "b": "b", "db": "b", "gb": "b", "z": "z", "a": "a", "dC_da": "a"}
"""The number that is moved to check a cell."""


@dataclass(frozen=True)
class CellCheck:
    """Both gradients of one cell."""

    cell: CellRef
    """That which was moved."""
    analytic: float
    numeric: float
    value: float
    h: float
    above: float
    """C(value + h)."""
    below: float
    """C(value - h)."""
    samples: int
    relative_error: float
    status: Status


def cell_check(
    network: Network, params: Parameters, x: Array, y: Array, cell: CellRef, analytic: float, share: float
) -> CellCheck:
    """Move a cell by h to either side.

    Args:
        network: of float64.
        x: (n_0, m), y: (n_L, m) the samples whose costs count.
        cell: W, b, z or a with its index.
        analytic: the gradient that the program has for it.
        share: what the sum of the costs is divided by, m for a mean.
    """
    _, value, _ = _cost(network, params, x, y, cell, 0.0)
    h = H * max(1.0, abs(value))
    (above, _, sides_above), (below, _, sides_below) = (_cost(network, params, x, y, cell, step) for step in (h, -h))
    crossed = any(not np.array_equal(one, two) for one, two in zip(sides_above, sides_below, strict=True))
    numeric = float((above - below).sum()) / share / (2.0 * h)
    size = max(abs(numeric), abs(analytic))
    error = abs(numeric - analytic) / size if size else 0.0
    floor = 4.0 * float(np.finfo(np.float64).eps) * float(np.abs(above).sum()) / share / h
    finite = bool(np.isfinite(numeric) and np.isfinite(analytic))
    passes = error <= PASS or abs(numeric - analytic) <= floor
    status: Status = "not finite" if not finite else "pass" if passes else "warn" if error <= WARN else "fail"
    status = "skipped" if crossed and finite else status
    sums = float(above.sum()) / share, float(below.sum()) / share
    return CellCheck(cell, analytic, numeric, value, h, *sums, x.shape[1], error, status)


def _cost(
    network: Network, params: Parameters, x: Array, y: Array, cell: CellRef, step: float
) -> tuple[Array, float, list[Mask]]:
    """The cost of every sample with a cell moved, the cell's value in the first sample before that, and on which side
    of every kink each z stands.
    """
    a, value, L = x.copy(), 0.0, network.L
    sides: list[Mask] = []
    z = a
    if cell.name == "a" and cell.layer == 0:
        value = float(a[cell.index][0])
        a[cell.index] += step
    for l in range(1, L + 1):
        W, b = params.W[l], params.b[l]
        if cell.layer == l and cell.name in ("W", "b"):
            W, b = W.copy(), b.copy()
            parameter = W if cell.name == "W" else b
            value = float(parameter[cell.index])
            parameter[cell.index] += step
        z = W @ a + b[:, None]
        if cell.layer == l and cell.name == "z":
            value = float(z[cell.index][0])
            z[cell.index] += step
        sides += [z > kink for kink in network.activation(l).kinks]
        a = np.empty_like(z)
        network.activation(l).forward(now, np.ascontiguousarray(z), a)
        if cell.layer == l and cell.name == "a":
            value = float(a[cell.index][0])
            a[cell.index] += step
    out = np.empty(x.shape[1])
    if network.fused is not None and not (cell.name == "a" and cell.layer == L):
        network.fused.value(np.ascontiguousarray(z), np.ascontiguousarray(y), out)
    else:
        network.cost.value(a, np.ascontiguousarray(y), out)
    return out, value, sides
