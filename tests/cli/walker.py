"""A process whose children carry out scripts until they are killed: `python -m tests.cli.walker SCRIPT LOG`.

A child is forked for every line on standard input, which is the FILE it opens, and its number is written to standard
output: starting an interpreter takes longer than all that is tested. The LOG gets what the child answers.
"""

from __future__ import annotations

import os
import sys

from tuibp.cli import main


def walk(file: str, script: str, log: str) -> None:
    """Carry out a script as if it came through a pipe."""
    for number, path, flags in ((0, script, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    os._exit(main([file, "--plain"]))


def serve(script: str, log: str) -> None:
    """Fork a child for every line."""
    main(["xor", "--batch", "-ex", "step"])  # loads all that the children want
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            walk(line.strip(), script, log)
        for word in (child, "dead"):
            sys.stderr.write(f"{word}\n")
            sys.stderr.flush()
            if word == child:
                os.waitpid(child, 0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
