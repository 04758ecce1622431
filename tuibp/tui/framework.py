"""Work-arounds for textual, each with its reason, so that no other file of the screen holds one.

What is here is either a bug of textual with its issue number or a measured cost. When a test of this file
fails after an update of textual, look first whether the work-around is still needed.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import selectors
import signal
import sys
import threading
from collections.abc import Iterable
from typing import Any, Literal

from textual import constants, events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import CommandPalette
from textual.content import Content
from textual.driver import Driver
from textual.geometry import Region
from textual.keys import KEY_ALIASES, REPLACED_KEYS, Keys, key_to_character
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tuibp.tui.palette import depth_of, themes_for

IDLE = 0.1
"""Seconds between two looks whether the app has ended, while no key comes."""
READ = 4096
"""Bytes of keys that are read at once."""
GRACE = 3.0
"""Seconds that an app which was told to end may take, before the process ends without it."""


class TerminalApp(App[None]):
    """An app with every work-around of this file applied; the debugger's app is one.

    It offers only themes that match the palette, and none but the terminal's own colours where there is no depth.
    """

    def __init__(self, *, ascii: bool = False, dark: bool = True) -> None:
        """
        Args:
            ascii: paint with ASCII characters only.
            dark: the theme to begin with, where there are colours.
        """
        self.ascii = ascii
        super().__init__(driver_class=driver_class(), ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.set_class(ascii, "-ascii")
        depth = depth_of(os.environ, self.console)
        if depth == "mono":
            self.ansi_color = True
        for name in self.available_themes:
            self.unregister_theme(name)
        offered = themes_for(depth)
        for theme in offered:
            self.register_theme(theme)
        first = next((theme for theme in offered if theme.dark == dark), offered[0])
        # Before the first screen: a theme set on mount would have the whole style sheet parsed a second time.
        self.set_reactive(App.theme, first.name)
        self.stylesheet.set_variables(self.get_css_variables())

    def on_load(self) -> None:
        end_on_signals(self)

    def on_mount(self) -> None:
        repaint_on_resume(self)


class SteadyPalette(CommandPalette):
    """Textual's palette, which ends the app on quick keys: a second Enter or click while it closes pops one screen too
    many, and a page key before its list is laid out looks for a line that is not there (textual 8.2.8).
    """

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        with contextlib.suppress(KeyError):
            super()._action_command_list(action)


class QuietScreen(Screen[None]):
    """A screen that paints once where textual's paints twice.

    Moving the focus repaints the two widgets concerned and not everything: 7 ms, not 36. The first paint is the
    only one: breakpoints are known before it, and what `ScreenResume` asks for after it would be the same again.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        event.prevent_default()
        first = self._size != self.app.size
        super()._on_screen_resume(event)
        if first:
            for widget in self.walk_children(Widget, with_self=True):
                forget_repaint(widget)

    def take_breakpoints(self) -> None:
        """Set the classes that the size of the screen stands for; call it on mount."""
        (width, height), classes = self.app.size, self._get_breakpoint_classes
        columns, lines = self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or []
        self.add_class(*classes(width, columns), *classes(height, lines))


def forget_repaint(widget: Widget) -> None:
    """Take back that a widget asked to be painted: it has just been painted whole."""
    widget._repaint_required = False
    widget._exchange_repaint_regions()


def write_border(widget: Widget, side: Literal["title", "subtitle"], text: str) -> None:
    """Write in the upper (title) or lower border and repaint that line; textual's `border_title` repaints the whole
    widget, 2 ms of a key press.
    """
    setattr(widget, f"_border_{side}", Content(text) if text else None)
    y = -1 if side == "title" else widget.size.height
    widget.refresh(Region(-1, y, widget.outer_size.width, 1))


def driver_class() -> type[Driver] | None:
    """The driver to give to the app, or None for textual's own choice (Windows, a browser, a test)."""
    if sys.platform == "win32" or constants.DRIVER:
        return None
    from textual._xterm_parser import XTermParser
    from textual.drivers.linux_driver import LinuxDriver

    class TerminalDriver(LinuxDriver):
        """Textual's driver, which hears a lone escape in time and comes back from a stop that it did not see."""

        def run_input_thread(self) -> None:
            """Read keys until the app ends.

            Textual's own looks only every 100 ms whether the wait for the rest of an escape sequence is over, and a
            byte that is not UTF-8 ends its app (issue 6456); here it is shown as U+FFFD.
            """
            parser = XTermParser(self._debug)
            decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
            with selectors.SelectSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    waiting = parser._timeout_time is not None
                    if selector.select(constants.ESCAPE_DELAY if waiting else IDLE):
                        text = decode(os.read(self.fileno, READ))
                        for event in parser.feed(text) if text else ():
                            self.process_message(event)
                    for event in parser.tick():
                        self.process_message(event)

        def _sigcont_application(self, *_: object) -> None:
            """After SIGSTOP, which no program sees coming, textual would start a second time on top of itself."""
            if self._auto_restart and not self._must_signal_resume:
                self.suspend_application_mode()
                self._must_signal_resume = True
            super()._sigcont_application()

    return TerminalDriver


def end_on_signals(app: App[Any]) -> None:
    """End the app in good order on SIGTERM, SIGHUP and SIGINT; call it inside the event loop, before the
    first paint.

    Without this a signal kills the process with the mouse, the kitty keys and the alternate screen still on.
    The exit status is 128 + the number of the signal, as a shell reports it.
    """
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, _end, app, 128 + number)


def repaint_on_resume(app: App[Any]) -> None:
    """Paint everything when the app comes back from ctrl+z: the terminal has cleared it, textual paints nothing.

    Call it when the app is mounted.
    """
    app.app_resume_signal.subscribe(app, lambda _app: app.refresh())


def _end(app: App[Any], status: int) -> None:
    """Ask the app to exit. If its terminal is gone or a worker hangs, end the process after a grace period."""
    app.exit(return_code=status)
    last_resort = threading.Timer(GRACE, os._exit, (status,))
    last_resort.daemon = True
    last_resort.start()


def exit_status(app: App[Any]) -> int:
    """The status to give to `sys.exit` after `app.run()`: textual's own ends with 0 even after a crash."""
    return 1 if app.return_code is None else app.return_code


def canonical_key(key: str) -> str:
    """The name under which textual reports a key: "(" is "left_parenthesis", "ctrl+p" stays.

    Raises ValueError for a key that no terminal sends by that name: textual accepts any word and never calls
    it.
    """
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    if set(modifiers) - {"ctrl", "alt", "shift", "super", "hyper", "meta"}:
        raise ValueError(f"unknown modifier in the key {key!r}")
    if len(name) == 1 and not modifiers:
        return next(iter(Binding.make_bindings([Binding({",": "comma", " ": "space"}.get(name, name), "")]))).key
    named = {member.value for member in Keys} | REPLACED_KEYS.keys()
    if not (len(name) == 1 or name in named or key in named or key_to_character(name)):
        raise ValueError(f"unknown key {key!r}")
    if modifiers == ["shift"] and len(name) == 1:
        raise ValueError(f"the key {key!r} arrives as {name.upper()!r}")
    for real, others in KEY_ALIASES.items():
        if key in others:
            raise ValueError(f"the key {key!r} arrives as {real!r}")
    return key


def check_keys(bindings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """From (key, command) pairs to commands by canonical key.

    Raises ValueError naming every unknown key and every key given to two commands: textual drops the first
    silently and accepts the second silently.
    """
    commands: dict[str, str] = {}
    faults: list[str] = []
    for key, command in bindings:
        try:
            name = canonical_key(key)
        except ValueError as fault:
            faults.append(f"{command}: {fault}")
            continue
        if name in commands:
            faults.append(f"{command}: the key {key!r} already belongs to {commands[name]}")
        commands.setdefault(name, command)
    if faults:
        raise ValueError("; ".join(faults))
    return commands
