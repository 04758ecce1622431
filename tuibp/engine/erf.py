"""The normal distribution's Φ(z) and φ(z) on arrays, which GELU needs and NumPy lacks.

`math.erf` takes one number at a time and SciPy is not worth a dependency. The functions keep the dtype of their
argument and never write to it.

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

BEYOND = 40.0
"""From here on Φ(-z) and φ(z) are 0 in float64 (e^-800), so for a larger |z|, infinity too, this one may stand in."""

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


def normal_pdf(z: Array) -> Array:
    """φ(z) = e^(-z²/2) / √(2π), of the shape and dtype of z."""
    return _bell(z) * (1.0 / math.sqrt(2.0 * math.pi))


def normal_cdf(z: Array, out: Array) -> None:
    """out = Φ(z), the probability that a standard normal variable is at most z; z and out have one shape.

    The relative error is a few units in the last place on both sides: Φ(-30) is not what is left of 1 - 1.
    """
    x = np.minimum(np.abs(z), BEYOND) * math.sqrt(0.5)
    near = x <= 0.46875
    far = x > 4.0
    middle = ~(near | far)  # NaN lands here and stays NaN
    scaled = np.zeros_like(x)  # erfc(x) e^x²
    scaled[middle] = _ratio(MIDDLE, x[middle])
    inverse = 1.0 / x[far]
    square = inverse * inverse
    scaled[far] = (1.0 / math.sqrt(math.pi) - _ratio(FAR, square) * square) * inverse
    tail = 0.5 * _bell(z) * scaled
    np.subtract(1.0, tail, out)
    np.copyto(out, tail, where=z < 0.0)
    signed = z[near] * math.sqrt(0.5)
    out[near] = 0.5 + 0.5 * signed * _ratio(NEAR, signed * signed)


def _bell(z: Array) -> Array:
    """e^(-z²/2).

    The rounding of z² alone would cost z²/2 units in the last place, so z is split as Cody does: h has so few bits that
    h² is exact, and what is left of the exponent is small.
    """
    size = np.minimum(np.abs(z), BEYOND)
    h = np.trunc(size * 16.0) / 16.0
    bell: Array = np.exp(h * h * -0.5) * np.exp((size - h) * (size + h) * -0.5)
    return bell


def _ratio(coefficients: Ratio, x: Array) -> Array:
    """R(x) by Horner's rule."""
    above, below = (np.full_like(x, highest) for highest, *_ in coefficients)
    for p, q in zip(coefficients[0][1:], coefficients[1][1:], strict=True):
        above = above * x + p
        below = below * x + q
    return above / below
