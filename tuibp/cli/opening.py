"""Opening what FILE stands for: a network, a session, or the autosave of a network that one goes on with."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from tuibp.cli import streams
from tuibp.cli.autosaves import Autosave, autosave_path, begin, is_session, latest_for, saved_path
from tuibp.cli.files import Source, open_source
from tuibp.cli.keeper import Keeper, new_keeper
from tuibp.console.console import Console, Origin
from tuibp.debugger.history import Spill
from tuibp.debugger.session import Session
from tuibp.engine.text import safe
from tuibp.errors import InputError

T = TypeVar("T")


class Opened(NamedTuple):
    """A console and what keeps its session."""

    console: Console
    keeper: Keeper


def open_console(name: str, spill: Spill | None, *, go_on: bool = False, traces: bool = True) -> Opened:
    """The console on a FILE.

    Args:
        spill: where keyframes of a large network go when memory for them is used up.
        go_on: take the newest autosave of that network.
        traces: whether the session is kept on the disk as it goes on.

    Raises:
        TuibpError: it cannot be opened.
    """
    if is_session(name):
        return _of_session(Path(name), spill, traces=traces)
    if not go_on:
        return of_network(open_source(name), spill, traces=traces)
    latest = latest_for(name)
    if latest is None:
        shown = safe(name, 100)
        raise InputError(f"there is no session of {shown} to go on with", hint=f"begin one: tuibp {shown}")
    return _of_session(latest, spill, traces=traces)


def look(name: str) -> None:
    """Whether a FILE can be opened; nothing of it is run.

    Raises:
        TuibpError: it cannot be.
    """
    if not is_session(name):
        open_source(name)
        return
    from tuibp.cli.session_files import read, recipe_of
    from tuibp.console.sessions import restoring

    saved = read(Path(name))
    for _ in restoring(saved, recipe_of(saved)[0]):
        break


def of_network(source: Source, spill: Spill | None, *, traces: bool = True) -> Opened:
    """A new session."""
    origin = Origin(source.name, source.text, source.folder, source.data)
    keeper = new_keeper(source.name, traces=traces)
    return Opened(Console(Session(source.recipe, spill=spill), keeper, origin), keeper)


def _of_session(path: Path, spill: Spill | None, *, traces: bool) -> Opened:
    """A session that goes on."""
    from tuibp.cli.session_files import LEFT_ALONE, machine, open_session, read, recipe_of
    from tuibp.console.sessions import compared, restoring

    file = saved_path(path)
    saved, sentence = (read(path), "") if file is None or file != path else open_session(path)
    recipe, sentences = recipe_of(saved)
    if saved.logs and saved.machine != machine():
        # From its states this one would go on to other bits than from the beginning.
        saved = replace(saved, keyframes=(), logs=())
        sentences.append("Its keyframes are left aside: they were computed on another machine.")
    try:
        console = _driven(restoring(saved, recipe, spill))
    except InputError as error:
        where = f"{safe(str(path), 100)}: {error.where}"
        raise InputError(error.message, hint=error.hint, where=where) from error
    sentences.append(compared(console, saved, alike=saved.machine == machine()))
    for one in filter(None, (sentence, *sentences)):
        streams.complain(one)
    left_alone = LEFT_ALONE in sentence
    clean = saved.commands if file == path and (left_alone or not sentence) else None

    def autosave() -> Autosave:
        return begin(saved.network_name) if left_alone else Autosave(autosave_path(path))

    keyframes = bool(saved.logs) and file == path
    keeper = Keeper(file, autosave if traces else None, clean, saved.commands, keyframes=keyframes)
    console.files, console.resumed = keeper, True
    return Opened(console, keeper)


def _driven(job: Generator[tuple[int, int], None, T]) -> T:
    """Carry out a job, drawing how far it is."""
    from tuibp.cli.progress import follow

    found: list[T] = []

    def steps() -> Generator[tuple[int, int], None, None]:
        found.append((yield from job))

    for _ in follow(steps(), "batches"):
        pass
    return found[0]
