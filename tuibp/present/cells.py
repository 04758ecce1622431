"""What a pane shows, as plain values: rows of runs, and which tensor cell stands where.

A painter in `present` is a pure function that returns a `Picture`; the screen turns roles into colours, the text output
drops them. A role is one or more words separated by spaces: a base role and modifiers, for example "heat+3 active
cursor". Meaning is never carried by the role alone: the text says it too (a sign, a glyph, a word).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tuibp.debugger.names import CellRef

CUT = "…"
"""Stands where something has been cut."""

ROLES = {
    "text": "ordinary text",
    "dim": "text that may be skipped: a label, a unit, a rule",
    "title": "a heading",
    "value": "a number that has been computed",
    "key": "the name of a key to press",
    "pending": "a cell that is not computed yet",
    "ready": "the cell that the next operation will write",
    "pc": "the program counter and its line",
    "good": "an outcome that is well",
    "bad": "nan, an infinity, an error",
    "accent": "the name of a tensor, an operation, a position",
    "curve": "a line of a plot",
    "curve2": "a second line of a plot",
    "heat": "a signed magnitude; written heat-8 .. heat-1, heat0, heat+1 .. heat+8",
}
"""Base roles."""

MODIFIERS = {
    "active": "written by the operation just done: lit",
    "read": "read by the operation just done",
    "cursor": "under the cell cursor",
    "same": "the selected tensor cell, shown in another pane",
    "stale": "true before, not any more",
}
"""Modifiers, which a theme draws on top of any base role."""


class Run(NamedTuple):
    """Text of one role. `text` holds no control characters and every character is one column wide."""

    text: str
    role: str = "text"


Row = tuple[Run, ...]


class Hit(NamedTuple):
    """What columns `x` to `x + width - 1` of row `y` show: a cell, or a word that the pane's owner understands."""

    y: int
    x: int
    width: int
    target: CellRef | str


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture of a pane."""

    rows: tuple[Row, ...]
    """Top to bottom; a row may be shorter than the pane and is never longer."""
    hits: tuple[Hit, ...] = ()
    """What the mouse and the cell cursor can reach."""
    top: int = 0
    """The first row or line of the whole that is visible."""
    left: int = 0
    """The first visible column of the whole."""
    more: str = ""
    """What does not fit, in words for the pane's border ("rows 8-15 of 512"); empty when all is shown."""


@dataclass(frozen=True, slots=True)
class Window:
    """Where a pane is scrolled to; None follows the cursor or the program."""

    top: int | None = None
    left: int | None = None


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, with a sign where it is cut."""
    return text if len(text) <= width else text[: max(0, width - 1)] + CUT[:width]


def fit(runs: Iterable[Run], width: int) -> Row:
    """The runs as a row of at most `width` columns, its last one a sign where something visible is cut."""
    row = tuple(runs)
    if sum(len(run.text) for run in row) <= width:
        return row
    signed = len(row_text(row).rstrip()) > width
    kept, room = [], width - signed
    for run in row:
        if room > 0:
            kept.append(Run(run.text[:room], run.role))
            room -= len(run.text)
    return (*kept, Run(CUT, "dim")) if signed else tuple(kept)


def slide(total: int, room: int, wanted: int, what: str = "lines") -> tuple[int, str]:
    """The first visible of `total` lines near the wanted one, and in words what is out of sight."""
    top = max(0, min(wanted, total - room))
    return top, f"{what} {top}-{top + room - 1} of {total}" if total > room else ""


def framed(rows: Sequence[Iterable[Run]], hits: Iterable[Hit], width: int, height: int, top: int = 0, left: int = 0,
           more: str = "") -> Picture:  # fmt: skip
    """A picture of at most `height` rows of at most `width` columns; every hit lies within it."""
    inside = tuple(
        hit if hit.x + hit.width <= width else hit._replace(width=width - hit.x)
        for hit in hits
        if hit.y < height and hit.x < width
    )
    more = more or slide(len(rows), height, 0)[1]
    return Picture(tuple(fit(row, width) for row in rows[:height]), inside, top, left, more)


def row_text(row: Row) -> str:
    """The characters of a row without their roles."""
    return "".join(run.text for run in row)


def plain(picture: Picture) -> str:
    """The picture as text, trailing blanks removed."""
    return "\n".join(row_text(row).rstrip() for row in picture.rows)
