"""The stops of a network file's [debug] table, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tuibp.debugger.arming import arm
from tuibp.debugger.breakpoints import AT, IF, Kind, read
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.position import Clock
from tuibp.engine.checks import Report
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import safe
from tuibp.errors import TuibpError


def of_debug(debug: Mapping[str, Sequence[str]]) -> Iterator[tuple[tuple[str, int], Kind, str]]:
    """The stops of a network file's [debug] table: where each stands there, its kind and its text.

    What stands under `break` and is no place but a test, as "cost > 1.0", is watched.
    """
    kinds: tuple[Kind, ...] = ("break", "watch", "catch")
    for kind in kinds:
        for at, text in enumerate(debug.get(kind, ())):
            test = kind == "break" and re.search(r"[<>=!]", IF.split(text)[0]) and not AT.match(text.strip())
            yield (kind, at), "watch" if test else kind, text


def check_debug(report: Report, recipe: Recipe) -> None:
    """Report every line of the table that cannot be read or means nothing on this network, at its place there."""
    clock = Clock(Program(recipe))
    for (key, at), kind, text in of_debug(recipe.debug):
        try:
            arm(read(kind, text, 1, clock, 0), clock)
        except ExpressionError as error:
            report.add(("debug", key, at), f'"{safe(text, 60)}": {error.message}', error.hint)
        except TuibpError as error:
            report.add(("debug", key, at), error.message, error.hint, error=type(error))
