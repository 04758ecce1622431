"""Session files on the disk: written whole or not at all, opened together with the autosave that lies beside them.

A damaged file is never taken for an older one: it is refused, with the reason, and the autosave that could stand in for
it is named. A session goes on with its own network text and with exactly the data that it was run with.
"""

from __future__ import annotations

import platform
import shlex
import stat
from hashlib import sha256
from pathlib import Path

import numpy as np

from tuibp.cli import files, streams
from tuibp.cli.autosaves import autosave_path
from tuibp.debugger.saved import Saved
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import safe
from tuibp.errors import InputError, TuibpError
from tuibp.formats import network_file
from tuibp.formats.session_file import MOST_BYTES, is_zip, load

LEFT_ALONE = "was left alone"
"""What is said of an autosave that is nobody's business here: it is not to be written over."""
_LONGEST = 200
"""Characters of a path that a message shows."""


def write(path: Path, raw: bytes) -> None:
    """Save a session: the file appears, or is replaced, when all of it is on the disk.

    Raises:
        InputError: it cannot be written, or what bears that name is no session; the file that was there is as it was.
    """
    _refuse_foreign(path)
    streams.write_whole(path, raw)


def _refuse_foreign(path: Path) -> None:
    """A session takes the place of a session only: not of a pipe, a device or what somebody else has written."""
    head = b""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            with path.open("rb") as file:
                head = file.read(4)
    except (OSError, ValueError):
        return  # there is none, or writing says what is wrong
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise InputError("is not a regular file", hint="choose another name", where=_shown(path))
    if head and not is_zip(head):
        raise InputError("is no session, and would be lost", hint="choose another name", where=_shown(path))


def read(path: Path) -> Saved:
    """The session of one file, whatever lies beside it.

    Raises:
        InputError: it is not there, cannot be read or is damaged.
    """
    if not path.name:
        raise InputError("the name of the session file is empty", hint="give the name of a session file")
    if not _exists(path):
        raise InputError(f'there is no file "{_shown(path)}"', hint="give the name of a session file")
    return load(files.read(path, MOST_BYTES), str(path))


def open_session(path: Path) -> tuple[Saved, str]:
    """The session of a file, or of the autosave beside it where that is further.

    Returns:
        The session, and a sentence where something is to be said about it; empty where there is not.

    Raises:
        InputError: the file is damaged, and the message names the autosave if it is good; or there is neither.
    """
    beside = autosave_path(path) if path.name else path
    if beside == path or not _exists(beside):
        return read(path), ""
    auto = _or_reason(beside)
    if isinstance(auto, InputError):
        return read(path), f"The autosave {_shown(beside)} cannot be used and {LEFT_ALONE}: {auto.message}."
    if not _exists(path):
        return auto, f"There is no {_shown(path)}: continued from the autosave {_shown(beside)}."
    saved = _or_reason(path)
    if isinstance(saved, InputError):
        hint = f"tuibp {shlex.quote(_shown(beside))} opens the autosave, {_commands(auto.commands)} long"
        raise InputError(saved.message, hint=hint, where=saved.where or _shown(path))
    if auto.commands <= saved.commands:
        return saved, ""
    if (auto.network_text, auto.folder) != (saved.network_text, saved.folder):
        return saved, f"The autosave {_shown(beside)} is of another network and {LEFT_ALONE}."
    further = _commands(auto.commands - saved.commands)
    return auto, f"Continued from the autosave: {further} further than {_shown(path)}."


def recipe_of(saved: Saved) -> tuple[Recipe, list[str]]:
    """The recipe that a session was run with.

    Returns:
        The recipe, and sentences to be told: what has changed on the disk and does not matter to the session.

    Raises:
        TuibpError: a data file is not there or not the same one, or the network file says what this tuibp cannot read.
    """
    folder = Path(saved.folder) if saved.folder else files.samples_folder()
    if not folder.is_absolute():
        words = f'the folder of the session is "{_shown(folder)}", which is not a whole path'
        raise InputError(words, hint="open it with the tuibp that saved it")
    find = files.reader(folder)

    def read_data(name: str) -> bytes:
        shown = safe(name, _LONGEST)
        if name not in saved.data:
            raise InputError(f'the session does not say which "{shown}" it was run with', hint="start a new session")
        raw = find(name)
        if sha256(raw).hexdigest() != saved.data[name]:
            words = f'the data file "{shown}" has changed since the session was saved'
            hint = f"put the old one back into {_shown(folder)}, or start a new session"
            raise InputError(words, hint=hint)
        return raw

    # As `files.shown` names it: a sample by its file name, so that titles and messages are the same as then.
    name = saved.network_name if saved.folder else f"{saved.network_name}{files.SUFFIX}"
    recipe = network_file.load(saved.network_text.encode(), name, read_data)
    return recipe, _changes(saved, folder / Path(name.replace("\0", "")).name)


def _changes(saved: Saved, path: Path) -> list[str]:
    """What is to be said about the network file as it is on the disk now."""
    name = _shown(Path(saved.network_name))
    goes_on = "the session goes on with the network that it was saved with"
    if not _exists(path):
        return [f"{name} is not there any more: {goes_on}."]
    try:
        text = files.read(path, network_file.MOST_BYTES).decode("utf-8-sig")
    except (TuibpError, UnicodeDecodeError):
        return [f"{name} cannot be read any more: {goes_on}."]
    return [] if text == saved.network_text else [f"{name} has changed since: {goes_on}."]


def machine() -> str:
    """What computes here, in words: two machines that say the same may still differ in the last bits."""
    configuration: object = np.show_config(mode="dicts")
    for key in ("Build Dependencies", "blas", "name"):
        configuration = configuration.get(key) if isinstance(configuration, dict) else None
    blas = f"{configuration}, " if isinstance(configuration, str) else ""
    return safe(f"numpy {np.__version__}, {blas}{platform.machine()}", _LONGEST)


def _or_reason(path: Path) -> Saved | InputError:
    """The session of a file, or why it is none."""
    try:
        return read(path)
    except InputError as error:
        return error


def _exists(path: Path) -> bool:
    """Whether something is there; what cannot be told is left to reading, which says why."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def _commands(count: int) -> str:
    return f"{count} command" if count == 1 else f"{count} commands"


def _shown(path: Path) -> str:
    return safe(str(path), _LONGEST)
