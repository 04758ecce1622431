"""MOVEMENTS: the commands whose target follows from the clock alone, without anything being run.

A target is a function from (session, count, argument) to a position; it computes where to go and touches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuibp.debugger.command import Command, Target
from tuibp.debugger.location import parse_location, parse_position
from tuibp.debugger.position import Frame
from tuibp.engine.operations import Level
from tuibp.errors import PositionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuibp.debugger.session import Session

MOST_REPEATS = 10_000
"""Of movements that look at every stop on the way."""


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


MOVEMENTS = (
    Command(
        "step",
        ("space", "s"),
        "move",
        "step",
        "Compute the next layer, or the next line of the program.",
        _by_level(+1, Level.LAYER),
        aliases=("s",),
        hints={"start": 0, "inside": 0, "cell": 7, "listing": 6},
    ),
    Command(
        "reverse-step",
        ("backspace", "S"),
        "move",
        "step back",
        "Undo exactly what the step before did.",
        _by_level(-1, Level.LAYER),
        aliases=("rs",),
        hints={"inside": 1, "end": 0, "listing": 7},
    ),
    Command(
        "stepi",
        ("i",),
        "move",
        "operation",
        "Compute one operation.",
        _by_level(+1, Level.OP),
        aliases=("si", "ni"),
        hints={"start": 6, "inside": 9},
    ),
    Command(
        "reverse-stepi",
        ("I",),
        "move",
        "operation back",
        "Undo one operation.",
        _by_level(-1, Level.OP),
        aliases=("rsi", "rni"),
    ),
    Command(
        "next",
        ("n",),
        "move",
        "next",
        "Go to the next statement of the selected frame; what is deeper is one step.",
        _next(+1),
        aliases=("n",),
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
        aliases=("fin",),
        hints={"inside": 11},
    ),
    Command(
        "reverse-finish",
        ("F",),
        "move",
        "to its start",
        "Go to the start of the selected frame, then of the one around it.",
        _repeated(_reverse_finish),
    ),
    Command(
        "sample",
        (")",),
        "move",
        "sample",
        "Go to the next sample (or grad, update).",
        _by_level(+1, Level.SAMPLE),
        hints={"start": 7, "inside": 8},
    ),
    Command(
        "reverse-sample",
        ("(",),
        "move",
        "sample back",
        "Go back to the sample (or grad, update) before.",
        _by_level(-1, Level.SAMPLE),
    ),
    Command(
        "batch",
        ("}", "pgdn"),
        "move",
        "batch",
        "Run the batch to its end.",
        _by_batch(+1),
        hints={"start": 3, "inside": 5},
    ),
    Command(
        "reverse-batch",
        ("{", "pgup"),
        "move",
        "batch back",
        "Go back to where the batch before had ended.",
        _by_batch(-1),
    ),
    Command(
        "epoch",
        ("]",),
        "move",
        "epoch",
        "Go to the next epoch.",
        _by_level(+1, Level.EPOCH),
        hints={"start": 8, "inside": 10},
    ),
    Command(
        "reverse-epoch",
        ("[",),
        "move",
        "epoch back",
        "Go back to the epoch before.",
        _by_level(-1, Level.EPOCH),
        hints={"end": 3},
    ),
    Command(
        "until",
        (),
        "move",
        "until",
        "Go forward to a place in the program, never out of the selected frame.",
        _until(+1),
        argument="LOC",
        takes=("place",),
    ),
    Command(
        "reverse-until",
        (),
        "move",
        "until, back",
        "Go back to a place in the program, never out of the selected frame.",
        _until(-1),
        argument="LOC",
        takes=("place",),
    ),
    Command(
        "advance",
        ("t",),
        "move",
        "to cursor",
        "Go forward to the program line under the cursor, whatever the frame.",
        _advance(+1),
        argument="LOC",
        takes=("place",),
        hints={"listing": 1},
    ),
    Command(
        "reverse-advance",
        ("T",),
        "move",
        "back to cursor",
        "Go back to the program line under the cursor.",
        _advance(-1),
        argument="LOC",
        takes=("place",),
        hints={"listing": 2},
    ),
    Command(
        "goto",
        ("g",),
        "time",
        "go to",
        "Go to a position: e2.b17.s4.bwd1.dW, t=500, 41%, -3b, +1e, start, end.",
        _goto,
        aliases=("g",),
        argument="POS",
        takes=("position",),
        hints={"start": 10, "inside": 12, "end": 4},
    ),
)
