"""`tuibp [FILE]`: the screen on a terminal; without one a prompt, or what comes through standard input.

Where nothing comes, one sample is worked through as text, so that nothing ever hangs.
"""

from __future__ import annotations

import difflib
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib import import_module
from typing import TYPE_CHECKING

from tuibp.cli import streams
from tuibp.cli.files import find, open_source
from tuibp.cli.parser import COMMANDS
from tuibp.errors import EXIT_OK, InputError

if TYPE_CHECKING:
    from tuibp.cli.opening import Opened
    from tuibp.console.console import Console

DEFAULT = "xor"
"""The sample that `tuibp` alone opens."""
MESSAGE = 200
"""Characters of the file's name that are shown."""
SMALL = 0.02
"""Seconds in which a small file is read; for a fault in one nothing of the screen is loaded."""
_NO_SCREEN = {"dumb", "unknown"}
"""Terminals (TERM) that cannot be painted on."""


def run(arguments: Namespace) -> int:
    """Open the screen, a prompt or a pipe; or print what one would step through."""
    name = DEFAULT if arguments.file is None else arguments.file
    _refuse_misspelt_command(name)
    headless = arguments.plain or arguments.batch or arguments.json
    if not headless and has_screen():
        return _open_screen(name, arguments)
    from tuibp.cli.debug import debug, first_commands

    first = None
    if not (headless or arguments.scripts or _has_prompt()):
        first = None if streams.is_terminal(sys.stdin) else first_commands()
        if first is None:
            return _work_through(name, arguments)
    return debug(name, arguments, first)


def _has_prompt() -> bool:
    """Whether somebody can be asked for commands."""
    return streams.is_terminal(sys.stdin) and streams.is_terminal(sys.stdout)


def _work_through(name: str, arguments: Namespace) -> int:
    """Print what the screen would walk through."""
    from tuibp.cli.opening import open_console
    from tuibp.debugger.session import Session
    from tuibp.engine.text import safe
    from tuibp.present.walk import worked_sample

    console = open_console(name, None, go_on=arguments.go_on, traces=False).console
    text = worked_sample(Session(console.session.timelines[0].recipe))
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


def open_with(name: str, prepare: Callable[[Console], None]) -> int:
    """The screen on a network, with something laid on its table first."""
    arguments = Namespace(go_on=False, scripts=[], ascii=False, light=False)
    return _open_screen(name, arguments, prepare)


def _open_screen(name: str, arguments: Namespace, prepare: Callable[[Console], None] | None = None) -> int:
    """The console first, so that an error of the file is told in the plain terminal; then the screen.

    Unpacking and converting a big file leaves the interpreter free: it goes on while the screen is loaded.
    """
    from tuibp.tui.terminal import pause_garbage_collector, prepare_environment

    prepare_environment(os.environ)
    pause_garbage_collector()
    import_module("tuibp.formats.network_file")
    from concurrent.futures import ThreadPoolExecutor, wait

    from tuibp.cli.autosaves import is_session

    waits = arguments.go_on or arguments.scripts or is_session(name)
    reading = None if waits else ThreadPoolExecutor(1).submit(open_source, name)
    if reading is not None and wait([reading], SMALL).done:
        reading.result()
    from tuibp.cli.spill import SpillFile

    unicode = "utf" in (sys.stderr.encoding or "").lower()
    with ExitStack() as stack:
        from tuibp.cli.opening import of_network, open_console

        def opens(name: str, *, go_on: bool = False) -> Opened:
            return open_console(name, stack.enter_context(closing(SpillFile())), go_on=go_on)

        if reading is None:
            from tuibp.cli.debug import run_scripts
            from tuibp.cli.runner import Runner

            runner = Runner(opens(name, go_on=arguments.go_on), opens)
            code = run_scripts(runner, arguments.scripts)
            if code is not None:
                return code or runner.keeper.close(runner.console)
        from tuibp.tui.app import run as run_screen

        if reading is None:
            console, keeper = runner.console, runner.keeper
        else:
            console, keeper = of_network(reading.result(), stack.enter_context(closing(SpillFile())))
        if prepare is not None:
            prepare(console)
        while True:
            try:
                code = run_screen(console, keeper, ascii=arguments.ascii or not unicode, dark=not arguments.light)
            finally:
                kept = keeper.close(console)
            if code or not console.next:
                return code or kept
            console, keeper = opens(console.next)  # `load`


def has_screen() -> bool:
    """Whether the screen can be used: it reads keys from standard input and paints on standard error."""
    standard = (sys.stdin, sys.stdout, sys.stderr)
    return all(map(streams.is_terminal, standard)) and os.environ.get("TERM", "") not in _NO_SCREEN
