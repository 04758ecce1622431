"""The last line of the screen: what just happened, and the keys that matter here.

Made from COMMANDS, so that a hint never names a key that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.debugger.commands import COMMANDS
from tuibp.present.cells import Picture, Run, cut, framed
from tuibp.present.numbers import duration
from tuibp.present.scene import Scene

_START = ("step", "command", "continue", "batch", "cursor", "pane", "stepi", "sample", "epoch", "zoom", "goto")
_INSIDE = ("step", "reverse-step", "continue", "break", "command", "batch", "cursor", "pane", "sample", "stepi",
           "epoch", "finish", "goto", "zoom")  # fmt: skip
_END = ("reverse-step", "reverse-continue", "command", "reverse-epoch", "goto", "back", "cursor", "pane", "zoom")
_CELL = ("set", "watch", "display", "last", "command", "escape", "cursor", "step", "zoom", "pane", "digits")
_LISTING = ("break", "advance", "reverse-advance", "command", "escape", "cursor", "step", "reverse-step", "pane")
_ENTRY = {
    "stop": ("act-stop", "forget", "continue", "command", "escape", "cursor", "pane"),
    "display": ("forget", "continue", "command", "escape", "cursor", "pane"),
}
_PANE = {
    "stops": ("cursor", "break", "watch", "display", "command", "continue", "pane"),
    "timelines": ("cursor", "mark", "note", "set", "command", "pane"),
    "console": ("command", "scroll", "escape", "zoom", "pane"),
}
"""In panes that show no cells, whatever cell is selected elsewhere."""
_PLACE = ("act", "mark", "note", "command", "escape", "cursor", "pane")
ALWAYS = ("help", "quit")
"""Shown at the end of the line, whatever else has room."""
_LABELS = {"reverse-step": "undo", "cursor": "pick", "command": "command", "act-stop": "on or off", "scroll": "scroll"}
_ROWS = {"act-stop": "act", "scroll": "cursor"}
"""Hints that are another command's, in a place where it means something else."""
_FIRST = "compute it"
READ_ON = [Run("10 tab", "key"), Run(" reads on  ")]
"""Where a note is cut that stands in the console as well."""
LEAST_REASON = 16
"""Columns that what is wrong gets beside its remedy."""
LEAST_MESSAGE = 30
"""Columns that a message gets even where that leaves no room for keys."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the last command had to say."""

    text: str = ""
    error: bool = False
    said: bool = False
    """Whether it stands in the console too, where one can read on if it is cut here."""
    remedy: str = ""
    """Its last words, which stay where there is no room for all of it."""


def hinted(scene: Scene) -> tuple[str, ...]:
    """The commands whose keys matter here, the most important first."""
    if scene.choices.entry:
        return _ENTRY.get(scene.choices.entry.partition(":")[0], _PLACE)
    if scene.choices.pane in _PANE:
        return _PANE[scene.choices.pane]
    if scene.choices.place is not None:
        return _LISTING
    if scene.choices.cursor is not None:
        return ("matrix", *_CELL) if scene.choices.pane == "matrix" and scene.matrix != "W" else _CELL
    if scene.next is None:
        return _END
    return _START if scene.view.t == 0 else _INSIDE


def _hint(name: str, start: bool) -> list[Run]:
    """A key and what it does."""
    command = COMMANDS[_ROWS.get(name, name)]
    label = _FIRST if start and name == "step" else _LABELS.get(name, command.label)
    return [Run(command.keys[0], "key"), Run(f" {label}"), Run("  ")]


def shortened(note: Note, room: int) -> str:
    """A note within so many columns: what is wrong is cut before the remedy."""
    left = room - len(note.remedy) - 2
    if len(note.text) <= room or not note.remedy or left < LEAST_REASON:
        return cut(note.text, room)
    return f"{cut(note.text.removesuffix(note.remedy).rstrip('; '), left)}; {note.remedy}"


def _length(runs: list[Run]) -> int:
    return sum(len(run.text) for run in runs)


def paint_hints(scene: Scene, note: Note, count: str, width: int) -> Picture:
    """One line: the count, the note, then keys; the last ones are those for help and for leaving.

    Args:
        count: the digits typed so far.
    """
    runs, start = [Run(" ")], scene.view.t == 0
    if count:
        runs.append(Run(f"{count}× ", "title"))
    tail = [run for name in ALWAYS for run in _hint(name, start)][:-1]
    if note.text:
        room = width - _length(runs) - _length(tail) - 2
        if note.error and len(note.text) > room:  # what went wrong matters more than how to leave
            tail, room = [], width - _length(runs) - 2
        if note.said and len(note.text) > room:
            tail = [*READ_ON, *tail]
            room -= _length(READ_ON)
        text = shortened(note, room if len(note.text) <= room or room >= LEAST_MESSAGE else width - _length(runs) - 1)
        runs.append(Run(f"{text}  ", "bad" if note.error else "good"))
    room = width - _length(runs) - _length(tail)
    for name in hinted(scene):
        hint = _hint(name, start)
        if _length(hint) <= room:
            runs += hint
            room -= _length(hint)
    return framed([[*runs, *tail] if room >= 0 else runs], (), width, 1)


def paint_progress(done: int, total: int, rate: float, left: float, width: int, busy: str = "") -> Picture:
    """The line while a long run goes on: share, bar, rate, time left, and how to stop it.

    Args:
        rate: batches a second.
        left: seconds to go.
        busy: what to say first, to somebody who wants to move.
    """
    share = done / total if total else 1.0
    said = [Run(f" {busy}", "bad"), Run(" esc", "key"), Run(" stops it ")] if busy else []
    stop = [] if busy else [Run("  esc", "key"), Run(" stop")]
    pace = f"{rate:,.0f}/s  {duration(left)} left" if done else "the first one is under way"
    words = f" {share:4.0%} {done} of {total} batches  {pace}  "
    room = max(0, width - _length(said) - _length(stop))
    bar = max(0, min(30, room - len(words)))
    filled = round(share * bar)
    progress = [Run(cut(words, room)), Run("█" * filled + "─" * (bar - filled), "curve")]
    return framed([[*said, *progress, *stop]], (), width, 1)
