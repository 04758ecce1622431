"""The logs against plain lists: nothing is lost, nothing counted twice, and memory stays within bounds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.debugger.interrupted import broken_off
from tuibp.debugger.flight_log import MAXIMA, SUMS, EpochLog, FlightLog
from tuibp.engine.arrays import Array

L = 2
WIDTH = len(SUMS) + len(MAXIMA) * L
ODD = (np.nan, np.inf, -np.inf, 0.0, 1e308, -1e308)


def small(rows: int, layers: int = L) -> FlightLog:
    """A log that holds few rows."""
    return FlightLog(layers, 2 * 8 * (3 + 4 * layers) * rows)


def drawn(seed: int, n: int, odd: float = 0.0) -> Array:
    """(n, WIDTH) rows; a share of the numbers is odd."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, WIDTH)) ** 3
    rows[:, 1] = rng.integers(1, 5, size=n)
    rows[:, 2] = rng.integers(0, 5, size=n)
    strange = rng.random((n, WIDTH)) < odd
    strange[:, 1:3] = False
    rows[strange] = rng.choice(ODD, size=int(strange.sum()))
    return rows


def model(rows: Array, capacity: int) -> tuple[Array, int]:
    """What the log must hold: written one by one, merged by plain loops; and its stride."""
    table: list[Array] = []
    stride, inside = 1, 0
    with np.errstate(all="ignore"):
        for row in rows:
            if len(table) == capacity and not inside:
                table = [_joined(table[i], table[i + 1]) for i in range(0, capacity, 2)]
                stride *= 2
            if inside:
                table[-1] = _joined(table[-1], row)
            else:
                table.append(row.copy())
            inside = (inside + 1) % stride
    return np.array(table).reshape(-1, rows.shape[1]), stride


def _joined(one: Array, other: Array) -> Array:
    return np.concatenate([one[:3] + other[:3], np.maximum(one[3:], other[3:])])


def whole(log: FlightLog) -> Array:
    """All rows of the log, column by column."""
    columns = [log.series(name) for name in SUMS]
    columns += [log.series(name, layer) for name in MAXIMA for layer in range(1, L + 1)]
    return np.stack(columns, axis=1)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 5).map(lambda half: 2 * half),
    st.lists(st.integers(0, 40), max_size=30),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.02, 0.3]),
)
def test_the_log_is_that_of_the_batches_whatever_the_portions(
    capacity: int, portions: list[int], seed: int, odd: float
) -> None:
    """Bit for bit, merged or not, with portions that begin anywhere in what is known already."""
    rng = np.random.default_rng(seed)
    rows = drawn(seed, sum(portions), odd)
    log = small(capacity)
    for n in portions:
        first = log.filled - int(rng.integers(0, log.filled + 1)) // 3
        log.write(first, rows[first : log.filled + n])
    assert log.filled == len(rows)
    want, stride = model(rows, capacity)
    assert log.stride == stride
    np.testing.assert_array_equal(whole(log), want)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(log.mean_costs(), want[:, 0] / want[:, 1])
    bad = {name: np.flatnonzero(~np.isfinite(rows[:, log.columns[name]]).all(axis=1)) for name in ("cost", "grad")}
    firsts = {name: int(at[0]) if at.size else None for name, at in bad.items()}
    assert {name: log.first_not_finite(name) for name in bad} == firsts
    assert log.first_not_finite() == min((at for at in firsts.values() if at is not None), default=None)


def test_the_row_of_a_batch() -> None:
    log, rows = small(8), drawn(1, 21)
    log.write(0, rows)
    assert log.stride == 4
    for batch in range(21):
        row, first = log.at(batch), batch - batch % 4
        assert (row.first, row.count) == (first, min(4, 21 - first))
        span = rows[first : first + row.count]
        assert row.cost == pytest.approx(span[:, 0].sum())
        assert (row.samples, row.correct) == (span[:, 1].sum(), span[:, 2].sum())
        for name in MAXIMA:
            np.testing.assert_array_equal(getattr(row, name), span[:, log.columns[name]].max(axis=0))
    for batch in (-1, 21):
        with pytest.raises(IndexError):
            log.at(batch)


def test_columns_have_names() -> None:
    log = FlightLog(3)
    assert [log.columns[name] for name in SUMS] == [slice(0, 1), slice(1, 2), slice(2, 3)]
    row = np.zeros((1, 15))
    for number, name in enumerate(MAXIMA):
        row[:, log.columns[name]] = [10 * number + layer for layer in (1, 2, 3)]
    assert row[0, 3:].tolist() == [1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33]
    log.write(0, row)
    assert [log.series("dead", layer).tolist() for layer in (1, 2, 3)] == [[21], [22], [23]]
    assert log.at(0).ratio.tolist() == [11, 12, 13]


def test_what_is_written_is_copied() -> None:
    log, rows = small(4), drawn(2, 11)
    kept = rows.copy()
    for n in range(11):
        log.write(n, rows[n : n + 1])
        rows[n] = -7.0
    np.testing.assert_array_equal(whole(log), model(kept, 4)[0])


def test_an_empty_log() -> None:
    log = FlightLog(1)
    log.write(0, np.empty((0, 7)))
    assert (log.filled, log.stride, log.first_not_finite(), len(log.mean_costs())) == (0, 1, None, 0)


def test_a_gap_is_an_error_of_the_program() -> None:
    log = FlightLog(L)
    log.write(0, drawn(0, 3))
    with pytest.raises(AssertionError, match="gap"):
        log.write(4, drawn(0, 1))
    assert log.filled == 3


def test_an_hour_of_batches_stays_within_its_budget() -> None:
    log = FlightLog(2)
    rows = drawn(3, 10**6)
    for n in range(4):
        log.write(n * 10**6, rows)
    assert log.filled == 4 * 10**6
    assert log._state.matrix.nbytes <= 6 * 2**20
    assert log.series("samples").sum() == 4 * rows[:, 1].sum()
    assert log.series("cost").sum() == pytest.approx(4 * rows[:, 0].sum())
    assert log.series("grad", 2).max() == rows[:, 4].max()
    assert len(log.mean_costs()) == -(-log.filled // log.stride)


def test_epochs_are_merged_in_pairs() -> None:
    log, rows = EpochLog(2 * 24 * 4), drawn(4, 50)[:, :3]
    for epoch, row in enumerate(rows):
        log.write(epoch, row[None])
        log.write(epoch, -row[None])
        want, stride = model(rows[: epoch + 1], 4)
        assert (log.filled, log.stride) == (epoch + 1, stride)
        found = log.row(epoch)
        assert (found.first, found.count) == (epoch - epoch % stride, epoch % stride + 1)
        assert (found.cost, found.samples, found.correct) == tuple(want[epoch // stride])
    assert EpochLog()._state.matrix.nbytes <= 2 * 2**20


@pytest.mark.parametrize("before", [0, 3, 4, 7, 8, 9, 15, 16, 17])
def test_an_interrupt_anywhere_loses_nothing_and_counts_nothing_twice(before: int) -> None:
    """Merges of rows, unfinished rows and the first bad batch, broken off at every bytecode and then done again."""
    rows = drawn(5, before + 6)
    rows[before + 1, 3] = np.inf
    rows[before + 2, 0] = np.nan
    struck, after = True, 0
    while struck:
        log = small(4)
        log.write(0, rows[:before])
        struck = broken_off("flight_log.py", partial(log.write, before, rows[before:]), after)
        after += 1
        assert log.filled in range(before, before + 7)
        want, stride = model(rows[: log.filled], 4)
        # Rows are merged when there is one more to write: the model does so later if that never came to pass.
        if log.stride == stride:
            np.testing.assert_array_equal(whole(log), want)
        assert log.first_not_finite() == (before + 1 if log.filled > before + 1 else None)
        log.write(before, rows[before:])
        np.testing.assert_array_equal(whole(log), model(rows, 4)[0])
        assert (log.first_not_finite("grad"), log.first_not_finite("cost")) == (before + 1, before + 2)
    assert after > 100
