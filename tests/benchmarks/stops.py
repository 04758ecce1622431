"""tuibp with a stop armed that never holds: what conditions cost a run.

Every entry is a watch, as a user would type it; it runs to a place further on, as `continue` does, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.benchmarks.nets import DIGITS, NETS, WIDE, Array, Net, Problem, Trainer
from tests.benchmarks.ours import recipe_of, start_of
from tests.benchmarks.report import Figure, Grid, Section, at_least
from tests.benchmarks.rounds import Samples, per_batch, ratio
from tests.benchmarks.run import PATIENCE
from tuibp.debugger.arming import arm
from tuibp.debugger.conditions import Condition
from tuibp.debugger.hunt import ended
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.search import Search
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import Timeline

NOTHING = "nothing armed"
SCALAR, ARRAY, BOTH = "watch cost > 1e9", "watch max(abs(W[1])) > 1e9", "watch norm(gW[1]) > 1e9"
STOPS = (NOTHING, SCALAR, "watch bcost > 1e9", ARRAY, BOTH, "watch any(a[1] > 2)", "catch nan")
"""What is armed."""
OF_THE_RUN: Mapping[Net, float] = {net: 0.75 if net is DIGITS else 0.80 for net in NETS}
"""The share of the speed of a run that one with a condition on an array is to keep."""
SCALARS = 0.97
"""The share that one with a condition on a number is to keep."""


def measure(quick: bool) -> Section:
    """All networks, all stops."""
    found = {net: contest(net, quick) for net in NETS}
    columns = tuple(f"{net.name} b{net.m}" for net in NETS)
    kept = {line: tuple(ratio(found[net], NOTHING, line) for net in NETS) for line in STOPS[1:]}
    figures: list[Figure] = []
    for net in NETS:
        for line, bound in ((SCALAR, SCALARS), (ARRAY, OF_THE_RUN[net])):
            value = ratio(found[net], NOTHING, line)
            if value is not None:
                figures.append(Figure(f"{line}, {net.name}", value, "of the run", at_least(bound)))
    grid = Grid("share of the run's speed", columns, kept)
    return Section("stops", "Stops that are armed and never hold", (grid,), figures)


def contest(net: Net, quick: bool) -> Samples:
    """Seconds a batch, by stop and round."""
    problem = Problem(net)
    trainers: dict[str, Trainer] = {line: Watched(problem, line) for line in STOPS}
    main = 0.02 if quick else 0.6 if net is WIDE else 0.2
    return per_batch(trainers, dict.fromkeys(trainers, main), 3 if quick else 9, PATIENCE)


class Watched:
    """Trains a problem along one timeline with a stop armed."""

    grain = 1

    def __init__(self, problem: Problem, line: str) -> None:
        self._timeline = Timeline(recipe_of(problem))
        conditions: list[Condition] = []
        bad: FirstNonFinite | None = None
        if line != NOTHING:
            kind, _, text = line.partition(" ")
            stop = Stops().add("catch" if kind == "catch" else "watch", text, self._timeline.clock, 0)
            armed = arm(stop, self._timeline.clock)
            conditions = list(armed.conditions)
            bad = FirstNonFinite(self._timeline) if armed.first_bad else None
        self._search = Search(self._timeline, conditions, bad) if conditions or bad else None
        self._at = 0

    def ready(self, batches: int) -> Callable[[], object]:
        first = start_of(self._timeline, self._at)
        self._at += batches
        return partial(self._run, first, start_of(self._timeline, self._at))

    def learnt(self) -> list[tuple[Array, Array]]:
        """Nothing that is compared: `Ours` answers for the numbers."""
        return []

    def _run(self, first: int, last: int) -> None:
        if self._search is None:
            for _ in self._timeline.travel(last):
                pass
        else:
            assert ended(self._search.forward(first, last)) == last
