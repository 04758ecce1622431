"""The board: stops, displays, marks, notes, timelines and what has been said, as plain values for the panes.

Nothing here is computed: whoever owns these things puts them on the board, and the painters read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tuibp.engine.arrays import Array

if TYPE_CHECKING:
    from tuibp.explain.check.yours import Yours


class StopEntry(NamedTuple):
    """A stop."""

    number: int
    enabled: bool
    title: str
    ops: tuple[str, ...] = ()
    """The operations that it stops before, for the program's gutter."""
    held: bool = False
    """Whether it has stopped us where we stand."""


class DisplayEntry(NamedTuple):
    """An expression that is shown at every stop."""

    number: int
    lines: tuple[str, ...]


class PlaceEntry(NamedTuple):
    """A mark or a note."""

    name: str
    """Of a mark; empty for a note."""
    text: str
    timeline: int
    t: int
    where: str
    """The name of the position."""
    number: int = 0
    """Of a note, from 1 on: goto *1."""


class TimelineEntry(NamedTuple):
    """A timeline in the tree."""

    number: int
    depth: int
    label: str
    forked_at: int | None
    costs: Array
    """(columns,) mean costs of what has been run, thinned out to as many as are drawn."""
    last: float | None
    """The last cost."""
    filled: int
    batches: int


@dataclass(frozen=True, eq=False)
class Board:
    """All of it."""

    stops: tuple[StopEntry, ...] = ()
    displays: tuple[DisplayEntry, ...] = ()
    marks: tuple[PlaceEntry, ...] = ()
    notes: tuple[PlaceEntry, ...] = ()
    timelines: tuple[TimelineEntry, ...] = ()
    current: int = 0
    """The timeline where we are."""
    stopped: tuple[int, ...] = ()
    """Positions of the current timeline where something has stopped us."""
    said: tuple[str, ...] = ()
    """The transcript of the command line, the latest last."""
    explained: tuple[tuple[str, int], ...] = ()
    """The lines of what was explained last, each with the number of its link, 0 where it leads nowhere."""
    explained_at: str = ""
    """The question, and where it was asked."""
    reads: frozenset[tuple[str, int | None]] = frozenset()
    """(tensor, layer) of what is read where the answer is about the place that is shown."""
    yours: Yours | None = None
    """The numbers of the user's own code, where it has been checked."""
    returns: bool = False
    """Whether a link has been followed, so that one can go back to the question."""


EMPTY = Board()
