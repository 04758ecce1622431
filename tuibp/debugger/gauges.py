"""The numbers that the flight log keeps of every batch, read off the buffers of many batches at once.

They are taken from what the batches have left behind and change nothing of it.
"""

from __future__ import annotations

import numpy as np

from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.metrics import Judge, count_correct
from tuibp.engine.network import Network, Parameters
from tuibp.engine.workspace import Slots


def parameter_norms(network: Network, params: Parameters) -> Array:
    """(L,) the Euclidean norm of the parameters, weights and biases, of each layer."""
    parts = [params.flat[segment] for segment in network.layout.segments[1:]]
    return np.sqrt(np.array([part.dot(part) for part in parts], dtype=np.float64))


class Gauges:
    """Reads the buffers of some slots."""

    def __init__(self, slots: Slots, judge: Judge | None) -> None:
        network = slots.recipe.network
        self._slots, self._judge = slots, judge
        self._L = network.L
        self.m = slots.m
        units = np.array(network.sizes[1:], dtype=np.float64)
        self._shares = np.array([units, units * slots.m])[:, np.newaxis]
        self._units = np.zeros((2, slots.count, slots.stack.rows), np.float32)
        """Of every row: whether it is flat for all samples, and for how many it is."""
        self._starts = [slots.stack.part(layer, layer).start for layer in range(1, network.L + 1)]
        """Of each layer in a block of rows."""
        flat = np.full((slots.stack.rows, slots.m), -1.0, network.dtype)
        for layer in range(1, network.L + 1):
            flat[slots.stack.part(layer, layer)] = network.activation(layer).flat
        self._flat = flat.reshape(-1)
        """The slope at or below which a unit counts as flat; the rows between layers never do."""
        shape = (slots.count, flat.size)
        monotone = all(layer.activation.monotone for layer in network.layers)
        self._sizes = None if monotone else np.zeros(shape, network.dtype)
        self._is_flat, self._numbers = np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
        self._ones = np.ones(slots.m, np.float32)
        self._squares = None if slots.watched else np.zeros(slots.of_each("grad").shape, network.dtype)
        if slots.watched:
            self._parts = np.searchsorted([layer for layer, _ in slots.pieces], range(1, network.L + 1)).tolist()
        else:
            self._parts = [segment.start for segment in network.layout.segments[1:]]
        """Where each layer begins among the squares that are added up."""

    def costs(self, count: int) -> Array:
        """(count,) the summed cost of the samples of the first `count` batches."""
        self._slots.cost(count)
        costs: Array = np.add.reduce(self._slots.C[:count], 1, np.float64)
        return costs

    def correct(self, count: int) -> IntArray:
        """(count,) how many samples were classified right; -1 where targets are no labels."""
        if self._judge is None:
            return np.full(count, -1)
        return count_correct(self._judge, self._slots.output[:count], self._slots.Y[:count])

    def layers(self, count: int, norms: Array) -> Array:
        """(count, 4 L) by layer: norms of the gradient, norms of update over parameters, shares of dead and
        of saturated units.

        Args:
            norms: (L,) of the parameters.

        A unit is saturated for a sample if its slope |σ′(z)| is flat, and dead if it is so for every sample.
        """
        slots, L = self._slots, self._L
        result = np.empty((count, 4 * L))
        grad, ratio = result[:, :L], result[:, L : 2 * L]
        np.sqrt(self._sums(0, count), grad)
        if slots.update_follows:
            np.multiply(grad, slots.recipe.plan.lr, ratio)
        else:
            np.sqrt(self._sums(1, count), ratio)
        np.divide(ratio, norms, ratio)
        slopes = slots.of_each("SP")[:count].reshape(count, -1)
        if self._sizes is not None:
            slopes = np.abs(slopes, self._sizes[:count])
        # Numbers, because BLAS adds them up many times faster than truth values are counted.
        numbers = self._numbers[:count]
        np.copyto(numbers, np.less_equal(slopes, self._flat, self._is_flat[:count]))
        dead, saturated = units = self._units[:, :count]
        numbers.reshape(-1, slots.m).dot(self._ones, saturated.reshape(-1))
        np.equal(saturated, slots.m, dead)
        shares = result[:, 2 * L :].reshape(count, 2, L).transpose(1, 0, 2)
        np.divide(np.add.reduceat(units, self._starts, 2), self._shares, shares)
        return result

    def _sums(self, kind: int, count: int) -> Array:
        """(count, L) squared norms of gradients (0) or updates (1)."""
        if self._squares is None:
            squares = self._slots.of_each("squares")[:count, kind]
        else:
            vectors = self._slots.of_each("scratch" if kind else "grad")[:count]
            squares = np.multiply(vectors, vectors, self._squares[:count])
        sums: Array = np.add.reduceat(squares, self._parts, 1)
        return sums
