"""Keys that act: stops, watches, displays, edits, marks, notes, timelines; and the lists in which they stand."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Driver, Opened
from tests.tui.test_console import said, say
from tests.tui.test_keys import click
from tuibp.present.board import Board

SIZES = [(80, 24), (120, 40)]
at_both = pytest.mark.parametrize("size", SIZES, ids=str)


def board(driver: Driver) -> Board:
    return driver.screen.scene.board


async def run(driver: Driver, *keys: str) -> None:
    """Keys, each when the one before has been carried out, which may be beside the screen."""
    for key in [key for text in keys for key in text.split()]:
        await driver.press(key)
        await driver.settle()
        await driver.pilot.pause()


def gutter(driver: Driver, line: str) -> str:
    """What stands before a line of the program."""
    return next(text for text in driver.pane("program").splitlines() if line in text)[:2].strip()


@at_both
async def test_b_stops_before_the_selected_line_and_no_longer(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        await driver.press("1 tab down down down right b")
        assert driver.screen.choices.place == "fwd1.a" and [stop.ops for stop in board(driver).stops] == [("fwd1.a",)]
        assert gutter(driver, "fwd 1") == "●" and "z●a" in driver.pane("program")
        assert "Stop 1 is set: break fwd1.a" in driver.hints()
        await run(driver, "escape c")
        assert driver.at == "e0.b0.s0.fwd1.a" and "stop 1, break fwd1.a" in driver.hints()
        assert gutter(driver, "fwd 1") == "●▶"
        await run(driver, "C")
        assert driver.t == 0
        await say(driver, "disable 1")
        assert gutter(driver, "fwd 1") == "○", "switched off, but not forgotten"
        await run(driver, "c")
        assert driver.at == "end"
        await driver.press("1 tab", "g", *"start", "enter")
        await driver.press("down down down right b")
        assert not board(driver).stops and gutter(driver, "fwd 1") == ""


async def test_b_without_a_selected_line_takes_the_next_operation(opened: Opened) -> None:
    async with opened("xor") as driver:
        await driver.press("s b")
        assert board(driver).stops[0].title == "break begin"
        await driver.press("b")
        assert not board(driver).stops
        await run(driver, "c b")
        assert "Nothing comes next" in driver.hints() and not board(driver).stops


@at_both
async def test_a_selected_cell_is_watched_displayed_and_edited(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        for key in ("W", "D", "L"):
            await driver.press(key)
            assert "Select a cell first" in driver.hints() and "mouse" in driver.hints()
        await driver.press("right_curly_bracket", "5 tab down")
        await driver.press("W")
        assert [stop.title for stop in board(driver).stops] == ["watch W[1][0,0]"]
        await driver.press("D")
        assert list(driver.screen.console.displays.values()) == [("W[1][0,0]", "")]
        await run(driver, "c")
        assert driver.at == "e0.end" and "stop 1: W[1][0,0] before = " in driver.hints()
        await driver.press("8 tab")
        assert "display 1: W[1][0,0] = " in driver.pane("stops")
        assert "1 ▶ watch W[1][0,0]" in driver.pane("stops")
        await driver.press("e")
        field = driver.screen.prompt._field
        assert field is not None and field.value == "W[1][0,0] = "
        await driver.press(*"0.25", "enter")
        assert driver.screen.session["W[1][0,0]"] == 0.25
        assert driver.screen.session.current == 1 and "timeline 1" in driver.lines()[0]
        assert "W[1][0,0]: " in driver.hints() and "-> 0.25" in driver.hints()
        assert "set by hand" in driver.pane("formula")
        await driver.press("L")
        assert driver.t < driver.screen.session.came_from or "has not changed" in driver.hints()


async def test_what_cannot_be_edited_changes_nothing(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("right_curly_bracket", "4 tab down e")
        await driver.press(*"7", "enter")
        assert driver.screen.session.current == 0 and "cannot be set" in driver.hints()
        assert "10 tab" in driver.hints(), "the whole sentence stands in the console"
        assert driver.focused().row.name == "layer"


@at_both
async def test_marks_are_gone_to_across_timelines(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        await driver.press("9 s m")
        assert "letter" in driver.hints()
        await driver.press("a")
        here = driver.t
        await driver.press("2 right_curly_bracket")
        await say(driver, "set lr = 0.5")
        await driver.press("s s m b s")
        there, timeline = driver.t - 0, driver.screen.session.current
        assert timeline == 1 and [mark.name for mark in board(driver).marks] == ["a", "b"]
        await driver.press("apostrophe a")
        assert (driver.t, driver.screen.session.current) == (here, 0) and "Timeline 0" in driver.hints()
        await driver.press("apostrophe b")
        assert driver.screen.session.current == 1 and driver.t < there
        await driver.press("apostrophe z")
        assert "no mark" in driver.hints()
        await driver.press("m escape s")
        assert [mark.name for mark in board(driver).marks] == ["a", "b"], "esc marks nothing"
        await driver.press("m 1")
        assert len(board(driver).marks) == 2


@at_both
async def test_lists_do_what_enter_and_delete_say(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        await driver.press("right_curly_bracket m k")
        for line in (
            "break update",
            "watch cost > 100",
            "display cost",
            "note look here",
            "set lr = 0.5",
            "note and here",
        ):
            await say(driver, line)
        await driver.press("8 tab down")
        assert driver.screen.choices.entry == "stop:1"
        await driver.press("enter")
        assert "enter on or off" in driver.hints() and "delete forget" in driver.hints()
        assert not board(driver).stops[0].enabled and board(driver).stops[1].enabled
        await driver.press("enter")
        assert board(driver).stops[0].enabled
        await driver.press("delete")
        assert [stop.number for stop in board(driver).stops] == [2] and driver.screen.choices.entry == "stop:2"
        await driver.press("delete delete")
        assert not board(driver).stops and not board(driver).displays
        await driver.press("delete enter")
        await driver.press("9 tab down enter")
        assert driver.screen.choices.entry == "timeline:0" and driver.screen.session.current == 0
        await driver.press("down enter")
        assert driver.screen.session.current == 1
        await run(driver, "c", "down enter")
        assert driver.screen.choices.entry == "mark:k" and driver.at == "e0.b1.begin"
        await run(driver, "s", "down enter")
        assert driver.screen.choices.entry == "note:1" and driver.at == "e0.b1.begin"
        await driver.press("delete")
        assert len(board(driver).notes) == 2, "notes are kept"
        await driver.press("3 tab")
        assert driver.screen.choices.entry == "", "it belongs to its list"


async def test_an_entry_that_is_gone_is_refused(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        await driver.press("b", "8 tab down")
        await say(driver, "delete 1")
        await driver.press("enter delete")
        assert "no stop 1" in driver.hints() and driver.app.is_running


LINES = ("break update", "epoch 3", "mark m", "batch 3", "continue", "batch 4", "set lr = 0.5", "note here")


@at_both
async def test_clicks_on_lists_and_on_the_time_line(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        for line in LINES:
            await say(driver, line)
        await driver.press("8 tab")
        await click(driver, "stops", "stop:1")
        assert driver.screen.choices.entry == "stop:1"
        await click(driver, "stops", "stop:1", times=2)
        assert not board(driver).stops[0].enabled
        await driver.press("9 tab")
        await click(driver, "timelines", "timeline:0", times=2)
        assert driver.screen.session.current == 0
        await click(driver, "timelines", "mark:m", times=2)
        assert driver.at == "e3.shuffle"
        await driver.press("7 tab")
        where = board(driver).stopped[0]
        await click(driver, "curve", f"at:{where}", times=2)
        assert driver.t == where
        await click(driver, "curve", "mark:m", times=2)
        assert driver.at == "e3.shuffle"
        await click(driver, "curve", "timeline:1", times=2)
        assert driver.screen.session.current == 1


async def test_stale_marks_come_with_an_edit_and_go_when_recomputed(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        await driver.press("4 s")
        assert "~" not in driver.pane("layer")
        await say(driver, "set W[1][0,0] = 0.5")
        assert "~" in driver.pane("layer")
        await driver.press("4 tab down")
        assert "computed before" in driver.pane("formula")
        await driver.press("escape", "2 right_curly_bracket", "4 s")
        assert "~" not in driver.pane("layer")


async def test_several_hits_are_all_reported(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        for line in ("break cost", "break cost if epoch >= 0", "continue"):
            await say(driver, line)
        assert driver.at == "e0.b0.s0.cost" and "and 1 more" in driver.hints()
        assert sum(text.startswith("stop ") and ", break" in text for text in said(driver)) == 2
        assert "epoch = 0" in "\n".join(said(driver))


async def test_a_note_asks_and_stands_in_the_list(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("M")
        await driver.press(*"watch", "space", *"this", "enter")
        await driver.press("9 tab")
        assert "*1  e0.shuffle  watch this" in driver.pane("timelines")


async def test_find_asks_and_its_values_are_places(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        await run(driver, "2 right_square_bracket")
        await driver.press("slash")
        await driver.press(*"cost", "space", "greater_than_sign", "space", "0", "enter")
        await driver.settle()
        await driver.pilot.pause()
        assert any(text.startswith("$1  e1.") for text in said(driver)), said(driver)
        await say(driver, "goto $1")
        assert driver.at.startswith("e1.") and driver.t < driver.screen.session.came_from
