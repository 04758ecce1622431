"""What has been read of the user's code, and the shapes that it works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor

Sizes = tuple[int, ...]


@dataclass(eq=False)
class Found:
    """Tensors as they are read, in the user's own orientation."""

    arrays: dict[Tensor, Array] = field(default_factory=dict)
    """Names are those of `observed.NAMES`, and W and b for parameters that come back changed."""
    cost: float | None = None
    reversed: bool = False
    """Whether a list has been read from its end, because the shapes say so."""
    unsure: list[str] = field(default_factory=list)
    """Tensors whose shapes say nothing about their order."""

    def add(self, name: str, layer: int, array: Array) -> None:
        """What is found first stays."""
        self.arrays.setdefault(Tensor(name, layer), array)

    def has(self, name: str) -> bool:
        """Whether any layer of a tensor is there."""
        return any(tensor.name == name for tensor in self.arrays)


@dataclass(frozen=True)
class Form:
    """What is known of the shapes that the user's code works with."""

    sizes: Sizes
    m: int
    """Samples of the call."""
    inside: bool
    """Whether the bias is a row or column of W."""
    reverse: bool = False
    """Whether lists begin with the last layer, where shapes do not tell."""
    in_out: bool = False
    """Whether W is (in, out), which a vector of all gradients does not tell."""
    apart: bool = False
    """Whether such a vector holds all W before all b."""

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return len(self.sizes) - 1

    def matrix(self, array: Array, l: int) -> bool:
        """Whether an array has the size of W[l], either way round."""
        n, k = self.sizes[l], self.sizes[l - 1] + self.inside
        return array.ndim == 2 and sorted(array.shape) == sorted((n, k))

    @property
    def single(self) -> bool:
        """Whether there is one unit in all: its db is a number, and its dW may be a vector."""
        return self.L == 1 and self.sizes[1] == 1

    def vector(self, array: Array, n: int) -> bool:
        """Whether an array is a vector of n units, for one sample or for each of the batch."""
        if array.ndim == 1:
            return len(array) == n
        return array.ndim == 2 and array.shape in ((n, 1), (1, n), (n, self.m), (self.m, n))
