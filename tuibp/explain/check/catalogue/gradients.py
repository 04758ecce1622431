"""Mistakes of dW[l] = δ[l] a[l-1]ᵀ and db[l] = δ[l] of one sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue.rows import Mistake, Step, Variants, one
from tuibp.explain.check.context import Context
from tuibp.explain.check.reference import Layers, outer

RIGHT_W = "dW[l] = δ[l] a[l-1]ᵀ"
RIGHT_B = "db[l] = δ[l]"


def _shaped(left: Array | None, right: Array | None, context: Context, l: int) -> Array | None:
    """left rightᵀ of every sample where that has the shape of W[l]."""
    if left is None or right is None or (left.shape[0], right.shape[0]) != (context.n(l), context.n(l - 1)):
        return None
    return outer(left, right)


def _any_shape(left: Array | None, right: Array | None) -> Array | None:
    return None if left is None or right is None else outer(left, right)


def _left(value: Callable[[Context, int], Array | None]) -> Callable[[Context, int], Array | None]:
    """Something else than δ[l], times a[l-1]ᵀ."""
    return lambda c, l: _shaped(value(c, l), c.a[l - 1], c, l)


def _instead_of_a(context: Context, l: int) -> Variants:
    yield "a[l]", _any_shape(context.delta[l], context.a[l])
    if l > 1:
        yield "z[l-1]", _shaped(context.delta[l], context.z[l - 1], context, l)
        yield "x", _any_shape(context.delta[l], context.a[0])
    if l > 2:
        yield "a[l-2]", _any_shape(context.delta[l], context.a[l - 2])
    yield "σ(a[l-1])", _shaped(context.delta[l], context.sigma(max(l - 1, 1), context.a[l - 1]), context, l)


def _instead_of_delta(context: Context, l: int) -> Variants:
    for words, other in (("δ[l-1]", l - 1), ("δ[l+1]", l + 1)):
        yield words, _shaped(context.delta.get(other), context.a[l - 1], context, l)
    error = context.a[context.L] - context.y
    if l < context.L:
        yield "a[L] - y", _left(lambda c, _: error)(context, l)
    yield "σ′(z[l])", _left(lambda c, l: c.slope_here(l))(context, l)


def _slope_again(context: Context, l: int) -> Array | None:
    slope = context.slope_here(l)
    return None if slope is None else _left(lambda c, l: slope * c.delta[l])(context, l)


def _elementwise(context: Context, l: int) -> Variants:
    """`*` where a product of matrices was meant; of other shape, or filled up by broadcasting."""
    delta, a = context.delta[l], context.a[l - 1]
    if delta.shape != a.shape:
        return
    product = (delta * a).T
    n = product.shape[1]
    yield "a vector δ * a", product
    yield "δ * a in every row", np.broadcast_to(product[:, None, :], (len(product), n, n))
    yield "δ * a in every column", np.broadcast_to(product[:, :, None], (len(product), n, n))


def _scalar(context: Context, l: int) -> Variants:
    delta, a = context.delta[l], context.a[l - 1]
    if delta.shape != a.shape or len(delta) == 1:
        return
    dots = np.einsum("is,is->s", delta, a)
    yield "", dots
    yield "", np.broadcast_to(dots[:, None, None], (len(dots), len(delta), len(a)))


def _transposed(context: Context, l: int) -> Array | None:
    return outer(context.a[l - 1], context.delta[l])


DECAY = 1e-6
"""What weight decay adds at least, of the gradient: a smaller multiple fits any rounding error."""


def _decay(given: Array | None, right: Array, parameters: Array) -> Array | None:
    """right + λ parameters, for the λ that fits the user's own numbers best."""
    if given is None or given.shape != right.shape or not parameters.any():
        return None
    whole = np.broadcast_to(parameters, right.shape)
    rate = float(np.vdot(whole, given - right)) / float(np.vdot(whole, whole))
    visible = abs(rate) * np.linalg.norm(whole) > DECAY * np.linalg.norm(right)
    return right + rate * whole if visible else None


def _aliased(tensors: Layers, l: int) -> Variants:
    for other, tensor in tensors.items():
        if other != l:
            yield f"layer l{other - l:+d}", tensor


WEIGHTS = (
    Mistake(
        "zero-dW", Step.DW, "dW is zero",
        "The array has been made and never filled, or something in its product is zero throughout.",
        "dW[l] = 0", RIGHT_W, 2, one(lambda c, l: np.zeros((c.x.shape[1], c.n(l), c.n(l - 1))))),
    Mistake(
        "weight-decay-in-dW", Step.DW, "a multiple of W is added: weight decay",
        "Your gradient is that of C + λ/2 |W|^2.",
        "dW[l] = δ[l] a[l-1]ᵀ + λ W[l]", RIGHT_W, 1,
        one(lambda c, l: _decay(c.dW.get(l), outer(c.delta[l], c.a[l - 1]), c.W(l)[None])), convention=True),
    Mistake(
        "aliased-dW", Step.DW, "dW[l] is the same array as that of {detail}",
        "Two layers share one array in memory, for instance by [zeros] * L, or by a change in place.",
        "dW[l] = dW of {detail}", RIGHT_W, 2, lambda c, l: _aliased(c.dW, l)),
    Mistake(
        "outer-product-transposed", Step.DW, "the outer product is transposed",
        "dW[l][i,j] belongs to the weight TO unit i FROM unit j: rows are the units of layer l.",
        "dW[l] = a[l-1] δ[l]ᵀ", RIGHT_W, 2, one(_transposed)),
    Mistake(
        "wrong-activations-in-dW", Step.DW, "{detail} in the place of a[l-1]",
        "The weight W[l][i,j] multiplies the activation of unit j of the layer BELOW, so that is its derivative.",
        "dW[l] = δ[l] {detail}ᵀ", RIGHT_W, 2, _instead_of_a),
    Mistake(
        "delta-times-weight", Step.DW, "δ is multiplied with the weight instead of the activation",
        "z[l][i] contains W[l][i,j] a[l-1][j]; its derivative by the weight is the activation.",
        "dW[l][i,j] = δ[l][i] W[l][i,j]", RIGHT_W, 1,
        one(lambda c, l: c.delta[l].T[:, :, None] * c.W(l)[None])),
    Mistake(
        "dC_da-in-dW", Step.DW, "dC_da[l] is used in dW instead of δ[l]",
        "The weight acts through z[l]: the slope σ′(z[l]) belongs to dW as it does to db.",
        "dW[l] = dC_da[l] a[l-1]ᵀ", RIGHT_W, 1, one(_left(lambda c, l: c.dC_da.get(l)))),
    Mistake(
        "wrong-delta-in-dW", Step.DW, "{detail} in the place of δ[l] in dW",
        "Each layer's weights take the error of their own layer, δ[l].",
        "dW[l] = {detail} a[l-1]ᵀ", RIGHT_W, 1, _instead_of_delta),
    Mistake(
        "slope-twice-in-dW", Step.DW, "σ′ is multiplied in again in dW",
        "δ[l] has its slope already.",
        "dW[l] = (σ′(z[l]) * δ[l]) a[l-1]ᵀ", RIGHT_W, 1, one(_slope_again)),
    Mistake(
        "elementwise-product", Step.DW, "`*` where a product of matrices was meant: {detail}",
        "dW[l] is an outer product, every δ with every a: np.outer(delta, a), or delta @ a.T of columns (n, 1).",
        "dW[l] = {detail}", RIGHT_W, 2, _elementwise),
    Mistake(
        "dot-gives-a-scalar", Step.DW, "the dot product of two 1-D arrays is one number",
        "`.T` does nothing to a 1-D array, so np.dot(delta, a.T) sums. Write np.outer(delta, a).",
        "dW[l] = Σ_i δ[l]_i a[l-1]_i", RIGHT_W, 2, _scalar),
)  # fmt: skip


def _broadcast(numbers: Array, like: Array) -> Array:
    return np.broadcast_to(numbers, like.shape)


def _row_sums(context: Context, l: int) -> Variants:
    dW = context.dW.get(l)
    if dW is not None and dW.shape[1:] == context.W(l).shape:
        yield "the row sums of dW[l]", dW.sum(axis=2).T
        yield "the column sums of dW[l]", dW.sum(axis=1).T
        yield "the row means of dW[l]", dW.mean(axis=2).T


def _other_delta(context: Context, l: int) -> Variants:
    for words, other in (("δ[l-1]", l - 1), ("δ[l+1]", l + 1)):
        yield words, context.delta.get(other)
    yield "σ′(z[l])", context.slope_here(l)
    slope = context.slope_here(l)
    yield "σ′(z[l]) * δ[l]", None if slope is None else slope * context.delta[l]
    yield "a[l] - y", context.a[l] - context.y if l == context.L else None
    yield "a[l]", context.a[l]


def _summed(context: Context, l: int) -> Variants:
    delta = context.delta[l]
    if len(delta) > 1:
        yield "", delta.sum(axis=0, keepdims=True)
        yield "", _broadcast(delta.sum(axis=0, keepdims=True), delta)


def _averaged(context: Context, l: int) -> Variants:
    delta = context.delta[l]
    if len(delta) > 1:
        yield "", delta.mean(axis=0, keepdims=True)
        yield "", _broadcast(delta.mean(axis=0, keepdims=True), delta)


BIASES = (
    Mistake(
        "regulariser-on-biases", Step.DB, "a multiple of b is added: the regulariser reaches the biases",
        "Weight decay is meant for weights; biases are left out of it.",
        "db[l] = δ[l] + λ b[l]", RIGHT_B, 2, one(lambda c, l: _decay(c.db.get(l), c.delta[l], c.b(l)))),
    Mistake(
        "aliased-db", Step.DB, "db[l] is the same array as that of {detail}",
        "Two layers share one array in memory, for instance by [zeros] * L, or by a change in place.",
        "db[l] = db of {detail}", RIGHT_B, 2, lambda c, l: _aliased(c.db, l)),
    Mistake(
        "db-summed-over-units", Step.DB, "db is summed over the units",
        "Each unit has a bias of its own. The sum that db wants runs over the samples of a batch: axis=1 where they "
        "are columns, axis=0 where they are rows.",
        "db[l] = Σ_i δ[l]_i, one number", RIGHT_B, 3, _summed),
    Mistake(
        "db-averaged-over-units", Step.DB, "db is averaged over the units",
        "Each unit has a bias of its own. The mean that db wants runs over the samples of a batch.",
        "db[l] = mean_i δ[l]_i, one number", RIGHT_B, 1, _averaged),
    Mistake(
        "dC_da-in-db", Step.DB, "dC_da[l] is used in db instead of δ[l]",
        "The bias acts through z[l]: the slope σ′(z[l]) belongs to db as it does to dW.",
        "db[l] = dC_da[l]", RIGHT_B, 1, one(lambda c, l: c.dC_da.get(l))),
    Mistake(
        "db-from-dW", Step.DB, "db is made of {detail}",
        "The bias stands in z[l] with the factor 1, so its derivative is δ[l] itself.",
        "db[l] = {detail}", RIGHT_B, 1, _row_sums),
    Mistake(
        "bias-forgotten", Step.DB, "the biases get no gradient",
        "The bias is a parameter like any weight: its derivative is δ[l].",
        "db[l] = 0", RIGHT_B, 2, one(lambda c, l: np.zeros_like(c.delta[l]))),
    Mistake(
        "wrong-delta-in-db", Step.DB, "{detail} in the place of δ[l] in db",
        "Each layer's biases take the error of their own layer, δ[l].",
        "db[l] = {detail}", RIGHT_B, 1, _other_delta),
    Mistake(
        "delta-times-bias", Step.DB, "δ is multiplied with the bias",
        "The bias stands in z[l] with the factor 1, so its derivative is δ[l] itself.",
        "db[l] = δ[l] * b[l]", RIGHT_B, 1, one(lambda c, l: c.delta[l] * c.b(l) if c.b(l).any() else None)),
)  # fmt: skip
