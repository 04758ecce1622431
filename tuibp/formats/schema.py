"""The sources of data that a network file may name: one row each.

A source reads its table and gives the data, or reports what is wrong and gives None. It opens nothing: the
bytes of a named file come from the `read` that the caller of `network_file.load` gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tuibp.engine.array_checks import read_array
from tuibp.engine.arrays import Array
from tuibp.engine.assemble import MOST_ELEMENTS, Raw
from tuibp.engine.checks import Choice, Integer, ListOf, Number, Path, Report, Table, Text, count, flag
from tuibp.engine.dataset import dataset
from tuibp.engine.generators import GENERATORS, Option
from tuibp.engine.random import stream
from tuibp.engine.text import quoted
from tuibp.errors import TuibpError, UnsupportedError
from tuibp.formats import csv_data

Read: TypeAlias = Callable[[str], bytes]
"""The bytes of a file named in the network file; raises an InputError where it is missing or too big."""


@dataclass(frozen=True, eq=False)
class Context:
    """What a source may use beside its own table."""

    report: Report
    read: Read
    seed: int


Source: TypeAlias = Callable[[Context, Path, object], Raw | None]


def read_data(context: Context, value: object) -> Raw | None:
    """The data of the [data] table, from the one source that it names."""
    report, path = context.report, ("data",)
    supported = ", ".join(name for name in SOURCES if name != "idx")
    if value is None:
        report.add((), "the file has no [data] table", f"add [data] with one of {supported}")
        return None
    if not isinstance(value, Mapping):
        return None
    named = [name for name in value if name in SOURCES]
    if len(named) != 1:
        words = f"[data] names {' and '.join(named)}" if named else "[data] names no source"
        report.add(("data", named[1]) if named else path, words, f"give exactly one of {supported}", at_key=True)
        return None
    return SOURCES[named[0]](context, (*path, named[0]), value[named[0]])


def _matrix(report: Report, path: Path, value: object) -> Array | None:
    """Rows of numbers; a flat list is one column."""
    return read_array(report, path, value, 2, column=True)


def _inline(context: Context, path: Path, value: object) -> Raw | None:
    report = context.report
    table = Table(report, path, value, ("x", "y"))
    x = table.need("x", _matrix, "add x, a list of samples")
    y = table.need("y", _matrix, "add y, a target for each sample")
    if x is None or y is None:
        return None
    if len(x) != len(y):
        words = f"x has {count(len(x), 'row')}, y has {count(len(y), 'row')}"
        report.add((*path, "y"), words, "give one target for each sample")
        return None
    return Raw(dataset(x, y))


def _generate(context: Context, path: Path, value: object) -> Raw | None:
    report = context.report
    if isinstance(value, str):
        value = {"kind": value}
    choice = Choice(GENERATORS, "generator")
    row = Table(report, path, value, None).need("kind", choice, f"known are {', '.join(GENERATORS)}")
    if row is None:
        return None
    before = len(report.problems)
    table = Table(report, path, value, ("kind", *row.options), row.name)
    options = {name: table.read(name, _rule(option), option.default) for name, option in row.options.items()}
    if len(report.problems) > before:
        return None
    return Raw(row.make(stream(context.seed, "data"), options))


def _rule(option: Option) -> Integer | Number:
    """What an option may be: a whole number where its default is one."""
    if isinstance(option.default, int):
        return Integer(int(option.low), int(option.high))
    return Number(option.low, option.high)


def _column(report: Report, path: Path, value: object) -> csv_data.Column | None:
    """The name of a column, or its number."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    report.add(path, f"a column must be a name or a number, not {quoted(value)}", "columns count from 0")
    return None


def _columns(report: Report, path: Path, value: object) -> tuple[csv_data.Column, ...] | None:
    return ListOf[csv_data.Column](_column, "column names")(report, path, value)


def _target(report: Report, path: Path, value: object) -> tuple[csv_data.Column, ...] | None:
    """One column, or a list of them."""
    if isinstance(value, list):
        return _columns(report, path, value)
    column = _column(report, path, value)
    return None if column is None else (column,)


def _path(report: Report, path: Path, value: object) -> str | None:
    """The path of a file, as written."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        report.add(path, f"path must name a file, not {quoted(value)}", 'write it in quotes, such as "iris.csv"')
        return None
    return value


_CSV_KEYS = ("path", "target", "columns", "categorical", "delimiter", "header", "missing")
_DELIMITERS = {",": ",", ";": ";", "\t": "\t", "tab": "\t"}


def _csv(context: Context, path: Path, value: object) -> Raw | None:
    report = context.report
    before = len(report.problems)
    table = Table(report, path, value, _CSV_KEYS)
    name = table.need("path", _path, 'add path = "....csv"')
    target = table.need("target", _target, 'add target = "..." with the name of the label column')
    options = csv_data.Options(
        target=target or (),
        columns=table.find("columns", _columns),
        categorical=table.read("categorical", _columns, ()),
        delimiter=table.find("delimiter", Choice(_DELIMITERS)),
        header=table.find("header", flag),
        missing=table.read("missing", Choice({kind: kind for kind in csv_data.MISSING}), "drop"),
    )
    if name is None or not target or len(report.problems) > before:
        if target == ():
            report.add((*path, "target"), "target names no column", "give at least one")
        return None
    return _from_file(context, path, name, lambda raw: csv_data.read_csv(raw, name, options, MOST_ELEMENTS))


def _npz(context: Context, path: Path, value: object) -> Raw | None:
    table = Table(context.report, path, value, ("path", "x", "y"))
    name = table.need("path", _path, 'add path = "....npz"')
    x = table.read("x", Text(200), "x")
    y = table.read("y", Text(200), "y")
    if name is None:
        return None
    from tuibp.formats import npz_data  # reads zip files: loaded where one is wanted

    return _from_file(context, path, name, lambda raw: npz_data.read_npz(raw, name, x, y, MOST_ELEMENTS))


def _from_file(context: Context, path: Path, name: str, parse: Callable[[bytes], Raw]) -> Raw | None:
    """The data of a named file; a file that cannot be read is a fault at its path, all else has a place in
    the file.
    """
    try:
        raw = context.read(name)
    except TuibpError as error:
        context.report.add((*path, "path"), error.message, error.hint, error=type(error))
        return None
    try:
        return parse(raw)
    except TuibpError as error:
        context.report.add_error(error)
        return None


def _idx(context: Context, path: Path, value: object) -> Raw | None:
    supported = ", ".join(name for name in SOURCES if name != "idx")
    words = "idx data are not supported yet"
    context.report.add(path, words, f"supported are {supported}", at_key=True, error=UnsupportedError)
    return None


SOURCES: dict[str, Source] = {
    "inline": _inline,
    "generate": _generate,
    "csv": _csv,
    "npz": _npz,
    "idx": _idx,
}
"""Every source by its key in [data]."""
