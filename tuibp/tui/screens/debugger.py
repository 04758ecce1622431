"""The debugger's screen: it owns the session and what the user has chosen to look at, and paints one scene on every stop.

Keys come from COMMANDS; a key becomes a command, a command a movement or a choice, and either ends in `show`, the only place that
paints. What the panes say is decided in `present`.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from tuibp.debugger.commands import COMMANDS, Command
from tuibp.debugger.names import CellRef
from tuibp.debugger.position import Frame
from tuibp.debugger.session import Session, Stop
from tuibp.engine.program import Level
from tuibp.errors import TuibpError
from tuibp.present.grid import step_cursor
from tuibp.present.header import paint_header
from tuibp.present.hints import paint_hints, paint_progress
from tuibp.present.listing import places
from tuibp.present.network import LOOK
from tuibp.present.scene import MATRICES, Choices, Scene
from tuibp.tui.framework import QuietScreen
from tuibp.tui.journey import Journey
from tuibp.tui.keys import bindings
from tuibp.tui.panes import PANES
from tuibp.tui.screens.help import HelpScreen
from tuibp.tui.widgets.pane import Pane, in_ascii, panes
from tuibp.tui.widgets.picture import PictureView
from tuibp.tui.widgets.prompt import Prompt

TABBED = [name for name, row in PANES.items() if row.tabbed]
PAIRED = ("dp", "matrix")
"""Panes that stand side by side where there is room."""
DIGITS = (4, 6, 8)
REPAINT = 0.1
"""Seconds between two looks at a long run."""


class Bar(PictureView, can_focus=False):
    """A line that is no pane: the header, the hints."""


class DebuggerScreen(QuietScreen):
    """The panes around one session."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(key, action, show=False) for key, action in bindings()]
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-short"), (32, "-tall"), (52, "-high")]

    def __init__(self, session: Session, *, ascii: bool = False) -> None:
        super().__init__()
        self.session = session
        self.choices = Choices()
        self._ascii = ascii
        self._panes = panes(ascii=ascii)
        self._header, self._hints, self._prompt = Bar(id="header"), Bar(id="hints"), Prompt()
        self._front = "dp"
        self._count = ""
        self._message = ""
        self._last: tuple[Command, int, str] | None = None
        self._journey: Journey | None = None
        self._finishing: Frame | None = None
        self.scene = Scene.of(session, self.choices)

    def compose(self) -> ComposeResult:
        pane = self._panes
        yield self._header
        with Horizontal(id="body"):
            yield pane["program"]
            with Vertical(id="right"):
                yield pane["network"]
                with Container(id="pair"):
                    yield pane["dp"]
                    yield pane["matrix"]
                yield pane["layer"]
                yield pane["formula"]
                yield pane["curve"]
        yield self._hints
        yield self._prompt
        yield Static("", id="small", markup=False)

    def on_mount(self) -> None:
        self._bring_to_front("dp")
        self._panes["dp"].focus()
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.query_one("#small", Static).update(f"{width}x{height} is too small: tuibp needs 60x16. q quits.")
        self.call_after_refresh(self.show)

    # -- painting

    def show(self, message: str | None = None) -> None:
        """Paint everything from the session and the choices."""
        if message is not None:
            self._message = message
        self.scene = Scene.of(self.session, self.choices)
        self._name_tabs()
        with self.app.batch_update():
            for pane in self._panes.values():
                pane.paint(self.scene)
            self._paint_bars()

    def _paint_bars(self) -> None:
        width = self.size.width
        header = paint_header(self.scene, width)
        if self._journey is not None:
            progress = self._journey.progress
            hints = paint_progress(progress.done, progress.total, progress.rate, progress.left, width)
        else:
            hints = paint_hints(self.scene, self._message, self._count, width)
        for bar, picture in ((self._header, header), (self._hints, hints)):
            bar.show(in_ascii(picture) if self._ascii else picture)

    def _choose(self, **changes: object) -> None:
        """Change what is looked at, and paint."""
        self.choices = dataclasses.replace(self.choices, **changes)  # type: ignore[arg-type]
        self.show("")

    # -- commands

    def action_command(self, name: str) -> None:
        """Carry out a command by its name: what every key does."""
        command = COMMANDS[name]
        if command.target is None:
            getattr(self, f"do_{command.screen}")()
            return
        count, self._count = int(self._count or 1), ""
        if command.argument == "POS":
            self._prompt.ask(command.name, self)
            return
        place = self.choices.place or "" if command.argument == "LOC" else ""
        if command.argument == "LOC" and not place:
            self.show("Select a line of the program first: 1 tab, then up and down, or the mouse.")
            return
        self.move(command, count, place)

    def move(self, command: Command, count: int, argument: str = "") -> None:
        """Carry out a movement: at once, or as a journey beside the live screen."""
        if self._journey is not None:
            return
        self._last = (command, count, argument)
        try:
            target = self.session.target(command, count, argument)
        except TuibpError as error:
            self.show(str(error))
            return
        self._finishing = self.session.frame if command.name == "finish" and count == 1 else None
        self._travel(target)

    def _travel(self, target: int) -> None:
        journey = Journey(self.session, target)
        if journey.run_inline():
            self._arrived(self.session.stop(journey.start, self._finishing))
            return
        self._journey = journey
        self._ticker = self.set_interval(REPAINT, self._paint_bars)
        self.run_worker(journey.run, thread=True, exit_on_error=True, name="journey")
        self._paint_bars()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The thread has ended: it arrived, or was called off."""
        if event.worker.name != "journey" or event.state is not WorkerState.SUCCESS or self._journey is None:
            return
        journey, self._journey = self._journey, None
        self._ticker.stop()
        if event.worker.result:
            self._arrived(self.session.stop(journey.start, self._finishing))
            return
        stop = self.session.interrupt(journey.target)
        self._arrived(dataclasses.replace(stop, reason=f"Stopped at {self.session.position.name}."))

    def _arrived(self, stop: Stop) -> None:
        self.choices = dataclasses.replace(self.choices, look=None)
        for name in ("dp", "program", "formula"):
            self._panes[name].follow()
        self.show(stop.reason)

    def answered(self, command: str, text: str) -> None:
        """The prompt's answer."""
        self.move(COMMANDS[command], 1, text)

    # -- what only the screen does; each is a row of COMMANDS

    def do_repeat(self) -> None:
        """Repeat the last movement."""
        if self._last is not None:
            self.move(*self._last)

    def do_back(self) -> None:
        """Return to the place visited before."""
        self._visit(-1)

    def do_forward(self) -> None:
        """Forward again."""
        self._visit(+1)

    def _visit(self, direction: Literal[-1, 1]) -> None:
        if self._journey is None:
            self._arrived(self.session.step_visited(direction))

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
        """Look at another column of the batch; behind the last sample stands the mean."""
        view = self.scene.view
        now = view.m if self.choices.look == "mean" else (view.sample or 0)
        self._look_at(now + step)

    def _look_at(self, column: int) -> None:
        view = self.scene.view
        if view.record is None or view.current is None:
            self.show("No sample is loaded yet.")
            return
        column = max(0, min(column, view.m))
        self._choose(look="mean" if column == view.m else column)

    def do_zoom(self) -> None:
        """Give the focused pane the whole screen, and back."""
        self._zoom_on(None if self.has_class("-zoomed") else self._focused_pane().row.name)

    def do_matrix(self) -> None:
        """Change what the matrix pane shows."""
        following = MATRICES[(MATRICES.index(self.choices.matrix) + 1) % len(MATRICES)]
        self._choose(matrix=following)
        self.show("The matrix pane follows the program." if following == "auto" else f"The matrix pane shows {following}.")

    def do_digits(self) -> None:
        """Show more significant digits, then the usual four again."""
        self._choose(digits=DIGITS[(DIGITS.index(self.choices.digits) + 1) % len(DIGITS)])

    def do_help(self) -> None:
        """Explain the focused pane."""
        self.app.push_screen(HelpScreen(self._focused_pane().row.name))

    def do_palette(self) -> None:
        """Find a command by its name."""
        self.app.action_command_palette()

    def do_theme(self) -> None:
        """Change between dark and light."""
        names = sorted(self.app.available_themes)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    def do_quit(self) -> None:
        """Leave."""
        if self._journey is not None:
            self._journey.call_off()
        self.app.exit(return_code=0)

    def do_escape(self) -> None:
        """Stop a run at once; otherwise let go of the count, the cell, the sample and the frame, in this order."""
        if self._journey is not None:
            self._journey.call_off()
        elif self._count:
            self._count = ""
            self.show("")
        elif self.choices.cursor is not None or self.choices.place is not None:
            self._choose(cursor=None, place=None)
        elif self.has_class("-zoomed"):
            self._zoom_on(None)
        else:
            self.session.selected = Level.OP
            self._choose(look=None)

    # -- panes and the cell cursor

    def _focused_pane(self) -> Pane:
        return self.focused if isinstance(self.focused, Pane) else self._panes["dp"]

    def action_digit(self, digit: str) -> None:
        """Digits before a movement are its count."""
        if (self._count or digit != "0") and len(self._count) < 9:
            self._count += digit
            self.show("")

    def action_pane(self, direction: int) -> None:
        """Go to the next pane, or to the one whose number has been typed."""
        names = list(PANES)
        if self._count:
            number = int(self._count)
            self._count = ""
            name = names[min(number, len(names)) - 1]
        else:
            name = names[(names.index(self._focused_pane().row.name) + direction) % len(names)]
        self.to_pane(name)

    def to_pane(self, name: str) -> None:
        """Focus a pane, and bring it to the front where it shares its place."""
        self._bring_to_front(name)
        if self.has_class("-zoomed"):
            self._zoom_on(name)
        self._panes[name].focus()
        self.call_after_refresh(self.show)

    def _zoom_on(self, name: str | None) -> None:
        """Give one pane the whole screen; None gives it back to all."""
        self.set_class(name is not None, "-zoomed")
        self.query_one("#right").set_class(name == "program", "-away")
        self.query_one("#pair").set_class(name in PAIRED, "-zoom")
        for pane in self._panes.values():
            pane.set_class(pane.row.name == name, "-zoom")
        self.call_after_refresh(self.show)

    def _bring_to_front(self, name: str) -> None:
        if name in TABBED:
            self._front = name
        for other in TABBED:
            self._panes[other].set_class(other == self._front, "-front")
        self.query_one("#pair").set_class(self._front in PAIRED, "-front")

    def _name_tabs(self) -> None:
        """Where panes share a place, the one in front names the others."""
        shared = self.has_class("-short") or (self.has_class("-narrow") and self.has_class("-tall"))
        others = "".join(f" · {PANES[name].number} {name}" for name in TABBED if name != self._front)
        for name in TABBED:
            self._panes[name].set_tabs(others if shared and name == self._front and not self.has_class("-zoomed") else "")

    def action_arrow(self, dy: int, dx: int) -> None:
        """The arrows: the cell cursor, the line of the program, another sample, or scrolling, as the pane has it."""
        pane = self._focused_pane()
        name = pane.row.name
        if pane.row.columns is not None:
            pane.follow()
            cursor = step_cursor(pane.row.columns(self.scene), self.choices.cursor, dy, dx, self._home(name))
            self._choose(cursor=cursor, place=None)
        elif name == "program":
            self._choose(place=self._place(dy, dx), cursor=None)
        elif name == "network" and dx:
            self.look(dx)
        else:
            pane.scroll_by(dy, dx)

    def _home(self, name: str) -> int:
        """The column where the cursor starts in a table."""
        return self.scene.layer if name == "dp" else 0

    def _place(self, dy: int, dx: int) -> str:
        """The operation on the listing `dy` lines below and `dx` operations to the right of the selected one."""
        lines = places(self.session.timeline.program)
        now = self.choices.place or (self.scene.next.name if self.scene.next is not None else "end")
        y, x = next((y, line.index(now)) for y, line in enumerate(lines) if now in line)
        line = lines[max(0, min(y + dy, len(lines) - 1))]
        return line[max(0, min(x + dx if dy == 0 else x, len(line) - 1))]

    def on_pane_focused(self, event: Pane.Focused) -> None:
        """Focus by mouse or key: the hints may differ."""
        self._paint_bars()

    def on_picture_view_clicked(self, event: PictureView.Clicked) -> None:
        """A click selects a cell or a line; a second one on a line goes there."""
        target = event.hit.target
        if isinstance(target, CellRef):
            self._choose(cursor=target, place=None)
            return
        if target.startswith(LOOK):
            column = target.removeprefix(LOOK)
            self._look_at(self.scene.view.m if column == "mean" else int(column))
            return
        self._choose(place=target, cursor=None)
        if event.count == 2:
            self.move(COMMANDS["advance"], 1, target)

    def on_picture_view_scrolled(self, event: PictureView.Scrolled) -> None:
        """The wheel scrolls the pane under it."""
        if isinstance(event.view, Pane):
            event.view.scroll_by(event.dy, event.dx)
