"""The gradient check of all parameters, and the naive loop: one perturbed forward pass a parameter and sign."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.nets import DIGITS, MNIST, SMALL, Array, Net, Problem
from tests.benchmarks.report import Figure, Section, at_least, at_most
from tests.benchmarks.rounds import in_turn, median, timed
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.costs import COSTS
from tuibp.engine.network import Layer, Network, Parameters
from tuibp.explain.gradcheck.differences import H, differences, forward

TARGETS = {SMALL.name: 0.5, DIGITS.name: 5.0, MNIST.name: 40.0}
"""Milliseconds."""
SHARE = 500
"""Parameters that the naive loop is timed on."""


class Subject:
    """A network with the first batch of its samples."""

    def __init__(self, net: Net) -> None:
        problem = Problem(net)
        sigmoid = ACTIVATIONS["sigmoid"]
        layers = tuple(Layer(n, sigmoid) for n in net.sizes[1:])
        self.network = Network(net.sizes[0], layers, COSTS["half-squared-error"])
        self.params = Parameters.of(self.network, *zip(*problem.parameters, strict=True))
        x, y = problem.batches()[0]
        self.x, self.y = x.T.copy(), y.T.copy()

    def check(self) -> None:
        """All parameters."""
        for _ in differences(forward(self.network, self.params, self.x, self.y)):
            pass

    def cost(self) -> float:
        """A whole forward pass, in plain NumPy."""
        a: Array = self.x
        for l in range(1, self.network.L + 1):
            a = 1.0 / (1.0 + np.exp(-(self.params.W[l] @ a + self.params.b[l][:, None])))
        return float(0.5 * ((a - self.y) ** 2).sum())

    def naive(self) -> float:
        """Seconds that the loop over all parameters takes, told from some of them spread over the layers."""
        count = self.network.layout.count
        W = self.params.W[1]
        some = min(SHARE, W.size)

        def loop() -> None:
            for k in range(some):
                index = np.unravel_index(k * W.size // some, W.shape)
                value = W[index]
                W[index] = value + H
                above = self.cost()
                W[index] = value - H
                (above - self.cost()) / (2.0 * H)
                W[index] = value

        return timed(loop) * count / some


def measure(quick: bool) -> Section:
    """All three networks, in turn."""
    figures = []
    for net in (SMALL, DIGITS, MNIST):
        subject = Subject(net)
        subject.check()
        samples = in_turn({"check": lambda s=subject: timed(s.check), "naive": subject.naive}, 3 if quick else 9)  # type: ignore[misc]
        check, naive = median(samples, "check") or 0.0, median(samples, "naive") or 0.0
        figures.append(Figure(f"{net.name}, all parameters", 1e3 * check, "ms", at_most(TARGETS[net.name])))
        figures.append(Figure(f"{net.name}, against the naive loop", naive / check, "x", at_least(40.0)))
    return Section("gradcheck", "Gradient check, batch 10", (), figures)
