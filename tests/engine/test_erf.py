"""Φ and φ against `math.erfc` and, far out, a continued fraction."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.erf import normal_cdf, normal_pdf


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


def test_normal_cdf_against_erfc() -> None:
    z = np.linspace(-2.5, 6.0, 2001)[None, :]
    out = np.empty_like(z)
    normal_cdf(z, out)
    np.testing.assert_allclose(out, mapped(Phi, z), rtol=3e-15, atol=0)
    np.testing.assert_allclose(normal_pdf(z), mapped(phi, z), rtol=3e-15, atol=0)


def test_normal_cdf_far_into_the_tail() -> None:
    z = np.arange(2.0, 37.0, 0.125)[None, :]  # z² is exact, so the oracle's e^(-z²/2) is good to a bit
    out = np.empty_like(z)
    normal_cdf(-z, out)
    np.testing.assert_allclose(out, mapped(lambda v: phi(v) * mills(v), z), rtol=2e-15, atol=0)


def test_normal_cdf_in_float32_is_that_of_float64_rounded() -> None:
    z = np.linspace(-12, 12, 4001, dtype=np.float32)[None, :]
    single, double = np.empty_like(z), np.empty(z.shape)
    normal_cdf(z, single)
    normal_cdf(z.astype(np.float64), double)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=5e-7, atol=0)
    assert normal_pdf(z).dtype == np.float32
