"""A tensor in a few numbers: how many entries have which sign, and the spread of those that are finite.

Counts come first, because one nan or a layer of zeros says more than any mean. Neither mean nor norm overflows where
its result does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import Array
from tuibp.present.numbers import largest, short

Index = tuple[int, ...]

_SAFE = 1e-280
"""A sum of squares above it has lost nothing that its digits would show."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The finite entries of a tensor; there is at least one."""

    least: float
    least_at: Index
    """Where the first of the smallest entries lies."""
    most: float
    most_at: Index
    mean: float
    norm: float
    """Root of the sum of squares."""


def counts(values: Array) -> dict[str, int]:
    """How many entries are of which kind; they add up to all of them."""
    with np.errstate(invalid="ignore"):
        above, below = int(np.count_nonzero(values > 0)), int(np.count_nonzero(values < 0))
    infinite = int(np.count_nonzero(values == np.inf)), int(np.count_nonzero(values == -np.inf))
    return {
        "negative": below - infinite[1],
        "zero": int(np.count_nonzero(values == 0)),
        "positive": above - infinite[0],
        "+inf": infinite[0],
        "-inf": infinite[1],
        "nan": int(np.count_nonzero(values != values)),
    }


def spread(values: Array) -> Spread | None:
    """The spread of the finite entries; None where there is none."""
    finite = np.isfinite(values)
    count = int(np.count_nonzero(finite))
    if not count:
        return None
    rest = values[finite] if count < values.size else values.ravel()
    with np.errstate(all="ignore"):
        low, high = values, values
        if count < values.size:
            low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
        least_at, most_at = _index(values, int(low.argmin())), _index(values, int(high.argmax()))
    mean, norm = _mean_and_norm(rest.astype(np.float64))
    return Spread(float(values[least_at]), least_at, float(values[most_at]), most_at, mean, norm)


def _index(values: Array, flat: int) -> Index:
    return tuple(int(i) for i in np.unravel_index(flat, values.shape))


def _mean_and_norm(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Of finite numbers; where their sum or their squares leave the range of numbers, by way of the largest."""
    with np.errstate(all="ignore"):
        mean, square = float(values.mean()), float(np.dot(values, values))
        top = largest([values])
        # Below the bound a square may have lost digits, or all of itself.
        if top and not (np.isfinite(mean) and _SAFE < square < np.inf):
            scaled = values / top
            return float(scaled.mean()) * top, float(np.sqrt(np.dot(scaled, scaled))) * top
    return mean, float(np.sqrt(square))


def summary_lines(values: Array, digits: int) -> Iterator[str]:
    """Counts under their names, then the spread."""
    kinds = counts(values)
    widths = [max(len(name), len(str(count))) for name, count in kinds.items()]
    yield "  " + "  ".join(name.rjust(width) for name, width in zip(kinds, widths, strict=True))
    yield "  " + "  ".join(str(count).rjust(width) for count, width in zip(kinds.values(), widths, strict=True))
    found = spread(values)
    if found is None:
        yield "  no entry is finite"
        return
    finite = kinds["negative"] + kinds["zero"] + kinds["positive"]
    if finite < values.size:
        yield f"  of the {finite} that are finite:"
    least, most = _signed(found.least, digits), _signed(found.most, digits)
    width = max(len(least), len(most))
    yield f"  min   {least:{width}}  at {_place(found.least_at)}"
    yield f"  max   {most:{width}}  at {_place(found.most_at)}"
    yield f"  mean  {_signed(found.mean, digits)}"
    yield f"  norm  {_signed(found.norm, digits)}"


def _signed(value: float, digits: int) -> str:
    """With its sign's place kept free."""
    text = short(value, digits)
    return text if text.startswith("-") else f" {text}"


def _place(index: Index) -> str:
    return f"[{','.join(map(str, index))}]"
