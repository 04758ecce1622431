"""The optimizers: the update of W and b, the slots it remembers, its settings, formula and variant in one row.

A step works in place on flat vectors and allocates nothing; all that it remembers between updates lies in the slots,
never in a closure, so that time travel can restore it. lr is the learning rate η and belongs to the plan, not to the
settings.

In the formulas g is the gradient of the batch, θ any parameter, t the number of the update (1 for the first), and every
slot starts at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array

Slots: TypeAlias = tuple[Array, ...]
Settings: TypeAlias = Mapping[str, float]
Step: TypeAlias = Callable[[Array, Array, Slots, Array, float, Settings, int], None]


@dataclass(frozen=True, eq=False)
class Optimizer:
    """One row: how a gradient becomes an update."""

    name: str
    """As spelled in files."""
    slots: tuple[str, ...]
    """Names of the vectors it remembers, in the order in which `step` takes them."""
    defaults: Settings
    """Its settings and their default values; averages want factors in 0 <= μ, ρ, β < 1."""
    step: Step
    """step(params, grad, slots, scratch, lr, settings, count): one update in place.

    params, grad, scratch and every slot are flat and equally long; count is 1 for the first update of the run; grad is
    not written to; what scratch holds afterwards means nothing.
    """
    formula: str
    """One line for each slot, then one for the update."""
    source: str
    """The paper, and the variant where there are several."""


def _sgd(params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, count: int) -> None:
    np.multiply(grad, lr, scratch)
    np.subtract(params, scratch, params)


def _momentum(
    params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, count: int
) -> None:
    (v,) = slots
    np.multiply(v, settings["momentum"], v)
    np.add(v, grad, v)
    np.multiply(v, lr, scratch)
    np.subtract(params, scratch, params)


def _nesterov(
    params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, count: int
) -> None:
    (v,) = slots
    np.multiply(v, settings["momentum"], v)
    np.add(v, grad, v)
    np.multiply(v, settings["momentum"], scratch)
    np.add(scratch, grad, scratch)
    np.multiply(scratch, lr, scratch)
    np.subtract(params, scratch, params)


def _rmsprop(
    params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, count: int
) -> None:
    (v,) = slots
    _average_squares(v, grad, settings["rho"], scratch)
    np.sqrt(v, scratch)
    np.add(scratch, settings["eps"], scratch)
    np.divide(grad, scratch, scratch)
    np.multiply(scratch, lr, scratch)
    np.subtract(params, scratch, params)


def _adam(params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, count: int) -> None:
    m, v = slots
    beta1, beta2 = settings["beta1"], settings["beta2"]
    np.multiply(grad, 1.0 - beta1, scratch)
    np.multiply(m, beta1, m)
    np.add(m, scratch, m)
    _average_squares(v, grad, beta2, scratch)
    # (m / c1) / (√(v / c2) + ε), both sides of the quotient times √c2, as the paper's section 2 advises: fewer passes.
    c1, root = 1.0 - beta1**count, math.sqrt(1.0 - beta2**count)
    np.sqrt(v, scratch)
    np.add(scratch, settings["eps"] * root, scratch)
    np.divide(m, scratch, scratch)
    np.multiply(scratch, lr * root / c1, scratch)
    np.subtract(params, scratch, params)


def _average_squares(v: Array, grad: Array, decay: float, scratch: Array) -> None:
    """v <- decay v + (1 - decay) grad^2."""
    np.multiply(grad, grad, scratch)
    np.multiply(scratch, 1.0 - decay, scratch)
    np.multiply(v, decay, v)
    np.add(v, scratch, v)


_ROWS = (
    Optimizer(
        "sgd",
        (),
        MappingProxyType({}),
        _sgd,
        "θ ← θ - η g",
        "Robbins, Monro, A stochastic approximation method (1951); the notes, section Stochastic Gradient Descent",
    ),
    Optimizer(
        "momentum",
        ("v",),
        MappingProxyType({"momentum": 0.9}),
        _momentum,
        "v ← μ v + g\nθ ← θ - η v",
        "Polyak, Some methods of speeding up the convergence (1964); PyTorch's variant: η stands outside v",
    ),
    Optimizer(
        "nesterov",
        ("v",),
        MappingProxyType({"momentum": 0.9}),
        _nesterov,
        "v ← μ v + g\nθ ← θ - η (g + μ v)",
        "Nesterov (1983); Sutskever et al. (2013), in PyTorch's variant: g is taken at θ itself",
    ),
    Optimizer(
        "rmsprop",
        ("v",),
        MappingProxyType({"rho": 0.99, "eps": 1e-8}),
        _rmsprop,
        "v ← ρ v + (1 - ρ) g^2\nθ ← θ - η g / (√v + ε)",
        "Tieleman, Hinton, Lecture 6.5 (2012); PyTorch's variant and defaults: ε outside the root, no centring",
    ),
    Optimizer(
        "adam",
        ("m", "v"),
        MappingProxyType({"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        _adam,
        "m ← β₁ m + (1 - β₁) g\nv ← β₂ v + (1 - β₂) g^2\nθ ← θ - η m / (1 - β₁^t) / (√(v / (1 - β₂^t)) + ε)",
        "Kingma, Ba, Adam (2015), Algorithm 1: ε outside the root of the bias-corrected v",
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in _ROWS}
"""Every optimizer by the name that files use."""
