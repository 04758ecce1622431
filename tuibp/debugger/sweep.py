"""Sweeps: batches in a row, worked through for what some trees want of them; and one position, looked at exactly.

A sweep runs on the timeline's head and is a journey of it, so it may be broken off between any two stretches, and
another journey ends it: whoever sweeps looks whether it has come to its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from tuibp.debugger.expressions.atoms import Atom, atoms_of
from tuibp.debugger.expressions.evaluate import Batches, Evaluator, Known, Values
from tuibp.debugger.expressions.past import Memory, warm_up
from tuibp.debugger.expressions.typed import Typed
from tuibp.debugger.position import Clock
from tuibp.debugger.probing import Armed
from tuibp.debugger.record import Record
from tuibp.debugger.sites import Calendar, Integers, Site, Truths
from tuibp.debugger.timeline import Timeline

Progress: TypeAlias = tuple[int, int]
UNRUN = 4096
"""Batches that are looked at together where nothing need be run."""


class OvertakenError(Exception):
    """Another journey of the timeline has ended this one."""


class Sweep:
    """Some trees, looked at at some sites of batches in a row."""

    def __init__(self, timeline: Timeline, nodes: Sequence[tuple[Typed, Sequence[Site]]]) -> None:
        self._timeline = timeline
        self._nodes = nodes
        self._sites = tuple(dict.fromkeys(site for _, sites in nodes for site in sites))
        self.memory = self._fresh_memory()
        self.warm_up = max((warm_up(node, timeline.program) for node, _ in nodes), default=0)
        self._armed = Armed(timeline.program, self._wanted)

    def _fresh_memory(self) -> Memory:
        return Memory([node for node, _ in self._nodes], self._timeline.program)

    def _wanted(self, m: int) -> list[Atom]:
        """Of batches of m samples."""
        program = self._timeline.program
        found = [atom for node, sites in self._nodes for site in sites
                 for atom in atoms_of(node, site.executed, program, m)]  # fmt: skip
        return list(dict.fromkeys([*found, *self.memory.atoms(m)]))

    def run(self, first: int, stop: int) -> Iterator[Progress | Batches]:
        """Batches first .. stop-1, from where the memory needs it.

        Yields:
            (batches run, batches to run), and what is known of every stretch from `first` on.

        Raises:
            OvertakenError: another journey has begun.
        """
        timeline, at = self._timeline, max(0, first - self.warm_up)
        self.memory = self._fresh_memory()
        while at < stop:
            plain = timeline.unedited(at, stop)
            if plain > at:
                yield from self._run_plain(at, plain, first)
            elif plain < stop:
                yield from self._step_through(at, at >= first)
                plain = at + 1
            at = plain

    def _run_plain(self, at: int, stop: int, first: int) -> Iterator[Progress | Batches]:
        armed = self._armed
        done = at
        for progress in self._timeline.watch(at, stop, armed):
            taken = armed.taken
            if taken is not None:
                armed.taken = None
                done = taken.first + taken.count
                calendar = Calendar(self._timeline.clock, taken.first, taken.count, taken.m)
                batches = self.memory.take(taken, calendar, self._timeline.lr(taken.first), self._sites)
                if done > first:
                    yield batches
            yield progress
        if done < stop:
            raise OvertakenError

    def _step_through(self, batch: int, wanted: bool) -> Iterator[Progress | Batches]:
        """A batch that has been edited: what a value was before an edit is known to the record before it."""
        timeline = self._timeline
        end = timeline.clock.batch_start(batch // timeline.program.K, batch % timeline.program.K + 1)
        yield from timeline.travel(end)
        for span in self._spans(batch):
            record = timeline.record(max(span[0], min(end, span[1] - 1)))
            if record is None or not timeline.computed(end):
                raise OvertakenError
            batches = self._stage(record, span)
            if wanted:
                yield batches

    def _spans(self, batch: int) -> list[tuple[int, int]]:
        """Between which positions the stages of an edited batch hold: low <= p < high. The first one is not to be seen
        where an edit is made as soon as the batch has begun.
        """
        clock = self._timeline.clock
        first = clock.batch_start(*divmod(batch, self._timeline.program.K)) + 1
        cuts = [edit.t for edit in self._timeline.edits_of(batch)]
        pairs = zip([first, *cuts], [*cuts, clock.total + 1], strict=True)
        return [(low, high) for low, high in pairs if low < high]

    def _stage(self, record: Record, span: tuple[int, int]) -> Batches:
        """What is known of an edited batch at the positions where one of its stages holds."""
        timeline, (low, high) = self._timeline, span
        calendar = Calendar(timeline.clock, record.batch, 1, record.m, span)
        lr, whole = timeline.recipe_at(low).plan.lr, high > timeline.clock.total
        return self.memory.take(self._armed.of_record(record), calendar, lr, self._sites, whole=whole)

    def at(self, t: int) -> Batches:
        """What is known of the batch whose values are visible at t; nothing later than t is in it."""
        timeline, clock = self._timeline, self._timeline.clock
        batch = clock.begun(t)[0]
        record = timeline.record(t if batch >= 0 else clock.batch_start(0, 0) + 1)
        assert record is not None
        if batch >= 0 and timeline.edited(batch):
            spans = [(low, high) for low, high in self._spans(batch) if low <= t]
            before = [timeline.record(max(low, min(t, high - 1))) for low, high in spans]
            return [self._stage(one, span) for one, span in zip(before, spans, strict=True) if one is not None][-1]
        taken = self._armed.of_record(record, None if batch >= 0 else timeline.initial(t))
        calendar = Calendar(clock, batch, 1, record.m) if batch >= 0 else Origin(clock, t)
        return self.memory.take(taken, calendar, timeline.recipe_at(t).plan.lr, self._sites)


class Origin(Calendar):
    """The two positions before the first batch, to which batch 0 gives the parameters it begins with."""

    def __init__(self, clock: Clock, t: int) -> None:
        super().__init__(clock, 0, 1, clock.program.batch_size(0))
        self._t = t

    def positions(self, site: Site) -> Integers:
        return np.full((1, 1), self._t, np.int64)

    def scalar(self, name: str, site: Site) -> tuple[Integers, Truths | None]:
        value = {"t": self._t, "m": self.m, "epoch": 0, "batch": 0}.get(name, 0)
        defined = name in ("t", "m", "epoch") or (name == "batch" and self._t == 1)
        return np.full((1, 1), value, np.int64), np.full((1, 1), defined)


def site_at(clock: Clock, t: int) -> tuple[Site, int]:
    """The site of a position, and the column of its batch that is current there."""
    program, place = clock.program, clock.at(t)
    ops, full = program.ops_per_sample, len(program.batch_ops)
    if clock.begun(t)[0] < 0:
        return Site(False, -1, 1), 0
    if place.sample is not None:
        if place.index > 0:
            return Site(True, place.index, 1 + place.index), place.sample
        return (Site(True, ops, 1 + ops), place.sample - 1) if place.sample else (Site(False, -1, 1), 0)
    if place.op is None or place.op.name == "shuffle":
        return Site(False, 3, full + 1), 0
    if place.op.name == "begin":
        return (Site(False, 2, full), 0) if place.batch else (Site(False, 4, full + 1), 0)
    return {"grad": Site(False, 0, 1 + ops), "update": Site(False, 1, full - 1), "end": Site(False, 2, full)}[
        place.op.name
    ], 0


def value_at(timeline: Timeline, node: Typed, t: int) -> Values | None:
    """What a tree is worth at a position: an array of its shape; None where it is undefined."""
    clock = timeline.clock
    site, column = site_at(clock, t)
    sweep = Sweep(timeline, [(node, (site,))])
    batch = max(clock.begun(t)[0], 0)
    if sweep.warm_up:
        for _ in sweep.run(batch, batch):
            pass
    value, valid = Evaluator(sweep.at(t), site).value(node)
    known: Known = Known(value, valid)
    if known.valid is not None and not bool(known.valid[0, min(column, known.valid.shape[1] - 1)]):
        return None
    result: Values = known.value[0, ..., min(column, known.value.shape[-1] - 1)]
    return result
