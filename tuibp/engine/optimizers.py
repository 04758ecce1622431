"""The optimizers: the update of W and b, the slots it remembers, its settings, formula and variant in one row.

A step works in place on flat vectors and allocates nothing; it emits its NumPy calls through `do` (`engine.calls`). All
that it remembers between updates lies in the slots, never in a closure, so that time travel can restore it. lr is the
learning rate η and belongs to the plan, not to the settings.

In the formulas g is the gradient of the batch, θ any parameter, t the number of the update (1 for the first), and every
slot starts at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do

Slots: TypeAlias = tuple[Array, ...]
Settings: TypeAlias = Mapping[str, float]
Rates: TypeAlias = Sequence[float | Array]
Step: TypeAlias = Callable[[Do, Array, Array, Slots, Array, float, Settings, Rates], None]
Schedule: TypeAlias = Callable[[float, Settings, int], tuple[float, ...]]


class Optimizer(NamedTuple):
    """One row: how a gradient becomes an update."""

    name: str
    """As spelled in files."""
    slots: tuple[str, ...]
    """Names of the vectors it remembers, in the order in which `step` takes them."""
    defaults: Settings
    """Its settings and their default values; averages want factors in 0 <= μ, ρ, β < 1."""
    schedule: Schedule
    """schedule(lr, settings, count): the numbers of the rule that change with the count of the update, which is 1 for
    the first of the run.
    """
    step: Step
    """step(do, params, grad, slots, scratch, lr, settings, rates): one update in place.

    params, grad, scratch and every slot are flat and equally long; grad is not written to. rates is what the schedule
    gives, as floats or as arrays without axes, of the type of params, which a caller may fill anew for every update.
    Afterwards scratch holds the update itself: what was subtracted from params.
    """
    formula: str
    """One line for each slot, then one for the update."""
    source: str
    """The paper, and the variant where there are several."""
    proportional: bool = False
    """Whether the update is the learning rate times the gradient, so that nothing more need be known of it."""


def _steady(lr: float, settings: Settings, count: int) -> tuple[float, ...]:
    """Every update follows the same numbers."""
    return ()


def _sgd(
    do: Do, params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, rates: Rates
) -> None:
    do(np.multiply, grad, lr, scratch)
    do(np.subtract, params, scratch, params)


def _momentum(
    do: Do, params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, rates: Rates
) -> None:
    (v,) = slots
    do(np.multiply, v, settings["momentum"], v)
    do(np.add, v, grad, v)
    do(np.multiply, v, lr, scratch)
    do(np.subtract, params, scratch, params)


def _nesterov(
    do: Do, params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, rates: Rates
) -> None:
    (v,) = slots
    do(np.multiply, v, settings["momentum"], v)
    do(np.add, v, grad, v)
    do(np.multiply, v, settings["momentum"], scratch)
    do(np.add, scratch, grad, scratch)
    do(np.multiply, scratch, lr, scratch)
    do(np.subtract, params, scratch, params)


def _rmsprop(
    do: Do, params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, rates: Rates
) -> None:
    (v,) = slots
    _average_squares(do, v, grad, settings["rho"], scratch)
    do(np.sqrt, v, scratch)
    do(np.add, scratch, settings["eps"], scratch)
    do(np.divide, grad, scratch, scratch)
    do(np.multiply, scratch, lr, scratch)
    do(np.subtract, params, scratch, params)


def _adam_schedule(lr: float, settings: Settings, count: int) -> tuple[float, ...]:
    # (m / c1) / (√(v / c2) + ε), both sides of the quotient times √c2, as the paper's section 2 advises: fewer passes.
    c1, root = 1.0 - settings["beta1"] ** count, math.sqrt(1.0 - settings["beta2"] ** count)
    return settings["eps"] * root, lr * root / c1


def _adam(
    do: Do, params: Array, grad: Array, slots: Slots, scratch: Array, lr: float, settings: Settings, rates: Rates
) -> None:
    m, v = slots
    eps, rate = rates
    do(np.multiply, grad, 1.0 - settings["beta1"], scratch)
    do(np.multiply, m, settings["beta1"], m)
    do(np.add, m, scratch, m)
    _average_squares(do, v, grad, settings["beta2"], scratch)
    do(np.sqrt, v, scratch)
    do(np.add, scratch, eps, scratch)
    do(np.divide, m, scratch, scratch)
    do(np.multiply, scratch, rate, scratch)
    do(np.subtract, params, scratch, params)


def _average_squares(do: Do, v: Array, grad: Array, decay: float, scratch: Array) -> None:
    """v <- decay v + (1 - decay) grad^2."""
    do(np.multiply, grad, grad, scratch)
    do(np.multiply, scratch, 1.0 - decay, scratch)
    do(np.multiply, v, decay, v)
    do(np.add, v, scratch, v)


_ROWS = (
    Optimizer(
        "sgd",
        (),
        MappingProxyType({}),
        _steady,
        _sgd,
        "θ ← θ - η g",
        "Robbins, Monro, A stochastic approximation method (1951); the notes, section Stochastic Gradient Descent",
        proportional=True,
    ),
    Optimizer(
        "momentum",
        ("v",),
        MappingProxyType({"momentum": 0.9}),
        _steady,
        _momentum,
        "v ← μ v + g\nθ ← θ - η v",
        "Polyak, Some methods of speeding up the convergence (1964); PyTorch's variant: η stands outside v",
    ),
    Optimizer(
        "nesterov",
        ("v",),
        MappingProxyType({"momentum": 0.9}),
        _steady,
        _nesterov,
        "v ← μ v + g\nθ ← θ - η (g + μ v)",
        "Nesterov (1983); Sutskever et al. (2013), in PyTorch's variant: g is taken at θ itself",
    ),
    Optimizer(
        "rmsprop",
        ("v",),
        MappingProxyType({"rho": 0.99, "eps": 1e-8}),
        _steady,
        _rmsprop,
        "v ← ρ v + (1 - ρ) g^2\nθ ← θ - η g / (√v + ε)",
        "Tieleman, Hinton, Lecture 6.5 (2012); PyTorch's variant and defaults: ε outside the root, no centring",
    ),
    Optimizer(
        "adam",
        ("m", "v"),
        MappingProxyType({"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        _adam_schedule,
        _adam,
        "m ← β₁ m + (1 - β₁) g\nv ← β₂ v + (1 - β₂) g^2\nθ ← θ - η m / (1 - β₁^t) / (√(v / (1 - β₂^t)) + ε)",
        "Kingma, Ba, Adam (2015), Algorithm 1: ε outside the root of the bias-corrected v",
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in _ROWS}
"""Every optimizer by the name that files use."""
