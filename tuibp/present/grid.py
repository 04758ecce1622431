"""A table of tensor cells: the DP table, the layer table and the matrices are all painted here.

Only the cells that are visible are formatted, so a 784x512 matrix costs what a small one does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tuibp.debugger.names import CellRef
from tuibp.engine.arrays import Array
from tuibp.engine.program import Tensor
from tuibp.present.cells import Hit, Picture, Row, Run
from tuibp.present.numbers import READY, UNDEFINED, column_width, heat_role, number
from tuibp.present.scene import Scene


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


@dataclass(frozen=True, slots=True)
class Window:
    """Where a pane is scrolled to; None follows the cursor or the program."""

    top: int | None = None
    left: int | None = None


def locate(columns: Sequence[Column], ref: CellRef | None) -> tuple[int, int] | None:
    """(row, column) of a cell in a table; None where it has no such cell."""
    if ref is None:
        return None
    for x, column in enumerate(columns):
        if column.tensor == (ref.name, ref.layer):
            row = ref.index[0] if ref.index else 0
            if 0 <= row < column.count and column.cell(row) == ref.index:
                return row, x
    return None


def step_cursor(columns: Sequence[Column], ref: CellRef | None, dy: int, dx: int, home: int = 0) -> CellRef | None:
    """The cell `dy` rows down and `dx` columns right of a cell, stopping at the borders.

    Args:
        home: the column to start in where the table does not hold the cell yet.
    """
    if not columns:
        return None
    place = locate(columns, ref)
    if place is None:
        column = columns[max(0, min(home, len(columns) - 1))]
        row = ref.index[0] if ref is not None and ref.index else 0
        return column.ref(min(row, column.count - 1)) if column.count else None
    column = columns[max(0, min(place[1] + dx, len(columns) - 1))]
    return column.ref(max(0, min(place[0] + dy, column.count - 1)))


def _first(wanted: int | None, focus: int | None, total: int, room: int) -> int:
    """The first visible row or column: where it is scrolled to, else so that `focus` is visible."""
    last = max(0, total - room)
    if wanted is not None:
        return max(0, min(wanted, last))
    if focus is None or room <= 0 or focus < room:
        return 0
    return min(last, focus - room // 2)


def _cell_run(column: Column, row: int, scene: Scene, place: tuple[int, int], cursor: tuple[int, int] | None,
              width: int) -> Run:  # fmt: skip
    """One cell, right-aligned in `width`."""
    if row >= column.count:
        return Run(" " * width, "text")
    marks = ""
    if column.tensor in scene.lit:
        marks += " active"
    elif column.tensor in scene.read:
        marks += " read"
    if place == cursor:
        marks += " cursor"
    if column.values is None:
        ready = column.tensor in scene.ready
        return Run((READY if ready else UNDEFINED).rjust(width), ("ready" if ready else "pending") + marks)
    value = float(column.values[row])
    return Run(number(value, scene.choices.digits).rjust(width), heat_role(value, column.scale) + marks)


def paint_grid(scene: Scene, columns: Sequence[Column], names: Sequence[str], width: int, height: int, window: Window,
               focus: int = 0) -> Picture:  # fmt: skip
    """A table with a heading line.

    Args:
        names: what stands before each row; its length is the number of rows.
        focus: the column to keep visible where nothing is selected.
    """
    cursor = locate(columns, scene.choices.cursor)
    label = max([len(name) for name in names[:2000]], default=1)
    label = min(label, max(3, width // 4))
    cell = column_width(scene.choices.digits)
    room = max(1, (width - label) // (cell + 1))
    lines = max(1, height - 1)
    left = _first(window.left, cursor[1] if cursor else focus, len(columns), room)
    top = _first(window.top, cursor[0] if cursor else None, len(names), lines)
    shown = list(enumerate(columns))[left : left + room]
    rows: list[Row] = [_heading(scene, shown, label, cell, left > 0, left + room < len(columns), width)]
    hits: list[Hit] = []
    for y, i in enumerate(range(top, min(top + lines, len(names))), start=1):
        runs = [Run(names[i][:label].rjust(label), "dim")]
        for x, (number_, column) in enumerate(shown):
            runs.append(Run(" "))
            runs.append(_cell_run(column, i, scene, (i, number_), cursor, cell))
            if i < column.count:
                hits.append(Hit(y, label + 1 + x * (cell + 1), cell, column.ref(i)))
        rows.append(tuple(runs))
    return Picture(tuple(rows), tuple(hits), top, left, _more(top, lines, len(names), left, room, len(columns)))


def _heading(scene: Scene, shown: Sequence[tuple[int, Column]], label: int, cell: int, before: bool, after: bool,
             width: int) -> Row:  # fmt: skip
    runs = [Run("«".rjust(label) if before else " " * label, "dim")]
    for _, column in shown:
        role = "accent" if column.tensor in scene.lit else "title" if column.tensor in scene.read else "dim"
        mark = " active" if column.tensor in scene.lit else " read" if column.tensor in scene.read else ""
        runs += [Run(" "), Run(column.title[:cell].rjust(cell), role + mark)]
    used = label + len(shown) * (cell + 1)
    if after and used < width:
        runs.append(Run("»", "dim"))
    return tuple(runs)


def _more(top: int, lines: int, rows: int, left: int, room: int, columns: int) -> str:
    """What is out of sight, in words."""
    parts = []
    if rows > lines:
        parts.append(f"rows {top}-{min(top + lines, rows) - 1} of {rows}")
    if columns > room:
        parts.append(f"columns {left}-{min(left + room, columns) - 1} of {columns}")
    return ", ".join(parts)
