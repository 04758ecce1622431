"""The initializer table against the distributions that the papers state."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from tuibp.engine.initializers import INITIALIZERS, Initializer

all_rows = pytest.mark.parametrize("row", INITIALIZERS.values(), ids=lambda row: row.name)

FAN_IN, FAN_OUT, VALUE = 300, 100, 0.75

SHAPE: dict[str, tuple[str, float]] = {
    "zeros": ("constant", 0.0),
    "constant": ("constant", VALUE),
    "normal": ("normal", VALUE),
    "uniform": ("uniform", VALUE / math.sqrt(3)),
    "xavier-uniform": ("uniform", math.sqrt(1 / 200)),
    "xavier-normal": ("normal", math.sqrt(1 / 200)),
    "he-uniform": ("uniform", math.sqrt(1 / 150)),
    "he-normal": ("normal", math.sqrt(1 / 150)),
    "lecun-uniform": ("uniform", math.sqrt(1 / 300)),
    "lecun-normal": ("normal", math.sqrt(1 / 300)),
}
"""Family and deviation at fan_in = 300, fan_out = 100; of a constant, the constant.

Xavier: variance 2 / (fan_in + fan_out) = 1/200. He: 2 / fan_in = 1/150. LeCun: 1 / fan_in = 1/300. Uniform on [-r, r]:
standard deviation r / √3.
"""


def draw(row: Initializer, seed: int = 8, value: float = VALUE) -> npt.NDArray[np.float64]:
    return row.draw(np.random.default_rng(seed), FAN_IN, FAN_OUT, value)


def test_every_row_has_its_distribution_here() -> None:
    assert set(INITIALIZERS) == set(SHAPE)


@all_rows
def test_a_large_draw_has_the_stated_spread(row: Initializer) -> None:
    family, scale = SHAPE[row.name]
    drawn = draw(row)
    assert drawn.shape == (FAN_OUT, FAN_IN)
    assert drawn.dtype == np.float64
    if family == "constant":
        assert (drawn == scale).all()
        return
    # Of 30,000 draws the mean strays by scale / √30000 and the deviation by less than that: four times it is 2.3 %.
    assert abs(drawn.mean()) < 4 * scale / math.sqrt(drawn.size)
    assert drawn.std() == pytest.approx(scale, rel=4 / math.sqrt(drawn.size))
    reach = float(np.max(np.abs(drawn))) / scale
    if family == "uniform":
        assert 0.999 * math.sqrt(3) < reach <= math.sqrt(3)
    else:  # the largest of 30,000 normal numbers; not truncated at two deviations
        assert 3.5 < reach < 6.0


@all_rows
def test_a_draw_depends_on_its_generator_alone(row: Initializer) -> None:
    first, again, other = draw(row), draw(row), draw(row, seed=9)
    np.testing.assert_array_equal(first, again)
    assert first is not again
    assert (first == other).all() == (SHAPE[row.name][0] == "constant")


@all_rows
def test_only_the_rows_that_say_so_look_at_value(row: Initializer) -> None:
    differs = not np.array_equal(draw(row, value=0.75), draw(row, value=0.5))
    assert differs == ("value" in row.formula)


@all_rows
@pytest.mark.parametrize("fans", [(1, 1), (1, 4), (4, 1)])
def test_narrow_layers(row: Initializer, fans: tuple[int, int]) -> None:
    W = row.draw(np.random.default_rng(0), *fans, 1)
    assert W.shape == fans[::-1]
    assert W.dtype == np.float64
    assert np.isfinite(W).all()


@all_rows
def test_every_row_says_what_it_is(row: Initializer) -> None:
    assert INITIALIZERS[row.name] is row
    assert row.formula
    assert row.source
