"""Every mistake of the catalogue as one wrong line of an implementation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tests.explain.check.planted import DC, PRIME, RIGHT, Line, Run, V


class Plant(NamedTuple):
    """A wrong line, and the name that the check should give it."""

    name: str
    lines: dict[str, Line]
    only: tuple[str, ...] = ()
    """Hidden activations for which it is a mistake; all where empty."""
    output: tuple[str, str] | None = None
    """Output activation and cost that it belongs to; any where None."""


def hidden(line: str, wrong: Line) -> dict[str, Line]:
    """Wrong in the hidden layers only."""
    return {line: lambda r, l: wrong(r, l) if l < r.L else RIGHT[line](r, l)}


def output(line: str, wrong: Line) -> dict[str, Line]:
    """Wrong in the output layer only."""
    return {line: lambda r, l: wrong(r, l) if l == r.L else RIGHT[line](r, l)}


def above_first(line: str, wrong: Line) -> dict[str, Line]:
    """Wrong in all layers but the first."""
    return {line: lambda r, l: wrong(r, l) if l > 1 else RIGHT[line](r, l)}


def recursion(wrong: Line) -> dict[str, Line]:
    return hidden("G", wrong)


def inner(r: Run, l: int) -> V:
    """σ′ of layer l+1 at z[l], times the column above: what the notes print."""
    return r.prime(l + 1, r.z[l]) * r.G[l + 1]


def updated(r: Run, l: int) -> V:
    return np.asarray((r.W(l + 1) - r.p.lr * r.dW[l + 1]).T @ r.d[l + 1])


def first_removed(r: Run, l: int) -> V:
    """[W|b] with the first row of the product removed, as if the bias stood there."""
    return np.asarray((np.hstack((r.W(l + 1), r.b(l + 1)[:, None])).T @ r.d[l + 1])[1:])


def with_decay(r: Run, l: int) -> V:
    return np.asarray(r.d[l] + 0.37 * r.b(l))


SIGMOID_LIKE = ("sigmoid", "tanh")
CE = ("softmax", "cross-entropy")
BCE = ("sigmoid", "binary-cross-entropy")
SQUARED = ("sigmoid", "half-squared-error")

PLANTS = (
    # forward
    Plant("bias-not-added", {"z": lambda r, l: r.W(l) @ r.a[l - 1]}),
    Plant("bias-subtracted", {"z": lambda r, l: r.W(l) @ r.a[l - 1] - r.b(l)}),
    Plant("weights-transposed-forward", {"z": lambda r, l: r.W(l).T @ r.a[l - 1] + r.b(l)}),
    Plant("activation-missing", hidden("a", lambda r, l: r.z[l])),
    Plant("activation-missing", output("a", lambda r, l: r.z[l]), output=SQUARED),
    Plant("activation-twice", hidden("a", lambda r, l: r.s(l, r.s(l, r.z[l]))), SIGMOID_LIKE),
    Plant("another-activation tanh", hidden("a", lambda r, l: np.tanh(r.z[l])), ("sigmoid", "relu")),
    Plant("softmax-not-normalised e^z, not divided by its sum", output("a", lambda r, l: np.exp(r.z[l])), output=CE),
    Plant("softmax-over-the-wrong-axis", output("a", lambda r, l: np.ones_like(r.z[l])), output=CE),
    # the base case
    Plant("squared-error-propagated", output("G", lambda r, l: (r.a[l] - r.y) ** 2), output=SQUARED),
    Plant("absolute-error-propagated", output("G", lambda r, l: abs(r.a[l] - r.y)), output=SQUARED),
    Plant("output-propagated a[L]", output("G", lambda r, l: r.a[l]), output=SQUARED),
    Plant("gradient-of-another-cost squared error", output("G", lambda r, l: r.a[l] - r.y), output=CE),
    Plant("gradient-of-another-cost binary-cross-entropy",
          output("G", lambda r, l: DC["binary-cross-entropy"](r.a[l], r.y)), output=CE),
    Plant("sign-flipped", output("G", lambda r, l: r.y - r.a[l]), output=SQUARED),
    Plant("sign-flipped", output("d", lambda r, l: r.y - r.a[l]), output=CE),
    # sigma'
    Plant("slope-missing", output("d", lambda r, l: r.G[l]), output=SQUARED),
    Plant("slope-missing", output("d", lambda r, l: r.G[l]), output=CE),
    Plant("slope-missing", hidden("d", lambda r, l: r.G[l])),
    Plant("slope-missing", {"d": lambda r, l: r.G[l]}, output=SQUARED),
    Plant("slope-once-too-often", output("d", lambda r, l: (r.a[l] - r.y) * r.a[l] * (1 - r.a[l])), output=BCE),
    Plant("slope-once-too-often", output("d", lambda r, l: (r.a[l] - r.y) * r.a[l] * (1 - r.a[l])), output=CE),
    Plant("softmax-diagonal", output("d", lambda r, l: r.G[l] * r.a[l] * (1 - r.a[l])), output=CE),
    Plant("slope-at-a", hidden("d", lambda r, l: r.prime(l, r.a[l]) * r.G[l]), SIGMOID_LIKE),
    Plant("slope-form-on-z z (1 - z)", hidden("d", lambda r, l: r.z[l] * (1 - r.z[l]) * r.G[l]), ("sigmoid",)),
    Plant("zero-at-the-output", output("G", lambda r, l: 0 * r.a[l]), output=SQUARED),
    Plant("nothing-propagated", hidden("G", lambda r, l: 0 * r.a[l])),
    Plant("zero-dW", {"dW": lambda r, l: 0 * np.outer(r.d[l], r.a[l - 1])}),
    Plant("slope-half-written 1 - a", hidden("d", lambda r, l: (1 - r.a[l]) * r.G[l]), ("sigmoid", "tanh")),
    Plant("slope-half-written (1 - a)^2", hidden("d", lambda r, l: (1 - r.a[l]) ** 2 * r.G[l]), ("tanh",)),
    Plant("slope-form-on-z 1 - z^2", hidden("d", lambda r, l: (1 - r.z[l] ** 2) * r.G[l]), ("tanh",)),
    Plant("slope-twice", hidden("d", lambda r, l: r.prime(l, r.z[l]) ** 2 * r.G[l]), SIGMOID_LIKE),
    Plant("sigma-for-slope", hidden("d", lambda r, l: r.a[l] * r.G[l])),
    Plant("slope-at-the-gradient", hidden("d", lambda r, l: r.prime(l, r.G[l]) * r.G[l]), SIGMOID_LIKE),
    Plant("slope-of-the-wrong-layer", hidden("d", lambda r, l: r.prime(l, r.z[l + 1]) * r.G[l])),
    Plant("slope-of-another-activation", hidden("d", lambda r, l: PRIME["sigmoid"](r.z[l]) * r.G[l]),
          ("tanh", "relu")),
    Plant("slope-of-another-activation", hidden("d", lambda r, l: PRIME["tanh"](r.z[l]) * r.G[l]), ("sigmoid", "relu")),
    Plant("slope-of-another-activation", hidden("d", lambda r, l: r.a[l] * (1 - r.a[l]) * r.G[l]), ("tanh", "relu")),
    Plant("relu-mask-on-the-gradient", hidden("d", lambda r, l: np.where(r.G[l] > 0, r.G[l], 0.0)), ("relu",)),
    Plant("relu-mask-inverted", hidden("d", lambda r, l: np.where(r.z[l] <= 0, r.G[l], 0.0)), ("relu",)),
    # the recursion
    Plant("raw-error-propagated", recursion(lambda r, l: r.W(l + 1).T @ r.G[l + 1])),
    Plant("weights-not-transposed", recursion(lambda r, l: r.W(l + 1) @ r.d[l + 1])),
    Plant("own-weights", recursion(lambda r, l: r.W(l).T @ r.d[l + 1])),
    Plant("notes-recursion-as-printed", recursion(lambda r, l: r.W(l) @ inner(r, l)), output=SQUARED),
    Plant("notes-recursion-own-weights", recursion(lambda r, l: r.W(l) @ r.d[l + 1])),
    Plant("notes-recursion-own-slope", recursion(lambda r, l: r.W(l + 1).T @ inner(r, l)), output=SQUARED),
    Plant("notes-recursion-half-repaired W[l]ᵀ", recursion(lambda r, l: r.W(l).T @ inner(r, l)), output=SQUARED),
    Plant("notes-recursion-half-repaired W[l+1]", recursion(lambda r, l: r.W(l + 1) @ inner(r, l)), output=SQUARED),
    Plant("updated-weights-propagated", recursion(updated)),
    Plant("output-error-reused dC_da[L] itself", recursion(lambda r, l: r.G[r.L])),
    Plant("output-error-reused W[l+1]ᵀ δ[L]", recursion(lambda r, l: r.W(l + 1).T @ r.d[r.L])),
    Plant("weights-missing", recursion(lambda r, l: r.d[l + 1])),
    Plant("activations-propagated a[l+1]", recursion(lambda r, l: r.W(l + 1).T @ r.a[l + 1])),
    Plant("slope-propagated-twice", recursion(lambda r, l: r.W(l + 1).T @ (r.prime(l + 1, r.z[l + 1]) * r.d[l + 1])),
          SIGMOID_LIKE, SQUARED),
    Plant("bias-column-not-removed the first is removed, the bias is the last", recursion(first_removed)),
    Plant("recursion-summed-over-the-wrong-index", recursion(lambda r, l: r.W(l + 1).sum(axis=1) * r.d[l + 1])),
    Plant("sign-flipped", recursion(lambda r, l: -r.W(l + 1).T @ r.d[l + 1])),
    # dW
    Plant("outer-product-transposed", {"dW": lambda r, l: np.outer(r.a[l - 1], r.d[l])}),
    Plant("wrong-activations-in-dW a[l]", {"dW": lambda r, l: np.outer(r.d[l], r.a[l])}),
    Plant("wrong-activations-in-dW z[l-1]", above_first("dW", lambda r, l: np.outer(r.d[l], r.z[l - 1]))),
    Plant("wrong-activations-in-dW x", above_first("dW", lambda r, l: np.outer(r.d[l], r.x))),
    Plant("delta-times-weight", {"dW": lambda r, l: r.d[l][:, None] * r.W(l)}),
    Plant("dC_da-in-dW", {"dW": lambda r, l: np.outer(r.G[l], r.a[l - 1])}, output=SQUARED),
    Plant("slope-twice-in-dW",
          hidden("dW", lambda r, l: np.outer(r.prime(l, r.z[l]) * r.d[l], r.a[l - 1])), SIGMOID_LIKE),
    Plant("elementwise-product a vector δ * a", {"dW": lambda r, l: r.d[l] * r.a[l - 1]}),
    Plant("dot-gives-a-scalar", {"dW": lambda r, l: np.dot(r.d[l], r.a[l - 1])}),
    Plant("sign-flipped", {"dW": lambda r, l: -np.outer(r.d[l], r.a[l - 1])}),
    # db
    Plant("db-summed-over-units", {"db": lambda r, l: r.d[l].sum(keepdims=True)}),
    Plant("db-summed-over-units", {"db": lambda r, l: np.full(r.d[l].shape, r.d[l].sum())}),
    Plant("db-averaged-over-units", {"db": lambda r, l: np.full(r.d[l].shape, r.d[l].mean())}),
    Plant("dC_da-in-db", {"db": lambda r, l: r.G[l]}, output=SQUARED),
    Plant("db-from-dW the row sums of dW[l]", {"db": lambda r, l: r.dW[l].sum(axis=1)}),
    Plant("bias-forgotten", {"db": lambda r, l: np.zeros_like(r.d[l])}),
    Plant("regulariser-on-biases", {"db": with_decay}),
    Plant("delta-times-bias", {"db": lambda r, l: r.d[l] * r.b(l)}),
)  # fmt: skip
