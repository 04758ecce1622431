"""The gradient check: for every tensor of every layer, the program's gradient beside central differences of the cost.

One norm over all tensors would hide a wrong layer (explain.md section 2), so each has a line of its own. The gradient
comes from the program's own kernels, in float64 whatever the network's type: in float32 a difference of costs has
no digits left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.calls import now
from tuibp.engine.dataset import Dataset
from tuibp.engine.network import Network, Parameters
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace
from tuibp.explain.gradcheck.differences import Differences, H, Mask, Pass, differences, extended, forward

PASS = 1e-6
WARN = 1e-4
FINE = 1e-9
"""Below this the two are equal to all digits that such a difference has; above, a finer difference is taken."""
COARSE = 5e-4
"""h of the finer difference: (4 D(h) - D(2h)) / 3, whose error is of the order h^4."""
SMALL = 100_000
"""Parameters times samples up to which the widest type of the machine is used where differences are all rounding."""

Status: TypeAlias = Literal["pass", "warn", "fail", "not finite", "skipped"]
"""Skipped: nothing is left to be compared, because everything crosses a kink of an activation."""


@dataclass(frozen=True, eq=False)
class Worst:
    """The entry of a tensor whose two gradients lie furthest apart."""

    index: tuple[int, ...]
    analytic: float
    """The program's."""
    numeric: float
    """The difference of costs."""


@dataclass(frozen=True, eq=False)
class Line:
    """One tensor."""

    tensor: Tensor
    """gW[l] or gb[l]."""
    shape: tuple[int, ...]
    checked: int
    """Entries that were held against a difference."""
    skipped: int
    """Entries whose perturbation crosses a kink of an activation."""
    relative_error: float
    """||numeric - analytic|| / max of the two norms, over the checked entries; 0 where both are 0."""
    worst: tuple[Worst, ...]
    """The worst entries, the worst first."""
    status: Status


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """All tensors."""

    lines: tuple[Line, ...]
    """Layer by layer, gW before gb."""
    m: int
    """Samples of the batch."""
    reduction: str
    single: bool
    """Whether the network computes in float32, and was checked in float64."""

    @property
    def passed(self) -> bool:
        """Whether no tensor fails; warnings pass, and what is skipped."""
        return all(line.status in ("pass", "warn", "skipped") for line in self.lines)

    @property
    def parameters(self) -> int:
        """Weights and biases that were checked."""
        return sum(line.checked for line in self.lines)


def in_double(recipe: Recipe, params: Parameters, x: Array, y: Array) -> tuple[Recipe, Parameters]:
    """The recipe of one batch in float64: x (m, n_0), y (m, n_L) are its whole data."""
    network = recipe.network
    double = Network(network.inputs, network.layers, network.cost, network.reduction)
    train = Dataset(x.astype(np.float64), y.astype(np.float64), recipe.train.features, recipe.train.classes)
    copied = Parameters.of(double, params.W[1:], params.b[1:])
    plan = recipe.plan._replace(batch=len(x))
    return replace(recipe, network=double, initial=copied.copy(double), train=train, plan=plan, test=None), copied


def gradient(recipe: Recipe, params: Parameters) -> Workspace:
    """The program's own gradient of one batch that is all the data: its operations up to `grad`."""
    state = State.empty(recipe)
    state.block[...] = 0.0
    state.params.flat[...] = params.flat
    indices: IntArray = np.arange(recipe.train.N, dtype=np.intp)
    ws = Workspace(Slots(recipe, recipe.train.N), 0, state, state)
    ws.begin(indices, 1)
    with np.errstate(all="ignore"):
        for op in Program(recipe).batch_ops:
            if op.kind.name == "update":
                break
            if op.kind.kernel is not None:
                op.kind.kernel(now, ws, op.layer)
    return ws


def gradient_check(
    recipe: Recipe, params: Parameters, x: Array, y: Array, entries: int = 5
) -> Iterator[tuple[int, int] | GradientCheck]:
    """Check the gradient of one batch; yields (parameters done, of how many), and at last the result.

    Args:
        params: before the batch's update.
        x: (m, n_0), y: (m, n_L) its samples.
        entries: how many of the worst entries of a tensor are told.
    """
    double, copied = in_double(recipe, params, x, y)
    ws = gradient(double, copied)
    with np.errstate(all="ignore"):
        base = forward(double.network, copied, double.train.x.T.copy(), double.train.y.T.copy())
        numeric = _Numeric(double.network)
        total = double.network.layout.count
        for piece in differences(base):
            numeric.add(piece)
            yield numeric.done, total
        share = len(x) if double.network.reduction == "mean" else 1
        lines = _lines(double.network, ws, numeric, share, base, entries)
        rough = tuple(dict.fromkeys(line.tensor.layer or 0 for line in lines if line.relative_error > FINE))
        if rough and all(line.status != "not finite" for line in lines):
            lines = _lines(double.network, ws, _finer(base, numeric, rough), share, base, entries)
            rough = tuple(dict.fromkeys(line.tensor.layer or 0 for line in lines if line.relative_error > FINE))
            if rough and total * len(x) <= SMALL:
                lines = _lines(double.network, ws, _finer(extended(base), numeric, rough), share, base, entries)
    yield GradientCheck(tuple(lines), len(x), double.network.reduction, recipe.network.dtype != np.float64)


class _Numeric:
    """The numeric gradient as its pieces come in."""

    def __init__(self, network: Network, dtype: type[np.floating[Any]] = np.float64) -> None:
        sizes = network.sizes
        pairs = [(0, 0), *((n, k) for k, n in pairwise(sizes))]
        self.dW: list[Array] = [np.zeros(pair, dtype) for pair in pairs]
        self.db: list[Array] = [np.zeros(n, dtype) for n, _ in pairs]
        self.skipped_W: list[Mask] = [np.zeros(pair, np.bool_) for pair in pairs]
        self.skipped_b: list[Mask] = [np.zeros(n, np.bool_) for n, _ in pairs]
        self.done = 0

    def add(self, piece: Differences) -> None:
        """Put some rows where they belong."""
        l, rows = piece.layer, piece.rows
        self.dW[l][rows], self.db[l][rows] = piece.dW, piece.db
        self.skipped_W[l][rows], self.skipped_b[l][rows] = piece.skipped_W, piece.skipped_b
        self.done += piece.dW.size + piece.db.size


def _finer(base: Pass, numeric: _Numeric, layers: tuple[int, ...]) -> _Numeric:
    """Some layers anew, with a difference of higher order; where that crosses a kink the first one stays."""
    once, twice = (_Numeric(base.network, np.longdouble) for _ in range(2))
    for scale, into in ((COARSE, once), (2.0 * COARSE, twice)):
        for piece in differences(base, scale, layers):
            into.add(piece)
    for l in layers:
        for first, one, two, kink_one, kink_two in (
            (numeric.dW[l], once.dW[l], twice.dW[l], once.skipped_W[l], twice.skipped_W[l]),
            (numeric.db[l], once.db[l], twice.db[l], once.skipped_b[l], twice.skipped_b[l]),
        ):
            np.copyto(first, ((4.0 * one - two) / 3.0).astype(np.float64), where=~(kink_one | kink_two))
    return numeric


def _lines(network: Network, ws: Workspace, numeric: _Numeric, share: int, base: Pass, entries: int) -> list[Line]:
    lines = []
    for l in range(1, network.L + 1):
        for name, analytic, found, skipped in (
            ("gW", ws.gW[l], numeric.dW[l], numeric.skipped_W[l]),
            ("gb", ws.gb[l], numeric.db[l], numeric.skipped_b[l]),
        ):
            floor = rounding(ws, found.size, share)
            lines.append(_line(Tensor(name, l), np.asarray(analytic), found / share, skipped, floor, entries))
    return lines


def rounding(ws: Workspace, count: int, share: int) -> float:
    """What rounding alone may leave of the norm of `count` differences: each cost has an error of half a unit in its
    last place, and a difference of two of them is divided by 2h.
    """
    cost = float(np.abs(ws.C).sum()) / share
    return 4.0 * float(np.finfo(np.float64).eps) * max(cost, 1e-300) / H * float(np.sqrt(count))


def _line(tensor: Tensor, analytic: Array, numeric: Array, skipped: Mask, floor: float, entries: int) -> Line:
    a, n = np.where(skipped, 0.0, analytic), np.where(skipped, 0.0, numeric)
    apart = np.abs(a - n)
    finite = bool(np.isfinite(apart).all())
    distance, size = float(np.linalg.norm(a - n)), max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
    error = float("nan") if not finite else distance / size if size else 0.0
    order = np.argsort(-np.where(np.isnan(apart), np.inf, apart), axis=None, kind="stable")[:entries]
    worst = tuple(
        Worst(tuple(int(i) for i in index), float(analytic[index]), float(numeric[index]))
        for index in (np.unravel_index(int(k), apart.shape) for k in order)
        if not skipped[index]
    )
    passes = error <= PASS or distance <= floor
    status: Status = "not finite" if not finite else "pass" if passes else "warn" if error <= WARN else "fail"
    status = "skipped" if skipped.all() else status
    return Line(tensor, analytic.shape, int(analytic.size - skipped.sum()), int(skipped.sum()), error, worst, status)


def checked(recipe: Recipe, params: Parameters, x: Array, y: Array, entries: int = 5) -> GradientCheck:
    """`gradient_check` at once."""
    for found in gradient_check(recipe, params, x, y, entries):
        if isinstance(found, GradientCheck):
            return found
    raise AssertionError("a check ends with its result")
