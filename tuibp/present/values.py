"""What `print` says: a number, a tensor in rows and columns, its bits, its summary or its map, as lines of text.

One text for the screen's command line, the plain prompt, scripts and `tuibp print`. Nothing is clipped silently: what
is left out is counted, with the command that shows it, and no line is wider than it may be.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.text import quoted
from tuibp.errors import InputError
from tuibp.present.cells import CUT, cut
from tuibp.present.heat import heat_lines
from tuibp.present.summary import summary_lines

WIDTH = 100
NARROWEST = 40
"""Columns that are always taken: a number with all its bits and its row's number need as many."""
DIGITS = 6
"""Significant digits where none are asked for."""
MOST = 17
"""Digits that tell any two numbers of 64 bits apart: more would be noise."""
EDGE = 6
"""Rows and columns at each edge of a tensor that is too big to be printed whole."""
WHOLE = 1000
"""Cells of a tensor that is printed whole."""
COLUMNS = 16
"""Columns of a tensor that is printed whole."""
_GAP = "  "
TIED = "\xa0"
"""A blank at which no line is broken; it is printed as any other."""

Value = Array | float | int | bool | np.generic


class Letter(NamedTuple):
    """A row of the table of formats."""

    meaning: str
    digits: bool
    """Whether a number of digits may stand beside it."""
    whole: bool
    """Whether `a` may stand beside it."""


FORMATS = {
    "": Letter("digits", digits=True, whole=True),
    "e": Letter("scientific", digits=True, whole=True),
    "x": Letter("exact bits", digits=False, whole=True),
    "s": Letter("summary", digits=True, whole=False),
    "h": Letter("heat map", digits=True, whole=False),
}
"""What may stand behind `print/`, by its letter; `a`, for all of a big tensor, goes with some of them."""
HINT = (
    f"the formats are /6 (1 to {MOST} digits), "
    + ", ".join(f"/{letter} {row.meaning}" for letter, row in FORMATS.items() if letter)
    + ", /a all of it, and together such as /8e, /3h, /ae"
)


@dataclass(frozen=True, slots=True)
class Format:
    """How a value is printed."""

    kind: str = ""
    """A key of `FORMATS`."""
    digits: int = DIGITS
    """Significant digits."""
    whole: bool = False
    """Whether a big tensor is printed whole."""


def parse_format(text: str) -> Format:
    """Read what stands behind `print/`, such as 6, 8e, x, ae; nothing gives the default.

    Raises:
        InputError: with all formats: no such format, or two that do not go together.
    """

    def refuse(reason: str) -> InputError:
        return InputError(f"{quoted(text)} {reason}", hint=HINT)

    match = re.fullmatch(r"([0-9]*)([a-z]*)", text)
    known = {*FORMATS, "a"}
    if match is None or not set(match[2]) <= known or len(set(match[2])) < len(match[2]):
        raise refuse("is no format")
    number, letters = match.groups()
    kind, whole = letters.replace("a", ""), "a" in letters
    if len(kind) > 1:
        raise refuse(f"is {' and '.join(FORMATS[letter].meaning for letter in kind)} at once")
    row = FORMATS[kind]
    if number and not (len(number) <= 2 and 1 <= int(number) <= MOST):
        raise refuse(f"does not ask for 1 to {MOST} digits")
    if number and not row.digits:
        raise refuse(f"wants digits, but {row.meaning} are all there are")
    if whole and not row.whole:
        raise refuse(f"wants all cells, but a {row.meaning} has none of them left out")
    return Format(kind, int(number or DIGITS), whole)


def value_lines(
    name: str,
    value: Value,
    format: Format,
    *,
    width: int = WIDTH,
    whole: bool = False,
    meaning: str = "",
    remedy: str = "",
) -> list[str]:
    """A value under its name: a number on one line, a tensor below a line with its shape.

    Args:
        name: as the user wrote it, every character one column wide.
        value: a tensor has shape (n,) or (n, k); whatever lies deeper is put in columns.
        width: columns that a line may take; less than 40 count as 40.
        whole: print a big tensor whole, as the format's `a` does; columns that find no place follow below the others.
        meaning: a few words on what it is; empty for none.
        remedy: what shows all of a tensor that was cut; empty for the command `print/a`.
    """
    width = max(width, NARROWEST)
    if np.ndim(value) == 0:
        return [_scalar_line(name, value, format, width, meaning)]
    array = np.asarray(value)
    if format.kind in ("s", "h") and array.dtype.kind == "b":
        array = array.astype(np.float64)
    values = array if array.ndim <= 2 else array.reshape(len(array), math.prod(array.shape[1:]))
    shape = f"shape ({', '.join(map(str, array.shape))})"
    about = f"   {meaning}, {shape}" if meaning else f"   {shape}"
    title = cut(name, max(1, width - len(about))) + about
    remedy = remedy or f"print/a{format.kind} {name if len(name) <= NARROWEST else ''}".rstrip() + " shows all of it"
    lines: list[str] | Iterator[str]
    if not values.size:
        lines = ["  (it has no entries)"]
    elif format.kind == "s":
        lines = summary_lines(array, format.digits)
    elif format.kind == "h":
        lines = heat_lines(values, format.digits, width)
    else:
        lines = _table(values, format, width, whole or format.whole, remedy)
    return [cut(title, width), *(part for line in lines for part in fitted(line, width))]


def fitted(text: str, width: int, indent: int = 4) -> list[str]:
    """The line, or where it is too long the lines it becomes, the later ones indented, never broken at `TIED`."""
    if len(text) <= width:
        return [text.replace(TIED, " ")]
    lines = textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
    return [line.replace(TIED, " ").rstrip() for line in lines]


def _scalar_line(name: str, value: Value, format: Format, width: int, meaning: str) -> str:
    """`cost = 0.25   cost of the sample`: never the number is cut, and the meaning goes before the name does."""
    text = f" = {_cell(value, format).lstrip()}"
    line = f"{cut(name, max(1, width - len(text)))}{text}"
    return f"{line}   {meaning}" if meaning and len(line) + 3 + len(meaning) <= width else line


def _bits(value: float) -> str:
    return f"{' ' * (math.copysign(1, value) > 0)}{value.hex()}"


def _bits32(value: np.float32) -> str:
    """The same without the seven zeros that a number of 32 bits always ends in, then the 32 bits themselves."""
    text = re.sub(r"(\.[0-9a-f]{6})0{7}p", r"\1p", _bits(float(value)))
    return f"{text} {int(value.view(np.uint32)):08x}"


_LOOKS: dict[str, Callable[[float, int], str]] = {
    "e": lambda value, digits: f"{value: .{digits - 1}e}",
    "x": lambda value, _: _bits(value),
}
"""A finite number by the kind of format, where that is not `_plain`."""


def _plain(value: float, digits: int) -> str:
    """With its sign's place kept free, so that columns of both signs align."""
    return f"{value: .{digits}g}"


def _cell(value: object, format: Format) -> str:
    """One entry or scalar: true and false, whole numbers in full, infinities always with their sign."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return f"{int(value): }"
    if format.kind == "x" and isinstance(value, np.float32 | np.ndarray) and value.dtype == np.float32:
        return _bits32(np.float32(value))
    assert isinstance(value, float | np.floating | np.ndarray)
    number = float(value)
    if not math.isfinite(number):
        return " nan" if math.isnan(number) else f"{number:+}"
    return _LOOKS.get(format.kind, _plain)(number, format.digits)


def _shown(count: int, edge: int) -> list[int | None]:
    """The rows or columns that are printed where `edge` of them are at each end; None stands for those left out.

    An edge of 0 keeps the first alone: something is seen in any width.
    """
    if count <= max(1, 2 * edge):
        return list(range(count))
    return [*range(max(1, edge)), None, *range(count - edge, count)]


def _table(values: Array, format: Format, width: int, whole: bool, remedy: str) -> Iterator[str]:
    """Rows with their numbers and aligned columns, a big tensor cut at its edges."""
    matrix = values.reshape(len(values), -1)
    rows, columns = matrix.shape
    big = not whole and (matrix.size > WHOLE or columns > COLUMNS)
    row_numbers = _shown(rows, EDGE if big else rows)
    label = len(str(rows - 1))
    room = width - 2 - label - len(_GAP)
    edge = EDGE if big else -(-columns // 2)
    # No column takes less than a gap, a sign's place and a digit.
    if not whole:
        edge = min(edge, room // (len(_GAP) + 1))
    texts = _texts(matrix, row_numbers, _shown(columns, columns if whole else edge), format)
    if whole:
        yield from _side_by_side(texts, row_numbers, label, room)
        return
    while edge and sum(len(cells[0]) + len(_GAP) for _, cells in texts) > room + len(_GAP):
        edge -= 1
        texts = _texts(matrix, row_numbers, _shown(columns, edge), format)
    yield from _rows(texts, row_numbers, label)
    if len(row_numbers) < rows or None in (number for number, _ in texts):
        extent = f"{rows} entries" if values.ndim == 1 else f"{rows} rows and {columns} columns"
        yield f"  (the edges of {extent}; {remedy})"


Column = tuple[int | None, list[str]]
"""The number of a column and its texts, all equally long."""


def _texts(matrix: Array, rows: list[int | None], columns: list[int | None], format: Format) -> list[Column]:
    # A Python number is quicker to write, but only an array's own element knows its 32 bits.
    own = format.kind == "x" and matrix.dtype == np.float32
    kept = [i for i in rows if i is not None]
    result: list[Column] = []
    for j in columns:
        if j is None:
            result.append((None, [CUT] * len(rows)))
            continue
        entries = matrix[:, j] if len(kept) == len(matrix) else matrix[kept, j]
        texts = iter([_cell(entry, format) for entry in (entries if own else entries.tolist())])
        cells = [CUT if i is None else next(texts) for i in rows]
        longest = max(map(len, cells))
        result.append((j, [cell.rjust(longest) for cell in cells]))
    return result


def _rows(columns: list[Column], rows: list[int | None], label: int) -> Iterator[str]:
    for i, cells in zip(rows, zip(*(cells for _, cells in columns), strict=True), strict=True):
        yield f"  {CUT if i is None else i:>{label}}{_GAP}{_GAP.join(cells)}"


def _side_by_side(columns: list[Column], rows: list[int | None], label: int, room: int) -> Iterator[str]:
    """All columns; those that find no place beside the others follow below them."""
    parts: list[list[Column]] = [[]]
    used = 0
    for column in columns:
        used += len(column[1][0]) + len(_GAP)
        if parts[-1] and used > room + len(_GAP):
            parts.append([])
            used = len(column[1][0]) + len(_GAP)
        parts[-1].append(column)
    for part in parts:
        if len(parts) > 1:
            yield f"  columns {part[0][0]} to {part[-1][0]}"
        yield from _rows(part, rows, label)
