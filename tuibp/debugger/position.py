"""t <-> (epoch, batch, sample, operation): arithmetic, never a search.

`t` counts executed operations; the program counter is operation t, the NEXT to run, as in gdb. Positions run from 0
to T; at T nothing is left to run. A boundary is the place before an operation (and T); its level says how deep it
lies. Design: machine.md sections 1 and 3.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from tuibp.engine.operations import Level
from tuibp.engine.program import Op, Program


@dataclass(frozen=True, slots=True)
class Position:
    """A decoded position."""

    t: int
    epoch: int
    """The epoch whose operation is next; at T the number of epochs."""
    batch: int | None
    """None at `shuffle`, `end` and T."""
    sample: int | None
    """None outside a sample."""
    index: int
    """Index of the operation among those of its sample; -1 outside a sample."""
    op: Op | None
    """The next operation; None at T."""

    @property
    def level(self) -> Level:
        """Level of the boundary at this position."""
        return Level.RUN if self.op is None else self.op.level

    @property
    def name(self) -> str:
        """Such as e2.b17.s4.bwd1.dW, e0.shuffle, e0.b3.grad; "end" at T."""
        if self.op is None:
            return "end"
        batch = "" if self.batch is None else f".b{self.batch}"
        sample = "" if self.sample is None else f".s{self.sample}"
        return f"e{self.epoch}{batch}{sample}.{self.op.name}"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that holds a position: operations `start` <= t < `stop`."""

    level: Level
    start: int
    stop: int
    label: str
    """Such as "epoch 2", "sample 4 of batch 17", "bwd 1"."""


class Clock:
    """The closed-form clock of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.total = program.total
        self._sample = program.ops_per_sample
        self._epoch = program.ops_per_epoch
        self._batch = program.m * self._sample + 3

    def at(self, t: int) -> Position:
        """Decode a position, 0 <= t <= T."""
        program = self.program
        if t >= self.total:
            return Position(self.total, program.epochs, None, None, -1, None)
        epoch, rest = divmod(t, self._epoch)
        if rest == 0:
            return Position(t, epoch, None, None, -1, program.shuffle)
        if rest == self._epoch - 1:
            return Position(t, epoch, None, None, -1, program.end)
        batch, rest = divmod(rest - 1, self._batch)
        if rest == 0:
            return Position(t, epoch, batch, None, -1, program.begin)
        sample, index = divmod(rest - 1, self._sample)
        if sample == program.batch_size(batch):
            return Position(t, epoch, batch, None, -1, program.update if index else program.grad)
        return Position(t, epoch, batch, sample, index, program.sample_ops[index])

    def begun(self, t: int) -> tuple[int, int]:
        """The global batch whose values are visible at t, the last one begun, or -1 before the first; and how many
        operations of the program's `batch_ops` its first sample has seen. Asked at every movement, so quick.
        """
        program = self.program
        K, full = program.K, self._sample + 3
        if t >= self.total:
            return program.epochs * K - 1, full
        epoch, rest = divmod(t, self._epoch)
        if rest == 0:
            return epoch * K - 1, full
        if rest == self._epoch - 1:
            return epoch * K + K - 1, full
        batch, rest = divmod(rest - 1, self._batch)
        if rest == 0:
            return epoch * K + batch - 1, full
        if rest <= self._sample:
            return epoch * K + batch, rest
        updating = rest == 2 + program.batch_size(batch) * self._sample
        return epoch * K + batch, full - 1 if updating else full - 2

    def epoch_start(self, epoch: int) -> int:
        """The position of an epoch's `shuffle`; of T for epoch E."""
        return epoch * self._epoch

    def batch_start(self, epoch: int, batch: int) -> int:
        """The position of a batch's `begin`; batch K gives the epoch's `end`."""
        at = batch * self._batch
        if batch >= self.program.K:
            at = self._epoch - 2
        return epoch * self._epoch + 1 + at

    def sample_start(self, epoch: int, batch: int, sample: int) -> int:
        """The position of a sample's `load`; sample m gives the batch's `grad`."""
        return self.batch_start(epoch, batch) + 1 + sample * self._sample

    @cached_property
    def _indices(self) -> dict[Level, list[int]]:
        """For each level, the indices of the sample's operations that have a boundary of that level or a higher one."""
        ops = self.program.sample_ops
        return {level: [i for i, op in enumerate(ops) if op.level >= level] for level in Level}

    def _counts(self, level: Level) -> tuple[int, int, int, int, int]:
        """Boundaries of at least `level`: at `shuffle`, at `end`, in a batch's own operations, a sample, an epoch."""
        shuffle, end = int(level <= Level.EPOCH), int(level <= Level.BATCH)
        batch = 3 if level <= Level.SAMPLE else end
        sample = len(self._indices[level])
        return shuffle, end, batch, sample, shuffle + end + self.program.K * batch + self.program.N * sample

    def rank(self, t: int, level: Level) -> int:
        """How many boundaries of at least `level` lie before position t; T itself is one, of every level."""
        if t > self.total:
            return self.rank(self.total, level) + 1
        shuffle, end, batch_own, sample_own, per_epoch = self._counts(level)
        epoch, rest = divmod(t, self._epoch)
        count = epoch * per_epoch
        if rest == 0 or per_epoch == 0:
            return count
        if rest == self._epoch - 1:
            return count + per_epoch - end
        count += shuffle
        batch, rest = divmod(rest - 1, self._batch)
        count += batch * (batch_own + self.program.m * sample_own)
        if rest == 0:
            return count
        sample, index = divmod(rest - 1, self._sample)
        count += min(batch_own, 1)
        m = self.program.batch_size(batch)
        if sample >= m:
            return count + m * sample_own + (index if batch_own == 3 else 0)
        return count + sample * sample_own + bisect_left(self._indices[level], index)

    def select(self, rank: int, level: Level) -> int:
        """The boundary of at least `level` that has `rank` such boundaries before it; 0 and T beyond the ends."""
        shuffle, end, batch_own, sample_own, per_epoch = self._counts(level)
        if rank < 0:
            return 0
        if per_epoch == 0 or rank >= self.program.epochs * per_epoch:
            return self.total
        epoch, rank = divmod(rank, per_epoch)
        start = epoch * self._epoch
        if rank < shuffle:
            return start
        if rank >= per_epoch - end:
            return start + self._epoch - 1
        rank -= shuffle
        batch, rank = divmod(rank, batch_own + self.program.m * sample_own)
        start += 1 + batch * self._batch
        if rank == 0:
            return start
        rank -= 1
        m = self.program.batch_size(batch)
        if sample_own and rank < m * sample_own:
            sample, index = divmod(rank, sample_own)
            return start + 1 + sample * self._sample + self._indices[level][index]
        return start + 1 + m * self._sample + (rank - m * sample_own)

    def move(self, t: int, direction: int, level: Level, count: int = 1) -> int:
        """The one primitive of movement.

        Args:
            direction: +1 to the next boundary of at least `level`, -1 to the previous one.
            count: how many times, at least 1.

        Returns:
            A position in 0..T; the ends stop every movement.
        """
        if direction > 0:
            return self.select(self.rank(t + 1, level) + count - 1, level)
        return self.select(self.rank(t, level) - count, level)

    def move_batches(self, t: int, direction: int, count: int = 1) -> int:
        """Go to where a batch has ended: before the `begin` of the next, or the `end` of the epoch. By levels there
        would be two more places between two epochs, and `count` of them would be no number of batches.

        Args:
            direction: +1 to the end of the batch that is next or under way, -1 to the end of the one before.
            count: how many batches, at least 1.

        Returns:
            A position in 0..T; the ends stop every movement.
        """
        owner, executed = self.begun(t)
        ended = owner + (executed == self._sample + 3)
        if direction > 0:
            return (
                max(t, self._batch_end(ended + count)) if ended < self.program.epochs * self.program.K else self.total
            )
        return self._batch_end(ended - count + (t > self._batch_end(ended)))

    def _batch_end(self, batches: int) -> int:
        """The position where so many batches have ended: 0 for none, T for more than there are."""
        epoch, batch = divmod(batches - 1, self.program.K)
        if epoch < 0:
            return 0
        return self.batch_start(epoch, batch + 1) if epoch < self.program.epochs else self.total

    def frames(self, t: int) -> tuple[Frame, ...]:
        """The frames that hold position t, innermost first; at T only the run."""
        place = self.at(t)
        frames = [Frame(Level.RUN, 0, self.total, "run")]
        if place.op is None:
            return tuple(frames)
        epoch = self.epoch_start(place.epoch)
        frames.append(Frame(Level.EPOCH, epoch, epoch + self._epoch, f"epoch {place.epoch}"))
        if place.batch is not None:
            bounds = (self.batch_start(place.epoch, place.batch), self.batch_start(place.epoch, place.batch + 1))
            frames.append(Frame(Level.BATCH, *bounds, f"batch {place.batch}"))
        if place.sample is not None:
            start = t - place.index
            frames.append(Frame(Level.SAMPLE, start, start + self._sample, f"sample {place.sample}"))
        if place.op.direction:
            for level, label in (
                (Level.PASS, f"{place.op.direction} pass"),
                (Level.LAYER, f"{place.op.direction} {place.op.layer}"),
            ):
                first = self.move(t + 1, -1, level)
                frames.append(Frame(level, first, self.move(t, +1, level), label))
        return tuple(reversed(frames))
