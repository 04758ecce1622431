"""Values for `tuibp check --values`: a JSON object, or an npz archive, of named arrays and lists of arrays."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.text import safe
from tuibp.errors import InputError, UnsupportedError
from tuibp.formats.npy import DAMAGE, read_array

Value: TypeAlias = "Array | list[Value] | dict[str, Value] | None"
MOST_NUMBERS = 50_000_000
MOST_DEPTH = 6


def read_values(raw: bytes, suffix: str, name: str) -> dict[str, Value]:
    """The values by name: arrays, or lists of arrays.

    Args:
        suffix: of the file, .json or .npz.
        name: of the file, for messages.

    Raises:
        InputError: it is damaged, or holds something else than numbers.
        UnsupportedError: it is of another kind.
    """
    if suffix == ".json":
        return _json(raw, name)
    if suffix == ".npz":
        return _npz(raw, name)
    raise UnsupportedError(f"{name} is neither .json nor .npz", hint="write it as one of these")


def _json(raw: bytes, name: str) -> dict[str, Value]:
    try:
        document = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError, too, for a whole number of more than 4,300 digits
        place = f"{name}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else name
        raise InputError("this is not JSON", hint='write {"dW1": [[...]], "db1": [...]}', where=place) from error
    if not isinstance(document, dict):
        raise InputError("the file holds no object", hint='write {"dW1": [[...]], "db1": [...]}', where=name)
    return {key: _value(item, f"{name}:{safe(key, 40)}", 0) for key, item in document.items()}


def _value(value: object, place: str, depth: int) -> Value:
    """Nested lists as an array where they are even, as a list of arrays where they are not."""
    if depth > MOST_DEPTH:
        raise InputError("the lists are nested too deeply", hint="a matrix is a list of rows", where=place)
    if value is None:
        return None
    if isinstance(value, dict):
        return {str(key): _value(item, place, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        parts = [_value(item, place, depth + 1) for item in value]
        arrays = [part for part in parts if isinstance(part, np.ndarray)]
        even = len(arrays) == len(parts) and len({array.shape for array in arrays}) == 1
        return np.array(arrays) if even else parts
    special = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}
    if isinstance(value, str) and value in special:
        return np.array(special[value])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("only numbers, lists of them and null are taken", hint="take the rest out", where=place)
    try:
        return np.array(float(value))
    except OverflowError as error:
        words = "this number is too large for double precision"
        raise InputError(words, hint='write "inf" if it is infinite', where=place) from error


def _npz(raw: bytes, name: str) -> dict[str, Value]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except DAMAGE as error:
        raise InputError("the file is not an npz archive", hint="write it with numpy.savez", where=name) from error
    found: dict[str, Value] = {}
    with archive:
        for entry in archive.infolist():
            key = entry.filename.removesuffix(".npy")
            array = read_array(archive, entry, f"{name}:{safe(key, 40)}", MOST_NUMBERS)
            if array.dtype.kind not in "biuf":
                raise InputError("the array holds no numbers", hint="take it out", where=f"{name}:{safe(key, 40)}")
            found[key] = array.astype(np.float64)
    return found
