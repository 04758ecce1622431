"""What all trainers are given: the same networks, weights and samples, and one way in which they are asked to train.

Sigmoid everywhere, half the squared error, plain SGD on the mean over a batch, float64: what every peer can do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Order: TypeAlias = npt.NDArray[np.intp]
Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Net:
    """A network and how it is trained."""

    sizes: tuple[int, ...]
    """(n_0, ..., n_L)."""
    m: int
    """Samples of a batch."""
    N: int
    """Samples of an epoch, a multiple of m."""

    @property
    def name(self) -> str:
        """Such as 784-30-10."""
        return "-".join(map(str, self.sizes))

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return len(self.sizes) - 1

    @property
    def K(self) -> int:
        """Batches of an epoch."""
        return self.N // self.m


XOR = Net((2, 2, 1), 1, 64)
SMALL = Net((2, 8, 8, 1), 10, 1000)
DIGITS = Net((64, 32, 10), 10, 1000)
MNIST = Net((784, 30, 10), 10, 1000)
DEEP = Net((784, 128, 64, 10), 32, 1024)
WIDE = Net((784, 512, 512, 10), 128, 512)
NETS = (XOR, SMALL, DIGITS, MNIST, DEEP, WIDE)


@dataclass(frozen=True, eq=False)
class Problem:
    """A network with weights to start from and samples to learn; a pure function of its net and seed."""

    net: Net
    seed: int = 0
    lr: float = 0.1
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rng", np.random.default_rng(self.seed))

    @cached_property
    def parameters(self) -> tuple[tuple[Array, Array], ...]:
        """W (n_l, n_{l-1}) and b (n_l,) of layers 1..L; not to be written to."""
        return tuple(
            (self._rng.standard_normal((n, before)) / np.sqrt(before), 0.1 * self._rng.standard_normal(n))
            for before, n in pairwise(self.net.sizes)
        )

    @cached_property
    def samples(self) -> tuple[Array, Array]:
        """x (N, n_0), normal, and y (N, n_L), zeros and ones."""
        _ = self.parameters  # drawn first, whatever is asked for first
        x = self._rng.standard_normal((self.net.N, self.net.sizes[0]))
        y = (self._rng.random((self.net.N, self.net.sizes[-1])) > 0.5).astype(np.float64)
        return x, y

    def batches(self) -> list[tuple[Array, Array]]:
        """The batches of an epoch in the order of the data: x (m, n_0) and y (m, n_L)."""
        x, y = self.samples
        starts = range(0, self.net.N, self.net.m)
        return [(x[at : at + self.net.m], y[at : at + self.net.m]) for at in starts]


class Trainer(Protocol):
    """Something that trains the network of a problem."""

    grain: int
    """It can only train multiples of this number of batches."""

    def ready(self, batches: int) -> Callable[[], Any]:
        """Lay out what training needs that is no training. The function returned trains so many batches more; what it
        returns is to be dropped when the clock has stopped.
        """

    def learnt(self) -> list[tuple[Array, Array]]:
        """W (n_l, n_{l-1}) and b (n_l,) of layers 1..L as they stand, for comparison."""


class Prepared(Generic[Batch]):
    """Batches that have been laid out beforehand and are gone through over and over."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches
        self._at = 0

    def take(self, count: int) -> list[Batch]:
        """The next `count` batches."""
        first, self._at = self._at, self._at + count
        return [self._batches[at % len(self._batches)] for at in range(first, self._at)]
