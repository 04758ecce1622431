"""`tuibp why FILE --at POS CELL`: why a number is what it is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP, POSITION_HELP
from tuibp.errors import EXIT_OK, InputError

EXAMPLES = """\
The formula with its real terms, the largest first, each with its share; how much they cancel; what rounding did.

examples:
  tuibp why mazur --at e0.b0.s0.acc "dW[1][0,1]"
  tuibp why iris --at e1.b3.update "gW[1][2,1]" --json
  tuibp why deep-sigmoid --at e0.b0.update small "delta[1]"
  tuibp why dead-relu --at end zero "gW[1][0,0]"
  tuibp why exploding --at end nan"""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("words", metavar="CELL", nargs="+", help="a cell; or small X, big X, zero CELL, nan")
    parser.add_argument("--at", metavar="POS", default="e0.b0.update", help=f"where (e0.b0.update): {POSITION_HELP}")
    parser.add_argument("--terms", metavar="N", type=int, default=8, help="terms that are written out (8)")
    parser.add_argument("--json", action="store_true", help="one JSON object with every digit")


def run(arguments: Namespace) -> int:
    """Explain, and print."""
    from contextlib import closing

    from tuibp.cli.files import open_recipe
    from tuibp.cli.spill import SpillFile
    from tuibp.console.console import Console
    from tuibp.debugger.names import parse_cell
    from tuibp.debugger.session import Session
    from tuibp.formats.strict_json import dumps
    from tuibp.present.why import document, why_cell

    if not 1 <= arguments.terms <= 1000:
        raise InputError("--terms is out of range", hint="give 1 to 1000")
    with closing(SpillFile()) as spill:
        session = Session(open_recipe(arguments.file), spill=spill)
        session.run(arguments.at)
        reply = Console(session, width=100).execute(f"why/{arguments.terms} {' '.join(arguments.words)}")
        if not arguments.json:
            streams.write_lines((f"{line}\n" for line in reply.lines if not line.startswith("follow N")), None)
            return EXIT_OK
        found: dict[str, object] = {"at": session.position.name, "t": session.t}
        found |= {k: v for k, v in reply.values.items() if k != "explained"}
        if arguments.words != ["nan"] and len(arguments.words) == 1:
            why = why_cell(session.view(), parse_cell(arguments.words[0], session.recipe.network), arguments.terms)
            assert why is not None
            found |= document(why)
    streams.put(dumps(found))
    return EXIT_OK
