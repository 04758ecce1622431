"""`tuibp check FILE.py`: the user's own backprop beside the reference, and the name of the mistake."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tuibp.cli import streams
from tuibp.cli.parser import FILE_HELP
from tuibp.engine.text import safe
from tuibp.errors import EXIT_FAILED, EXIT_OK, InputError

if TYPE_CHECKING:
    from tuibp.console.console import Console
    from tuibp.engine.recipe import Recipe
    from tuibp.explain.check.diagnose import Walked
    from tuibp.explain.check.verdict import Verdict

EXAMPLES = """\
FILE.py is run in a process of its own. How your code wants to be called is found out by trying: a function
backprop(x, y, weights, biases) or a class with such a method; one sample or batches, rows or columns; gradients in any
order, as lists, tuples or a dict; W (out, in) or (in, out); code that updates its weights in place.

exit codes: 0 it is the gradient, 1 it is not or it raises, 2 it cannot be called or read

examples:
  tuibp check my_backprop.py                        try it on built-in networks
  tuibp check my_backprop.py --network my.toml      on your network and its data, too
  tuibp check my_backprop.py:Net.backward           name what is meant, where several might be
  tuibp check --network mazur --values mine.json    check numbers instead: {"dW1": [[...]], "db1": [...], ...}
  tuibp check --template > adapter.py               where your code cannot be called as it stands
  tuibp check my_backprop.py --json                 for an autograder"""

TIME_LIMIT = 10.0
"""Seconds."""
MOST_VALUES = 64 * 2**20
"""Bytes of a file of values."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE.py[:NAME]", nargs="?", help="your code, and what of it is meant")
    parser.add_argument("--network", metavar="FILE", help=FILE_HELP)
    parser.add_argument("--values", metavar="F", help="check numbers instead of code: a .json or .npz file")
    parser.add_argument("--sample", metavar="N", type=int, default=0, help="the sample that --values are of (0)")
    parser.add_argument("--template", action="store_true", help="print an adapter to fill in")
    parser.add_argument(
        "--time-limit", metavar="S", type=_seconds, default=TIME_LIMIT, help="seconds that your code may take (10)"
    )
    words = "open the app on --network at the first departure, your numbers beside the reference"
    parser.add_argument("--tui", action="store_true", help=words)
    parser.add_argument("--json", action="store_true", help="one JSON object with everything")


def _seconds(word: str) -> float:
    from argparse import ArgumentTypeError

    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not 0.0 < seconds <= 86_400.0:
        raise ArgumentTypeError(f'"{safe(word, 20)}" is no number of seconds')
    return seconds


def run(arguments: Namespace) -> int:
    """Check, and print the report."""
    if arguments.template:
        from tuibp.explain.check.template import TEMPLATE

        streams.put(TEMPLATE.rstrip("\n"))
        return EXIT_OK
    own: list[Walked] = []
    verdict, title = _checked(arguments, own)
    from tuibp.formats.strict_json import dumps
    from tuibp.present.check import document, report

    if arguments.tui:
        return _opened(arguments, verdict, title, own)
    if arguments.json:
        streams.put(dumps(document(verdict, title)))
    else:
        streams.write_lines((f"{line}\n" for line in report(verdict, title)), None)
    return EXIT_OK if verdict.outcome == "right" else EXIT_FAILED


def _opened(arguments: Namespace, verdict: Verdict, title: str, own: list[Walked]) -> int:
    """The app on the user's network, stopped at the first departure."""
    from tuibp.cli.files import open_recipe
    from tuibp.cli.screen import has_screen, open_with
    from tuibp.explain.check.yours import yours
    from tuibp.present.check import report

    recipe = open_recipe(arguments.network) if arguments.network else None
    m = 0 if recipe is None else min(recipe.plan.batch, recipe.train.N)
    found = yours(own[0], title, m) if own else None
    if found is None:
        streams.write_lines((f"{line}\n" for line in report(verdict, title)), None)
        words = "there are no numbers of yours on your network to show"
        raise InputError(words, hint="give --network FILE on which your code runs to its end")
    if not has_screen():
        raise InputError("there is no screen here", hint="leave --tui out, or run it in a terminal")

    def prepare(console: Console) -> None:
        """At the first departure, the report in the transcript."""
        console.yours = found
        console.said += report(verdict, title)
        if found.places:
            told = console.execute("departure").lines[0]
            console.first_cell = found.places[0].cell
            network = f"Another network than the file's: {verdict.mismatch}. " if verdict.mismatch else ""
            console.opening = network + told + (" n goes to the next one." if len(found.places) > 1 else "")
        else:
            console.opening = "Your numbers stand beside the reference's, and are the same."

    return open_with(arguments.network, prepare)


def _checked(arguments: Namespace, own: list[Walked]) -> tuple[Verdict, str]:
    """The verdict, and what is printed before it."""
    from tuibp.cli.files import open_recipe

    recipe = open_recipe(arguments.network) if arguments.network else None
    if arguments.values:
        if arguments.file:
            raise InputError("give either code or --values", hint=f"leave {safe(arguments.file, 60)} out")
        return _values(arguments.values, recipe, arguments.sample), safe(arguments.values, 100)
    if not arguments.file:
        raise InputError("give your code, FILE.py", hint="or --values F with numbers; see tuibp check --help")
    path, name = _split(arguments.file)
    from tuibp.cli.user_code.process import UserProcess
    from tuibp.explain.check.check import check

    with streams.unwound_by_signals(), UserProcess(path, arguments.time_limit) as process:
        return check(process, recipe, name, own), safe(path.name, 100)


def _split(word: str) -> tuple[Path, str]:
    """FILE.py:NAME taken apart.

    Raises:
        InputError: there is no such file.
    """
    path, name = Path(word), ""
    if not path.is_file() and ":" in word:
        head, _, name = word.rpartition(":")
        path = Path(head)
    shown = safe(str(path), 100)
    if path.is_dir():
        raise InputError(f"{shown} is a folder", hint="give the file with your code")
    if not path.is_file():
        raise InputError(f"there is no file {shown}", hint="give the file with your code, FILE.py")
    if path.suffix != ".py":
        raise InputError(f"{shown} is no Python file", hint="give FILE.py, or numbers with --values")
    return path, name


def _values(name: str, recipe: Recipe | None, sample: int) -> Verdict:
    from tuibp.cli.files import read
    from tuibp.explain.check.numbers import check_values
    from tuibp.formats.check_values import read_values

    if recipe is None:
        raise InputError("--values need the network that they are of", hint="add --network FILE")
    path = Path(name)
    if not path.is_file():
        raise InputError(f"there is no file {safe(name, 100)}", hint="give a .json or .npz file")
    return check_values(read_values(read(path, MOST_VALUES), path.suffix, safe(name, 100)), recipe, sample)
