"""Mistakes of the forward pass: z[l] = W[l] a[l-1] + b[l] and a[l] = σ(z[l])."""

from __future__ import annotations

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue.rows import Mistake, Step, Variants, one
from tuibp.explain.check.context import Context

RIGHT_Z = "z[l] = W[l] a[l-1] + b[l]"
RIGHT_A = "a[l] = σ(z[l])"


def _product(matrix: Array, vector: Array, n: int) -> Array | None:
    if matrix.shape != (n, vector.shape[0]):
        return None
    result: Array = matrix @ vector
    return result


def _sum(matrix: Array, context: Context, l: int) -> Array | None:
    product = _product(matrix, context.a[l - 1], context.n(l))
    return None if product is None else product + context.b(l)


def _without_bias(context: Context, l: int) -> Array | None:
    return context.W(l) @ context.a[l - 1] if context.b(l).any() else None


def _bias_subtracted(context: Context, l: int) -> Array | None:
    return context.W(l) @ context.a[l - 1] - context.b(l) if context.b(l).any() else None


def _wrong_input(context: Context, l: int) -> Variants:
    if l > 1:
        if context.n(0) == context.n(l - 1):
            yield "x", context.W(l) @ context.a[0] + context.b(l)
        yield "z[l-1]", context.W(l) @ context.z[l - 1] + context.b(l)


def _wrong_parameters(context: Context, l: int) -> Variants:
    for words, other in (("[l-1]", l - 1), ("[l+1]", l + 1)):
        if 1 <= other <= context.L:
            yield f"W{words}", _sum(context.W(other), context, l)
            if context.n(other) == context.n(l) and (context.b(other) - context.b(l)).any():
                yield f"b{words}", context.W(l) @ context.a[l - 1] + context.b(other)


def _row_times(context: Context, l: int) -> Array | None:
    """(W * a).sum(axis=0) for the product W a."""
    a = context.a[l - 1]
    if context.n(l) != context.n(l - 1):
        return None
    sums: Array = context.W(l).sum(axis=0)[:, None]
    return a * sums + context.b(l)


SUMS = (
    Mistake(
        "bias-not-added", Step.Z, "the bias is not added",
        "z[l] is the weighted sum plus the bias of each unit.",
        "z[l] = W[l] a[l-1]", RIGHT_Z, 2, one(_without_bias)),
    Mistake(
        "bias-subtracted", Step.Z, "the bias is subtracted",
        "b[l] is added here; a threshold would be subtracted, and its gradient had the other sign.",
        "z[l] = W[l] a[l-1] - b[l]", RIGHT_Z, 1, one(_bias_subtracted)),
    Mistake(
        "weights-transposed-forward", Step.Z, "W[l] is transposed",
        "W[l][i,j] leads TO unit i FROM unit j. On a square layer the transpose fits and is silently wrong.",
        "z[l] = W[l]ᵀ a[l-1] + b[l]", RIGHT_Z, 1, one(lambda c, l: _sum(c.W(l).T, c, l))),
    Mistake(
        "wrong-input-forward", Step.Z, "layer l reads {detail} instead of a[l-1]",
        "Each layer reads the activations of the layer below.",
        "z[l] = W[l] {detail} + b[l]", RIGHT_Z, 1, _wrong_input),
    Mistake(
        "wrong-parameters-forward", Step.Z, "layer l is computed with {detail}",
        "An index is off by one.",
        "z[l] with {detail}", RIGHT_Z, 1, _wrong_parameters),
    Mistake(
        "elementwise-product-forward", Step.Z, "`*` where a product of matrices was meant, summed over the wrong index",
        "z[l]_i is the sum over j of W[l][i,j] a[l-1]_j: W @ a.",
        "z[l]_j = a[l-1]_j Σ_i W[l][i,j] + b[l]_j", RIGHT_Z, 1, one(_row_times)),
)  # fmt: skip


def _another(context: Context, l: int) -> Variants:
    own = context.network.activation(l).name
    for name in ACTIVATIONS:
        if name not in (own, "identity"):
            yield name, _applied(name, context.z[l])
    yield "e^z / (1 + e^-z)", np.exp(context.z[l]) / (1.0 + np.exp(-context.z[l])) if own == "sigmoid" else None
    yield "1 / (1 + e^z)", 1.0 / (1.0 + np.exp(context.z[l])) if own == "sigmoid" else None


def _applied(name: str, z: Array) -> Array:
    from tuibp.explain.check.reference import apply

    return apply(name, z)


def _softmax(context: Context, l: int) -> bool:
    return context.network.activation(l).name == "softmax"


def _unnormalised(context: Context, l: int) -> Variants:
    if _softmax(context, l):
        yield "e^z, not divided by its sum", np.exp(context.z[l])
        yield "z / Σz, without e", context.z[l] / context.z[l].sum(axis=0)
        yield "e^z / max e^z", np.exp(context.z[l] - context.z[l].max(axis=0))


def _twice(context: Context, l: int) -> Array:
    return context.sigma(l, context.a_right(l))


ACTIVATED = (
    Mistake(
        "activation-missing", Step.A, "the activation is not applied",
        "Without σ the layer is linear.",
        "a[l] = z[l]", RIGHT_A, 2, one(lambda c, l: c.z[l])),
    Mistake(
        "another-activation", Step.A, "another activation than the network's {own}: {detail}",
        "If that is the activation you mean, give it in the network file: then the numbers are compared with it.",
        "a[l] = {detail}(z[l])", "a[l] = {own}(z[l])", 2, _another),
    Mistake(
        "activation-twice", Step.A, "the activation is applied twice",
        "a[l] = σ(z[l]) already; it goes to the next layer as it is.",
        "a[l] = σ(σ(z[l]))", RIGHT_A, 1, one(_twice)),
    Mistake(
        "softmax-not-normalised", Step.A, "softmax without its parts: {detail}",
        "softmax(z)_i = e^z_i / Σ_j e^z_j, over the units of one sample.",
        "a[l] = {detail}", RIGHT_A, 2, _unnormalised),
    Mistake(
        "softmax-over-the-wrong-axis", Step.A, "softmax is summed over the wrong axis",
        "The sum runs over the units of one sample; over the axis of the samples a single sample always gets 1.",
        "a[l] = e^z / Σ over the samples = 1 for one sample", RIGHT_A, 2,
        one(lambda c, l: np.ones_like(c.z[l]) if _softmax(c, l) else None)),
)  # fmt: skip
