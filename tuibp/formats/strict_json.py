"""JSON that every parser reads: nan and the infinities, which JSON does not have, are the strings "nan",
"inf" and "-inf".

A float is written with the fewest digits that read back as the same float64, so numbers survive the trip
(design: formats.md section 2).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray

Value: TypeAlias = "Array | IntArray | float | int"
"""A tensor, or one number."""

_NOT_FINITE = re.compile("-?inf|nan")


def number_text(value: Value) -> str:
    """The JSON of a tensor or a number, on one line.

    >>> number_text(np.array([[0.1, math.inf], [math.nan, -2.0]]))
    '[[0.1, "inf"], ["nan", -2.0]]'
    """
    # Python writes lists of finite floats exactly as JSON does, and much faster than its json module.
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return _NOT_FINITE.sub(r'"\g<0>"', text) if "n" in text else text


def plain(value: object) -> object:
    """A value as the json module takes it: arrays as lists, tuples as lists, what is not finite as
    strings.
    """
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def dumps(value: object, indent: int | None = None) -> str:
    """The JSON of a value, in ASCII."""
    return json.dumps(plain(value), indent=indent, allow_nan=False)
