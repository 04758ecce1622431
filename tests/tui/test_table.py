"""One row of COMMANDS gives key, hint, palette, help, completion and README: shown with a row that is added here."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.console.some_lines import small
from tests.readme import key_table
from tests.tui.conftest import Opened
from tests.tui.test_console import said, say
from tuibp.console import actions
from tuibp.console.completion import complete
from tuibp.console.console import Console
from tuibp.console.reply import Reply, Request
from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS
from tuibp.present.cells import plain
from tuibp.present.help import paint_help
from tuibp.tui.framework import check_keys
from tuibp.tui.keys import bindings
from tuibp.tui.screens.debugger import DebuggerScreen

ROW = Command("yodel", ("Y",), "explain", "yodel", "Say where the sound comes from.", verb="yodel", aliases=("yo",),
              hints={"start": -1})  # fmt: skip


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Command:
    """A row more, and what its verb does; the key is bound as every other one is."""
    from textual.binding import Binding

    def yodel(console: Console, request: Request) -> Reply:
        return Reply((f"{console.session.position.name} yodels.",))

    monkeypatch.setitem(COMMANDS, ROW.name, ROW)
    monkeypatch.setitem(actions.ACTIONS, ROW.verb, yodel)
    merged = DebuggerScreen._merged_bindings
    assert merged is not None
    copy = merged.copy()
    for key, action in bindings():
        if key == "Y":
            copy.key_to_bindings[key] = [Binding(key, action, show=False, priority=True)]
    monkeypatch.setattr(DebuggerScreen, "_merged_bindings", copy)
    return ROW


def test_it_is_in_help_and_readme_and_has_its_key(added: Command) -> None:
    text = plain(paint_help("dp", 80, 400))
    assert f"              Y  {added.help} :yodel" in text
    assert f"| `Y` | yodel | {added.help} |" in key_table()
    assert check_keys(bindings())["Y"] == "command('yodel')"


def test_it_is_completed_and_so_is_what_it_takes(added: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    console = small()
    assert complete(console, "yo", 2) == complete(console, "help yod", 8) == ["yodel"]
    assert complete(console, "yodel norm(g", 12) == []
    monkeypatch.setitem(COMMANDS, ROW.name, replace(ROW, argument="E", takes=("expression",)))
    assert complete(console, "yodel norm(g", 12) == ["gW[", "gb["]


async def test_it_is_on_the_screen(opened: Opened, added: Command) -> None:
    async with opened("xor", (120, 40)) as driver:
        assert driver.hints().startswith(" Y yodel  space compute it")
        await driver.press("Y")
        assert said(driver) == [": yodel", "e0.shuffle yodels."] and "e0.shuffle yodels." in driver.hints()
        await say(driver, "yo")
        await say(driver, "help yodel")
        assert said(driver)[2:4] == [": yo", "e0.shuffle yodels."]
        assert "  Say where the sound comes from." in said(driver) and "  On the screen: Y." in said(driver)
        await say(driver, "help")
        assert f"  yodel (yo)       {added.help}" in said(driver)
        palette = {command.title: command for command in driver.app.get_system_commands(driver.screen)}
        palette["yodel  (Y)"].callback()
        assert said(driver)[-1] == "e0.shuffle yodels."


@pytest.mark.parametrize(("name", "ends"), [("when", ""), ("marks", ""), ("print", "print "), ("until", "until ")])
async def test_the_palette_runs_what_wants_nothing_and_asks_for_the_rest(opened: Opened, name: str, ends: str) -> None:
    async with opened("xor", (80, 24)) as driver:
        palette = {command.title: command for command in driver.app.get_system_commands(driver.screen)}
        palette[f"{name}  (:{name})"].callback()
        await driver.pilot.pause()
        field = driver.screen.prompt._field
        if ends:
            assert field is not None and field.value == ends and driver.screen.prompt.asking
        else:
            assert field is None and said(driver)[0] == f": {name}"


def test_no_two_rows_share_a_key_a_name_or_an_alias() -> None:
    check_keys(bindings())
    words = [word for row in COMMANDS.values() for word in (row.name, *row.aliases)]
    assert len(words) == len(set(words))
    assert MappingProxyType(COMMANDS)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_the_first_minute_names_the_command_line_and_the_help(opened: Opened, size: tuple[int, int]) -> None:
    async with opened("xor", size) as driver:
        assert ": command" in driver.hints() and "? help" in driver.hints()
        await driver.press("s s s")
        assert ": command" in driver.hints() and "b break here" in driver.hints()
        await driver.press("5 tab down")
        for hint in ("e edit", "W watch", "D display", "L last change", ": command"):
            assert hint in driver.hints()
        await driver.press("question_mark")
        shown = ""
        for _ in range(30):
            shown += driver.text()
            await driver.press("pagedown")
        for name, command in COMMANDS.items():
            assert f":{name}" in shown or (command.keys and not command.typed), name
