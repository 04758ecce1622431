"""`tuibp new NAME.toml`: a commented network file to start from. It never overwrites anything."""

from __future__ import annotations

import contextlib
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from tuibp.cli import streams
from tuibp.engine.text import safe
from tuibp.errors import EXIT_OK, InputError

EXAMPLES = """\
examples:
  tuibp new my.toml"""


SHOWN = 200
"""Characters of the file's name that are shown."""


@contextlib.contextmanager
def _gone_on_failure(path: Path) -> Iterator[None]:
    """A full disk leaves no half of a file behind: trying again must find the name free."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise


def configure(parser: ArgumentParser) -> None:
    """Add the argument."""
    parser.add_argument("name", metavar="NAME.toml", help="the file to write; there must be none of that name")


def run(arguments: Namespace) -> int:
    """Write the file and say what to do with it."""
    from tuibp.formats.starter import starter

    path = Path(arguments.name)
    if path.suffix != ".toml":
        raise InputError(f'"{arguments.name}" does not end in .toml', hint=f"write tuibp new {path.name or 'my'}.toml")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file, _gone_on_failure(path):
            file.write(starter(path.name))
            file.flush()
    except FileExistsError:
        hint = "choose another name"
        raise InputError("there is a file of that name already", hint=hint, where=arguments.name) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is not a file name"
        raise InputError(f"cannot be written: {reason}", hint="choose another place", where=arguments.name) from None
    name = safe(shlex.quote(arguments.name if path.is_absolute() or path.name[0] != "-" else f"./{path}"), SHOWN)
    streams.put(f"Wrote {safe(arguments.name, SHOWN)}. Edit it, then")
    streams.put(f"  tuibp {name}        steps through it\n  tuibp run {name}    trains it")
    return EXIT_OK
