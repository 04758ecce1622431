"""From a saved session to a console: every text parsed anew, every number looked at, nothing computed.

Whatever does not fit the network is refused with its place inside the session: a file may come from anywhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from tuibp.console.changing import NAME, SETTINGS
from tuibp.console.console import MOST_VALUES, Console, Origin, Place, Recorded, layer_at
from tuibp.console.keeping import MARK, NOTE, may_be_done
from tuibp.debugger.arming import arm
from tuibp.debugger.breakpoints import KINDS, Breakpoint, read
from tuibp.debugger.edits import Edit, check
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.history import Spill
from tuibp.debugger.names import parse_cell
from tuibp.debugger.remembered import take_up
from tuibp.debugger.saved import Saved, SavedStop, SavedTimeline, Value
from tuibp.debugger.session import MOST_TIMELINES, Session
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import FORK_SHARE, Timeline
from tuibp.debugger.trail import VISITED, Trail
from tuibp.debugger.variant import variant
from tuibp.engine.operations import Level
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import safe, words
from tuibp.errors import InputError, TuibpError
from tuibp.present.values import parse_format

_LABEL = 200


def rebuild(saved: Saved, recipe: Recipe, spill: Spill | None, budget: int) -> tuple[Console, Trail]:
    """The console, its session still at the start, and what that is to remember.

    Raises:
        InputError: something in it does not fit; `where` is its place in the session.
    """
    session = Session(recipe, budget, spill)
    session.timelines += _timelines(saved, session.timeline, budget)
    _check_place(session, "t", saved.current, saved.t)
    for i, (timeline, t) in enumerate(saved.visited):
        _check_place(session, f"visited[{i}]", timeline, t)
    with _at("selected"):
        session.selected = _level(saved.selected)
    session.stops = _stops(saved, session)
    console = Console(session, origin=Origin(saved.network_name, saved.network_text, saved.folder, dict(saved.data)))
    console.commands = saved.commands
    _keepsakes(saved, console)
    _values(saved, console)
    for name, value in saved.settings.items():
        with _at(f"settings.{safe(name)}"):
            if name not in SETTINGS or not SETTINGS[name][0] <= value <= SETTINGS[name][1]:
                raise InputError(f"{safe(name)} = {value} is no setting")
            setattr(console, name, value)
    trail = Trail(
        saved.visited[-VISITED:], saved.place - max(0, len(saved.visited) - VISITED), saved.came_from, saved.joins
    )
    with _at("place"):
        if saved.visited and not 0 <= trail.place < len(trail.visited):
            raise InputError(f"there is no place {saved.place}")
    _check_place(session, "came_from", saved.current, saved.came_from)
    return console, trail


@contextlib.contextmanager
def _at(place: str) -> Iterator[None]:
    """Give errors their place in the session."""
    try:
        yield
    except TuibpError as error:
        raise InputError(
            error.message, hint=error.hint or "the session was not saved by this tuibp", where=place
        ) from error


def _check_place(session: Session, name: str, timeline: int, t: int) -> None:
    """Whether there is such a place."""
    with _at(name):
        if not 0 <= timeline < len(session.timelines):
            raise InputError(f"there is no timeline {timeline}", hint=f"there are {len(session.timelines)}")
        last = session.timelines[timeline].clock.total
        if not 0 <= t <= last:
            raise InputError(f"timeline {timeline} has no position t = {t}", hint=f"the last is {last}")


def _level(level: int) -> Level:
    if not min(Level) <= level <= max(Level):
        raise InputError(f"there is no frame of level {level}")
    return Level(level)


# -- timelines


def _timelines(saved: Saved, trunk: Timeline, budget: int) -> list[Timeline]:
    """All but the first. None takes anything over from a parent that would have to be run first."""
    found = [trunk]
    with _at("timelines"):
        if not 0 < len(saved.timelines) <= MOST_TIMELINES:
            raise InputError(f"there are {len(saved.timelines)} timelines", hint=f"there are 1 to {MOST_TIMELINES}")
    for i, one in enumerate(saved.timelines):
        if i:
            _remember(saved, i - 1, found[-1])
        with _at(f"timelines[{i}]"):
            if one.parent is not None and not 0 <= one.parent < i:
                raise InputError(f"it is forked from {one.parent}, which does not come before it")
        if i == 0:
            with _at("timelines[0]"):
                if one.edits or one.changes:
                    raise InputError("the trunk is the run of the network file, and nothing of it is changed")
        elif one.parent is None:
            found.append(_run_beside(one, trunk.recipe, f"timelines[{i}]", budget))
        else:
            found.append(_fork(one, found[one.parent], f"timelines[{i}]", budget))
    _remember(saved, len(found) - 1, found[-1])
    return found[1:]


def _remember(saved: Saved, number: int, timeline: Timeline) -> None:
    """Give a timeline its logs and keyframes, if it was saved with them."""
    logs = [log for log in saved.logs if log.timeline == number]
    with _at(f"logs of timeline {number}"):
        take_up(timeline, logs, (frame for frame in saved.keyframes if frame.timeline == number))


def _run_beside(one: SavedTimeline, recipe: Recipe, place: str, budget: int) -> Timeline:
    with _at(f"{place}.changes"):
        if one.edits:
            raise InputError("a run beside has no edits of its own")
        flags = {name: bool(one.changes[name]) for name in ("shuffle", "train_biases") if name in one.changes}
        timeline = Timeline(variant(recipe, {**one.changes, **flags}), budget // FORK_SHARE)
    timeline.changes = dict(one.changes)
    timeline.label = safe(one.label, _LABEL)
    return timeline


def _fork(one: SavedTimeline, parent: Timeline, place: str, budget: int) -> Timeline:
    with _at(place):
        if not one.edits or one.changes:
            raise InputError("a fork has edits of its own, and no other settings")
    own = []
    for i, edit in enumerate(one.edits):
        with _at(f"{place}.edits[{i}]"):
            if edit.t != one.edits[0].t:
                raise InputError("the edits of a fork are at one position")
            ref = parse_cell(edit.target, parent.recipe.network)
            value = edit.value if isinstance(edit.value, int | float) else _array(edit.value)
            own.append(check(parent, Edit(edit.t, ref, value)))
    before = tuple(edit for edit in parent.edits if edit.t <= own[0].t)
    # Where the parent has its log and keyframes, what it has in common with the fork need not run again.
    alone = parent.log.filled <= parent.owner(own[0].t)
    return Timeline(parent.recipe, budget // FORK_SHARE, parent=parent, edits=(*before, *own), alone=alone)


def _array(value: Value) -> Values:
    try:
        return np.asarray(value, np.float64)
    except ValueError:
        raise InputError("lists of different lengths are no array") from None


# -- stops


def _stops(saved: Saved, session: Session) -> Stops:
    stops = Stops()
    for i, stop in enumerate(saved.stops):
        with _at(f"stops[{i}]"):
            if stop.number < 1 or stop.number in stops.all:
                raise InputError(f"the number {stop.number} is given twice")
            stops.put(_stop(stop, session))
    stops.next = max(stops.next, saved.next_stop)
    return stops


def _stop(stop: SavedStop, session: Session) -> Breakpoint:
    """A stop that means something on some timeline: a run beside may have other places."""
    word, _, rest = stop.line.partition(" ")
    kind = next((kind for kind in KINDS if kind == word), None)
    if kind is None:
        raise InputError(f'"{safe(word)}" makes no stop', hint=f"there are {', '.join(KINDS)}")
    failed: TuibpError | None = None
    for timeline in session.timelines:
        try:
            made = read(kind, rest, stop.number, timeline.clock, 0)
            arm(made, timeline.clock)
        except TuibpError as error:
            failed = failed or error
            continue
        for command in made.commands:
            may_be_done(command)
        return Breakpoint(stop.number, kind, made.place, made.test, made.commands, stop.enabled, made.fixed)
    assert failed is not None
    raise failed


# -- what is kept beside


def _keepsakes(saved: Saved, console: Console) -> None:
    """Marks, notes and displays."""
    for i, mark in enumerate(saved.marks):
        _check_place(console.session, f"marks[{i}]", mark.timeline, mark.t)
        with _at(f"marks[{i}].name"):
            if not MARK.fullmatch(mark.name):
                raise InputError(f'"{safe(mark.name)}" is no name for a mark')
        console.marks[mark.name] = Place(mark.timeline, mark.t)
    for i, note in enumerate(saved.notes):
        _check_place(console.session, f"notes[{i}]", note.timeline, note.t)
        console.notes.append((Place(note.timeline, note.t), words(note.text, NOTE)))
    for i, display in enumerate(saved.displays):
        with _at(f"displays[{i}]"):
            if display.number < 1 or display.number in console.displays:
                raise InputError(f"the number {display.number} is given twice")
            parse_format(display.format)
            _may_mean(display.expression, console)
        console.displays[display.number] = (display.expression, display.format)


def _may_mean(text: str, console: Console) -> None:
    """Whether an expression means something for some layer; what it recalls may be another thing each time.

    Raises:
        ExpressionError: it does not.
    """
    node, network = parse(text), console.session.recipe.network
    if "$" in text:
        return
    for layer in range(network.L, 0, -1):
        try:
            bind(node, text, Scope(network, layer))
        except ExpressionError:
            if layer == 1:
                raise
        else:
            return


def _values(saved: Saved, console: Console) -> None:
    """The history of values and what has a name."""
    session = console.session
    for i, entry in enumerate(saved.values[-MOST_VALUES:]):
        _check_place(session, f"values[{i}]", entry.timeline, entry.t)
        with _at(f"values[{i}]"):
            if entry.number < 1 or entry.number in console.values:
                raise InputError(f"the number {entry.number} is given twice")
            node, value = parse(entry.expression), None
            if entry.value is None:
                layer = layer_at(session.timelines[entry.timeline].clock, entry.t)
                bind(node, entry.expression, Scope(session.recipe.network, layer))
            else:
                value = _of(entry.value, test=entry.test)
            console.values[entry.number] = Recorded(entry.expression, Place(entry.timeline, entry.t), value)
    for i, named in enumerate(saved.names):
        with _at(f"names[{i}]"):
            if not NAME.fullmatch(named.name):
                raise InputError(f'"{safe(named.name)}" is no name for a value')
            console.names[named.name] = _of(named.value, test=named.test)


def _of(value: Value, *, test: bool) -> Values:
    array = _array(value)
    return array.astype(np.bool_) if test else array
