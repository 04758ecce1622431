"""Data from an npz archive, which is a zip of npy files: `npy` reads each of them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import Array
from tuibp.engine.assemble import Raw
from tuibp.engine.dataset import dataset
from tuibp.engine.text import quoted, safe, suggestion
from tuibp.errors import InputError
from tuibp.formats.npy import DAMAGE, read_array


def read_npz(raw: bytes, name: str, x_name: str, y_name: str, most: int) -> Raw:
    """The data of an npz archive.

    Args:
        raw: the bytes of the file.
        name: of the file, for messages.
        x_name: name of the samples (N, ...); further axes are flattened, a single axis is one feature.
        y_name: name of the targets (N,), (N, n_L), or (N,) texts, which become classes in sorted order.
        most: largest number of elements of either.

    Raises:
        InputError: the archive is damaged, an array is missing or not what it should be.
    """
    name = safe(name, 200)
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except DAMAGE as error:
        hint = "write it with numpy.savez"
        raise InputError("the file is not an npz archive", hint=hint, where=name) from error
    with archive:
        x = _finite(_member(archive, name, x_name, most), name, x_name)
        y = _member(archive, name, y_name, most)
    if not x.shape or not y.shape or y.ndim > 2:
        words = f"{quoted(x_name)} has shape {x.shape}, {quoted(y_name)} has shape {y.shape}"
        raise InputError(words, hint="samples are rows: x is (N, features), y is (N,) or (N, outputs)", where=name)
    if len(x) != len(y):
        words = f"{quoted(x_name)} has {len(x)} rows, {quoted(y_name)} has {len(y)}"
        raise InputError(words, hint="give one target for each sample", where=name)
    inputs = x.reshape(len(x), -1)
    if y.dtype.kind == "U":
        names, numbers = np.unique(y, return_inverse=True)
        classes = [safe(str(label)) for label in names]
        return Raw(dataset(inputs, numbers.reshape(-1, 1).astype(np.float64), classes=classes), True)
    return Raw(dataset(inputs, _finite(y, name, y_name).reshape(len(y), -1)))


def _member(archive: zipfile.ZipFile, name: str, key: str, most: int) -> npt.NDArray[np.generic]:
    """One array of the archive, as its header and its true length agree."""
    names = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if key not in names:
        hint = suggestion(key, [safe(entry) for entry in names[:50]]) if names else "the archive is empty"
        raise InputError(f"there is no array {quoted(key)}", hint=hint, where=name)
    return read_array(archive, archive.infolist()[names.index(key)], f"{name}:{safe(key)}", most)


def _finite(values: npt.NDArray[np.generic], name: str, key: str) -> Array:
    """The values as float64, all finite."""
    place = f"{name}:{safe(key)}"
    if values.dtype.kind == "U":
        raise InputError("the array holds texts", hint="features must be numbers", where=place)
    result: Array = values.astype(np.float64)
    wrong = ~np.isfinite(result)
    if bool(wrong.any()):
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), result.shape))
        words = f"element {list(index)} is {result[index]}, not a finite number"
        raise InputError(words, hint="replace it, or leave that sample out", where=place)
    return result
