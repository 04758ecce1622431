"""`tuibp [FILE]`: the screen on a terminal; anywhere else one sample worked through as text, so that nothing hangs."""

from __future__ import annotations

import difflib
import os
import shlex
import sys
from argparse import Namespace
from contextlib import closing
from importlib import import_module

from tuibp.cli import streams
from tuibp.cli.files import find, open_recipe
from tuibp.cli.parser import COMMANDS
from tuibp.errors import EXIT_OK, InputError

DEFAULT = "xor"
"""The sample that `tuibp` alone opens."""
MESSAGE = 200
"""Characters of the file's name that are shown."""
SMALL = 0.02
"""Seconds in which a small file is read; for a fault in one nothing of the screen is loaded."""
_NO_SCREEN = {"dumb", "unknown"}
"""Terminals (TERM) that cannot be painted on."""


def run(arguments: Namespace) -> int:
    """Open the screen, or print what it would walk through."""
    name = DEFAULT if arguments.file is None else arguments.file
    _refuse_misspelt_command(name)
    if has_screen():
        return _open_screen(name, ascii=arguments.ascii, dark=not arguments.light)
    from tuibp.debugger.session import Session
    from tuibp.engine.text import safe
    from tuibp.present.walk import worked_sample

    text = worked_sample(Session(open_recipe(name)))
    command = "tuibp" if arguments.file is None else f"tuibp {safe(shlex.quote(name), MESSAGE)}"
    streams.put(f"{text.rstrip()}\n\nThere is no terminal here. To step through this yourself, run {command} in one.")
    return EXIT_OK


def _refuse_misspelt_command(name: str) -> None:
    """Say so where the user can only have meant a command: `tuibp trce`."""
    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.75)
    if near:
        try:
            find(name)
        except InputError:
            raise InputError(f'no command and no file "{name}"', hint=f"did you mean tuibp {near[0]}?") from None


def _open_screen(name: str, *, ascii: bool, dark: bool) -> int:
    """The recipe first, so that an error of the file is told in the plain terminal; then the screen.

    Unpacking and converting a big file leaves the interpreter free: it goes on while the screen is loaded.
    """
    from tuibp.tui.terminal import pause_garbage_collector, prepare_environment

    prepare_environment(os.environ)
    pause_garbage_collector()
    import_module("tuibp.formats.network_file")
    from concurrent.futures import ThreadPoolExecutor, wait

    reading = ThreadPoolExecutor(1).submit(open_recipe, name)
    if wait([reading], SMALL).done:
        reading.result()
    from tuibp.cli.spill import SpillFile
    from tuibp.tui.app import run as run_screen

    unicode = "utf" in (sys.stderr.encoding or "").lower()
    from tuibp.console.console import Console
    from tuibp.debugger.session import Session

    with closing(SpillFile()) as spill:
        console = Console(Session(reading.result(), spill=spill))
        return run_screen(console, ascii=ascii or not unicode, dark=dark)


def has_screen() -> bool:
    """Whether the screen can be used: it reads keys from standard input and paints on standard error."""
    standard = (sys.stdin, sys.stdout, sys.stderr)
    return all(map(streams.is_terminal, standard)) and os.environ.get("TERM", "") not in _NO_SCREEN
