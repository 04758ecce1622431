"""The real `python -m tuibp` in a pseudo-terminal: what a person at a terminal sees, and what is left when it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.terminal.pty_driver import PYTHON, PtyProgram, assert_terminal_clean, environment

COMMAND = [PYTHON, "-m", "tuibp"]
FIRST = "space compute it"
"""Stands in the last line of the first paint."""
ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>78cM])")
"""The escape sequences that textual writes; what is left of the log without them must hold no other."""
ENDLESS = """tuibp = 1
title = "endless"
[data]
inline = { x = [[0, 1], [1, 0]], y = [[0], [1]] }
[[layer]]
units = 3
activation = "tanh"
[[layer]]
units = 1
activation = "sigmoid"
[cost]
kind = "squared-error"
[train]
epochs = 3000000
batch = 1
"""


def start(*args: str, size: tuple[int, int] = (80, 24), env: Mapping[str, str | None] | None = None) -> PtyProgram:
    return PtyProgram([*COMMAND, *args], columns=size[0], lines=size[1], env=env)


@pytest.fixture
def xor() -> Iterator[PtyProgram]:
    with start("xor") as program:
        program.first_paint(FIRST)
        yield program


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[PtyProgram]:
    """A run that takes minutes, under way."""
    file = tmp_path / "endless.toml"
    file.write_text(ENDLESS)
    with start(str(file)) as program:
        program.first_paint(FIRST)
        program.press("c")
        program.wait_for("esc stop")
        yield program


def assert_left(program: PtyProgram, status: int) -> None:
    assert program.end() == status
    assert_terminal_clean(bytes(program.log))
    assert program.modes_restored()


def test_it_opens_steps_and_leaves_a_clean_terminal(xor: PtyProgram) -> None:
    assert "e0.shuffle" in xor.screen_text()
    for place in ("e0.b0.begin", "e0.b0.s0.load", "e0.b0.s0.fwd1.z"):
        xor.press(" ")
        xor.wait_for(place)
    xor.press("\x7f")
    xor.wait_for("e0.b0.s0.load")
    xor.press("\x1b[B")
    xor.wait_for("L last change")
    xor.press("gqqq")
    xor.wait_for("qqq")
    xor.press("\x1b")
    xor.wait_for(lambda: "qqq" not in xor.screen_text())
    xor.press("ge1.b0\r")
    xor.wait_for("e1.b0.begin")
    xor.press("q")
    assert_left(xor, 0)


def test_load_opens_another_file_on_the_same_screen(xor: PtyProgram) -> None:
    xor.press(":")
    xor.press("load nothing\r")
    xor.wait_for("there is no file")
    xor.press(":")
    xor.press("load mazur\r")
    xor.wait_for("Mazur's 2-2-2")
    xor.press("s")
    xor.wait_for("e0.b0.begin")
    xor.press("q")
    assert_left(xor, 0)


@pytest.mark.parametrize("key", ["\x11", "q"], ids=["ctrl+q", "q"])
def test_leaving_in_the_middle_of_a_run(endless: PtyProgram, key: str) -> None:
    endless.press(key)
    began = time.perf_counter()
    assert_left(endless, 0)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("key", ["\x1b", "\x03"], ids=["esc", "ctrl+c"])
def test_a_run_is_stopped_and_the_app_stays(endless: PtyProgram, key: str) -> None:
    endless.press(key)
    endless.wait_for("Stopped at e")
    endless.press("\x03")
    endless.wait_for("q quits")
    endless.press("q")
    assert_left(endless, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_during_a_run_leaves_the_terminal_clean(endless: PtyProgram, number: signal.Signals) -> None:
    endless.signal(number)
    assert_left(endless, 128 + number)


def test_a_closed_window_ends_it(endless: PtyProgram) -> None:
    endless.hang_up()
    assert endless.process.wait(8) == 128 + signal.SIGHUP


def test_suspended_and_continued(xor: PtyProgram) -> None:
    xor.press("   ")
    xor.wait_for("e0.b0.s0.fwd1.z")
    xor.press("\x1a")
    xor.wait_for(lambda: os.waitid(os.P_PID, xor.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None)
    xor.settle()
    assert_terminal_clean(bytes(xor.log))
    assert xor.modes_restored()
    suspended = len(xor.log)
    xor.signal(signal.SIGCONT)
    xor.wait_for(lambda: b"fwd1.z" in xor.log[suspended:])
    xor.press(" ")
    xor.wait_for("e0.b0.s0.fwd2.z")
    xor.press("q")
    assert_left(xor, 0)


CRASH = """
import sys
from tuibp.tui.screens.debugger import DebuggerScreen
def crash(self):
    raise RuntimeError("deliberate")
DebuggerScreen.do_theme = crash
from tuibp.cli import main
sys.exit(main(["xor"]))
"""


def test_a_fault_of_ours_leaves_the_terminal_clean() -> None:
    with PtyProgram([PYTHON, "-c", CRASH], columns=80, lines=24) as program:
        program.first_paint(FIRST)
        program.press("\x14")
        assert_left(program, 1)
        assert "deliberate" in program.screen_text()


def test_a_storm_of_sizes_while_stepping(xor: PtyProgram) -> None:
    for step in range(40):
        xor.resize(10 + 5 * step, 3 + step)
        xor.press(" ")
        xor.read(0.002)
    xor.resize(20, 5)
    xor.wait_for("too small")
    xor.resize(80, 24)
    xor.wait_for("1 program")
    xor.press("g0\r")
    xor.wait_for("t=0 of")
    xor.press("q")
    assert_left(xor, 0)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
def test_every_usual_size(size: tuple[int, int]) -> None:
    with start("iris", size=size) as program:
        program.first_paint(FIRST)
        program.press("sssssss")
        program.wait_for("bwd1.dC_da")
        text = program.screen_text().splitlines()
        assert text[0].endswith("e0.b0.s0.bwd1.dC_da") and "1 program" in text[1] and "q quit" in text[-1]
        program.press("q")
        assert_left(program, 0)


def test_a_very_small_terminal_gets_a_sentence() -> None:
    with start("xor", size=(20, 5)) as program:
        program.wait_for("too small")
        assert "q quits" in " ".join(program.screen_text().split())
        program.press("  q")
        assert_left(program, 0)


def test_bytes_that_are_no_text_are_survived(xor: PtyProgram) -> None:
    xor.press(b"\xff\xc3(\x9b\xf0\x9f\x98\x00\x1b[999~\x1b[<0;1M\x1b]11;rgb:0/0/0\x07")
    for _ in range(3):
        xor.settle(0.2)
        xor.press("\x1b")
    xor.settle(0.2)
    xor.press("g0\r")
    xor.wait_for("t=0 of")
    xor.press("q")
    assert_left(xor, 0)


HOSTILE = "a\x1b]0;owned\x07\x1b[31m\x9b5m\u202e[/nope][bold]$x 漢字e\u0301\u200bz"


def test_names_from_files_never_reach_the_terminal_raw(tmp_path: Path) -> None:
    """Titles, features, classes and paths: no escape, no control, no wide or combining character, no markup."""
    folder = tmp_path / "a\x1b]0;path\x07[nope]"
    folder.mkdir()
    header = f'"{HOSTILE}",w,label\n'
    rows = "".join(f"{i % 3},{i % 2},{HOSTILE if i % 2 else 'other'}\n" for i in range(8))
    (folder / "data.csv").write_text(header + rows, encoding="utf-8")
    escaped = HOSTILE.encode("unicode_escape").decode().replace("\\x", "\\u00")
    (folder / "net.toml").write_text(
        f'tuibp = 1\ntitle = "{escaped}"\n[data]\ncsv = {{ path = "data.csv", target = "label" }}\n'
        '[[layer]]\nunits = 2\nactivation = "softmax"\n[cost]\nkind = "cross-entropy"\n[train]\nbatch = 2\n',
        encoding="utf-8",
    )
    with start(str(folder / "net.toml"), size=(120, 40)) as program:
        program.first_paint(FIRST)
        assert "[/nope]" in program.screen_text(), "the title is shown as it is"
        for keys in (
            "}}",
            "sss",
            "4\t",
            "\x1b[B\x1b[B\x1b[B",
            "z",
            "z",
            "\x1bOA?",
            "\x1b",
            "ga\x1b",
            "g[/nope]\r",
            "c",
        ):
            program.press(keys)
            program.settle(0.05)
        program.press("\x1b")
        program.settle(0.1)
        program.press("q")
        assert_left(program, 0)
    text = ESCAPE.sub(b"", bytes(program.log)).decode()
    assert b"owned\x07" not in program.log and b"]0;path" not in program.log
    for forbidden in ("\x1b", "\x9b", "\u202e", "漢", "\u0301", "\u200b", "\x07"):
        assert forbidden not in text, repr(text[max(0, text.find(forbidden) - 40) :][:80])
    assert b"\x1b[31m" not in program.log


@pytest.mark.parametrize(
    ("env", "args", "sent", "never"),
    [
        ({}, (), b"48;2;30;30;30", b"48;5;"),
        ({}, ("--light",), b"48;2;247;247;247", b"48;2;30;30;30"),
        ({"COLORTERM": None}, (), b"48;5;", b"8;2;"),
        ({"COLORTERM": None}, ("--light",), b"48;5;255", b"8;2;"),
        ({"TERM": "xterm", "COLORTERM": None}, (), b"\x1b[", b"8;5;"),
        ({"NO_COLOR": "1"}, (), b"\x1b[", b"8;2;"),
    ],
    ids=["true", "light", "256", "light-256", "16", "no-color"],
)
def test_colours(env: Mapping[str, str | None], args: tuple[str, ...], sent: bytes, never: bytes) -> None:
    with start("xor", *args, env=env) as program:
        program.first_paint(FIRST)
        program.press("    \x1b[B\x14 ")
        program.wait_for("e0.b0.s0.cost")
        program.settle(0.1)
        program.press("q")
        assert_left(program, 0)
    opening = bytes(program.log) if "--light" not in args else bytes(program.log).partition(b"compute it")[0]
    assert sent in opening
    assert never not in opening


def test_ascii_sends_no_other_character() -> None:
    with start("iris", "--ascii", size=(120, 40)) as program:
        program.first_paint(FIRST)
        program.press("}}ssss?")
        program.wait_for("help:")
        program.press("\x1b")
        program.settle(0.1)
        program.press("\x10the")
        program.wait_for("Change between")
        program.press("\x1b")
        program.settle(0.1)
        program.press("q")
        assert_left(program, 0)
    assert bytes(program.log).isascii()


def test_a_terminal_that_cannot_be_painted_on_has_a_prompt() -> None:
    with start("xor", env={"TERM": "dumb"}) as program:
        program.wait_for("(tuibp)")
        program.press("quit\r")
        assert program.end() == 0
        assert b"\x1b" not in program.log


@pytest.mark.parametrize("piped", ["stdin", "stdout"])
def test_without_a_screen_it_prints_and_ends(piped: str) -> None:
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(
        [*COMMAND, "xor"], stdin=pipe if piped == "stdin" else null, stdout=pipe, stderr=pipe, env=environment()
    ) as process:
        text, complaints = process.communicate(timeout=30)
    assert process.returncode == 0 and complaints == b""
    assert b"There is no terminal here" in text and b"\x1b" not in text


def test_the_first_paint_is_the_only_one(xor: PtyProgram) -> None:
    """Every paint of the whole begins at the upper left corner with the title, which is bold."""
    xor.settle(0.3)
    assert xor.log.count(b"\x1b[1;1H\x1b[1;") == 1
