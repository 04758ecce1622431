"""The network file: TOML text to a recipe (design: formats.md section 1).

Nothing is executed and no file is opened here. All faults of a file are raised together, each with its line
and column; this module's own part is only to turn paths into places, what may stand where is decided by
`engine.assemble` and `formats.schema`.
"""

from __future__ import annotations

import re
import tomllib

from tuibp.engine.assemble import SEED, assemble
from tuibp.engine.checks import Path, Problem, Report
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import TITLE, safe
from tuibp.errors import InputError, TuibpError
from tuibp.formats import toml_positions
from tuibp.formats.schema import Context, Read, read_data
from tuibp.formats.toml_positions import Place

MOST_BYTES = 4 * 2**20
"""Longest network file; bigger data and weights belong in a file of their own."""

MOST_OF = {"=": (20_000, "keys"), "\\": (20_000, "escapes"), "[": (400_000, "lists"), "{": (20_000, "tables")}
"""How often a character may stand in a network file: each costs tomllib far more memory than its byte."""
MOST_HEADERS = 3_000
_HEADER = re.compile(r"^[ \t]*\[\[?[\w\"'. \t-]+\]\]?[ \t]*(?:#.*)?$", re.MULTILINE)

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_DEEP_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){50}")


def load(raw: bytes, name: str, read: Read) -> Recipe:
    """The recipe of a network file.

    Args:
        raw: the bytes of the file.
        name: of the file, as messages and an absent title show it.
        read: gives the bytes of a data file that the network file names, by its path as written.

    Raises:
        TuibpError: one fault of the file, or an CombinedError of all of them in the order of their places.
    """
    name = safe(name, TITLE)
    text = _decode(raw, name)
    document = _parse(text, name)
    report = Report()
    seed = SEED(Report(), ("seed",), document.get("seed", 0))
    data = read_data(Context(report, read, seed or 0), document.get("data"))
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")
    recipe = assemble(report, document, data, stem)
    if recipe is not None and recipe.debug:
        from tuibp.debugger.debug_table import check_debug  # a debugger to load, which few files need

        check_debug(report, recipe)
    if recipe is None or not report.clean():
        report.fail(_placed(report.problems, text, name))
    return recipe


def _decode(raw: bytes, name: str) -> str:
    """The text of the file; a byte order mark is dropped."""
    if len(raw) > MOST_BYTES:
        hint = f"at most {MOST_BYTES >> 20} MiB are read; keep data in a csv or npz file"
        raise InputError(f"the file has {len(raw) / 2**20:.1f} MiB", hint=hint, where=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        where = f"{name}:{line}:{column}"
        hint = "save it as UTF-8, or give a network file"
        raise InputError("the file is not UTF-8 text", hint=hint, where=where) from error
    if not text.strip():
        raise InputError("the file is empty", hint="`tuibp new NAME.toml` writes a file to start from", where=name)
    return text


def _parse(text: str, name: str) -> dict[str, object]:
    """The tables and values of the text."""
    deep = "values are nested too deeply"
    hint = "a network file needs no more than four levels"
    # Every part of a dotted key is a table of its own, and tomllib's work grows with the square of their
    # number.
    if _DEEP_KEY.search(text):
        raise InputError(deep, hint=hint, where=name)
    counts = [(text.count(character), most, what) for character, (most, what) in MOST_OF.items()]
    counts.append((sum(1 for _ in _HEADER.finditer(text)), MOST_HEADERS, "tables"))
    for count, most, what in counts:
        if count > most:
            elsewhere = "keep data in a csv or npz file"
            raise InputError(f"the file has more than {most:,} {what}", hint=elsewhere, where=name)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InputError(deep, hint=hint, where=name) from error
    except ValueError as error:
        # A TOMLDecodeError, or the refusal of int() to read thousands of digits, which has no place.
        words = str(error)
        match = _PLACE.search(words)
        lines = text.split("\n")
        line, column = (int(match[1]), int(match[2])) if match and match[1] else (len(lines), len(lines[-1]) + 1)
        message = safe(words[: match.start()] if match else "a number has too many digits", TITLE)
        place = f"{name}:{line}:{column}" if match else name
        raise InputError(f"this is not TOML: {message}", hint="mend that line", where=place) from error


def _placed(problems: list[Problem], text: str, name: str) -> list[TuibpError]:
    """The problems as errors with line and column, in the order of the file; those without a place come
    last.
    """
    wanted = {problem.path[:n] for problem in problems for n in range(1, len(problem.path) + 1)}
    places = toml_positions.find(text.removeprefix("\ufeff"), wanted)
    placed = sorted(((_point(problem, places), problem) for problem in problems), key=lambda pair: pair[0])
    end = _NOWHERE
    return [
        problem.error(
            problem.message,
            hint=problem.hint,
            where=name if point == end else f"{name}:{point[0]}:{point[1]}",
        )
        for point, problem in placed
    ]


_NOWHERE = (1 << 60, 0)
"""The point of a problem without a place: behind all others."""


def _point(problem: Problem, places: dict[Path, Place]) -> tuple[int, int]:
    """Line and column of the problem, or of the innermost table around it that has a place."""
    for n in range(len(problem.path), 0, -1):
        place = places.get(problem.path[:n])
        if place is not None:
            whole = n == len(problem.path)
            return place.key if problem.at_key and place.key and whole else place.value
    return _NOWHERE
