"""Reading a trace again, line by line: it may be longer than memory, and another program may have written it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any, NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.formats.trace import CSV_COLUMNS

LONGEST = 64 * 2**20
"""Characters of a line."""


class Step(NamedTuple):
    """One operation of a trace."""

    t: int
    at: str
    op: str
    layer: int | None
    writes: dict[str, Array]
    """What it writes, by label; a single number is an array without axes."""


class Trace(NamedTuple):
    """A trace that is being read."""

    program: dict[str, Any]
    """Of its header; empty for CSV, which has none."""
    steps: Iterator[Step]


def read_trace(lines: Iterable[str], name: str) -> Trace:
    """A trace as JSON lines or as CSV.

    Args:
        name: of the file, for messages.

    Raises:
        InputError: it is neither; while steps are taken, a line is not what it should be.
    """
    numbered = iter(enumerate(lines, start=1))
    first = next(numbered, (1, ""))
    if first[1].strip() == CSV_COLUMNS:
        return Trace({}, _csv_steps(numbered, name))
    if not first[1].strip():
        raise InputError("the file is empty", hint="write a trace with tuibp trace FILE --output F", where=f"{name}:1")
    header = _object(first[1], name, 1)
    if "tuibp" not in header or not isinstance(header.get("program"), dict):
        hint = "write one with tuibp trace FILE --output F"
        raise InputError("the first line is no header of a trace", hint=hint, where=f"{name}:1")
    sizes = {"sizes": header["sizes"]} if isinstance(header.get("sizes"), list) else {}
    return Trace({**sizes, **header["program"]}, _json_steps(numbered, name))


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    place = f"{name}:{number}"
    if len(line) > LONGEST:
        raise InputError("the line is too long", hint="a line holds one operation", where=place)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        column = f":{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError("this is no JSON", hint="a line holds one object", where=f"{place}{column}") from error
    if not isinstance(value, dict):
        raise InputError("this is no object", hint="a line holds one object", where=place)
    return value


def _json_steps(lines: Iterator[tuple[int, str]], name: str) -> Iterator[Step]:
    for number, line in lines:
        if not line.strip():
            continue
        value = _object(line, name, number)
        place = f"{name}:{number}"
        t, at, op, writes = (value.get(key) for key in ("t", "at", "op", "writes"))
        if not (
            isinstance(t, int) and isinstance(at, str) and isinstance(op, str) and isinstance(writes, dict)
        ) or isinstance(t, bool):
            raise InputError("an operation has t, at, op and writes", hint="see tuibp trace", where=place)
        layer = value.get("layer")
        yield Step(
            t, safe(at, 60), safe(op, 20), layer if isinstance(layer, int) else None,
            {safe(label, 40): _numbers(item, place) for label, item in writes.items()},
        )  # fmt: skip


_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _numbers(value: object, place: str) -> Array:
    """A number, a list of them, or a list of equal lists."""
    try:
        result = np.array(_plain(value, 0), dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        hint = 'write numbers, "nan", "inf" or "-inf"'
        raise InputError("these are no numbers in even rows", hint=hint, where=place) from error
    return result


def _plain(value: object, depth: int) -> object:
    if isinstance(value, list):
        if depth > 2:
            raise ValueError
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, str):
        if value not in _SPECIAL:
            raise ValueError
        return _SPECIAL[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _csv_steps(lines: Iterator[tuple[int, str]], name: str) -> Iterator[Step]:
    columns = CSV_COLUMNS.split(",")

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        for number, line in lines:
            fields = next(csv.reader([line]), [])
            if not fields:
                continue
            if len(fields) != len(columns):
                words = f"the line has {len(fields)} fields, a trace has {len(columns)}"
                raise InputError(words, hint=CSV_COLUMNS, where=f"{name}:{number}")
            yield number, dict(zip(columns, fields, strict=True))

    for _, group in groupby(rows(), key=lambda row: row[1]["t"]):
        yield _csv_step(group, name)


def _csv_step(group: Iterator[tuple[int, dict[str, str]]], name: str) -> Step:
    number, row = next(group)
    cells: dict[str, list[tuple[str, str, float]]] = {}
    try:
        head = int(row["t"]), safe(row["at"], 60), safe(row["op"], 20), int(row["layer"]) if row["layer"] else None
        for place, one in chain([(number, row)], group):
            number = place
            if one["tensor"]:
                cells.setdefault(safe(one["tensor"], 40), []).append((one["i"], one["j"], float(one["value"])))
        return Step(*head, {label: _shaped(found) for label, found in cells.items()})
    except ValueError as error:
        raise InputError("a field is no number", hint=CSV_COLUMNS, where=f"{name}:{number}") from error


def _shaped(cells: list[tuple[str, str, float]]) -> Array:
    """The cells of one tensor, in the order of the file, row by row."""
    values: Array = np.array([value for *_, value in cells])
    if cells[0][0] == "":
        return np.array(values[0])
    if cells[0][1] == "":
        return values
    rows = len({i for i, *_ in cells})
    matrix: Array = values.reshape(rows, -1)
    return matrix
