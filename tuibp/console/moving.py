"""Movements on the command line, and what is said where they end."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace as replaced

from tuibp.console.console import Action, Console
from tuibp.console.language import Line, read_count, wants
from tuibp.console.reply import Job, Progress, Reply, Request
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.conditions import Condition, watched, written_sites
from tuibp.debugger.ending import Stop
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.expressions.typed import Leaf
from tuibp.debugger.hunt import Hit
from tuibp.debugger.names import CellRef
from tuibp.debugger.search import Search
from tuibp.debugger.sweep import OvertakenError, value_at
from tuibp.errors import InputError, NameInputError, TuibpError
from tuibp.present.numbers import short
from tuibp.present.stopped import hit_line, stopped_lines

NAMED = ("'", "$", "*")
"""What a position begins with that the console knows and the clock does not: marks, values, notes."""
MOST_STOPPED = 1000
"""Places where something has stopped us that are kept for the time line."""


def move(console: Console, request: Request) -> Job:
    """A movement whose target follows from the clock; goto also takes marks, values and notes."""
    session, command = console.session, COMMANDS[request.name]
    if command.name == "goto" and request.argument[:1] in NAMED:
        place = console.position(request.argument)
        if place.timeline == session.current:
            start = session.t
            yield from session.travel(place.t)
            return arrived(console, session.stop(start))
        stop = yield from cross(console, place.timeline, place.t)
        return arrived(console, stop)
    start, frame = session.t, session.frame if command.name == "finish" else None
    yield from session.travel(session.target(command, request.times, request.argument))
    return arrived(console, session.stop(start, frame))


def cross(console: Console, number: int, t: int) -> Generator[Progress, None, Stop]:
    """Go to a place on another timeline. What has to be run there is run first: called off, we stand where we stood."""
    session = console.session
    yield from session.timelines[number].travel(t)
    stop = session.switch(number, t)
    return Stop(stop.t, stop.came_from, stop.reason or f"Timeline {number}: {session.timeline.label}.")


def towards(console: Console, line: Line) -> int | None:
    """Where on the current timeline a line goes, or towards which end it looks; None where it goes nowhere on it."""
    session, command, argument = console.session, line.command, line.argument
    if command is None:
        return None
    wants(command, argument)
    if command.verb == "resume":
        return 0 if command.name.startswith("reverse") else session.clock.total
    if command.target is None:
        return None
    if command.name == "goto" and argument[:1] in NAMED:
        place = console.position(argument)
        return place.t if place.timeline == session.current else None
    if command.argument:
        return session.target(command, 1, argument)
    return session.target(command, read_count(command, argument))


def arrived(console: Console, stop: Stop, hits: tuple[Hit, ...] = ()) -> Reply:
    """The answer of a movement: why it stopped, where, and the displays."""
    session = console.session
    lines = stopped_lines(session, stop.reason, hits, console.digits)
    values: dict[str, object] = {
        "at": session.position.name,
        "t": session.t,
        "timeline": session.current,
        "stops": [{"number": hit.stop.number, "stop": hit.stop.title, "values": dict(hit.values)} for hit in hits],
    }
    if stop.reason:
        values["reason"] = stop.reason
    return Reply((*lines, *display_lines(console)), moved=True, values=values)


def display_lines(console: Console) -> list[str]:
    """What `display` has asked for, as it stands here."""
    return [line for number in console.displays for line in display_entry(console, number)]


def display_entry(console: Console, number: int) -> list[str]:
    """One of them."""
    from tuibp.console.looking import shown

    text, format = console.displays[number]
    try:
        return shown(console, f"display {number}: {text}", text, format)
    except NameInputError:
        return [f"display {number}: {text} is not computed yet"]
    except TuibpError as error:
        return [f"display {number}: {text}: {error.message}"]


def resume_run(console: Console, request: Request) -> Job:
    """continue and reverse-continue."""
    session, start = console.session, console.session.t
    direction = -1 if request.name.startswith("reverse") else +1
    told: list[str] = []
    arrival = yield from session.resume(direction, request.times, lambda hits: told.extend(_logged(console, hits)))
    for stop in arrival.spent:
        session.stops.delete(stop.number)
    if arrival.hits:
        console.stopped.append((session.current, session.t))
        console.held = console.place, frozenset(hit.stop.number for hit in arrival.hits)
        del console.stopped[:-MOST_STOPPED]
    reason = session.stop(start).reason
    if not arrival.hits and session.stops.enabled:
        reason = f"{reason} No stop on the way.".lstrip()
    reply = arrived(console, Stop(session.t, start, reason), arrival.hits)
    return replaced(reply, lines=(*told, *reply.lines))


def _logged(console: Console, hits: list[Hit]) -> list[str]:
    """What logpoints print at the place where the session stands."""
    lines = [f"{console.session.position.name}  {'; '.join(hit_line(hit, console.digits) for hit in hits)}"]
    for hit in hits:
        for command in hit.stop.commands:
            try:
                lines += [f"  {line}" for line in console.execute(command).lines]
            except TuibpError as error:  # what is not computed yet is no reason to end a run
                lines.append(f"  {command}: {error.message}")
    return lines


def visit(console: Console, request: Request) -> Reply:
    """back and forward through the places where one has stood."""
    session = console.session
    stop = session.step_visited(-1 if request.name == "back" else +1, request.times)
    return arrived(console, stop)


def last_change(console: Console, request: Request) -> Job:
    """Back to the position at which a value had last changed."""
    session, text = console.session, request.argument
    node = console.bind(text)
    sites = written_sites(node, session.timeline.program)
    if not sites:
        raise ExpressionError("no operation writes anything that this reads", text, 0, "name a tensor or a cost")
    search = Search(session.timeline, [Condition(session.timeline.program, watched(node), sites, changes=True)])
    while True:
        try:
            place = yield from search.reverse(session.t)
            break
        except OvertakenError:
            continue
    if place is None:
        raise InputError(f"{text} has not changed before this place", hint="it is as the run began, or not computed")
    start, before = session.t, value_at(session.timeline, node, place - 1)
    yield from session.travel(place)
    now = value_at(session.timeline, node, place)
    reason = f"{text} was written here."
    if before is not None and now is not None and not node.shape:
        digits = console.digits
        reason = f"{text} changed here from {short(float(before), digits)} to {short(float(now), digits)}."
    reply = arrived(console, Stop(place, start, reason))
    if isinstance(node, Leaf) and node.cell and not node.shape:
        reply.values["cell"] = str(CellRef(node.name, node.layer, tuple(at for at in node.cell if at is not None)))
    return reply


MOVING: dict[str, Action] = {"resume": resume_run, "visit": visit, "last": last_change}
