"""Toy problems: every row is pure, finite, within its options, and is the problem that it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from tuibp.engine.dataset import Dataset
from tuibp.engine.generators import GENERATORS
from tuibp.engine.random import stream


def made(name: str, seed: int = 1, **options: float) -> Dataset:
    """The data of a row, with its defaults where nothing is given."""
    row = GENERATORS[name]
    assert options.keys() <= row.options.keys()
    return row.make(stream(seed, "data"), {key: options.get(key, o.default) for key, o in row.options.items()})


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_finite_and_named(name: str) -> None:
    first, again = made(name), made(name)
    assert first.x.tobytes() == again.x.tobytes()
    assert first.y.tobytes() == again.y.tobytes()
    assert np.isfinite(first.x).all()
    assert np.isfinite(first.y).all()
    assert first.x.dtype == first.y.dtype == np.float64
    assert len(first.features) == first.x.shape[1]
    assert len(first.x) == len(first.y) == first.N
    if first.classes:
        assert first.labels is not None
        assert np.unique(first.labels).size == len(first.classes)
    else:
        assert first.labels is None


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, row in GENERATORS.items() for o in row.options])
def test_every_option_at_its_bounds(name: str, option: str) -> None:
    bounds = GENERATORS[name].options[option]
    assert bounds.low <= bounds.default <= bounds.high
    for value in (bounds.low, min(bounds.high, 1000)):
        data = made(name, 1, **{option: value})
        assert data.N >= 1
        if option == "n":
            assert value == data.N


@pytest.mark.parametrize("name", [n for n, row in GENERATORS.items() if "noise" in row.options])
def test_noise_comes_from_the_generator(name: str) -> None:
    assert made(name, 1, noise=0.5).x.tobytes() + made(name, 1, noise=0.5).y.tobytes() != (
        made(name, 2, noise=0.5).x.tobytes() + made(name, 2, noise=0.5).y.tobytes()
    )


@pytest.mark.parametrize(("name", "y"), [("xor", [0, 1, 1, 0]), ("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1])])
def test_truth_tables(name: str, y: list[int]) -> None:
    data = made(name)
    np.testing.assert_array_equal(data.x, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(data.y[:, 0], y)


def test_parity() -> None:
    data = made("parity", bits=4)
    assert [int("".join(str(int(bit)) for bit in row), 2) for row in data.x] == list(range(16))
    assert [bin(k).count("1") % 2 for k in range(16)] == data.y[:, 0].tolist()


@pytest.mark.parametrize("name", ["gauss", "spiral"])
def test_classes(name: str) -> None:
    assert made(name, classes=2).y.shape == (200, 1)
    many = made(name, classes=5)
    assert many.y.shape == (200, 5)
    assert many.labels is not None
    assert np.bincount(many.labels).tolist() == [40] * 5
    assert many.labels[:6].tolist() == [0, 1, 2, 3, 4, 0]


def test_shapes_of_the_problems() -> None:
    circle = made("circle", noise=0.0)
    radius = np.hypot(*circle.x.T)
    assert radius[circle.labels == 1].max() <= 0.5
    assert radius[circle.labels == 0].min() >= 0.7
    sine = made("sine")
    np.testing.assert_array_equal(sine.y, np.sin(sine.x))
    plane = made("plane")
    np.testing.assert_allclose(plane.y[:, 0], plane.x.sum(axis=1) / 2)
    gauss = made("gauss", noise=0.0, classes=4)
    assert len({(round(a, 9), round(b, 9)) for a, b in gauss.x}) == 4
    moons = made("moons", noise=0.0)
    upper, lower = (moons.x[moons.labels == k] for k in (0, 1))
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0.5).all()
    spiral = made("spiral", noise=0.0)
    np.testing.assert_allclose(spiral.x[::2], -spiral.x[1::2], atol=1e-12)
