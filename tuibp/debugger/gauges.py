"""The numbers that the flight log keeps of every batch, read off the buffers of many batches at once.

They are taken from what the batches have left behind and change nothing of it.
"""

from __future__ import annotations

import numpy as np

from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.metrics import Judge, count_correct
from tuibp.engine.workspace import Slots


class Gauges:
    """Reads the buffers of some slots."""

    def __init__(self, slots: Slots, judge: Judge | None) -> None:
        network = slots.recipe.network
        self._slots, self._judge = slots, judge
        self.m = slots.m
        units = np.array(network.sizes[1:], dtype=np.float64)
        self._shares = np.array([units, units * slots.m])
        layers = range(1, network.L + 1)
        self._rows = [slots.stack.part(layer, layer).start for layer in layers]
        """Where each layer begins in a block of rows."""
        pieces = [layer for layer, _ in slots.pieces]
        self._pieces = None if pieces == list(layers) else np.searchsorted(pieces, layers).tolist()
        """Where each layer begins among the squared norms that are added up; None where each is one of them."""
        self._flat = np.full((slots.stack.rows, slots.m), -1.0, network.dtype)
        """The slope at or below which a unit counts as flat; the rows between layers never do."""
        for layer in layers:
            self._flat[slots.stack.part(layer, layer)] = network.activation(layer).flat
        self._monotone = all(layer.activation.monotone for layer in network.layers)
        self._ones = np.ones(slots.m, np.float32)

    def costs(self, count: int) -> Array:
        """(count,) the summed cost of the samples of the first `count` batches."""
        self._slots.cost(count)
        # One sample after the other, so that the sum over the first few of a batch is one of its sums on the way.
        costs: Array = np.add.accumulate(self._slots.C[:count], 1, np.float64)[:, -1]
        return costs

    def correct(self, count: int) -> IntArray | int:
        """(count,) how many samples were classified right; one -1 for all where targets are no labels."""
        if self._judge is None:
            return -1
        return count_correct(self._judge, self._slots.output[:count], self._slots.Y[:count])

    def layers(self, count: int) -> Array:
        """(count, 4 L) by layer, of the first `count` batches that were gauged: norms of the gradient, norms of the
        update over those of the parameters, shares of dead and of saturated units.

        A unit is saturated for a sample if its slope |σ′(z)| is flat, and dead if it is so for every sample.
        """
        kept, L = self._slots, len(self._rows)
        squares = kept.squares_of_each[:count]
        if self._pieces is not None:
            squares = np.add.reduceat(squares, self._pieces, 2)
        grad, update, params = np.sqrt(squares).transpose(1, 0, 2)
        result = np.empty((count, 4 * L))
        if kept.late:
            np.divide(grad, self.m, grad)
        if kept.update_follows:
            np.multiply(grad, kept.recipe.plan.lr, update)
        result[:, :L] = grad
        np.divide(update, params, result[:, L : 2 * L])
        slopes = kept.SP_of_each[:count]
        # Numbers, because BLAS adds them up many times faster than truth values are counted.
        is_flat = np.less_equal(slopes if self._monotone else np.abs(slopes), self._flat).astype(np.float32)
        units = np.empty((2, count, is_flat.shape[1]), np.float32)
        np.dot(is_flat.reshape(-1, self.m), self._ones, out=units[1].reshape(-1))
        np.equal(units[1], self.m, units[0])
        shares = np.add.reduceat(units, self._rows, 2)
        np.divide(shares.transpose(1, 0, 2), self._shares, result[:, 2 * L :].reshape(-1, 2, L))
        return result
