"""The app under test, at a size, as text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from textual import events
from textual.command import CommandPalette
from textual.keys import key_to_character
from textual.pilot import Pilot

from tuibp.cli.files import open_recipe
from tuibp.console.console import Console
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.debugger.view import Look
from tuibp.engine.recipe import Recipe
from tuibp.present.cells import Picture, plain
from tuibp.tui.app import TuibpApp
from tuibp.tui.screens.debugger import DebuggerScreen
from tuibp.tui.terminal import prepare_environment
from tuibp.tui.widgets.pane import Pane

prepare_environment(os.environ)


class Driver:
    """The app, and what a person at it can do and see."""

    def __init__(self, app: TuibpApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> DebuggerScreen:
        return self.app.debugger

    @property
    def t(self) -> int:
        return self.screen.session.t

    @property
    def at(self) -> str:
        return self.screen.session.position.name

    def cursor(self) -> CellRef | None:
        """The selected cell."""
        return self.screen.choices.cursor

    def look(self) -> Look:
        """The column of the batch that is looked at."""
        return self.screen.choices.look

    def focused(self) -> Pane:
        """The pane that has the keys."""
        assert isinstance(self.app.focused, Pane)
        return self.app.focused

    def palette_is_open(self) -> bool:
        return isinstance(self.app.screen, CommandPalette)

    async def press(self, *keys: str) -> None:
        """Keys as textual names them, several in a text, typed faster than the screen follows."""
        self._type(*keys)
        await self.pilot.pause()

    async def tap(self, *keys: str) -> None:
        """Keys while a run goes on, when waiting for the process to have nothing to do would last."""
        for key in [key for text in keys for key in text.split()]:
            self._type(key)
            await asyncio.sleep(0.02)

    def _type(self, *keys: str) -> None:
        for key in [key for text in keys for key in text.split()]:
            self.app.post_message(events.Key(key, key if len(key) == 1 else key_to_character(key)))

    def lines(self) -> list[str]:
        """What is on the screen."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def hints(self) -> str:
        return self.lines()[-1]

    def pictures(self) -> dict[str, Picture]:
        """What every visible pane shows."""
        panes = self.screen.layout_of.panes
        return {name: pane.picture for name, pane in panes.items() if pane.is_on_screen}

    def pane(self, name: str) -> str:
        return plain(self.screen.layout_of.panes[name].picture)

    def roles(self, name: str, word: str) -> list[str]:
        """The texts in a pane whose role holds a word."""
        rows = self.screen.layout_of.panes[name].picture.rows
        return [run.text.strip() for row in rows for run in row if word in run.role.split()]

    async def settle(self) -> None:
        """Until no journey is under way."""
        while self.screen.helm.journey is not None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)


Opened: TypeAlias = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def opened() -> Opened:
    """`async with opened("xor", (80, 24), ascii=True) as driver`."""

    @asynccontextmanager
    async def open_app(
        sample: str | Recipe = "xor", size: tuple[int, int] = (120, 40), *, ascii: bool = False, dark: bool = True
    ) -> AsyncIterator[Driver]:
        recipe = open_recipe(sample) if isinstance(sample, str) else sample
        app = TuibpApp(Console(Session(recipe)), ascii=ascii, dark=dark)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Driver(app, pilot)

    return open_app
