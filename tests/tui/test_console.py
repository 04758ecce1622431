"""The command line: typing, leaving, history, completion, answers long and short, errors, and text that is hostile."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from textual import events

from tests.tui.conftest import Driver, Opened
from tuibp.cli.files import open_recipe
from tuibp.console.console import Console
from tuibp.debugger.session import Session
from tuibp.tui.app import TuibpApp

SIZES = [(80, 24), (120, 40)]
HOSTILE = "\x1b[31mred\x1b]0;title\x07 [/nope] [bold]x[/bold] $x {y} \x9b2J \u202e漢字"


async def say(driver: Driver, line: str) -> None:
    """Type a command line and wait for its end."""
    await driver.press("colon")
    field = driver.app.focused
    assert field is not None and driver.screen.prompt.asking
    field.post_message(events.Paste(line))
    await driver.pilot.pause()
    await driver.press("enter")
    await driver.settle()
    await driver.pilot.pause()


def said(driver: Driver) -> list[str]:
    return driver.screen.console.said


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_line_is_carried_out_and_stands_in_the_transcript(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        await driver.press("4 tab")
        await say(driver, "step 3")
        assert driver.at == "e0.b0.s0.fwd1.z" and said(driver)[0] == ": step 3"
        assert driver.focused().row.name == "layer", "the keys are where they were"
        await say(driver, "")
        assert driver.at == "e0.b0.s0.bwd2.dC_da", "an empty line repeats"
        assert said(driver)[2] == ": step 3"
        await driver.press("full_stop")
        assert driver.at == "e0.b0.s0.acc" or driver.t > 8
        await say(driver, "W[1][0,0]")
        assert driver.hints().startswith(" $1 = W[1][0,0] = ") or "$1 = W[1][0,0]" in driver.hints()


async def test_keys_typed_ahead_belong_to_the_prompt(opened: Opened) -> None:
    """None of b, r, e, a, k is a command."""
    async with opened("xor") as driver:
        await driver.press("colon b r e a k space u p d a t e enter")
        assert driver.t == 0
        assert [stop.title for stop in driver.screen.scene.board.stops] == ["break update"]


async def test_keys_typed_before_there_is_a_screen_stay_in_the_prompt() -> None:
    class Early(TuibpApp):
        CSS_PATH = str(Path(inspect.getfile(TuibpApp)).with_name("debugger.tcss"))

        def on_load(self) -> None:
            super().on_load()
            for key in ("colon", "b", "e"):
                self.post_message(events.Key(key, ":" if key == "colon" else key))

    app = Early(Console(Session(open_recipe("xor"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        field = app.debugger.prompt._field
        assert field is not None and app.debugger.prompt.asking and field.value == "be"
        assert not app.debugger.scene.board.stops


async def test_esc_leaves_and_the_arrows_bring_lines_back(opened: Opened) -> None:
    async with opened("xor") as driver:
        for line in ("step", "stepi 2", "stepi 2", "print cost"):
            await say(driver, line)
        await driver.press("colon q u i t escape")
        assert not driver.screen.prompt.asking and driver.app.is_running
        await driver.press("colon")
        field = driver.screen.prompt._field
        assert field is not None
        shown = []
        for key in ("up", "up", "up", "up", "down", "down", "down", "down"):
            await driver.press(key)
            shown.append(field.value)
        assert shown == ["print cost", "stepi 2", "step", "step", "stepi 2", "print cost", "", ""]
        await driver.press("escape")
        assert said(driver).count(": stepi 2") == 2


async def test_every_question_has_a_history_of_its_own(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await say(driver, "step")
        await driver.press("M", *"abc", "enter")
        await driver.press("M", "up")
        field = driver.screen.prompt._field
        assert field is not None and field.value == "abc"
        await driver.press("escape", "g", "up")
        assert field.value == ""


async def test_tab_completes(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is certain is filled in where the cursor is; what may follow stands on the last line."""
    asked: list[tuple[str, int]] = []

    def completed(_: object, line: str, cursor: int) -> tuple[str, list[str]]:
        asked.append((line, cursor))
        return ("print W", ["W[1]", "W[2]"]) if line.startswith("pr") else (line[:cursor], [])

    monkeypatch.setattr("tuibp.console.completion.completed", completed)
    async with opened("xor") as driver:
        pane = driver.focused()
        await driver.press("colon p r x")
        await driver.press("left")
        await driver.press("tab")
        field = driver.screen.prompt._field
        assert field is not None and asked == [("prx", 2)]
        assert (field.value, field.cursor_position) == ("print Wx", 7)
        assert "W[1]  W[2]" in driver.lines()[-2]
        await driver.press("escape", "g", "p", "r", "tab")
        assert len(asked) == 1 and driver.screen.prompt.asking, "a position is completed by nothing, and tab leaves it"
        await driver.press("escape")
        assert driver.focused() is pane


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("print W[1,2]", 7, "write W[2][1,2]"), ("break bwd 1 if cots > 1", 16, "cots"), ("watch z[1] > 0", 12, "any("),
        ("print cost +", 13, ""),
    ],
)  # fmt: skip
async def test_an_error_says_where(opened: Opened, size: tuple[int, int], line: str, column: int, words: str) -> None:
    """The last line names the column of what has been typed; the transcript points at it with a caret."""
    async with opened("xor", size) as driver:
        await driver.press("7 tab" if size[0] == 120 else "3 tab")
        place = driver.t
        await say(driver, line)
        assert "column " in driver.hints(), driver.hints()
        number = int(driver.hints().partition("column ")[2].partition(":")[0])
        assert number == column
        assert said(driver)[0] == f": {line}"
        assert all(text.startswith("! ") for text in said(driver)[1:])
        assert said(driver)[-1].strip("! ") == "^"
        assert words in "\n".join(said(driver)[1:])
        assert driver.t == place and driver.focused().has_focus


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_long_answer_begins_at_its_beginning_and_esc_goes_back(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        await say(driver, "echo one")
        focused = "dp" if size[0] == 80 else "curve"
        await driver.press("3 tab" if size[0] == 80 else "7 tab")
        await say(driver, "help")
        assert driver.focused().row.name == "console" and "esc goes back" in driver.hints()
        first = driver.pane("console").splitlines()[0]
        assert first == ": help"
        await driver.press("down down")
        assert driver.pane("console").splitlines()[0] != first
        await driver.press("escape")
        assert driver.focused().row.name == focused
        assert not driver.screen.prompt.asking


async def test_an_answer_beside_what_has_the_keys_leaves_them_there(opened: Opened) -> None:
    async with opened("xor", (120, 40)) as driver:
        await driver.press("4 tab")
        await say(driver, "info locals")
        assert driver.focused().row.name == "layer" and "console" in driver.pictures()
        assert "10 tab goes there" in driver.hints()
        await driver.press("escape")
        assert "curve" in driver.pictures() and driver.focused().row.name == "layer"


async def test_help_on_the_command_line_lists_everything(opened: Opened) -> None:
    from tuibp.debugger.commands import COMMANDS

    async with opened("xor") as driver:
        await say(driver, "help")
        text = "\n".join(said(driver))
        for name, command in COMMANDS.items():
            if command.typed and not name.startswith("reverse-"):
                assert f"  {name}" in text, name


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_hostile_text_is_data(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        for line in (f"echo {HOSTILE}", f"note {HOSTILE}", HOSTILE, f"mark {HOSTILE}", f"goto {HOSTILE}",
                     f"break {HOSTILE}", f"watch {HOSTILE}", f"help {HOSTILE}", f"set $x = {HOSTILE}",
                     f"apropos {HOSTILE}"):  # fmt: skip
            await driver.press("colon")
            field = driver.screen.prompt._field
            assert field is not None
            field.value = line
            await driver.pilot.pause()
            await driver.press("enter")
            await driver.pilot.pause()
            for pane in "789":
                await driver.press(f"{pane} tab")
                assert all(char.isprintable() for line in driver.lines() for char in line)
            await driver.press("1 0 tab")
            assert all(char.isprintable() for line in driver.lines() for char in line)
        assert "[/nope] [bold]x[/bold] $x {y}" in " ".join(" ".join(said(driver)).split())
        assert driver.app.is_running
        await driver.press("C i")
        assert driver.t == 1


async def test_the_console_pane_shows_the_transcript_only_as_far_as_it_is_kept(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        for _ in range(3):
            driver.screen._said([f"line {n}" for n in range(4000)])
        assert len(said(driver)) == 5000
        await driver.press("1 0 tab")
        assert "line 3999" in driver.pane("console")


async def test_quit_can_be_typed(opened: Opened) -> None:
    async with opened("xor", (80, 24)) as driver:
        await say(driver, "q")
        assert driver.app.return_code == 0
