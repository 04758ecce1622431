"""Keys and clicks that come quicker than the app expects: none of them may end it, or leave it without a keyboard."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Opened


@pytest.mark.parametrize(
    "keys",
    ["g n o n s e n s e enter", "9 9 9 9 9 n", "1 tab down c t"],
    ids=["bad position", "too often", "not after this place"],
)
async def test_repeating_what_failed_says_why_again(opened: Opened, keys: str) -> None:
    async with opened("xor") as driver:
        await driver.press(keys)
        t = driver.t
        await driver.press("full_stop full_stop")
        assert driver.t == t
        await driver.press("C")
        await driver.press("i")
        assert driver.t == 1


async def test_a_click_elsewhere_drops_the_question(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        await driver.press("g")
        await driver.pilot.click("#layer")
        await driver.pilot.pause(0.1)
        await driver.press("i")
        assert driver.t == 1
        await driver.press("g", *"t=9", "enter")
        assert driver.t == 9


async def test_the_palette_stands_quick_keys(opened: Opened) -> None:
    async with opened("xor") as driver:
        for keys in (
            ["ctrl+p", "enter", "enter", "enter"],
            ["ctrl+p", "pagedown", "pageup"],
            ["ctrl+p", "escape", "escape"],
        ):
            await driver.tap(*keys)
            await driver.pilot.pause(0.2)
            if driver.palette_is_open():
                await driver.press("escape")
            await driver.pilot.pause(0.1)
        assert not driver.palette_is_open()
        await driver.press("C i")
        assert driver.t == 1


async def test_a_count_belongs_to_the_next_movement_only(opened: Opened) -> None:
    async with opened("xor") as driver:
        await driver.press("5 w i")
        assert driver.t == 1
