"""A timeline: the run of one recipe, of which any position can be had, exactly.

The state is a pure function of (recipe, t). Going somewhere means taking the nearest known state at or before it and
running whole batches on the one numeric path; what has been gone to is kept. Nothing here knows of screens, clocks or
files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np

from tuibp.debugger.history import BUDGET, FlightLog, Keyframes
from tuibp.debugger.position import Clock
from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.dataset import partition
from tuibp.engine.kernels import State, Workspace
from tuibp.engine.metrics import Judge, count_correct, judge_of
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe

_TORN = -1
LONG = 1_000_000
"""Products of the largest operation of a batch from which on a journey pauses after every operation."""
RECORDS = 4
"""Batches whose buffers are kept whole, so that crossing a batch's border back and forth computes nothing."""


class Record:
    """One batch, computed as far as somebody has looked; its buffers are never reused, so a view of it stays true."""

    def __init__(self, program: Program, batch: int, ws: Workspace) -> None:
        self.batch = batch
        """Global number of the batch: epoch * K + batch of the epoch."""
        self.ws = ws
        self._ops = program.batch_ops
        self.done = 0
        """Operations of the program's `batch_ops` that have been computed."""

    def ensure(self, count: int) -> None:
        """Compute the first `count` operations of the batch, each for all its samples."""
        with np.errstate(all="ignore"):
            while self.done < count:
                op = self._ops[self.done]
                if op.kind.kernel is not None:
                    op.kind.kernel(self.ws, op.layer)
                self.done += 1

    @cached_property
    def input_gradient(self) -> Array:
        """(n_0, m) dC/da of the inputs, no operation of the program; asked for once δ of layer 1 is computed."""
        with np.errstate(all="ignore"):
            product: Array = np.dot(self.ws.state.params.W[1].T, self.ws.D[1])
        return product


class Timeline:
    """Every state of one run, computed on demand."""

    def __init__(self, recipe: Recipe, budget: int = BUDGET) -> None:
        """
        Args:
            budget: bytes of keyframes.
        """
        self.recipe = recipe
        self.program = Program(recipe)
        self.clock = Clock(self.program)
        self.log = FlightLog()
        self.batches = self.program.epochs * self.program.K
        """Batches of the whole run."""
        self._state = State.initial(recipe)
        self._at = 0
        """The batch at whose beginning `_state` stands; `_TORN` while it is being written, so that an interrupt there
        (ctrl+c in somebody's Python) costs a replay and never a wrong number.
        """
        self.keyframes = Keyframes(self._state.block, budget)
        widest = max(one * other for one, other in pairwise(recipe.network.sizes))
        self._long = self.program.m * widest > LONG
        self._running: dict[int, Workspace] = {}
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._orders: OrderedDict[int, IntArray] = OrderedDict()
        self.judge: Judge | None = judge_of(recipe.train.y)

    def order(self, epoch: int) -> IntArray:
        """(N,) the order in which epoch `epoch` meets the samples."""
        order = self._orders.get(epoch)
        if order is None:
            plan = self.recipe.plan
            order = self._orders[epoch] = partition(plan.seed, epoch, self.program.N, plan.shuffle)
            while len(self._orders) > 2:
                self._orders.popitem(last=False)
        return order

    def owner(self, t: int) -> int:
        """The global batch whose values are visible at t: the last one begun; -1 before the first."""
        place = self.clock.at(t)
        K = self.program.K
        if place.batch is None:
            return place.epoch * K + (K - 1 if place.op is self.program.end else -1)
        begun = place.op is not self.program.begin
        return place.epoch * K + place.batch - (not begun)

    def executed(self, t: int) -> int:
        """How many operations of the owner's `batch_ops` its first sample has seen at t."""
        place = self.clock.at(t)
        full = len(self.program.batch_ops)
        if place.batch is None or place.op is self.program.begin:
            return full
        if place.op is self.program.grad:
            return full - 2
        if place.op is self.program.update:
            return full - 1
        return 1 + (place.index if place.sample == 0 else self.program.ops_per_sample)

    def travel(self, t: int) -> Iterator[tuple[int, int]]:
        """Compute what position t needs, a batch at a time.

        Yields:
            (batches run, batches to run) after every batch, and within a batch whose operations take long. Stopping
            half-way is safe: what has been run is kept, and `reached` says how far that is.
        """
        batch = self.owner(t)
        if batch < 0:
            return
        if batch not in self._records:
            yield from self._run_to(batch)
            self._keep(batch)
        self._records.move_to_end(batch)
        yield from self._finish(self._records[batch], self.executed(t), (0, 1))

    def _finish(self, record: Record, count: int, progress: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Compute the first `count` operations of a record; a pause after each where one takes long."""
        if self._long:
            for some in range(record.done + 1, count + 1):
                record.ensure(some)
                yield progress
        record.ensure(count)
        self._log(record)

    def record(self, t: int) -> Record | None:
        """The record that holds the values visible at t, computed as far as t; None before the first batch."""
        for _ in self.travel(t):
            pass
        batch = self.owner(t)
        return self._records[batch] if batch >= 0 else None

    @property
    def reached(self) -> int:
        """A position up to which the last journey has run: behind the `begin` of a batch, where going costs nothing."""
        return self.clock.batch_start(*divmod(max(0, min(self._at, self.batches - 1)), self.program.K)) + 1

    def _run_to(self, batch: int) -> Iterator[tuple[int, int]]:
        """Bring the running state to the beginning of `batch`."""
        yield from self._start_before(batch)
        first, count = self._at, batch - self._at
        while self._at < batch:
            yield from self._run_batch((self._at - first, count))
            yield self._at - first, count

    def _start_before(self, batch: int) -> Iterator[tuple[int, int]]:
        """Put the running state on the latest known state at or before the beginning of `batch`."""
        behind = self._records.get(batch - 1)
        if behind is not None:
            yield from self._finish(behind, len(self.program.batch_ops), (0, 1))
            self._restart(batch, behind.ws.after.block)
            return
        at, frame = self.keyframes.nearest(batch)
        if not at <= self._at <= batch:
            self._restart(at, frame)

    def _restart(self, batch: int, block: Array) -> None:
        """Put the running state at the beginning of `batch`, where it is `block`."""
        self._at = _TORN
        np.copyto(self._state.block, block)
        self._at = batch
        self.keyframes.offer(batch, block)

    def _run_batch(self, progress: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """One whole batch, in place. Only its update, the last operation, touches the running state: broken off before,
        the batch has never been.
        """
        at, full = self._at, len(self.program.batch_ops)
        epoch, batch = divmod(at, self.program.K)
        m = self.program.batch_size(batch)
        ws = self._running.get(m)
        if ws is None:
            ws = self._running[m] = Workspace(self.recipe, m, self._state, self._state)
        self._begin(ws, epoch, batch)
        record = Record(self.program, at, ws)
        yield from self._finish(record, full - 1, progress)
        self._at = _TORN
        record.ensure(full)
        self._log(record)
        self._at = at + 1
        self.keyframes.offer(self._at, self._state.block)

    def _begin(self, ws: Workspace, epoch: int, batch: int) -> None:
        first = batch * self.program.m
        ws.begin(self.order(epoch)[first : first + ws.m], epoch * self.program.K + batch + 1)

    def _keep(self, batch: int) -> None:
        """Make the record of `batch` from the running state, which stands at its beginning."""
        epoch, k = divmod(batch, self.program.K)
        before, after = State.empty(self.recipe), State.empty(self.recipe)
        np.copyto(before.block, self._state.block)
        ws = Workspace(self.recipe, self.program.batch_size(k), before, after)
        self._begin(ws, epoch, k)
        self._records[batch] = Record(self.program, batch, ws)
        while len(self._records) > RECORDS:
            self._records.popitem(last=False)

    def _log(self, record: Record) -> None:
        """Write a finished batch to the flight log."""
        if record.done < len(self.program.batch_ops) or record.batch < self.log.filled:
            return
        ws = record.ws
        correct = -1 if self.judge is None else count_correct(self.judge, ws.A[-1], ws.Y)
        with np.errstate(all="ignore"):
            cost = float(np.add.reduce(ws.C, dtype=np.float64))
        self.log.write(record.batch, cost, ws.m, correct)
