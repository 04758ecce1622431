"""Running on to the next stop, in either direction, as a journey that may be broken off between any two batches."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuibp.debugger.breakpoints import Breakpoint
from tuibp.debugger.hunt import Hit, Hunt
from tuibp.debugger.sweep import OvertakenError

if TYPE_CHECKING:
    from tuibp.debugger.session import Session

Logger = Callable[[list[Hit]], None]
"""What is done where only logpoints hold; the session stands there."""


@dataclass(frozen=True, eq=False, slots=True)
class Arrival:
    """Where a run to the next stop has ended."""

    t: int
    hits: tuple[Hit, ...]
    """What has stopped it; none at either end of the run."""
    spent: tuple[Breakpoint, ...] = ()
    """The tbreaks that have held on the way, and are to be forgotten."""


def resume(
    session: Session, hunt: Hunt, direction: int, count: int = 1, log: Logger | None = None
) -> Generator[tuple[int, int], None, Arrival]:
    """Go on to the count-th place where something stops, or to the end of the run, or back.

    Yields:
        (batches run, batches to run). Until it has ended the session stays where it was, but for logpoints.
    """
    t, spent = session.t, list[Breakpoint]()
    while True:
        at_once = count if hunt.simple else 1
        place = yield from _next(hunt, t, direction, at_once)
        if place is None:
            end = session.clock.total if direction > 0 else 0
            yield from session.travel(end)
            return Arrival(end, (), tuple(spent))
        t, count = place, count - at_once + 1
        hits = tuple(hunt.hits(place)) if hunt.logs or hunt.wanes or count == 1 else ()
        once = [hit.stop for hit in hits if hit.stop.kind == "tbreak"]
        if once:
            spent += once
            hunt = hunt.without(once)
        if hits and all(hit.stop.commands for hit in hits):
            if log is not None:
                yield from session.travel(place, remember=False)
                log(list(hits))
            continue
        count -= 1
        if count == 0:
            yield from session.travel(place)
            return Arrival(place, hits, tuple(spent))


def _next(hunt: Hunt, t: int, direction: int, count: int) -> Generator[tuple[int, int], None, int | None]:
    """The count-th place from here; a search that another journey has ended begins again."""
    while True:
        try:
            return (yield from hunt.next(t, direction, count))
        except OvertakenError:
            continue
