"""A tensor as a heat map that needs neither colour nor a picture: every cell its sign and the tenths of a scale.

The sign is printed, never implied by a shade (design: screen.md section 3), so that the map reads the same in a dumb
terminal, in a file and aloud. What is too big is pooled, and says so: of each block the entry that matters most stands
for it, because a mean would hide the one weight that has run away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.present.numbers import largest, short

ROWS = 40
"""Lines that a map may take, so that it stays on one screen or two."""
TICK = 5
"""Cells from one number above the map to the next."""
CELL = 2
"""Columns of a cell: its sign and its digit."""
LEGEND = {
    "??": "nan",
    "+!": "+inf",
    "-!": "-inf",
    " .": "exactly 0",
}
"""Cells that are no sign and digit; the legend explains those that are there."""


class HeatMap(NamedTuple):
    """A tensor, pooled so that it fits."""

    lines: list[tuple[int, Array]]
    """The first row, or of a vector the first entry, of every line, and what it shows."""
    starts: list[int]
    """The first column, or entry of its line, that each cell of a line stands for."""
    block: tuple[int, ...]
    """Rows and columns, or entries, that one cell stands for."""


def heat_lines(values: Array, digits: int, width: int) -> list[str]:
    """The map of a vector (n,) or a matrix (n, k), not empty, and the legend below it.

    Args:
        digits: significant digits of the legend's numbers.
        width: columns that the map may take, at least 40; the legend is not wrapped.
    """
    label = len(str(len(values) - 1))
    indent = 2 + label + 3
    chart = _of_vector(values, width - indent) if values.ndim == 1 else _of_matrix(values, width - indent)
    scale = largest([values])
    rows = [(start, [cell_text(value, scale) for value in line.tolist()]) for start, line in chart.lines]
    special = {text for _, cells in rows for text in cells} & LEGEND.keys()
    lines = [" " * indent + _ruler(chart.starts, width - indent)]
    lines += [f"  {start:>{label}}   {''.join(cells)}" for start, cells in rows]
    return [*lines, *_legend(chart, scale, digits, special)]


def cell_text(value: float, scale: float) -> str:
    """Sign and tenths of a value where the largest finite magnitude is `scale`; two columns.

    >>> [cell_text(value, 2.0) for value in (2.0, -0.1, 1.1, 0.0, float("nan"), float("-inf"))]
    ['+9', '-0', '+5', ' .', '??', '-!']
    """
    if math.isnan(value):
        return "??"
    sign = "-" if value < 0 else "+"
    if math.isinf(value):
        return f"{sign}!"
    return " ." if value == 0 else f"{sign}{min(9, int(abs(value) / scale * 10))}"


def _strongest(values: Array, starts: list[int], axis: int) -> Array:
    """Of each block the entry of largest magnitude: nan before infinities before numbers, + where both are equal."""
    if len(starts) == values.shape[axis]:
        return values
    with np.errstate(invalid="ignore"):
        top, bottom = (reduce.reduceat(values, starts, axis=axis) for reduce in (np.maximum, np.minimum))
        strongest: Array = np.where(-bottom > top, bottom, top)
    return strongest


def _blocks(count: int, room: int) -> tuple[int, list[int]]:
    """The size of equal blocks of which at most `room` cover 0 .. count-1, and where each starts."""
    size = max(1, -(-count // max(1, room)))
    return size, list(range(0, count, size))


def _of_matrix(values: Array, room: int) -> HeatMap:
    tall, rows = _blocks(values.shape[0], ROWS)
    wide, columns = _blocks(values.shape[1], room // CELL)
    # Rows first: they lie one after another in memory, and what is left is small.
    pooled: Array = _strongest(_strongest(values, rows, 0), columns, 1).astype(np.float64)
    return HeatMap(list(zip(rows, pooled, strict=True)), columns, (tall, wide))


def _of_vector(values: Array, room: int) -> HeatMap:
    """A vector is read like text, in lines of tens."""
    per = min(len(values), room // CELL // 10 * 10)
    size, starts = _blocks(len(values), per * ROWS)
    pooled: Array = _strongest(values, starts, 0).astype(np.float64)
    lines = [(starts[i], pooled[i : i + per]) for i in range(0, len(pooled), per)]
    return HeatMap(lines, [size * i for i in range(min(per, len(pooled)))], (size,))


def _ruler(starts: list[int], room: int) -> str:
    """The number of every fifth cell above the cell's sign; none is cut."""
    text = ""
    for cell in range(0, len(starts), TICK):
        number = str(starts[cell])
        if CELL * cell + len(number) <= room and len(text) <= CELL * cell:
            text = text.ljust(CELL * cell) + number
    return text


def _legend(chart: HeatMap, scale: float, digits: int, special: set[str]) -> Iterator[str]:
    def share(tenths: int) -> str:
        return short(scale * (tenths / 10), digits)

    if scale:
        ends = f"+0 is up to {share(1)}, +9 is {share(9)} to {share(10)}"
        yield f"  sign and tenths of the largest, {share(10)}: {ends}"
    others = [f"{text.strip()} is {meaning}" for text, meaning in LEGEND.items() if text in special]
    if others:
        yield f"  {', '.join(others)}"
    if max(chart.block) > 1:
        block = f"{chart.block[0]} entries" if len(chart.block) == 1 else "{} rows by {} columns".format(*chart.block)
        yield f"  pooled to fit: a cell is the entry of largest magnitude, or nan, of {block}"
