"""The activation table against oracles of its own: closed forms in `math`, differences, the complex step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pytest

from tuibp.engine.activations import ACTIVATIONS, Activation
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now

Float: TypeAlias = type[np.floating[Any]]
ComplexArray: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]

DTYPES: tuple[Float, ...] = (np.float64, np.float32)
ELEMENTWISE = [row for row in ACTIVATIONS.values() if row.elementwise]
DENSE = [row for row in ACTIVATIONS.values() if not row.elementwise]
NOT_ANALYTIC = {"softplus", "gelu"}
"""Rows whose NumPy calls know no complex numbers."""

all_rows = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda row: row.name)
elementwise_rows = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
dense_rows = pytest.mark.parametrize("row", DENSE, ids=lambda row: row.name)
both_dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def forward(row: Activation, z: Array) -> Array:
    """σ(z) in a fresh array."""
    out = np.full_like(z, 99.0)
    row.forward(now, z, out)
    return out


def complex_step(row: Activation, z: Array, directions: Array | float) -> Array:
    """The derivative of σ at z in the given directions, exact to rounding: no difference is taken."""
    moved = z + 1e-40j * np.asarray(directions)
    out: ComplexArray = np.zeros_like(moved)
    row.forward(now, cast(Array, moved), cast(Array, out))
    return out.imag / 1e-40


def derivative(row: Activation, z: Array) -> Array:
    """σ′(z) in a fresh array, of an elementwise row."""
    assert row.derivative is not None
    out = np.full_like(z, 99.0)
    row.derivative(now, z, forward(row, z), out)
    return out


def pullback(row: Activation, a: Array, dC_da: Array) -> Array:
    """Jᵀ dC_da in a fresh array, of a row that is not elementwise."""
    assert row.pullback is not None
    out = np.full_like(a, 99.0)
    row.pullback(now, a, dC_da, out)
    return out


def grid(dtype: Float = np.float64) -> Array:
    """z of shape (9, 12) between -8.9 and 8.6, no closer than 0.02 to a kink."""
    z: Array = (np.arange(108.0).reshape(9, 12) / 6.1 - 8.9).astype(dtype)
    return z


# Closed forms, one number at a time, written without a look at the table


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))


def phi(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def Phi(z: float) -> float:
    return 0.5 * math.erfc(-z * math.sqrt(0.5))


def cubic(z: float) -> float:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)


ALPHA, LAMBDA = 1.67326324235437728481704, 1.05070098735548049341933
CLOSED: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "identity": (lambda z: z, lambda z: 1),
    "sigmoid": (logistic, lambda z: math.exp(-abs(z)) / (1 + math.exp(-abs(z))) ** 2),
    "tanh": (lambda z: math.sinh(z) / math.cosh(z), lambda z: 1 / math.cosh(z) ** 2),
    "relu": (lambda z: z if z > 0 else 0, lambda z: 1 if z > 0 else 0),
    "leaky-relu": (lambda z: z if z > 0 else 0.01 * z, lambda z: 1 if z > 0 else 0.01),
    "elu": (lambda z: z if z > 0 else math.expm1(z), lambda z: 1 if z > 0 else math.exp(z)),
    "selu": (
        lambda z: LAMBDA * (z if z > 0 else ALPHA * math.expm1(z)),
        lambda z: LAMBDA * (1 if z > 0 else ALPHA * math.exp(z)),
    ),
    "softplus": (lambda z: math.log1p(math.exp(z)), logistic),
    "silu": (lambda z: z * logistic(z), lambda z: logistic(z) * (1 + z * logistic(-z))),
    "gelu": (lambda z: z * Phi(z), lambda z: Phi(z) + z * phi(z)),
    "gelu-tanh": (
        lambda z: 0.5 * z * (1 + math.tanh(cubic(z))),
        lambda z: (
            0.5 * (1 + math.tanh(cubic(z)))
            + 0.5 * z / math.cosh(cubic(z)) ** 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
        ),
    ),
    "hard-tanh": (lambda z: max(-1, min(1, z)), lambda z: 1 if -1 < z < 1 else 0),
}


def mapped(function: Callable[[float], float], z: Array) -> Array:
    """The scalar function at each number of z, in float64."""
    return np.array([function(float(v)) for v in z.flat], dtype=np.float64).reshape(z.shape)


def test_every_elementwise_row_has_a_closed_form_here() -> None:
    assert CLOSED.keys() == {row.name for row in ELEMENTWISE}


@elementwise_rows
@both_dtypes
def test_forward_and_derivative_follow_the_closed_form(row: Activation, dtype: Float) -> None:
    z = grid(dtype)
    value, slope = CLOSED[row.name]
    tolerance = 16 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(forward(row, z), mapped(value, z), rtol=2 * tolerance, atol=tolerance)
    np.testing.assert_allclose(derivative(row, z), mapped(slope, z), rtol=2 * tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["sigmoid", "elu", "selu", "softplus", "silu", "gelu"])
def test_the_left_tail_keeps_its_digits(name: str) -> None:
    z = np.array([[-0.5, -3.0, -12.0, -20.0, -30.0, -36.0]])  # z² / 2 is exact, and math.exp of it good to a bit
    row, (value, slope) = ACTIVATIONS[name], CLOSED[name]
    rtol = 2e-13 if name == "gelu" else 2e-15  # the oracle's erfc(z √½) rounds its argument, which the tail magnifies
    np.testing.assert_allclose(forward(row, z), mapped(value, z), rtol=rtol, atol=0)
    np.testing.assert_allclose(derivative(row, z), mapped(slope, z), rtol=rtol, atol=0)


@elementwise_rows
def test_small_numbers_keep_their_digits(row: Activation) -> None:
    z = np.array([[1e-3, -1e-3, 1e-5, -1e-5, 1e-9, -1e-9]])
    value, slope = CLOSED[row.name]
    np.testing.assert_allclose(forward(row, z), mapped(value, z), rtol=2e-15, atol=0)
    np.testing.assert_allclose(derivative(row, z), mapped(slope, z), rtol=2e-15, atol=0)


# Derivatives against the row's own forward pass


def difference_error(row: Activation, z: Array) -> float:
    """Largest distance of σ′ from Richardson's extrapolation of central differences of σ."""

    def central(h: float) -> Array:
        slope: Array = (forward(row, z + h) - forward(row, z - h)) / (2 * h)
        return slope

    numeric = (4 * central(5e-4) - central(1e-3)) / 3
    return float(np.max(np.abs(derivative(row, z) - numeric)))


@elementwise_rows
def test_derivative_is_the_limit_of_differences(row: Activation) -> None:
    assert difference_error(row, grid()) < 1e-10


@pytest.mark.parametrize("other", ELEMENTWISE, ids=lambda row: row.name)
@elementwise_rows
def test_the_difference_check_finds_a_derivative_of_another_row(row: Activation, other: Activation) -> None:
    if row is not other:
        assert difference_error(row._replace(derivative=other.derivative), grid()) > 1e-5


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.name not in NOT_ANALYTIC], ids=lambda row: row.name)
def test_derivative_is_the_complex_step(row: Activation) -> None:
    z = grid()
    np.testing.assert_allclose(derivative(row, z), complex_step(row, z, 1.0), rtol=1e-13, atol=1e-15)


@elementwise_rows
def test_kinks_are_where_the_derivative_jumps_and_nowhere_else(row: Activation) -> None:
    places = sorted({*row.kinks, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5})
    left, right = (derivative(row, np.array([places]) + side) for side in (-1e-9, 1e-9))
    jumps = tuple(z for z, jump in zip(places, np.abs(right - left)[0], strict=True) if jump > 1e-6)
    assert jumps == row.kinks


AT_KINKS = [
    ("relu", 0.0, 0.0),
    ("leaky-relu", 0.0, 0.01),
    ("elu", 0.0, 1.0),
    ("selu", 0.0, LAMBDA * ALPHA),
    ("hard-tanh", -1.0, 0.0),
    ("hard-tanh", 1.0, 0.0),
]


@pytest.mark.parametrize(("name", "z", "slope"), AT_KINKS)
@both_dtypes
def test_the_choice_at_a_kink(name: str, z: float, slope: float, dtype: Float) -> None:
    assert derivative(ACTIVATIONS[name], np.array([[z]], dtype))[0, 0] == dtype(slope)
    if z == 0.0:
        assert derivative(ACTIVATIONS[name], np.array([[-z]], dtype))[0, 0] == dtype(slope)


# Not elementwise: the Jacobian


@dense_rows
def test_jacobian_is_the_limit_of_differences(row: Activation) -> None:
    assert row.jacobian is not None
    z, h = np.array([[0.3], [-1.2], [2.0], [0.9]]), 1e-5 * np.eye(4)  # z + h: column j moves z_j
    J = row.jacobian(forward(row, z)[:, 0])
    np.testing.assert_allclose(J, (forward(row, z + h) - forward(row, z - h)) / 2e-5, atol=1e-9)
    np.testing.assert_allclose(J, complex_step(row, z, np.eye(4)), rtol=1e-13, atol=1e-16)


@dense_rows
@both_dtypes
def test_pullback_is_the_transposed_jacobian_times_the_gradient(row: Activation, dtype: Float) -> None:
    assert row.jacobian is not None
    rng = np.random.default_rng(1)
    a = forward(row, rng.normal(size=(5, 7)).astype(dtype))
    dC_da = rng.normal(size=(5, 7)).astype(dtype)
    got = pullback(row, a, dC_da)
    assert got.dtype == dtype
    for s in range(7):
        want = row.jacobian(a[:, s]).T @ dC_da[:, s]
        np.testing.assert_allclose(got[:, s], want, rtol=1e-5, atol=8 * float(np.finfo(dtype).eps))
    assert np.max(np.abs(got - a * dC_da)) > 1e-2  # the diagonal alone, a common mistake, is far off


@both_dtypes
def test_softmax_is_a_distribution_that_ignores_a_common_shift(dtype: Float) -> None:
    row = ACTIVATIONS["softmax"]
    z = np.random.default_rng(2).normal(size=(6, 9)).astype(dtype)
    a = forward(row, z)
    np.testing.assert_allclose(a.sum(axis=0), 1.0, rtol=4 * float(np.finfo(dtype).eps))
    np.testing.assert_allclose(forward(row, z + dtype(64)), a, rtol=64 * float(np.finfo(dtype).eps))
    want = [[math.exp(v) / math.fsum(math.exp(u) for u in column) for v in column] for column in z.T.tolist()]
    np.testing.assert_allclose(a, np.array(want).T, rtol=8 * float(np.finfo(dtype).eps))


def test_softmax_jacobian_by_hand() -> None:
    # a = (1/4, 3/4):  J = [[1/4 - 1/16, -3/16], [-3/16, 3/4 - 9/16]]
    jacobian = ACTIVATIONS["softmax"].jacobian
    assert jacobian is not None
    assert jacobian(np.array([0.25, 0.75])).tolist() == [[0.1875, -0.1875], [-0.1875, 0.1875]]


# Every row: extremes, types, independence


@all_rows
@both_dtypes
def test_extremes_are_valid_and_stay_finite(row: Activation, dtype: Float) -> None:
    z = np.array([[-1000.0, 1000.0, -88.8, 88.8, 0.0, -0.0], [1000.0, 1000.0, -709.9, 709.9, 1e-30, -1e-30]], dtype)
    with np.errstate(over="ignore", invalid="raise", divide="raise", under="ignore"):
        a = forward(row, z)
        slope = derivative(row, z) if row.elementwise else pullback(row, a, np.ones_like(a))
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


LIMITS = {
    "identity": (-math.inf, math.inf, 1, 1),
    "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "relu": (0, math.inf, 0, 1),
    "leaky-relu": (-math.inf, math.inf, 0.01, 1),
    "elu": (-1, math.inf, 0, 1),
    "selu": (-LAMBDA * ALPHA, math.inf, 0, LAMBDA),
    "softplus": (0, math.inf, 0, 1),
    "silu": (0, math.inf, 0, 1),
    "gelu": (0, math.inf, 0, 1),
    "gelu-tanh": (0, math.inf, 0, 1),
    "hard-tanh": (-1, 1, 0, 0),
}


@elementwise_rows
@both_dtypes
def test_infinity_gives_the_limit(row: Activation, dtype: Float) -> None:
    z = np.array([[-np.inf, np.inf]], dtype)
    with np.errstate(over="ignore", invalid="raise", divide="raise", under="ignore"):
        got = [*forward(row, z)[0], *derivative(row, z)[0]]
    assert got == [dtype(limit) for limit in LIMITS[row.name]]


@all_rows
@both_dtypes
def test_nan_stays_nan_and_in_its_column(row: Activation, dtype: Float) -> None:
    z = grid(dtype)[:4, :5].copy()
    clean = forward(row, z)
    z[2, 3] = np.nan
    a = forward(row, z)
    assert np.isnan(a[2, 3])
    if row.elementwise and row.name != "identity":
        assert np.isnan(derivative(row, z)[2, 3])
    np.testing.assert_array_equal(np.delete(a, 3, axis=1), np.delete(clean, 3, axis=1))


@all_rows
@both_dtypes
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (5, 7)])
def test_inputs_are_left_alone_and_columns_are_independent(
    row: Activation, dtype: Float, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(3)
    z, dC_da = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    kept = z.copy(), dC_da.copy()
    a = forward(row, z)
    a_kept = a.copy()
    if row.derivative is not None:
        row.derivative(now, z, a, np.empty_like(z))
    else:
        pullback(row, a, dC_da)
    np.testing.assert_array_equal(z, kept[0])
    np.testing.assert_array_equal(dC_da, kept[1])
    np.testing.assert_array_equal(a, a_kept)
    for s in range(shape[1]):
        single = np.ascontiguousarray(z[:, s : s + 1])
        np.testing.assert_allclose(forward(row, single)[:, 0], a[:, s], rtol=8 * float(np.finfo(dtype).eps))


def hard_numbers(shape: tuple[int, int], dtype: Float, seed: int) -> Array:
    """Numbers of ordinary size among which every second is special: zeros of either sign, NaN of either sign, infinite,
    denormal, huge.
    """
    rng, info = np.random.default_rng(seed), np.finfo(dtype)
    positive: list[float] = [
        0.0,
        np.nan,
        np.inf,
        *map(float, (info.max, info.tiny, info.smallest_subnormal)),
        1.0,
        40.0,
        1000.0,
    ]
    special = np.array([*positive, *(-x for x in positive)], dtype)
    z: Array = np.where(rng.random(shape) < 0.5, rng.choice(special, shape), (4 * rng.normal(size=shape)).astype(dtype))
    return z


@elementwise_rows
@both_dtypes
def test_an_element_has_the_same_bits_in_whatever_block_it_lies(row: Activation, dtype: Float) -> None:
    with np.errstate(all="ignore"):
        for rows, m in itertools.product(range(1, 41), range(1, 18)):
            z = hard_numbers((rows, m), dtype, rows * m)
            a, slope = forward(row, z), derivative(row, z)
            cut = (7 * m + rows) % rows  # anywhere, 0 too
            for part in (slice(0, cut), slice(cut, rows)):
                assert forward(row, z[part]).tobytes() == a[part].tobytes(), (rows, m, part)
                assert derivative(row, z[part]).tobytes() == slope[part].tobytes(), (rows, m, part)


@elementwise_rows
@both_dtypes
def test_what_lies_between_layers_does_no_harm(row: Activation, dtype: Float) -> None:
    assert row.derivative is not None
    out = np.full((3, 5), 99.0, dtype)
    with np.errstate(all="raise"):
        row.derivative(now, np.zeros_like(out), np.ones_like(out), out)
    assert np.isfinite(out).all()


@all_rows
def test_every_row_says_what_it_is(row: Activation) -> None:
    assert ACTIVATIONS[row.name] is row
    assert row.formula.startswith("σ(z)")
    assert row.derivative_formula.startswith("σ′(z)")
    assert row.source
    assert (row.derivative is None) == (row.pullback is not None) == (row.jacobian is not None)
