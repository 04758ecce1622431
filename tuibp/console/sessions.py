"""A session put away and taken up again: what it is saved as, and how it becomes one again.

Every text of a saved session is parsed anew and everything is looked at before anything is computed, so that a file
somebody has sent can at worst be refused, with the place inside it that does not fit the network. Nothing of the run is
in it but digests: going on computes the current place, and the rest when it is asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

from tuibp.console.changing import SETTINGS
from tuibp.console.console import Console, Recorded
from tuibp.console.rebuilding import rebuild
from tuibp.console.reply import Progress
from tuibp.debugger import digests
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.history import BUDGET, Spill
from tuibp.debugger.remembered import put_away
from tuibp.debugger.saved import (
    Digest,
    Keyframe,
    Saved,
    SavedDisplay,
    SavedEdit,
    SavedLog,
    SavedMark,
    SavedName,
    SavedNote,
    SavedStop,
    SavedTimeline,
    SavedValue,
    Value,
)
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline
from tuibp.engine.pace import batch_time
from tuibp.engine.recipe import Recipe
from tuibp.errors import InputError

SHORT = 1
"""Entries of a value that is kept as it was. An array is computed again when it is asked for: a session is written
after every command, and thousands of arrays would make each of them slow.
"""
CHEAP = 0.2e9
"""Nanoseconds of replay that comparing digests may take."""
ROOM = 40 * 2**20
"""Bytes of all keyframes that a session is saved with."""
MOST_FRAMES = 900
"""All of these keyframes."""
_FLAGS = ("shuffle", "train_biases")
"""What `Session.run_with` changes that is no number."""


def saved(console: Console, *, with_digests: bool = True, with_keyframes: bool = False) -> Saved:
    """The session as it stands.

    Args:
        with_keyframes: whether to put in what lets it go on without running again what has been run.
        with_digests: whether to take digests of what has been run, which a copy made after every command does without.

    Raises:
        InputError: it was not opened from a file or a sample, so nothing could open it again.
    """
    origin, session = console.origin, console.session
    if origin is None:
        hint = "open the network from its file: tuibp FILE"
        raise InputError("this session has no network file, so it cannot be saved", hint=hint)
    trail = session.trail
    logs, keyframes = _remembered(session) if with_keyframes else ((), ())
    return Saved(
        network_name=origin.name,
        network_text=origin.text,
        folder=origin.folder,
        data=origin.data,
        timelines=tuple(_timeline(session, timeline) for timeline in session.timelines),
        current=session.current,
        t=session.t,
        selected=int(session.selected),
        stops=tuple(SavedStop(stop.number, stop.line, stop.enabled) for stop in session.stops.all.values()),
        marks=tuple(SavedMark(name, place.timeline, place.t) for name, place in console.marks.items()),
        notes=tuple(SavedNote(text, place.timeline, place.t) for place, text in console.notes),
        values=tuple(_value(number, entry) for number, entry in console.values.items()),
        names=tuple(SavedName(name, _numbers(value), _tests(value)) for name, value in console.names.items()),
        displays=tuple(SavedDisplay(number, *shown) for number, shown in console.displays.items()),
        settings={name: getattr(console, name) for name in SETTINGS},
        next_stop=session.stops.next,
        came_from=trail.came_from,
        joins=trail.joins,
        visited=trail.visited,
        place=trail.place,
        digests=tuple(_digests(session)) if with_digests else (),
        commands=console.commands,
        keyframes=keyframes,
        logs=logs,
    )


def _timeline(session: Session, timeline: Timeline) -> SavedTimeline:
    parent = None if timeline.parent is None else _number_of(session, timeline.parent)
    edits = tuple(SavedEdit(edit.t, str(edit.ref), _numbers(edit.value)) for edit in timeline.own)
    # That of a fork follows from its edits.
    return SavedTimeline(parent, edits, timeline.changes, "" if parent is not None else timeline.label)


def _number_of(session: Session, timeline: Timeline) -> int:
    return next(number for number, one in enumerate(session.timelines) if one is timeline)


def _value(number: int, entry: Recorded) -> SavedValue:
    value, place = entry.value, entry.place
    # What reads a named value may come to another number once the name has been given to another one.
    if value is None or (value.size > SHORT and "$" not in entry.expression):
        return SavedValue(number, entry.expression, place.timeline, place.t)
    return SavedValue(number, entry.expression, place.timeline, place.t, _numbers(value), _tests(value))


def _numbers(value: Values | float) -> Value:
    numbers: Value = np.asarray(value, np.float64).tolist()
    return numbers


def _tests(value: Values) -> bool:
    return bool(value.dtype == np.bool_)


def _remembered(session: Session) -> tuple[tuple[SavedLog, ...], tuple[Keyframe, ...]]:
    """The logs and keyframes of all timelines that have been run, within what a file may hold of them."""
    run = [(number, one) for number, one in enumerate(session.timelines) if one.log.filled]
    logs, frames, share = list[SavedLog](), list[Keyframe](), max(1, len(run))
    for number, timeline in run:
        some, states = put_away(timeline, number, session.t, ROOM // share, MOST_FRAMES // share)
        logs += some
        frames += states
    return tuple(logs), tuple(frames)


# -- digests


def _digests(session: Session) -> Iterator[Digest]:
    """Of the current timeline, at places from which the way is short: its beginning, a middle one, and here."""
    timeline, here = session.timeline, session.timeline.owner(session.t)
    if here < 0:
        return
    # Right behind a keyframe nothing but the batch itself has to be run again.
    middle = timeline.keyframes.nearest(here // 2)[0] + 1
    batches = [batch for batch in sorted({0, middle, here}) if batch <= here]
    for batch in batches:
        if _replay(timeline, batch) * len(batches) <= CHEAP:
            yield digests.take(timeline, session.current, batch)


def _replay(timeline: Timeline, batch: int) -> float:
    """About how many nanoseconds the state at the beginning of a batch, and the batch before it, take."""
    nearest = timeline.keyframes.nearest(max(0, batch - 1))[0]
    return (batch - nearest + 1) * batch_time(timeline.program)


def compared(console: Console, session: Saved, *, alike: bool) -> str:
    """What is to be said about what was computed when a session was saved, beside what is computed here; empty where
    there is nothing to say, or nothing can be compared in a moment.

    Args:
        alike: whether the machines call themselves the same: then it is not said that all is equal.
    """
    timelines, told, left = console.session.timelines, [], CHEAP
    for number in sorted({digest.timeline for digest in session.digests if digest.timeline < len(timelines)}):
        timeline, chosen = timelines[number], []
        for digest in session.digests:
            cost = _replay(timeline, min(digest.batch, timeline.batches - 1))
            if digest.timeline == number and cost <= left:
                left -= cost
                chosen.append(digest)
        told += digests.compare(timeline, chosen, say_equal=not alike)
    return " ".join(told)


# -- and back


def restored(saved: Saved, recipe: Recipe, spill: Spill | None = None, budget: int = BUDGET) -> Console:
    """The session that was saved, standing where it stood.

    Args:
        recipe: what the network file in it says.
        spill: where keyframes go for which memory has no room.
        budget: bytes of keyframes in memory.

    Raises:
        InputError: something in it does not fit the network; `where` is its place in the session. Nothing has been
            computed then.
    """
    job = restoring(saved, recipe, spill, budget)
    while True:
        try:
            next(job)
        except StopIteration as done:
            console: Console = done.value
            return console


def restoring(
    saved: Saved, recipe: Recipe, spill: Spill | None = None, budget: int = BUDGET
) -> Generator[Progress, None, Console]:
    """`restored`, which yields (batches run, batches to run) while the way to the current place is computed."""
    console, trail = rebuild(saved, recipe, spill, budget)
    yield from console.session.take_up(saved.current, saved.t, trail)
    return console
