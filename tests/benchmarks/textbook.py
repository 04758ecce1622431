"""The textbook's loop: one sample after the other, as lecture notes and first chapters print it.

Every sample goes forward and backward alone, with its gradients in lists of their own; the batch adds them up and takes
its step at the end. It is the clearest of all programs and the one that most people have at home.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.benchmarks.nets import Array, Prepared, Problem

Sample = tuple[Array, Array]
"""x (n_0, 1) and y (n_L, 1)."""


def sigma(z: Array) -> Array:
    """The logistic function."""
    a: Array = 1.0 / (1.0 + np.exp(-z))
    return a


def sigma_prime(z: Array) -> Array:
    """Its derivative."""
    return sigma(z) * (1 - sigma(z))


class Textbook:
    """Trains a problem."""

    grain = 1

    def __init__(self, problem: Problem) -> None:
        self.eta = problem.lr
        self.weights = [W.copy() for W, _ in problem.parameters]
        self.biases = [b[:, None].copy() for _, b in problem.parameters]
        self._prepared = Prepared(
            [[(x[:, None], y[:, None]) for x, y in zip(*batch, strict=True)] for batch in problem.batches()]
        )

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self.train, self._prepared.take(batches))

    def learnt(self) -> list[tuple[Array, Array]]:
        return [(W, b[:, 0]) for W, b in zip(self.weights, self.biases, strict=True)]

    def train(self, batches: list[list[Sample]]) -> None:
        """One step of gradient descent for each batch."""
        for batch in batches:
            self.step(batch)

    def step(self, batch: list[Sample]) -> None:
        """Add up the gradients of the samples, then move against their mean."""
        sum_W = [np.zeros(W.shape) for W in self.weights]
        sum_b = [np.zeros(b.shape) for b in self.biases]
        for x, y in batch:
            dW, db = self.gradients(x, y)
            sum_W = [total + one for total, one in zip(sum_W, dW, strict=True)]
            sum_b = [total + one for total, one in zip(sum_b, db, strict=True)]
        rate = self.eta / len(batch)
        self.weights = [W - rate * total for W, total in zip(self.weights, sum_W, strict=True)]
        self.biases = [b - rate * total for b, total in zip(self.biases, sum_b, strict=True)]

    def gradients(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """dC/dW and dC/db of one sample, layer 1 first."""
        a, activations, zs = x, [x], []
        for W, b in zip(self.weights, self.biases, strict=True):
            z = np.dot(W, a) + b
            a = sigma(z)
            zs.append(z)
            activations.append(a)
        delta = (activations[-1] - y) * sigma_prime(zs[-1])
        dW, db = [np.dot(delta, activations[-2].T)], [delta]
        for l in range(2, len(self.weights) + 1):
            delta = np.dot(self.weights[1 - l].T, delta) * sigma_prime(zs[-l])
            dW.insert(0, np.dot(delta, activations[-l - 1].T))
            db.insert(0, delta)
        return dW, db
