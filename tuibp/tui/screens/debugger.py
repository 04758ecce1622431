"""The debugger's screen: it owns the session and what the user looks at, and paints one scene on every stop.

Keys come from COMMANDS; a key becomes a command, a command a movement, a line for the console or a choice, and all of
them end in `show`, the only place that paints. What the panes say is decided in `present`; where they stand, in
`layout`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Static

from tuibp.console.board import BoardMaker
from tuibp.console.console import Console
from tuibp.console.greeting import taken_up
from tuibp.console.reply import Reply
from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.names import parse_cell
from tuibp.debugger.view import Look
from tuibp.engine.operations import Level
from tuibp.errors import TuibpError
from tuibp.present.header import paint_header
from tuibp.present.hints import Note, paint_hints, paint_progress
from tuibp.present.scene import Choices, Scene
from tuibp.tui.helm import Helm
from tuibp.tui.journey import Journey
from tuibp.tui.keys import bindings
from tuibp.tui.layout import Layout
from tuibp.tui.screens.acting import ActingScreen, Keeper
from tuibp.tui.widgets.pane import panes
from tuibp.tui.widgets.picture import PictureView
from tuibp.tui.widgets.prompt import Prompt

KEEP_COUNT = frozenset({"times", "pane", "escape"})
"""Commands of the screen that a typed count is for, or that look at it; all others drop it."""
LIVE = frozenset({"up", "down", "help", "quit"})
"""Commands that do nothing to the session, though they can be typed: their keys stay alive during a run."""
ACTING = frozenset({"repeat", "go-mark", "act", "forget", "command"})
"""Commands of the screen alone that do."""
BUSY = "A run is under way:"
"""What a key that moves has to say meanwhile; how to stop it follows."""
SAID = 2.0
"""Seconds for which that is said."""
LEAST_WIDTH = 40
"""Columns of an answer, however narrow the console's pane is: there its lines are wrapped."""
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
        self.choices = Choices(cursor=console.first_cell)
        self.layout_of = Layout(self, panes())
        self._boards = BoardMaker(console)
        self.scene = Scene.of(session, self.choices, board=self._boards.now(self.layout_of.listed))
        self._header, self._hints = Bar(id="header"), Bar(id="hints")
        self.prompt = Prompt(self._completed)
        self._busy_until = 0.0
        self._fitted = Size(0, 0)
        self._note = Note(console.opening or " ".join(session.recipe.train.notes) or taken_up(console))
        self.helm = Helm(self, console, self._arrived, self._under_way, self.failed)

    def _completed(self, line: str, cursor: int) -> tuple[str, list[str]]:
        from tuibp.console.completion import completed

        return completed(self.console, line, cursor)

    def compose(self) -> ComposeResult:
        yield self._header
        yield from self.layout_of.compose()
        yield self._hints
        yield self.prompt
        yield Static("", id="small", markup=False)

    def on_mount(self) -> None:
        self.take_breakpoints()
        self._fit(self.app.size)
        if self.prompt.asking:  # keys have been typed before there was a screen
            self.show()
        else:
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
        self.console.width = max(LEAST_WIDTH, self.layout_of.bottom_width(size.width))
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

    def _scene(self) -> Scene:
        """The scene where we stand; of lists that no pane shows nothing is computed, and no cost copied twice."""
        board = self._boards.now(self.layout_of.listed)
        return Scene.of(self.session, self.choices, self.helm.since, board, self.scene)

    def show(self, note: Note | str | None = None) -> None:
        """Paint everything from the session and the choices."""
        if note is not None:
            self._note = Note(note) if isinstance(note, str) else note
        if self.journey is None:
            self.scene = self._scene()
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

    # -- commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While the prompt asks, keys are its own, but esc: what is typed right behind it is none of the answer."""
        return not self.prompt.asking or (action, parameters) == ("command", ("escape",))

    def action_command(self, name: str) -> None:
        """Carry out a command by its name: what every key does."""
        if name == "next" and self.console.yours is not None:  # after a check n goes from departure to departure
            name = "departure"
        command = COMMANDS[name]
        acts = name in ACTING or (command.typed and name not in LIVE)
        if acts and self.is_busy():
            self._count = ""
        elif command.screen:
            if command.name not in KEEP_COUNT:
                self._count = ""
            getattr(self, f"do_{command.screen}")()
        else:
            count, self._count = int(self._count or 1), ""
            self._do(command, count)

    def action_backspace(self) -> None:
        """Back to the question, where a link has been followed and the answers have the keys; else a step back."""
        if self.choices.pane == "why" and self.console.asked and not self.is_busy():
            self._count = ""
            self.carry_out("follow")
        else:
            self.action_command("reverse-step")

    def _do(self, command: Command, count: int) -> None:
        """Carry out a command that can be typed; what it wants and the screen does not know is asked for."""
        if not command.argument:
            if command.moves:
                self.move(command, count)
            else:
                self.carry_out(command.name)
        elif command.argument == "POS":
            self.ask(command.name)
        elif command.argument != "LOC" or not command.keys:
            self.ask("line", f"{command.name} ")
        elif self.choices.place is None:
            self.show(Note(SELECT_FIRST, error=True))
        else:
            self.move(command, count, self.choices.place)

    def is_busy(self) -> bool:
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
        elif command.target is None:
            self.carry_out(f"{command.name} {count}" if count > 1 else command.name)
        else:
            self.again = partial(self.move, command, count, argument)
            try:
                self.helm.move(command, count, argument)
            except TuibpError as error:
                self.show(Note(str(error).split("\n")[0], error=True))

    def do_repeat(self) -> None:
        """Repeat the last movement, or say why there is none."""
        if self.again is not None:
            self.again()

    def _arrived(self, reply: Reply) -> None:
        """A command has ended. What was typed meanwhile, a place that was refused for instance, is no count."""
        self._count = ""
        if reply.moved:
            self.choices = replace(self.choices, look=self.frame_look)
            cell = reply.values.get("cell")
            if isinstance(cell, str):  # the one that was looked for
                ref = parse_cell(cell, self.session.recipe.network)
                self.choices = replace(self.choices, cursor=ref, place=None, entry="")
            for name in ("dp", "program", "formula", "why"):
                self.layout_of.panes[name].follow()
        self.answered(reply)

    def _under_way(self) -> None:
        """During a long run: how far it is, and the cost curve as it grows."""
        with self.app.batch_update():
            self._paint_bars()
            journey = self.journey
            if journey is not None and journey.costs is not None and journey.costs[0] is not self.scene.costs:
                costs, stride = journey.costs
                self.scene = replace(self.scene, costs=costs, cost_stride=stride, ran_so_far=-1)
                self.layout_of.panes["curve"].paint(self.scene)

    # -- what only the screen does; each is a row of COMMANDS

    def do_frame_up(self) -> None:
        """Select the frame around."""
        label = self.session.select_outer().label
        self.choose(replace(self.choices, look=self.frame_look), f"Frame: {label}.")

    def do_frame_down(self) -> None:
        """Select the frame inside."""
        label = self.session.select_inner().label
        self.choose(replace(self.choices, look=self.frame_look), f"Frame: {label}.")

    @property
    def frame_look(self) -> Look:
        """The column that the selected frame shows: of a batch and what is around it the mean of its samples."""
        return "mean" if self.session.selected >= Level.BATCH else None

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
        """Leave the prompt; else stop a run at once; else let go of one thing after the other, the frame last."""
        if self.prompt.asking:
            self.prompt.close()
            return
        if self.helm.stop() or self.let_go():
            return
        self.session.selected = Level.OP
        self.choose(replace(self.choices, look=None))

    def interrupt(self) -> None:
        """Ctrl+c: stop a run, or say how to leave."""
        if not self.helm.stop():
            self.show("ctrl+c stops a long run; q quits.")
