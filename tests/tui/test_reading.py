"""Long answers: every line of them can be read by keys, and reading moves nothing in the run."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Driver, Opened
from tests.tui.test_console import say

SIZES = [(80, 24), (120, 40), (60, 16)]


async def explain(driver: Driver, question: str) -> None:
    await say(driver, "goto e0.b0.update")
    await say(driver, question)
    await driver.press("1 1 tab")
    assert driver.focused().row.name == "why"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_end_of_an_answer_can_be_read(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("deep-sigmoid", size) as driver:
        await explain(driver, "why small delta[1]")
        t, first = driver.t, driver.pane("why")
        assert "why small delta[1]" in first and "Depth of sigmoid" not in first
        await driver.press("end")
        assert "at most 1/4" in driver.pane("why")
        await driver.press("home")
        assert driver.pane("why") == first
        await driver.press("9 9 down")
        assert "at most 1/4" in driver.pane("why"), "where nothing can be picked, the arrows scroll"
        await driver.press("9 9 up")
        assert driver.pane("why") == first
        assert driver.t == t


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_turning_pages_leaves_no_line_out(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("deep-sigmoid", size) as driver:
        await explain(driver, "why small delta[1]")
        t, before, seen = driver.t, "", set[str]()
        while driver.pane("why") != before:
            before = driver.pane("why")
            seen |= set(before.split("\n"))
            await driver.press("pagedown")
        told = "\n".join(seen)
        assert all(f"σ′(z[{l}])" in told and f"|dC_da[{l}]|" in told for l in range(1, 11))
        await driver.press("1 0 0 pageup")
        assert "why small delta[1]" in driver.pane("why") and driver.t == t


async def test_behind_the_last_term_the_arrows_scroll_on(opened: Opened) -> None:
    async with opened("iris", (60, 16)) as driver:
        await explain(driver, "why/40 gW[1][0,0]")
        await driver.press("9 9 down", "9 9 down")
        last = driver.screen.console.explained
        assert last is not None
        assert driver.screen.choices.entry == f"link:{len(last.links)}"
        assert driver.focused().picture.top + driver.focused().size.height >= len(last.lines)


async def test_pages_are_batches_where_no_text_is_read(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("3 tab", "pagedown")
        assert driver.t > 0
        await driver.press("home end")
        assert driver.focused().row.name == "dp"


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_an_answer_has_more_than_a_few_lines(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("deep-sigmoid", size) as driver:
        await explain(driver, "why small delta[1]")
        assert driver.focused().size.height >= 8
        assert not any(line.startswith("       ") and "|δ" in line for line in driver.pane("why").split("\n"))
