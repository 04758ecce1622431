"""What `print` says: exact texts of small tensors, and what must hold for any."""

from __future__ import annotations

import math
import re
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tuibp.errors import InputError
from tuibp.present.heat import cell_text, heat_lines
from tuibp.present.numbers import in_ascii
from tuibp.present.summary import counts, spread
from tuibp.present.values import FORMATS, MOST, Format, Value, parse_format, value_lines

W = np.array([[0.8, -0.9], [-1.0, 0.7], [0.6, 0.4]])

TEXTS = {
    "3": ["W[1]   shape (3, 2)", "  0   0.8  -0.9", "  1    -1   0.7", "  2   0.6   0.4"],
    # One digit and its exponent; signs stand below each other.
    "1e": ["W[1]   shape (3, 2)", "  0   8e-01  -9e-01", "  1  -1e+00   7e-01", "  2   6e-01   4e-01"],
    # Sum 0.8 - 0.9 - 1 + 0.7 + 0.6 + 0.4 = 0.6, so the mean is 0.1; squares 0.64 + 0.81 + 1 + 0.49 + 0.36 + 0.16
    # = 3.46, whose root is 1.86011.
    "s": [
        "W[1]   shape (3, 2)",
        "  negative  zero  positive  +inf  -inf  nan",
        "         2     0         4     0     0    0",
        "  min   -1    at [1,0]",
        "  max    0.8  at [0,0]",
        "  mean   0.1",
        "  norm   1.86011",
    ],
    # The largest is 1, so every digit is the first one behind the point; -1 itself is in the topmost tenth.
    "h": [
        "W[1]   shape (3, 2)",
        "      0",
        "  0   +8-9",
        "  1   -9+7",
        "  2   +6+4",
        "  sign and tenths of the largest, 1: +0 is up to 0.1, +9 is 0.9 to 1",
    ],
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_matrix(text: str) -> None:
    assert value_lines("W[1]", W, parse_format(text)) == TEXTS[text]


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        (0.25, "", "0.25"),
        (-1 / 3, "", "-0.333333"),
        (-1 / 3, "3e", "-3.33e-01"),
        (0.1, "17", "0.10000000000000001"),
        # 0.1 = 1.6 / 16, and 0.6 = 9/16 + 9/256 + ... in the base 16; the last digit is rounded up.
        (0.1, "x", "0x1.999999999999ap-4"),
        (-0.0, "x", "-0x0.0p+0"),
        (5e-324, "x", "0x0.0000000000001p-1022"),
        (np.float32(0.1), "x", "0x1.99999ap-4 3dcccccd"),
        (math.nan, "", "nan"),
        (math.inf, "", "+inf"),
        (-math.inf, "x", "-inf"),
        (True, "", "true"),
        (np.False_, "s", "false"),
        (22950060, "", "22950060"),
        (7, "h", "7"),
        (np.array(0.5), "", "0.5"),
    ],
)
def test_a_scalar_is_one_line(value: Value, form: str, said: str) -> None:
    assert value_lines("cost", value, parse_format(form)) == [f"cost = {said}"]
    assert value_lines("c", value, parse_format(form), meaning="it is") == [f"c = {said}   it is"]


def test_what_is_not_finite_can_be_read() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.5])
    assert value_lines("z[1]", values, Format(), meaning="pre-activations") == [
        "z[1]   pre-activations, shape (5)",
        "  0   nan",
        "  1  +inf",
        "  2  -inf",
        "  3     0",
        "  4  -0.5",
    ]
    assert value_lines("z[1]", values, Format("s"))[1:] == [
        "  negative  zero  positive  +inf  -inf  nan",
        "         1     1         0     1     1    1",
        "  of the 2 that are finite:",
        "  min   -0.5  at [4]",
        "  max    0    at [3]",
        "  mean  -0.25",
        "  norm   0.5",
    ]
    assert value_lines("z[1]", values, Format("h"))[1:] == [
        "      0",
        "  0   ??+!-! .-9",
        "  sign and tenths of the largest, 0.5: +0 is up to 0.05, +9 is 0.45 to 0.5",
        "  ?? is nan, +! is +inf, -! is -inf, . is exactly 0",
    ]
    assert value_lines("z", np.array([np.nan]), Format("s"))[-1] == "  no entry is finite"


def test_truths_are_words() -> None:
    truths: Any = W[0] > 0
    assert value_lines("a[1] > 0", truths, Format()) == ["a[1] > 0   shape (2)", "  0   true", "  1  false"]
    assert value_lines("a[1] > 0", truths, Format("s"))[2].split() == ["0", "1", "1", "0", "0", "0"]


def test_nothing_is_said_of_nothing() -> None:
    for kind in FORMATS:
        assert value_lines("v", np.zeros((0, 3)), Format(kind)) == ["v   shape (0, 3)", "  (it has no entries)"]


def test_a_big_tensor_shows_its_edges_and_how_to_see_the_rest() -> None:
    big = np.arange(400.0).reshape(20, 20)
    lines = value_lines("W[1]", big, Format())
    # Twelve columns of 3 digits, a sign's place and a gap of 2 take 72 of 100 columns, so 6 are at each edge.
    assert lines[1].split() == [*map(str, (0, 0, 1, 2, 3, 4, 5)), "…", *map(str, range(14, 20))]
    assert lines[-1] == "  (the edges of 20 rows and 20 columns; print/a W[1] shows all of it)"
    assert len(lines) == 2 + 13
    assert (
        value_lines("x", np.arange(2000.0), Format("e"))[-1]
        == "  (the edges of 2000 entries; print/ae x shows all of it)"
    )
    # Beside a row's number 36 of 40 columns are left: two at each edge take 4 * 6 and the sign 3; six would take 39.
    narrow = value_lines("W[1]", big, Format(), width=40)
    assert narrow[1].split() == ["0", "0", "1", "…", "18", "19"]
    assert max(map(len, narrow)) <= 40


def test_all_of_it_in_parts_side_by_side() -> None:
    big = np.arange(60.0).reshape(2, 30)
    lines = value_lines("W", big, Format(whole=True), width=40)
    heads = [line for line in lines if "columns" in line]
    # (40 - 2 - 1 - 2 + 2) / (2 + 3): seven columns of two digits and a sign fit, nine of one digit.
    assert heads[0].startswith("  columns 0 to ") and heads[-1].endswith(" to 29")
    seen = [float(word) for line in lines[1:] if "columns" not in line for word in line.split()[1:]]
    assert sorted(seen) == list(range(60))
    assert value_lines("W", big, Format(), width=10**9, whole=True) == value_lines(
        "W", big, Format(whole=True), width=10**9
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", Format()),
        ("6", Format()),
        ("17", Format(digits=17)),
        ("8e", Format("e", 8)),
        ("3h", Format("h", 3)),
        ("x", Format("x")),
        ("a", Format(whole=True)),
        ("ae", Format("e", whole=True)),
        ("4ea", Format("e", 4, True)),
        ("s", Format("s")),
    ],
)
def test_formats(text: str, form: Format) -> None:
    assert parse_format(text) == form


@pytest.mark.parametrize(
    "text", ["q", "0", "18", "6x", "as", "ah", "xe", "aa", "e8", "é", "²", "9" * 99, "\x1b[31m", "-3"]
)
def test_what_is_no_format_is_told_which_are(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_format(text)
    hint = caught.value.hint
    assert hint is not None and all(f"/{letter} {row.meaning}" in hint for letter, row in FORMATS.items() if letter)
    assert str(caught.value).isprintable()


FLOATS = st.floats() | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1e308, -1.7976931348623157e308, 1.0])
ARRAYS = st.sampled_from([np.float64, np.float32]).flatmap(
    lambda dtype: arrays(
        dtype,
        array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=40),
        elements=st.floats(width=32 if dtype is np.float32 else 64),
    )
)
FORMS = st.builds(
    lambda kind, digits, whole: Format(kind, digits, whole),
    st.sampled_from(sorted(FORMATS)),
    st.integers(1, MOST),
    st.booleans(),
)


@settings(deadline=None)
@given(ARRAYS, FORMS, st.integers(40, 130), st.text("ab[1]+ ", max_size=150), st.text("ab c", max_size=90))
def test_no_line_is_wider_than_it_may_be(
    values: np.ndarray[Any, Any], form: Format, width: int, name: str, meaning: str
) -> None:
    for line in value_lines(name, values, form, width=width, meaning=meaning):
        assert len(line) <= width
        assert line.isprintable()
        assert "?" not in in_ascii(line).replace("??", "")
    if values.size:
        entry = values.flat[0].item()
        assert [len(line) <= width for line in value_lines(name, entry, form, width=width)] == [True]


@settings(deadline=None)
@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=2, max_side=5), elements=FLOATS))
def test_bits_come_back(values: np.ndarray[Any, Any]) -> None:
    lines = value_lines("v", values, Format("x"), width=1000)[1:]
    back = np.array([[float.fromhex(word) for word in line.split()[1:]] for line in lines]).reshape(values.shape)
    np.testing.assert_array_equal(back, values)
    assert np.array_equal(np.signbit(back) | np.isnan(values), np.signbit(values) | np.isnan(values))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_bits_of_32_come_back_twice(value: float) -> None:
    (line,) = value_lines("v", np.float32(value), Format("x"))
    text, bits = line.removeprefix("v = ").split()
    assert float.fromhex(text) == value
    assert np.uint32(int(bits, 16)).view(np.float32) == np.float32(value)


@settings(deadline=None)
@given(ARRAYS)
def test_counts_add_up_and_the_spread_is_that_of_the_finite(values: np.ndarray[Any, Any]) -> None:
    assert sum(counts(values).values()) == values.size
    found, finite = spread(values), values[np.isfinite(values)]
    assert (found is None) == (finite.size == 0)
    if found is not None:
        assert (found.least, found.most) == (finite.min(), finite.max())
        assert values[found.least_at] == found.least and values[found.most_at] == found.most
        assert found.least - abs(found.least) * 1e-9 <= found.mean <= found.most + abs(found.most) * 1e-9
        top = float(np.abs(finite).max())
        assert top * (1 - 1e-9) <= found.norm <= top * math.sqrt(finite.size) * (1 + 1e-9)


def test_mean_and_norm_neither_overflow_nor_vanish() -> None:
    # 3-4-5 at either end of what a number can be.
    for scale in (1e300, 1e-300):
        found = spread(np.array([3.0, -4.0]) * scale)
        assert found is not None
        assert found.norm == pytest.approx(5 * scale, rel=1e-12)
        assert found.mean == pytest.approx(-0.5 * scale, rel=1e-12)
    found = spread(np.array([1.7e308, 1.7e308]))
    assert found is not None and found.mean == 1.7e308


@given(FLOATS, st.floats(5e-324, 1.7e308))
def test_a_cell_has_the_sign_of_its_value(value: float, scale: float) -> None:
    text = cell_text(min(max(value, -scale), scale) if math.isfinite(value) else value, scale)
    assert len(text) == 2
    assert text[0] == ("?" if math.isnan(value) else " " if value == 0 else "+" if value > 0 else "-")


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 90), st.integers(1, 90)), elements=FLOATS))
def test_a_map_shows_of_each_block_the_largest(values: np.ndarray[Any, Any]) -> None:
    lines = heat_lines(values, 3, 60)
    rows = [line for line in lines if re.match(r" +\d+   (..)+$", line) and re.search(r"[?!.+-]", line)]
    cells = [re.findall("..", line[line.index(line.split()[0]) + len(line.split()[0]) + 3 :]) for line in rows]
    tall, wide = -(-values.shape[0] // len(cells)), -(-values.shape[1] // len(cells[0]))
    for i, row in enumerate(cells):
        for j, text in enumerate(row):
            block = values[i * tall : (i + 1) * tall, j * wide : (j + 1) * wide]
            assert block.size
            with np.errstate(all="ignore"):
                strongest = block.flat[np.argmax(np.abs(block))] if not np.isnan(block).any() else math.nan
            both = np.abs(block).max() in block and -np.abs(block).max() in block
            sign = "?" if math.isnan(strongest) else " " if not strongest else "+" if strongest > 0 or both else "-"
            assert text[0] == sign


def test_a_long_vector_is_read_like_text() -> None:
    lines = value_lines("x", np.full(784, 0.5), Format("h"))
    # (100 - 8) / 2 = 46 cells, in tens 40; 784 = 19 * 40 + 24.
    assert [line.split()[0] for line in lines[2:-1]] == [str(i) for i in range(0, 784, 40)]
    assert lines[2] == "    0   " + "+9" * 40 and lines[-2] == "  760   " + "+9" * 24
    assert lines[1].split() == [str(i) for i in range(0, 40, 5)]
    assert value_lines("x", np.ones(16000), Format("h"))[-1].endswith("of 10 entries")


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_huge_matrix_is_quick(kind: str) -> None:
    values = np.random.default_rng(0).normal(size=(784, 512))
    value_lines("W[1]", values, Format(kind))
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        lines = value_lines("W[1]", values, Format(kind))
        best = min(best, time.perf_counter() - start)
    assert best < 0.05
    assert len(lines) < 50
