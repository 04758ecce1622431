"""What is kept of the past: keyframes of the state, and a few scalars of every batch.

A keyframe is the state at the `begin` of a batch: parameters and optimizer slots, nothing else. Frames lie in a pool
with a byte budget; when it is full every other frame is dropped and the stride doubles (design: machine.md section
4).
"""

from __future__ import annotations

import numpy as np

from tuibp.engine.arrays import Array

BUDGET = 64 * 2**20
"""Bytes of keyframes by default."""


class Keyframes:
    """States at the beginning of batches 0, stride, 2 stride, ... as far as the run has come."""

    def __init__(self, first: Array, budget: int = BUDGET) -> None:
        """
        Args:
            first: the state block at batch 0.
            budget: bytes that the pool may take; at least two frames are kept whatever it says.
        """
        self.capacity = max(2, budget // max(1, first.nbytes))
        self.stride = 1
        self._frames: dict[int, Array] = {0: first.copy()}
        self._last = 0
        """The largest key of the frames."""

    def offer(self, batch: int, block: Array) -> None:
        """Keep a copy of `block`, the state at the beginning of global batch `batch`, if the stride asks for it."""
        if batch % self.stride or batch in self._frames:
            return
        if len(self._frames) >= self.capacity:
            self.stride *= 2
            for dropped in [at for at in self._frames if at % self.stride]:
                del self._frames[dropped]
            self._last = max(self._frames)
            if batch % self.stride or len(self._frames) >= self.capacity:
                return
        self._frames[batch] = block.copy()
        self._last = max(self._last, batch)

    def nearest(self, batch: int) -> tuple[int, Array]:
        """The last frame at or before global batch `batch`, and its batch."""
        at = min(batch - batch % self.stride, self._last)
        while at not in self._frames:
            at -= self.stride
        return at, self._frames[at]

    def __len__(self) -> int:
        return len(self._frames)


class FlightLog:
    """One row of scalars for every batch that has been computed, kept for ever."""

    def __init__(self) -> None:
        self._rows = np.zeros((1024, 3))
        self.filled = 0
        """Batches 0 .. filled-1 are in the log."""

    def write(self, batch: int, cost: float, samples: int, correct: int) -> None:
        """The summed cost of a batch's samples, their number and how many were classified right (-1: no labels).

        A batch always writes the same row, so writing it again changes nothing; rows come in order.
        """
        if batch < self.filled:
            return
        if batch == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[batch] = (cost, samples, correct)
        self.filled = batch + 1

    def sums(self, first: int, stop: int) -> tuple[float, int, int]:
        """Cost, samples and correct answers, summed over global batches `first` .. `stop`-1, all of them in the log."""
        with np.errstate(all="ignore"):
            cost, samples, correct = np.add.reduce(self._rows[first:stop], axis=0)
        return float(cost), int(samples), int(correct)

    def first_not_finite(self) -> int | None:
        """The first global batch whose cost is nan or infinite; None where all are finite."""
        bad = np.flatnonzero(~np.isfinite(self._rows[: self.filled, 0]))
        return int(bad[0]) if bad.size else None

    def mean_costs(self) -> Array:
        """(filled,) the mean cost of every batch so far."""
        rows = self._rows[: self.filled]
        mean: Array = rows[:, 0] / rows[:, 1]
        return mean
