"""The cost table and its fused rows against scalar loops, the complex step and differences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import numpy as np
import pytest

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.costs import COSTS, FUSED, Cost, Fused

all_costs = pytest.mark.parametrize("cost", COSTS.values(), ids=lambda cost: cost.name)
all_fused = pytest.mark.parametrize("fused", FUSED.values(), ids=lambda fused: fused.cost)
Float: TypeAlias = type[np.floating[Any]]

both_dtypes = pytest.mark.parametrize("dtype", (np.float64, np.float32), ids=lambda dtype: dtype.__name__)


def value(row: Cost | Fused, x: Array, y: Array) -> Array:
    """C of each sample, x being a or, for a fused row, z."""
    out = np.full(x.shape[1], 99.0, x.dtype)
    row.value(x, y, out)
    return out


def gradient(cost: Cost, a: Array, y: Array) -> Array:
    """∂C/∂a in a fresh array."""
    out = np.full_like(a, 99.0)
    cost.gradient(now, a, y, out)
    return out


def delta(fused: Fused, a: Array, y: Array) -> Array:
    """δ in a fresh array."""
    out = np.full_like(a, 99.0)
    fused.delta(now, a, y, out)
    return out


def activate(name: str, z: Array) -> Array:
    """a = σ(z) by the activation's own row."""
    a = np.empty_like(z)
    ACTIVATIONS[name].forward(now, z, a)
    return a


def unfused(fused: Fused, a: Array, z: Array, y: Array) -> Array:
    """δ by way of ∂C/∂a."""
    row, dC_da, out = ACTIVATIONS[fused.activation], gradient(COSTS[fused.cost], a, y), np.empty_like(a)
    if row.pullback is not None:
        row.pullback(now, a, dC_da, out)
    else:
        assert row.derivative is not None
        row.derivative(now, z, a, out)
        out *= dC_da
    return out


def samples(dtype: Float = np.float64) -> tuple[Array, Array]:
    """a in (0.05, 0.95) and soft targets in [0, 1] with some exact 0 and 1, both (3, 8); column sums differ from 1."""
    rng = np.random.default_rng(4)
    a, y = rng.uniform(0.05, 0.95, (3, 8)), rng.uniform(0.0, 1.0, (3, 8))
    y[:, 1], y[:, 2], y[:, 3] = (1.0, 0.0, 0.0), (0.0, 1.0, 1.0), 0.0
    return a.astype(dtype), y.astype(dtype)


def xlog(x: float, y: float) -> float:
    return 0.0 if x == 0 else x * math.log(y)


Unit = Callable[[float, float], float]
UNIT_COST: dict[str, Unit] = {
    "squared-error": lambda a, y: (a - y) ** 2,
    "half-squared-error": lambda a, y: (a - y) ** 2 / 2,
    "mean-squared-error": lambda a, y: (a - y) ** 2 / 3,
    "binary-cross-entropy": lambda a, y: -xlog(y, a) - xlog(1 - y, 1 - a),
    "cross-entropy": lambda a, y: -xlog(y, a),
}
"""What one of three output units adds to C."""

UNIT_GRADIENT: dict[str, Unit] = {
    "squared-error": lambda a, y: 2 * a - 2 * y,
    "half-squared-error": lambda a, y: a - y,
    "mean-squared-error": lambda a, y: 2 / 3 * (a - y),
    "binary-cross-entropy": lambda a, y: (1 - y) / (1 - a) - y / a,
    "cross-entropy": lambda a, y: -y / a,
}


@all_costs
@both_dtypes
def test_value_and_gradient_follow_the_scalar_loop(cost: Cost, dtype: Float) -> None:
    a, y = samples(dtype)
    pairs = [list(zip(*column, strict=True)) for column in zip(a.T.tolist(), y.T.tolist(), strict=True)]
    rtol = 32 * float(np.finfo(dtype).eps)
    want = [math.fsum(UNIT_COST[cost.name](*pair) for pair in column) for column in pairs]
    np.testing.assert_allclose(value(cost, a, y), want, rtol=rtol)
    slopes = np.array([[UNIT_GRADIENT[cost.name](*pair) for pair in column] for column in pairs]).T
    np.testing.assert_allclose(gradient(cost, a, y), slopes, rtol=rtol, atol=rtol)


def step_error(cost: Cost, a: Array, y: Array) -> float:
    """Largest distance of ∂C/∂a from the complex step through the row's own value."""
    numeric = np.empty_like(a)
    for i in range(len(a)):
        moved = a.astype(np.complex128)
        moved[i] += 1e-40j
        numeric[i] = value(cost, cast(Array, moved), y).imag / 1e-40
    return float(np.max(np.abs(gradient(cost, a, y) - numeric)))


@all_costs
def test_gradient_is_the_complex_step(cost: Cost) -> None:
    assert step_error(cost, *samples()) < 1e-13


@pytest.mark.parametrize("other", COSTS.values(), ids=lambda cost: cost.name)
@all_costs
def test_the_step_check_finds_a_gradient_of_another_row(cost: Cost, other: Cost) -> None:
    if cost is not other:
        assert step_error(cost._replace(gradient=other.gradient), *samples()) > 1e-2


@all_costs
@both_dtypes
def test_inputs_are_left_alone_and_columns_are_independent(cost: Cost, dtype: Float) -> None:
    a, y = samples(dtype)
    kept = a.copy(), y.copy()
    total, slope = value(cost, a, y), gradient(cost, a, y)
    assert total.dtype == slope.dtype == dtype
    np.testing.assert_array_equal(a, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    for s in range(a.shape[1]):
        one = np.ascontiguousarray(a[:, s : s + 1]), np.ascontiguousarray(y[:, s : s + 1])
        np.testing.assert_allclose(value(cost, *one), total[s : s + 1], rtol=4 * float(np.finfo(dtype).eps))
        np.testing.assert_array_equal(gradient(cost, *one)[:, 0], slope[:, s])


@all_costs
def test_every_row_says_what_it_is(cost: Cost) -> None:
    assert COSTS[cost.name] is cost
    assert cost.formula.startswith("C = ")
    assert cost.gradient_formula.startswith("∂C/∂a = ")
    assert cost.source


# Saturated outputs


@pytest.mark.parametrize("name", ["binary-cross-entropy", "cross-entropy"])
def test_a_perfect_saturated_output_costs_nothing(name: str) -> None:
    a = np.array([[1.0, 0.0], [0.0, 1.0]])
    with np.errstate(all="raise"):
        assert value(COSTS[name], a, a).tolist() == [0.0, 0.0]
        slope = gradient(COSTS[name], a, a)
    expected = [[-1.0, 1.0], [1.0, -1.0]] if name == "binary-cross-entropy" else [[-1.0, 0.0], [0.0, -1.0]]
    assert slope.tolist() == expected
    assert not np.signbit(slope[slope == 0.0]).any()


@pytest.mark.parametrize("name", ["binary-cross-entropy", "cross-entropy"])
def test_a_wrong_saturated_output_costs_infinity(name: str) -> None:
    a, y = np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])
    with np.errstate(divide="ignore"):
        assert value(COSTS[name], a, y).tolist() == [math.inf]
        slope = gradient(COSTS[name], a, y)
    assert slope[:, 0].tolist() == [-math.inf, math.inf if name == "binary-cross-entropy" else 0.0]


@both_dtypes
def test_binary_cross_entropy_is_precise_for_small_outputs(dtype: Float) -> None:
    a = np.array([[1e-20]], dtype)
    np.testing.assert_allclose(value(COSTS["binary-cross-entropy"], a, np.zeros_like(a)), 1e-20, rtol=1e-6)


# Fused rows


def test_fused_rows_name_rows_of_the_tables() -> None:
    assert {name for name, _ in FUSED} <= ACTIVATIONS.keys()
    assert {name for _, name in FUSED} <= COSTS.keys()
    assert all(key == (row.activation, row.cost) for key, row in FUSED.items())
    assert {row.formula for row in FUSED.values()} == {"δ = a - y"}


def logits(dtype: Float = np.float64) -> tuple[Array, Array]:
    """z (3, 8) of ordinary size and the targets of `samples`, whose columns do not sum to 1."""
    z: Array = np.random.default_rng(5).normal(size=(3, 8)).astype(dtype) * dtype(2)
    return z, samples(dtype)[1]


@all_fused
@both_dtypes
def test_fused_equals_unfused_where_both_are_finite(fused: Fused, dtype: Float) -> None:
    z, y = logits(dtype)
    a = activate(fused.activation, z)
    tolerance = 64 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(delta(fused, a, y), unfused(fused, a, z, y), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(value(fused, z, y), value(COSTS[fused.cost], a, y), rtol=tolerance, atol=tolerance)


@all_fused
def test_fused_delta_is_the_limit_of_differences_of_the_fused_value(fused: Fused) -> None:
    z, y = logits()
    got = delta(fused, activate(fused.activation, z), y)
    for i in range(len(z)):
        h = np.zeros_like(z)
        h[i] = 1e-5
        numeric = (value(fused, z + h, y) - value(fused, z - h, y)) / 2e-5
        np.testing.assert_allclose(got[i], numeric, atol=1e-9)
        assert np.max(np.abs(-got[i] - numeric)) > 1e-2  # a flipped sign would be seen


@all_fused
@both_dtypes
def test_delta_is_a_minus_y_to_the_bit_where_targets_sum_to_one(fused: Fused, dtype: Float) -> None:
    a = activate(fused.activation, logits(dtype)[0])
    y = np.eye(3, dtype=dtype)[:, [0, 1, 2, 2, 1, 0, 1, 1]]
    np.testing.assert_array_equal(delta(fused, a, y), a - y)


@all_fused
@both_dtypes
def test_fused_is_finite_and_valid_at_the_extremes(fused: Fused, dtype: Float) -> None:
    z = np.array([[1000.0, -1000.0, 1000.0, -1000.0], [-1000.0, 1000.0, 1000.0, -1000.0]], dtype)
    y = np.array([[1.0, 1.0, 1.0, 0.25], [0.0, 0.0, 0.0, 0.75]], dtype)
    with np.errstate(over="ignore", invalid="raise", divide="raise", under="ignore"):
        total = value(fused, z, y)
        slope = delta(fused, activate(fused.activation, z), y)
    # sigmoid: softplus(z) - y z, unit by unit; softmax: ln(e^z0 + e^z1) - y0 z0 - y1 z1
    equal = {"sigmoid": 1000.0, "softmax": math.log(2)}[fused.activation]
    np.testing.assert_allclose(total, [0.0, 2000.0, equal, equal], rtol=1e-6)
    assert np.isfinite(slope).all()


@all_fused
@pytest.mark.parametrize("gap", [1.0, 20.0, 40.0, 300.0])
def test_fused_value_keeps_its_digits_when_the_answer_is_right(fused: Fused, gap: float) -> None:
    # Two units of softmax, z = (gap, 0): C = ln(1 + e^-gap). One sigmoid, z = gap: the same.
    z = np.array([[gap], [0.0]])[: 2 if fused.activation == "softmax" else 1]
    y = np.array([[1.0], [0.0]])[: len(z)]
    np.testing.assert_allclose(value(fused, z, y), math.log1p(math.exp(-gap)), rtol=1e-15)


def test_fused_value_of_an_infinite_logit_on_the_right_side_is_zero() -> None:
    z, y = np.array([[np.inf, -np.inf]]), np.array([[1.0, 0.0]])
    with np.errstate(all="raise"):
        assert value(FUSED["sigmoid", "binary-cross-entropy"], z, y).tolist() == [0.0, 0.0]
        assert value(FUSED["softmax", "cross-entropy"], np.array([[0.0], [-np.inf]]), y.T).tolist() == [0.0]
    assert value(FUSED["sigmoid", "binary-cross-entropy"], z, 1 - y).tolist() == [np.inf, np.inf]


@all_fused
@both_dtypes
def test_fused_leaves_its_inputs_alone(fused: Fused, dtype: Float) -> None:
    z, y = logits(dtype)
    a = activate(fused.activation, z)
    kept = z.copy(), a.copy(), y.copy()
    assert value(fused, z, y).dtype == delta(fused, a, y).dtype == dtype
    for array, copy in zip((z, a, y), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@all_fused
def test_fused_shows_a_nan(fused: Fused) -> None:
    z, y = logits()
    clean = value(fused, z, y)
    z[1, 0] = np.nan
    got = value(fused, z, y)
    assert np.isnan(got[0])
    np.testing.assert_array_equal(got[1:], clean[1:])


# Many batches at once

SIZES = (*range(1, 21), 33, 129)
BATCHES = (*range(1, 18), 33, 128)


def apart(count: int, *shape: int, dtype: Float) -> Array:
    """An array (count, *shape) whose slots are C-contiguous and lie 3 numbers apart."""
    size = math.prod(shape)
    slots: Array = np.full((count, size + 3), 99.0, dtype)[:, :size].reshape(count, *shape)
    assert slots.base is not None
    return slots


def targets_and_outputs(count: int, n: int, m: int, dtype: Float) -> tuple[Array, Array]:
    """x and y (count, n, m); outputs that saturate, are infinite or NaN of either sign among the ordinary ones."""
    rng = np.random.default_rng(n * m)
    x, y = apart(count, n, m, dtype=dtype), apart(count, n, m, dtype=dtype)
    x[...], y[...] = rng.uniform(0.01, 0.99, x.shape), rng.uniform(0.0, 1.0, y.shape)
    for slot in range(0, count, 2):  # an ordinary neighbour tells more about the order of the sum
        hard = rng.random((n, m)) < 0.2 / n
        x[slot][hard] = rng.choice([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, -np.nan], int(hard.sum()))
        y[slot][rng.random((n, m)) < 0.5] = 0.0
    return x, y


@pytest.mark.parametrize("row", [*COSTS.values(), *FUSED.values()], ids=lambda row: getattr(row, "name", "fused"))
@both_dtypes
def test_a_batch_has_the_same_bits_alone_and_among_others(row: Cost | Fused, dtype: Float) -> None:
    with np.errstate(all="ignore"):
        for n, m in itertools.product(SIZES, BATCHES):
            x, y = targets_and_outputs(9, n, m, dtype)
            alone = [value(row, *pair).tobytes() for pair in zip(x, y, strict=True)]
            for count in range(1, 10):
                out = apart(count, m, dtype=dtype)
                row.value(x[:count], y[:count], out)
                assert [slot.tobytes() for slot in out] == alone[:count], (n, m, count)


@pytest.mark.parametrize("row", [*COSTS.values(), *FUSED.values()], ids=lambda row: getattr(row, "name", "fused"))
def test_any_leading_axes_will_do(row: Cost | Fused) -> None:
    x, y = targets_and_outputs(6, 4, 5, np.float64)
    flat, deep = np.empty((6, 5)), np.empty((2, 3, 5))
    with np.errstate(all="ignore"):
        row.value(x, y, flat)
        row.value(x.reshape(2, 3, 4, 5), y.reshape(2, 3, 4, 5), deep)
    assert deep.tobytes() == flat.tobytes()
