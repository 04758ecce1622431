"""`tuibp gradcheck FILE`: the gradient beside central differences of the cost, tensor by tensor."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Generator
from typing import TYPE_CHECKING

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP, POSITION_HELP
from tuibp.errors import EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from tuibp.console.reply import Job, Progress, Reply

EXAMPLES = """\
Every weight and bias is moved by h = 1e-5 max(1, |θ|) to either side. A tensor passes to 1e-6 and is warned of to 1e-4,
each for itself: one norm over all would hide a wrong layer. What crosses a kink of an activation is skipped.

examples:
  tuibp gradcheck digits                          the first batch
  tuibp gradcheck my.toml --at 50% --json
  tuibp gradcheck xor --at e0.b0.update "W[1][0,1]" "z[1][0]\""""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("cells", metavar="CELL", nargs="*", help="check these alone: W[1][0,2], delta[1][0], z[2][1]")
    where = f"the batch that is visible there (that of the first update): {POSITION_HELP}"
    parser.add_argument("--at", metavar="POS", default="e0.b0.update", help=where)
    parser.add_argument("--json", action="store_true", help="one JSON object with every digit")


def run(arguments: Namespace) -> int:
    """Check, and print."""
    from contextlib import closing

    from tuibp.cli.files import open_recipe
    from tuibp.cli.progress import follow
    from tuibp.cli.spill import SpillFile
    from tuibp.console.console import Console
    from tuibp.debugger.session import Session
    from tuibp.formats.strict_json import dumps

    with closing(SpillFile()) as spill:
        session = Session(open_recipe(arguments.file), spill=spill)
        session.run(arguments.at)
        console = Console(session)
        replies: list[Reply] = []
        for cell in arguments.cells or [""]:
            job = console.start(f"gradcheck {cell}".strip())
            for _ in follow(_into(job, replies), "parameters"):
                pass
    if arguments.json:
        found = [{k: v for k, v in reply.values.items() if k != "explained"} for reply in replies]
        body = {"cells": found} if arguments.cells else found[0]
        streams.put(dumps({"at": session.position.name, "t": session.t, **body}))
    else:
        head = f"at {session.position.name} (t = {session.t})"
        streams.write_lines(
            (f"{line}\n" for line in (head, *(line for reply in replies for line in reply.lines))), None
        )
    return EXIT_FAILED if any(reply.failed for reply in replies) else EXIT_OK


def _into(job: Job, replies: list[Reply]) -> Generator[Progress, None, None]:
    """The steps of a job, whose answer is put where it can be seen."""
    replies.append((yield from job))
