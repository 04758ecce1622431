"""The command line: it turns words into calls and errors into one message and an exit code.

Nothing heavy is imported before a command is known: `tuibp --version` loads neither numpy nor textual. No number is
computed here.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from tuibp.cli import environment, streams
from tuibp.cli.parser import parse
from tuibp.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, TuibpError

EXIT_BUG = 70
"""A fault of tuibp itself (EX_SOFTWARE of sysexits.h)."""
DEBUG = "TUIBP_DEBUG"
"""Environment variable: 1 shows the traceback of a fault."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: the words after "tuibp"; None takes those of the process.

    Returns:
        The exit code: 0 ok, 1 a check failed, 2 bad usage or bad input, 3 unsupported, 70 a bug, 130 interrupted.
    """
    streams.prepare()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        streams.flush()
        return code
    except BrokenPipeError:
        streams.silence()
        return EXIT_OK
    except KeyboardInterrupt:
        streams.silence()
        return EXIT_INTERRUPTED
    except TuibpError as error:
        streams.complain(str(error))
        return error.exit_code
    except MemoryError:
        streams.complain("there is not enough memory for this; give a smaller network or smaller batches")
        return EXIT_USAGE
    # The door of the process: whatever else escapes is a bug, and the user is told so instead of shown its insides.
    except Exception as error:
        return _bug(error)


def _run(words: list[str]) -> int:
    """Carry out a command line; `--help` and `--version` end in argparse's SystemExit."""
    try:
        command, arguments = parse(words)
    except SystemExit as done:
        return EXIT_OK if done.code is None else int(done.code)
    environment.prepare(getattr(arguments, "threads", None))
    return command(arguments)


def _bug(error: Exception) -> int:
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    streams.complain(
        f"this is a bug in tuibp, not in your file: {type(error).__name__}: {str(error)[:200]}\n"
        f"please report it with what you did; {DEBUG}=1 shows where it happened"
    )
    return EXIT_BUG
