"""Nested lists of numbers from outside, read into arrays; every fault is placed at its row or its element.

Nothing is converted silently: a truth value is no number, rows have one length, and every number is finite.
The floats of a document reach the array exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.checks import Path, Report, count, is_number, name_of
from tuibp.engine.text import quoted


def read_array(report: Report, path: Path, value: object, axes: int, *, column: bool = False) -> Array | None:
    """A float64 array (n,) or (rows, columns) of finite numbers, from nested lists or a numpy array.

    Args:
        report: where faults are noted, each at the element or the row that is wrong.
        path: of the value.
        value: what was given.
        axes: 1 or 2.
        column: take a flat list for an array of one column.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiu":
            report.add(path, f"{name_of(path)} holds {value.dtype} values", "give an array of real numbers")
            return None
        value = value.tolist()
    if not isinstance(value, list | tuple) or not len(value):
        found = "empty" if isinstance(value, list | tuple) else quoted(value)
        wanted = "a list of numbers" if axes == 1 else "a list of rows, each a list of numbers"
        report.add(path, f"{name_of(path)} must be {wanted}, it is {found}", None)
        return None
    if axes == 1:
        flat = _row(report, path, value)
        return None if flat is None else np.array(flat, dtype=np.float64)
    if column and not isinstance(value[0], list | tuple | np.ndarray):
        flat = _row(report, path, value)
        return None if flat is None else np.array(flat, dtype=np.float64)[:, None]
    return _rows(report, path, value)


def _rows(report: Report, path: Path, value: Sequence[object]) -> Array | None:
    """(rows, columns) from a list of rows of one length."""
    rows: list[Array] = []
    width: int | None = None
    for i, row in enumerate(value):
        if isinstance(row, np.ndarray):
            row = row.tolist()
        if not isinstance(row, list | tuple) or not len(row):
            found = "empty" if isinstance(row, list | tuple) else quoted(row)
            report.add((*path, i), f"row {i} of {name_of(path)} must be a list of numbers, it is {found}")
            return None
        width = len(row) if width is None else width
        if len(row) != width:
            sizes = f"row {i} of {name_of(path)} has {count(len(row), 'number')}, row 0 has {width}"
            report.add((*path, i), sizes, "give every row the same length")
            return None
        numbers_of_row = _row(report, (*path, i), row)
        if numbers_of_row is None:
            return None
        rows.append(numbers_of_row)
    return np.array(rows, dtype=np.float64)


def _row(report: Report, path: Path, row: Sequence[object]) -> Array | None:
    """(n,) the numbers of a row, if all are finite."""
    if set(map(type, row)) <= {int, float}:
        try:
            array = np.array(row, dtype=np.float64)
        except OverflowError:
            array = np.array([np.nan])
        if bool(np.isfinite(array).all()):
            return array
    floats: list[float] = []
    for j, element in enumerate(row):
        if not is_number(element) or fault(element):
            why = fault(element) if is_number(element) else "not a number"
            report.add((*path, j), f"{name_of((*path, j))} is {quoted(element)}, {why}", "give a finite number")
            return None
        floats.append(float(element))
    return np.array(floats)


def fault(value: float) -> str:
    """Why a number is not finite as a float64; empty where it is."""
    try:
        return "" if math.isfinite(float(value)) else "not a finite number"
    except OverflowError:
        return "beyond the range of float64"
