"""The network: its layers, its cost, and the one layout in which its parameters lie.

Notes section "Neural Network Structure". Layer 0 is the input; layers 1..L have weights, biases and an activation of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.engine.activations import Activation
from tuibp.engine.arrays import ALIGNMENT, Array, DType, aligned_zeros
from tuibp.engine.costs import FUSED, Cost, Fused

Reduction: TypeAlias = Literal["mean", "sum"]


class Layer(NamedTuple):
    """One layer l >= 1."""

    units: int
    """n_l, at least 1."""
    activation: Activation
    """sigma_l."""


@dataclass(frozen=True, eq=False)
class Network:
    """What is computed, without any number that training changes."""

    inputs: int
    """n_0."""
    layers: tuple[Layer, ...]
    """Layers 1..L; `layers[0]` is layer 1."""
    cost: Cost
    reduction: Reduction = "mean"
    """How the gradients of a batch become one step: their mean, or their sum (the notes' step)."""
    dtype: DType = field(default_factory=lambda: np.dtype(np.float64))

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return len(self.layers)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """(n_0, ..., n_L)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    def activation(self, layer: int) -> Activation:
        """sigma_l of layer l in 1..L."""
        return self.layers[layer - 1].activation

    @cached_property
    def fused(self) -> Fused | None:
        """The row that gives delta[L] = a - y directly, where output activation and cost have one (mathematics.md
        section 4).
        """
        return FUSED.get((self.layers[-1].activation.name, self.cost.name))

    @cached_property
    def layout(self) -> ParameterLayout:
        """Where each parameter lies in the flat vector."""
        return ParameterLayout(self.sizes, self.dtype)


FOLD = 256
"""Units up to which a layer's biases are a column of its weights: z = [W|b] [a; 1] is then one product."""


class ParameterLayout:
    """Where W[1], b[1], ..., W[L], b[L] lie in one flat vector.

    A narrow layer is one matrix [W|b] of shape (n_l, n_{l-1} + 1), a wide one W followed by b. Every matrix starts on a
    cache line, so that BLAS meets the same alignment on every copy; the padding stays zero.
    """

    def __init__(self, sizes: tuple[int, ...], dtype: DType) -> None:
        self.sizes = sizes
        self.dtype = dtype
        self.folded = (False, *(n <= FOLD for n in sizes[1:]))
        """Whether layer l is one matrix [W|b]."""
        line = ALIGNMENT // dtype.itemsize
        self._starts: list[tuple[int, int]] = [(0, 0)]
        """(start of the weights, start of the biases) of layer l; a folded layer has its biases in its weights."""
        self.segments: list[slice] = [slice(0, 0)]
        """All of layer l, weights, biases and padding: the segments follow each other without a gap."""
        self.padding: list[slice] = []
        """What is no parameter."""

        def behind(end: int) -> int:
            """The next cache line behind a matrix or a vector."""
            start = -(-end // line) * line
            self.padding.append(slice(end, start))
            return start

        end = 0
        for (columns, rows), folded in zip(pairwise(sizes), self.folded[1:], strict=True):
            start, end = end, behind(end + rows * (columns + folded))
            self._starts.append((start, end))
            end = end if folded else behind(end + rows)
            self.segments.append(slice(start, end))
        self.size = end
        """Length of the flat vector, padding included."""
        self.count = sum(rows * columns for columns, rows in pairwise(sizes)) + sum(sizes[1:])
        """Number of parameters, padding not counted."""

    def joint(self, flat: Array) -> tuple[Array, ...]:
        """Views (n_l, n_{l-1} + 1) of [W|b] where layer l is folded, (n_l, n_{l-1}) of W where not; [0] is empty."""
        views = [flat[:0].reshape(0, 0)]
        for layer, (columns, rows) in enumerate(pairwise(self.sizes), start=1):
            columns += self.folded[layer]
            start, _ = self._starts[layer]
            views.append(flat[start : start + rows * columns].reshape(rows, columns))
        return tuple(views)

    def weights(self, flat: Array) -> tuple[Array, ...]:
        """Views W with W[l] of shape (n_l, n_{l-1}), rows apart where biases lie between them; W[0] is empty, so that
        layers keep their number.
        """
        return tuple(joint[:, :columns] for joint, columns in zip(self.joint(flat), (0, *self.sizes[:-1]), strict=True))

    def biases(self, flat: Array) -> tuple[Array, ...]:
        """Views b with b[l] of shape (n_l,); b[0] is empty."""
        views = [
            joint[:, -1] if folded else flat[start : start + len(joint)]
            for joint, folded, (_, start) in zip(self.joint(flat)[1:], self.folded[1:], self._starts[1:], strict=True)
        ]
        return (flat[:0], *views)

    @cached_property
    def is_weight(self) -> npt.NDArray[np.bool_]:
        """(size,) true where an entry of the flat vector is a weight."""
        mask = np.zeros(self.size)
        for W in self.weights(mask):
            W[...] = 1
        return mask.astype(bool)


@dataclass(frozen=True, eq=False)
class Parameters:
    """One set of weights and biases: a flat vector and the views into it."""

    flat: Array
    W: tuple[Array, ...]
    """W[l] has shape (n_l, n_{l-1}), l = 1..L; W[l][i, j] leads TO neuron i of layer l FROM neuron j of layer l-1."""
    b: tuple[Array, ...]
    """b[l] has shape (n_l,)."""
    joint: tuple[Array, ...]
    """[W|b] of a folded layer, W of the others: see `ParameterLayout.joint`."""

    @classmethod
    def zeros(cls, network: Network) -> Parameters:
        """Parameters that are all zero."""
        layout = network.layout
        return cls.around(network, aligned_zeros((layout.size,), network.dtype))

    @classmethod
    def around(cls, network: Network, flat: Array) -> Parameters:
        """Views into a flat vector of the network's layout; nothing is copied."""
        layout = network.layout
        return cls(flat, layout.weights(flat), layout.biases(flat), layout.joint(flat))

    @classmethod
    def of(cls, network: Network, W: Sequence[npt.ArrayLike], b: Sequence[npt.ArrayLike]) -> Parameters:
        """Copies of given weights and biases, W[0] being that of layer 1.

        Raises:
            ValueError: an array has another shape than its layer wants.
        """
        result = cls.zeros(network)
        for layer, (weight, bias) in enumerate(zip(W, b, strict=True), start=1):
            for name, given, target in (("W", weight, result.W[layer]), ("b", bias, result.b[layer])):
                array = np.asarray(given, dtype=network.dtype)
                if array.shape != target.shape:
                    raise ValueError(f"{name}[{layer}] has shape {array.shape}, layer {layer} wants {target.shape}")
                target[...] = array
        return result

    def copy(self, network: Network) -> Parameters:
        """An independent copy in the same layout."""
        result = Parameters.zeros(network)
        result.flat[...] = self.flat
        return result
