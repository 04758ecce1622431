"""Mistakes of dC_da[l] = W[l+1]ᵀ δ[l+1], the step from one column of the DP table to the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue.rows import Mistake, Step, Variants, one
from tuibp.explain.check.context import Context

RIGHT = "dC_da[l] = W[l+1]ᵀ δ[l+1]"


def _product(matrix: Array, vector: Array | None, n: int) -> Array | None:
    """matrix @ vector where that exists and has n rows."""
    if vector is None or matrix.shape != (n, vector.shape[0]):
        return None
    product: Array = matrix @ vector
    return product


def _above(context: Context, l: int, vector: Array | None) -> Array | None:
    """W[l+1]ᵀ times another vector than δ[l+1]."""
    return _product(context.W(l + 1).T, vector, context.n(l))


def _slope_below(context: Context, l: int) -> Array | None:
    """σ_{l+1}′(z[l]) * dC_da[l+1]: what the printed notes multiply with."""
    dC_da, z = context.dC_da.get(l + 1), context.z[l]
    if dC_da is None or dC_da.shape != z.shape:
        return None
    slope = context.slope(l + 1, z)
    return None if slope is None else slope * dC_da


def _own(context: Context, l: int) -> Array:
    """W[l], cut to as many columns as layer l+1 has units: what loops over w_ij^(l) read."""
    return context.W(l)[:, : context.n(l + 1)]


def _own_turned(context: Context, l: int) -> Array:
    return context.W(l).T


def _updated(context: Context, l: int) -> Array | None:
    dW = context.dW.get(l + 1)
    if dW is None or dW.shape[1:] != context.W(l + 1).shape:
        return None
    after = context.W(l + 1)[None] - context.probe.lr * dW
    result: Array = np.einsum("sij,is->js", after, context.delta[l + 1])
    return result


def _bias_column(context: Context, l: int) -> Variants:
    """Another row of [W|b]ᵀ δ has been removed than that of the biases."""
    W, b, delta = context.W(l + 1), context.b(l + 1), context.delta[l + 1]
    n = context.n(l)
    if not b.any():
        return
    yield "the first is removed, the bias is the last", _product(np.hstack((W[:, 1:], b)).T, delta, n)
    yield "the last is removed, the bias is the first", _product(np.hstack((b, W[:, :-1])).T, delta, n)


def _other_layer(context: Context, l: int) -> Variants:
    if l + 2 in context.delta:
        yield "W[l+2]", _product(context.W(l + 2).T, context.delta[l + 1], context.n(l))
        yield "δ[l+2]", _above(context, l, context.delta[l + 2])


def _reused(context: Context, l: int) -> Variants:
    top = context.dC_da.get(context.L)
    yield "dC_da[L] itself", _same(top, context, l)
    if context.L > 2:  # else it is the raw error of the layer above, and nothing more
        yield "W[l+1]ᵀ dC_da[L]", _above(context, l, top)
    yield "W[l+1]ᵀ δ[L]", _above(context, l, context.delta[context.L])
    yield "δ[L] itself", _same(context.delta[context.L], context, l)


def _same(vector: Array | None, context: Context, l: int) -> Array | None:
    """A vector of another layer where it has as many units, or one, which goes for all."""
    if vector is None or vector.shape[0] not in (1, context.n(l)):
        return None
    return np.broadcast_to(vector, (context.n(l), vector.shape[1]))


def _slope_again(context: Context, l: int) -> Array | None:
    slope = context.slope_here(l + 1)
    return None if slope is None else _above(context, l, slope * context.delta[l + 1])


def _wrong_sum(context: Context, l: int) -> Array | None:
    """Σ over the other index: δ[l+1] times the row sums of W[l+1]."""
    if context.n(l) != context.n(l + 1):
        return None
    sums: Array = context.W(l + 1).sum(axis=1)[:, None]
    return sums * context.delta[l + 1]


def _slip(matrix: Callable[[Context, int], Array], at_below: bool) -> Callable[[Context, int], Array | None]:
    """A form of the printed recursive case: some matrix, times σ′(z[l]) * dC_da[l+1] or times δ[l+1]."""
    return lambda c, l: _product(matrix(c, l), _slope_below(c, l) if at_below else c.delta[l + 1], c.n(l))


_NOTES = (
    "The notes print W of layer l and z of layer l here; both are slips. Layer l is reached from layer l+1, so the "
    "weights are those of layer l+1, turned round, and the slope is taken where δ[l+1] is: at z[l+1]."
)

RECURSION = (
    Mistake(
        "nothing-propagated", Step.RECURSION, "nothing is propagated: the error is zero",
        "The layers below the output learn nothing.",
        "dC_da[l] = 0", RIGHT, 2, one(lambda c, l: np.zeros_like(c.a[l]))),
    Mistake(
        "raw-error-propagated", Step.RECURSION, "the raw error is propagated instead of δ",
        "The column above is passed down without its slope: W is applied to dC_da[l+1], not to δ[l+1] = σ′(z[l+1]) * "
        "dC_da[l+1].",
        "dC_da[l] = W[l+1]ᵀ dC_da[l+1]", RIGHT, 3, one(lambda c, l: _above(c, l, c.dC_da.get(l + 1)))),
    Mistake(
        "updated-weights-propagated", Step.RECURSION, "the weights are updated before they are used to propagate",
        "δ[l+1] is passed down through weights that this very step has changed. Form all gradients first, then update.",
        "dC_da[l] = (W[l+1] - lr dW[l+1])ᵀ δ[l+1]", RIGHT, 3, one(_updated)),
    Mistake(
        "weights-not-transposed", Step.RECURSION, "W[l+1] is not transposed",
        "Forward, W[l+1][i,j] leads from j to i; backward the error of i goes to j, so the sum runs over i.",
        "dC_da[l] = W[l+1] δ[l+1]", RIGHT, 2,
        one(lambda c, l: _product(c.W(l + 1), c.delta[l + 1], c.n(l)))),
    Mistake(
        "notes-recursion-as-printed", Step.RECURSION, "the notes' recursion taken literally",
        _NOTES, "dC_da[l] = W[l] (σ′(z[l]) * dC_da[l+1])", RIGHT, 2, one(_slip(_own, True))),
    Mistake(
        "notes-recursion-own-weights", Step.RECURSION, "W[l] in the place of W[l+1]ᵀ, as the notes print it",
        _NOTES, "dC_da[l] = W[l] δ[l+1]", RIGHT, 2, one(_slip(_own, False))),
    Mistake(
        "notes-recursion-own-slope", Step.RECURSION, "the recursion takes its slope at z[l], as the notes print it",
        _NOTES, "dC_da[l] = W[l+1]ᵀ (σ′(z[l]) * dC_da[l+1])", RIGHT, 2,
        one(lambda c, l: _above(c, l, _slope_below(c, l)))),
    Mistake(
        "notes-recursion-half-repaired", Step.RECURSION, "the notes' recursion, repaired in part",
        _NOTES, "dC_da[l] = W[l]ᵀ (σ′(z[l]) * dC_da[l+1]), or with W[l+1] for W[l]ᵀ", RIGHT, 1,
        lambda c, l: (("W[l]ᵀ", _slip(_own_turned, True)(c, l)),
                      ("W[l+1]", _slip(lambda c, l: c.W(l + 1), True)(c, l)))),
    Mistake(
        "own-weights", Step.RECURSION, "W[l] in the place of W[l+1]",
        "An index is off by one: between layer l and layer l+1 stand the weights of layer l+1.",
        "dC_da[l] = W[l]ᵀ δ[l+1]", RIGHT, 2, one(_slip(_own_turned, False))),
    Mistake(
        "recursion-of-the-wrong-layer", Step.RECURSION, "{detail} in the recursion",
        "An index is off by one: column l of the table needs W[l+1] and δ[l+1].",
        "dC_da[l] with {detail}", RIGHT, 1, _other_layer),
    Mistake(
        "output-error-reused", Step.RECURSION, "the output's error is used again at every layer: {detail}",
        "Each layer has an error of its own, made from that of the layer above it.",
        "dC_da[l] = {detail}", RIGHT, 1, _reused),
    Mistake(
        "weights-missing", Step.RECURSION, "δ is passed down without the weights",
        "The error of a unit below is a sum over the units that it feeds, each by its weight.",
        "dC_da[l] = δ[l+1]", RIGHT, 1, one(lambda c, l: _same(c.delta[l + 1], c, l))),
    Mistake(
        "activations-propagated", Step.RECURSION, "{detail} is propagated instead of δ",
        "What goes down through W[l+1]ᵀ is the error δ[l+1], not a number of the forward pass.",
        "dC_da[l] = W[l+1]ᵀ {detail}", RIGHT, 1,
        lambda c, l: (("a[l+1]", _above(c, l, c.a[l + 1])), ("z[l+1]", _above(c, l, c.z[l + 1])))),
    Mistake(
        "slope-propagated-twice", Step.RECURSION, "σ′ of the layer above is multiplied in twice",
        "δ[l+1] has its slope already.",
        "dC_da[l] = W[l+1]ᵀ (σ′(z[l+1]) * δ[l+1])", RIGHT, 1, one(_slope_again)),
    Mistake(
        "bias-column-not-removed", Step.RECURSION, "the wrong row is removed for the bias: {detail}",
        "With [W|b] in one matrix, [W|b]ᵀ δ has one entry for the constant 1: that one goes, and no other.",
        "dC_da[l] = [W|b]ᵀ δ without the wrong entry", RIGHT, 2, _bias_column),
    Mistake(
        "recursion-summed-over-the-wrong-index", Step.RECURSION, "W is summed over the wrong index",
        "`*` is no matrix product: the sum of the recursion runs over the units of layer l+1.",
        "dC_da[l]_j = δ[l+1]_j Σ_k W[l+1][j,k]", RIGHT, 2, one(_wrong_sum)),
)  # fmt: skip
