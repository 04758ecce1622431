"""The head: the one state that runs, many batches at a time, and what it leaves behind of each.

It runs forward at full speed, may be put back on any state that is known, and runs the same batches again with the
same bits. What it passes for the first time goes to the flight log; keyframes are taken as their stride asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tuibp.debugger.branch import Branch, Frames, Origin
from tuibp.debugger.flight_log import EpochLog, FlightLog
from tuibp.debugger.gauges import Gauges
from tuibp.debugger.history import Keyframes, Spill
from tuibp.debugger.record import Record, Spent
from tuibp.engine.arrays import Array, IntArray, aligned_empty
from tuibp.engine.dataset import Orders, epochs_of_a_draw
from tuibp.engine.metrics import Judge, judge_of
from tuibp.engine.pace import first_stride, gauge_period, slots_of_a_run
from tuibp.engine.program import Program
from tuibp.engine.quiet import quiet
from tuibp.engine.state import State
from tuibp.engine.straight import Runner

if TYPE_CHECKING:
    from tuibp.debugger.probing import Armed

_TORN = -1
LONG = 10_000_000
"""Products of the largest operation of a batch from which on a run pauses within the batch."""


class Head:
    """One state of a run, somewhere on it."""

    def __init__(self, program: Program, budget: int, spill: Spill | None, origin: Origin | None = None) -> None:
        """
        Args:
            budget: bytes of keyframes in memory.
            spill: where keyframes go when that is used up.
            origin: where the timeline begins; None for the start of its recipe.
        """
        recipe = program.recipe
        self.program = program
        origin = origin or Origin(State.initial(recipe))
        self.state = origin.initial
        self.at = 0
        """The batch at whose beginning `state` stands; `_TORN` while it is being written, so that an interrupt there
        (ctrl+c in somebody's Python) costs a replay and never a wrong number.
        """
        self.spent = Spent()
        """Of the epoch of batch `at`, before that batch."""
        self.log = FlightLog(program.L, gauge_period(program))
        self.epochs = EpochLog()
        origin.fill(self.log, self.epochs, program.K)
        self.judge: Judge | None = judge_of(recipe.train.y)
        stride = first_stride(program)
        self.keyframes: Frames = (
            Keyframes(self.state.block, budget, stride, spill)
            if origin.parent is None
            else Branch(origin.parent, origin, budget, stride)
        )
        self._quiet = quiet()
        self._table: Array = np.empty((0, 3))
        """(n, 3) what the epochs had come to with each batch of the last stretch: cost, samples, correct."""
        widest = max(one * other for one, other in pairwise(recipe.network.sizes))
        self._pauses = program.m * widest > LONG
        self._most = slots_of_a_run(program, self._pauses)
        self._runners: dict[int, tuple[Runner, Gauges]] = {}
        """By the samples of a batch, those of `program`."""
        self._runners_of = {program: self._runners}
        self._orders = Orders(recipe.plan.seed, program.N, recipe.plan.shuffle)
        self._draws: OrderedDict[int, IntArray] = OrderedDict()
        between = max(1, self._most // self.keyframes.stride)
        self._frames = aligned_empty((between, *self.state.block.shape), recipe.network.dtype)
        """Keyframes within a stretch, until it is known what its batches have come to."""

    def pause_more_often(self) -> None:
        """Run half as many batches before a pause; what is left behind is the same."""
        self._most = max(1, self._most // 2)

    def use(self, program: Program) -> None:
        """Run on with a program that differs in nothing but the learning rate."""
        self._runners = self._runners_of.setdefault(program, {})
        self.program = program

    def order(self, epoch: int) -> IntArray:
        """(N,) the order in which epoch `epoch` meets the samples."""
        draw, row = divmod(epoch, epochs_of_a_draw(self.program.N))
        order: IntArray = self._draw(draw)[row]
        return order

    def _draw(self, draw: int) -> IntArray:
        found = self._draws.get(draw)
        if found is None:
            found = self._draws[draw] = self._orders.draw(draw)
            while len(self._draws) > 2:
                self._draws.popitem(last=False)
        return found

    def samples(self, batch: int, count: int) -> IntArray:
        """(count, m) the samples of as many batches as `equal` allows."""
        program = self.program
        epoch, k = divmod(batch, program.K)
        draw, row = divmod(epoch, epochs_of_a_draw(program.N))
        m = program.batch_size(k)
        first, wanted = row * program.N + k * program.m, count * m
        parts = [self._draw(draw).reshape(-1)[first : first + wanted]]
        wanted -= parts[0].size
        while wanted:
            draw += 1
            parts.append(self._draw(draw).reshape(-1)[:wanted])
            wanted -= parts[-1].size
        return (parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(count, m)

    def equal(self, batch: int) -> int:
        """How many batches from `batch` on are equally large, within its epoch if it ends with a smaller one."""
        program = self.program
        epoch, k = divmod(batch, program.K)
        if program.N % program.m:
            return max(1, program.K - 1 - k)
        return (program.epochs - epoch) * program.K - k

    def put(self, batch: int, block: Array, spent: Spent) -> None:
        """Stand at the beginning of `batch`, where the state is `block` and the epoch has come to `spent`."""
        self.at = _TORN
        np.copyto(self.state.block, block)
        self.spent = spent
        self.at = batch
        self.keyframes.offer(batch, block, spent)

    def back_up(self, batch: int) -> None:
        """Stand at or before `batch`: on the last keyframe there, unless the head stands between the two."""
        # A fork may know states that lie behind what it could take over of its parent's log, which has no gaps.
        at, block, spent = self.keyframes.nearest(min(batch, self.log.filled))
        if not at <= self.at <= batch:
            self.put(at, block, Spent(*spent))

    def run_to(self, batch: int) -> Iterator[tuple[int, int]]:
        """Run to the beginning of `batch`, which lies ahead.

        Yields:
            (batches run, batches to run) every few milliseconds, or within a batch where one takes long.
        """
        first, total = self.at, batch - self.at
        while self.at < batch:
            yield from self._run_some(batch, (self.at - first, total))
            yield self.at - first, total

    def watch_to(self, batch: int, armed: Armed) -> Iterator[tuple[int, int]]:
        """The same; of every stretch, what is asked for is put aside, and can be had until the next one runs."""
        first, total = self.at, batch - self.at
        while self.at < batch:
            at, spent = self.at, self.spent
            yield from self._run_some(batch, (at - first, total), armed)
            m = self.program.batch_size(at % self.program.K)
            armed.take(at, self.at - at, self._runner(m)[0].slots, self._table, spent)
            yield self.at - first, total

    def _run_some(self, batch: int, progress: tuple[int, int], armed: Armed | None = None) -> Iterator[tuple[int, int]]:
        """A stretch of batches, no further than to `batch`, in place; only updates touch the state."""
        at = self.at
        m = self.program.batch_size(at % self.program.K)
        runner, gauges = self._runner(m)
        count = min(batch - at, self.equal(at), self._most - at % self._most)
        if armed is None:
            runner.arm(None, runner.slots.count)
        else:
            most = min(runner.slots.count, armed.most(m))
            count = min(count, most)
            runner.arm(armed.probe(m, most), most)
        if self._pauses:
            count = min(count, self.keyframes.next_due(at) - at)
            runner.load(self.samples(at, count), at)
            yield from self._run_slowly(runner, gauges, at, count, progress)
        else:
            runner.load(self.samples(at, count), at)
            self.at = _TORN
            self._settle(at, count, gauges, self._quiet.run(self._run_fast, runner, at, count))

    def _settle(self, at: int, count: int, gauges: Gauges, frames: Sequence[tuple[int, Array]] = ()) -> None:
        """Stand behind `count` batches that have been run from `at` on.

        Args:
            frames: (batch, state) of the keyframes that were due within.
        """
        self._table = table = self._quiet.run(self._book, at, count, gauges, self.spent)
        for due, block in frames:
            self.keyframes.offer(due, block, self._spent(table, due, at))
        self.spent = self._spent(table, at + count, at)
        self.at = at + count
        self.keyframes.offer(self.at, self.state.block, self.spent)

    def _run_fast(self, runner: Runner, at: int, count: int) -> list[tuple[int, Array]]:
        """All loaded batches; returns the keyframes that were due within."""
        frames: list[tuple[int, Array]] = []
        done = 0
        while done < count:
            stop = min(count, self.keyframes.next_due(at + done) - at)
            runner.run(done, stop)
            done = stop
            if done < count:
                frame = self._frames[len(frames)]
                np.copyto(frame, self.state.block)
                frames.append((at + done, frame))
        return frames

    def _run_slowly(
        self, runner: Runner, gauges: Gauges, at: int, count: int, progress: tuple[int, int]
    ) -> Iterator[tuple[int, int]]:
        """All loaded batches, operation by operation. Where that is broken off, those that are whole have been run; one
        without its update, the last of its operations, has never been.
        """
        done, whole = 0, True
        try:
            while done < count:
                *others, update = runner.operations(done)
                for operation in others:
                    self._quiet.run(operation)
                    yield progress[0] + done, progress[1]
                self.at, whole = _TORN, False
                self._quiet.run(update)
                done, whole = done + 1, True
        finally:
            if done and whole:
                self._settle(at, done, gauges)

    def _runner(self, m: int) -> tuple[Runner, Gauges]:
        found = self._runners.get(m)
        if found is None:
            count = self._most if m == self.program.m else 1
            runner = Runner(self.program, m, count, self.state)
            found = self._runners[m] = runner, Gauges(runner.slots, self.judge)
        return found

    def _book(self, at: int, count: int, gauges: Gauges, before: Spent) -> Array:
        """Enter the batches from `at` on in the logs.

        Returns:
            (count, 3) what their epochs have come to with each of them: cost, samples, correct.
        """
        K = self.program.K
        rows = np.empty((count, 3))
        rows[:, 0] = gauges.costs(count)
        rows[:, 1] = gauges.m
        rows[:, 2] = gauges.correct(count)
        table = accumulate(rows, at % K, K, before)
        if at + count <= self.log.filled:
            return table
        ends = table[K - 1 - at % K :: K]
        if len(ends):
            self.epochs.write(at // K, ends)
        gauged = range(-at % self.log.period, count, self.log.period)
        if gauged and at + count > self.log.gauged:
            self.log.gauge(at + gauged.start, gauges.layers(len(gauged)))
        # Last, so that what an interrupt has kept from being entered is not taken for entered.
        self.log.write(at, rows)
        return table

    def _spent(self, table: Array, batch: int, at: int) -> Spent:
        """Of the epoch of `batch` before it, from the table of the batches from `at` on."""
        if batch % self.program.K == 0:
            return Spent()
        return Spent.of(table[batch - 1 - at])

    def enter(self, record: Record) -> None:
        """Enter a record that has been computed whole, if the log has not got its batch yet."""
        if record.batch == self.log.filled:
            assert record.ws.slots.count == 1, "a stretch of records lies where the log is filled already"
            self._quiet.run(self._book, record.batch, 1, record.gauges(self.judge), record.spent)

    def after(self, record: Record) -> Spent:
        """What the epoch has come to with a record that has been computed whole: what the next batch begins with."""
        if (record.batch + 1) % self.program.K == 0:
            return Spent()
        return record.spent_with(self.judge)


def accumulate(rows: Array, k: int, K: int, before: Spent) -> Array:
    """(n, 3) running sums of rows (n, 3) of batches, from batch k of an epoch of K on; an epoch starts at 0, the first
    at `before`. One batch is added after the other, so that it does not matter where a run has paused.
    """
    count = len(rows)
    if k + count <= K:
        chain = np.empty((count + 1, 3))
        chain[0], chain[1:] = before, rows
        whole: Array = np.add.accumulate(chain, 0)[1:]
        return whole
    grid = np.zeros((-(-(k + count) // K) * K, 3))
    if k:
        grid[k - 1] = before
    grid[k : k + count] = rows
    sums: Array = np.add.accumulate(grid.reshape(-1, K, 3), 1).reshape(-1, 3)
    return sums[k : k + count]
