"""A tiny app on the screen's infrastructure, seen from outside: what it paints, how it reacts, what it leaves."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping

import pytest

from tests.terminal.pty_driver import MODERN, PYTHON, SWITCHES, PtyProgram, assert_terminal_clean

APP = r"""
import os, sys
from tuibp.tui.terminal import calm_garbage_collector, pause_garbage_collector, prepare_environment
prepare_environment(os.environ)
pause_garbage_collector()
from textual.binding import Binding
from tuibp.present.cells import Hit, Picture, Run
from tuibp.tui.framework import QuietScreen, TerminalApp, exit_status
from tuibp.tui.widgets.picture import PictureView

def picture(name, count):
    def row(y):
        return Run(f"{name} row {y} "), Run(f"{count * (y == 2):+d}", "heat+3 active"), Run(" end", "dim")
    rows = [row(y) for y in range(6)]
    rows[4] = (Run("x\x1b]0;owned\x07\x9b31m\u202ey\u6f22 end"),)
    return Picture(tuple(rows), (Hit(1, 0, 8, "first"),), more=f"more {count} [/nope]")

class Main(QuietScreen):
    BINDINGS = [("a", "add"), ("c", "crash"), ("q", "app.quit"), Binding("ctrl+z", "app.suspend_process")]
    count = 0
    def compose(self):
        yield PictureView(id="left")
        yield PictureView(id="right")
    def on_mount(self):
        for view in self.query(PictureView):
            view.show(picture(view.id, 0))
        self.call_after_refresh(calm_garbage_collector)
    def action_add(self):
        self.count += 1
        self.query_one("#left", PictureView).show(picture("left", self.count))
    def action_crash(self):
        raise RuntimeError("deliberate")
    def on_picture_view_clicked(self, message):
        self.note(message.view, f"clicked {message.view.id} {message.hit.target} {message.button} {message.count}")
    def on_picture_view_scrolled(self, message):
        self.note(message.view, f"scrolled {message.dx:+d} {message.dy:+d}")
    def note(self, view, text):
        view.show(Picture((*view.picture.rows, (Run(text),))))

class Tiny(TerminalApp):
    ENABLE_COMMAND_PALETTE = False
    CSS = "PictureView { border: round $border-blurred } PictureView:focus { border: round $border }"
    def get_default_screen(self):
        return Main()

app = Tiny(dark="light" not in sys.argv)
app.run()
sys.exit(exit_status(app))
"""
LAST = "right row 5 +0 end"
"""What the first paint paints last."""


def start(*args: str, env: Mapping[str, str | None] | None = None) -> PtyProgram:
    return PtyProgram([PYTHON, "-c", APP, *args], columns=80, lines=24, env=env)


@pytest.fixture
def tiny() -> Iterator[PtyProgram]:
    with start() as program:
        program.first_paint(LAST)
        yield program


def assert_left(program: PtyProgram, status: int) -> None:
    """The program has ended with this status, and the terminal is as before."""
    assert program.end() == status
    assert_terminal_clean(bytes(program.log))
    assert program.modes_restored()


def test_paints_changes_and_focus(tiny: PtyProgram) -> None:
    assert "more 0 [/nope]" in tiny.screen_text()
    painted = len(tiny.log)
    tiny.respond("a")
    assert "left row 2 +1 end" in tiny.screen_text()
    tiny.press("a")
    tiny.wait_for("left row 2 +2 end")
    tiny.settle()
    painted = len(tiny.log)
    tiny.respond("\t")
    tiny.respond("\t")
    frames = bytes(tiny.log[painted:])
    assert b"row 2" in frames, "the focus moves the border, and a border is a part of every row"
    tiny.click(3, 2)
    tiny.wait_for("clicked left first 1 1")
    tiny.press("\x1b[<65;3;15M")
    tiny.wait_for("scrolled +0 +1")
    tiny.press("q")
    assert_left(tiny, 0)


def test_a_changed_row_is_all_that_is_sent() -> None:
    app = APP.replace('more=f"more {count} [/nope]"', "")
    with PtyProgram([PYTHON, "-c", app], columns=80, lines=24) as program:
        program.first_paint(LAST)
        painted = len(program.log)
        program.respond("a")
        frame = bytes(program.log[painted:])
    assert b"left row 2" in frame
    assert b"left row 1" not in frame
    assert b"right" not in frame


def test_control_characters_stop_at_the_last_door(tiny: PtyProgram) -> None:
    assert "x?]0;owned??31m?y? end" in tiny.screen_text()
    for dangerous in (b"\x1b]0;", b"owned\x07", "\x9b".encode(), "\u202e".encode()):
        assert dangerous not in tiny.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_the_terminal_clean(tiny: PtyProgram, number: signal.Signals) -> None:
    tiny.signal(number)
    assert_left(tiny, 128 + number)


def test_a_closed_window_ends_the_program(tiny: PtyProgram) -> None:
    tiny.hang_up()
    assert tiny.process.wait(5) == 128 + signal.SIGHUP


def test_a_crash_says_so_and_leaves_the_terminal_clean(tiny: PtyProgram) -> None:
    tiny.press("c")
    assert_left(tiny, 1)
    assert "RuntimeError: deliberate" in tiny.screen_text()


@pytest.mark.parametrize("how", ["ctrl+z", "SIGTSTP", "SIGSTOP"])
def test_suspended_and_continued(tiny: PtyProgram, how: str) -> None:
    if how == "ctrl+z":
        tiny.press("\x1a")
    else:
        tiny.signal(signal.Signals[how])
    tiny.settle(0.4)
    if how != "SIGSTOP":
        assert_terminal_clean(bytes(tiny.log))
        assert tiny.modes_restored()
    suspended = len(tiny.log)
    tiny.signal(signal.SIGCONT)
    tiny.wait_for(lambda: LAST.encode()[:9] in tiny.log[suspended:])
    tiny.press("a")
    tiny.wait_for("left row 2 +1 end")
    tiny.press("q")
    assert_left(tiny, 0)


def test_a_storm_of_sizes(tiny: PtyProgram) -> None:
    for step in range(40):
        tiny.resize(20 + 4 * step, 3 + step)
        tiny.read(0.002)
    tiny.resize(80, 24)
    tiny.settle(0.3)
    tiny.press("a")
    tiny.wait_for("left row 2 +1 end")
    tiny.press("q")
    assert_left(tiny, 0)


def test_bytes_that_are_no_text_are_survived(tiny: PtyProgram) -> None:
    tiny.press(b"\xff\xc3(\x9ba")
    tiny.wait_for("left row 2 +1 end")
    tiny.press("q")
    assert_left(tiny, 0)


def test_a_modern_terminal_is_not_taken_further_than_it_comes_back() -> None:
    """Its synchronised output is used; the mouse in pixels, which textual would turn on for ever, is not."""
    with PtyProgram([PYTHON, "-c", APP], columns=80, lines=24, answers=MODERN) as program:
        program.first_paint(LAST)
        program.resize(81, 24)  # the first paint may come before the terminal's answers have been read
        program.wait_for(lambda: SWITCHES["synchronised output"][0] in program.log)
        assert SWITCHES["mouse in pixels"][0] not in program.log
        program.press("q")
        assert_left(program, 0)


@pytest.mark.parametrize(
    ("env", "args", "sent", "never"),
    [
        ({}, (), b"48;2;", b"48;5;"),
        ({}, ("light",), b"48;2;247;247;247", b"48;2;30;30;30"),
        ({"COLORTERM": None}, (), b"48;5;136", b"8;2;"),
        ({"TERM": "screen-256color", "COLORTERM": None}, (), b"48;5;136", b"8;2;"),
        ({"TERM": "xterm", "COLORTERM": None}, (), b"1;4;39;49m", b"8;5;"),
        ({"NO_COLOR": "1"}, (), b"1;4;39;49m", b"8;2;"),
        ({"NO_COLOR": ""}, (), b"48;2;", b"48;5;"),
    ],
    ids=["true", "light", "256", "screen", "16", "no-color", "empty-no-color"],
)
def test_colours_of_a_terminal(env: Mapping[str, str | None], args: tuple[str, ...], sent: bytes, never: bytes) -> None:
    with start(*args, env=env) as program:
        program.first_paint(LAST)
        assert sent in program.log
        assert never not in program.log
        program.press("q")
        assert_left(program, 0)
