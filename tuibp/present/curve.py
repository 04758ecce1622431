"""The cost curve: mean cost of every batch run so far, drawn in block characters, with the place where we stand.

A column that covers several batches shows their mean; a batch whose cost is not finite is marked, never dropped.
"""

from __future__ import annotations

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.present.cells import Picture, Row, Run
from tuibp.present.grid import Window
from tuibp.present.numbers import short
from tuibp.present.scene import Scene

BLOCKS = " ▁▂▃▄▅▆▇█"
LABEL = 9
"""Columns of the axis labels."""
LOG_RANGE = 1000
"""Costs that span more than this factor are drawn on a logarithmic axis."""


def paint_curve(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The curve over all batches run so far."""
    costs, room, lines = scene.costs, max(1, width - LABEL - 1), max(1, height - 1)
    if len(costs) == 0:
        return Picture(((Run("The cost of every finished batch appears here: } runs one batch, ] an epoch."[:width], "dim"),),))
    columns = buckets(costs, room)
    finite = columns[np.isfinite(columns)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    logarithmic = low > 0 and high / low > LOG_RANGE
    heights = _heights(columns, low if logarithmic else min(low, 0.0), high, logarithmic, lines)
    here = _marker(scene, len(costs), len(columns))
    rows = [_line(heights, columns, lines - 1 - y, here) for y in range(lines)]
    labels = {0: short(high, 4), lines - 1: short(low if logarithmic else min(low, 0.0), 4)}
    painted: list[Row] = [
        (Run(f"{labels.get(y, ''):>{LABEL}}", "dim"), Run("│", "dim"), *row) for y, row in enumerate(rows)
    ]
    batches = f"batches 0..{len(costs) - 1}  now {short(float(costs[-1]), 4)}" + ("  log scale" if logarithmic else "")
    painted.append((Run(" " * LABEL + "└", "dim"), Run(batches[:room], "dim")))
    return Picture(tuple(painted))


def buckets(costs: Array, room: int) -> Array:
    """`room` columns: each the mean of the batches it covers, or a batch over several columns while there are few."""
    if len(costs) <= room:
        return costs[(np.arange(room) * len(costs)) // room]
    edges = (np.arange(room) * len(costs)) // room
    counts = np.diff(np.append(edges, len(costs)))
    with np.errstate(all="ignore"):
        sums: Array = np.add.reduceat(costs, edges) / counts
    return sums


def _heights(columns: Array, low: float, high: float, logarithmic: bool, lines: int) -> list[int]:
    """Eighths of a line for every column; 0 where it is not finite."""
    with np.errstate(all="ignore"):
        values = np.log(columns) if logarithmic else columns
        bottom, top = (np.log(low), np.log(high)) if logarithmic else (low, high)
        span = top - bottom
        share = (values - bottom) / span if span > 0 else np.ones_like(values)
        eighths = np.where(np.isfinite(share), np.ceil(share * lines * 8), 0)
    return [max(1, int(eighth)) if np.isfinite(value) else 0 for eighth, value in zip(eighths, columns, strict=True)]


def _marker(scene: Scene, batches: int, columns: int) -> range:
    """The columns of the batch whose values are on the screen."""
    record = scene.view.record
    if record is None or record.batch >= batches:
        return range(0)
    first = -(-record.batch * columns // batches)
    if batches > columns:
        return range(record.batch * columns // batches, record.batch * columns // batches + 1)
    return range(first, -(-(record.batch + 1) * columns // batches))


def _line(heights: list[int], columns: Array, level: int, here: range) -> list[Run]:
    """One line of the picture; `level` counts from the bottom."""
    runs: list[Run] = []
    for x, eighths in enumerate(heights):
        filled = max(0, min(8, eighths - 8 * level))
        finite = bool(np.isfinite(columns[x]))
        role = ("curve2" if x in here else "curve") if finite else "bad"
        text = BLOCKS[filled] if finite else ("×" if level == 0 else " ")
        if runs and runs[-1].role == role:
            runs[-1] = Run(runs[-1].text + text, role)
        else:
            runs.append(Run(text, role))
    return runs
