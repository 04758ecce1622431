"""Mistakes of the base case, dC_da[L]: the gradient of the cost."""

from __future__ import annotations

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.explain.check.catalogue.rows import Mistake, Step, Variants, one
from tuibp.explain.check.context import Context
from tuibp.explain.check.reference import cost_gradient, cost_value

RIGHT = "dC_da[L] = ∂C/∂a[L]"
DIFFERENCES = ("squared-error", "half-squared-error", "mean-squared-error")
"""Costs whose gradients are multiples of a - y: which multiple is a convention."""
EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
"""What people add inside a logarithm, or clip to."""


def _another_cost(context: Context, l: int) -> Variants:
    own = context.network.cost.name
    for name, cost in COSTS.items():
        if name == own or (name in DIFFERENCES and (own in DIFFERENCES or name != "half-squared-error")):
            continue
        yield f"{'squared error' if name in DIFFERENCES else name}", cost_gradient(cost, context.a[l], context.y)
    yield "absolute error", np.sign(context.a[l] - context.y)


def _clipped(context: Context, l: int) -> Variants:
    a, y, name = context.a[l], context.y, context.network.cost.name
    for epsilon in EPSILONS:
        clipped = np.clip(a, epsilon, 1.0 - epsilon)
        if name == "cross-entropy":
            yield f"a + {epsilon:g}", -y / (a + epsilon)
            yield f"a clipped to {epsilon:g}", -y / clipped
        elif name == "binary-cross-entropy":
            yield f"a + {epsilon:g}", -y / (a + epsilon) + (1.0 - y) / (1.0 - a + epsilon)
            yield f"a clipped to {epsilon:g}", -y / clipped + (1.0 - y) / (1.0 - clipped)
            yield f"a (1 - a) + {epsilon:g}", (a - y) / (a * (1.0 - a) + epsilon)


def _averaged(context: Context, l: int) -> Array | None:
    error = context.a[l] - context.y
    return None if len(error) == 1 else np.broadcast_to(error.mean(axis=0), error.shape)


def _cost_itself(context: Context, l: int) -> Variants:
    for name, cost in COSTS.items():
        value = cost_value(cost, context.a[l], context.y)
        yield name, np.broadcast_to(value, context.a[l].shape)


ERRORS = (
    Mistake(
        "zero-at-the-output", Step.ERROR, "the error at the output is zero",
        "Nothing is propagated, whatever the output is: arrays that have been made and never filled, or a target that "
        "has become the output.",
        "dC_da[L] = 0", RIGHT, 2, one(lambda c, l: np.zeros_like(c.a[l]))),
    Mistake(
        "gradient-of-another-cost", Step.ERROR, "the gradient of another cost: {detail}",
        "The numbers are those of another cost than the network's. If that is the cost you mean, give it in the "
        "network file: then they are right.",
        "dC_da[L] = the gradient of {detail}", RIGHT, 2, _another_cost),
    Mistake(
        "squared-error-propagated", Step.ERROR, "the squared error itself is propagated",
        "The recursion starts from the derivative of the cost, 2 (a - y), not from the cost.",
        "dC_da[L] = (a[L] - y)^2", RIGHT, 1, one(lambda c, l: (c.a[l] - c.y) ** 2)),
    Mistake(
        "absolute-error-propagated", Step.ERROR, "the absolute error is propagated",
        "The sign of a - y says in which direction to go; without it every unit is pushed the same way.",
        "dC_da[L] = |a[L] - y|", RIGHT, 1, one(lambda c, l: np.abs(c.a[l] - c.y))),
    Mistake(
        "cost-propagated", Step.ERROR, "the value of the cost is propagated: {detail}",
        "The recursion starts from the derivative of the cost with respect to each output, not from its value.",
        "dC_da[L] = C", RIGHT, 1, _cost_itself),
    Mistake(
        "output-propagated", Step.ERROR, "{detail} stands in the place of the error",
        "The error compares output and target: both are in it.",
        "dC_da[L] = {detail}", RIGHT, 1,
        lambda c, l: (("a[L]", c.a[l]), ("-y", -c.y), ("round(a[L]) - y", np.round(c.a[l]) - c.y))),
    Mistake(
        "error-averaged-over-units", Step.ERROR, "the error is averaged over the output units",
        "Every output unit has an error of its own; their mean belongs to the cost, not to its gradient.",
        "dC_da[L] = mean(a[L] - y), the same for all units", RIGHT, 1, one(_averaged)),
    Mistake(
        "clipped-loss", Step.ERROR, "the logarithm is kept from 0: {detail}",
        "Your cost has a small constant in its logarithm and your gradient belongs to that cost.",
        "dC_da[L] with {detail}", RIGHT, 2, _clipped, convention=True),
)  # fmt: skip
