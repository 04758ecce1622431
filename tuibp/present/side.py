"""The panes beside the numbers: stops with what is displayed, timelines with marks and notes, and the transcript.

Each is a list of lines that may be picked: an entry is named by its kind and number, such as "stop:2".
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.present.board import Board, PlaceEntry, StopEntry, TimelineEntry
from tuibp.present.cells import Hit, Picture, Run, Window, cut, framed, slide
from tuibp.present.listing import BREAK, OFF
from tuibp.present.numbers import short
from tuibp.present.scene import Scene

HERE = "▶"
BLOCKS = "▁▂▃▄▅▆▇█"
LEAST = 16
"""Columns below which nothing is wrapped any more."""
CURVE = 16
"""Columns of the cost curve of a timeline."""

_COLUMN = re.compile(r"\s*\S.*?\s{2,}(?=\S)")
"""The first column of a line that has two."""

Entry = tuple[str, list[Run]]
"""What a line stands for, empty for one that cannot be picked, and what it says."""

NO_STOPS = "b stops before a line of the program, W where a cell changes; or type :watch cost > 1, :catch nan."
NO_DISPLAYS = "D displays the selected cell at every stop."
NO_PLACES = "m and a letter marks a place, M notes something about it; e edits a cell, on a timeline of its own."
NOTHING_EXPLAINED = (
    "Select a cell and press enter: why is it what it is? ! checks its gradient. :why zero, small, big, nan ask more."
)
NOTHING_SAID = "Type : and a command, such as :print W[1], :find cost > 0.3, :help."


def stop_entries(board: Board) -> list[Entry]:
    """Stops, then displays."""
    entries: list[Entry] = [(f"stop:{stop.number}", _stop(stop)) for stop in board.stops]
    if not entries:
        entries.append(("", [Run(NO_STOPS, "dim")]))
    for display in board.displays:
        for n, line in enumerate(display.lines):
            entries.append((f"display:{display.number}" if n == 0 else "", [Run(line, "text")]))
    if not board.displays:
        entries.append(("", [Run(NO_DISPLAYS, "dim")]))
    return entries


def _stop(stop: StopEntry) -> list[Run]:
    return [
        Run(BREAK if stop.enabled else OFF, "bad" if stop.enabled else "dim"),
        Run(f" {stop.number} ", "dim"),
        *([Run(f"{HERE} ", "pc")] if stop.held else []),
        Run(stop.title, "text" if stop.enabled else "dim"),
    ]


def timeline_entries(board: Board) -> list[Entry]:
    """The tree of timelines with their cost curves, then marks and notes."""
    width = max((2 * entry.depth + len(entry.label) for entry in board.timelines), default=0)
    entries: list[Entry] = [(f"timeline:{e.number}", _timeline(e, board, min(width, 40))) for e in board.timelines]
    for place in (*board.marks, *board.notes):
        entries.append(_place(place, board))
    if not board.marks and not board.notes:
        entries.append(("", [Run(NO_PLACES, "dim")]))
    return entries


def _timeline(entry: TimelineEntry, board: Board, width: int) -> list[Run]:
    here = entry.number == board.current
    name = cut("  " * entry.depth + entry.label, width)
    cost = short(entry.last) if entry.last is not None else ""
    return [
        Run(HERE if here else " ", "pc"),
        Run(f" {entry.number} ", "dim"),
        Run(f"{name:<{width}} ", "title" if here else "text"),
        Run(f"{spark(entry.costs, CURVE):<{CURVE}}", "curve2" if here else "curve"),
        Run(f" {cost:>10}" if cost else "  not run", "value" if cost else "dim"),
        Run(f"  {entry.filled} of {entry.batches}", "dim"),
    ]


def _place(place: PlaceEntry, board: Board) -> Entry:
    other = f" on timeline {place.timeline}" if place.timeline != board.current else ""
    where = Run(f"{place.where}{other}", "accent")
    if place.name:
        return f"mark:{place.name}", [Run(f"  '{place.name} ", "key"), where]
    return f"note:{place.number}", [Run(f" *{place.number:<2} ", "key"), where, Run(f"  {place.text}")]


def spark(costs: Array, room: int) -> str:
    """A cost curve in one line; × where a cost is nan or infinite."""
    if not len(costs):
        return ""
    edges = (np.arange(room) * len(costs)) // room
    columns = costs[edges]
    finite = columns[np.isfinite(columns)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    text = ""
    for value in columns.tolist():
        if not math.isfinite(value):
            text += "×"
        else:
            share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0
            text += BLOCKS[min(7, int(share * 8))]
    return text


def said_entries(board: Board) -> list[Entry]:
    """The transcript."""
    entries: list[Entry] = []
    for line in board.said:
        command = line.startswith(": ")
        entries.append(("", [Run(line, "key" if command else "bad" if line.startswith("! ") else "text")]))
    return entries or [("", [Run(NOTHING_SAID, "dim")])]


def _hang(runs: Sequence[Run], width: int) -> int:
    """How far what goes on below is indented: below the second column of a line that has two."""
    match = _COLUMN.match("".join(run.text for run in runs))
    return match.end() if match and match.end() <= width // 2 else 4


def _wrapped(entries: Sequence[Entry], width: int) -> list[Entry]:
    """Lines that are too long go on below, indented."""
    lines: list[Entry] = []
    for target, runs in entries:
        if sum(len(run.text) for run in runs) <= width:
            lines.append((target, runs))
            continue
        hang = _hang(runs, width)
        room, line = width, []
        for run in runs:
            text = run.text
            while len(text) > room and room >= 0:
                at = text.rfind(" ", 0, room + 1)
                at = at if at > 0 and text[:at].strip() else (room if room > 8 or room == width - hang else 0)
                line.append(Run(text[:at], run.role))
                lines.append((target, line))
                text, line, room = text[at:].lstrip(), [Run(" " * hang)], width - hang
            line.append(Run(text, run.role))
            room -= len(text)
        lines.append((target, line))
    return lines


def _paint(scene: Scene, entries: Sequence[Entry], width: int, height: int, window: Window, *, end: bool) -> Picture:
    lines = _wrapped(entries, max(LEAST, width))
    picked = next((y for y, (target, _) in enumerate(lines) if target and target == scene.choices.entry), None)
    # Of the latest answer the beginning, if it is longer than the pane.
    commands = (y for y, (_, runs) in enumerate(lines) if runs and runs[0].role == "key")
    wanted = max(commands, default=len(lines)) if end else 0
    if picked is not None and picked >= height:
        wanted = picked - height // 2
    top, more = slide(len(lines), height, wanted if window.top is None else window.top)
    rows: list[list[Run]] = []
    hits: list[Hit] = []
    for y, (target, runs) in enumerate(lines[top : top + height]):
        chosen = bool(target) and target == scene.choices.entry
        rows.append([Run(run.text, run.role + " cursor" * chosen) for run in runs])
        if target:
            hits.append(Hit(y, 0, max(1, sum(len(run.text) for run in runs)), target))
    return framed(rows, hits, width, height, top, 0, more)


def paint_stops(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Stops and displays."""
    return _paint(scene, stop_entries(scene.board), width, height, window, end=False)


def paint_timelines(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Timelines, marks and notes."""
    return _paint(scene, timeline_entries(scene.board), width, height, window, end=False)


def paint_said(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The transcript: its end, or the beginning of an answer that is longer than the pane."""
    return _paint(scene, said_entries(scene.board), width, height, window, end=True)


def explained_entries(board: Board) -> list[Entry]:
    """The answer to the last why or gradient check; what leads somewhere can be picked."""
    if not board.explained:
        return [("", [Run(NOTHING_EXPLAINED, "dim")])]
    entries: list[Entry] = [("", [Run(board.explained_at, "key")])]
    for text, link in board.explained:
        entries.append((f"link:{link}" if link else "", [Run(text, "text")]))
    return entries


def paint_explained(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """What was explained last."""
    return _paint(scene, explained_entries(scene.board), width, height, window, end=False)


ENTRIES = {"why": explained_entries, "stops": stop_entries, "timelines": timeline_entries, "console": said_entries}
"""What the cursor walks over, by pane."""


def next_entry(scene: Scene, pane: str, step: int) -> str | None:
    """The entry `step` lines below the picked one; the first or the last where none is picked."""
    targets = list(dict.fromkeys(target for target, _ in ENTRIES[pane](scene.board) if target))
    if not targets:
        return None
    if scene.choices.entry not in targets:
        return targets[0 if step > 0 else -1]
    at = targets.index(scene.choices.entry) + step
    return targets[max(0, min(at, len(targets) - 1))]
