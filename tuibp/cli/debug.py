"""The debugger without a screen: scripts, a prompt, or commands on standard input."""

from __future__ import annotations

import select
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing

from tuibp.cli import streams
from tuibp.cli.opening import Opened, open_console
from tuibp.cli.prompt import prompt
from tuibp.cli.runner import Runner
from tuibp.cli.spill import SpillFile
from tuibp.console.language import LONGEST
from tuibp.engine.text import safe
from tuibp.errors import EXIT_OK, TuibpError

PATIENCE = 1.0
"""Seconds in which the first command has to come through a pipe where nobody has said that there will be some."""


def debug(name: str, arguments: Namespace, first: str | None = None) -> int:
    """Open a FILE, carry out the scripts, then what comes through standard input.

    Args:
        first: what has been read of standard input already, up to the first command.

    Returns:
        The exit code.

    Raises:
        TuibpError: the file cannot be opened, or a line of a script not be carried out.
    """
    with ExitStack() as stack:

        def opens(name: str, *, go_on: bool = False) -> Opened:
            spill = stack.enter_context(closing(SpillFile()))
            return open_console(name, spill, go_on=go_on, traces=not arguments.batch)

        runner = Runner(opens(name, go_on=arguments.go_on), opens, json=arguments.json)
        try:
            code = _carry_out(runner, arguments, first)
        finally:
            kept = runner.keeper.close(runner.console)
    return code or kept


def _carry_out(runner: Runner, arguments: Namespace, first: str | None) -> int:
    asks = streams.is_terminal(sys.stdin)
    prompts = asks and not arguments.batch and (arguments.plain or streams.is_terminal(sys.stdout))
    try:
        code = run_scripts(runner, arguments.scripts)
    except TuibpError as error:
        if not prompts:
            raise
        streams.complain(str(error))  # somebody is there to look what has gone wrong
        code = None
    if code is not None and not (prompts and code != EXIT_OK):
        return code
    if prompts:
        return prompt(runner)
    if arguments.batch or asks:
        return EXIT_OK
    if first is None and not arguments.plain and (first := first_commands()) is None:
        return EXIT_OK
    return runner.script(_lines(first), "stdin") or EXIT_OK


def run_scripts(runner: Runner, scripts: list[tuple[str, str]]) -> int | None:
    """What -x and -ex give, in their order.

    Returns:
        The exit code where one of them has ended it all; None where all were carried out.

    Raises:
        TuibpError: a line cannot be carried out, or a script not be read.
    """
    for kind, text in scripts:
        if kind == "command":
            code = runner.script([text], "")
        else:
            code = runner.script(runner.keeper.script(text).split("\n"), safe(text, 100))
        if code is not None:
            return code
    return None


def first_commands() -> str | None:
    """Standard input, which is no terminal, up to its first line that is not blank; None where none comes in time."""
    stream = sys.stdin
    if stream is None or stream.closed:
        return None
    try:
        if not select.select([stream], [], [], PATIENCE)[0]:
            return None
        read = ""
        while line := stream.readline(LONGEST + 2):
            read += line
            if line.strip():
                return read
    except (OSError, ValueError):  # not a file that can be waited for
        return None
    return None


def _lines(first: str | None) -> Iterator[str]:
    """The lines of standard input, as they come."""
    yield from (first or "").splitlines()
    stream = sys.stdin
    if stream is None or stream.closed:
        return
    while line := stream.readline(LONGEST + 2):
        yield line
