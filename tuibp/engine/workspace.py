"""The buffers of batches. They are the record: what an operation wrote stays until the same buffers run again.

Layers lie one below the other in one block, a row of ones below each layer of A, so that [W|b] [a; 1] needs no copy
and the slopes of equal activations are one call. Several batches lie side by side in slots, so that what is asked of
every batch of a run can be computed for many at once. Every slot begins on a cache line: where a batch lies changes
no bit of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import ALIGNMENT, Array, DType, IntArray, Memory, aligned_empty
from tuibp.engine.calls import Do
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State

TILE = 131072
"""Entries of the parameter vector that are updated at once: they, their gradient and the update stay in the caches."""
NEAR = 512 * 1024
"""Bytes up to which the buffers of one kind get a slot each; beyond, the batches of a run share one."""


class Stack:
    """Which rows of a block belong to which layer; a row is left free between any two."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self._sizes = sizes
        self._starts = [0, 0]
        for n in sizes[1:]:
            self._starts.append(self._starts[-1] + n + 1)
        self.rows = self._starts[-1] - 1
        """Rows of a block."""

    def part(self, first: int, last: int) -> slice:
        """The rows of layers first..last, with those that lie free between them."""
        return slice(self._starts[first], self._starts[last] + self._sizes[last])

    def layers(self, block: Array) -> tuple[Array, ...]:
        """(n_l, m) of a block (rows, m), by layer; layer 0 is empty."""
        return (block[:0], *(block[self.part(layer, layer)] for layer in range(1, len(self._sizes))))


class Slots:
    """Buffers for `count` batches of m samples, side by side.

    Records have every buffer to themselves. The batches of a run share one set of buffers, which stays near; each puts
    what is asked of it later in a slot.
    """

    def __init__(
        self, recipe: Recipe, m: int, count: int = 1, *, running: int = 0, memory: Memory | None = None
    ) -> None:
        """
        Args:
            running: for a run, of how many batches one is gauged; 0 for records, which all are.
            memory: where the buffers come from; new memory where none is given.
        """
        self._memory = memory or Memory()
        self.recipe, self.m, self.count = recipe, m, count
        self._records = not running
        network, plan, size = recipe.network, recipe.plan, recipe.network.layout.size
        self.stack = Stack(network.sizes)
        sets = count if self._records else 1
        block = (self.stack.rows, m)
        self.tiles = [slice(at, min(at + TILE, size)) for at in range(0, size, TILE)]
        self.pieces = list(_pieces(self.tiles, network.layout.segments))
        """(layer, part of the flat vector), none across the border of a layer or of a tile."""
        self.A, self.Z, self.dA, self.D, self.S = (self._slots(block, sets) for _ in range(5))
        for layer in range(1, network.L):
            self.A[:, self.stack.part(layer, layer).stop] = 1.0
        self.total, self.scratch = (self._slots((size,), sets) for _ in range(2))
        """The gradient as the update takes it, and the update."""
        for padding in network.layout.padding:
            self.total[:, padding] = 0.0
        self.divides = m > 1 and network.reduction == "mean"
        """Whether a mean over the batch is taken."""
        self.late = self.divides and plan.optimizer.proportional
        """Whether that is left to the learning rate: `total` is a sum and the update takes η / m of it, a call less."""
        self.weights_only = None if plan.train_biases else self._memory.zeros((size,), network.dtype)
        """Where biases are frozen, the gradient without theirs."""
        self.update_follows = plan.optimizer.proportional and plan.train_biases
        """Whether the update is the learning rate times the gradient, so that its norm is known."""
        self._make_gauges(sets, -(-count // running) if running else count)
        self._make_results()
        self._make_samples()

    def _make_gauges(self, sets: int, gauged: int) -> None:
        """What the flight log asks of a batch: in one piece, so that a run puts it aside with one copy."""
        dtype = self.recipe.network.dtype
        places = Places({"SP": (self.stack.rows, self.m), "squares": (3, len(self.pieces))}, dtype)
        self._gauges = self._memory.zeros((sets, places.size), dtype)
        self._kept = self._gauges if self._records else self._memory.empty((gauged, places.size), dtype)
        self.SP, self.squares = (places.view(self._gauges, name) for name in ("SP", "squares"))
        self.SP_of_each, self.squares_of_each = (places.view(self._kept, name) for name in ("SP", "squares"))
        """(n, rows, m) slopes; (n, 3, pieces) squared norms of gradient, update and parameters, by piece; of the
        batches that are gauged.
        """

    def _make_results(self) -> None:
        """What a batch comes to: a run keeps that of every batch."""
        network = self.recipe.network
        rows = self.stack.part(network.L, network.L)
        self._output, self._logits = self.A[:, rows], self.Z[:, rows]
        outputs = network.sizes[-1]
        self.output = self._output if self._records else self._together(outputs, self.m)
        """(count, n_L, m) a[L] of every batch."""
        self.logits = self._logits if self._records or not network.fused else self._together(outputs, self.m)
        """(count, n_L, m) z[L], where the cost is taken from it."""
        self.C = self._together(self.m)

    def _make_samples(self) -> None:
        """What a batch is given."""
        network, plan, m, count = self.recipe.network, self.recipe.plan, self.m, self.count
        outputs, folded = network.sizes[-1], network.layout.folded[1]
        width = network.inputs + folded
        whole = self.recipe.train.x_and_one if folded else None
        self.source = self.recipe.train.x if whole is None else whole
        """What inputs are loaded from, a sample a row; the 1 that biases are multiplied with may be in it or not."""
        self.ahead = self._records or m * width * count * network.dtype.itemsize <= NEAR
        """Whether the inputs of all batches may be loaded before the first one runs."""
        self.inputs = self._slots((m, width), count if self.ahead else 1)
        if folded:
            self.inputs[..., -1] = 1.0
        self._rows = np.zeros((count * m if self.ahead else m, self.source.shape[1]), network.dtype)
        self.targets = np.zeros((count, m, outputs), network.dtype)
        self.Y = self._together(outputs, m)
        self.indices: IntArray = np.zeros((count, m), np.intp)
        self.rates = np.zeros((count, len(plan.optimizer.schedule(plan.lr, plan.settings, 1))), network.dtype)

    def _together(self, *shape: int) -> Array:
        """(count, *shape) of what no BLAS reads; a run takes it for many batches at once, so there it lies close."""
        if self._records:
            return self._slots(shape, self.count)
        buffer: Array = self._memory.empty((self.count, *shape), self.recipe.network.dtype)
        return buffer

    def _slots(self, shape: tuple[int, ...], count: int) -> Array:
        """(count, *shape) numbers that mean nothing yet, every [i] contiguous and on a cache line."""
        dtype = self.recipe.network.dtype
        line = ALIGNMENT // dtype.itemsize
        size = math.prod(shape)
        buffer: Array = self._memory.empty((count, -(-size // line) * line), dtype)[:, :size]
        return buffer.reshape(count, *shape)

    def load_inputs(self, do: Do, indices: IntArray, inputs: Array) -> None:
        """Load the inputs (m, ...) of one batch: straight, or by way of rows where the 1 beside them stays."""
        rows = self._rows[: self.m]
        straight = inputs.shape == rows.shape
        do(self.source.take, indices, 0, inputs if straight else rows, "clip")
        if not straight:
            do(np.copyto, inputs[:, :-1], rows)

    def keep(self, do: Do, slot: int) -> None:
        """At the end of a batch of a run: copy what is asked of it later to its slot."""
        do(np.copyto, self.output[slot], self._output[0])
        if self.recipe.network.fused:
            do(np.copyto, self.logits[slot], self._logits[0])

    def keep_gauges(self, row: int) -> None:
        """After a batch of a run that is gauged: put that aside, as number `row` among those of the run."""
        self._kept[row] = self._gauges[0]

    def begin(self, first: int, indices: IntArray, counts: Sequence[int]) -> None:
        """The samples (n, m) of the batches in slots first, first + 1, ... and the numbers of their updates."""
        stop = first + len(indices)
        self.indices[first:stop] = indices
        plan = self.recipe.plan
        if self.rates.size:
            self.rates[first:stop] = [plan.optimizer.schedule(plan.lr, plan.settings, count) for count in counts]

    def load(self, count: int) -> None:
        """The inputs, if they may be, and the targets of the first `count` batches: copies of the samples."""
        wanted = self.indices[:count].reshape(-1)
        if self.ahead:
            rows = self._rows[: len(wanted)]
            self.source.take(wanted, 0, rows, "clip")
            np.copyto(self.inputs[:count, :, : rows.shape[1]], rows.reshape(count, self.m, -1))
        self.recipe.train.y.take(wanted, 0, self.targets[:count].reshape(len(wanted), -1), "clip")
        np.copyto(self.Y[:count], self.targets[:count].transpose(0, 2, 1))

    def cost(self, count: int) -> None:
        """C of every sample of the first `count` batches; from z[L] where the fused form stays finite."""
        network = self.recipe.network
        value = network.cost.value if network.fused is None else network.fused.value
        value((self.output if network.fused is None else self.logits)[:count], self.Y[:count], self.C[:count])


def _pieces(tiles: Sequence[slice], segments: Sequence[slice]) -> Iterator[tuple[int, slice]]:
    for tile in tiles:
        for layer, segment in enumerate(segments):
            start, stop = max(tile.start, segment.start), min(tile.stop, segment.stop)
            if start < stop:
                yield layer, slice(start, stop)


class Places:
    """Where several buffers lie in one vector, each on a cache line."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: DType) -> None:
        line = ALIGNMENT // dtype.itemsize
        self._shapes = shapes
        self._starts: dict[str, int] = {}
        self.size = 0
        for name, shape in shapes.items():
            self._starts[name] = self.size
            self.size += -(-math.prod(shape) // line) * line

    def view(self, vectors: Array, name: str) -> Array:
        """(n, ...) the buffers of a name in vectors (n, size)."""
        start, shape = self._starts[name], self._shapes[name]
        return vectors[:, start : start + math.prod(shape)].reshape(len(vectors), *shape)


class Workspace:
    """The buffers of one batch, by layer.

    A buffer of layer l has shape (n_l, m), columns are samples; index 0 of Z, SP, dA, D, S is an empty placeholder, so
    that layers keep their number.
    """

    def __init__(self, slots: Slots, slot: int, state: State, after: State, *, gauged: bool = True) -> None:
        """
        Args:
            state: what the batch reads.
            after: what the update writes; may be `state` itself, then the update happens in place.
            gauged: whether the batch takes the norms of gradient, update and parameters for the flight log.
        """
        self.slots, self.slot, self.gauged = slots, slot, gauged
        self.recipe, self.network, self.m = slots.recipe, slots.recipe.network, slots.m
        self.state, self.after = state, after
        stack, sizes, layout = slots.stack, self.network.sizes, self.network.layout
        self.inputs, self.targets, self.indices, self.Y, self.C = map(
            self._mine, (slots.inputs, slots.targets, slots.indices, slots.Y, slots.C)
        )
        self.rows_A, self.rows_Z, self.rows_SP, self.rows_dA, self.rows_D, self.rows_S = map(
            self._mine, (slots.A, slots.Z, slots.SP, slots.dA, slots.D, slots.S)
        )
        """The blocks in which the layers lie one below the other."""
        self.Z, self.SP, self.dA, self.D, self.S = map(
            stack.layers, (self.rows_Z, self.rows_SP, self.rows_dA, self.rows_D, self.rows_S)
        )
        """Pre-activations, slopes, dC/da, delta, and delta / m for the mean."""
        self.A = (self.inputs[:, : sizes[0]].T, *stack.layers(self.rows_A)[1:])
        self.joint_A = tuple(
            (self._with_ones(layer) if folded else self.A[layer]) for layer, folded in enumerate(layout.folded[1:])
        )
        """[a[l]; 1] where layer l + 1 is folded, a[l] where it is not; l = 0..L-1."""
        self.joint_dA = tuple(
            self._and_below(self.rows_dA, layer) if layer and folded else self.dA[layer]
            for layer, folded in enumerate(layout.folded[1:])
        )
        """dC/da[l], and of the 1 below it, where layer l + 1 is folded; dC/da[l] where it is not; l = 1..L-1."""
        self.total, self.scratch = self._mine(slots.total), self._mine(slots.scratch)
        self.total_b, self.total_joint = layout.biases(self.total), layout.joint(self.total)
        self.rates = tuple(slots.rates[slot, i : i + 1].reshape(()) for i in range(slots.rates.shape[1]))

    @cached_property
    def grad(self) -> Array:
        """The gradient of the batch, a vector: the sum or the mean over the samples. Asked for once it is computed."""
        if not self.slots.late:
            return self.total
        mean = aligned_empty(self.total.shape, self.total.dtype)
        with np.errstate(all="ignore"):
            np.divide(self.total, self.m, mean)
        return mean

    @cached_property
    def gW(self) -> tuple[Array, ...]:
        """`grad` by layer: (n_l, n_{l-1}) of the weights."""
        return self.network.layout.weights(self.grad)

    @cached_property
    def gb(self) -> tuple[Array, ...]:
        """`grad` by layer: (n_l,) of the biases."""
        return self.network.layout.biases(self.grad)

    def _mine(self, buffers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The buffer of this slot, or the one that all share."""
        mine: npt.NDArray[Any] = buffers[self.slot if len(buffers) > 1 else 0]
        return mine

    def _and_below(self, block: Array, layer: int) -> Array:
        """(n_l + 1, m) a layer of a block and the row that lies free below it."""
        rows = self.slots.stack.part(layer, layer)
        return block[rows.start : rows.stop + 1]

    def _with_ones(self, layer: int) -> Array:
        if layer == 0:
            return self.inputs.T
        return self._and_below(self.rows_A, layer)

    def square(self, kind: int, piece: int) -> Array:
        """Where the squared norm of a piece of gradient (0), update (1) or parameters (2) is put; it has no axes."""
        square: Array = self._mine(self.slots.squares)[kind, piece : piece + 1].reshape(())
        return square

    def begin(self, indices: IntArray, count: int) -> None:
        """Take the samples `indices` (m,) for the batch whose update is number `count`, 1 the first."""
        self.slots.begin(self.slot, indices[np.newaxis], (count,))
