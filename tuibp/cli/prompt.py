"""The prompt: lines from somebody at a terminal, with history and completion where Python has readline."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from tuibp.cli import streams
from tuibp.cli.autosaves import state_folder
from tuibp.cli.runner import Runner
from tuibp.console.completion import DELIMITERS, complete
from tuibp.console.console import Console
from tuibp.console.greeting import beginning
from tuibp.errors import EXIT_OK, TuibpError

PROMPT = "(tuibp) "
MOST_LINES = 2000
"""Lines of history that are kept."""


def prompt(runner: Runner) -> int:
    """Ask for lines until there is no further one; an error ends none but its own.

    Returns:
        The exit code.
    """
    streams.put("\n".join([*beginning(runner.console), "help lists the commands, quit leaves."]))
    with _line_editing(lambda: runner.console):
        while True:
            try:
                line = input(PROMPT)
            except EOFError:
                streams.put("")
                return EXIT_OK
            except KeyboardInterrupt:
                streams.put("")
                continue
            try:
                if runner.carry_out(line).quit:
                    return EXIT_OK
            except TuibpError as error:
                streams.complain(str(error))
            except KeyboardInterrupt:  # pressed twice, where nothing could be stopped in good order
                streams.complain("stopped")


@contextlib.contextmanager
def _line_editing(console: Callable[[], Console]) -> Iterator[None]:
    """History and completion, as far as this Python has them; the console may become another one."""
    try:
        import readline  # a third of what the prompt takes to start; not on every system
    except ImportError:
        yield
        return
    history = state_folder().parent / "history"
    with contextlib.suppress(OSError, ValueError):
        readline.read_history_file(history)
    readline.set_history_length(MOST_LINES)
    readline.set_completer_delims(DELIMITERS)
    readline.set_completer(_Completer(console, readline))
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(None)
        with contextlib.suppress(OSError, ValueError):
            _write_history(history, readline)


def _write_history(path: Path, readline: ModuleType) -> None:
    if path.is_absolute():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        readline.write_history_file(path)


class _Completer:
    """What readline asks for one word after the other."""

    def __init__(self, console: Callable[[], Console], readline: ModuleType) -> None:
        self._console = console
        self._readline = readline
        self._found: list[str] = []

    def __call__(self, _: str, number: int) -> str | None:
        """The word of that number; None behind the last."""
        if number == 0:
            self._found = complete(self._console(), self._readline.get_line_buffer(), self._readline.get_endidx())
            if len(self._found) == 1 and self._found[0][-1].isalnum():
                self._found[0] += " "  # the word is whole, so the next one may follow
        return self._found[number] if number < len(self._found) else None
