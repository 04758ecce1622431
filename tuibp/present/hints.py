"""The last line of the screen: what just happened, and the keys that matter here.

Made from COMMANDS, so that a hint never names a key that does not exist.
"""

from __future__ import annotations

from tuibp.debugger.commands import COMMANDS
from tuibp.present.cells import Picture, Run
from tuibp.present.scene import Scene

_START = ("step", "stepi", "sample", "batch", "epoch", "goto", "cursor", "help", "quit")
_INSIDE = ("step", "reverse-step", "stepi", "sample", "batch", "epoch", "finish", "goto", "cursor", "help", "quit")
_END = ("reverse-step", "reverse-epoch", "goto", "help", "quit")
_CELL = ("escape", "step", "reverse-step", "zoom", "cursor", "help")
_LISTING = ("advance", "reverse-advance", "step", "reverse-step", "escape", "help")
_LABELS = {"step": {"start": "compute it"}, "reverse-step": {"": "undo"}, "cursor": {"": "pick a cell"}}


def hinted(scene: Scene) -> tuple[str, ...]:
    """The commands whose keys matter here, the most important first."""
    if scene.choices.place is not None:
        return _LISTING
    if scene.choices.cursor is not None:
        return _CELL
    if scene.next is None:
        return _END
    return _START if scene.view.t == 0 else _INSIDE


def paint_hints(scene: Scene, message: str, count: str, width: int) -> Picture:
    """One line.

    Args:
        message: what the last command had to say; shown before the keys.
        count: the digits typed so far.
    """
    runs = [Run(" ")]
    used = 1
    if count:
        runs.append(Run(f"{count}× ", "title"))
        used += len(count) + 2
    if message:
        text = message if len(message) <= width - used - 1 else message[: width - used - 2] + "…"
        runs.append(Run(f"{text}  ", "good"))
        used += len(text) + 2
    where = "start" if scene.view.t == 0 else ""
    for name in hinted(scene):
        command = COMMANDS[name]
        label = _LABELS.get(name, {}).get(where) or _LABELS.get(name, {}).get("", command.label)
        if used + len(command.keys[0]) + len(label) + 3 > width:
            break
        runs += [Run(command.keys[0], "key"), Run(f" {label}", "text"), Run("  ")]
        used += len(command.keys[0]) + len(label) + 3
    return Picture((tuple(runs),))


def paint_progress(done: int, total: int, rate: float, left: float, width: int) -> Picture:
    """The line while a long run goes on: share, bar, rate, time left, and how to stop it.

    Args:
        rate: batches a second.
        left: seconds to go.
    """
    share = done / total if total else 1.0
    words = f" {share:4.0%} {done} of {total} batches  {rate:,.0f}/s  {duration(left)} left  "
    room = max(0, min(30, width - len(words) - 12))
    filled = round(share * room)
    bar = "█" * filled + "─" * (room - filled)
    return Picture(((Run(words, "text"), Run(bar, "curve"), Run("  esc", "key"), Run(" stop", "text")),))


def duration(seconds: float) -> str:
    """Such as 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
