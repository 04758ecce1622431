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
        self._shares = np.array([units, units * slots.m])[:, np.newaxis]
        layers = range(1, network.L + 1)
        self._rows = [slots.stack.part(layer, layer).start for layer in layers]
        """Where each layer begins in a block of rows."""
        self._pieces = np.searchsorted([layer for layer, _ in slots.pieces], layers).tolist()
        """Where each layer begins among the squared norms that are added up."""
        self._flat = np.full((slots.stack.rows, slots.m), -1.0, network.dtype)
        """The slope at or below which a unit counts as flat; the rows between layers never do."""
        for layer in layers:
            self._flat[slots.stack.part(layer, layer)] = network.activation(layer).flat
        self._ones = np.ones(slots.m, np.float32)

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

    def layers(self, slots: slice) -> Array:
        """(n, 4 L) by layer, of n slots whose batches have been gauged: norms of the gradient, norms of the update over
        those of the parameters, shares of dead and of saturated units.

        A unit is saturated for a sample if its slope |σ′(z)| is flat, and dead if it is so for every sample.
        """
        squares = np.add.reduceat(self._slots.squares_of_each[slots], self._pieces, 2).astype(np.float64)
        grad, update, parameters = np.sqrt(squares, squares).transpose(1, 0, 2)
        if self._slots.update_follows:
            update = grad * self._slots.recipe.plan.lr
        # Numbers, because BLAS adds them up many times faster than truth values are counted.
        is_flat = np.less_equal(np.abs(self._slots.SP_of_each[slots]), self._flat).astype(np.float32)
        saturated = is_flat.reshape(-1, self.m).dot(self._ones).reshape(is_flat.shape[:2])
        units = np.stack([saturated == self.m, saturated])
        shares = np.add.reduceat(units, self._rows, 2) / self._shares
        return np.concatenate([grad, update / parameters, *shares], axis=1)
