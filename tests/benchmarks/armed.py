"""tuibp with a stop armed that never holds: what conditions cost a run.

Every entry is a watch, as a user would type it; it runs to a place further on, as `continue` does, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.benchmarks.nets import Problem
from tests.benchmarks.ours import recipe_of, start_of
from tuibp.debugger.arming import arm
from tuibp.debugger.conditions import TRUE, Condition
from tuibp.debugger.hunt import ended
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.search import Search
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import Timeline

STOPS = {
    "nothing armed": "",
    "watch cost > 1e9": "watch cost > 1e9",
    "watch bcost > 1e9": "watch bcost > 1e9",
    "watch max(abs(W[1])) > 1e9": "watch max(abs(W[1])) > 1e9",
    "watch norm(gW[1]) > 1e9": "watch norm(gW[1]) > 1e9",
    "watch any(a[1] > 2)": "watch any(a[1] > 2)",
    "catch nan": "catch nan",
}
"""What is armed, by what it is called."""


class Watched:
    """Trains a problem along one timeline with a stop armed."""

    grain = 1

    def __init__(self, problem: Problem, line: str) -> None:
        self._timeline = Timeline(recipe_of(problem))
        self._conditions: list[Condition] = []
        self._bad: FirstNonFinite | None = None
        if line:
            kind, _, text = line.partition(" ")
            stop = Stops().add("catch" if kind == "catch" else "watch", text, self._timeline.clock, 0)
            armed = arm(stop, self._timeline.clock)
            self._conditions = list(armed.conditions)
            self._bad = FirstNonFinite(self._timeline) if armed.first_bad else None
        self._at = 0

    def ready(self, batches: int) -> Callable[[], object]:
        first = start_of(self._timeline, self._at)
        self._at += batches
        last = start_of(self._timeline, self._at)
        end = Condition(self._timeline.program, TRUE, (), at=last)
        search = Search(self._timeline, [*self._conditions, end], self._bad)
        return partial(self._run, search, first, last)

    def _run(self, search: Search, first: int, last: int) -> None:
        if not self._conditions and self._bad is None:
            for _ in self._timeline.travel(last):
                pass
            return
        assert ended(search.forward(first)) == last
