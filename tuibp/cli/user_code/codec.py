"""How values travel between tuibp and the process that runs the user's code: JSON, and arrays as base64 in it.

No pickle: neither side ever executes what the other sends. Standard library and NumPy only, for the child loads this
file alone.
"""

from __future__ import annotations

import base64
import inspect
from typing import Any

import numpy as np

DEPTH = 6
"""Levels of nesting that are followed."""
ITEMS = 10_000
"""Values of one answer."""
NUMBERS = 20_000_000
"""Numbers in the arrays of one answer."""


SERIES = ("zip", "map", "filter", "deque", "generator", "reversed", "list_reverseiterator", "dict_values")
"""Types whose values are read off one after the other, like a list."""


class TooLargeError(Exception):
    """An answer that nobody would want to look at."""


def decode(value: Any) -> Any:
    """A value from its form in JSON."""
    kind, body = value[:2]
    if kind == "other":
        return None
    if kind == "nd":
        shape, dtype, text = body
        return np.frombuffer(base64.b64decode(text), dtype=np.dtype(dtype)).reshape(shape).copy()
    if kind in ("list", "tuple"):
        items = [decode(item) for item in body]
        return items if kind == "list" else tuple(items)
    if kind in ("dict", "object"):
        return {key: decode(item) for key, item in body}
    return body


def encode(value: Any) -> Any:
    """The form in JSON of what tuibp hands over: arrays, numbers, texts, None, lists, tuples, dicts."""
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        return ["nd", [list(value.shape), array.dtype.str, base64.b64encode(array.tobytes()).decode("ascii")]]
    if isinstance(value, list | tuple):
        return ["list" if isinstance(value, list) else "tuple", [encode(item) for item in value]]
    if isinstance(value, dict):
        return ["dict", [[key, encode(item)] for key, item in value.items()]]
    return ["value", value]


class Encoder:
    """The form of whatever the user's code gives back, held within bounds."""

    def __init__(self, numbers: int = NUMBERS) -> None:
        self._most = numbers
        self._items = 0
        self._numbers = 0
        self._open: set[int] = set()
        self.types: set[str] = set()
        """Of the numbers in it: "float32", "list"."""

    def __call__(self, value: Any, depth: int = 0) -> Any:
        self._items += 1
        if self._items > ITEMS:
            raise TooLargeError(f"more than {ITEMS} values")
        if value is None or isinstance(value, bool | str):
            return ["value", value if not isinstance(value, str) else value[:200]]
        if isinstance(value, int | float | np.integer | np.floating):
            self.types.add(str(value.dtype) if isinstance(value, np.generic) else type(value).__name__)
            return ["nd", [[], "<f8", base64.b64encode(np.float64(_number(value)).tobytes()).decode("ascii")]]
        if depth > DEPTH or id(value) in self._open:
            return ["other", type(value).__name__]
        self._open.add(id(value))
        try:
            return self._compound(value, depth)
        finally:
            self._open.discard(id(value))

    def _compound(self, value: Any, depth: int) -> Any:
        array = _array(value)
        if array is not None:
            self._numbers += array.size
            if self._numbers > self._most:
                raise TooLargeError(f"more than {self._most} numbers")
            if array.dtype.kind in "biuf":
                wide = np.ascontiguousarray(array, dtype=np.float64)
                self.types.add(str(array.dtype) if isinstance(value, np.ndarray) else type(value).__name__)
                return ["nd", [list(array.shape), "<f8", base64.b64encode(wide.tobytes()).decode("ascii")]]
            if array.dtype.kind == "O" and array.ndim:
                return ["list", [self(item, depth + 1) for item in array]]
            return ["other", f"array of {array.dtype}"]
        if isinstance(value, dict):
            return ["dict", [[str(key)[:60], self(item, depth + 1)] for key, item in value.items()]]
        if isinstance(value, list | tuple) or type(value).__name__ in SERIES:
            kind = "tuple" if isinstance(value, tuple) else "list"
            if hasattr(value, "_fields"):
                return ["dict", [[name, self(getattr(value, name), depth + 1)] for name in value._fields]]
            return [kind, [self(item, depth + 1) for item in value]]
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict) and not inspect.isroutine(value) and not isinstance(value, type):
            return ["object", [[str(key)[:60], self(item, depth + 1)] for key, item in attributes.items()]]
        return ["other", type(value).__name__]


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _array(value: Any) -> Any:
    """An ndarray, or what holds one as a data frame or a tensor does; nested lists of numbers as well."""
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if hasattr(value, "__array__") and not isinstance(value, type):
        try:
            return np.asarray(value)
        except Exception:
            return None
    if isinstance(value, list) and value and _regular(value):
        return np.array(value, dtype=np.float64)
    return None


def _regular(value: list[Any]) -> bool:
    """Whether nested lists are a table of numbers."""
    first = value[0]
    if isinstance(first, list):
        same = all(isinstance(row, list) and len(row) == len(first) for row in value)
        return same and bool(first) and all(_regular(row) for row in value)
    return all(isinstance(item, int | float | np.integer | np.floating) for item in value)
