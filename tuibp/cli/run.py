"""`tuibp run FILE`: train without a screen and say how it went."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from contextlib import closing

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP, POSITION_HELP
from tuibp.errors import EXIT_INTERRUPTED, EXIT_OK

EXAMPLES = """\
Cost and accuracy of an epoch are those of its samples as they were met, each with the weights of its own batch.
ctrl+c ends a run; what it has come to is printed then.

examples:
  tuibp run xor
  tuibp run iris --to e10
  tuibp run digits --json"""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("--to", dest="stop", metavar="POS", default="end", help=f"where to stop (end): {POSITION_HELP}")
    parser.add_argument("--json", action="store_true", help="one JSON object with every epoch")


def run(arguments: Namespace) -> int:
    """Train, then print the summary."""
    from tuibp.cli.files import open_recipe
    from tuibp.cli.progress import follow
    from tuibp.cli.spill import SpillFile
    from tuibp.cli.summary import as_json, as_text, summarize
    from tuibp.debugger.location import parse_position
    from tuibp.debugger.timeline import Timeline
    from tuibp.formats.strict_json import dumps

    with closing(SpillFile()) as spill:
        timeline = Timeline(open_recipe(arguments.file), spill=spill)
        t = parse_position(arguments.stop, timeline.clock)
        start, code = time.perf_counter(), EXIT_OK
        try:
            for _ in follow(timeline.travel(t), "batches"):
                pass
        except KeyboardInterrupt:  # what has been run is worth saying; a second one ends it
            t, code = min(t, timeline.reached), EXIT_INTERRUPTED
            streams.complain(f"interrupted at {timeline.clock.at(t).name}")
        summary = summarize(timeline, t, time.perf_counter() - start)
    try:
        streams.put(dumps(as_json(summary), indent=2) if arguments.json else as_text(summary))
        streams.flush()
    except BrokenPipeError:  # nobody reads what was cut short: that it was still is the outcome
        if code == EXIT_OK:
            raise
        streams.silence()
    return code
