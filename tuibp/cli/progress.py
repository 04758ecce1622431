"""One line on standard error that says how far a long run is: drawn on a terminal only, and leaving nothing behind."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator

from tuibp.cli import streams
from tuibp.present.numbers import duration

INTERVAL = 0.1
"""Seconds between two drawings."""
_PATIENCE = 0.3
"""Seconds after which a run counts as long; a shorter one draws nothing."""
_WIDEST_BAR = 30


def follow(steps: Iterable[tuple[int, int]], unit: str) -> Iterator[tuple[int, int]]:
    """Pass on the (done, total) of a journey and draw it, about ten times a second.

    Args:
        unit: what is counted, in the plural: "batches".
    """
    if not streams.is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield from steps
        return
    start = time.monotonic()
    due = start + _PATIENCE
    drawn = False
    try:
        for step in steps:
            now = time.monotonic()
            if now >= due:
                due, drawn = now + INTERVAL, True
                _draw(bar(*step, now - start, unit, shutil.get_terminal_size().columns))
            yield step
    finally:
        if drawn:
            _draw("")


def _draw(line: str) -> None:
    sys.stderr.write(f"\r{line}\x1b[K")
    sys.stderr.flush()


def bar(done: int, total: int, seconds: float, unit: str, columns: int) -> str:
    """The line for a terminal of `columns` columns, always narrower than that.

    >>> bar(500, 2000, 2.0, "batches", 80)
    '[#######-----------------------]  25 %   250 batches/s   6.0 s left'
    >>> bar(500, 2000, 2.0, "batches", 40)
    ' 25 %   250 batches/s   6.0 s left'
    """
    share = done / total if total else 1.0
    rate = done / seconds if seconds > 0 else 0.0
    left = f"{duration((total - done) / rate)} left" if rate else ""
    words = f"{int(100 * share):3} %   {rate:,.0f} {unit}/s   {left}"
    width = min(_WIDEST_BAR, columns - len(words) - 5)
    if width < 5:
        return words[: max(0, columns - 1)]
    filled = int(width * share)
    return f"[{'#' * filled}{'-' * (width - filled)}] {words}"
