"""What the panes show of the console: its stops, displays, places, timelines and transcript, as plain values."""

from __future__ import annotations

from tuibp.console.console import Console, Place
from tuibp.console.moving import display_entry
from tuibp.debugger.arming import arm
from tuibp.debugger.breakpoints import Breakpoint
from tuibp.debugger.timeline import Timeline
from tuibp.errors import TuibpError
from tuibp.present.board import Board, DisplayEntry, PlaceEntry, StopEntry, TimelineEntry

SAID = 500
"""Lines of the transcript that are shown."""


def board(console: Console) -> Board:
    """The board as it stands."""
    session = console.session
    return Board(
        stops=tuple(_stop(console, stop) for stop in session.stops.all.values()),
        displays=tuple(DisplayEntry(number, tuple(display_entry(console, number))) for number in console.displays),
        marks=tuple(_place(console, name, "", place) for name, place in console.marks.items()),
        notes=tuple(_place(console, "", text, place, n) for n, (place, text) in enumerate(console.notes)),
        timelines=tuple(tree(session.timelines)),
        current=session.current,
        stopped=tuple(t for number, t in console.stopped if number == session.current),
        said=tuple(console.said[-SAID:]),
    )


def _stop(console: Console, stop: Breakpoint) -> StopEntry:
    ops: tuple[str, ...] = ()
    if stop.kind in ("break", "tbreak") and stop.fixed is None:
        try:
            conditions = arm(stop, console.session.clock).conditions
            ops = tuple(dict.fromkeys(condition.next.name for condition in conditions if condition.next))
        except TuibpError:
            ops = ()
    return StopEntry(stop.number, stop.enabled, stop.title, ops)


def _place(console: Console, name: str, text: str, place: Place, number: int = 0) -> PlaceEntry:
    where = console.session.timelines[place.timeline].clock.at(place.t).name
    return PlaceEntry(name, text, place.timeline, place.t, where, number)


def tree(timelines: list[Timeline]) -> list[TimelineEntry]:
    """All timelines, each below the one that it was forked from."""
    entries: list[TimelineEntry] = []

    def branch(parent: Timeline | None, depth: int) -> None:
        for number, timeline in enumerate(timelines):
            if timeline.parent is parent:
                log = timeline.log
                entries.append(
                    TimelineEntry(number, depth, timeline.label, timeline.forked_at, log.mean_costs(), log.filled,
                                  timeline.batches)
                )  # fmt: skip
                branch(timeline, depth + 1)

    branch(None, 0)
    return entries
