"""Every key in every pane, counts, the cursor, the mouse, the prompt, the help, the palette."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Driver, Opened
from tuibp.console.actions import ACTIONS
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.location import parse_position
from tuibp.debugger.names import CellRef
from tuibp.present.choosing import LOOK
from tuibp.tui.framework import canonical_key, check_keys
from tuibp.tui.keys import ARROWS, NAMES, PANE_KEYS, bindings
from tuibp.tui.panes import PANES
from tuibp.tui.screens.help import HelpScreen
from tuibp.tui.widgets.pane import LEAST_NAME

LEAVING = ("quit", "help", "palette", "goto", "find", "note", "set", "command")
"""Commands that take the keys elsewhere; they have tests of their own."""
KEYS = [
    canonical_key(NAMES.get(key, key))
    for command in COMMANDS.values()
    if command.name not in (*LEAVING, "cursor", "pane")
    for key in command.keys
]


def test_no_two_commands_share_a_key() -> None:
    assert set(check_keys(bindings())) >= {*KEYS, *ARROWS, *PANE_KEYS}


def test_every_command_can_be_carried_out() -> None:
    from tuibp.tui.screens.debugger import DebuggerScreen

    for command in COMMANDS.values():
        known = hasattr(DebuggerScreen, f"do_{command.screen}")
        assert command.target is not None or command.name in ("cursor", "pane", "times") or (
            known if command.screen else command.verb in ACTIONS
        ), command.name  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("pane", PANES)
async def test_every_key_works_in_every_pane(opened: Opened, pane: str, size: tuple[int, int]) -> None:
    """None is without a binding, none breaks anything; the screen stays as large as it is."""
    async with opened("xor", size) as driver:
        await driver.press("2 right_curly_bracket s s s")
        for key in (*KEYS, *ARROWS, *PANE_KEYS):
            driver.screen.to_pane(pane)
            (binding,) = driver.screen._bindings.key_to_bindings[key]
            await driver.screen.run_action(binding.action)
            await driver.settle()
        assert len(driver.lines()) == size[1]
        assert driver.app.screen is driver.screen


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        ("space", "t=1"), ("s s", "t=2"), ("1 0 s", "e0.b0.s1.fwd1.z"), ("3 i", "t=3"), ("2 right_parenthesis", "t=2"),
        ("2 right_curly_bracket", "e0.end"), ("pagedown pagedown pageup", "e0.b1"), ("right_square_bracket", "e1"),
        ("c", "end"), ("c C", "start"), ("9 s 4 S", "t=7"), ("9 s backspace", "t=16"), ("5 i I", "t=4"),
        ("4 s f", "e0.b0.s0.cost"), ("4 s F", "e0.b0.s0.fwd1.z"), ("4 s u u f", "e0.b0.s1"), ("4 s u u u F", "e0.b0"),
        ("4 s u u n", "e0.b0.s0.cost"), ("4 s u u n N", "e0.b0.s0.fwd1.z"), ("4 s u d f", "e0.b0.s0.cost"),
        ("2 s full_stop full_stop", "e0.b0.s0.bwd2"), ("right_curly_bracket s minus", "e0.b1"),
        ("right_curly_bracket s minus equals_sign", "e0.b1.s0"), ("right_parenthesis left_parenthesis", "start"),
        ("c left_square_bracket", "e59"), ("1 2 escape s", "t=1"), ("0 s", "t=1"),
        ("2 right_curly_bracket left_curly_bracket", "e0.b1"),
    ],
)  # fmt: skip
async def test_movements(opened: Opened, keys: str, position: str) -> None:
    async with opened("xor", (80, 24)) as driver:
        for key in keys.split():
            await driver.tap(key)
            await driver.settle()
        clock = driver.screen.session.clock
        assert driver.at == clock.at(parse_position(position, clock)).name


async def test_a_count_is_shown_and_chooses_a_pane(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("4")
        assert "4×" in driver.hints()
        await driver.press("tab")
        assert driver.focused().row.name == "layer" and "4×" not in driver.hints()
        await driver.press("9 9 tab")
        assert driver.focused().row.name == list(PANES)[-1]
        await driver.press("7 tab shift+tab")
        assert driver.focused().row.name == "formula"


async def test_the_cursor_is_the_same_cell_everywhere(opened: Opened) -> None:
    async with opened("xor") as driver:
        await driver.press("7 s", "down")
        assert driver.cursor() == CellRef("dC_da", 2, (0,))
        assert len(driver.roles("dp", "cursor")) == 1
        assert driver.roles("layer", "same") == driver.roles("dp", "cursor")
        await driver.press("4 tab")
        assert driver.roles("layer", "cursor") == driver.roles("dp", "same")
        assert "∂C/∂a²[0]" in driver.pane("formula")
        await driver.press("left left left h")
        assert driver.cursor() == CellRef("z", 2, (0,))
        await driver.press("5 tab j")
        cursor = driver.cursor()
        assert cursor is not None and cursor.name in ("W", "dW")
        await driver.press("escape")
        assert driver.cursor() is None and not driver.roles("matrix", "cursor")


async def test_a_place_of_the_listing_is_gone_to(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("t")
        assert "Select a line" in driver.hints() and driver.t == 0
        await driver.press("1 tab down down down right t")
        assert driver.at == "e0.b0.s0.fwd1.a"
        assert driver.screen.choices.place == "fwd1.a"
        await driver.press("t")
        assert driver.at == "e0.b0.s1.fwd1.a"
        await driver.press("T")
        assert driver.at == "e0.b0.s0.fwd1.a"
        await driver.press("T")
        assert "does not come before" in driver.hints()


async def click(driver: Driver, pane: str, target: CellRef | str, times: int = 1) -> None:
    view = driver.screen.layout_of.panes[pane]
    hit = next(hit for hit in view.picture.hits if hit.target == target)
    await driver.pilot.click(view, offset=(hit.x + 1, hit.y + 1), times=times)
    await driver.pilot.pause()


async def test_the_mouse(opened: Opened) -> None:
    async with opened("iris", (80, 24)) as driver:
        await driver.press("right_curly_bracket s s 7 s")
        await click(driver, "dp", CellRef("dC_da", 2, (2,)))
        assert driver.cursor() == CellRef("dC_da", 2, (2,))
        await click(driver, "network", f"{LOOK}3")
        assert driver.look() == 3 and "[3]" in driver.pane("network")
        await click(driver, "network", f"{LOOK}mean")
        assert driver.look() == "mean" and "[mean]" in driver.pane("network")
        await click(driver, "network", CellRef("a", 1, (0,)))
        assert driver.cursor() == CellRef("a", 1, (0,))
        await click(driver, "program", "cost")
        assert driver.screen.choices.place == "cost"
        assert driver.focused().row.name == "program"
        before = driver.t
        await click(driver, "program", "update", times=2)
        assert driver.t > before and driver.at.endswith("update")


async def test_tabs_can_be_clicked(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        for name in ("matrix", "console", "curve", "timelines", "stops", "layer", "dp"):
            front = driver.screen.layout_of.panes[driver.screen.layout_of._front]
            word = f"{PANES[name].number} {name[:LEAST_NAME]}"
            line = next(line for line in driver.lines() if word in line)
            x = line.index(word) - front.region.x
            await driver.pilot.click(front, offset=(x, 0))
            await driver.pilot.pause()
            assert driver.focused().row.name == name


async def test_the_wheel_scrolls_and_comes_to_an_end(opened: Opened) -> None:
    async with opened("digits", (80, 24)) as driver:
        await driver.press("5 tab")
        pane = driver.screen.layout_of.panes["matrix"]
        for _ in range(3):
            pane.scroll_by(1, 0)
        assert pane.picture.top == 3 and "rows 3-" in str(pane.border_subtitle)
        for _ in range(100):
            pane.scroll_by(1, 1)
        assert pane.picture.rows[-1][0].text.strip() == "to 31"
        pane.scroll_by(-1, 0)
        assert pane.picture.rows[-1][0].text.strip() == "to 30", "no notch is lost at the end"
        await driver.press("down")
        assert pane.picture.top == 0, "the cursor brings its cell back into sight"


@pytest.mark.parametrize(
    ("answer", "position", "says"),
    [
        ("e1.b0.s1.cost", "e1.b0.s1.cost", ""), ("41%", "e24.b1.s0.bwd1.sp", ""), ("+2e", "e2.shuffle", ""),
        ("end", "end", "End"), ("t=9", "e0.b0.s0.bwd2.sp", ""), ("zz", "e0.shuffle", "zz"),
        ("e99", "e0.shuffle", "the last is"),
        ("e0.b7", "e0.shuffle", "the last is 1"), ("  ", "e0.shuffle", "space compute it"),
        ("%%%", "e0.shuffle", "%%%"),
    ],
)  # fmt: skip
async def test_the_prompt(opened: Opened, answer: str, position: str, says: str) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("g")
        await driver.press(*["space" if char == " " else char for char in answer], "enter")
        await driver.settle()
        await driver.pilot.pause()
        if position != "e24.b1.s0.bwd1.sp":
            assert driver.at == position
        assert says in driver.hints()
        assert driver.focused().has_focus and "goto" not in driver.hints()


async def test_the_prompt_can_be_left(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("4 tab", "g", "e n d s q ?", "escape")
        assert driver.t == 0 and driver.app.is_running
        assert driver.focused().row.name == "layer"
        await driver.press("g", "ctrl+c")
        assert driver.app.is_running


@pytest.mark.parametrize("pane", PANES)
async def test_help_and_zoom_of_every_pane(opened: Opened, pane: str) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("9 s", f"{' '.join(str(PANES[pane].number))} tab", "question_mark")
        screen = driver.app.screen
        assert isinstance(screen, HelpScreen)
        assert driver.text() != "" and "lines 0-" in driver.text()
        await driver.press("down pagedown end")
        assert "quit" in driver.text().lower()
        await driver.press("home escape")
        before = driver.text()
        for size in ((80, 24), (120, 40), (200, 60)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("z")
            width, height = driver.screen.layout_of.panes[pane].outer_size
            assert (width, height) == (size[0], size[1] - 2)
            assert list(driver.pictures()) == [pane]
            await driver.press("z")
            assert len(driver.pictures()) >= 4
        await driver.pilot.resize_terminal(80, 24)
        await driver.pilot.pause()
        assert driver.text() == before


async def test_zoom_follows_the_pane_and_esc_leaves_it(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("z", "6 tab")
        assert list(driver.pictures()) == ["formula"]
        await driver.press("escape")
        assert len(driver.pictures()) == 4


async def test_the_palette_holds_every_command(opened: Opened) -> None:
    async with opened("xor") as driver:
        titles = [command.title for command in driver.app.get_system_commands(driver.screen)]
        missing = COMMANDS.keys() - {title.split()[0] for title in titles}
        assert missing == {"palette", "times", "cursor", "pane", "escape", "repeat", "act", "forget"}
        await driver.press("ctrl+p")
        assert driver.palette_is_open()
        await driver.press(*"theme")
        await driver.pilot.pause(0.2)
        await driver.press("enter")
        await driver.pilot.pause(0.1)
        assert driver.app.theme == "tuibp-light" and not driver.palette_is_open()


async def test_matrix_modes_and_digits(opened: Opened) -> None:
    async with opened("xor") as driver:
        await driver.press("right_curly_bracket right_curly_bracket")
        titles = []
        for _ in range(5):
            await driver.press("w")
            titles.append(driver.screen.layout_of.panes["matrix"].title)
        # From following the program, which shows W here, the first press shows something else.
        assert [title.split()[1] for title in titles] == ["∂C/∂W¹", "∇W¹", "ΔW¹", "W¹", "∂C/∂W¹"]
        await driver.press("w w w")
        assert "follows the program" in driver.hints()
        await driver.press("plus")
        assert any(len(word) > 8 for word in driver.pane("matrix").split())


async def test_other_samples_and_the_mean(opened: Opened) -> None:
    async with opened("iris", (80, 24)) as driver:
        await driver.press("greater_than_sign")
        assert "No sample is loaded yet" in driver.hints()
        await driver.press("2 right_curly_bracket")
        await driver.settle()
        await driver.press("less_than_sign less_than_sign")
        assert driver.look() == 5 and "esc: back" in driver.text()
        await driver.press("2 tab right left left")
        assert driver.look() == 4
        await driver.press("greater_than_sign " * 9)
        assert driver.look() == "mean"
        await driver.press("escape")
        assert driver.look() is None and "esc: back" not in driver.text()


async def test_escape_lets_go_in_order_and_never_quits(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("right_curly_bracket s s s u u z down greater_than_sign 7")
        for gone in ("7×", "cursor", "-zoomed", "look"):
            await driver.press("escape")
            if gone == "7×":
                assert gone not in driver.hints()
            elif gone == "cursor":
                assert driver.cursor() is None
            elif gone == "-zoomed":
                assert not driver.screen.has_class(gone)
            else:
                assert driver.look() is None
        await driver.press("escape escape ctrl+c")
        assert driver.app.is_running and "q quits" in driver.hints()
        await driver.press("q")
        assert driver.app.return_code == 0


async def test_the_matrix_comes_forward_when_it_is_changed(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await driver.press("right_curly_bracket")
        assert "matrix" not in driver.pictures()
        await driver.press("w")
        assert "matrix" in driver.pictures() and driver.focused().row.name == "matrix"
