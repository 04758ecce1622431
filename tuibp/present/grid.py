"""A table of tensor cells: the DP table, the layer table and the matrices are all painted here.

Only what is visible is made and formatted, so a 784x512 matrix costs what a small one does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tuibp.debugger.names import CellRef
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.present.cells import Hit, Picture, Run, Window, cut, framed, slide
from tuibp.present.numbers import READY, UNDEFINED, column_width, heat_role, number
from tuibp.present.scene import Scene

STALE = "~"
"""Before the title of a column whose numbers were computed from one that has been set by hand since."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Line(Protocol[T_co]):
    """The columns or the names of the rows, by number: a list, or something that makes each when it is looked at."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> T_co: ...


@dataclass(frozen=True, eq=False)
class Made(Generic[T]):
    """A line of `count` members, each made when it is looked at."""

    count: int
    make: Callable[[int], T]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, at: int, /) -> T:
        return self.make(at)


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table."""

    title: str
    tensor: Tensor
    count: int
    """Its rows."""
    values: Array | None
    """(count,) its numbers; None while the tensor is not computed."""
    scale: float
    """The magnitude that is painted hottest."""
    cell: Callable[[int], tuple[int, ...]]
    """The tensor's index of row i."""

    def ref(self, row: int) -> CellRef:
        """The cell in row `row`."""
        return CellRef(self.tensor.name, self.tensor.layer, self.cell(row))


@dataclass(frozen=True, eq=False)
class Table:
    """What a pane with cells shows: the painter paints it and the cell cursor walks over it."""

    pane: str
    """The name of the pane."""
    columns: Line[Column]
    names: Line[str]
    """What stands before each row; its length is the number of rows."""
    label: int
    """Columns that the longest name takes."""
    focus: int = 0
    """The column to keep visible, and for the cursor to start in, where nothing is selected."""
    whole: Tensor | None = None
    """The matrix of which this table shows entry (i, j) in row i of column j; None for any other table."""


def locate(table: Table, ref: CellRef | None) -> tuple[int, int] | None:
    """(row, column) of a cell in a table; None where it has no such cell."""
    if ref is None:
        return None
    if table.whole is not None:
        return (ref.index[0], ref.index[1]) if table.whole == (ref.name, ref.layer) else None
    for x in range(len(table.columns)):
        column = table.columns[x]
        if column.tensor == (ref.name, ref.layer):
            row = ref.index[0] if ref.index else 0
            if 0 <= row < column.count and column.cell(row) == ref.index:
                return row, x
    return None


def step_cursor(table: Table, ref: CellRef | None, dy: int, dx: int) -> CellRef:
    """The cell `dy` rows down and `dx` columns right of a cell, stopping at the borders.

    Where the table does not hold the cell yet: the cell of the same row in the column to start in.
    """
    columns = table.columns
    place = locate(table, ref)
    if place is None:
        column = columns[max(0, min(table.focus, len(columns) - 1))]
        row = ref.index[0] if ref is not None and ref.index else 0
        return column.ref(min(row, column.count - 1))
    column = columns[max(0, min(place[1] + dx, len(columns) - 1))]
    return column.ref(max(0, min(place[0] + dy, column.count - 1)))


def _first(wanted: int | None, focus: int | None, total: int, room: int) -> int:
    """The first visible row or column: where it is scrolled to, else so that `focus` is visible."""
    if wanted is None:
        wanted = 0 if focus is None or focus < room else focus - room // 2
    return slide(total, room, wanted)[0]


def _marks(column: Column, scene: Scene) -> str:
    """What the operation just done did with a column, or that it is true no longer."""
    if scene.is_stale(column.tensor):
        return " stale"
    return " active" if column.tensor in scene.lit else " read" if column.tensor in scene.read else ""


def _text(value: float, digits: int, width: int) -> str:
    """The number; an exponent of three digits takes the place of one more digit."""
    text = number(value, digits)
    return text if len(text) <= width else number(value, digits - 1)


def _cell(column: Column, row: int, scene: Scene, marks: str, width: int) -> list[Run]:
    """One cell, right-aligned in `width`; a line under what is lit runs under its text only, a cursor covers it all."""
    if row >= column.count:
        return [Run(" " * width)]
    if column.values is None:
        ready = column.tensor in scene.ready
        text, role = (READY, "ready") if ready else (UNDEFINED, "pending")
    else:
        value = float(column.values[row])
        text, role = _text(value, scene.choices.digits, width), heat_role(value, column.scale)
    if marks in (" active", " read"):
        return [Run(" " * (width - len(text)), role), Run(text, role + marks)]
    return [Run(text.rjust(width), role + marks)]


def paint_grid(scene: Scene, table: Table, width: int, height: int, window: Window) -> Picture:
    """A table with a heading line."""
    columns, names = table.columns, table.names
    cursor = locate(table, scene.choices.cursor)
    selected = " cursor" if scene.choices.pane == table.pane else " same"
    label = min(table.label, max(3, width // 4))
    cell = column_width(scene.choices.digits)
    room = max(1, (width - label) // (cell + 1))
    lines = max(1, height - 1)
    left = _first(window.left, cursor[1] if cursor else table.focus, len(columns), room)
    top = _first(window.top, cursor[0] if cursor else None, len(names), lines)
    visible = [(x, columns[x]) for x in range(left, min(left + room, len(columns)))]
    shown = [(x, column, _marks(column, scene)) for x, column in visible]
    rows = [_heading(shown, label, cell, left > 0, left + room < len(columns), width)]
    hits: list[Hit] = []
    for y, i in enumerate(range(top, min(top + lines, len(names))), start=1):
        runs, at = [Run(cut(names[i], label).rjust(label), "dim")], label
        for x, column, marks in shown:
            runs += [Run(" "), *_cell(column, i, scene, marks + selected * ((i, x) == cursor), cell)]
            if i < column.count:
                hits.append(Hit(y, at + 1, cell, column.ref(i)))
            at += cell + 1
        rows.append(runs)
    more = (slide(len(names), lines, top, "rows")[1], slide(len(columns), room, left, "columns")[1])
    return framed(rows, hits, width, height, top, left, ", ".join(filter(None, more)))


def _heading(shown: Sequence[tuple[int, Column, str]], label: int, cell: int, before: bool, after: bool,
             width: int) -> list[Run]:  # fmt: skip
    """The titles of the columns, with a sign at either end where there are more."""
    runs = [Run(("«" if before else "").rjust(label), "dim")]
    for _, column, marks in shown:
        role = {" active": "accent", " read": "title", "": "dim", " stale": "dim"}[marks]
        title = cut(STALE * (marks == " stale") + column.title, cell)
        runs += [Run(" " * (cell - len(title) + 1)), Run(title, role + marks)]
    if after and label + len(shown) * (cell + 1) < width:
        runs.append(Run("»", "dim"))
    return runs
