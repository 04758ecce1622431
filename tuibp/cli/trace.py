"""`tuibp trace FILE`: the operations of a stretch of the run, line by line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP, POSITION_HELP
from tuibp.errors import EXIT_OK, InputError

EXAMPLES = """\
A position names the operation that is next: the trace holds operations from <= t < to.
The first JSON line is the header, with W and b as they stand at --from; each further line is one operation.

examples:
  tuibp trace xor --to e0.b1                        the first batch of xor
  tuibp trace mazur --format csv --output mazur.csv
  tuibp trace xor --from e3.b1.s0 --to +1s          one sample"""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    first = f"the first operation (start): {POSITION_HELP}"
    parser.add_argument("--from", dest="start", metavar="POS", default="start", help=first)
    last = "the operation before which the trace ends (end); +1s counts from --from"
    parser.add_argument("--to", dest="stop", metavar="POS", default="end", help=last)
    formats = "JSON lines (default), or CSV with a line for every number"
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help=formats)
    parser.add_argument("--output", metavar="F", help="write to this file, whole or not at all")


def run(arguments: Namespace) -> int:
    """Write the trace."""
    from tuibp.cli.files import open_recipe
    from tuibp.debugger.location import parse_position
    from tuibp.debugger.timeline import Timeline
    from tuibp.formats.trace import FORMATS

    # A trace never goes back: two keyframes are all it can use.
    timeline = Timeline(open_recipe(arguments.file), budget=0)
    start = parse_position(arguments.start, timeline.clock)
    stop = parse_position(arguments.stop, timeline.clock, start)
    if start > stop:
        names = [timeline.clock.at(t).name for t in (start, stop)]
        raise InputError(f"--from {names[0]} lies behind --to {names[1]}", hint="exchange the two")
    streams.write_lines(FORMATS[arguments.format](timeline, start, stop), arguments.output)
    return EXIT_OK
