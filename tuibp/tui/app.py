"""The app: a door. It opens the debugger's screen on a recipe and gives the terminal back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.session import Session
from tuibp.engine.recipe import Recipe
from tuibp.tui.framework import TerminalApp, exit_status
from tuibp.tui.screens.debugger import DebuggerScreen
from tuibp.tui.terminal import calm_garbage_collector


class TuibpApp(TerminalApp):
    """Opens one session."""

    TITLE = "tuibp"
    CSS_PATH = "debugger.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", show=False, priority=True)]

    def __init__(self, recipe: Recipe, *, ascii: bool = False, dark: bool = True) -> None:
        super().__init__(dark=dark)
        self.debugger = DebuggerScreen(Session(recipe), ascii=ascii)
        self.debugger.set_class(ascii, "-ascii")

    def get_default_screen(self) -> Screen[None]:
        return self.debugger

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(calm_garbage_collector)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The command palette: COMMANDS and nothing else."""
        for command in COMMANDS.values():
            if command.keys and command.name not in ("palette", "count", "cursor", "pane", "escape"):
                run = self._caller(command.name)
                yield SystemCommand(f"{command.name}  ({command.keys[0]})", command.help, run)

    def _caller(self, name: str):  # type: ignore[no-untyped-def]
        return lambda: self.debugger.action_command(name)

    def action_interrupt(self) -> None:
        """Ctrl+c stops a run; it never ends the session."""
        self.debugger.action_command("escape")


def run(recipe: Recipe, *, ascii: bool = False, dark: bool = True) -> int:
    """Open the screen on a recipe; the exit status of the process."""
    app = TuibpApp(recipe, ascii=ascii, dark=dark)
    app.run()
    return exit_status(app)
