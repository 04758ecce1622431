"""`tuibp print FILE NAME...`: tensors and cells as they stand at a position."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import TYPE_CHECKING

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP, POSITION_HELP
from tuibp.errors import EXIT_OK, CombinedError, NameInputError, TuibpError

if TYPE_CHECKING:
    from tuibp.debugger.names import CellRef
    from tuibp.debugger.session import Session
    from tuibp.engine.arrays import Array

EXAMPLES = """\
The first bracket is the layer, the second the cell: W[2][0,1] leads to neuron 0 of layer 2 from neuron 1 of layer 1.
tensors  a z W b sp dC_da db dW gW gb uW ub x y        scalars  cost bcost ecost lr epoch batch sample t L m
What the operation at --at is about to write is not there yet.

examples:
  tuibp print xor "W[1]" "b[1]"
  tuibp print xor --at e0.b0.s0.cost "a[2]" "W[2][0,1]"
  tuibp print mazur --at end cost --json"""

DIGITS = 10
"""Significant digits of the text; JSON has all."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("names", metavar="NAME", nargs="+", help="a tensor a[2], a cell W[2][0,1], or a scalar: cost")
    parser.add_argument("--at", metavar="POS", default="start", help=f"the position (start): {POSITION_HELP}")
    parser.add_argument("--json", action="store_true", help="one JSON object with every digit")
    parser.add_argument("--all", action="store_true", help="print big tensors whole")


def run(arguments: Namespace) -> int:
    """Print the values; all of them are looked up before the first is printed."""
    from tuibp.cli.files import open_recipe
    from tuibp.cli.spill import SpillFile
    from tuibp.debugger.names import parse_cell
    from tuibp.debugger.session import Session
    from tuibp.formats.strict_json import dumps

    with closing(SpillFile()) as spill:
        session = Session(open_recipe(arguments.file), spill=spill)
        names = [parse_cell(name, session.recipe.network) for name in arguments.names]
        session.run(arguments.at)
        values = _values(session, names)
    at, t = session.position.name, session.t
    if arguments.json:
        streams.put(dumps({"at": at, "t": t, "values": {str(ref): value for ref, value in values.items()}}))
    else:
        lines = (line for ref, value in values.items() for line in _lines(ref, value, arguments.all))
        streams.write_lines((f"{line}\n" for line in (f"at {at} (t = {t})", *lines)), None)
    return EXIT_OK


def _values(session: Session, names: list[CellRef]) -> dict[CellRef, Array | float]:
    """The values by name.

    Raises:
        CombinedError: some are not computed yet, each with the operation that writes it.
    """
    values: dict[CellRef, Array | float] = {}
    errors: list[TuibpError] = []
    for ref in names:
        try:
            values[ref] = session[str(ref)]
        except NameInputError as error:
            errors.append(NameInputError(error.message, hint="give a later position with --at"))
    if errors:
        raise CombinedError(errors)
    return values


def _lines(ref: CellRef, value: Array | float, whole: bool) -> list[str]:
    """The value with what it means; rows stay in one piece, for whoever cuts them into columns again."""
    from tuibp.debugger.names import SCALARS, TENSORS
    from tuibp.present.values import Format, value_lines

    meaning = SCALARS[ref.name][0] if ref.name in SCALARS else "" if ref.index else TENSORS[ref.name].meaning
    look = Format(digits=DIGITS, whole=whole)
    return value_lines(str(ref), value, look, width=sys.maxsize, meaning=meaning, remedy="--all prints all of it")
