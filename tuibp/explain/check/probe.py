"""A probe: one network with all its numbers, on which the user's code and the reference are both run.

Nothing of the engine's program is used here: a probe is small, and the reference of the check is written out plainly
(`reference`), so that it can be read beside the notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.network import Network


@dataclass(frozen=True, eq=False)
class Probe:
    """A network, its parameters and some samples."""

    name: str
    """For messages: "your network", "the square probe 3-3-3-3"."""
    network: Network
    W: tuple[Array, ...]
    """W[l] (n_l, n_{l-1}) float64 for l = 1..L; W[0] is empty, so that layers keep their number."""
    b: tuple[Array, ...]
    """b[l] (n_l,) float64; b[0] is empty. All zero where `biased` is false."""
    X: Array
    """(n_0, N) inputs, columns are samples."""
    Y: Array
    """(n_L, N) targets."""
    lr: float = 0.5
    """The rate handed to code that updates its weights in place."""

    def bare(self) -> Probe:
        """The same without biases."""
        return replace(self, b=tuple(np.zeros_like(b) for b in self.b))

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return self.network.L

    @property
    def N(self) -> int:
        """Samples."""
        return int(self.X.shape[1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """(n_0, ..., n_L)."""
        return self.network.sizes
