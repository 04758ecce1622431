"""A pseudo-terminal for tests: start a command in it, press keys, look at the screen, measure, and check what
it leaves.

The program under test sees an ordinary terminal. Every byte it writes is kept, in order, and is fed to a
terminal emulator (pyte), so that a test can ask both what is on the screen and what exactly was sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
QUIET = 0.03
"""Seconds without a byte after which a paint counts as finished."""
PATIENCE = 10.0
"""Seconds after which a test gives up."""

TERMINAL = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
}
"""The terminal that the program believes in, unless a test says otherwise."""
_OURS = ("NO_COLOR", "COLORTERM", "TERM", "TERM_PROGRAM", "ESCDELAY", "LINES", "COLUMNS")


UNKNOWN_TO_PYTE = {
    b"\x1b[?1049h": b"\x1b[?1049h\x1b[2J\x1b[H",
    b"\x1b[?1049l": b"\x1b[?1049l\x1b[2J\x1b[H",
    b"\x1b[<u": b"",
}
"""What pyte has wrong: it has no alternate screen, which a terminal clears, and prints the end of the last one."""


MODERN = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;2$y"}
"""The answers of a terminal that has synchronised output and reports its size."""


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment of a program under test: ours but for the terminal, then `changes` (None removes)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL")}
    merged: dict[str, str | None] = {**kept, **dict.fromkeys(_OURS), **TERMINAL, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


class PtyProgram:
    """A command in a pseudo-terminal of `columns` x `lines`; leaving the `with` block ends the command."""

    def __init__(
        self,
        args: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        env: Mapping[str, str | None] | None = None,
        answers: Mapping[bytes, bytes] | None = None,
        emulate: bool = True,
    ) -> None:
        """`answers` is what the terminal says to which question; without `emulate` there is no screen, only the log."""
        self.log = bytearray()
        """Every byte the program has written."""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen) if emulate else None
        self._answers = answers or {}
        self._master, slave = pty.openpty()
        self._size(columns, lines)
        self.modes_before = termios.tcgetattr(slave)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            list(args),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(env),
            cwd=ROOT,
            preexec_fn=_own_terminal,
        )
        self._slave = slave

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._slave)
        with contextlib.suppress(OSError):
            os.close(self._master)

    # Writing

    def press(self, keys: str | bytes) -> None:
        """Send keys as the bytes a terminal sends."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def click(self, x: int, y: int, button: int = 0) -> None:
        """Press and release a mouse button at column x, row y, both from 0 (SGR encoding)."""
        self.press(f"\x1b[<{button};{x + 1};{y + 1}M\x1b[<{button};{x + 1};{y + 1}m")

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal; the kernel tells the program."""
        self.screen.resize(lines, columns)
        self._size(columns, lines)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal's window: the program gets SIGHUP, and all its reading and writing fails."""
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = os.open(os.devnull, os.O_RDWR)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    # Reading

    def read(self, seconds: float) -> bytes:
        """What the program writes next; empty if it is silent for `seconds` or has ended."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the other side is closed
            return b""
        count = len(data)
        self.log += data
        for question, answer in self._answers.items():
            if question in data:
                self.press(answer)
        if self._stream is not None:
            for sent, shown in UNKNOWN_TO_PYTE.items():
                data = data.replace(sent, shown)
            self._stream.feed(data)
        return bytes(self.log[-count:])

    def settle(self, quiet: float = QUIET) -> float:
        """Read until nothing comes for `quiet` seconds. Returns the time of the last byte (time.perf_counter)."""
        last = time.perf_counter()
        while self.read(quiet):
            last = time.perf_counter()
        return last

    def wait_for(self, seen: str | Callable[[], bool], patience: float = PATIENCE) -> None:
        """Read until the text is on the screen or the predicate holds.

        Raises AssertionError, with the screen, after `patience` seconds or when the program ends before.
        """
        holds = seen if callable(seen) else lambda: seen in self.screen_text()
        deadline = time.perf_counter() + patience
        while not holds():
            ended = self.process.poll() is not None
            if not self.read(0.05) and (ended or time.perf_counter() > deadline):
                raise AssertionError(f"never seen: {seen!r}\n{self.screen_text()}")

    def first_paint(self, seen: str) -> float:
        """Milliseconds from the start of the process to the last byte of the paint that shows the text."""
        self.wait_for(seen)
        return (self.settle() - self.started) * 1e3

    def respond(self, keys: str | bytes, quiet: float = QUIET, patience: float = 1.0) -> float:
        """Milliseconds from the key press to the last byte painted for it.

        Raises AssertionError when nothing at all is painted within `patience` seconds.
        """
        start = time.perf_counter()
        self.press(keys)
        if not self.read(patience):
            raise AssertionError(f"no answer to {keys!r}\n{self.screen_text()}")
        first = time.perf_counter()
        last = self.settle(quiet)
        return (max(first, last) - start) * 1e3

    def screen_text(self) -> str:
        """The screen as text, a line per row, trailing blanks removed; without emulation the end of the log."""
        if self._stream is None:
            return self.log[-2000:].decode(errors="replace")
        return "\n".join(line.rstrip() for line in self.screen.display)

    def end(self, patience: float = PATIENCE) -> int:
        """Read until the program has ended. Returns its exit status, negative for a signal."""
        deadline = time.perf_counter() + patience
        while self.process.poll() is None:
            self.read(0.02)
            if time.perf_counter() > deadline:
                raise AssertionError(f"still running\n{self.screen_text()}")
        while self.read(0.02):
            pass
        return self.process.returncode

    def modes_restored(self) -> bool:
        """Whether the terminal's line discipline (stty) is as it was before the program started."""
        return termios.tcgetattr(self._slave) == self.modes_before


def _own_terminal() -> None:
    """In the child: a session of its own, with the pseudo-terminal as its controlling terminal."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


SWITCHES = {
    "alternate screen": (b"\x1b[?1049h", b"\x1b[?1049l"),
    "hidden cursor": (b"\x1b[?25l", b"\x1b[?25h"),
    "mouse clicks": (b"\x1b[?1000h", b"\x1b[?1000l"),
    "mouse drags": (b"\x1b[?1002h", b"\x1b[?1002l"),
    "mouse moves": (b"\x1b[?1003h", b"\x1b[?1003l"),
    "mouse in SGR": (b"\x1b[?1006h", b"\x1b[?1006l"),
    "mouse in urxvt's way": (b"\x1b[?1015h", b"\x1b[?1015l"),
    "mouse in pixels": (b"\x1b[?1016h", b"\x1b[?1016l"),
    "bracketed paste": (b"\x1b[?2004h", b"\x1b[?2004l"),
    "focus reports": (b"\x1b[?1004h", b"\x1b[?1004l"),
    "reports of size": (b"\x1b[?2048h", b"\x1b[?2048l"),
    "synchronised output": (b"\x1b[?2026h", b"\x1b[?2026l"),
    "kitty keys": (b"\x1b[>", b"\x1b[<u"),
    "no line wrap": (b"\x1b[?7l", b"\x1b[?7h"),
}
"""What a full-screen program turns on, and the bytes that turn it off."""
ALWAYS = ("alternate screen", "hidden cursor", "mouse clicks", "bracketed paste")
"""What textual always turns on: a log without these is no log of a screen."""


def assert_terminal_clean(log: bytes) -> None:
    """The log of a program that has ended turns off whatever it turned on.

    Kitty keys belong to the screen on which they were pushed, so they must be popped before the alternate
    screen is left.
    """
    for name in ALWAYS:
        assert SWITCHES[name][0] in log, f"{name} was never on"
    left_on = [name for name, (on, off) in SWITCHES.items() if log.rfind(on) > log.rfind(off)]
    assert not left_on, f"left on: {', '.join(left_on)}"
    leave = log.rfind(SWITCHES["alternate screen"][1])
    assert log.rfind(SWITCHES["kitty keys"][1]) < leave, "kitty keys are popped on the wrong screen"
    assert log.find(b"\x1b[?1049h", leave) == -1
