"""How numbers and symbols look."""

from __future__ import annotations

import math
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuibp.present.numbers import (
    column_width,
    factor,
    heat_role,
    in_ascii,
    largest,
    number,
    short,
    symbol,
    symbols,
)
from tuibp.tui.palette import HEAT


@pytest.mark.parametrize(
    ("value", "table", "sentence"),
    [
        (0.25, "+0.2500", "0.25"),
        (-1.2345678e-5, "-1.235e-05", "-1.235e-05"),
        (0.0, "0", "0"),
        (-0.0, "0", "0"),
        (1.0, "+1.000", "1"),
        (12345.6, "+1.235e+04", "1.235e+04"),
        (math.nan, "nan", "nan"),
        (math.inf, "+inf", "+inf"),
        (-math.inf, "-inf", "-inf"),
    ],
)
def test_numbers(value: float, table: str, sentence: str) -> None:
    assert number(value) == table
    assert short(value) == sentence
    assert factor(value) == (f"({sentence})" if sentence.startswith(("-", "+")) else sentence)


@given(st.floats(-1e308, 1e308) | st.floats(), st.sampled_from([4, 6, 8]))
def test_a_number_fits_its_column_and_shows_its_sign(value: float, digits: int) -> None:
    text = number(value, digits)
    assert len(text) <= column_width(digits) + 1, "an exponent of three digits"
    if value != 0 and not math.isnan(value):
        assert text[0] == ("+" if value > 0 else "-")
        assert abs(value) > 1e308 or math.isclose(float(text), value, rel_tol=10 ** (1 - digits), abs_tol=1e-322)


@given(st.floats(), st.floats(min_value=0))
def test_heat(value: float, scale: float) -> None:
    role = heat_role(value, scale)
    if not math.isfinite(value):
        assert role == "bad"
        return
    level = HEAT[role]
    if value and scale and math.isfinite(scale):
        assert level * value > 0
        assert abs(level) == 8 or abs(value) / scale <= (abs(level) + 1e-9) / 8


def test_the_largest_magnitude_is_finite() -> None:
    assert largest([np.array([1.0, -3.0, np.nan]), None, np.array([np.inf, 2.0]), np.array([])]) == 3.0
    assert largest([np.array([np.nan])]) == 0.0
    assert largest([]) == 0.0


def test_symbols() -> None:
    assert symbols("dC_da[1] = W[2]ᵀ δ[2]") == "∂C/∂a¹ = W²ᵀ δ²"
    assert symbol("dW", 12, (3, 4)) == "∂C/∂W¹²[3,4]"
    assert symbol("cost") == "C"


def test_ascii_is_total() -> None:
    """Every printable character of one cell becomes one ASCII character, letters without their accents."""
    printable = "".join(
        char for char in map(chr, range(32, 0x3000)) if char.isprintable() and not unicodedata.combining(char)
    )
    plain = in_ascii(printable)
    assert plain.isascii() and plain.isprintable() and len(plain) == len(printable)
    assert in_ascii("∂C/∂a¹ = W²ᵀ δ² · Größe ▶│├█…") == "dC/da1 = W2T d2 . Gro?e >|?#~"
    assert in_ascii("as it is") == "as it is"
