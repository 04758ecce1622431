"""Plain NumPy: what one writes who knows backpropagation and `@` and is content when it is short."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.benchmarks.nets import Array, Prepared, Problem


def sigmoid(z: Array) -> Array:
    """Elementwise."""
    a: Array = 1 / (1 + np.exp(-z))
    return a


class Plain:
    """Trains a problem; samples are columns."""

    grain = 1

    def __init__(self, problem: Problem) -> None:
        self.lr = problem.lr
        self.W = [W.copy() for W, _ in problem.parameters]
        self.b = [b[:, None].copy() for _, b in problem.parameters]
        self._prepared = Prepared([(x.T.copy(), y.T.copy()) for x, y in problem.batches()])

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self.train, self._prepared.take(batches))

    def learnt(self) -> list[tuple[Array, Array]]:
        return [(W, b[:, 0]) for W, b in zip(self.W, self.b, strict=True)]

    def train(self, batches: list[tuple[Array, Array]]) -> None:
        """x (n_0, m) and y (n_L, m) of each batch."""
        for x, y in batches:
            a = [x]
            for W, b in zip(self.W, self.b, strict=True):
                a.append(sigmoid(W @ a[-1] + b))
            delta = (a[-1] - y) * a[-1] * (1 - a[-1])
            for l in reversed(range(len(self.W))):
                gW = delta @ a[l].T / x.shape[1]
                gb = delta.mean(axis=1, keepdims=True)
                if l > 0:
                    delta = self.W[l].T @ delta * a[l] * (1 - a[l])
                self.W[l] -= self.lr * gW
                self.b[l] -= self.lr * gb
