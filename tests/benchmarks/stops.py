"""tuibp with a stop armed that never holds: what conditions cost a run.

Every entry is a watch, as a user would type it; it runs to a place further on, as `continue` does, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.benchmarks.nets import DEEP, DIGITS, NETS, WIDE, Array, Net, Problem, Trainer
from tests.benchmarks.ours import recipe_of, start_of
from tests.benchmarks.report import Figure, Grid, Section, at_least
from tests.benchmarks.rounds import per_batch, ratio
from tests.benchmarks.run import PATIENCE
from tuibp.debugger.arming import arm
from tuibp.debugger.conditions import Condition
from tuibp.debugger.hunt import ended
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.search import Search
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import Timeline

NOTHING = "nothing armed"
"""Measured like a stop, it shows how far to trust the others."""
BESIDE = "nothing armed beside "
NAN = "catch nan"
SCALAR, ARRAY, BOTH = "watch cost > 1e9", "watch max(abs(W[1])) > 1e9", "watch norm(gW[1]) > 1e9"
STOPS = (NOTHING, SCALAR, "watch bcost > 1e9", ARRAY, BOTH, "watch any(a[1] > 2)", NAN)
"""What is armed."""
OF_THE_RUN: Mapping[Net, float] = {net: 0.75 if net is DIGITS else 0.80 for net in NETS}
"""The share of the speed of a run that one with a condition on an array is to keep."""
SCALARS = 0.97
"""The share that one with a condition on a number is to keep."""


def measure(quick: bool) -> Section:
    """All networks, all stops."""
    shares = {net: contest(net, quick) for net in NETS}
    columns = tuple(f"{net.name} b{net.m}" for net in NETS)
    kept = {line: tuple(shares[net][line] for net in NETS) for line in STOPS}
    figures: list[Figure] = []
    for net in NETS:
        bounds = {SCALAR: SCALARS, ARRAY: OF_THE_RUN[net], BOTH: OF_THE_RUN[net]}
        for line, bound in bounds.items():
            value = shares[net][line]
            if value is not None:
                figures.append(Figure(f"{line}, {net.name}", value, "of the run", at_least(bound)))
    grid = Grid("share of the run's speed", columns, kept)
    return Section("stops", "Stops that are armed and never hold", (grid,), figures)


def contest(net: Net, quick: bool) -> dict[str, float | None]:
    """The share of the run's speed that each stop leaves."""
    problem = Problem(net)
    trainers: dict[str, Trainer] = {}
    for line in STOPS:
        course = Course(problem)
        trainers[line] = Watched(course, line)
        # What looks for the first nan would look through all that another has run; so that has a course of its own.
        trainers[BESIDE + line] = Watched(Course(problem) if line == NAN else course, NOTHING)
    # A search begins with the batch that it starts in, for which a few are run again: the longer, the less they count.
    main = 0.02 if quick else 3.0 if net is WIDE else 0.6 if net is DEEP else 0.2
    found = per_batch(trainers, dict.fromkeys(trainers, main), 3 if quick else 3 if net is WIDE else 9, PATIENCE)
    return {line: ratio(found, BESIDE + line, line) for line in STOPS}


class Course:
    """One timeline on which a stop and none run in turn: where its numbers lie in memory makes more of a difference."""

    def __init__(self, problem: Problem) -> None:
        self.timeline = Timeline(recipe_of(problem))
        self.at = 0
        """The batch that is next."""


class Watched:
    """Runs along a course with a stop armed."""

    grain = 1

    def __init__(self, course: Course, line: str) -> None:
        self._course, timeline = course, course.timeline
        conditions: list[Condition] = []
        bad: FirstNonFinite | None = None
        if line != NOTHING:
            kind, _, text = line.partition(" ")
            stop = Stops().add("catch" if kind == "catch" else "watch", text, timeline.clock, 0)
            armed = arm(stop, timeline.clock)
            conditions = list(armed.conditions)
            bad = FirstNonFinite(timeline) if armed.first_bad else None
        self._search = Search(timeline, conditions, bad) if conditions or bad else None

    def ready(self, batches: int) -> Callable[[], object]:
        course = self._course
        first = start_of(course.timeline, course.at)
        course.at += batches
        return partial(self._run, first, start_of(course.timeline, course.at))

    def learnt(self) -> list[tuple[Array, Array]]:
        """Nothing that is compared: `Ours` answers for the numbers."""
        return []

    def _run(self, first: int, last: int) -> None:
        if self._search is None:
            for _ in self._course.timeline.travel(last):
                pass
        else:
            assert ended(self._search.forward(first, last)) == last
