"""`continue` that takes long: it is shown, it stops at once with everything intact, and nothing else begins."""

from __future__ import annotations

import asyncio

import pytest

from tests.tui.conftest import Driver, Opened
from tests.tui.test_console import said, say
from tests.tui.test_long_runs import endless, until
from tuibp.debugger.session import Session
from tuibp.present.header import UNDER_WAY

NEVER = "watch cost < -1"


async def under_way(driver: Driver) -> None:
    await driver.tap("c")
    await until(lambda: driver.screen.helm.journey is not None and "batches" in driver.hints())


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_it_is_shown_and_stops_at_once(opened: Opened, size: tuple[int, int], key: str) -> None:
    async with opened(endless(), size) as driver:
        for line in (NEVER, "break update if cost < -1", "display cost", "mark a"):
            await say(driver, line)
        await under_way(driver)
        await asyncio.sleep(0.3)
        assert "esc stop" in driver.hints() and "%" in driver.hints() and UNDER_WAY in driver.lines()[0]
        await driver.tap(key)
        await asyncio.wait_for(driver.settle(), 5)
        await driver.pilot.pause()
        assert driver.t > 0 and f"Stopped at {driver.at}." in driver.hints()
        assert len(driver.screen.session.stops.all) == 2 and driver.screen.console.displays
        twin = Session(endless())
        twin.go(driver.t)
        assert twin["W[1][0,0]"] == driver.screen.session["W[1][0,0]"]
        await driver.press("apostrophe a")
        assert driver.t == 0


@pytest.mark.parametrize("line", ["c", "cont", "goto end", "epoch 50000"])
async def test_a_typed_one_stops_where_it_has_come_too(opened: Opened, line: str) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await say(driver, NEVER)
        await driver.press("colon")
        field = driver.screen.prompt._field
        assert field is not None
        field.value = line
        await driver.tap("enter")
        await until(lambda: driver.screen.helm.journey is not None)
        await asyncio.sleep(0.3)
        await driver.tap("escape")
        await asyncio.wait_for(driver.settle(), 5)
        assert driver.t > 0 and "Stopped at" in driver.hints()


async def test_keys_that_look_stay_alive_and_others_are_refused(opened: Opened) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await driver.press("9 s")
        await say(driver, NEVER)
        place = driver.t
        await under_way(driver)
        await driver.tap("5 tab down")
        assert driver.focused().row.name == "matrix" and driver.cursor() is not None
        before = list(said(driver))
        for key in (
            "colon",
            "b",
            "W",
            "D",
            "e",
            "L",
            "m",
            "apostrophe",
            "M",
            "slash",
            "c",
            "C",
            "g",
            "delete",
            "enter",
        ):
            driver.screen._busy_until = 0.0
            await driver.tap(key)
            await until(lambda: "A run is under way: esc stops it" in driver.hints())
            assert not driver.screen.prompt.asking and not driver.screen._pending, key
        driver.screen.carry_out("print cost")
        assert said(driver) == before, "nothing of it stands in the transcript"
        for pane in "8", "9", "1 0":
            await driver.tap(f"{pane} tab")
        assert driver.focused().row.name == "console" and driver.screen.helm.journey is not None
        await driver.tap("escape")
        await asyncio.wait_for(driver.settle(), 5)
        assert driver.t >= place and len(driver.screen.session.stops.all) == 1


async def test_back_to_the_stop_before_may_take_long_too(opened: Opened) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await under_way(driver)
        await asyncio.sleep(0.6)
        await driver.tap("escape")
        await asyncio.wait_for(driver.settle(), 5)
        there = driver.t
        await say(driver, NEVER)
        await driver.tap("C")
        if driver.screen.helm.journey is not None:
            await driver.tap("escape")
            await asyncio.wait_for(driver.settle(), 5)
        assert driver.t in (there, 0)
        await driver.tap("i")
        assert driver.t in (there + 1, 1)


async def test_a_hit_far_away_is_reported_with_its_value(opened: Opened) -> None:
    async with opened(endless(), (120, 40)) as driver:
        await say(driver, "break update if epoch == 90")
        await driver.tap("c")
        await asyncio.wait_for(driver.settle(), 30)
        await driver.pilot.pause()
        assert driver.at == "e90.b0.update" and "stop 1: epoch = 90" in driver.hints()
        await driver.press("g", *"start", "enter")
        assert "●" in driver.pane("curve"), "the time line shows where it was"
        await say(driver, "tbreak update")
        await driver.press("8 tab", "c")
        await driver.settle()
        await driver.pilot.pause()
        assert "tbreak" not in driver.pane("stops") and len(driver.screen.scene.board.stops) == 1
