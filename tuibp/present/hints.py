"""The last line of the screen: what just happened, and the keys that matter here.

Made from COMMANDS, so that a hint never names a key that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS
from tuibp.present.cells import Picture, Run, cut, framed
from tuibp.present.numbers import duration
from tuibp.present.scene import Scene

_LABELS = {
    "reverse-step": "undo",
    "cursor": "pick",
    "command": "command",
    "step start": "compute it",
    "act stop": "on or off",
    "cursor console": "scroll",
    "cursor why": "pick, scroll",
    "act cell": "why",
    "reverse-step link": "to the question",
    "reverse-step why": "to the question",
}
"""Other words for a label: by command, or by command and context."""
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


def contexts(scene: Scene) -> tuple[str, ...]:
    """What the keys of the last line depend on: names that `Command.hints` knows."""
    choices = scene.choices
    if choices.entry:
        kind = choices.entry.partition(":")[0]
        return (kind,) if kind in ("stop", "display", "link") else ("place",)
    if choices.pane in ("stops", "timelines", "console", "why"):  # no cells there, whatever is selected elsewhere
        return (choices.pane,)
    if choices.place is not None:
        return ("listing",)
    if choices.cursor is not None:
        gradient = choices.pane == "matrix" and scene.matrix != "W"
        return ("cell", "cell of a gradient") if gradient else ("cell",)
    if scene.next is None:
        return ("end",)
    return ("start",) if scene.view.t == 0 else ("inside",)


def hinted(*contexts: str) -> list[list[Run]]:
    """The keys that matter in some contexts and what they do, the most important first."""
    rows = [(command.hints[context], context, command) for command in COMMANDS.values()
            for context in contexts if context in command.hints]  # fmt: skip
    return [_hint(command, context) for _, context, command in sorted(rows, key=itemgetter(0))]


def _hint(command: Command, context: str) -> list[Run]:
    """A key and what it does."""
    label = _LABELS.get(f"{command.name} {context}") or _LABELS.get(command.name, command.label)
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
    runs = [Run(" ")]
    if count:
        runs.append(Run(f"{count}× ", "title"))
    tail = [run for hint in hinted("always") for run in hint][:-1]
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
    for hint in hinted(*contexts(scene)):
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
