"""The debugger's screen: it owns the session and what the user looks at, and paints one scene on every stop.

Keys come from COMMANDS; a key becomes a command, a command a movement or a choice, and either ends in `show`, the only
place that paints. What the panes say is decided in `present`; where they stand in `layout`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Static

from tuibp.console.board import board
from tuibp.console.completion import completed
from tuibp.console.console import Console
from tuibp.console.reply import Reply
from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS
from tuibp.engine.operations import Level
from tuibp.errors import TuibpError
from tuibp.present import choosing
from tuibp.present.header import paint_header
from tuibp.present.hints import Note, paint_hints, paint_progress
from tuibp.present.numbers import symbol
from tuibp.present.scene import Choices, Scene
from tuibp.tui.helm import Helm
from tuibp.tui.journey import Journey
from tuibp.tui.keys import bindings
from tuibp.tui.layout import Layout
from tuibp.tui.panes import PANES
from tuibp.tui.screens.acting import ActingScreen, Keeper
from tuibp.tui.widgets.pane import Pane, panes
from tuibp.tui.widgets.picture import PictureView
from tuibp.tui.widgets.prompt import Prompt

KEEP_COUNT = frozenset({"times", "pane", "escape"})
"""Commands of the screen that a typed count is for, or that look at it; all others drop it."""
BUSY = "A run is under way:"
"""What a key that moves has to say meanwhile; how to stop it follows."""
SAID = 2.0
"""Seconds for which that is said."""
COUNT_DIGITS = 9
"""Longest count that can be typed."""
SELECT_FIRST = "Select a line of the program first: 1 tab, then up and down, or the mouse."


class Bar(PictureView, can_focus=False):
    """A line that is no pane: the header, the hints."""


class DebuggerScreen(ActingScreen):
    """The panes around one session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority they are carried out one after the other; else keys typed ahead of a change of focus go astray.
        Binding(key, action, show=False, priority=True)
        for key, action in bindings()
    ]

    def __init__(self, console: Console, keeper: Keeper | None = None) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-low"), (22, "-short"), (32, "-tall"), (52, "-high")]
        self.console, self.keeper = console, keeper
        if keeper is not None:
            keeper.tell = lambda words: self.show(Note(words, error=True))
        self.session = session = console.session
        self.choices = Choices()
        self.scene = Scene.of(session, self.choices, board=board(console))
        self.layout_of = Layout(self, panes())
        self._header, self._hints = Bar(id="header"), Bar(id="hints")
        self.prompt = Prompt(lambda line, cursor: completed(console, line, cursor))
        self._count = ""
        self._busy_until = 0.0
        self._fitted = Size(0, 0)
        self._note = Note(" ".join(session.recipe.train.notes))
        self.helm = Helm(self, console, self._arrived, self._under_way, self.failed)

    def compose(self) -> ComposeResult:
        yield self._header
        yield from self.layout_of.compose()
        yield self._hints
        yield self.prompt
        yield Static("", id="small", markup=False)

    def on_mount(self) -> None:
        self.take_breakpoints()
        self._fit(self.app.size)
        self.to_pane(self.choices.pane)

    def on_unmount(self) -> None:
        """However the app ends: nothing may go on running behind a terminal that has been given back."""
        self.helm.stop()

    def on_resize(self, event: events.Resize) -> None:
        if event.size != self._fitted:
            self._fit(event.size)
            self.call_after_refresh(self._refit)

    def _fit(self, size: Size) -> None:
        """Part the room of a screen of this size, before it is laid out."""
        self._fitted = size
        self.layout_of.share(self.scene, size.width)
        self.query_one("#small", Static).update(f"{size.width}x{size.height} is too small: tuibp needs 60x16. q quits.")

    def _refit(self) -> None:
        """After a change of size: a screen that was too small for everything has taken the focus away."""
        if self.focused is None:
            self.prompt.close()
            self.to_pane(self.choices.pane)
        self.show()

    @property
    def journey(self) -> Journey[Any] | None:
        """The long movement that is under way."""
        return self.helm.journey

    # -- painting

    def show(self, note: Note | str | None = None) -> None:
        """Paint everything from the session and the choices."""
        if note is not None:
            self._note = Note(note) if isinstance(note, str) else note
        if self.journey is None:
            self.scene = Scene.of(self.session, self.choices, self.helm.since, board(self.console))
        else:  # the thread has the timeline: the values stay those of the last stop
            self.scene = replace(self.scene, choices=self.choices, frame=self.session.frame)
        self.layout_of.name_tabs()
        with self.app.batch_update():
            for pane in self.layout_of.panes.values():
                pane.paint(self.scene)
            self._paint_bars()

    def _paint_bars(self) -> None:
        width = self.app.size.width
        self._header.show(paint_header(self.scene, width, under_way=self.journey is not None))
        if self.journey is not None:
            progress, busy = self.journey.progress, time.monotonic() < self._busy_until
            self._hints.show(
                paint_progress(progress.done, progress.total, progress.rate, progress.left, width, BUSY * busy)
            )
        else:
            self._hints.show(paint_hints(self.scene, self._note, self._count, width))

    def _choose(self, choices: Choices, note: str = "") -> None:
        """Change what is looked at, and paint."""
        if choices.look != self.choices.look and self._is_busy():
            return
        self.choices = choices
        self.show(note)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While the prompt asks, keys are its own."""
        return not self.prompt.asking

    # -- movements

    def action_command(self, name: str) -> None:
        """Carry out a command by its name: what every key does."""
        command = COMMANDS[name]
        acts = command.moves or command.name == "repeat" or command.group in ("stop", "change", "session", "explain")
        if acts and self._is_busy():
            self._count = ""
        elif command.screen:
            if command.name not in KEEP_COUNT:
                self._count = ""
            getattr(self, f"do_{command.screen}")()
        else:
            count, self._count = int(self._count or 1), ""
            if command.argument == "POS":
                self.ask(command.name)
            elif command.argument == "LOC" and self.choices.place is None:
                self.show(Note(SELECT_FIRST, error=True))
            else:
                self.move(command, count, self.choices.place or "" if command.argument else "")

    def _is_busy(self) -> bool:
        """Whether a long run is under way; if so, the last line says that only it can be stopped."""
        if self.journey is None:
            return False
        self._busy_until = time.monotonic() + SAID
        self._paint_bars()
        return True

    def move(self, command: Command, count: int, argument: str = "") -> None:
        """Carry out a movement, or say why there is none."""
        if command.verb == "visit":
            self.helm.visit(-1 if command.name == "back" else +1)
            return
        self._tried(lambda: self.helm.move(command, count, argument))

    def _tried(self, movement: Callable[[], None]) -> None:
        try:
            movement()
        except TuibpError as error:
            self.show(Note(str(error).split("\n")[0], error=True))

    def _arrived(self, reply: Reply) -> None:
        """A command has ended. What was typed meanwhile, a place that was refused for instance, is no count."""
        self._count = ""
        if reply.moved:
            self.choices = replace(self.choices, look=None)
            for name in ("dp", "program", "formula"):
                self.layout_of.panes[name].follow()
        self.answered(reply)

    def _under_way(self) -> None:
        """During a long run: how far it is, and the cost curve as it grows."""
        with self.app.batch_update():
            self._paint_bars()
            journey = self.journey
            if journey is not None and journey.costs is not None and journey.costs[0] is not self.scene.costs:
                costs, stride = journey.costs
                self.scene = replace(self.scene, costs=costs, cost_stride=stride)
                self.layout_of.panes["curve"].paint(self.scene)

    # -- what only the screen does; each is a row of COMMANDS

    def do_repeat(self) -> None:
        """Repeat the last movement, or say why there is none."""
        self._tried(self.helm.repeat)

    def do_frame_up(self) -> None:
        """Select the frame around."""
        self.show(f"Frame: {self.session.select_outer().label}.")

    def do_frame_down(self) -> None:
        """Select the frame inside."""
        self.show(f"Frame: {self.session.select_inner().label}.")

    def do_look_left(self) -> None:
        """Look at the sample before."""
        self.look(-1)

    def do_look_right(self) -> None:
        """Look at the sample after, then at the mean."""
        self.look(+1)

    def look(self, step: int) -> None:
        """Look at another column of the batch."""
        loaded = self.scene.view.current is not None
        self._choose(choosing.look_beside(self.scene, step), "" if loaded else "No sample is loaded yet.")

    def do_matrix(self) -> None:
        """Change what the matrix pane shows, and bring it forward where another covers it."""
        if not self.layout_of.panes["matrix"].is_on_screen:
            self.layout_of.panes["matrix"].focus()
        choices = choosing.next_matrix(self.scene)
        follows = "follows the program" if choices.matrix == "auto" else f"shows {symbol(choices.matrix)}"
        self._choose(choices, f"The matrix pane {follows}.")

    def do_digits(self) -> None:
        """Show more significant digits, then the usual four again."""
        self._choose(choosing.next_digits(self.choices))
        self.layout_of.share(self.scene, self.app.size.width)

    def do_zoom(self) -> None:
        """Give the focused pane the whole screen, and back."""
        self.layout_of.zoom(None if self.layout_of.zoomed else self.choices.pane)
        self.call_after_refresh(self.show)

    def do_help(self) -> None:
        """Explain the focused pane."""
        from tuibp.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.choices.pane))

    def do_palette(self) -> None:
        """Find a command by its name."""
        self.app.action_command_palette()

    def do_theme(self) -> None:
        """Change between dark and light."""
        names = sorted(self.app.available_themes)
        if len(names) == 1:
            self.show("This terminal has its own colours only.")
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    def do_quit(self) -> None:
        """Leave."""
        self.app.exit(return_code=0)

    def do_escape(self) -> None:
        """Stop a run at once; else let go of the count, the cell, the zoom, the sample and the frame, in this order."""
        if self.helm.stop():
            return
        if self._count:
            self._count = ""
            self.show("")
        elif self.choices.cursor is not None or self.choices.place is not None or self.choices.entry:
            self._choose(replace(self.choices, cursor=None, place=None, entry=""))
        elif self.layout_of.zoomed:
            self.do_zoom()
        else:
            self.session.selected = Level.OP
            self._choose(replace(self.choices, look=None))

    def interrupt(self) -> None:
        """Ctrl+c: stop a run, or say how to leave."""
        if not self.helm.stop():
            self.show("ctrl+c stops a long run; q quits.")

    # -- panes and the cell cursor

    def action_digit(self, digit: str) -> None:
        """Digits before a movement are its count."""
        if (self._count or digit != "0") and len(self._count) < COUNT_DIGITS:
            self._count += digit
            self.show("")

    def action_pane(self, direction: int) -> None:
        """Go to the next pane, or to the one whose number has been typed."""
        names, count = list(PANES), self._count
        self._count = ""
        if count:
            self.to_pane(names[min(int(count), len(names)) - 1])
        else:
            self.to_pane(names[(names.index(self.choices.pane) + direction) % len(names)])

    def to_pane(self, name: str) -> None:
        """Focus a pane, and make it visible: at once, so that the next key is already its own."""
        self.choices = replace(self.choices, pane=name)
        self.layout_of.bring(name)
        self.set_focus(self.layout_of.panes[name])
        self.show()

    def front(self, name: str) -> None:
        """Make a pane visible; it gets the keys only where it covers the one that has them."""
        if self.layout_of.shared:
            self.to_pane(name)
        else:
            self.layout_of.bring(name)

    def do_enter(self) -> None:
        """Do what the picked entry is there for."""
        if self.choices.entry:
            self.act_on(self.choices.entry)

    def do_forget(self) -> None:
        """Delete the picked stop or display."""
        if self.choices.entry:
            self.forget(self.choices.entry)

    def on_pane_focused(self) -> None:
        """Focus by mouse; what a key has focused is known already."""
        if isinstance(self.focused, Pane) and self.focused.row.name != self.choices.pane:
            self.to_pane(self.focused.row.name)

    def on_pane_tab_clicked(self, event: Pane.TabClicked) -> None:
        """A click on the name of a pane brings it to the front."""
        self.to_pane(event.name)

    def action_arrow(self, dy: int, dx: int) -> None:
        """The arrows: the cell cursor, the line of the program, another sample, or scrolling, as the pane has it."""
        pane = self.layout_of.panes[self.choices.pane]
        count, self._count = int(self._count or 1), ""
        dy, dx = count * dy, count * dx
        if pane.row.table is not None:
            pane.follow()
            self._choose(choosing.move_cursor(self.scene, pane.row.table(self.scene), dy, dx))
        elif pane.row.name == "program":
            pane.follow()
            self._choose(choosing.move_place(self.scene, dy, dx))
        elif pane.row.listed and dy:
            self._choose(choosing.move_entry(self.scene, dy))
        elif pane.row.name == "network" and dx:
            self.look(dx)
        else:
            pane.scroll_by(dy, dx)

    def on_picture_view_clicked(self, event: PictureView.Clicked) -> None:
        """A click selects a cell, a line or an entry; a second one goes there."""
        target = event.hit.target
        self._choose(choosing.pick(self.scene, target))
        if event.count == 2 and isinstance(target, str) and target == self.choices.entry:
            self.act_on(target)
        if event.count == 2 and target == self.choices.place:
            self.action_command("advance")

    def on_picture_view_scrolled(self, event: PictureView.Scrolled) -> None:
        """The wheel scrolls the pane under it."""
        if isinstance(event.view, Pane):
            event.view.scroll_by(event.dy, event.dx)
