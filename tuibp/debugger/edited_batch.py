"""A batch in the middle of which numbers are set by hand.

The kernels compute an operation for all samples of a batch at once, while an edit comes between two operations of one
sample. So the batch is computed once as it is; then, edit by edit, the number is set and the operations run again,
every one of them putting back the columns that had been computed before the edit. Shapes and layouts are those of any
other batch, and a column of a product depends on its own column alone: where an edit changes no bit, no bit changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.edits import Edit
from tuibp.engine import kernels
from tuibp.engine.arrays import Array, IntArray, Memory, aligned_empty
from tuibp.engine.calls import now
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Op, Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

Column = tuple[str, int, int]
"""A column of a buffer: "a" or "db", layer, sample."""
_COPIED = ("A", "Z", "dA", "D", "S", "_gauges", "total", "scratch", "inputs", "targets", "Y", "C")
"""The buffers of `Slots` that operations write to and later ones, or a view, read."""


@dataclass(eq=False)
class Numbers:
    """All numbers of a batch, after some of its edits."""

    ws: Workspace
    after: State
    """What the next batch finds: what the update has written, unless that has been edited as well."""
    softmax: dict[int, Array]
    """(n_l, m) σ(z[l]) as the slope found z[l], for layers without a column of slopes: what J is made of."""
    input_gradient: Array
    """(n_0, m) dC_da[0], formed when δ[1] is."""
    formed: dict[Column, Array] = field(default_factory=dict)
    """Columns of a and δ that were edited after dW had been formed from them: as they were then."""
    joined: dict[Column, Array] = field(default_factory=dict)
    """Columns of δ that were edited after their sample had joined the batch's sum: as they were then."""
    detached: frozenset[int] = frozenset()
    """Samples whose a[L] is not σ(z[L]) where the cost is taken, because one of the two was edited in between."""

    loaded: bool = False
    """Whether the samples are: what an edit has made of them is not to be overwritten."""

    @classmethod
    def empty(cls, recipe: Recipe, state: State, indices: IntArray, batch: int, memory: Memory) -> Numbers:
        """Buffers for the samples `indices` (m,) of a global batch."""
        network, m = recipe.network, len(indices)
        slots = Slots(recipe, m, memory=memory)
        ws = Workspace(slots, 0, state, State.empty(recipe, memory))
        ws.begin(indices, batch + 1)
        layers = [layer for layer in range(1, network.L + 1) if not network.activation(layer).elementwise]
        softmax = {layer: aligned_empty((network.sizes[layer], m), network.dtype) for layer in layers}
        return cls(ws, ws.after, softmax, aligned_empty((network.inputs, m), network.dtype))

    def copy(self, recipe: Recipe, state: State, batch: int, memory: Memory) -> Numbers:
        """The same numbers in other buffers, around a state and a recipe that may differ by an edit."""
        old = self.ws
        new = Numbers.empty(recipe, state, old.indices, batch, memory)
        for name in _COPIED:
            np.copyto(getattr(new.ws.slots, name), getattr(old.slots, name))
        np.copyto(new.ws.after.block, old.after.block)
        np.copyto(new.input_gradient, self.input_gradient)
        for layer, a in self.softmax.items():
            np.copyto(new.softmax[layer], a)
        new.formed, new.joined, new.detached = dict(self.formed), dict(self.joined), self.detached
        new.loaded = True
        return new

    def column(self, name: str, layer: int | None, sample: int) -> Array:
        """(n_l,) of one sample, to be written to."""
        ws, l = self.ws, layer or 0
        tables = {"x": ws.A, "a": ws.A, "z": ws.Z, "sp": ws.SP, "dC_da": ws.dA, "db": ws.D}
        column: Array = ws.Y[:, sample] if name == "y" else tables[name][l][:, sample]
        return column

    def run(self, program: Program, edge: int, done: int, executed: int) -> None:
        """Run the operations of the batch, but for what had been computed at a place: everything of the samples before
        `edge`, the first `done` operations of that one, and grad and update if they were among the first `executed`.
        """
        for index, op in enumerate(program.batch_ops):
            kept = edge + (index < done)
            if op is program.grad:
                if executed <= index:
                    self._sum()
            elif op is program.update:
                if executed <= index:
                    kernels.update(now, self.ws, 0)
            elif kept < self.ws.m:
                self._operation(op, kept)

    def _operation(self, op: Op, kept: int) -> None:
        """One operation of the samples from number `kept` on."""
        targets = self._written(op)
        saved = [target[..., :kept].copy() for target in targets]
        self._compute(op, kept)
        for target, before in zip(targets, saved, strict=True):
            target[..., :kept] = before

    def _written(self, op: Op) -> list[npt.NDArray[Any]]:
        """The buffers that an operation writes, their columns last."""
        ws, l = self.ws, op.layer
        if op.kind.name == "dC_da":
            return [ws.dA[l] if l == ws.network.L else ws.joint_dA[l]]
        if op.kind.name == "sp":
            return [self.softmax.get(l, ws.SP[l])]
        if op.kind.name == "db":
            return [ws.D[l], self.input_gradient] if l == 1 else [ws.D[l]]
        tables = {"z": ws.Z, "a": ws.A}
        if op.kind.name in tables:
            return [tables[op.kind.name][l]]
        return [ws.C] if op.kind.name == "cost" else []

    def _compute(self, op: Op, kept: int) -> None:
        """One operation, as `kernels` has it but for what an edit has parted: slope and Jacobian follow z, as the
        table of operations says, though the kernels take them from a; and what no edit changes is not loaded again.
        """
        ws, l, network = self.ws, op.layer, self.ws.network
        if op.kind.name == "load":
            if kept == 0 and not self.loaded:
                kernels.load(now, ws, 0)
                self.loaded = True
        elif op.kind.name == "sp":
            self._slope(l)
        elif op.kind.name == "db":
            pullback = network.activation(l).pullback
            if pullback is not None and not (network.fused is not None and l == network.L):
                pullback(now, self.softmax[l], ws.dA[l], ws.D[l])
            else:
                kernels.delta(now, ws, l)
            if l == 1:
                np.dot(ws.state.params.W[1].T, ws.D[1], out=self.input_gradient)
        elif op.kind.kernel is not None:
            op.kind.kernel(now, ws, l)
        if op.kind.name == "cost" and self.detached:
            costs = np.empty_like(ws.C)
            network.cost.value(ws.A[network.L], ws.Y, costs)
            for sample in self.detached:
                ws.C[sample] = costs[sample]

    def _slope(self, layer: int) -> None:
        """Of one layer alone: the layers below it are not computed yet where an edit lies in between."""
        ws, sigma = self.ws, self.ws.network.activation(layer)
        a = self.softmax.get(layer)
        if a is None:
            a = aligned_empty(ws.Z[layer].shape, ws.network.dtype)
        sigma.forward(now, ws.Z[layer], a)
        if sigma.derivative is not None:
            sigma.derivative(now, ws.Z[layer], a, ws.SP[layer])

    def _sum(self) -> None:
        """gW and gb: of the columns as they were when dW was formed, and when the sample joined the sum."""
        ws = self.ws
        if not self.formed:
            kernels.gradient(now, ws, 0)
            return
        present = {key: self.column(*key).copy() for key in self.formed}
        self._put(self.joined)
        kernels.gradient(now, ws, 0)
        biases = [b.copy() for b in ws.total_b]
        self._put(self.formed)
        kernels.gradient(now, ws, 0)
        for b, before in zip(ws.total_b, biases, strict=True):
            b[...] = before
        self._put(present)

    def _put(self, columns: dict[Column, Array]) -> None:
        for key, column in columns.items():
            self.column(*key)[...] = column

    def seal(self, name: str, layer: int, sample: int, seen: int, program: Program) -> None:
        """Before a column of a[layer] or δ[layer] is edited: keep it for what has been made of it already."""
        key, column, at = (name, layer, sample), self.column(name, layer, sample), program.written_at
        if seen > at.get(Tensor("dW", layer + (name == "a")), seen):
            self.formed.setdefault(key, column.copy())
        if name == "db" and seen > at[Tensor("bcost")]:
            self.joined.setdefault(key, column.copy())

    def part(self, program: Program, name: str, layer: int, sample: int, seen: int) -> None:
        """A column of a[L] or z[L] has been edited: note whether the cost may still be taken from z[L]."""
        at = program.written_at
        if name in ("a", "z") and layer == program.L and at[Tensor("a", layer)] < seen <= at[Tensor("cost")]:
            self.detached |= {sample}


def parameter(state: State, edit: Edit) -> Array:
    """W or b of the layer that is edited."""
    params = state.params.W if edit.ref.name == "W" else state.params.b
    return params[edit.ref.layer or 0]


def differs(target: Array, edit: Edit) -> bool:
    """Whether setting it would change a bit; shapes are those of the edited tensor."""
    cells = target[edit.ref.index or ...]
    return np.asarray(cells).tobytes() != np.asarray(edit.value, target.dtype).tobytes()


def put(target: Array, edit: Edit) -> bool:
    """Set it; whether that changed a bit."""
    changed = differs(target, edit)
    target[edit.ref.index or ...] = edit.value
    return changed


def put_gradient(ws: Workspace, edit: Edit) -> bool:
    """Set the gradient of the batch. Where the mean is left to the learning rate, the sum is set so that its mean is
    the number that is wanted, or its neighbour where no sum has that mean; what is shown is the number itself.
    """
    layout = ws.network.layout
    view = layout.weights if edit.ref.name == "gW" else layout.biases
    shown: Array = ws.grad if not ws.slots.late else ws.grad.copy()
    cells = view(shown)[edit.ref.layer or 0]
    before = cells.copy()
    changed = put(cells, edit)
    if changed and ws.slots.late:
        ws.grad = shown
        sums = view(ws.total)[edit.ref.layer or 0]
        as_integers = np.dtype(f"u{sums.dtype.itemsize}")
        other = before.view(as_integers) != np.ascontiguousarray(cells).view(as_integers)
        sums[other] = sums_of(cells[other], ws.m)
    return changed


def sums_of(means: Array, m: int) -> Array:
    """(n,) numbers that divided by m give `means` (n,), to the last bit where there are such numbers."""
    near = means * means.dtype.type(m)
    best = near.copy()
    for candidate in (np.nextafter(near, -np.inf), np.nextafter(near, np.inf)):
        better = (best / m != means) & (candidate / m == means)
        best[better] = candidate[better]
    return best
