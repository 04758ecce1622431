"""`tuibp [FILE]`: the screen where there is one, text where there is none."""

from __future__ import annotations

import io
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tuibp.cli import main, screen
from tuibp.cli.files import open_recipe
from tuibp.console.console import Console


def test_without_a_terminal_a_sample_is_worked_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert text.startswith(open_recipe("xor").title)
    for op in ("load", "fwd1.z", "fwd2.a", "cost", "bwd2.dC_da", "bwd1.dW", "update"):
        assert f"e0.b0.s0.{op}" in text or f"e0.b0.{op}" in text
    assert text.rstrip().endswith("run tuibp in one.")


def test_any_file_is_worked_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mazur"]) == 0
    text = capsys.readouterr().out
    assert "0.29837" in text
    assert text.rstrip().endswith("run tuibp mazur in one.")


def test_it_never_waits_for_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuibp"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stderr == ""


class _Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The standard streams as `screen` sees them, all of them terminals."""
    streams = SimpleNamespace(stdin=_Terminal(), stdout=_Terminal(), stderr=_Terminal())
    monkeypatch.setattr(screen, "sys", streams)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("tuibp.tui.terminal.prepare_environment", lambda environment: None)
    monkeypatch.setattr("tuibp.tui.terminal.pause_garbage_collector", lambda: None)
    return streams


def test_the_screen_gets_the_recipe(process: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ASCII where it is asked for, and where the terminal's encoding has nothing else."""
    opened: list[tuple[str, bool, bool]] = []

    def run(console: Console, keeper: object, *, ascii: bool, dark: bool) -> int:
        opened.append((console.session.recipe.title, ascii, dark))
        return 7

    app = ModuleType("tuibp.tui.app")
    vars(app)["run"] = run
    monkeypatch.setitem(sys.modules, "tuibp.tui.app", app)
    assert main([]) == 7
    assert main(["mazur", "--ascii", "--light"]) == 7
    process.stderr = _Terminal("latin-1")
    assert main([]) == 7
    xor = open_recipe("xor").title
    assert opened == [(xor, False, True), (open_recipe("mazur").title, True, False), (xor, True, True)]


@pytest.mark.usefixtures("process")
def test_an_error_of_the_file_comes_before_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xro"]) == 2
    assert "did you mean the sample xor?" in capsys.readouterr().err


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("instead", [io.StringIO(), None])
def test_the_screen_needs_all_three_streams(stream: str, instead: io.StringIO | None, process: SimpleNamespace) -> None:
    assert screen.has_screen()
    setattr(process, stream, instead)
    assert not screen.has_screen()


@pytest.mark.usefixtures("process")
def test_a_dumb_terminal_has_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not screen.has_screen()
