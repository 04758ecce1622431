"""The initializers: how weights and biases are drawn before the first step, one row each.

The generator is an argument and the only source of chance. Draws are float64 whatever the network's dtype, so that
float32 starts from the same numbers, rounded. None of the distributions is truncated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

# In quotes: numpy loads its random numbers when first asked for them, which should not be at the start of the screen.
Draw: TypeAlias = "Callable[[np.random.Generator, int, int, float], npt.NDArray[np.float64]]"
Scale: TypeAlias = Callable[[int, int, float], float]


class Initializer(NamedTuple):
    """One row: the distribution of W[l] with fan_in = n_{l-1} and fan_out = n_l."""

    name: str
    """As spelled in files."""
    draw: Draw
    """draw(rng, fan_in, fan_out, value) -> (fan_out, fan_in).

    value is the constant, the standard deviation of normal, the half-width of uniform; the others pay no heed to it.
    """
    formula: str
    """U(-r, r) is uniform on [-r, r), N(0, s²) normal with standard deviation s."""
    source: str


def _constant(scale: Scale) -> Draw:
    return lambda rng, fan_in, fan_out, value: np.full((fan_out, fan_in), scale(fan_in, fan_out, value), np.float64)


def _uniform(scale: Scale) -> Draw:
    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> npt.NDArray[np.float64]:
        r = scale(fan_in, fan_out, value)
        return rng.uniform(-r, r, (fan_out, fan_in))

    return draw


def _normal(scale: Scale) -> Draw:
    return lambda rng, fan_in, fan_out, value: rng.normal(0.0, scale(fan_in, fan_out, value), (fan_out, fan_in))


GLOROT = "Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)"
HE = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015), section 2.2, the forward (fan-in) form"
LECUN = "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.6"

_ROWS = (
    Initializer("zeros", _constant(lambda i, o, value: 0.0), "0", "every unit of a layer stays like the others"),
    Initializer("constant", _constant(lambda i, o, value: value), "value", "given by the file"),
    Initializer("normal", _normal(lambda i, o, value: value), "N(0, value²)", "Nielsen (2015), chapter 1"),
    Initializer("uniform", _uniform(lambda i, o, value: value), "U(-value, value)", "given by the file"),
    Initializer(
        "xavier-uniform",
        _uniform(lambda i, o, value: math.sqrt(6 / (i + o))),
        "U(-r, r), r = √(6 / (fan_in + fan_out))",
        GLOROT,
    ),
    Initializer(
        "xavier-normal",
        _normal(lambda i, o, value: math.sqrt(2 / (i + o))),
        "N(0, 2 / (fan_in + fan_out))",
        GLOROT,
    ),
    Initializer("he-uniform", _uniform(lambda i, o, value: math.sqrt(6 / i)), "U(-r, r), r = √(6 / fan_in)", HE),
    Initializer("he-normal", _normal(lambda i, o, value: math.sqrt(2 / i)), "N(0, 2 / fan_in)", HE),
    Initializer("lecun-uniform", _uniform(lambda i, o, value: math.sqrt(3 / i)), "U(-r, r), r = √(3 / fan_in)", LECUN),
    Initializer("lecun-normal", _normal(lambda i, o, value: math.sqrt(1 / i)), "N(0, 1 / fan_in)", LECUN),
)

INITIALIZERS: dict[str, Initializer] = {row.name: row for row in _ROWS}
"""Every initializer by the name that files use."""
