"""An implementation of backprop with a place to plant every mistake in: what the diagnosis is tried on.

Written out with loops over layers and nothing of the check's own code, so that the catalogue is held against another
hand's arithmetic. Each plant is one wrong line; `LINES` has them by the name that the check should give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuibp.engine.operations import Tensor
from tuibp.explain.check.observed import Failure, Observed
from tuibp.explain.check.probe import Probe

V = NDArray[np.float64]
SIGMA: dict[str, Callable[[V], V]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "identity": lambda z: z.copy(),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
}
PRIME: dict[str, Callable[[V], V]] = {
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
    "identity": np.ones_like,
    "leaky-relu": lambda z: np.where(z > 0, 1.0, 0.01),
}
DC: dict[str, Callable[[V, V], V]] = {
    "squared-error": lambda a, y: 2 * (a - y),
    "half-squared-error": lambda a, y: a - y,
    "mean-squared-error": lambda a, y: 2 * (a - y) / len(a),
    "binary-cross-entropy": lambda a, y: (a - y) / (a * (1 - a)),
    "cross-entropy": lambda a, y: -y / a,
}


@dataclass
class Run:
    """One sample on its way; a plant may look at all of it."""

    p: Probe
    x: V
    y: V
    z: dict[int, V] = field(default_factory=dict)
    a: dict[int, V] = field(default_factory=dict)
    G: dict[int, V] = field(default_factory=dict)
    d: dict[int, V] = field(default_factory=dict)
    dW: dict[int, V] = field(default_factory=dict)
    db: dict[int, V] = field(default_factory=dict)

    @property
    def L(self) -> int:
        return self.p.L

    def W(self, l: int) -> V:
        return np.asarray(self.p.W[l])

    def b(self, l: int) -> V:
        return np.asarray(self.p.b[l])

    def name(self, l: int) -> str:
        return self.p.network.activation(l).name

    def s(self, l: int, z: V) -> V:
        return SIGMA[self.name(l)](z)

    def prime(self, l: int, z: V) -> V:
        return PRIME[self.name(l)](z)

    def delta(self, l: int, G: V) -> V:
        if self.name(l) == "softmax":
            a = self.a[l]
            return np.asarray((np.diag(a) - np.outer(a, a)) @ G)
        return self.prime(l, self.z[l]) * G


Line = Callable[[Run, int], Any]
"""What a line computes at layer l."""

RIGHT: dict[str, Line] = {
    "z": lambda r, l: r.W(l) @ r.a[l - 1] + r.b(l),
    "a": lambda r, l: r.s(l, r.z[l]),
    "G": lambda r, l: DC[r.p.network.cost.name](r.a[l], r.y) if l == r.L else r.W(l + 1).T @ r.d[l + 1],
    "d": lambda r, l: r.delta(l, r.G[l]),
    "dW": lambda r, l: np.outer(r.d[l], r.a[l - 1]),
    "db": lambda r, l: r.d[l],
}


def run(p: Probe, s: int, lines: Mapping[str, Line]) -> Run:
    """One sample, with some lines in the place of the right ones."""
    line = {**RIGHT, **lines}
    r = Run(p, np.asarray(p.X[:, s]), np.asarray(p.Y[:, s]))
    r.a[0] = r.x
    for l in range(1, r.L + 1):
        r.z[l] = line["z"](r, l)
        r.a[l] = line["a"](r, l)
    for l in range(r.L, 0, -1):
        r.G[l] = line["G"](r, l)
        r.d[l] = line["d"](r, l)
        r.dW[l] = line["dW"](r, l)
        r.db[l] = line["db"](r, l)
    return r


class Planted:
    """Code as the diagnosis calls it."""

    any_rate = False

    def __init__(self, lines: Mapping[str, Line], gives: tuple[str, ...] = ("dW", "db"), reduce: str = "mean") -> None:
        """
        Args:
            gives: the tensors that are handed back.
            reduce: of a batch.
        """
        self.lines, self.gives, self.reduce = lines, gives, reduce

    def single(self, probe: Probe, s: int) -> Observed:
        r = run(probe, s, self.lines)
        tables = {"z": r.z, "a": r.a, "dC_da": r.G, "delta": r.d, "dW": r.dW, "db": r.db}
        found = {
            Tensor(name, l): np.asarray(tables[name][l], np.float64)
            for name in self.gives for l in range(1, probe.L + 1)
        }  # fmt: skip
        return Observed((s,), found)

    def singles(self, probe: Probe, samples: Sequence[int]) -> list[Observed | Failure]:
        return [self.single(probe, s) for s in samples]

    def batch(self, probe: Probe, samples: tuple[int, ...]) -> Observed | None:
        singles = [self.single(probe, s).tensors for s in samples]
        over = len(samples) if self.reduce == "mean" else 1
        found = {t: np.sum([one[t] for one in singles], axis=0) / over for t in singles[0] if t.name in ("dW", "db")}
        return Observed(samples, found)

    def remarks(self, probe: Probe) -> tuple[()]:
        return ()
