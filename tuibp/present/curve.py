"""The cost curve: mean cost of every batch run so far, drawn in block characters, with the place where we stand.

A column that covers several batches shows their mean; a batch whose cost is not finite is marked, never dropped. The
flight log of a very long run has one row for several batches: here they are rows, on the screen always batches.
"""

from __future__ import annotations

import math

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.present.cells import Picture, Run, Window, framed
from tuibp.present.numbers import short
from tuibp.present.scene import Scene
from tuibp.present.timestrip import strip_hits, time_strip

BLOCKS = " ▁▂▃▄▅▆▇█"
NOT_FINITE = "×"
LABEL = 10
"""Columns of the axis labels."""
WIDEST = 6
"""Columns of a batch, while there are few: a curve of one or two is not to fill the pane."""
LOG_RANGE = 1000
"""Costs that span more than this factor are drawn on a logarithmic axis."""
EMPTY = "The cost of every finished batch appears here: } runs one batch, ] an epoch."


def paint_curve(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The curve over all batches run so far."""
    costs, room, lines = scene.costs, max(1, width - LABEL - 1), max(1, height - 2)
    if len(costs) == 0:
        return framed([[Run(EMPTY, "dim")]], (), width, height)
    row, room = _row_of_record(scene), min(room, WIDEST * max(1, _batches(scene)))
    drawn, logarithmic = _drawn(costs, row, room, lines)
    rows = list(drawn)
    strip, targets = time_strip(scene, room, _batches(scene))
    rows.append([Run(f"{'time':>{LABEL}}└", "dim"), *strip])
    rows.append([Run(" " * (LABEL + 1)), *_legend(scene, room, logarithmic)])
    return framed(rows, strip_hits(targets, len(rows) - 2, LABEL + 1), width, height)


_LAST: list[tuple[Array, tuple[int | None, int, int], tuple[list[list[Run]], bool]]] = []
"""The curve drawn last: most steps stay within a batch, and draw the same again."""


def _drawn(costs: Array, row: int | None, room: int, lines: int) -> tuple[list[list[Run]], bool]:
    """The lines of the curve, and whether its axis is logarithmic.

    Args:
        row: the row of `costs` that is marked.
    """
    key = (row, room, lines)
    if not (_LAST and _LAST[0][0] is costs and _LAST[0][1] == key):
        _LAST[:] = [(costs, key, _draw(costs, row, room, lines))]
    return _LAST[0][2]


def _draw(costs: Array, row: int | None, room: int, lines: int) -> tuple[list[list[Run]], bool]:
    columns = buckets(costs, room)
    finite = columns[np.isfinite(columns)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    logarithmic = low > 0 and high / low > LOG_RANGE
    low = low if logarithmic else min(low, 0.0)
    heights = _heights(columns, low, high, logarithmic, lines)
    here = _marker(row, len(costs), len(columns))
    labels = {0: _label(high), lines - 1: _label(low)} if len(finite) else {0: "no number"}
    rows = [
        [Run(f"{labels.get(y, ''):>{LABEL}}│", "dim"), *_line(heights, columns, lines - 1 - y, here)]
        for y in range(lines)
    ]
    return rows, logarithmic


def _label(value: float) -> str:
    """As many digits, four at most, as the axis has room for."""
    return next(text for text in (short(value, digits) for digits in (4, 3, 2)) if len(text) <= LABEL)


def _batches(scene: Scene) -> int:
    """Batches that the costs are of."""
    return min(len(scene.costs) * scene.cost_stride, scene.view.timeline.log.filled)


def _row_of_record(scene: Scene) -> int | None:
    """The row that holds the cost of the batch on the screen; None where that has not ended."""
    record = scene.view.record
    return None if record is None or record.batch >= _batches(scene) else record.batch // scene.cost_stride


def _legend(scene: Scene, room: int, logarithmic: bool) -> list[Run]:
    """What the axis covers, and the batch on the screen, if it has ended, with its cost or the mean of its row."""
    costs, batches, stride, row = scene.costs, _batches(scene), scene.cost_stride, _row_of_record(scene)
    together = round(batches / room)
    runs = [Run(f"batches 0..{batches - 1}" + f", ~{together} a column" * (together > 1), "dim")]
    if row is not None:
        first, last = row * stride, min((row + 1) * stride, batches) - 1
        name = f"batch {first}" if first == last else f"batches {first}..{last}"
        runs.append(Run(f"  {name}: {short(float(costs[row]))}", "curve2"))
    return [*runs, Run("  log scale" * logarithmic, "dim")]


def buckets(costs: Array, room: int) -> Array:
    """`room` columns: each the mean of the rows it covers, or a row over several columns while there are few."""
    edges = (np.arange(room) * len(costs)) // room
    if len(costs) <= room:
        return costs[edges]
    counts = np.diff(np.append(edges, len(costs)))
    with np.errstate(all="ignore"):
        means: Array = np.add.reduceat(costs, edges) / counts
    return means


def _heights(columns: Array, low: float, high: float, logarithmic: bool, lines: int) -> list[int]:
    """Eighths of a line for every column; 0 where it is not finite."""
    with np.errstate(all="ignore"):
        values = np.log(columns) if logarithmic else columns
        bottom, top = (math.log(low), math.log(high)) if logarithmic else (low, high)
        # Halves, because the whole span of two finite numbers may be infinite.
        share = (values / 2 - bottom / 2) / (top / 2 - bottom / 2) if top > bottom else np.ones_like(values)
        eighths = np.where(np.isfinite(share), np.ceil(share * lines * 8), 0)
    return [max(1, int(eighth)) if np.isfinite(value) else 0 for eighth, value in zip(eighths, columns, strict=True)]


def _marker(row: int | None, rows: int, columns: int) -> range:
    """The columns of the batch whose values are on the screen."""
    if row is None:
        return range(0)
    first, stop = (-(-at * columns // rows) for at in (row, row + 1))
    if rows > columns:
        first = row * columns // rows
    return range(first, max(stop, first + 1))


def _line(heights: list[int], columns: Array, level: int, here: range) -> list[Run]:
    """One line of the picture; `level` counts from the bottom."""
    runs: list[Run] = []
    for x, eighths in enumerate(heights):
        finite = bool(np.isfinite(columns[x]))
        role = ("curve2" if x in here else "curve") if finite else "bad"
        text = BLOCKS[max(0, min(8, eighths - 8 * level))] if finite else (" " if level else NOT_FINITE)
        if runs and runs[-1].role == role:
            runs[-1] = Run(runs[-1].text + text, role)
        else:
            runs.append(Run(text, role))
    return runs
