"""Looking: print, display, list, where, frames, info, find and count."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import numpy as np

from tuibp.console.console import Action, Console, Place
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.arming import arm
from tuibp.debugger.catches import CATCHES
from tuibp.debugger.conditions import Condition, watched, written_sites
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.expressions.typed import Leaf
from tuibp.debugger.location import parse_location
from tuibp.debugger.search import Search
from tuibp.debugger.sweep import OvertakenError, value_at
from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.present.info import info_data, info_locals, info_net, list_lines, where_lines
from tuibp.present.stopped import place_line, value_text
from tuibp.present.values import Format, parse_format, value_lines

FOUND = 10
"""Places that `find` lists where no number is asked for: find/50 E."""
MOST_FOUND = 1000


def _format(console: Console, text: str) -> Format:
    """What stands behind the slash, with the digits of the setting where it says none."""
    format = parse_format(text)
    has_digits = text[:1].isdigit()
    return format if has_digits else Format(format.kind, console.digits, format.whole)


def shown(console: Console, name: str, text: str, format: str) -> list[str]:
    """An expression's value under a name."""
    return _lines(console, name, text, console.value(text), format)


def _lines(console: Console, name: str, text: str, value: Values, format: str) -> list[str]:
    node, dtype = console.bind(text), console.session.recipe.network.dtype
    own = value.astype(dtype) if isinstance(node, Leaf) and dtype != value.dtype else value
    given = own if own.ndim else own[()]
    remedy = f"print/a {text} shows all of it"
    return value_lines(name, given, _format(console, format), width=console.width, remedy=remedy)


def print_value(console: Console, request: Request) -> Reply:
    """print: the value goes into the history, with its place."""
    text = request.argument
    if text[:1] == "/":
        raise InputError("the format stands right behind the word", hint=f"write print{text}")
    value = console.value(text)
    lines = _lines(console, f"${max(console.values, default=0) + 1} = {text}", text, value, request.format)
    number = console.record(console.spelled(text), value)
    return Reply(tuple(lines), values={"number": number, "expression": text, "value": value})


def display(console: Console, request: Request) -> Reply:
    """display: from now on at every stop; without an expression, all of them now."""
    from tuibp.console.moving import display_entry, display_lines

    if not request.argument:
        if not console.displays:
            return Reply(("Nothing is displayed: display E does.",))
        return Reply(tuple(display_lines(console)))
    console.bind(request.argument)
    _format(console, request.format)
    number = max(console.displays, default=0) + 1
    console.displays[number] = (request.argument, request.format)
    return Reply(tuple(display_entry(console, number)))


def numbers(text: str, known: dict[int, object], what: str) -> list[int]:
    """The numbers of some things; all of them where none is named.

    Raises:
        InputError: there is none of such a number.
    """
    if not text:
        return list(known)
    found = []
    for word in text.replace(",", " ").split():
        if not word.isascii() or not word.isdigit() or len(word) > 9 or int(word) not in known:
            hint = f"there are {', '.join(map(str, known))}" if known else "there is none at all"
            raise InputError(f"there is no {what} {safe(word, 30)}", hint=hint)
        found.append(int(word))
    return list(dict.fromkeys(found))


def undisplay(console: Console, request: Request) -> Reply:
    """undisplay N..., or all."""
    for number in numbers(request.argument, dict(console.displays), "display"):
        del console.displays[number]
    return Reply()


def listing(console: Console, request: Request) -> Reply:
    """list, around here or a place."""
    session = console.session
    armed = (arm(stop, session.clock) for stop in session.stops.enabled if stop.kind in ("break", "tbreak"))
    breaks = [condition.next.name for one in armed for condition in one.conditions if condition.next]
    around = parse_location(request.argument, session.clock).name if request.argument else None
    return Reply(tuple(list_lines(session, around, breaks=breaks, width=console.width)))


def where(console: Console, request: Request) -> Reply:
    """where: the frames."""
    return Reply(tuple(where_lines(console.session)))


def frame(console: Console, request: Request) -> Reply:
    """up, down and frame N."""
    session = console.session
    frames = session.clock.frames(session.t)
    if request.name == "frame":
        chosen = numbers(request.argument, dict(enumerate(frames)), "frame") if request.argument else []
        session.selected = frames[chosen[0]].level if chosen else session.selected
    else:
        for _ in range(min(request.times, 10)):
            session.select_outer() if request.name == "up" else session.select_inner()
    return Reply((f"Frame: {session.frame.label}.",), moved=True)


def when(console: Console, request: Request) -> Reply:
    """when."""
    session = console.session
    label = session.timeline.label
    return Reply((place_line(session), f"timeline {session.current}: {label}"),
                 values={"at": session.position.name, "t": session.t, "timeline": session.current})  # fmt: skip


# -- info


def _stops(console: Console) -> list[str]:
    stops = console.session.stops.all.values()
    if not stops:
        return ["No stops: break LOC, watch E or catch NAME makes one."]
    width = len(str(max(stop.number for stop in stops)))
    return [f"{stop.number:>{width}}  {'on ' if stop.enabled else 'off'}  {stop.title}" for stop in stops]


def _displays(console: Console) -> list[str]:
    found = [f"{n}  {text}" + (f"  /{format}" if format else "") for n, (text, format) in console.displays.items()]
    return found or ["Nothing is displayed: display E does."]


def _catches(_: Console) -> list[str]:
    width = max(map(len, CATCHES))
    lines = []
    for row in CATCHES.values():
        lines.append(f"{row.name:<{width}}  {row.help}")
        if row.expression:
            lines.append(f"{'':<{width}}  {row.expression}")
    return lines


def _marks(console: Console) -> list[str]:
    found = [f"'{name}  {console.name_of(place)}" for name, place in console.marks.items()]
    return found or ["No marks: mark NAME makes one here."]


def _notes(console: Console) -> list[str]:
    found = [f"*{n}  {console.name_of(place)}  {text}" for n, (place, text) in enumerate(console.notes, start=1)]
    return found or ["No notes: note TEXT writes one about this place."]


def _values(console: Console) -> list[str]:
    found = [
        f"${n} = {value_text(console.worth(n), console.digits)}   {entry.expression} at {console.name_of(entry.place)}"
        for n, entry in list(console.values.items())
    ]
    found += [f"${name} = {value_text(value, console.digits)}" for name, value in console.names.items()]
    return found or ["No values yet: print E makes one, set $name = E another."]


def _timelines(console: Console) -> list[str]:
    from tuibp.console.changing import timeline_lines

    return timeline_lines(console)


INFO: dict[str, Callable[[Console], list[str]]] = {
    "net": lambda console: info_net(console.session, console.width),
    "data": lambda console: info_data(console.session, console.width),
    "locals": lambda console: info_locals(console.session, console.width),
    "stops": _stops,
    "displays": _displays,
    "catches": _catches,
    "marks": _marks,
    "notes": _notes,
    "values": _values,
    "timelines": _timelines,
    "frames": lambda console: where_lines(console.session),
}
"""What can be told about, by the word for it."""


def info(console: Console, request: Request) -> Reply:
    """info WHAT; a word may be shortened."""
    word = request.argument or request.name
    known = {"b": "stops", "break": "stops", "breakpoints": "stops", "watchpoints": "stops", "display": "displays"}
    found = [name for name in INFO if name.startswith(word)] if word not in known else [known[word]]
    if len(found) != 1:
        near = difflib.get_close_matches(word, INFO, n=1)
        hint = f"did you mean {near[0]}?" if near and not found else f"there are {', '.join(INFO)}"
        named = safe(word, 30)
        raise InputError(f"{named} may be {' or '.join(found)}" if found else f'no info about "{named}"', hint=hint)
    return Reply(tuple(INFO[found[0]](console)))


# -- find and count


def find(console: Console, request: Request) -> Job:
    """find E: where it held before here, the newest first, each a value with its place; count E: how often."""
    session, text = console.session, request.argument
    node, program = console.bind(text), session.timeline.program
    if node.boolean and node.shape:
        raise ExpressionError("this is a test for every entry", text, 0, "wrap it in any(...) or all(...)")
    sites = written_sites(node, program)
    if not sites:
        raise ExpressionError("no operation writes anything that this reads", text, 0, "name a tensor or a cost")
    changes = not node.boolean
    condition = Condition(program, watched(node) if changes else node, sites, changes=changes)
    most = MOST_FOUND if request.name == "count" else _how_many(request.format)
    search = Search(session.timeline, [condition])
    found: list[int] = []
    if request.name == "count":
        while True:
            try:
                count = yield from search.count(session.t)
                return Reply((f"{text} held {count} times before here." if node.boolean else
                              f"{text} changed {count} times before here.",), values={"count": count})  # fmt: skip
            except OvertakenError:
                continue
    t = session.t + 1
    while len(found) < most:
        try:
            place = yield from search.reverse(t)
        except OvertakenError:
            continue
        if place is None:
            break
        found.append(place)
        t = place
    return _found(console, text, node.shape, found, most)


def _how_many(format: str) -> int:
    if not format:
        return FOUND
    if not format.isascii() or not format.isdigit() or not 0 < int(format[:9]) <= MOST_FOUND:
        raise InputError(f'"{safe(format, 20)}" is not how many', hint=f"write find/50 E, up to {MOST_FOUND}")
    return int(format)


def _found(console: Console, text: str, shape: tuple[int, ...], found: list[int], most: int) -> Reply:
    session = console.session
    if not found:
        return Reply((f"Nowhere before here: {text}.",), values={"found": []})
    lines = []
    for place in found:
        value = value_at(session.timeline, console.bind(text), place)
        number = console.record(
            console.spelled(text), np.asarray(np.nan if value is None else value), Place(session.current, place)
        )
        told = (
            "" if value is None or (value.dtype == np.bool_ and not shape) else f"  {value_text(value, console.digits)}"
        )
        lines.append(f"${number}  {session.clock.at(place).name} (t={place}){told}")
    first = max(console.values) - len(found) + 1
    lines.append(
        f"goto ${first} goes to the newest" + (f"; find/{5 * most} {text} lists more." if len(found) == most else ".")
    )
    return Reply(tuple(lines), values={"found": found})


LOOKING: dict[str, Action] = {
    "print": print_value,
    "display": display,
    "undisplay": undisplay,
    "list": listing,
    "where": where,
    "frame": frame,
    "when": when,
    "info": info,
    "find": find,
}
