"""The door: exit codes, one message for an error, and nothing heavy behind `--version`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tuibp
from tuibp import cli
from tuibp.cli import main
from tuibp.cli.parser import COMMANDS
from tuibp.errors import CombinedError, InputError, UnsupportedError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tuibp {tuibp.__version__}\n"


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["run", "--help"], ["--nonsense"]])
def test_light_commands_load_nothing_heavy(words: list[str]) -> None:
    heavy = "{'numpy', 'textual', 'rich'} & set(sys.modules)"
    code = f"import sys; from tuibp.cli import main; main({words!r}); sys.exit(len({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_help_names_every_command_and_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, what in COMMANDS.items():
        assert f"  {name}" in text
        assert what in text
    assert "examples:" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert COMMANDS[name] in text
    assert "\n  tuibp " in text.partition("examples:")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trce", "xor"], "did you mean tuibp trace?"),
        (["trce"], "did you mean tuibp trace?"),
        (["xor", "mazur"], "the commands are trace"),
        (["trace"], "required: FILE; see tuibp trace --help"),
        (["--nonsense"], "see tuibp --help"),
        (["trace", "xor", "--format", "xml"], "invalid choice"),
        (["trace", "xor", "--from", "e1", "--to", "e0"], "lies behind"),
        (["trace", "xor", "--to", "e999"], "there is no epoch 999"),
        (["run", "xor", "--to", "nowhere"], "nowhere"),
        (["run", "xro"], "did you mean the sample xor?"),
    ],
)
def test_bad_usage_is_one_message(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.startswith("tuibp: ")
    assert caught.err.count("\n") == 1
    assert said in caught.err


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(words: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "_run", run)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UnsupportedError("no", hint="try", where="f:1:2"), 3, "tuibp: f:1:2: no; try\n"),
        (CombinedError([InputError("one"), InputError("two")]), 2, "tuibp: one\ntuibp: two\n"),
        (InputError("a\x1b[31mb\r\u202e"), 2, "tuibp: a?[31mb??\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 0, ""),
        (MemoryError(), 2, "tuibp: there is not enough memory for this; give a smaller network or smaller batches\n"),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, error)
    assert main([]) == code
    assert capsys.readouterr().err == said


def test_a_bug_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, ZeroDivisionError("here"))
    assert main([]) == cli.EXIT_BUG
    text = capsys.readouterr().err
    assert "bug in tuibp" in text
    assert "ZeroDivisionError: here" in text
    assert "Traceback" not in text
    monkeypatch.setenv(cli.DEBUG, "1")
    assert main([]) == cli.EXIT_BUG
    assert "Traceback" in capsys.readouterr().err


def test_python_m_tuibp_returns_the_code() -> None:
    command = [sys.executable, "-m", "tuibp", "run", "no-such-thing"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith('tuibp: there is no file "no-such-thing"')
