"""The screen as a whole: the first minute, sizes, frames, themes, and that reverse clears what forward wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style
from textual.geometry import Region

from tests.golden import assert_golden
from tests.present.scenes import SAMPLES
from tests.tui.conftest import Driver, Opened
from tuibp.present.cells import Picture

SIZES = [(80, 24), (120, 40), (200, 60)]


async def test_the_first_minute(opened: Opened) -> None:
    """Within ten keys: a forward pass, the cost, the DP table from right to left, an update."""
    async with opened("xor", (80, 24)) as driver:
        assert driver.t == 0
        assert "space compute it" in driver.hints()
        assert "shuffle" in driver.pane("formula") and "?" in driver.pane("formula")
        keys = 0
        while driver.at != "e0.b0.s0.cost":
            await driver.press("space")
            keys += 1
        assert "z²[0]" in driver.pane("formula")
        await driver.press("space")
        assert "C = (0.32749 - 0)^2 = 0.10725" in driver.pane("formula")
        filled = []
        for _ in range(2):
            await driver.press("space")
            row = driver.pane("dp").splitlines()[1].split()[1:]
            filled.append([value not in "·○" for value in row])
        assert filled == [[False, False, True], [True, True, True]]
        await driver.press("right_curly_bracket")
        assert keys + 4 <= 10
        assert driver.at == "e0.b1.begin"
        assert "update" in driver.pane("formula") and "ΔW" not in driver.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_frames(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        frames = [driver.text()]
        await driver.press("space " * 6)
        frames.append(driver.text())
        await driver.press("right_square_bracket space space space 5 tab down")
        frames.append(driver.text())
    path = Path(__file__).parent / "goldens" / f"xor-{size[0]}x{size[1]}.txt"
    assert_golden(path, ("\n" + "=" * size[0] + "\n").join(frames))


def shown(driver: Driver, command: str, steps: int) -> list[tuple[str, dict[str, Picture]]]:
    """Before every one of so many steps: the position and all pictures."""
    found = []
    for _ in range(steps):
        found.append((driver.at, driver.pictures()))
        driver.screen.action_command(command)
    return found


def assert_mirrored(driver: Driver, command: str, steps: int) -> None:
    """Steps forward and back again: every pane is painted as it was at the same place."""
    for name in (command, f"reverse-{command}"):  # afterwards the cost curve knows all batches
        shown(driver, name, steps)
    forward = shown(driver, command, steps)
    back = shown(driver, f"reverse-{command}", steps)
    back = [*back[1:], (driver.at, driver.pictures())]
    for (at, before), (same, after) in zip(forward, reversed(back), strict=True):
        assert at == same
        for pane, picture in before.items():
            assert picture == after[pane], (at, pane)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("sample", SAMPLES)
async def test_steps_back_show_what_was_there(opened: Opened, sample: str, size: tuple[int, int]) -> None:
    """40 steps and 40 back, over borders of samples and batches."""
    async with opened(sample, size) as driver:
        await driver.press("right_curly_bracket left_curly_bracket s s s")
        assert_mirrored(driver, "step", 40)
        await driver.pilot.pause()
        assert len(driver.lines()) == size[1]
        assert driver.screen.scene.title[:3] in driver.text()


@pytest.mark.parametrize("command", ["stepi", "sample", "batch"])
async def test_other_steps_back_show_what_was_there(opened: Opened, command: str) -> None:
    async with opened("iris") as driver:
        await driver.press("right_curly_bracket")
        driver.screen.action_command(command)
        assert_mirrored(driver, command, 20)


async def test_too_small_is_a_sentence_and_growing_brings_all_back(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        before = driver.text()
        for width, height in [(20, 5), (59, 30), (1, 1), (250, 70), (60, 16)]:
            await driver.pilot.resize_terminal(width, height)
            await driver.pilot.pause()
            small = width < 60 or height < 16
            assert (" is too small: tuibp" in " ".join(driver.text().split())) == (small and width > 1)
            driver.screen.action_command("step")
        await driver.press("g", "0", "enter")
        await driver.pilot.resize_terminal(80, 24)
        await driver.pilot.pause()
        assert driver.lines()[1:-1] == before.splitlines()[1:-1]


async def test_ascii_only(opened: Opened) -> None:
    """Not one character that is no ASCII: borders, titles, panes, help, prompt, palette."""
    async with opened("iris", (80, 24), ascii=True) as driver:
        for keys in ("s s s s", "right_curly_bracket", "less_than_sign", "7 tab", "z", "z", "question_mark",
                     "escape", "g", "9 9", "escape", "4 tab down down", "5 s", "plus plus", "ctrl+p", "t h e",
                     "escape"):  # fmt: skip
            await driver.press(keys)
            assert driver.text().isascii(), [line for line in driver.lines() if not line.isascii()]
        await driver.press("5 tab")
        assert "> 5 " in driver.text() and "+-" in driver.text()


def styles(driver: Driver) -> set[Style]:
    return {
        segment.style
        for strip in driver.app.screen._compositor.render_strips()
        for segment in strip
        if segment.style is not None
    }


async def test_the_theme_changes(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("s s")
        dark = styles(driver)
        await driver.press("ctrl+t")
        assert driver.app.theme == "tuibp-light" and not styles(driver) & dark
        await driver.press("ctrl+t")
        assert driver.app.theme == "tuibp-dark" and styles(driver) == dark
    async with opened("xor", (80, 24), dark=False) as driver:
        assert driver.app.theme == "tuibp-light"


async def test_without_colour(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: no colour at all, and still the focus, the cursor and what is lit differ from the rest."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened("xor", (80, 24)) as driver:
        await driver.press("s s s s 4 tab down")
        found = styles(driver)
        assert all(style.color is None or style.color.is_default for style in found)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in found)
        assert any(style.reverse for style in found) and any(style.underline and style.bold for style in found)
        assert "▸ 4 layer" in driver.text() and "┏" in driver.text()
        await driver.press("ctrl+t")
        assert "colours" in driver.hints()


async def test_a_new_title_repaints_its_line_only(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        pane = driver.screen.layout_of.panes["matrix"]
        pane._exchange_repaint_regions()
        pane.entitle("another")
        assert pane._exchange_repaint_regions() == {Region(0, 0, pane.outer_size.width, 1)}
        await driver.pilot.pause()
        assert "another" in driver.text()
