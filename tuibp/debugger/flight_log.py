"""The flight log: a few scalars of every batch and of every epoch, for ever and in bounded memory.

The curve, the summary of a run and the search for what broke read them without replay. A log that is full merges its
rows in pairs: a row then stands for `stride` batches. What it says depends on how far it is filled and on nothing else,
whatever the portions in which it was written. The numbers are not computed here.

A KeyboardInterrupt may strike between any two bytecodes, so a log's state is one value, replaced by one assignment:
what has been written behind `filled` is not seen, and writing it again writes the same.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.quiet import quiet
from tuibp.errors import InputError

BATCH_BUDGET = 12 * 2**20
"""Bytes for the rows of batches."""
EPOCH_BUDGET = 4 * 2**20
"""Bytes for the rows of epochs."""
SUMS = ("cost", "samples", "correct")
"""Of every batch: sums over the samples, which add up where rows are merged. `correct` is negative where targets are
no labels.
"""
MAXIMA = ("grad", "ratio", "dead", "saturated")
"""The gauges, each L numbers, layer 1 first: norm of the gradient, norm of the update over that of the parameters,
shares of dead and of saturated units, 0..1. Where rows are merged the largest stays; nan is larger than all.
"""


@dataclass(frozen=True, slots=True)
class EpochRow:
    """A row of epochs."""

    first: int
    count: int
    """Epochs first .. first+count-1."""
    cost: float
    samples: int
    correct: int
    """Negative where targets are no labels."""


@dataclass(frozen=True, eq=False, slots=True)
class BatchRow:
    """A row of batches, by the names of `SUMS` and `MAXIMA`."""

    first: int
    count: int
    """Global batches first .. first+count-1."""
    cost: float
    samples: int
    correct: int
    grad: Array
    """(L,) this and the following, of layers 1..L: the gauges."""
    ratio: Array
    dead: Array
    saturated: Array


class LogRows(NamedTuple):
    """All rows of a log, to be put away and taken up again."""

    stride: int
    filled: int
    rows: Array
    """(ceil(filled / stride), width), the last of which may stand for fewer than `stride` items."""


class _State(NamedTuple):
    matrix: Array
    """(capacity, width) of which the first filled // stride rows are whole."""
    stride: int
    filled: int
    tail: Array | None
    """(width,) the row of the last filled % stride items; None where that is 0."""


class _Rows:
    """Rows of numbers, written in order."""

    def __init__(self, width: int, budget: int, merge: np.ufunc) -> None:
        """
        Args:
            width: numbers of a row.
            budget: bytes that rows may take.
            merge: how rows become one: np.add or np.maximum.
        """
        # Half of the budget, because a merge needs a second matrix beside the first. Memory that is never written to is
        # never taken, so neither has to grow.
        capacity = max(2, budget // 2 // (8 * width)) & ~1
        self._merge_by = merge
        self._quiet = quiet()
        self._state = _State(np.empty((capacity, width)), 1, 0, None)

    @property
    def filled(self) -> int:
        """Items 0 .. filled-1 are in the log."""
        return self._state.filled

    @property
    def stride(self) -> int:
        """Items that a row stands for; the last one may stand for fewer."""
        return self._state.stride

    def write(self, first: int, rows: Array) -> None:
        """Write items first .. first+n-1, first <= filled.

        An item always has the same row, so those already in the log are skipped.

        Args:
            rows: (n, width), float64.
        """
        assert first <= self.filled, f"the log is filled to {self.filled}: {first} would leave a gap"
        rows = rows[self.filled - first :]
        while len(rows):
            matrix, stride, filled, _ = self._state
            room = len(matrix) * stride - filled
            part, rows = rows[:room], rows[room:]
            if not room:
                self._merge()
            elif stride > 1:
                self._append(part)
            else:
                matrix[filled : filled + len(part)] = part
                self._state = _State(matrix, 1, filled + len(part), None)

    def _append(self, rows: Array) -> None:
        """Write rows for which there is room, `stride` of them to one."""
        matrix, stride, filled, tail = self._state
        stop = filled + len(rows)
        at = filled // stride
        if tail is not None:
            missing = stride - filled % stride
            head, rows = rows[:missing], rows[missing:]
            tail = self._merged(np.concatenate((tail[None], head)))
            if stop < (at + 1) * stride:
                self._state = _State(matrix, stride, stop, tail)
                return
            matrix[at] = tail
            at += 1
        count = len(rows) // stride
        whole, rest = rows[: count * stride], rows[count * stride :]
        if count:
            self._merge_groups(whole.reshape(count, stride, -1), matrix[at : at + count])
        self._state = _State(matrix, stride, stop, self._merged(rest) if len(rest) else None)

    def put_away(self) -> LogRows:
        """All rows, copied."""
        _, stride, filled, _ = state = self._state
        return LogRows(stride, filled, self._columns_of(state, slice(None)))

    def take_up(self, log: LogRows) -> None:
        """Take over rows that have been put away.

        Raises:
            InputError: they are none of a log of this width.
        """
        matrix, (stride, filled, rows) = np.empty_like(self._state.matrix), log
        whole, power = filled // stride, stride > 0 and stride & (stride - 1) == 0
        if not power or rows.shape != (-(-filled // stride), matrix.shape[1]) or len(rows) > len(matrix):
            raise InputError("the rows of a log do not fit the network", hint="the session was not saved by this tuibp")
        matrix[:whole] = rows[:whole]
        self._state = _State(matrix, stride, filled, rows[whole].copy() if filled % stride else None)

    def _begin_with(self, other: _Rows, items: int) -> None:
        """Take over the first items, a multiple of its stride, of another log."""
        matrix, stride, _, _ = other._state
        assert items % stride == 0
        mine, count = np.empty_like(matrix), items // stride
        mine[:count] = matrix[:count]
        self._state = _State(mine, stride, items, None)

    def _merge_groups(self, groups: Array, out: Array) -> None:
        """Make one row of every group.

        Args:
            groups: (k, n, width), n > 0.
            out: (k, width).
        """
        # Along axis 1 a reduction goes row by row, so that portions do not matter to the last bit.
        self._quiet.run(self._merge_by.reduce, groups, 1, None, out)

    def _merged(self, rows: Array) -> Array:
        """(width,) one row made of rows (n, width), n > 0."""
        out = np.empty((1, rows.shape[1]))
        self._merge_groups(rows[None], out)
        row: Array = out[0]
        return row

    def _merge(self) -> None:
        """Merge neighbours, when all rows are whole."""
        matrix, stride, filled, _ = self._state
        half, merged = len(matrix) // 2, np.empty_like(matrix)
        self._merge_groups(matrix.reshape(half, 2, -1), merged[:half])
        self._state = _State(merged, 2 * stride, filled, None)

    def _row(self, item: int) -> tuple[int, int, Array]:
        """The row of an item: its first item, how many it stands for, and its numbers, to be read only.

        Raises:
            IndexError: the item is not in the log.
        """
        matrix, stride, filled, tail = self._state
        if not 0 <= item < filled:
            raise IndexError(f"{item} is not in the log, which is filled to {filled}")
        at = item // stride
        whole = at < filled // stride
        assert whole or tail is not None
        return at * stride, min(stride, filled - at * stride), matrix[at] if whole or tail is None else tail

    def _columns(self, columns: slice) -> Array:
        """(rows, n) some numbers of every row, as they stood at one moment: a run may be writing meanwhile."""
        return self._columns_of(self._state, columns)

    @staticmethod
    def _columns_of(state: _State, columns: slice) -> Array:
        matrix, stride, filled, tail = state
        whole = matrix[: filled // stride, columns]
        return whole.copy() if tail is None else np.concatenate([whole, tail[None, columns]])


class FlightLog(_Rows):
    """The rows of batches: cost, samples and correct of each, and the gauges of one batch in `period`."""

    def __init__(self, layers: int, period: int = 1, budget: int = BATCH_BUDGET) -> None:
        """
        Args:
            layers: L.
            period: batches of which the first has gauges.
            budget: bytes that rows may take, half of them for gauges.
        """
        super().__init__(len(SUMS), budget // 2, np.add)
        self.period = period
        self._layers = layers
        self._gauges = _Rows(len(MAXIMA) * layers, budget // 2, np.maximum)
        self._bad: int | None = None
        """The first batch whose cost is nan or infinite, found before the batch is in the log."""

    def write(self, first: int, rows: Array) -> None:
        """Write global batches first .. first+n-1, first <= filled; those already in the log are skipped.

        Args:
            rows: (n, 3), float64, as `SUMS` says.
        """
        if self._bad is None:
            costs = rows[:, 0]
            # One sum asks for all of them; only where it is not finite are they looked at one by one.
            if not math.isfinite(self._quiet.run(np.add.reduce, costs)):
                finite = np.isfinite(costs)
                if not finite.all():
                    self._bad = first + int(finite.argmin())
        super().write(first, rows)

    def gauge(self, first: int, rows: Array) -> None:
        """Write the gauges of batches first, first + period, ...

        Args:
            rows: (n, 4 L), float64, as `MAXIMA` says.
        """
        self._gauges.write(first // self.period, rows)

    @property
    def gauged(self) -> int:
        """Gauges are in the log of the batches before this one of which one is taken."""
        return self._gauges.filled * self.period

    def begin_with(self, other: FlightLog, batches: int) -> None:
        """Take over batches 0 .. batches-1, which `other.whole` says, of the log of another timeline. Where that has
        merged more rows than a log filled so far would have, sums of later rows are added up in another order.
        """
        self._gauges._begin_with(other._gauges, -(-batches // self.period))
        self._bad = other._bad if other._bad is not None and other._bad < batches else None
        self._begin_with(other, batches)

    def as_it_stands(self) -> FlightLog:
        """The log as it is now, to be read only, whatever is written to it from now on."""
        frozen = copy.copy(self)
        frozen._gauges = copy.copy(self._gauges)  # never behind the rows, as gauges are written first
        return frozen

    def whole(self, batches: int) -> int:
        """How many of the first `batches` batches end with a row and with a row of gauges: a row that reaches beyond
        has no part that is known.
        """
        gauges = self._gauges.stride
        unit = max(self.stride, self.period * gauges if gauges > 1 else 1)
        return batches - batches % unit

    @property
    def gauges(self) -> _Rows:
        """The rows of gauges, to be put away and taken up with those of the batches."""
        return self._gauges

    def bad_is(self, batch: int | None) -> None:
        """Which batch is the first whose cost is nan or infinite, in a log that has been taken up."""
        self._bad = batch

    def first_not_finite(self) -> int | None:
        """The first global batch whose cost is nan or infinite; None where all are finite."""
        return self._bad if self._bad is not None and self._bad < self.filled else None

    def mean_costs(self) -> Array:
        """(rows,) mean cost per sample of every row."""
        cost, samples = self._columns(slice(0, 2)).T
        with np.errstate(all="ignore"):
            mean: Array = cost / samples
        return mean

    def series(self, name: str, layer: int = 1) -> Array:
        """(rows,) one quantity: of every row of batches, or of every row of gauges.

        Args:
            name: one of `SUMS` or `MAXIMA`.
            layer: 1..L; for `SUMS` it means nothing.
        """
        if name in SUMS:
            return self._columns(slice(SUMS.index(name), SUMS.index(name) + 1))[:, 0]
        at = MAXIMA.index(name) * self._layers + layer - 1
        return self._gauges._columns(slice(at, at + 1))[:, 0]

    @property
    def gauge_stride(self) -> int:
        """Batches that a row of gauges stands for."""
        return self.period * self._gauges.stride

    def at(self, batch: int) -> BatchRow:
        """The row of a global batch, with the gauges of the last batch before or at it that has any.

        Raises:
            IndexError: the batch is not in the log.
        """
        first, count, numbers = self._row(batch)
        cost, samples, correct = numbers.tolist()
        _, _, gauges = self._gauges._row(batch // self.period)
        return BatchRow(first, count, cost, int(samples), int(correct), *gauges.reshape(len(MAXIMA), self._layers))


class EpochLog(_Rows):
    """The rows of all finished epochs."""

    def __init__(self, budget: int = EPOCH_BUDGET) -> None:
        """
        Args:
            budget: bytes that rows may take.
        """
        super().__init__(len(SUMS), budget, np.add)

    def begin_with(self, other: EpochLog, epochs: int) -> None:
        """Take over epochs 0 .. epochs-1, a multiple of its stride, of the log of another timeline."""
        self._begin_with(other, epochs)

    def row(self, epoch: int) -> EpochRow:
        """The row of an epoch.

        Raises:
            IndexError: the epoch is not in the log.
        """
        first, count, numbers = self._row(epoch)
        cost, samples, correct = numbers.tolist()
        return EpochRow(first, count, cost, int(samples), int(correct))
