"""Data sets: the partition of an epoch, the split, the scale fitted to the training part, names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuibp.engine.arrays import Array
from tuibp.engine.dataset import (
    NORMALISATIONS,
    Dataset,
    Orders,
    dataset,
    epochs_of_a_draw,
    fit,
    one_hot,
    partition,
    prepare,
    split_rows,
)
from tuibp.engine.random import STREAMS
from tuibp.errors import InputError


def some(N: int = 20, classes: int = 3) -> Dataset:
    """N samples of two features and one-hot targets of uneven classes."""
    rng = np.random.default_rng(N)
    labels = np.minimum(np.arange(N) % (classes + 2), classes - 1)
    return dataset(rng.normal(5.0, 3.0, (N, 2)), one_hot(labels, classes))


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**9), st.integers(1, 50))
def test_partition_is_a_pure_permutation(seed: int, epoch: int, N: int) -> None:
    order = partition(seed, epoch, N, True)
    assert order.dtype == np.intp
    assert sorted(order.tolist()) == list(range(N))
    partition(seed + 1 if seed == 0 else seed - 1, epoch, N, True)
    np.testing.assert_array_equal(partition(seed, epoch, N, True), order)
    np.testing.assert_array_equal(partition(seed, epoch, N, False), np.arange(N))


def test_partitions_differ_between_epochs_and_seeds() -> None:
    orders = {tuple(partition(seed, epoch, 30, True)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


def test_every_draw_has_a_stream_of_its_own() -> None:
    """The orders of several epochs are drawn at once; asked for in any order, they are those of a new generator."""
    orders, N = Orders(5, 1500, True), 1500
    for draw in (0, 7, 1, 7, 2**40, 2, 0):
        bits = np.random.Philox(key=[5, STREAMS["shuffle"]], counter=[0, 0, draw, 0])
        expected = np.random.Generator(bits).permuted(np.tile(np.arange(N), (epochs_of_a_draw(N), 1)), axis=1)
        np.testing.assert_array_equal(orders.draw(draw), expected)
        assert len({row.tobytes() for row in expected}) == len(expected) == 2


@given(st.integers(2, 200), st.floats(0.001, 0.999), st.integers(0, 1000), st.booleans())
def test_split_takes_every_row_once(N: int, share: float, seed: int, stratify: bool) -> None:
    labels = np.arange(N) % 3 if stratify else None
    train, test = split_rows(N, share, seed, labels)
    assert sorted([*train, *test]) == list(range(N))
    assert len(train) == min(max(round(share * N), 1), N - 1)
    assert list(train) == sorted(train)
    assert list(test) == sorted(test)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.floats(0.1, 0.9), st.integers(0, 1000))
def test_stratified_split_keeps_the_shares(sizes: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    N = labels.size
    if N < 2:
        return
    train, _ = split_rows(N, share, seed, labels)
    overall = len(train) / N
    for k, size in enumerate(sizes):
        assert abs(np.count_nonzero(labels[train] == k) - overall * size) < 1.0


def test_split_depends_on_the_seed_only() -> None:
    first = split_rows(50, 0.6, 3)[0].tolist()
    assert split_rows(50, 0.6, 3)[0].tolist() == first
    assert split_rows(50, 0.6, 4)[0].tolist() != first


@pytest.mark.parametrize("method", NORMALISATIONS)
def test_the_scale_comes_from_the_training_part_only(method: str) -> None:
    data = some()
    train, test = prepare(data, normalize=method, train=0.5, seed=1)
    assert test is not None
    rows = split_rows(20, 0.5, 1, data.labels)
    scaling = fit(data.x[rows[0]], method)
    for part, chosen in zip((train, test), rows, strict=True):
        raw = data.x[chosen]
        np.testing.assert_array_equal(part.x, raw if scaling is None else scaling(raw))
        np.testing.assert_array_equal(part.y, data.y[chosen])
    # Whatever the test part holds, the training part stays as it is.
    spoilt = np.array(data.x)
    spoilt[rows[1]] = 1e9
    again, _ = prepare(dataset(spoilt, data.y), normalize=method, train=0.5, seed=1)
    assert again.x.tobytes() == train.x.tobytes()


def test_zscore_and_minmax() -> None:
    x = np.array([[1.0, -2.0], [2.0, 0.0], [6.0, 2.0]])
    z, _ = prepare(dataset(x, x), normalize="zscore")
    np.testing.assert_allclose(z.x.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(z.x.std(axis=0), 1.0)
    unit, _ = prepare(dataset(x, x), normalize="minmax")
    np.testing.assert_allclose(unit.x, np.array([[0, 0], [0.2, 0.5], [1, 1]]))
    np.testing.assert_array_equal(unit.y, x)


@pytest.mark.parametrize("method", ["zscore", "minmax"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e300])
def test_constant_columns_become_zero(method: str, constant: float) -> None:
    x = np.full((7, 1), constant)
    np.testing.assert_array_equal(prepare(dataset(x, x), normalize=method)[0].x, np.zeros((7, 1)))


def test_holes_are_filled_from_the_training_part() -> None:
    x = np.array([[1.0], [np.nan], [3.0], [np.nan]])
    np.testing.assert_array_equal(prepare(dataset(x, np.zeros((4, 1))))[0].x, [[1], [2], [3], [2]])
    with pytest.raises(InputError, match='feature "x0" has no value'):
        prepare(dataset(np.full((2, 1), np.nan), np.zeros((2, 1))))


def test_faults() -> None:
    one = dataset(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(InputError, match="single sample cannot be split"):
        prepare(one, train=0.5)
    big = np.array([[1e300], [-1e300]])
    with pytest.raises(InputError, match='feature "x0" leaves the range of float32'):
        prepare(dataset(big, np.ones((2, 1))), dtype=np.dtype(np.float32))
    with pytest.raises(InputError, match="a target leaves the range of float32"):
        prepare(dataset(np.ones((2, 1)), big), dtype=np.dtype(np.float32))
    with pytest.raises(InputError, match="leaves the range of float64"):
        prepare(dataset(np.array([[1.7e308], [-1.7e308]]), big), normalize="minmax")


LABELS: list[tuple[list[list[float]], list[int] | None, int]] = [
    ([[0], [1], [1]], [0, 1, 1], 2),
    ([[1, 0, 0], [0, 0, 1]], [0, 2], 3),
    ([[1, 1], [0, 1]], None, 0),
    ([[0, 0], [0, 1]], None, 0),
    ([[0.5], [1]], None, 0),
    ([[0.01, 0.99]], None, 0),
]


@pytest.mark.parametrize(("y", "labels", "classes"), LABELS)
def test_labels(y: list[list[float]], labels: list[int] | None, classes: int) -> None:
    data = dataset(np.zeros((len(y), 1)), np.array(y))
    assert (None if data.labels is None else data.labels.tolist()) == labels
    assert len(data.classes) == classes
    assert data.features == ("x0",)
    assert len(y) == data.N


def test_arrays_are_copies_and_read_only() -> None:
    x: Array = np.ones((2, 2), order="F")
    data = dataset(x, x, ("a", "b"))
    x[0, 0] = 5.0
    assert data.x[0, 0] == 1.0
    for array in (data.x, data.y, data.take(np.array([1])).x):
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0
