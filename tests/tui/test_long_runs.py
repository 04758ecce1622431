"""Long movements: progress is shown, keys stay alive, esc stops at once, and nothing runs on behind a closed screen."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator

import numpy as np
import pytest

from tests.debugger.straight import seen
from tests.present.scenes import recipes
from tests.recipes import sized
from tests.tui.conftest import Driver, Opened
from tuibp.debugger import head
from tuibp.debugger.session import Session
from tuibp.debugger.view import View
from tuibp.engine.recipe import Recipe
from tuibp.present.header import UNDER_WAY
from tuibp.tui import journey
from tuibp.tui.journey import Journey
from tuibp.tui.screens.help import HelpScreen


def endless() -> Recipe:
    """Minutes of batches, each short."""
    return sized(64, 1, 100_000, (2, 3, 1))


def help_is_open(driver: Driver) -> bool:
    return isinstance(driver.app.screen, HelpScreen)


async def running(driver: Driver) -> None:
    """Until a long run is under way and has been looked at."""
    await driver.tap("c")
    while "batches" not in driver.hints():
        await asyncio.sleep(0.01)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what is to be seen."""
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never seen")


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_long_run_is_shown_and_stops_at_once(opened: Opened, key: str) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await running(driver)
        assert driver.t == 0
        await asyncio.sleep(0.3)
        assert "esc stop" in driver.hints() and "left" in driver.hints()
        assert UNDER_WAY in driver.lines()[0] and "on the way from t=0  e0.shuffle" in driver.lines()[0]
        await driver.tap(key)
        await asyncio.wait_for(driver.settle(), 5)
        assert driver.app.is_running
        assert driver.t > 0 and f"Stopped at {driver.at}." in driver.hints()
        assert UNDER_WAY not in driver.lines()[0] and driver.screen.session.position.op is not None
        twin = Session(endless())
        twin.go(driver.t)
        assert twin["W[1][0,0]"] == driver.screen.session["W[1][0,0]"]
        await driver.press("s")
        assert driver.t == twin.step().t


async def test_keys_live_during_a_run(opened: Opened) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await driver.press("9 s")
        before = driver.pane("formula")
        await running(driver)
        place = driver.t
        await driver.tap("tab", "down", "s", "S", "full_stop", "minus", "greater_than_sign", "u", "w", "plus", "z", "z")
        assert driver.screen.helm.journey is not None and driver.t == place
        assert driver.cursor() is not None and driver.look() is None
        await driver.tap("question_mark")
        assert help_is_open(driver)
        await driver.tap("escape")
        while help_is_open(driver):
            await asyncio.sleep(0.01)
        assert driver.screen.helm.journey is not None, "that esc closed the help"
        await driver.tap("7 tab")
        for _ in range(100):
            if "█" in driver.pane("curve"):
                break
            await asyncio.sleep(0.05)
        assert "█" in driver.pane("curve"), "the curve grows"
        await driver.tap("escape")
        await asyncio.wait_for(driver.settle(), 5)
        await driver.press("escape escape escape", "minus")
        assert driver.t == place and driver.pane("formula") != "" and before != ""


async def test_a_key_that_moves_says_why_it_does_not(opened: Opened) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await driver.press("9 s")
        place = driver.t
        await running(driver)
        for key in ("s", "minus", "full_stop", "greater_than_sign", "g", "c"):
            driver.screen._busy_until = 0.0
            driver.screen._paint_bars()
            await until(lambda: driver.hints().endswith("esc stop"))
            await driver.tap(key)
            await until(lambda: "A run is under way: esc stops it" in driver.hints() and "batches" in driver.hints())
        assert driver.t == place and driver.look() is None and not driver.screen.prompt.asking
        await driver.tap("escape")
        await asyncio.wait_for(driver.settle(), 5)
        await driver.press("s")
        assert "under way" not in driver.hints()


async def test_returning_to_a_far_place_is_a_journey_too(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "INLINE", 0.0)
    async with opened(sized(64, 1, 400, (2, 3, 1)), (80, 24)) as driver:
        await driver.tap("c")
        await driver.settle()
        await driver.tap("C")
        await driver.settle()
        for key, at in (("minus", "end"), ("minus", "e0.shuffle"), ("equals_sign", "end")):
            await driver.tap(key)
            await driver.settle()
            assert driver.at == at
        await driver.tap("equals_sign", "equals_sign")
        await driver.settle()
        assert driver.t == 0 and "No place after" in driver.hints()


def test_a_journey_rests_until_a_key_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "GIVEN", 60.0)
    session, going = Session(endless()), threading.Event()

    def steps() -> Generator[tuple[int, int], None, None]:
        yield 1, 3
        going.set()
        yield 2, 3

    travel = Journey(session, 1, steps())
    travel.give_way()
    thread = threading.Thread(target=travel.run)
    thread.start()
    while travel.progress.done < 1:
        time.sleep(0.001)
    assert not going.wait(0.05)
    travel.go_on()
    assert going.wait(30)
    thread.join(30)
    assert not thread.is_alive() and travel.progress.done == 2


def test_what_is_published_of_a_journey_is_a_copy() -> None:
    session = Session(sized(64, 1, 400, (2, 3, 1)))
    travel = Journey(session, session.clock.total, session.travel(session.clock.total))
    assert travel.run() and travel.costs is not None
    (costs, stride), log = travel.costs, session.timeline.log
    before = costs.copy()
    np.testing.assert_array_equal(costs, log.mean_costs()[: len(costs)])
    costs += 1.0
    np.testing.assert_array_equal(before, log.mean_costs()[: len(before)])
    assert stride == log.stride


async def test_a_long_way_back_may_be_stopped_too(opened: Opened) -> None:
    async with opened(sized(64, 1, 400, (2, 3, 1)), (80, 24)) as driver:
        await driver.tap("c")
        await driver.settle()
        assert driver.at == "end" and "End of the run" in driver.hints()
        await driver.tap("C")
        await driver.settle()
        assert driver.t == 0


async def test_quitting_ends_the_thread(opened: Opened) -> None:
    async with opened(endless(), (80, 24)) as driver:
        await running(driver)
        under_way = driver.screen.helm.journey
        await driver.tap("q")
    assert under_way is not None and under_way._called_off.is_set()


def test_a_journey_that_is_called_off_stops_within_a_batch() -> None:
    session = Session(endless())
    travel = Journey(session, session.clock.total, session.travel(session.clock.total))
    assert not travel.run_inline()
    thread = threading.Thread(target=travel.run)
    thread.start()
    time.sleep(0.05)
    travel.call_off()
    thread.join(5)
    assert not thread.is_alive() and session.t == 0
    assert 0 < travel.progress.done < travel.progress.total and travel.progress.left > 0


@pytest.mark.parametrize("batches", (50, 101, 203))
def test_a_journey_that_is_called_off_keeps_what_it_has_run(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it pauses within a batch; and though somebody still holds the journey."""
    monkeypatch.setattr(head, "LONG", 0)
    session = Session(endless())
    travel, timeline = Journey(session, session.clock.total, session.travel(session.clock.total)), session.timeline
    thread = threading.Thread(target=travel.run)
    thread.start()
    while travel.progress.done < batches:
        time.sleep(0.001)
    travel.call_off()
    thread.join(5)
    assert timeline.log.filled == travel.progress.done
    epoch, batch = divmod(timeline.log.filled, timeline.program.K)
    assert timeline.reached == session.clock.batch_start(epoch, batch + 1)


async def test_a_heavy_batch_is_computed_beside_the_screen(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every stage were dear: each step is a journey, and the screen shows the same as without."""
    async with opened(recipes()["iris"], (80, 24)) as driver:
        await driver.press("s " * 9)
        plain = driver.pictures()
    monkeypatch.setattr(journey, "HEAVY", 0)
    async with opened(recipes()["iris"], (80, 24)) as driver:
        for _ in range(9):
            await driver.tap("s")
            await driver.settle()
        assert driver.pictures() == plain


def test_a_slow_machine_pauses_more_often_and_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "LONGEST", -1.0)
    recipe = sized(64, 1, 200, (2, 3, 1))
    session, twin = Session(recipe), Session(recipe)
    twin.go(twin.clock.total)
    assert Journey(session, session.clock.total, session.travel(session.clock.total)).run()
    assert session.timeline._head._most < twin.timeline._head._most
    assert seen(View(session.timeline, twin.clock.total)) == seen(View(twin.timeline, twin.clock.total))
    np.testing.assert_array_equal(session.timeline.log.mean_costs(), twin.timeline.log.mean_costs())
