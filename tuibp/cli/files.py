"""Finding and reading what a FILE names: a path, or the bare name of a sample.

A word without a folder and without a suffix (`xor`) is a sample first; everything else is a path, so a sample never
stands in for a file that was named as a file. If a file bears the bare name too, that is said, and how to mean it
(`./xor`). Sizes are bounded before memory is taken, and only regular files are read: a pipe could block for ever.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tuibp.cli import streams
from tuibp.errors import InputError

if TYPE_CHECKING:
    from tuibp.engine.recipe import Recipe

MOST_DATA = 64 * 2**20
"""Bytes of a data file that are read."""
SUFFIX = ".toml"
_LONGEST_NAME = 100
"""Characters of a path that a message shows."""


def samples_folder() -> Path:
    """Where the samples lie: inside the installed package, or beside it in a checkout."""
    # Not importlib.resources, which costs 9 ms: the package is never imported from a zip file.
    package = Path(__file__).parents[1]
    installed = package / "samples"
    return installed if installed.is_dir() else package.parent / "samples"


def samples() -> dict[str, Path]:
    """Every sample by its bare name, in the order of the alphabet."""
    return {path.stem: path for path in sorted(samples_folder().glob(f"*{SUFFIX}"))}


def open_recipe(name: str) -> Recipe:
    """The recipe of a FILE; data files that it names are looked for from its own folder.

    Raises:
        TuibpError: the file cannot be found, read or understood.
    """
    path = find(name)
    from tuibp.formats.network_file import MOST_BYTES, load

    return load(read(path, MOST_BYTES), shown(path, name), reader(path.parent))


class Source(NamedTuple):
    """A network file that was opened, with what a session keeps of it."""

    recipe: Recipe
    name: str
    """As it was given."""
    text: str
    """The whole network file."""
    folder: str
    """The absolute folder that the paths of data files count from; "" for a sample."""
    data: dict[str, str]
    """Every data file that was read: its path as written, to the sha256 of its bytes in hexadecimal."""


def open_source(name: str) -> Source:
    """The recipe of a FILE with its text and the digests of its data files; every file is read once.

    Raises:
        TuibpError: as `open_recipe`.
    """
    path = find(name)
    from hashlib import sha256

    from tuibp.formats.network_file import MOST_BYTES, load

    raw, data, read_data = read(path, MOST_BYTES), {}, reader(path.parent)

    def noted(data_name: str) -> bytes:
        content = read_data(data_name)
        data[data_name] = sha256(content).hexdigest()
        return content

    recipe = load(raw, shown(path, name), noted)
    folder = "" if is_sample(name) else str(path.parent.resolve())
    return Source(recipe, name, raw.decode("utf-8-sig"), folder, data)


def is_sample(name: str) -> bool:
    """Whether a FILE stands for a sample."""
    return _is_bare(name) and name in samples()


def find(name: str) -> Path:
    """The path that a FILE stands for.

    Raises:
        InputError: there is no such file; the message names what is near.
    """
    path = Path(name)
    if not name:
        raise InputError("the name of the file is empty", hint="give a network file, or a sample such as xor")
    if _is_bare(name):
        sample = samples().get(name)
        if sample is not None:
            if _exists(path) and path.is_file():
                streams.complain(f'"{name}" is the sample; for the file of that name write ./{name}')
            return sample
    if not _exists(path):
        raise _missing(name, path)
    return path


def _is_bare(name: str) -> bool:
    """Whether a FILE is a word such as xor: no folder, no suffix."""
    return bool(name) and Path(name).name == name and not Path(name).suffix


def _exists(path: Path) -> bool:
    """Whether something is there; what cannot be told is left to reading, which says why."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def shown(path: Path, name: str) -> str:
    """How messages name a file: as the user did, a sample by its file name."""
    return path.name if _is_bare(name) and path.suffix else name


def _missing(name: str, path: Path) -> InputError:
    """The error for a FILE that is not there, with the nearest thing that is."""
    names = samples()
    hint = f"the samples are {', '.join(names)}" if _is_bare(name) else "tuibp samples lists what comes with tuibp"
    try:
        beside = [entry.name for entry in path.parent.glob(f"*{SUFFIX}")]
    except (OSError, ValueError):
        beside = []
    stem = path.name.removesuffix(SUFFIX)
    near = difflib.get_close_matches(path.name, beside, n=1)
    sample = difflib.get_close_matches(stem, names, n=1)
    if near and stem not in names:
        hint = f"did you mean {_short(str(path.parent / near[0]))}?"
    elif sample:
        hint = f"did you mean the sample {sample[0]}?"
    return InputError(f'there is no file "{_short(name)}"', hint=hint)


def _short(name: str) -> str:
    from tuibp.engine.text import safe

    return safe(name, _LONGEST_NAME)


def reader(folder: Path) -> Callable[[str], bytes]:
    """What reads the data files that a network file in `folder` names by relative or absolute path."""

    def read_data(name: str) -> bytes:
        path = folder / name
        if not _exists(path):
            hint = f"paths count from {_short(str(folder.resolve()))}"
            raise InputError(f'there is no file "{_short(name)}"', hint=hint)
        return read(path, MOST_DATA)

    return read_data


def read(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises:
        InputError: it is no such file, or may not be read.
    """
    where = _short(str(path))
    try:
        # A pipe without a writer would block at once; the flags do not exist on every system.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _not_regular(path, where, status.st_mode)
            if status.st_size > limit:
                raise _too_big(where, limit)
            raw = file.read(limit + 1)
    except IsADirectoryError:
        raise _not_regular(path, where, stat.S_IFDIR) from None
    except PermissionError:
        hint = "change its permissions or copy it"
        raise InputError("may not be read: permission denied", hint=hint, where=where) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", hint="check the path", where=where) from None
    except ValueError:
        raise InputError(f'"{where}" is not a path', hint="give the path of a file") from None
    if len(raw) > limit:
        raise _too_big(where, limit)
    return raw


def _too_big(where: str, limit: int) -> InputError:
    return InputError(f"is larger than {limit >> 20} MiB", hint="give a smaller file", where=where)


def _not_regular(path: Path, where: str, mode: int) -> InputError:
    if not stat.S_ISDIR(mode):
        return InputError("is not a regular file", hint="copy what it holds into a file", where=where)
    try:
        inside = sorted(path.glob(f"*{SUFFIX}"))
    except OSError:
        inside = []
    hint = f"did you mean {_short(str(inside[0]))}?" if inside else "give a network file"
    return InputError("is a directory", hint=hint, where=where)
