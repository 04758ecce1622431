"""Φ and φ against `math.erfc` and, far out, a continued fraction."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.erf import DENSITY, bell, normal_cdf


def mapped(function: Callable[[float], float], z: Array) -> Array:
    """The scalar function at each number of z, in float64."""
    return np.array([function(float(v)) for v in z.flat], dtype=np.float64).reshape(z.shape)


def phi(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def Phi(z: float) -> float:
    return 0.5 * math.erfc(-z * math.sqrt(0.5))


def mills(z: float) -> float:
    """Φ(-z) / φ(z) for z >= 2 by Laplace's continued fraction 1/(z + 1/(z + 2/(z + 3/(z + ...))))."""
    value = z
    for k in range(400, 0, -1):
        value = z + k / value
    return 1 / value


def normal(z: Array) -> tuple[Array, Array]:
    """Φ(z) and φ(z) in fresh arrays."""
    cdf, pdf = np.full_like(z, 99.0), np.full_like(z, 99.0)
    bell(now, z, pdf)
    normal_cdf(now, z, pdf, cdf)
    pdf *= DENSITY
    return cdf, pdf


def test_normal_against_erfc() -> None:
    z = np.linspace(-2.5, 6.0, 2001)[None, :]
    cdf, pdf = normal(z)
    np.testing.assert_allclose(cdf, mapped(Phi, z), rtol=3e-15, atol=0)
    np.testing.assert_allclose(pdf, mapped(phi, z), rtol=3e-15, atol=0)


def test_normal_cdf_far_into_the_tail() -> None:
    z = np.arange(2.0, 37.0, 0.125)[None, :]  # z² is exact, so the oracle's e^(-z²/2) is good to a bit
    np.testing.assert_allclose(normal(-z)[0], mapped(lambda v: phi(v) * mills(v), z), rtol=2e-15, atol=0)


def test_normal_in_float32_is_that_of_float64_rounded() -> None:
    z = np.linspace(-12, 12, 4001, dtype=np.float32)[None, :]
    for single, double in zip(normal(z), normal(z.astype(np.float64)), strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=5e-7, atol=0)


def test_normal_at_the_ends() -> None:
    cdf, pdf = normal(np.array([[-np.inf, np.inf, -0.0, np.nan]]))
    np.testing.assert_array_equal(cdf, [[0.0, 1.0, 0.5, np.nan]])
    np.testing.assert_array_equal(pdf, [[0.0, 0.0, DENSITY, np.nan]])
