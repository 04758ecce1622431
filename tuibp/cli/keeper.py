"""What a session keeps on the disk: its file if it has one, its autosave after every command, and the scripts it reads.

A killed process loses at most the command that was under way, a failing disk never ends a session: what is wrong is
said once on standard error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tuibp.cli import files, streams
from tuibp.cli.autosaves import SUFFIX, Autosave, autosave_path, begin
from tuibp.engine.text import safe
from tuibp.errors import EXIT_OK, InputError, TuibpError

if TYPE_CHECKING:
    from tuibp.console.console import Console
    from tuibp.debugger.saved import Saved

MOST_SCRIPT = 2**20
"""Bytes of a script that are read."""
MOST_BESIDE = 100
"""Sessions that two processes may leave beside one file."""
MOST_NAMES = 200
"""Files that completion offers."""
_LONGEST = 200
"""Characters of a path that a message shows."""


class Keeper:
    """The disk of one session; `console.Files` for its console."""

    def __init__(
        self,
        path: Path | None,
        autosave: Callable[[], Autosave] | None,
        clean: int | None = None,
        kept: int = 0,
        *,
        keyframes: bool = False,
    ) -> None:
        """
        Args:
            path: the session's file; None for a session without one.
            autosave: makes the autosave, when there is something to be kept; None for a session that leaves no trace
                but where `save` says so.
            clean: how many commands long the session in that file is; None where the file is to be written anyway.
            kept: how many commands long the session on the disk is, be it in the file or in the autosave.
            keyframes: whether that file holds keyframes.
        """
        self.path = path
        self._new = autosave
        self._autosave: Autosave | None = None
        self._clean = clean
        self._kept = kept
        self._keyframes = keyframes
        self._seen = _stamp(path)
        """What the file was when this process last read or wrote it."""
        self.tell: Callable[[str], None] = streams.complain
        """Who is told what goes wrong."""
        self._told = False

    def save(self, path: str, saved: Saved) -> str:
        """Write the session to a file, the one it has if path is empty; from then on that is its file.

        Raises:
            InputError: it has none, or it cannot be written.
        """
        target = self.path if not path else _session_path(path)
        if target is None:
            raise InputError("the session has no file yet", hint="write save NAME")
        if target == self.path:
            self._refuse_newer(target)
        _write(target, saved)
        self._seen = _stamp(target)
        if target != self.path:
            if self._autosave is not None:
                self._autosave.done()
            self.path, self._autosave = target, None
            if self._new is not None:
                self._new = lambda: Autosave(autosave_path(target))
        elif self._new is not None:
            self._the_autosave(self._new).done()
        # The command that saves is the one by which the session is longer than its file.
        self._clean = self._kept = saved.commands + 1
        self._keyframes = bool(saved.logs)
        return safe(str(target), _LONGEST)

    def script(self, path: str) -> str:
        """The text of a script.

        Raises:
            InputError: there is none, or it is no text.
        """
        place = Path(path)
        if not path or not _exists(place):
            raise InputError(f'there is no file "{safe(path, _LONGEST)}"', hint="give the name of a script")
        if place.is_dir():
            raise InputError(f'"{safe(path, _LONGEST)}" is a directory', hint="give the name of a script")
        try:
            return files.read(place, MOST_SCRIPT).decode("utf-8-sig")
        except UnicodeDecodeError:
            where = safe(path, _LONGEST)
            raise InputError("is not a text in UTF-8", hint="give the name of a script", where=where) from None

    def look(self, path: str) -> None:
        """Refuse what cannot be opened.

        Raises:
            TuibpError: it cannot be.
        """
        from tuibp.cli.opening import look

        look(path)

    def names(self, start: str) -> list[str]:
        """The files whose paths begin so, folders with a slash behind them."""
        folder, _, name = start.rpartition("/")
        found: list[str] = []
        with contextlib.suppress(OSError, ValueError), os.scandir(f"{folder}/" if "/" in start else ".") as entries:
            for entry in entries:
                if entry.name.startswith(name or "") and entry.name.isprintable() and (name or entry.name[0] != "."):
                    found.append(start[: len(start) - len(name)] + entry.name + ("/" if entry.is_dir() else ""))
        return sorted(found)[:MOST_NAMES]

    def keep(self, console: Console) -> None:
        """Write the autosave, if anything has been done since; trouble is said once."""
        if self._new is None or console.commands == self._kept:
            return
        # How a session is written is loaded with the first command, not with the screen.
        from tuibp.console.sessions import saved
        from tuibp.formats.session_file import dump

        autosave = self._the_autosave(self._new)
        try:
            if autosave.keep(dump(saved(console, with_digests=False))):
                self._kept = console.commands
            trouble = autosave.trouble
        except TuibpError as error:
            trouble = f"the session is not being saved as you go: {error}"
        if trouble is not None and not self._told:
            self._told = True
            self.tell(trouble)

    def close(self, console: Console) -> int:
        """The end: a session with a file is saved to it, and its autosave goes; one without keeps its autosave.

        Returns:
            The exit code.
        """
        if self._new is None or self.path is None:
            return EXIT_OK
        from tuibp.console.sessions import saved

        try:
            if self._clean != console.commands:
                target = self._own_name(self.path)
                _write(target, saved(console, with_keyframes=self._keyframes))
                if target != self.path:  # the autosave is the other's
                    shown, other = (safe(str(path), _LONGEST) for path in (self.path, target))
                    streams.complain(f"{shown} has been written by another process: this session is saved as {other}")
                    return EXIT_OK
        except TuibpError as error:
            streams.complain(f"the session could not be saved: {error}")
            self.keep(console)
            return error.exit_code
        self._the_autosave(self._new).done()
        return EXIT_OK

    def _refuse_newer(self, path: Path) -> None:
        if _stamp(path) != self._seen:
            where = safe(str(path), _LONGEST)
            raise InputError("another process has written it since", hint="save under another name", where=where)

    def _own_name(self, path: Path) -> Path:
        """Where the session can be written without anything being lost: its file, or a new one beside it."""
        if _stamp(path) == self._seen:
            return path
        names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, MOST_BESIDE))
        return next((name for name in names if not _exists(name)), path)

    def _the_autosave(self, new: Callable[[], Autosave]) -> Autosave:
        if self._autosave is None:
            self._autosave = new()
        return self._autosave


def new_keeper(name: str, *, traces: bool) -> Keeper:
    """That of a new session of a network, FILE as it was given.

    Args:
        traces: whether it has an autosave.
    """
    return Keeper(None, (lambda: begin(name)) if traces else None)


def _write(target: Path, session: Saved) -> None:
    """Write a session of this machine to a file."""
    from dataclasses import replace

    from tuibp.cli.session_files import machine, write
    from tuibp.formats.session_file import dump

    write(target, dump(replace(session, machine=machine())))


def _session_path(path: str) -> Path:
    """The file that `save` means: sessions have a suffix of their own, so that none takes the place of a network."""
    target = Path(path)
    if not target.suffix and target.name:
        target = target.with_name(f"{target.name}{SUFFIX}")
    if target.suffix != SUFFIX:
        shown = safe(path, _LONGEST)
        raise InputError(f'"{shown}" is no name for a session', hint=f"let it end in {SUFFIX}: save my{SUFFIX}")
    return target


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    """By what a file is told from the one that takes its place; None where there is none."""
    if path is None:
        return None
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, ValueError):
        return False
    except OSError:
        return True
    return True
