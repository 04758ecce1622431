"""Mistakes of δ[l] = σ′(z[l]) * dC_da[l]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue.rows import Mistake, Step, Variants, one_slope
from tuibp.explain.check.context import Context

RIGHT = "δ[l] = σ′(z[l]) * dC_da[l]"
SEVERAL = ("sigmoid", "tanh", "relu", "leaky-relu", "softplus", "elu", "selu", "silu", "gelu", "gelu-tanh", "hard-tanh")
"""Elementwise activations that one may have taken for another; the identity's derivative is a missing one."""
FROM_A: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "sigmoid": ("a (1 - a)", lambda v: v * (1.0 - v)),
    "tanh": ("1 - a^2", lambda v: 1.0 - v * v),
    "softplus": ("1 - e^-a", lambda v: -np.expm1(-v)),
}
"""Derivatives that are usually written with a = σ(z)."""
HALVES: dict[str, tuple[tuple[str, Callable[[Array], Array]], ...]] = {
    "sigmoid": (("1 - a", lambda a: 1.0 - a),),
    "tanh": (("1 - a", lambda a: 1.0 - a), ("(1 - a)^2", lambda a: (1.0 - a) ** 2), ("a^2", lambda a: a * a)),
}
"""What is written for them with a part left out."""


def _at(context: Context, l: int, dC_da: Array, at: Array | None) -> Array | None:
    """σ_l′ at other numbers than z[l], times dC_da."""
    if at is None or at.shape[0] not in (1, dC_da.shape[0]):
        return None
    slope = context.slope(l, at)
    return None if slope is None else slope * dC_da


def _wrong_layer(context: Context, l: int, dC_da: Array) -> Variants:
    for words, other in (("z[l-1]", l - 1), ("z[l+1]", l + 1)):
        if other in context.z:
            yield words, _at(context, l, dC_da, context.z[other])


def _form_on_z(context: Context, l: int, dC_da: Array) -> Variants:
    name = context.network.activation(l).name
    if name in FROM_A:
        text, form = FROM_A[name]
        yield text.replace("a", "z"), form(context.z[l]) * dC_da


def _half(context: Context, l: int, dC_da: Array) -> Variants:
    for text, form in HALVES.get(context.network.activation(l).name, ()):
        yield text, form(context.a[l]) * dC_da


def _another(context: Context, l: int, dC_da: Array) -> Variants:
    own = context.network.activation(l).name
    for name in SEVERAL:
        if name == own:
            continue
        if (own, name) == ("sigmoid", "softplus"):
            continue  # softplus′ is the sigmoid itself: that is `sigma-for-slope`
        slope = context.slope_named(name, context.z[l])
        yield f"{name}: {ACTIVATIONS[name].derivative_formula}", None if slope is None else slope * dC_da
        if name in FROM_A and own != "softmax":
            text, form = FROM_A[name]
            yield f"{name}: σ′ = {text}", form(context.a[l]) * dC_da


def _twice(context: Context, l: int, dC_da: Array) -> Array | None:
    slope = context.slope_here(l)
    fused = l == context.L and context.network.fused is not None  # that has a name of its own
    return None if slope is None or fused else slope * slope * dC_da


def _rectifier(context: Context, l: int) -> bool:
    return context.network.activation(l).name in ("relu", "leaky-relu")


def _mask_on_gradient(context: Context, l: int, dC_da: Array) -> Array | None:
    return _at(context, l, dC_da, dC_da) if _rectifier(context, l) else None


def _at_gradient(context: Context, l: int, dC_da: Array) -> Array | None:
    return None if _rectifier(context, l) else _at(context, l, dC_da, dC_da)


def _mask_inverted(context: Context, l: int, dC_da: Array) -> Array | None:
    return _at(context, l, dC_da, -context.z[l]) if _rectifier(context, l) else None


def _diagonal(context: Context, l: int, dC_da: Array) -> Array | None:
    a = context.a[l]
    return None if context.network.activation(l).elementwise else a * (1.0 - a) * dC_da


def _once_too_often(context: Context, l: int, dC_da: Array) -> Array | None:
    """Of the fused output only: a - y, times σ′."""
    if l != context.L or context.network.fused is None:
        return None
    a = context.a[l]
    slope = a * (1.0 - a) if context.slope_here(l) is None else context.slope_here(l)
    return None if slope is None else (a - context.y) * slope


SLOPES = (
    Mistake(
        "slope-missing", Step.SLOPE, "σ′ is missing",
        "The error is passed on without the slope of the activation. By the chain rule C depends on z only through a, "
        "so dC/dz has the factor da/dz = σ′(z).",
        "δ[l] = dC_da[l]", RIGHT, 3, one_slope(lambda c, l, g: g)),
    Mistake(
        "slope-once-too-often", Step.SLOPE, "the cross-entropy delta is multiplied with σ′ again",
        "With this output and cross-entropy, a - y already is dC/dz: σ′ has cancelled. Times σ′ it is the gradient of "
        "a squared error.",
        "δ[L] = σ′(z[L]) * (a[L] - y)", "δ[L] = a[L] - y", 3, one_slope(_once_too_often), bends=True),
    Mistake(
        "softmax-diagonal", Step.SLOPE, "only the diagonal of softmax's Jacobian is used",
        "Every a_i of a softmax depends on every z_j, so δ is a product with the whole matrix diag(a) - a aᵀ.",
        "δ[l] = a[l] (1 - a[l]) * dC_da[l]", "δ[l] = (diag(a[l]) - a[l] a[l]ᵀ) dC_da[l]", 3, one_slope(_diagonal)),
    Mistake(
        "slope-at-a", Step.SLOPE, "σ′ is taken at a instead of z",
        "The function that computes σ′ from z has been given a = σ(z), so σ is applied twice.",
        "δ[l] = σ′(a[l]) * dC_da[l]", RIGHT, 2, one_slope(lambda c, l, g: _at(c, l, g, c.a[l]))),
    Mistake(
        "slope-form-on-z", Step.SLOPE, "σ′ in its form for a is applied to z: {detail}",
        "The short form of this derivative takes a = σ(z); here it has been given z itself.",
        "δ[l] = σ′ written for a, at z[l], * dC_da[l]", RIGHT, 2, _form_on_z),
    Mistake(
        "slope-half-written", Step.SLOPE, "a part of σ′ is missing: {detail}",
        "The derivative of the sigmoid is a (1 - a), that of tanh 1 - a^2.",
        "δ[l] = ({detail}) * dC_da[l]", RIGHT, 1, _half),
    Mistake(
        "slope-of-another-activation", Step.SLOPE, "the derivative of another activation: {detail}",
        "Forward and backward do not belong together: the derivative is that of another function than the layer's.",
        "δ[l] = ({detail}) * dC_da[l]", RIGHT, 2, _another),
    Mistake(
        "slope-of-the-wrong-layer", Step.SLOPE, "σ′ is taken at another layer: {detail}",
        "An index is off by one: the slope belongs to the pre-activations of the layer itself.",
        "δ[l] = σ′({detail}) * dC_da[l]", RIGHT, 2, _wrong_layer),
    Mistake(
        "slope-twice", Step.SLOPE, "σ′ is multiplied in twice",
        "The slope has been applied once already, for instance where dC_da was formed.",
        "δ[l] = σ′(z[l])^2 * dC_da[l]", RIGHT, 1, one_slope(_twice)),
    Mistake(
        "sigma-for-slope", Step.SLOPE, "σ in the place of σ′",
        "The activation itself stands where its derivative should.",
        "δ[l] = σ(z[l]) * dC_da[l]", RIGHT, 1, one_slope(lambda c, l, g: c.a[l] * g)),
    Mistake(
        "slope-at-the-gradient", Step.SLOPE, "σ′ is taken at the gradient instead of z",
        "The derivative is evaluated at the error from above; it belongs at z[l], kept from the forward pass.",
        "δ[l] = σ′(dC_da[l]) * dC_da[l]", RIGHT, 1, one_slope(_at_gradient), bends=True),
    Mistake(
        "relu-mask-on-the-gradient", Step.SLOPE, "the ReLU mask is taken from the gradient instead of z",
        "Backward, a ReLU passes what it passed forward: the mask is z[l] > 0, whatever the sign of the gradient.",
        "δ[l] = [dC_da[l] > 0] * dC_da[l]", "δ[l] = [z[l] > 0] * dC_da[l]", 2, one_slope(_mask_on_gradient),
        bends=True),
    Mistake(
        "relu-mask-inverted", Step.SLOPE, "the ReLU mask is inverted",
        "The gradient passes where the unit was off and is cut where it was on.",
        "δ[l] = [z[l] <= 0] * dC_da[l]", "δ[l] = [z[l] > 0] * dC_da[l]", 2, one_slope(_mask_inverted)),
)  # fmt: skip
"""By how much of the rest they explain; all are tried."""
