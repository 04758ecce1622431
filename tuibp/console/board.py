"""What the panes show of the console: its stops, displays, places, timelines and transcript, as plain values.

A board is made for every paint. So what has not changed since the last one is not computed again, and what no pane
shows is not computed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tuibp.console.console import Console, Place
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.engine.text import safe
from tuibp.errors import TuibpError
from tuibp.present.board import Board, DisplayEntry, PlaceEntry, StopEntry, TimelineEntry
from tuibp.present.side import CURVE

if TYPE_CHECKING:
    from tuibp.debugger.breakpoints import Breakpoint

T = TypeVar("T")
NOTE = 500
"""Characters of a note that are shown."""
SAID = 500
"""Lines of the transcript that are shown."""
LISTS = frozenset({"stops", "timelines", "console"})
"""The panes that show lists."""
_NOTHING: Array = np.empty(0)


class BoardMaker:
    """Makes boards of one console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._kept: dict[Hashable, object] = {}
        self._next: dict[Hashable, object] = {}

    def now(self, shown: Collection[str] = LISTS) -> Board:
        """The board as it stands.

        Args:
            shown: the panes that may be seen; displays, curves and the transcript are for these only.
        """
        console, session, self._next = self._console, self._console.session, {}
        board = Board(
            stops=tuple(self._stop(stop) for stop in session.stops.all.values()),
            displays=tuple(map(self._display, console.displays)) if "stops" in shown else (),
            marks=tuple(self._place(place, name=name) for name, place in console.marks.items()),
            notes=tuple(
                self._place(place, text=safe(text, NOTE), number=n)
                for n, (place, text) in enumerate(console.notes, start=1)
            ),
            timelines=self._tree("timelines" in shown),
            current=session.current,
            stopped=tuple(t for number, t in console.stopped if number == session.current),
            said=tuple(console.said[-SAID:]) if "console" in shown else (),
            explained=() if console.explained is None else console.explained.lines,
            explained_at=self._question(),
            reads=self._reads(),
            returns=bool(console.asked),
            yours=console.yours,
        )
        self._kept = self._next
        return board

    def _question(self) -> str:
        known = self._console.explained
        return "" if known is None else f"{known.question}   at {known.at}"

    def _reads(self) -> frozenset[tuple[str, int | None]]:
        """What the answer reads, as long as we stand where it was given."""
        console, known = self._console, self._console.explained
        if known is None or known.at != console.session.position.name or not known.question.startswith("why "):
            return frozenset()
        found = {(one.cell.name, one.cell.layer) for one in known.links}
        if known.question.startswith("why dC_da["):  # through δ[l+1] it is the next column of the DP table that is read
            found |= {("dC_da", layer) for name, layer in found if name == "db"}
        return frozenset(found)

    def _once(self, make: Callable[[], T], *key: Hashable) -> T:
        """What has been made under the same key for the last board, or is made now."""
        value: T = self._kept[key] if key in self._kept else make()  # type: ignore[assignment]
        self._next[key] = value
        return value

    def _stop(self, stop: Breakpoint) -> StopEntry:
        timeline = self._console.session.timeline
        entry = self._once(lambda: _stop_entry(stop, timeline), stop, self._console.session.current)
        held = self._console.held
        here = held is not None and held[0] == self._console.place and stop.number in held[1]
        return entry._replace(held=True) if here else entry

    def _display(self, number: int) -> DisplayEntry:
        from tuibp.console.moving import display_entry

        console, session = self._console, self._console.session
        where = (session.current, session.t, console.digits, console.width)
        return self._once(
            lambda: DisplayEntry(number, tuple(display_entry(console, number))),
            "display", number, console.displays[number], *where, console.commands,
        )  # fmt: skip

    def _place(self, place: Place, *, name: str = "", text: str = "", number: int = 0) -> PlaceEntry:
        clock = self._console.session.timelines[place.timeline].clock
        return self._once(
            lambda: PlaceEntry(name, text, place.timeline, place.t, clock.at(place.t).name, number),
            place, name, text, number,
        )  # fmt: skip

    def _tree(self, curves: bool) -> tuple[TimelineEntry, ...]:
        """All timelines, each below the one that it was forked from."""
        entries: list[TimelineEntry] = []
        timelines = self._console.session.timelines

        def branch(parent: Timeline | None, depth: int) -> None:
            for number, timeline in enumerate(timelines):
                if timeline.parent is parent:
                    entries.append(self._timeline(number, timeline, depth, curves))
                    branch(timeline, depth + 1)

        branch(None, 0)
        return tuple(entries)

    def _timeline(self, number: int, timeline: Timeline, depth: int, curves: bool) -> TimelineEntry:
        log = timeline.log

        def make() -> TimelineEntry:
            costs = log.mean_costs() if curves else _NOTHING
            last = float(costs[-1]) if len(costs) else None
            thin = costs[(np.arange(CURVE) * len(costs)) // CURVE] if len(costs) else costs
            return TimelineEntry(
                number, depth, timeline.label, timeline.forked_at, thin, last, log.filled, timeline.batches
            )

        return self._once(make, "timeline", number, timeline.label, log.filled, curves)


def _stop_entry(stop: Breakpoint, timeline: Timeline) -> StopEntry:
    """A stop, with the operations that it stops before, for the gutter."""
    from tuibp.debugger.arming import arm

    ops: tuple[str, ...] = ()
    if stop.kind in ("break", "tbreak") and stop.fixed is None:
        try:
            conditions = arm(stop, timeline.clock).conditions
            ops = tuple(dict.fromkeys(condition.next.name for condition in conditions if condition.next))
        except TuibpError:  # it means nothing on this timeline
            ops = ()
    return StopEntry(stop.number, stop.enabled, stop.title, ops)


def board(console: Console) -> Board:
    """All of it as it stands."""
    return BoardMaker(console).now()
