"""The search: the next position, forward or back, at which any of some conditions holds.

Both directions look at the same sets of positions, so they agree by construction (design: machine.md section 4). What
follows from the clock alone is found without running anything; for the rest batches run with what is wanted put aside.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from tuibp.debugger.conditions import Condition, bits_of
from tuibp.debugger.expressions.evaluate import Batches, Evaluator, Values
from tuibp.debugger.sites import Calendar, Integers
from tuibp.debugger.sweep import UNRUN, Progress, Sweep, site_at, value_at
from tuibp.debugger.timeline import Timeline

Found: TypeAlias = Generator[Progress, None, "int | None"]
FIRST, MOST = 64, 8192
"""Batches that are run at once on the way back: few at first, as what one looks for is often near."""


class Search:
    """Some conditions on one timeline."""

    def __init__(self, timeline: Timeline, conditions: Sequence[Condition]) -> None:
        self._timeline = timeline
        self._clock = timeline.clock
        self._fixed = [condition for condition in conditions if condition.constant and condition.next is not None]
        self._tested = [condition for condition in conditions if condition not in self._fixed]
        self._runs = any(condition.computes for condition in self._tested)

    def forward(self, t: int) -> Found:
        """The first position after t where one holds.

        Yields:
            (batches run, batches to run).

        Raises:
            OvertakenError: another journey of the timeline has begun.
        """
        bound = min((p for c in self._fixed if c.next and (p := c.next.after(t)) is not None), default=None)
        if not self._tested:
            return bound
        last = self._clock.total if bound is None else bound
        for p in (0, 1):
            if t < p <= last and self._at_origin(p):
                return p
        first = max(0, self._clock.begun(t)[0])
        stop = self._clock.begun(last)[0] + 1
        for step in self._through(first, stop):
            if isinstance(step, tuple):
                yield step
                continue
            found = step[step > t]
            if len(found):
                return int(min(found[0], last))
        return bound

    def reverse(self, t: int) -> Found:
        """The last position before t where one holds; yields and raises as `forward`."""
        bound = max((p for c in self._fixed if c.next and (p := c.next.before(t)) is not None), default=None)
        if not self._tested or t == 0:
            return bound
        least = -1 if bound is None else bound
        stop, size = self._clock.begun(t - 1)[0] + 1, FIRST
        whole, warm_up = stop, max(condition.warm_up for condition in self._tested)
        while stop > 0:
            first = max(0, stop - size)
            best = -1
            for step in self._through(first, stop):
                if isinstance(step, tuple):
                    yield whole - stop + step[0] * (stop - first) // max(step[1], 1), whole
                    continue
                found = step[step < t]
                if len(found):
                    best = max(best, int(found[-1]))
            if best >= 0 or least >= self._clock.batch_start(*divmod(first, self._clock.program.K)):
                return max(best, least)
            # No fewer than run only to warm up, or one would run them again and again.
            stop, size = first, max(min(2 * size, MOST), warm_up)
        for p in (1, 0):
            if least < p < t and self._at_origin(p):
                return p
        return bound

    def holding(self, t: int) -> Iterator[Condition]:
        """Those that hold at a position, of all."""
        for condition in (*self._fixed, *self._tested):
            if condition in self._fixed:
                assert condition.next is not None
                if condition.next.before(t + 1) == t:
                    yield condition
            elif self._holds_at(condition, t):
                yield condition

    def _holds_at(self, condition: Condition, t: int) -> bool:
        if self._clock.begun(t)[0] < 0:
            return self._at_origin(t, [condition])
        batch = self._clock.begun(t)[0]
        alone = Search(self._timeline, [condition])
        return any(not isinstance(step, tuple) and bool(np.any(step == t)) for step in alone._through(batch, batch + 1))

    def _at_origin(self, t: int, conditions: Iterable[Condition] | None = None) -> bool:
        """Whether one holds at a position before the first batch: only what comes next can be asked there, and what
        has been shuffled.
        """
        op = self._clock.at(t).op
        assert op is not None
        for condition in self._tested if conditions is None else conditions:
            if condition.next is None or condition.next.name != op.name:
                continue
            site, _ = site_at(self._clock, t)
            sweep = Sweep(self._timeline, [(condition.node, (site,))])
            if bool(Evaluator(sweep.at(t), site).test(condition.node)[0, 0]):
                return True
        return False

    def _through(self, first: int, stop: int) -> Iterator[Progress | Integers]:
        """Batches first .. stop-1: progress, and the positions of every stretch where one holds, in order."""
        if not self._runs:
            yield from self._unrun(first, stop)
            return
        sweep = Sweep(self._timeline, [(c.node, c.sites) for c in self._tested])
        carried: dict[int, Values | None] = {}
        begin = max(0, first - max(condition.between for condition in self._tested))
        if begin == 0:
            carried = {n: self._initial(c) for n, c in enumerate(self._tested) if c.changes}
        for step in sweep.run(begin, stop):
            if isinstance(step, tuple):
                yield step
            else:
                found = self._found(step, carried)
                if len(found) and step.calendar.first + step.calendar.count > first:
                    owner = self._clock.batch_start(*divmod(first, self._clock.program.K))
                    yield found[found > owner]

    def _initial(self, condition: Condition) -> Values | None:
        """What a watched value is before the first batch."""
        value = value_at(self._timeline, condition.node, 0)
        return None if value is None else bits_of(np.atleast_1d(value))

    def _found(self, batches: Batches, carried: dict[int, Values | None]) -> Integers:
        found: list[Integers] = []
        for n, condition in enumerate(self._tested):
            positions, carried[n] = condition.holds(batches, carried.get(n))
            limit = self._clock.total - (condition.next is not None)
            if len(positions):
                found.append(positions[positions <= limit])
        if not found:
            return np.empty(0, np.int64)
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _unrun(self, first: int, stop: int) -> Iterator[Progress | Integers]:
        """The same where only positions are asked for: nothing is run."""
        program, at = self._clock.program, first
        while at < stop:
            k = at % program.K
            m = program.batch_size(k)
            equal = stop - at if program.N % program.m == 0 else max(1, program.K - 1 - k)
            count = min(stop - at, equal, UNRUN)
            calendar = Calendar(self._clock, at, count, m)
            nothing = np.empty((count, 2))
            yield self._found(Batches(calendar, {}, nothing, nothing, self._timeline.lr(at)), {})
            at += count
            yield at - first, stop - first
