"""The normal distribution's Φ(z) and φ(z) on arrays, which GELU needs and NumPy lacks.

`math.erf` takes one number at a time and SciPy is not worth a dependency. The functions emit NumPy calls through `do`
(`engine.calls`), keep the dtype of their argument and never write to it. Every interval is computed for every element
and then chosen from: that is quicker than to pick the elements of each.

Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), 631-637,
with the coefficients of his SPECFUN. Three intervals of x = |z| / √2, and Φ(z) = erfc(-z / √2) / 2:

    x <= 0.46875         erf(x)  = x R(x²)
    0.46875 < x <= 4     erfc(x) = e^-x² R(x)
    4 < x                erfc(x) = e^-x² (1/√π - R(1/x²) / x²) / x
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do

BEYOND = 40.0
"""From here on Φ(-z) and φ(z) are 0 in float64 (e^-800), so for a larger |z|, infinity too, this one may stand in."""

DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
"""φ(z) = DENSITY e^(-z²/2)."""

HALF_ROOT = math.sqrt(0.5)

Ratio: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]
"""Numerator and denominator of a rational function R, the highest power first."""

# fmt: off
NEAR: Ratio = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
MIDDLE: Ratio = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)
FAR: Ratio = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)
# fmt: on


def bell(do: Do, z: Array, out: Array) -> None:
    """out = e^(-z²/2); z and out have one shape.

    The rounding of z² alone would cost z²/2 units in the last place, so z is split as Cody does: h has so few bits that
    h² is exact, and what is left of the exponent is small.
    """
    size, h = (do.scratch(z.shape, z.dtype) for _ in range(2))
    squares = do.scratch((2, *z.shape), z.dtype)
    _size(do, z, size)
    do(np.multiply, size, 16.0, h)
    do(np.trunc, h, h)
    do(np.divide, h, 16.0, h)
    do(np.multiply, h, h, squares[0])
    do(np.subtract, size, h, squares[1])
    do(np.add, size, h, size)
    do(np.multiply, squares[1], size, squares[1])
    do(np.multiply, squares, -0.5, squares)
    do(np.exp, squares, squares)
    do(np.multiply, squares[0], squares[1], out)


def normal_cdf(do: Do, z: Array, bell: Array, out: Array) -> None:
    """out = Φ(z), the probability that a standard normal variable is at most z, where bell = e^(-z²/2) is at hand.

    All have one shape. The relative error is a few units in the last place on both sides: Φ(-30) is not what is left of
    1 - 1.
    """
    x, ratio, tail = (do.scratch(z.shape, z.dtype) for _ in range(3))
    chosen = do.scratch(z.shape, np.bool_)
    _size(do, z, x)
    do(np.multiply, x, HALF_ROOT, x)
    _scaled_tail(do, x, tail)
    do(np.multiply, bell, 0.5, ratio)
    do(np.multiply, ratio, tail, tail)
    do(np.subtract, 1.0, tail, out)
    do(np.less, z, 0.0, chosen)
    do(np.putmask, out, chosen, tail)
    do(np.less_equal, x, 0.46875, chosen)
    do(np.multiply, x, x, x)
    _ratio(do, NEAR, x, ratio)
    do(np.multiply, z, 0.5 * HALF_ROOT, tail)
    do(np.multiply, tail, ratio, tail)
    do(np.add, tail, 0.5, tail)
    do(np.putmask, out, chosen, tail)


def _scaled_tail(do: Do, x: Array, out: Array) -> None:
    """out = erfc(x) e^x² for x > 0.46875, and something finite for less."""
    inverse, square, far = (do.scratch(x.shape, x.dtype) for _ in range(3))
    beyond = do.scratch(x.shape, np.bool_)
    _ratio(do, MIDDLE, x, out)  # of NaN too, which stays NaN
    do(np.maximum, x, 4.0, out=inverse)
    do(np.divide, 1.0, inverse, inverse)
    do(np.multiply, inverse, inverse, square)
    _ratio(do, FAR, square, far)
    do(np.multiply, far, square, far)
    do(np.subtract, 1.0 / math.sqrt(math.pi), far, far)
    do(np.multiply, far, inverse, far)
    do(np.greater, x, 4.0, beyond)
    do(np.putmask, out, beyond, far)


def _size(do: Do, z: Array, out: Array) -> None:
    """out = |z|, as far as it matters."""
    do(np.abs, z, out)
    do(np.minimum, out, BEYOND, out=out)


def _ratio(do: Do, coefficients: Ratio, x: Array, out: Array) -> None:
    """out = R(x) by Horner's rule."""
    below = do.scratch(x.shape, x.dtype)
    for (highest, second, *lower), value in zip(coefficients, (out, below), strict=True):
        do(np.multiply, x, highest, value)
        do(np.add, value, second, value)
        for coefficient in lower:
            do(np.multiply, value, x, value)
            do(np.add, value, coefficient, value)
    do(np.divide, out, below, out)
