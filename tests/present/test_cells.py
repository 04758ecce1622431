"""Cutting and framing: nothing is cut without a sign."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuibp.present.cells import CUT, Hit, Run, cut, fit, framed, row_text, slide

RUNS = st.lists(st.text("abc ", max_size=9).map(Run), max_size=6)


@given(RUNS, st.integers(1, 40))
def test_a_row_fits_and_says_where_it_is_cut(runs: list[Run], width: int) -> None:
    whole, text = row_text(tuple(runs)), row_text(fit(runs, width))
    assert len(text) <= width
    if len(whole.rstrip()) <= width:
        assert text.rstrip() == whole.rstrip()
    else:
        assert text == whole[: width - 1] + CUT


@given(st.text("abc", max_size=20), st.integers(0, 25))
def test_cut_text(text: str, width: int) -> None:
    assert len(cut(text, width)) <= width
    assert cut(text, width) == text or (cut(text, width) + CUT)[: width + 1].endswith(CUT)


@given(st.integers(0, 50), st.integers(1, 20), st.integers(-10, 60))
def test_slide_stays_within(total: int, room: int, wanted: int) -> None:
    top, more = slide(total, room, wanted)
    assert 0 <= top <= max(0, total - room)
    assert more == ("" if total <= room else f"lines {top}-{top + room - 1} of {total}")
    if total > room and 0 <= wanted <= total - room:
        assert top == wanted


def test_a_frame_clips_rows_and_hits() -> None:
    picture = framed([[Run("abcdef")]] * 3, [Hit(0, 2, 9, "in"), Hit(0, 4, 1, "out"), Hit(2, 0, 1, "below")], 4, 2)
    assert [row_text(row) for row in picture.rows] == ["abc…", "abc…"]
    assert picture.hits == (Hit(0, 2, 2, "in"),)
    assert picture.more == "lines 0-1 of 3"
