"""What a pane shows, as plain values: rows of runs, and which tensor cell stands where.

A painter in `present` is a pure function that returns a `Picture`; the screen turns roles into colours, the text output drops
them. A role is one or more words separated by spaces: a base role and modifiers, for example "heat+3 active cursor". Meaning is never
carried by the role alone: the text says it too (a sign, a glyph, a word).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tuibp.debugger.names import CellRef

__all__ = ["MODIFIERS", "ROLES", "CellRef", "Hit", "Picture", "Row", "Run", "plain", "row_text"]

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
    """The cell that columns `x` to `x + width - 1` of row `y` show; `target` is a CellRef, or a location name in the listing."""

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


def row_text(row: Row) -> str:
    """The characters of a row without their roles."""
    return "".join(run.text for run in row)


def plain(picture: Picture) -> str:
    """The picture as text, trailing blanks removed."""
    return "\n".join(row_text(row).rstrip() for row in picture.rows)
