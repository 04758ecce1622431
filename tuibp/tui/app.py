"""The app: a door. It opens the debugger's screen on a console and gives the terminal back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from threading import Thread
from typing import Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from tuibp.console.console import Console
from tuibp.debugger.commands import COMMANDS
from tuibp.tui.framework import SteadyPalette, TerminalApp, exit_status
from tuibp.tui.screens.acting import Keeper
from tuibp.tui.screens.debugger import DebuggerScreen
from tuibp.tui.terminal import calm_garbage_collector

KEYS_ONLY = frozenset({"palette", "times", "cursor", "pane", "escape", "repeat", "act", "forget"})
"""Commands that mean nothing when they are chosen from a list."""


WANTED_LATER = ("tuibp.console.actions", "tuibp.console.completion", "tuibp.console.sessions")
"""What the first command loads, and with it the language of conditions: too much to wait for before the first frame."""


def settle() -> None:
    """After the first frame: load what is wanted later, beside whoever looks at it."""
    for name in WANTED_LATER:
        import_module(name)
    calm_garbage_collector()


class TuibpApp(TerminalApp):
    """Opens one session."""

    TITLE = "tuibp"
    CSS_PATH = "debugger.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self, console: Console, keeper: Keeper | None = None, *, ascii: bool = False, dark: bool = True
    ) -> None:
        super().__init__(ascii=ascii, dark=dark)
        self.debugger = DebuggerScreen(console, keeper)

    def get_default_screen(self) -> Screen[None]:
        return self.debugger

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(Thread(target=settle, daemon=True).start)

    async def on_event(self, event: events.Event) -> None:
        """A run that is under way rests until a key is answered: until what it changes is painted."""
        if isinstance(event, events.Key) and self.screen is self.debugger and self.debugger.takes(event):
            return
        journey = self.debugger.journey if isinstance(event, events.Key) else None
        if journey is not None:
            journey.give_way()
        await super().on_event(event)
        if journey is not None:
            self.screen.call_after_refresh(journey.go_on)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: COMMANDS and nothing else."""
        for command in COMMANDS.values():
            if command.name in KEYS_ONLY:
                continue
            key = command.keys[0] if command.keys else f":{command.name}"
            run = partial(self.debugger.action_command, command.name)
            yield SystemCommand(f"{command.name}  ({key})", command.help, run)

    def action_command_palette(self) -> None:
        """Open the palette; textual's own invitation holds a character that is no ASCII."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(SteadyPalette(id="--command-palette", placeholder="Find a command"))

    def action_interrupt(self) -> None:
        """Ctrl+c stops a run; it never ends the session."""
        self.debugger.interrupt()


def run(console: Console, keeper: Keeper | None = None, *, ascii: bool = False, dark: bool = True) -> int:
    """Open the screen on a console; the exit status of the process.

    Args:
        keeper: what saves the session after every command.
    """
    app = TuibpApp(console, keeper, ascii=ascii, dark=dark)
    app.run()
    return exit_status(app)
