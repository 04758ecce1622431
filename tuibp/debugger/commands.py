"""COMMANDS: one definition per command gives its key, the hint bar, the palette, the help and the README's key table.

A movement is a function from (session, count, argument) to a position; it computes where to go and touches nothing.
What only the screen can do has a row here too, without a function: its `screen` names the screen's action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tuibp.debugger.location import parse_location, parse_position
from tuibp.debugger.position import Frame
from tuibp.engine.operations import Level
from tuibp.errors import PositionError

if TYPE_CHECKING:
    from tuibp.debugger.session import Session

Target: TypeAlias = "Callable[[Session, int, str], int]"

MOST_REPEATS = 10_000
"""Of movements that look at every stop on the way."""
GROUPS = {"move": "Move", "time": "Travel", "look": "Look", "app": "The app"}
"""Headings of the help and of the README's key table, in order."""


@dataclass(frozen=True, eq=False)
class Command:
    """A row of the table."""

    name: str
    keys: tuple[str, ...]
    """Each is one character, or a name such as space, backspace, pgdn, ctrl+p."""
    group: str
    label: str
    """One or two words for the hint bar."""
    help: str
    """One sentence."""
    target: Target | None = None
    """Where it goes; None for what only the screen can do."""
    screen: str = ""
    """The screen's action, empty for a movement."""
    aliases: tuple[str, ...] = ()
    argument: str = ""
    """What follows the name on a command line: "POS", "LOC"; empty where only a count may follow."""


def _by_level(direction: int, level: Level) -> Target:
    return lambda session, count, _: session.clock.move(session.t, direction, level, count)


def _by_batch(direction: int) -> Target:
    return lambda session, count, _: session.clock.move_batches(session.t, direction, count)


def _repeated(once: Callable[[Session, int], int]) -> Target:
    """A movement whose frame may change on the way: `next 3` is three `next`, not three statements of one frame."""

    def target(session: Session, count: int, _: str) -> int:
        if count > MOST_REPEATS:
            raise PositionError(f"{count} is too often", hint=f"{MOST_REPEATS} is the most; sample and batch go far")
        t = session.t
        for _again in range(count):
            t = once(session, t)
        return t

    return target


def _next(direction: int) -> Target:
    def once(session: Session, t: int) -> int:
        level = Level(max(Level.OP, session.frame_at(t).level - 1))
        return session.clock.move(t, direction, level)

    return _repeated(once)


def _finish(session: Session, t: int) -> int:
    return min(session.frame_at(t).stop, session.clock.total)


def _reverse_finish(session: Session, t: int) -> int:
    selected = session.frame_at(t).level
    outer: tuple[Frame, ...] = session.clock.frames(t)
    return next((frame.start for frame in outer if frame.level >= selected and frame.start < t), 0)


def _advance(direction: int) -> Target:
    def target(session: Session, count: int, argument: str) -> int:
        place = parse_location(argument, session.clock)
        found = place.after(session.t, count) if direction > 0 else place.before(session.t, count)
        if found is None:
            where = "after" if direction > 0 else "before"
            raise PositionError(f"{place.name} does not come {where} this position", hint="g goes anywhere")
        return found

    return target


def _until(direction: int) -> Target:
    def target(session: Session, count: int, argument: str) -> int:
        place, frame = parse_location(argument, session.clock), session.frame
        if direction > 0:
            found = place.after(session.t, count)
            return frame.stop if found is None else min(found, frame.stop)
        found = place.before(session.t, count)
        return frame.start if found is None else max(found, frame.start)

    return target


def _goto(session: Session, _: int, argument: str) -> int:
    return parse_position(argument, session.clock, session.t)


def _level_pair(
    name: str, forward: tuple[str, ...], back: tuple[str, ...], level: Level, what: str
) -> tuple[Command, Command]:
    return (
        Command(name, forward, "move", name, f"Go to the next {what}.", _by_level(+1, level)),
        Command(
            f"reverse-{name}", back, "move", f"{name} back", f"Go back to the {what} before.", _by_level(-1, level)
        ),
    )


_ROWS = (
    Command(
        "step",
        ("space", "s"),
        "move",
        "step",
        "Compute the next layer, or the next line of the program.",
        _by_level(+1, Level.LAYER),
        aliases=("s",),
    ),
    Command(
        "reverse-step",
        ("backspace", "S"),
        "move",
        "step back",
        "Undo exactly what the step before did.",
        _by_level(-1, Level.LAYER),
        aliases=("rs",),
    ),
    Command("stepi", ("i",), "move", "operation", "Compute one operation.", _by_level(+1, Level.OP), aliases=("si",)),
    Command(
        "reverse-stepi",
        ("I",),
        "move",
        "operation back",
        "Undo one operation.",
        _by_level(-1, Level.OP),
        aliases=("rsi",),
    ),
    Command(
        "next",
        ("n",),
        "move",
        "next",
        "Go to the next statement of the selected frame; what is deeper is one step.",
        _next(+1),
    ),
    Command(
        "reverse-next",
        ("N",),
        "move",
        "next back",
        "Go back one statement of the selected frame.",
        _next(-1),
        aliases=("rn",),
    ),
    Command(
        "finish",
        ("f",),
        "move",
        "finish",
        "Go to the end of the selected frame and show its result.",
        _repeated(_finish),
    ),
    Command(
        "reverse-finish",
        ("F",),
        "move",
        "to its start",
        "Go to the start of the selected frame, then of the one around it.",
        _repeated(_reverse_finish),
    ),
    *_level_pair("sample", (")",), ("(",), Level.SAMPLE, "sample (or grad, update)"),
    Command("batch", ("}", "pgdn"), "move", "batch", "Run the batch to its end.", _by_batch(+1)),
    Command(
        "reverse-batch",
        ("{", "pgup"),
        "move",
        "batch back",
        "Go back to where the batch before had ended.",
        _by_batch(-1),
    ),
    *_level_pair("epoch", ("]",), ("[",), Level.EPOCH, "epoch"),
    Command(
        "continue",
        ("c",),
        "move",
        "continue",
        "Run on to the end; esc stops at once.",
        lambda session, _count, _: session.clock.total,
        aliases=("c",),
    ),
    Command(
        "reverse-continue",
        ("C",),
        "move",
        "run back",
        "Go back to the start.",
        lambda _session, _count, _: 0,
        aliases=("rc",),
    ),
    Command(
        "until",
        (),
        "move",
        "until",
        "Go forward to a place in the program, never out of the selected frame.",
        _until(+1),
        argument="LOC",
    ),
    Command(
        "reverse-until",
        (),
        "move",
        "until, back",
        "Go back to a place in the program, never out of the selected frame.",
        _until(-1),
        argument="LOC",
    ),
    Command(
        "advance",
        ("t",),
        "move",
        "to cursor",
        "Go forward to the program line under the cursor, whatever the frame.",
        _advance(+1),
        argument="LOC",
    ),
    Command(
        "reverse-advance",
        ("T",),
        "move",
        "back to cursor",
        "Go back to the program line under the cursor.",
        _advance(-1),
        argument="LOC",
    ),
    Command("repeat", (".",), "move", "repeat", "Repeat the last movement, with its count.", screen="repeat"),
    Command("count", tuple("0123456789"), "move", "count", "Digits before a movement repeat it: 10 s.", screen="count"),
    Command(
        "goto",
        ("g",),
        "time",
        "go to",
        "Go to a position: e2.b17.s4.bwd1.dW, t=500, 41%, -3b, +1e, start, end.",
        _goto,
        argument="POS",
    ),
    Command("back", ("-",), "time", "last place", "Return to the place where you stood before.", screen="back"),
    Command("forward", ("=",), "time", "forward", "After back: forward again.", screen="forward"),
    Command(
        "cursor",
        ("arrows", "hjkl"),
        "look",
        "cell",
        "Move the cell cursor; the same cell is marked in every pane.",
        screen="cursor",
    ),
    Command(
        "up",
        ("u",),
        "look",
        "outer frame",
        "Select the frame around: layer, pass, sample, batch, epoch, run.",
        screen="frame_up",
    ),
    Command("down", ("d",), "look", "inner frame", "Select the frame inside.", screen="frame_down"),
    Command(
        "sample-left",
        ("<",),
        "look",
        "sample before",
        "Look at the sample before this one in the batch.",
        screen="look_left",
    ),
    Command(
        "sample-right",
        (">",),
        "look",
        "sample after",
        "Look at the sample after it; after the last comes the mean of the batch.",
        screen="look_right",
    ),
    Command("zoom", ("z",), "look", "zoom", "Give the focused pane the whole screen, and back.", screen="zoom"),
    Command(
        "matrix", ("w",), "look", "W, dW, gW", "Change what the matrix pane shows: W, dW, gW, update.", screen="matrix"
    ),
    Command("digits", ("+",), "look", "digits", "Show 4, 6 or 8 significant digits.", screen="digits"),
    Command(
        "pane",
        ("tab", "shift+tab"),
        "app",
        "pane",
        "Go to the next pane or the one before; 3 tab goes to pane 3.",
        screen="pane",
    ),
    Command("help", ("?",), "app", "help", "Explain the focused pane and list the keys.", screen="help"),
    Command("palette", ("ctrl+p",), "app", "palette", "Find a command by its name.", screen="palette"),
    Command("theme", ("ctrl+t",), "app", "theme", "Change between the dark and the light theme.", screen="theme"),
    Command(
        "escape",
        ("esc",),
        "app",
        "let go",
        "Stop a run at once; otherwise drop the count, the cell and the frame. Never quits.",
        screen="escape",
    ),
    Command("quit", ("q", "ctrl+q"), "app", "quit", "Leave tuibp.", screen="quit"),
)

COMMANDS: dict[str, Command] = {row.name: row for row in _ROWS}
"""Every command by name."""
