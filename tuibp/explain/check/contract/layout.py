"""Layouts: which way round the user's arrays lie, and how their numbers become ours and ours become theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.contract.found import Form, Found
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probe import Probe

BIASES = ("vec", "col", "row", "last", "first", "none")
"""b as (n,), (n, 1), (1, n); as the last or the first column of W; or not at all."""
SAMPLES = ("vec", "col", "row")
"""One sample as (n,), (n, 1), (1, n); a batch then as columns or as rows. Beside these "plain", a list of numbers."""


class Nested(list[Any]):
    """An array as lists of numbers."""

    def __init__(self, array: Array) -> None:
        super().__init__(array.tolist())


@dataclass(frozen=True)
class Layout:
    """One way to lay everything out."""

    in_out: bool = False
    """Whether W is (in, out); (out, in) as in the notes where not."""
    bias: str = "vec"
    sample: str = "vec"
    container: str = "list"
    """Of the layers' arrays: "list", "lead" (a placeholder for layer 0 in front), "dict" ({"W1": ...}), "numbers"
    ({1: ...}), "pairs" ([(W, b), ...]), "dicts" ([{"W": ..., "b": ...}, ...]), "halves" ({"weights": [...],
    "biases": [...]}), "lists" (nested lists of numbers), "bare" (of the only layer, in no container), "vector" (all in
    one vector, W[1], b[1], W[2], ...), "neurons" ([[{"weights": [w, ..., b]}, ...], ...], a dict for every unit).
    """
    flat: bool = False
    """Whether the only layer has one unit and w is a vector (n,), b a number, and y a number a sample."""
    label: bool = False
    """Whether y is the number of a class."""
    pairs: bool = False
    """Whether samples come as a list of (x, y)."""
    packed: bool = False
    """Whether they come as one pair, (X, Y)."""
    hidden_list: bool = False
    """Whether a constructor wants the sizes of its hidden layers as a list."""

    @property
    def inside(self) -> bool:
        """Whether the bias lies in W."""
        return self.bias in ("last", "first")

    def form(self, probe: Probe, m: int) -> Form:
        """The shapes that go with it."""
        return Form(probe.sizes, m, self.inside, in_out=self.in_out)

    # -- ours to theirs

    def W(self, probe: Probe, l: int) -> Array:
        """W[l] as they have it, with its bias where it lies inside."""
        W = probe.W[l]
        if self.flat:
            return W.reshape(-1)
        if self.inside:
            b = probe.b[l][:, None]
            W = np.hstack((W, b) if self.bias == "last" else (b, W))
        return np.ascontiguousarray(W.T if self.in_out else W)

    def b(self, probe: Probe, l: int) -> Array:
        """b[l] as they have it."""
        b = probe.b[l]
        if self.flat:
            return np.array(b[0])
        return b.copy() if self.bias == "vec" else b[:, None].copy() if self.bias == "col" else b[None, :].copy()

    def of(self, matrix: Array, samples: tuple[int, ...]) -> Array | Nested:
        """Some columns of (n, N), as they want samples."""
        columns = matrix[:, list(samples)]
        if self.sample == "vec" and len(samples) == 1:
            return columns[:, 0].copy()
        if self.sample == "plain":
            return Nested(columns[:, 0] if len(samples) == 1 else columns.T)
        return np.ascontiguousarray(columns.T if self.sample == "row" else columns)

    def target(self, probe: Probe, samples: tuple[int, ...]) -> Any:
        """y as they want it."""
        if self.flat:
            y = probe.Y[0, list(samples)]
            return float(y[0]) if self.sample == "vec" and len(samples) == 1 else y
        if not self.label:
            return self.of(probe.Y, samples)
        labels = probe.Y[:, list(samples)].argmax(axis=0)
        return float(labels[0]) if self.sample in ("vec", "plain") and len(samples) == 1 else labels

    # -- theirs to ours

    def observed(self, found: Found, probe: Probe, samples: tuple[int, ...], before: Probe, lr: float) -> Observed:
        """The numbers of a call in our orientation.

        Args:
            before: the parameters that the call was given, for code that changes them.
            lr: the rate of its step.
        """
        arrays = dict(found.arrays)
        if not found.has("dW"):
            for tensor, value in found.arrays.items():
                if tensor.name in ("W", "b") and tensor.layer:
                    old = self.W(before, tensor.layer) if tensor.name == "W" else self.b(before, tensor.layer)
                    if old.shape == value.shape or (tensor.name == "b" and old.size == value.size):
                        arrays[Tensor("d" + tensor.name, tensor.layer)] = (old - value.reshape(old.shape)) / lr
        tensors: dict[Tensor, Array] = {}
        shapes: dict[Tensor, tuple[int, ...]] = {}
        for tensor, value in arrays.items():
            l = tensor.layer or 0
            if tensor.name in ("W", "b") or (l == 0):
                continue
            shapes[tensor] = value.shape
            if tensor.name == "dW":
                self._weights(tensors, value, l, probe)
            else:
                tensors[tensor] = self._vector(tensor.name, value, probe.sizes[l], len(samples))
        return Observed(samples, tensors, found.cost, shapes)

    def _weights(self, tensors: dict[Tensor, Array], value: Array, l: int, probe: Probe) -> None:
        n, k = probe.sizes[l], probe.sizes[l - 1]
        value = value.T if self.in_out and value.ndim == 2 else value
        if value.ndim == 1 and value.size == n * k and n != k and 1 in (n, k):
            value = value.reshape(n, k)
        if self.inside and value.shape == (n, k + 1):
            b = value[:, -1] if self.bias == "last" else value[:, 0]
            value = value[:, :-1] if self.bias == "last" else value[:, 1:]
            tensors.setdefault(Tensor("db", l), b.copy())
        tensors[Tensor("dW", l)] = np.ascontiguousarray(value)

    def _vector(self, name: str, value: Array, n: int, m: int) -> Array:
        """(n, m) of what has a column for every sample; (n,) of a gradient of the biases that is summed up."""
        if value.ndim == 2 and self.sample == "row" and value.shape == (m, n) and m > 1:
            value = value.T
        if self.inside and value.size == (n + 1) * m and name != "db":
            value = value.reshape(n + 1, m) if self.sample != "row" else value.reshape(m, n + 1).T
            value = value[:-1] if self.bias == "last" else value[1:]
        if name == "db":
            return value.ravel() if value.size == n or 1 in value.shape or value.ndim == 0 else value
        return value.reshape(n, m) if value.size == n * m else value


def layouts(
    *,
    apart: bool,
    containers: tuple[str, ...],
    biased: bool | None,
    label: bool,
    pairs: bool,
    samples: tuple[str, ...] = SAMPLES,
) -> Iterator[Layout]:
    """Every layout that may be meant, the common ones first.

    Args:
        apart: whether biases are a thing of their own; they are then not inside W.
        biased: whether there are any; None where that is not known.
        label: whether y may be the number of a class.
        pairs: whether samples come as a list of (x, y).
        samples: how they may lie.
    """
    biases = ("vec", "col", "row") if apart else ("last", "first", "none") if biased is None else ("none",)
    for container, bias, sample, in_out in product(containers, biases, samples, (False, True)):
        layout = Layout(in_out, bias, sample, container, pairs=pairs)
        yield layout
        if label:
            yield replace(layout, label=True)
