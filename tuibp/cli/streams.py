"""Standard output, standard error and files that are written: what can go wrong with them is handled here, once.

A reader that goes away (`| head`) is no error, a full disk is one, a file is written whole or not at all, and a message
never moves the cursor.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO, AnyStr, BinaryIO, TextIO

from tuibp.errors import InputError

MESSAGE = 20_000
"""Longest message on standard error, in characters."""


def prepare() -> None:
    """Let characters that the terminal's encoding lacks become "?" instead of an error, and bytes that are no text
    characters that no command has.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream, which may be missing or closed, is a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def complain(message: str) -> None:
    """One message on standard error, each line of it beginning with "tuibp: "."""
    if sys.stderr is None:
        return
    lines = message[:MESSAGE].split("\n")
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("".join(f"tuibp: {_visible(line)}\n" for line in lines))
        sys.stderr.flush()


def _visible(line: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in line)


def put(text: str) -> None:
    """Text and a line end on standard output.

    Raises:
        BrokenPipeError: nobody reads any more.
        InputError: the output cannot be written.
    """
    write_lines([text + "\n"], None)


def write_lines(lines: Iterable[str], output: str | None) -> None:
    """Write lines, each with its line end, as they come.

    Args:
        output: a file that appears, or is replaced, when all lines are there; None for standard output.

    Raises:
        BrokenPipeError: nobody reads any more.
        InputError: the output cannot be written.
    """
    if output == "":
        raise InputError("the name of the output file is empty", hint="give a name, or leave --output out")
    name = output or "standard output"
    target = _standard_output() if output is None else _whole_file(Path(output), _of_text)
    with target as stream, _failures(name):
        for line in lines:
            stream.write(line)
    flush()


def flush() -> None:
    """Send off what waits in standard output, so that failures are found while they can be reported."""
    if sys.stdout is not None:
        with _failures("standard output"):
            sys.stdout.flush()


@contextlib.contextmanager
def _failures(name: str) -> Iterator[None]:
    """Turn the failures of writing `name` into errors for the user."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if name == "standard output":
            silence()
        hint = "make room" if error.errno == errno.ENOSPC else "choose another place"
        raise InputError(f"cannot write: {error.strerror or error}", hint=hint, where=name) from None


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    if sys.stdout is None:
        raise InputError("standard output is closed", hint="leave it open")
    yield sys.stdout


def write_whole(path: Path, raw: bytes) -> None:
    """Put bytes into a file that appears, or is replaced, when they are all on the disk.

    Raises:
        InputError: they cannot be written; a file that was there is as it was.
    """
    if "\0" in str(path):
        raise InputError("is not the name of a file", hint="choose another name", where=str(path))
    with _whole_file(path, _of_bytes) as stream, _failures(str(path)):
        stream.write(raw)


def _of_text(file: int | Path) -> TextIO:
    return open(file, "w", encoding="utf-8", newline="\n")  # noqa: PTH123  (a number has no open method)


def _of_bytes(file: int | Path) -> BinaryIO:
    return open(file, "wb")  # noqa: PTH123


@contextlib.contextmanager
def _whole_file(path: Path, opened: Callable[[int | Path], IO[AnyStr]]) -> Iterator[IO[AnyStr]]:
    """A file that takes its name only when it is complete and on the disk; until then the old one is left alone."""
    with _failures(str(path)):
        if path.is_dir():
            raise InputError("is a directory", hint="give the name of a file", where=str(path))
        special = path.exists() and not path.is_file()
    if special:  # a pipe or a device keeps its place
        with _failures(str(path)), opened(path) as stream:
            yield stream
        return
    import tempfile  # 8 ms of imports that only a file wants

    path = Path(os.path.realpath(path))
    with _failures(str(path)):
        # A short part of the name: it is measured in bytes, of which a character may take four.
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
    try:
        # Failures of the last flush come out of `close`, so they are ours as well.
        with unwound_by_signals(), _failures(str(path)), opened(handle) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with _failures(str(path)):
            temporary.chmod(_mode(path))
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def unwound_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the process in good order here, so that a half-written file is taken away, and a process
    that was started ended.
    """

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _mode(path: Path) -> int:
    """The permissions that the file has, or that a new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def silence() -> None:
    """Point standard output nowhere, so that the interpreter's last flush does not fail as well."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
