"""`tuibp new NAME.toml`: a commented network file to start from. It never overwrites anything."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tuibp.cli import streams
from tuibp.errors import EXIT_OK, InputError

EXAMPLES = """\
examples:
  tuibp new my.toml"""


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
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter(path.name))
    except FileExistsError:
        hint = "choose another name"
        raise InputError("there is a file of that name already", hint=hint, where=arguments.name) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is not a file name"
        raise InputError(f"cannot be written: {reason}", hint="choose another place", where=arguments.name) from None
    name = shlex.quote(arguments.name)
    streams.put(f"Wrote {arguments.name}. Edit it, then")
    streams.put(f"  tuibp {name}        steps through it\n  tuibp run {name}    trains it")
    return EXIT_OK
