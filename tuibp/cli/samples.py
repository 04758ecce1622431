"""`tuibp samples`: what comes with tuibp, a line each."""

from __future__ import annotations

import tomllib
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tuibp.cli import streams
from tuibp.errors import EXIT_OK, InputError

EXAMPLES = """\
A sample's name stands wherever a FILE does.

examples:
  tuibp samples
  tuibp deep-sigmoid"""


def configure(parser: ArgumentParser) -> None:
    """There are no arguments."""


def run(arguments: Namespace) -> int:
    """List the samples."""
    from tuibp.cli.files import samples, samples_folder

    found = samples()
    if not found:
        raise InputError("the samples are not there", hint="install tuibp again", where=str(samples_folder()))
    width = max(map(len, found))
    streams.put("\n".join(f"{name:<{width}}  {title(path)}" for name, path in found.items()))
    return EXIT_OK


def title(path: Path) -> str:
    """The title of a network file."""
    from tuibp.engine.text import TITLE, safe

    with path.open("rb") as file:
        return safe(str(tomllib.load(file).get("title", "")), TITLE)
