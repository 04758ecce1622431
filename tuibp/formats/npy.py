"""Arrays inside zip archives, read by hand so that no size is believed and no object is ever made.

An npy file is a short header that names type, order and shape, then the bytes. The header is read and held against the
length that the zip states before any memory is taken; pickles are refused because the object type is not among the
known ones. Source: the description of the npy format in NumPy's `numpy.lib.format`, versions 1.0 to 3.0.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuibp.engine.text import safe
from tuibp.errors import InputError

_MAGIC = b"\x93NUMPY"
_MOST_HEADER = 10_000
_DESCR = re.compile(r"""["']descr["']\s*:\s*["']([<>|=]?)([a-zA-Z])(\d*)["']""")
_ORDER = re.compile(r"""["']fortran_order["']\s*:\s*(True|False)""")
_SHAPE = re.compile(r"""["']shape["']\s*:\s*\(([\d\s,]*)\)""")
_NUMBERS = {"f": {2, 4, 8}, "i": {1, 2, 4, 8}, "u": {1, 2, 4, 8}, "b": {1}}
"""Bytes of the numeric types that are read."""
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)
"""What zipfile raises on archives that are damaged, encrypted or packed in an unknown way."""


@dataclass(frozen=True)
class _Header:
    dtype: np.dtype[np.generic]
    fortran: bool
    shape: tuple[int, ...]
    start: int
    """Bytes before the values."""


def read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, most: int) -> npt.NDArray[np.generic]:
    """One array of an archive, as its header and its true length agree.

    Args:
        place: of the array, for messages.
        most: largest number of elements.

    Raises:
        InputError: the entry is damaged, too big, or no array of numbers or texts.
    """
    try:
        with archive.open(info) as stream:
            header = _header(stream.read(_MOST_HEADER + 12), place)
        size = math.prod(header.shape)
        if not 0 < size <= most:
            words = f"the array has shape {header.shape}"
            raise InputError(words, hint=f"from 1 to {most} values are read", where=place)
        length = header.start + size * header.dtype.itemsize
        if info.file_size != length:
            words = f"the array should have {length} bytes, the archive holds {info.file_size}"
            raise InputError(words, hint="the file is damaged; write it again", where=place)
        with archive.open(info) as stream:
            content = stream.read(length)
    except DAMAGE as error:
        hint = "write it again with numpy.savez"
        raise InputError(f"the array is damaged ({safe(str(error))})", hint=hint, where=place) from error
    values = np.frombuffer(content, dtype=header.dtype, count=size, offset=header.start)
    if header.dtype.kind == "U" and int(values.view(header.dtype.byteorder + "u4").max()) > 0x10FFFF:
        raise InputError("a text of the array is damaged", hint="write it again with numpy.savez", where=place)
    return values.reshape(header.shape, order="F" if header.fortran else "C")


def _header(start: bytes, place: str) -> _Header:
    """The header of an npy file, from its first bytes."""
    if not start.startswith(_MAGIC) or len(start) < 12 or not 1 <= start[6] <= 3:
        raise InputError("the entry is not an npy array", hint="write it with numpy.savez", where=place)
    wide = start[6] > 1
    begin = 12 if wide else 10
    length = int.from_bytes(start[8:begin], "little")
    text = start[begin : begin + length].decode("latin-1")
    descr, order, shape = _DESCR.search(text), _ORDER.search(text), _SHAPE.search(text)
    if length > _MOST_HEADER or len(text) < length or order is None or shape is None:
        raise InputError("the array's header is damaged", hint="write it again with numpy.savez", where=place)
    kind, size = (descr[2], int(descr[3] or 0)) if descr else ("record", 0)
    if size not in _NUMBERS.get(kind, set()) and not (kind == "U" and 0 < size <= 1000):
        words = "the array holds Python objects" if kind == "O" else f"the array holds {safe(kind)}{size} values"
        raise InputError(words, hint="only real numbers, and texts as targets, are read", where=place)
    digits = shape[1].replace(",", " ").split()
    if len(digits) > 32 or any(len(part) > 12 for part in digits):
        raise InputError("the array's shape is too big", hint="give fewer samples", where=place)
    dtype = np.dtype(f"{descr[1] if descr else ''}{kind}{size}")
    return _Header(dtype, order[1] == "True", tuple(int(part) for part in digits), begin + length)
