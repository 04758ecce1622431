"""A process whose children save again and again until they are killed: `python -m tests.cli.saver save|auto FILE LOG`.

A child is forked for every line on standard input and its number is written to standard output, because starting an
interpreter takes longer than all that is tested. The LOG gets the number of every save before (<) and after it (>).
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from tuibp.cli.autosaves import Autosave
from tuibp.cli.session_files import write
from tuibp.debugger.saved import Saved, SavedTimeline
from tuibp.formats.session_file import dump

SAVED = Saved("xor", "tuibp = 1\n" + "# filler\n" * 500, "", {}, (SavedTimeline(None),))


def save_for_ever(how: str, path: Path, log: int) -> None:
    """Save sessions that grow and shrink."""
    autosave = Autosave(path)
    for number in count(1):
        raw = dump(replace(SAVED, commands=number, visited=tuple((0, i) for i in range(number * 37 % 300))))
        os.write(log, f"< {number}\n".encode())
        if how == "save":
            write(path, raw)
        else:
            assert autosave.keep(raw)
        os.write(log, f"> {number}\n".encode())


def serve(how: str, path: Path, log: Path) -> None:
    """Fork a child for every line."""
    for _ in sys.stdin:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        child = os.fork()
        if child == 0:
            save_for_ever(how, path, handle)
        os.close(handle)
        for word in (child, "dead"):
            sys.stdout.write(f"{word}\n")
            sys.stdout.flush()
            if word == child:
                os.waitpid(child, 0)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
