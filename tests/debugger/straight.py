"""The straight run: a plain loop over the kernels, in place, that knows neither timelines nor views.

It says what is to be seen at every position, bit for bit. Which numbers are visible follows the program as the design
page prints it: `begin` and `load` clear, every other operation shows what it wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tuibp.debugger.names import TENSORS
from tuibp.debugger.view import View
from tuibp.engine import kernels
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.dataset import partition
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

Snapshot = dict[str, bytes]
"""Everything defined at a position, as bytes: tensors by their names, cost, bcost, ecost, and all of the state."""


def _bytes(value: Array | float) -> bytes:
    return np.asarray(value).tobytes()


def labels(recipe: Recipe) -> list[tuple[str, str, int | None]]:
    """Every tensor of a network: its label, name and layer."""
    result: list[tuple[str, str, int | None]] = []
    for name, row in TENSORS.items():
        if row.first is None:
            result.append((name, name, None))
        else:
            result += [(f"{name}[{l}]", name, l) for l in range(row.first, recipe.network.L + 1)]
    return result


def seen(view: View) -> Snapshot:
    """What a view shows. Shapes and types are checked on the way."""
    result = {"state": _bytes(view.state.block)}
    for label, name, layer in labels(view.recipe):
        value = view.get(name, layer)
        assert (value is not None) == view.defined(name, layer), label
        if value is not None:
            assert value.shape == TENSORS[name].shape(view.network, layer or 0), label
            assert value.dtype == view.network.dtype, label
            result[label] = _bytes(value)
    for name in ("cost", "bcost", "ecost"):
        number = view.scalar(name)
        if number is not None:
            result[name] = _bytes(float(number))
    return result


@dataclass
class StraightRun:
    """A whole run, and what is to be seen at each of its positions 0..T."""

    recipe: Recipe
    snapshots: list[Snapshot] = field(default_factory=list)
    log: list[tuple[float, int]] = field(default_factory=list)
    """Cost and samples of every batch."""

    def __post_init__(self) -> None:
        self.state = State.initial(self.recipe)
        self.shown: Snapshot = {}
        with np.errstate(all="ignore"):
            self._show_state()
            for epoch in range(self.recipe.plan.epochs):
                self._epoch(epoch)
            self._emit()

    def _emit(self) -> None:
        """A position: what is shown before its operation."""
        self.snapshots.append(dict(self.shown))

    def _show(self, label: str, value: Array | float) -> None:
        self.shown[label] = _bytes(value)

    def _show_state(self) -> None:
        self._show("state", self.state.block)
        for l in range(1, self.recipe.network.L + 1):
            self._show(f"W[{l}]", self.state.params.W[l])
            self._show(f"b[{l}]", self.state.params.b[l])

    def _clear(self, kept: tuple[str, ...]) -> None:
        self.shown = {label: value for label, value in self.shown.items() if label.split("[")[0] in kept}

    def _epoch(self, epoch: int) -> None:
        plan, N = self.recipe.plan, self.recipe.train.N
        self._emit()
        order = partition(plan.seed, epoch, N, plan.shuffle)
        spent = (0.0, 0)
        for first in range(0, N, plan.batch):
            m = min(plan.batch, N - first)
            ws = Workspace(Slots(self.recipe, m), 0, self.state, self.state)
            ws.begin(order[first : first + m], len(self.log) + 1)
            self._batch(ws, spent)
            self.log.append((float(np.add.accumulate(ws.C, dtype=np.float64)[-1]), m))
            spent = (spent[0] + self.log[-1][0], spent[1] + m)
        self._emit()

    def _batch(self, ws: Workspace, spent: tuple[float, int]) -> None:
        self._emit()
        self._clear(("state", "W", "b", *(("ecost",) if spent[1] else ())))
        L = self.recipe.network.L
        kernels.load(now, ws, 0)
        for l in range(1, L + 1):
            kernels.pre_activation(now, ws, l)
            kernels.activation(now, ws, l)
        kernels.cost(now, ws, 0)
        for l in range(L, 0, -1):
            kernels.cost_gradient(now, ws, l)
            kernels.slope(now, ws, l)
            kernels.delta(now, ws, l)
        kernels.gradient(now, ws, 0)
        for s in range(ws.m):
            self._sample(ws, s, spent)
        self._emit()
        for l in range(1, L + 1):
            self._show(f"gW[{l}]", ws.gW[l])
            self._show(f"gb[{l}]", ws.gb[l])
        self._emit()
        self._update(ws)

    def _update(self, ws: Workspace) -> None:
        before = State.around(self.recipe.network, self.state.block.copy())
        kernels.update(now, ws, 0)
        self._show_state()
        for l in range(1, self.recipe.network.L + 1):
            self._show(f"uW[{l}]", self.state.params.W[l] - before.params.W[l])
            self._show(f"ub[{l}]", self.state.params.b[l] - before.params.b[l])

    def _sample(self, ws: Workspace, s: int, spent: tuple[float, int]) -> None:
        L = self.recipe.network.L

        def show(label: str, value: Array | float) -> None:
            self._emit()
            self._show(label, value)

        self._emit()
        self._clear(("state", "W", "b", "bcost", "ecost"))
        for label, table in (("x", ws.A[0]), ("a[0]", ws.A[0]), ("y", ws.Y)):
            self._show(label, table[:, s])
        for l in range(1, L + 1):
            show(f"z[{l}]", ws.Z[l][:, s])
            show(f"a[{l}]", ws.A[l][:, s])
        show("cost", float(ws.C[s]))
        for l in range(L, 0, -1):
            jacobian = self.recipe.network.activation(l).jacobian
            show(f"dC_da[{l}]", ws.dA[l][:, s])
            show(f"sp[{l}]", ws.SP[l][:, s] if jacobian is None else jacobian(ws.A[l][:, s]))
            show(f"db[{l}]", ws.D[l][:, s])
            if l == 1:
                self._show("dC_da[0]", np.dot(self.state.params.W[1].T, ws.D[1])[:, s])
            show(f"dW[{l}]", np.multiply.outer(ws.D[l][:, s], ws.A[l - 1][:, s]))
        self._emit()
        cost = float(np.add.accumulate(ws.C[: s + 1], dtype=np.float64)[-1])
        self._show("bcost", cost / (s + 1))
        self._show("ecost", (spent[0] + cost) / (spent[1] + s + 1))


def difference(got: Snapshot, want: Snapshot) -> list[str]:
    """Labels that differ, in a form that a failing test can print."""
    return sorted(label for label in got.keys() | want.keys() if got.get(label) != want.get(label))
