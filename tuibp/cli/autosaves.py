"""Autosaves: a copy of the session, written after every command, so that a killed process loses at most that one.

A write is a new file that takes the old one's name, without waiting for the disk: what a process has written survives
its death, and only a power cut could take the last copies. An autosave that cannot be written never ends a session;
what is wrong is kept, to be said once.

A session with a file FILE has its autosave beside it, `.FILE.auto`. One without has it in the folder of the user's
state, under the name of its network.
"""

from __future__ import annotations

import contextlib
import os
import time
from hashlib import blake2b
from pathlib import Path

from tuibp.cli.files import is_sample
from tuibp.engine.text import safe

SUFFIX = ".tuibp"
"""What the name of a session ends in."""

KEPT = 20
"""Autosaves of sessions without a file that are kept; the oldest go."""
STALE = 60.0
"""Seconds after which a half-written file is what a killed process has left behind."""
_AUTO, _PART = ".auto", ".part"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Autosave:
    """One autosave, written again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        """Why the first write that failed did; None as long as all is well. Later ones are tried all the same."""
        self._part = path.with_name(f"{path.name}.{os.getpid()}{_PART}")
        self._tidy = False

    def keep(self, raw: bytes) -> bool:
        """Whether `raw` now is the autosave; where it is not, the one before still is."""
        try:
            if not self._tidy:
                self._tidy = True
                _sweep(self.path)
            self._write(raw)
        except (OSError, ValueError) as error:
            if self.trouble is None:
                why = (error.strerror if isinstance(error, OSError) else None) or str(error)
                self.trouble = (
                    f"the session is not being saved as you go: {safe(str(self.path), 200)}: {safe(why, 100)}"
                )
            return False
        return True

    def _write(self, raw: bytes) -> None:
        # Never a file that is there: a link in its place would lead elsewhere.
        try:
            handle = os.open(self._part, _FLAGS, 0o600)
        except FileExistsError:
            self._part.unlink()
            handle = os.open(self._part, _FLAGS, 0o600)
        try:
            try:
                rest = memoryview(raw)
                while rest:
                    rest = rest[os.write(handle, rest) :]
            finally:
                os.close(handle)
            os.replace(self._part, self.path)  # noqa: PTH105  (a Path for the result would cost as much again)
        except BaseException:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)
            raise

    def done(self) -> None:
        """Take the autosave away: the session is saved, or nobody wants it."""
        for path in (self.path, self._part):
            with contextlib.suppress(OSError, ValueError):
                path.unlink(missing_ok=True)


def autosave_path(path: Path) -> Path:
    """Where the autosave of a session file lies; an autosave is its own."""
    if is_autosave(path):
        return path
    return path.with_name(f".{path.name}{_AUTO}")


def is_autosave(path: Path) -> bool:
    """Whether a file is an autosave, so that opening it is to go on with it."""
    return _is_beside(path) or Path(os.path.abspath(path)).parent == state_folder()  # noqa: PTH100  (links stay as they are)


def is_session(name: str) -> bool:
    """Whether FILE is a session, by its name."""
    return name.endswith(SUFFIX) or is_autosave(Path(name))


def saved_path(path: Path) -> Path | None:
    """The session file that an autosave belongs to; the file itself where it is none; None where there is no file."""
    if not is_autosave(path):
        return path
    return path.with_name(path.name[1 : -len(_AUTO)]) if _is_beside(path) else None


def _is_beside(path: Path) -> bool:
    """Whether a file is named like the autosave of a session file."""
    return path.name.startswith(".") and path.name.endswith(_AUTO) and len(path.name) > 1 + len(_AUTO)


def state_folder() -> Path:
    """Where the autosaves of sessions without a file lie; it need not exist."""
    from platformdirs import user_state_path  # only sessions want it

    return user_state_path("tuibp", appauthor=False) / "sessions"


def begin(name: str) -> Autosave:
    """The autosave of a new session of a network, FILE as it was given; the oldest others are taken away.

    A folder that cannot be made or read is no error: `Autosave.trouble` will say so.
    """
    folder = state_folder()
    with contextlib.suppress(OSError, ValueError):
        if folder.is_absolute():  # without a home there is none, and nothing is to be made just anywhere
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in _newest_first(folder, "")[KEPT - 1 :]:
                path.unlink(missing_ok=True)
    stem = _prefix(name) + str(os.getpid())
    path, count = folder / f"{stem}{SUFFIX}", 0
    with contextlib.suppress(OSError, ValueError):
        while path.exists():  # of another session of this process, or of a process that had its number
            count += 1
            path = folder / f"{stem}.{count}{SUFFIX}"
    return Autosave(path)


def latest_for(name: str) -> Path | None:
    """The newest autosave of a network, FILE as it was given, which need not be there any more; None without one."""
    try:
        return next(iter(_newest_first(state_folder(), _prefix(name))), None)
    except (OSError, ValueError):
        return None


def _prefix(name: str) -> str:
    """How the names of a network's autosaves begin."""
    # A sample is the same one wherever tuibp is installed; a path is told from others of its name by its folder.
    whole = f"sample {name}" if is_sample(name) else os.path.abspath(name)  # noqa: PTH100
    stem = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in Path(name).stem[:40])
    return f"{stem}-{blake2b(whole.encode(errors='surrogatepass'), digest_size=4).hexdigest()}-"


def _newest_first(folder: Path, prefix: str) -> list[Path]:
    """The session files of a folder whose names begin with a prefix."""
    found: list[tuple[int, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.name.endswith(SUFFIX):
                with contextlib.suppress(OSError):
                    found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    return [folder / name for _, name in sorted(found, reverse=True)]


def _sweep(path: Path) -> None:
    """Take away what killed processes have left of half-written copies of an autosave."""
    begin, now = f"{path.name}.", time.time()
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begin) and entry.name.endswith(_PART):
                with contextlib.suppress(OSError):
                    if now - entry.stat(follow_symlinks=False).st_mtime > STALE:
                        os.unlink(entry.path)  # noqa: PTH108
