"""The network: its layers, its cost, and the one layout in which its parameters lie.

Notes section "Neural Network Structure". Layer 0 is the input; layers 1..L have weights, biases and an activation of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.engine.activations import Activation
from tuibp.engine.arrays import ALIGNMENT, Array, DType, aligned_zeros
from tuibp.engine.costs import FUSED, Cost, Fused

Reduction: TypeAlias = Literal["mean", "sum"]


@dataclass(frozen=True, eq=False)
class Layer:
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


class ParameterLayout:
    """Offsets of W[1], ..., W[L], b[1], ..., b[L] in one flat vector.

    Every segment starts on a cache line, so that BLAS meets the same alignment on every copy; the padding stays zero.
    All weights lie before all biases, so that an update without biases is one shorter slice.
    """

    def __init__(self, sizes: tuple[int, ...], dtype: DType) -> None:
        self.sizes = sizes
        self.dtype = dtype
        line = ALIGNMENT // dtype.itemsize
        weights = [rows * columns for columns, rows in pairwise(sizes)]
        self._offsets: list[int] = []
        end = 0
        for count in (*weights, *sizes[1:]):
            self._offsets.append(end)
            end += -(-count // line) * line
        self.size = end
        """Length of the flat vector, padding included."""
        self.weights_end = self._offsets[len(weights)]
        """Length of the part that holds weights only."""
        self.count = sum(weights) + sum(sizes[1:])
        """Number of parameters, padding not counted."""

    def weights(self, flat: Array) -> tuple[Array, ...]:
        """Views W with W[l] of shape (n_l, n_{l-1}); W[0] is empty, so that layers keep their number."""
        shapes = zip(self.sizes[1:], self.sizes, strict=False)
        views = [
            flat[at : at + rows * columns].reshape(rows, columns)
            for at, (rows, columns) in zip(self._offsets, shapes, strict=False)
        ]
        return (flat[:0].reshape(0, 0), *views)

    def biases(self, flat: Array) -> tuple[Array, ...]:
        """Views b with b[l] of shape (n_l,); b[0] is empty."""
        starts = self._offsets[len(self.sizes) - 1 :]
        return (flat[:0], *(flat[at : at + n] for at, n in zip(starts, self.sizes[1:], strict=True)))


@dataclass(frozen=True, eq=False)
class Parameters:
    """One set of weights and biases: a flat vector and the views into it."""

    flat: Array
    W: tuple[Array, ...]
    """W[l] has shape (n_l, n_{l-1}), l = 1..L; W[l][i, j] leads TO neuron i of layer l FROM neuron j of layer l-1."""
    b: tuple[Array, ...]
    """b[l] has shape (n_l,)."""

    @classmethod
    def zeros(cls, network: Network) -> Parameters:
        """Parameters that are all zero."""
        layout = network.layout
        return cls.around(network, aligned_zeros((layout.size,), network.dtype))

    @classmethod
    def around(cls, network: Network, flat: Array) -> Parameters:
        """Views into a flat vector of the network's layout; nothing is copied."""
        return cls(flat, network.layout.weights(flat), network.layout.biases(flat))

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
