"""PictureView and the hooks of textual on which it and the rest of the screen stand."""

from __future__ import annotations

import os

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen

from tests.terminal.test_palette import PALETTES
from tuibp.present.cells import Hit, Picture, Row, Run
from tuibp.tui.framework import QuietScreen, canonical_key, check_keys
from tuibp.tui.palette import Palette, palette_for
from tuibp.tui.terminal import ENVIRONMENT, prepare_environment
from tuibp.tui.widgets.picture import PictureView, bands, changed_rows, one_cell_each, paint_row

STYLES = palette_for("truecolor", True).styles


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("δ² = σ′(z) ⊙ ▶·", "δ² = σ′(z) ⊙ ▶·"),
        ("a\x1b[31mb", "a?[31mb"),
        ("\x00\t\n\r\x7f\x85\x9b", "???????"),
        ("漢字", "??"),
        ("e\u0301", "e?"),
        ("\u200b\u202e\ufeff\ud800", "????"),
        ("", ""),
    ],
)
def test_every_character_is_one_cell(text: str, shown: str) -> None:
    assert one_cell_each(text) == shown


@pytest.mark.parametrize(
    ("row", "width", "texts"),
    [
        ((), 3, ["   "]),
        ((Run("ab"), Run("cd")), 6, ["abcd  "]),
        ((Run("ab", "dim"), Run("cd", "dim"), Run("e", "value")), 7, ["abcd", "e", "  "]),
        ((Run("abc", "dim"), Run("def", "value")), 4, ["abc", "d"]),
        ((Run("abc", "dim"), Run("def", "value")), 3, ["abc"]),
        ((Run("", "dim"), Run("x", "value")), 1, ["x"]),
        ((Run("abc", "dim"),), 0, []),
    ],
)
def test_a_row_fills_its_width(row: Row, width: int, texts: list[str]) -> None:
    strip = paint_row(row, width, STYLES)
    assert [segment.text for segment in strip] == texts
    assert strip.cell_length == width


@pytest.mark.parametrize("palette", PALETTES, ids=str)
def test_every_cell_of_a_row_has_a_background(palette: Palette) -> None:
    strip = paint_row((Run("a"), Run("b", "heat+2 active")), 5, palette.styles)
    assert all(segment.style is not None and segment.style.bgcolor is not None for segment in strip)


def test_only_rows_that_differ_are_painted() -> None:
    one, two, three = (Run("1"),), (Run("2"),), (Run("3"),)
    assert changed_rows((one, two), ((Run("1"),), two)) == []
    assert changed_rows((one, two, three), (one, three)) == [1, 2]
    assert changed_rows((one,), (one, (Run("2", "dim"),))) == [1]
    assert bands([1, 2, 3, 7], 9) == [Region(0, 1, 9, 3), Region(0, 7, 9, 1)]
    assert bands([], 9) == []


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield PictureView(id="view")

    def get_default_screen(self) -> Screen[None]:
        return QuietScreen()


async def test_a_view_on_a_screen() -> None:
    app = Shown()
    async with app.run_test(size=(20, 5)) as pilot:
        view = app.query_one(PictureView)
        view.show(Picture(((Run("abc"),), (Run("def", "good"),)), (Hit(1, 1, 2, "here"),), more="[/nope]"))
        await pilot.pause()
        assert [view.render_line(y).text for y in range(3)] == ["abc".ljust(20), "def".ljust(20), " " * 20]
        assert [view.hit(x, 1) is not None for x in range(4)] == [False, True, True, False]
        assert view.hit(1, 0) is None
        assert view.border_subtitle == r"\[/nope]"
        view.show(Picture(()))
        assert not view.border_subtitle
        assert not view.get_line_filters()


async def test_moving_the_focus_does_not_repaint_the_screen() -> None:
    """The hook under QuietScreen: textual calls it `focused`, it is a Reactive, and it would repaint."""
    theirs, ours = Screen.__dict__["focused"], QuietScreen.__dict__["focused"]
    assert isinstance(theirs, Reactive)
    assert isinstance(ours, Reactive)
    assert (theirs._repaint, ours._repaint) == (True, False)
    app = Shown()
    async with app.run_test():
        assert QuietScreen._reactives["focused"] is ours
        view = app.query_one(PictureView)
        app.screen.set_focus(None)
        app.screen.set_focus(view)
        assert app.screen.focused is view


def test_the_environment_is_set_where_the_user_has_not() -> None:
    environ = {"ESCDELAY": "500", "NO_COLOR": ""}
    prepare_environment(environ)
    assert environ == ENVIRONMENT | {"ESCDELAY": "500"}
    environ = {"NO_COLOR": "0"}
    prepare_environment(environ)
    assert environ["NO_COLOR"] == "0"
    assert os.environ["TEXTUAL_ANIMATIONS"] == "none"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("s", "s"),
        ("S", "S"),
        ("(", "left_parenthesis"),
        ("+", "plus"),
        (",", "comma"),
        ("/", "slash"),
        (" ", "space"),
        ("space", "space"),
        ("pagedown", "pagedown"),
        ("f1", "f1"),
        ("minus", "minus"),
        ("question_mark", "question_mark"),
        ("ctrl+p", "ctrl+p"),
        ("shift+tab", "shift+tab"),
        ("ctrl+left", "ctrl+left"),
        ("enter", "enter"),
        ("escape", "escape"),
    ],
)
def test_known_keys(key: str, name: str) -> None:
    assert canonical_key(key) == name


@pytest.mark.parametrize("key", ["pgdn", "", "ctrl-p", "ctrl+i", "ctrl+m", "shift+a", "strg+p", "ctrl+nokey"])
def test_keys_that_never_arrive(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        canonical_key(key)


def test_all_faults_of_a_keymap_are_named() -> None:
    assert check_keys([("s", "step"), ("(", "sample")]) == {"s": "step", "left_parenthesis": "sample"}
    with pytest.raises(ValueError, match=r"two: the key '\(' already belongs to one; three: unknown key 'pgdn'"):
        check_keys([("(", "one"), ("(", "two"), ("pgdn", "three")])
