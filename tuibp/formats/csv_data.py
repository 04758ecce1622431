"""Data from CSV: every fault with its file, line and column, and nothing guessed that could be wrong in
silence.

Decisions: the delimiter is the one of comma, semicolon and tab that the first row has most of; the first row
is a header if none of its fields is a number; a target of texts becomes classes in sorted order; a feature
that is not a number is an error unless it is named as categorical. Nothing is opened here, and nothing of the
file is executed.
"""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NoReturn, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.assemble import Raw
from tuibp.engine.checks import SHOWN, count
from tuibp.engine.dataset import dataset, one_hot
from tuibp.engine.text import quoted, safe, suggestion
from tuibp.errors import CombinedError, InputError, TuibpError

Column: TypeAlias = str | int
"""A column by its name in the header, or by its number from 0 (from -1 backwards)."""

_LINE_END = re.compile(r"\r\n|\r|\n")
DELIMITERS = ",;\t"
MISSING = ("drop", "mean", "error")
"""What happens to a row with a missing value: it goes; its value becomes the mean of the training part; it is
an error.
"""
_GONE = {"", "?", "na", "n/a", "nan", "null", "none"}
"""Cells that stand for a missing value, in lower case."""


@dataclass(frozen=True)
class Options:
    """How a CSV file is read."""

    target: tuple[Column, ...]
    """The label column, or several columns of numbers."""
    columns: tuple[Column, ...] | None = None
    """The features in their order; None for all that are not targets."""
    categorical: tuple[Column, ...] = ()
    """Features whose values are names; each becomes one 0-1 column a name, in sorted order."""
    delimiter: str | None = None
    """None: found from the first row."""
    header: bool | None = None
    """None: found from the first row."""
    missing: str = "drop"
    """One of MISSING. A row without its target always goes, or is an error."""


def read_csv(raw: bytes, name: str, options: Options, most: int) -> Raw:
    """The data of a CSV file.

    Args:
        raw: the bytes of the file.
        name: of the file, for messages.
        options: what to read.
        most: largest number of elements of x.

    Raises:
        InputError: the first fault, or an CombinedError of the first few.
    """
    return _Reader(raw, safe(name, 200), options, most).read()


class _Reader:
    def __init__(self, raw: bytes, name: str, options: Options, most: int) -> None:
        self.name = name
        self.options = options
        self.most = most
        self.errors: list[TuibpError] = []
        self.text = self.decode(raw)
        lines = (line for line in io.StringIO(self.text, newline="") if line.strip())
        first = next(lines, "")
        self.delimiter = options.delimiter or max(DELIMITERS, key=first.count)
        self.names: list[str] = []
        """Names of all columns."""

    def decode(self, raw: bytes) -> str:
        """The text without a byte order mark."""
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            where = f"{self.name}:{line}:{column}"
            raise InputError("the file is not UTF-8 text", hint="save it as UTF-8", where=where) from error
        if not text.strip():
            raise InputError("the file is empty", hint="give a row of names and a row for each sample", where=self.name)
        return text

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not blank, with the number of its first line."""
        reader = csv.reader(
            io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True, skipinitialspace=True
        )
        line = 1
        try:
            for fields in reader:
                if fields:
                    yield line, [field.strip() for field in fields]
                line = reader.line_num + 1
        except csv.Error as error:
            hint = "close every quote, and put quotes around fields that contain the delimiter"
            where = f"{self.name}:{max(reader.line_num, 1)}"
            raise InputError(f"the row cannot be read ({safe(str(error))})", hint=hint, where=where) from error

    def read(self) -> Raw:
        """The whole file."""
        records = self.records()
        line, first = next(records)
        header = self.options.header
        if header is None:
            header = all(_number(field) is None for field in first)
        self.names = [safe(field) for field in first] if header else [f"c{j}" for j in range(len(first))]
        targets = [self.find(column, line) for column in self.options.target]
        features, categorical = self.features(line, targets)
        rows = records if header else self.records()
        body = _Body(self, features, targets, categorical)
        for line, fields in rows:
            body.add(line, fields)
            if len(self.errors) >= SHOWN:
                break
        if self.errors:
            self.fail()
        return body.data()

    def features(self, line: int, targets: list[int]) -> tuple[list[int], set[int]]:
        """The numbers of the feature columns, and those of them that hold names."""
        categorical = {self.find(column, line) for column in self.options.categorical}
        chosen = self.options.columns
        every = [j for j in range(len(self.names)) if j not in targets]
        features = every if chosen is None else [self.find(column, line) for column in chosen]
        twice = set(targets) & ({*features} | categorical)
        if twice:
            self.stop(line, min(twice), f"column {quoted(self.names[min(twice)])} is a target and a feature", "choose")
        if not features:
            self.stop(line, 0, "there is no feature column", "name at least one column beside the target")
        return features, categorical

    def find(self, column: Column, line: int) -> int:
        """The number of a column."""
        width = len(self.names)
        if isinstance(column, int):
            if -width <= column < width:
                return column % width
            self.stop(line, 0, f"there is no column {quoted(column)}", f"columns are 0 to {width - 1}")
        at = [j for j, name in enumerate(self.names) if name == safe(column)]
        if not at:
            self.stop(line, 0, f"there is no column {quoted(column)}", suggestion(column, self.names[:50]))
        if len(at) > 1:
            self.stop(line, at[1], f"column {quoted(column)} stands twice", f"name it by its number, such as {at[0]}")
        return at[0]

    def error(self, line: int, field: int, message: str, hint: str) -> InputError:
        """A fault at a field of the row that starts at a line."""
        at_line, column = _place(self.text, line, field, self.delimiter)
        return InputError(message, hint=hint, where=f"{self.name}:{at_line}:{column}")

    def stop(self, line: int, field: int, message: str, hint: str) -> NoReturn:
        """Raise a fault that leaves nothing to go on with."""
        raise self.error(line, field, message, hint)

    def fail(self) -> NoReturn:
        """Raise what was found."""
        raise self.errors[0] if len(self.errors) == 1 else CombinedError(self.errors)


class _Body:
    """The rows below the header, as they are read."""

    def __init__(self, reader: _Reader, features: list[int], targets: list[int], categorical: set[int]) -> None:
        self.reader = reader
        self.feature_columns = features
        self.target_columns = targets
        self.categories: dict[int, dict[str, int]] = {j: {} for j in features if j in categorical}
        """The names met in each categorical column, numbered as they came."""
        self.values = array("d")
        """x row by row; a category by its number, NaN for a missing value."""
        self.labels: dict[str, int] = {}
        """The cells met as targets, numbered as they came."""
        self.targets = array("q")
        """The number of each target cell, row by row."""
        self.lines = array("q")
        """The first line of each row."""
        self.dropped = 0

    def add(self, line: int, fields: list[str]) -> None:
        """One row: kept, dropped or at fault."""
        reader, width = self.reader, len(self.reader.names)
        if len(fields) != width:
            words = f"the row has {count(len(fields), 'field')}, the first row has {width}"
            hint = "put quotes around fields that contain the delimiter"
            reader.errors.append(reader.error(line, min(len(fields) - 1, width), words, hint))
            return
        missing = reader.options.missing
        gone = [j for j in (*self.feature_columns, *self.target_columns) if fields[j].lower() in _GONE]
        if gone and missing == "error":
            words = f'column "{reader.names[gone[0]]}" has no value here'
            hint = 'fill it in, or set missing = "drop" or "mean"'
            reader.errors.append(reader.error(line, gone[0], words, hint))
            return
        if gone and (missing == "drop" or gone[-1] in self.target_columns):
            self.dropped += 1
            return
        row = [self.cell(line, j, fields[j]) for j in self.feature_columns]
        if len(self.values) + len(row) > reader.most:
            reader.stop(line, 0, f"the file has more than {reader.most} values", "give fewer rows or columns")
        self.values.extend(row)
        self.targets.extend(self.labels.setdefault(fields[j], len(self.labels)) for j in self.target_columns)
        self.lines.append(line)

    def cell(self, line: int, column: int, cell: str) -> float:
        """The number that a feature cell stands for."""
        if cell.lower() in _GONE:
            return np.nan
        if column in self.categories:
            known = self.categories[column]
            return known.setdefault(cell, len(known))
        number = _number(cell)
        if number is not None:
            return number
        reader = self.reader
        words = f'{quoted(cell)} in column "{reader.names[column]}" is not a finite number'
        hint = "mend it, name the wanted columns in columns = [...], or list this one in categorical = [...]"
        reader.errors.append(reader.error(line, column, words, hint))
        return np.nan

    def data(self) -> Raw:
        """What the rows amount to."""
        reader = self.reader
        if not self.lines:
            gone = f"; {self.dropped} of {self.dropped} rows were dropped: missing values" if self.dropped else ""
            raise InputError(f"the file has no samples{gone}", hint="give complete rows", where=reader.name)
        x, names = self.inputs()
        y, classes = self.outputs()
        data = dataset(x, y, names, classes)
        if self.dropped:
            total = self.dropped + len(self.lines)
            note = f"{self.dropped} of {total} rows of {reader.name} were dropped: missing values"
            data = replace(data, notes=(note,))
        return Raw(data, bool(classes))

    def inputs(self) -> tuple[Array, list[str]]:
        """x with a 0-1 column for each category, and the names of its columns."""
        reader = self.reader
        plain = np.frombuffer(self.values, dtype=np.float64).reshape(len(self.lines), -1)
        width = sum(len(self.categories.get(j, "1")) for j in self.feature_columns)
        if width * len(self.lines) > reader.most:
            words = f"the categories make more than {reader.most} values"
            raise InputError(words, hint="list fewer columns as categorical", where=reader.name)
        parts: list[Array] = []
        names: list[str] = []
        for k, j in enumerate(self.feature_columns):
            if j not in self.categories:
                parts.append(plain[:, k : k + 1])
                names.append(reader.names[j])
                continue
            gone = np.isnan(plain[:, k])
            cells, numbers = _in_order(self.categories[j], np.where(gone, 0, plain[:, k]).astype(np.intp))
            part = one_hot(numbers, max(len(cells), 1))
            part[gone] = np.nan
            parts.append(part)
            names.extend(f"{reader.names[j]}={safe(cell)}" for cell in cells or [""])
        return np.hstack(parts), names

    def outputs(self) -> tuple[Array, list[str]]:
        """y (N, targets) with no classes, or (N, 1) class numbers with the names of the classes."""
        cells = list(self.labels)
        numbers = np.frombuffer(self.targets, dtype=np.int64).astype(np.intp)
        values = [_number(cell) for cell in cells]
        y = np.array([np.nan if value is None else value for value in values])[numbers]
        bad = np.flatnonzero(np.isnan(y))
        width = len(self.target_columns)
        # A column that is mostly numbers is meant as numbers, and a cell that is none is a slip, not a class.
        if width > 1 or 2 * bad.size <= y.size:
            for at in bad[:SHOWN]:
                self.not_a_number(int(self.lines[at // width]), self.target_columns[at % width], cells[numbers[at]])
            if bad.size:
                self.reader.fail()
            return y.reshape(-1, width), []
        names, codes = _in_order(self.labels, numbers)
        return codes[:, None].astype(np.float64), [safe(name) for name in names]

    def not_a_number(self, line: int, column: int, cell: str) -> None:
        """Note a target that is no number among numbers."""
        reader = self.reader
        words = f'{quoted(cell)} in target column "{reader.names[column]}" is not a finite number'
        reader.errors.append(reader.error(line, column, words, "mend it, or choose another target"))


def _in_order(cells: dict[str, int], numbers: IntArray) -> tuple[list[str], IntArray]:
    """The cells in sorted order, and their numbers in that order for the numbers as they came."""
    ordered = sorted(cells)
    rank = np.zeros(max(len(cells), 1), dtype=np.intp)
    for place, cell in enumerate(ordered):
        rank[cells[cell]] = place
    return ordered, rank[numbers]


def _number(cell: str) -> float | None:
    """The finite number that a cell spells; None where it spells none."""
    if "_" in cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _place(text: str, line: int, field: int, delimiter: str) -> tuple[int, int]:
    """Line and column, from 1, of a field of the row that starts at a line."""
    starts = [0, *(match.end() for match in islice(_LINE_END.finditer(text), line - 1))]
    at = start = starts[min(line, len(starts)) - 1]
    quoted_field = False
    while field > 0 and at < len(text) and (quoted_field or text[at] not in "\r\n"):
        if text[at] == '"':
            quoted_field = not quoted_field
        elif text[at] == delimiter and not quoted_field:
            field -= 1
        at += 1
    breaks = [match.end() for match in _LINE_END.finditer(text, start, at)]
    return line + len(breaks), at - (breaks[-1] if breaks else start) + 1
