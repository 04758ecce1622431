"""Why a gradient is small or big: its norm as a product of gains, layer by layer, and a verdict (explain.md section 1).

|δ[l]| = |dC_da[L]| * Π (gain of σ′) * (gain of Wᵀ),    gain = what comes out / what goes in, for this sample
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tuibp.debugger.view import View
from tuibp.engine.arrays import Array

Size: TypeAlias = Literal["small", "big"]

SMALL_SEED = 1e-3
BIG_SEED = 10.0
LOSS = 0.1
"""A gain at or below which a step is told to lose the gradient."""
GROWTH = 2.0
"""A gain at or above which a step is told to blow it up."""
DEPTH = 1e-2
"""A product of slopes below which depth is to blame."""
CANCEL = 0.3
"""Wᵀ δ cancels where its gain is at or below LOSS though no singular value of a typical weight would do that."""


@dataclass(frozen=True)
class Gain:
    """One step of the product."""

    label: str
    """dC_da[3], σ′(z[3]), W[3]ᵀ, a[0]."""
    value: float
    """The norm of the seed, or the gain of the step."""
    norm: float
    """The product so far: the norm of what has been computed."""
    of: str
    """What that is the norm of."""
    kind: Literal["seed", "slope", "weights", "input"]
    layer: int


@dataclass(frozen=True)
class Gains:
    """The table, and what it says."""

    target: str
    steps: tuple[Gain, ...]
    verdict: str
    worst: int
    """The step that shrinks it most, or makes it grow most."""

    @property
    def product(self) -> float:
        """The norm of the target."""
        return math.prod(step.value for step in self.steps)


def norm(array: Array) -> float:
    """The Euclidean norm, without overflow or underflow on the way."""
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(array), initial=0.0))
        if not largest or not math.isfinite(largest):
            return largest
        return largest * float(np.linalg.norm(array / largest))


def gains(view: View, name: str, layer: int, size: Size) -> Gains | None:
    """The table of δ[l] (db), dC_da[l] or dW[l] of the sample that is looked at; None while it is not computed."""
    L = view.network.L
    if not view.defined(name, layer) or view.sample is None:
        return None
    steps: list[Gain] = []
    seed = view.get("dC_da", L)
    assert seed is not None
    before = norm(seed)
    steps.append(Gain(f"dC_da[{L}]", before, before, f"dC_da[{L}]", "seed", L))
    for l in range(L, layer - 1, -1):
        if l < L:
            before = _append(view, steps, before, f"W[{l + 1}]ᵀ", "dC_da", l, "weights", l + 1)
        if l == layer and name == "dC_da":
            break
        before = _append(view, steps, before, f"σ′(z[{l}])", "db", l, "slope", l)
    if name == "dW":
        a = view.get("a", layer - 1)
        assert a is not None
        size_a = norm(a)
        steps.append(Gain(f"a[{layer - 1}]", size_a, before * size_a, f"dW[{layer}]", "input", layer - 1))
    worst = _worst(steps, size)
    return Gains(f"{name}[{layer}]", tuple(steps), _verdict(view, steps, size), worst)


def _append(
    view: View, steps: list[Gain], before: float, label: str, name: str, l: int,
    kind: Literal["slope", "weights"], layer: int,
) -> float:  # fmt: skip
    array = view.get(name, l)
    assert array is not None
    after = norm(array)
    gain = after / before if before else (0.0 if not after else math.inf)
    steps.append(Gain(label, gain, after, f"{'δ' if name == 'db' else name}[{l}]", kind, layer))
    return after


def _worst(steps: list[Gain], size: Size) -> int:
    factors = [math.log(step.value) if step.value > 0.0 else -math.inf for step in steps]
    pick = min if size == "small" else max
    return pick(range(len(steps)), key=lambda k: factors[k])


# -- the verdict: a fixed list of causes, the first that holds


def _verdict(view: View, steps: list[Gain], size: Size) -> str:
    checks = _SMALL if size == "small" else _BIG
    found = (check(view, steps) for check in checks)
    return next((words for words in found if words), _nothing(steps, size))


def _nothing(steps: list[Gain], size: Size) -> str:
    worst = steps[_worst(steps, size)]
    if size == "small":
        return f"No single cause: the largest loss is at {worst.label}, a factor of {worst.value:.3g}."
    return f"No single cause: the largest growth is at {worst.label}, a factor of {worst.value:.3g}."


def _seed_small(view: View, steps: list[Gain]) -> str:
    seed = steps[0]
    if seed.value > SMALL_SEED:
        return ""
    return f"The seed is small: |{seed.label}| = {seed.value:.3g} <= {SMALL_SEED:g}. The output is right here."


def _saturated(view: View, steps: list[Gain]) -> str:
    for step in steps:
        if step.kind != "slope" or step.value > LOSS:
            continue
        sigma, slope = view.network.activation(step.layer), view.get("sp", step.layer)
        if not sigma.elementwise or slope is None:
            continue
        flat = np.flatnonzero(np.abs(slope) <= sigma.flat)
        if 2 * len(flat) >= len(slope) and len(flat):
            names = ", ".join(map(str, flat[:8].tolist())) + (", ..." if len(flat) > 8 else "")
            word = "off" if sigma.name == "relu" else "saturated"
            return (f"Units of layer {step.layer} are {word}: {len(flat)} of {len(slope)} have |σ′| <= {sigma.flat:g} "
                    f"(units {names}); the gain of σ′ is {step.value:.3g} <= {LOSS:g}.")  # fmt: skip
    return ""


def _depth(view: View, steps: list[Gain]) -> str:
    slopes = [step for step in steps if step.kind == "slope"]
    product = math.prod(step.value for step in slopes)
    if len(slopes) < 2 or product > DEPTH:
        return ""
    names = dict.fromkeys(view.network.activation(step.layer).name for step in slopes)
    return (f"Depth of {' and '.join(names)}: {len(slopes)} slopes multiply to {product:.3g} <= {DEPTH:g}; a sigmoid's "
            "is at most 1/4.")  # fmt: skip


def _small_weights(view: View, steps: list[Gain]) -> str:
    for step in steps:
        if step.kind == "weights" and step.value <= LOSS:
            largest = _spectral(view, step.layer)
            if largest <= CANCEL:
                return (f"The weights are small: no direction passes W[{step.layer}]ᵀ with more than {largest:.3g} "
                        f"<= {CANCEL:g}; this one passes with {step.value:.3g}.")  # fmt: skip
    return ""


def _cancelling(view: View, steps: list[Gain]) -> str:
    for step in steps:
        if step.kind == "weights" and step.value <= LOSS:
            largest = _spectral(view, step.layer)
            return (f"Wᵀ δ cancels: W[{step.layer}]ᵀ passes this δ with {step.value:.3g} <= {LOSS:g}, though it passes "
                    f"others with {largest:.3g}.")  # fmt: skip
    return ""


def _input_zero(view: View, steps: list[Gain]) -> str:
    last = steps[-1]
    if last.kind == "input" and last.value <= LOSS:
        return f"What the weights are fed with is small: |{last.label}| = {last.value:.3g} <= {LOSS:g}."
    return ""


def _seed_big(view: View, steps: list[Gain]) -> str:
    seed = steps[0]
    if seed.value < BIG_SEED:
        return ""
    return f"The seed is big: |{seed.label}| = {seed.value:.3g} >= {BIG_SEED:g}. The output is far off its target."


def _large_weights(view: View, steps: list[Gain]) -> str:
    grown = [step for step in steps if step.kind == "weights" and step.value >= GROWTH]
    if not grown:
        return ""
    product = math.prod(step.value for step in grown)
    names = ", ".join(f"{step.label} {step.value:.3g}" for step in grown)
    depth = f" over {len(grown)} layers they multiply to {product:.3g}" if len(grown) > 1 else ""
    return f"The weights are large: gains of {GROWTH:g} or more at {names};{depth or ' that is enough'}."


def _steep(view: View, steps: list[Gain]) -> str:
    grown = [step for step in steps if step.kind == "slope" and step.value >= GROWTH]
    return f"The slope is steep: {grown[0].label} has the gain {grown[0].value:.3g} >= {GROWTH:g}." if grown else ""


def _large_input(view: View, steps: list[Gain]) -> str:
    last = steps[-1]
    if last.kind == "input" and last.value >= BIG_SEED:
        return f"What the weights are fed with is big: |{last.label}| = {last.value:.3g} >= {BIG_SEED:g}."
    return ""


def _spectral(view: View, l: int) -> float:
    """The largest singular value of W[l], as the batch has read it."""
    params = view.state.params if view.record is None else view.record.state.params
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(params.W[l], 2)) if np.isfinite(params.W[l]).all() else math.inf


_SMALL = (_seed_small, _saturated, _depth, _small_weights, _cancelling, _input_zero)
_BIG = (_seed_big, _large_weights, _steep, _large_input)
