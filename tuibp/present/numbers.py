"""How a number looks: the sign always printed, nothing clipped silently, and how warm it is.

Tables keep trailing zeros, so that a column is even; sentences drop them. Superscripts carry the layer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from tuibp.debugger.names import CellRef
from tuibp.engine.arrays import Array

DIGITS = 4
"""Significant digits by default."""
UNDEFINED = "·"
READY = "○"
HEAT = 8
"""Levels of heat on either side of zero."""

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LAYER = re.compile(r"\[(\d+)\]")
_NAMES = {"dC_da": "∂C/∂a", "dW": "∂C/∂W", "gW": "∇W", "gb": "∇b", "uW": "ΔW", "ub": "Δb", "db": "δ", "sp": "σ′"}
_WORD = re.compile(r"\b(" + "|".join(_NAMES) + r")\b")

_PAIRS = (
    "∂d ∇g Δd δd σs ′' ᵀT ⊙* ·. ○o ▶> ▸> →> ←< ─- │| └+ █# ▇# ▆# ▅= ▄= ▃- ▂- ▁_ ×x «< »> …~ ηn θ0 λl βb ρr εe μu ΣS ΠP "
    "●* ▲^ ┬Y √r ≥> ≤< ≠! ÷/ ⁰0 ¹1 ²2 ³3 ⁴4 ⁵5 ⁶6 ⁷7 ⁸8 ⁹9 ½h ∞8 πp ΦF φf"
)


class _Plain(dict[int, str]):
    """One ASCII character for every character: its row of the table, the letter without its accent, or "?"."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFKD", chr(code))[0]
        self[code] = base if base.isascii() else "?"
        return self[code]


_ASCII = _Plain({ord(pair[0]): pair[1] for pair in _PAIRS.split()})


def in_ascii(text: str) -> str:
    """The text with a plain character for every glyph that a font may lack (`--ascii`), as long as before."""
    return text if text.isascii() else text.translate(_ASCII)


def superscript(layer: int) -> str:
    """The layer's number, raised."""
    return str(layer).translate(_SUPERSCRIPT)


def symbols(formula: str, before: str = "") -> str:
    """A formula of the program in the notes' symbols: dC_da[1] = W[2]ᵀ δ[2] becomes ∂C/∂a¹ = W²ᵀ δ².

    Args:
        before: the word that ends the formula, where words follow it.
    """
    head, word, tail = formula.partition(f" {before} ") if before else (formula, "", "")
    named = _WORD.sub(lambda match: _NAMES[match[1]], head)
    return _LAYER.sub(lambda match: superscript(int(match[1])), named) + word + tail


def symbol(name: str, layer: int | None = None, index: tuple[int, ...] = ()) -> str:
    """The symbol of a tensor or a cell: δ²[0], W¹[0,1], y[2]."""
    raised = "" if layer is None else superscript(layer)
    cell = f"[{','.join(map(str, index))}]" if index else ""
    return f"{_NAMES.get(name, 'C' if name == 'cost' else name)}{raised}{cell}"


def cell_symbol(cell: CellRef) -> str:
    """The symbol of a cell: W¹[0,1]; of a slope that is a matrix J²[0,1]."""
    if cell.name == "sp" and len(cell.index) == 2:
        return f"J{symbol('', cell.layer, cell.index)}"
    return symbol(cell.name, cell.layer, cell.index)


def number(value: float, digits: int = DIGITS) -> str:
    """For tables: +0.2500, -1.235e-05, nan, +inf; an exact zero is 0."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else f"{value:+f}"
    return f"{value:+#.{digits}g}".rstrip(".")


def short(value: float, digits: int = DIGITS) -> str:
    """For sentences and formulas: 0.25, -1.235e-05, nan, +inf; the sign only where it is minus."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else f"{value:+f}"
    return f"{value:.{digits}g}"


def factor(value: float, digits: int = DIGITS) -> str:
    """A factor of a product: in brackets where it is negative."""
    text = short(value, digits)
    return f"({text})" if text.startswith(("-", "+")) else text


def column_width(digits: int = DIGITS) -> int:
    """Columns that every `number` of so many digits fits: sign, digit, point, digits, exponent."""
    return digits + 6


def heat_role(value: float, scale: float) -> str:
    """The role of a signed magnitude where the largest is `scale`: heat-8 .. heat+8; "bad" for nan and infinities."""
    if not math.isfinite(value):
        return "bad"
    if value == 0 or scale == 0 or not math.isfinite(scale):
        return "heat0"
    level = max(1, math.ceil(min(abs(value) / scale, 1.0) * HEAT))
    return f"heat{'+' if value > 0 else '-'}{level}"


def largest(values: Iterable[Array | None]) -> float:
    """The largest finite magnitude in some tensors; 0 where there is none."""
    best = 0.0
    for array in values:
        if array is None or array.size == 0:
            continue
        with np.errstate(all="ignore"):
            top = max(float(array.max()), -float(array.min()))
            if not math.isfinite(top):
                magnitudes = np.abs(array)
                top = float(np.where(np.isfinite(magnitudes), magnitudes, 0).max())
        best = max(best, top)
    return best


def duration(seconds: float) -> str:
    """A time in at most two units, so exactly that it is seen to run.

    >>> duration(0.42), duration(12.3), duration(75), duration(3 * 3600 + 120)
    ('0.4 s', '12 s', '1 min 15 s', '3 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"
