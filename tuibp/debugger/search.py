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
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.sites import Calendar, Integers
from tuibp.debugger.sweep import UNRUN, Progress, Sweep, site_at, value_at
from tuibp.debugger.timeline import Timeline

Found: TypeAlias = Generator[Progress, None, "int | None"]
FIRST, MOST = 64, 8192
"""Batches that are run at once on the way back: few at first, as what one looks for is often near."""


class Search:
    """Some conditions on one timeline."""

    def __init__(
        self, timeline: Timeline, conditions: Sequence[Condition], first_bad: FirstNonFinite | None = None
    ) -> None:
        """
        Args:
            first_bad: where the first nan or infinity is written, if that is looked for as well.
        """
        self._timeline = timeline
        self._clock = timeline.clock
        self._fixed = [condition for condition in conditions if condition.constant and condition.next is not None]
        self._pointed = [condition for condition in conditions if condition.at is not None]
        others = (*self._fixed, *self._pointed)
        self._tested = [condition for condition in conditions if condition not in others]
        self._runs = any(condition.computes for condition in self._tested)
        self._first_bad = first_bad
        self._sweep: Sweep | None = None

    @property
    def simple(self) -> bool:
        """Whether places that follow from the clock, or the first nan, are not among what is looked for: then as many
        as one likes are found in one go.
        """
        return not self._fixed and not self._pointed and self._first_bad is None

    def forward(self, t: int, limit: int | None = None, count: int = 1) -> Found:
        """The first position after t where one holds.

        Args:
            limit: the position at which one stops in any case; None for none.
            count: at which of them one stops, 1 being the first; others only where the search is simple.

        Yields:
            (batches run, batches to run).

        Raises:
            OvertakenError: another journey of the timeline has begun.
        """
        places = [p for c in self._fixed if c.next and (p := c.next.after(t)) is not None]
        places += [c.at for c in self._pointed if c.at is not None and c.at > t and self._is_true(c)]
        bound = min([*places, *([] if limit is None else [limit])], default=None)
        if self._first_bad is not None:
            bad = yield from self._first_bad.up_to(self._clock.total if bound is None else bound)
            bound = bad if bad is not None and bad > t else bound
        if not self._tested:
            return bound
        last = self._clock.total if bound is None else bound
        for p in (0, 1):
            if t < p <= last and self._at_origin(p):
                count -= 1
                if not count:
                    return p
        first = max(0, self._clock.begun(t)[0])
        stop = self._clock.begun(last)[0] + 1
        for step in self._through(first, stop):
            if isinstance(step, tuple):
                yield step
                continue
            found = step[step > t]
            if len(found) >= count:
                return int(min(found[count - 1], last))
            count -= len(found)
        return bound

    def reverse(self, t: int, count: int = 1) -> Found:
        """The last position before t where one holds; takes, yields and raises as `forward`."""
        places = [p for c in self._fixed if c.next and (p := c.next.before(t)) is not None]
        places += [c.at for c in self._pointed if c.at is not None and c.at < t and self._is_true(c)]
        bound = max(places, default=None)
        if self._first_bad is not None and t > 0:
            bad = yield from self._first_bad.up_to(t - 1)
            bound = bad if bad is not None and (bound is None or bad > bound) else bound
        if not self._tested or t == 0:
            return bound
        best = yield from self._back(t, -1 if bound is None else bound, count)
        return bound if best is None else best

    def _back(self, t: int, least: int, count: int) -> Found:
        """The count-th position before t, and behind `least`, where a test holds."""
        whole = stop = self._clock.begun(t - 1)[0] + 1
        size, warm_up = FIRST, max(condition.warm_up for condition in self._tested)
        while stop > 0:
            first = max(0, stop - size)
            found: list[Integers] = []
            for step in self._through(first, stop):
                if isinstance(step, tuple):
                    yield whole - stop + step[0] * (stop - first) // max(step[1], 1), whole
                    continue
                found.append(step[(least < step) & (step < t)])
            places = np.concatenate(found) if found else np.empty(0, np.int64)
            if len(places) >= count:
                return int(np.sort(places)[-count])
            count -= len(places)
            if least >= self._clock.batch_start(*divmod(first, self._clock.program.K)):
                return None
            # No fewer than run only to warm up, or one would run them again and again.
            stop, size = first, max(min(2 * size, MOST), warm_up)
        origin = [p for p in (1, 0) if least < p < t and self._at_origin(p)]
        return origin[count - 1] if len(origin) >= count else None

    def _is_true(self, condition: Condition) -> bool:
        assert condition.at is not None
        if condition.constant:
            return True
        value = value_at(self._timeline, condition.node, condition.at)
        return value is not None and bool(value)

    def count(self, t: int) -> Generator[Progress, None, int]:
        """At how many positions up to t one holds; yields and raises as `forward`. Fixed places do not count."""
        found = sum(self._at_origin(p) for p in (0, 1) if p <= t)
        for step in self._through(0, self._clock.begun(t)[0] + 1):
            if isinstance(step, tuple):
                yield step
            else:
                found += int(np.count_nonzero(step <= t))
        return found

    def holding(self, t: int) -> list[Condition]:
        """Those that hold at a position, of all."""
        found = [c for c in self._fixed if c.next and c.next.before(t + 1) == t]
        found += [c for c in self._pointed if c.at == t and self._is_true(c)]
        return found + [c for c in self._tested if self._holds_at(c, t)]

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
        if self._sweep is None:
            self._sweep = Sweep(self._timeline, [(c.node, c.sites) for c in self._tested])
        sweep = self._sweep
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
        at, rates = first, self._timeline.rates
        while at < stop:
            count = min(stop - at, UNRUN)
            for low, high, lr in rates:
                if low < self._clock.total and self._clock.begun(max(low, 0))[0] < at + count:
                    yield self._positions(np.arange(at, at + count, dtype=np.int64), (low, high), lr)
            at += count
            yield at - first, stop - first

    def _positions(self, numbers: Integers, span: tuple[int, int], lr: float) -> Integers:
        """Where one holds in batches in a row, the last of an epoch being smaller or not."""
        program, found = self._clock.program, list[Integers]()
        last = numbers % program.K == program.K - 1
        ragged = program.batch_size(program.K - 1) != program.m
        for some in (numbers[~last], numbers[last]) if ragged else (numbers,):
            if len(some):
                m, nothing = program.batch_size(int(some[0]) % program.K), np.empty((len(some), 2))
                calendar = Calendar(self._clock, int(some[0]), len(some), m, span, some)
                found.append(self._found(Batches(calendar, {}, nothing, nothing, lr), {}))
        return np.sort(np.concatenate(found))
