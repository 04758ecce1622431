"""Lines carried out without a screen: what each answers on standard output, and how ctrl+c stops a long one.

A prompt, a script and a pipe all come through here, so the same lines print the same bytes however they are given.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from types import FrameType

from tuibp.cli import streams
from tuibp.cli.opening import Opened
from tuibp.cli.progress import follow
from tuibp.console.greeting import beginning
from tuibp.console.reply import Job, Progress, Reply
from tuibp.engine.text import safe
from tuibp.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, TuibpError, placed
from tuibp.formats.strict_json import dumps


class Runner:
    """Carries lines out."""

    def __init__(self, opened: Opened, opens: Callable[[str], Opened], *, json: bool = False) -> None:
        """
        Args:
            opens: opens a FILE, for `load`.
            json: whether every command answers with one JSON object on a line of its own.
        """
        self.console, self.keeper = opened
        self._opens = opens
        self._json = json
        self.interrupted = False
        """Whether the last line was."""

    def carry_out(self, line: str) -> Reply:
        """One line, kept on the disk and answered on standard output.

        Raises:
            TuibpError: it cannot be carried out.
        """
        reply: list[Reply] = []
        self.interrupted = False
        try:
            with _asked_to_stop() as asked, contextlib.closing(_into(self.console.start(line), reply)) as steps:
                for _ in follow(steps, "batches"):
                    if asked:
                        break
            if not reply:
                self.interrupted = True
                reply.append(self.console.interrupt())
        except TuibpError as error:
            if self._json:
                streams.put(dumps({"command": line.strip(), "error": error.message, "hint": error.hint}))
            raise
        finally:
            self.keeper.keep(self.console)
        self._answer(line, reply[0])
        if self.console.next:
            self._load(self.console.next)
        return reply[0]

    def _load(self, name: str) -> None:
        """Go on with another session."""
        self.console.next, opened = "", self._opens(name)
        self.keeper.close(self.console)
        self.console, self.keeper = opened
        if not self._json:
            streams.put("\n".join(beginning(self.console)))

    def _answer(self, line: str, reply: Reply) -> None:
        if self._json:
            lines = {"command": line.strip(), "lines": reply.lines}
            failed = {"failed": True} if reply.failed else {}
            streams.put(dumps({**lines, **failed, **reply.values}))
        elif reply.lines:
            streams.write_lines((f"{one}\n" for one in reply.lines), None)

    def script(self, lines: Iterable[str], name: str) -> int | None:
        """Lines one after the other, until one ends them all.

        Args:
            name: of the script, for messages; empty for a single command, which has no lines to be counted.

        Returns:
            The exit code where that was a failed assert, an interrupt or `quit`; None where the last line was reached.

        Raises:
            TuibpError: a line cannot be carried out; the message has its place.
        """
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                reply = self.carry_out(line)
            except TuibpError as error:
                raise placed(error, f"{name}:{number}" if name else f"-ex '{safe(line)}'") from error
            if self.interrupted:
                return EXIT_INTERRUPTED
            if reply.failed:
                return EXIT_FAILED
            if reply.quit:
                return EXIT_OK
        return None


def _into(job: Job, found: list[Reply]) -> Generator[Progress, None, None]:
    """The steps of a job, whose answer is put where it can be seen."""
    found.append((yield from job))


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that holds something once ctrl+c has been pressed; pressed again, it strikes at once."""
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
