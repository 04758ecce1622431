"""What a session must not take the place of: another process's work, and files that are no sessions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuibp.cli import session_files
from tuibp.cli.opening import open_console
from tuibp.cli.session_files import read
from tuibp.errors import InputError


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session file."""
    path = tmp_path / "s.tuibp"
    console, _ = open_console("xor", None, traces=False)
    console.execute(f"save {path}")
    return path


def notes(path: Path) -> list[str]:
    """What has been noted in a session."""
    return [text for _, text in open_console(str(path), None, traces=False).console.notes]


def test_two_processes_on_one_file_lose_nothing(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (open_console(str(session), None) for _ in range(2))
    first.console.execute("note of the first")
    second.console.execute("note of the second")
    assert second.keeper.close(second.console) == 0
    with pytest.raises(InputError, match="another process has written it since; save under another name"):
        first.console.execute("save")
    assert first.keeper.close(first.console) == 0
    assert "has been written by another process: this session is saved as" in capsys.readouterr().err
    assert notes(session) == ["of the second"]
    assert notes(session.with_name("s-2.tuibp")) == ["of the first"]


@pytest.mark.parametrize("kind", ["text", "pipe", "device"])
def test_what_is_no_session_is_not_written_over(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "other.tuibp"
    if kind == "text":
        path.write_text("my thesis")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    console, _ = open_console("xor", None, traces=False)
    with pytest.raises(InputError, match="choose another name"):
        console.execute(f"save {path}")
    assert kind != "text" or path.read_text() == "my thesis"


def test_keyframes_stay_in_the_file_until_a_plain_save(tmp_path: Path) -> None:
    path = tmp_path / "k.tuibp"
    console, _ = open_console("xor", None, traces=False)
    console.execute("goto e9")
    assert console.execute(f"save/k {path}").lines == (
        f"Saved to {path}, with its log and 0 keyframes.",
    )  # too short a run for one
    opened = open_console(str(path), None)
    assert opened.console.session.timeline.log.filled == console.session.timeline.log.filled
    opened.console.execute("goto e12")
    assert opened.keeper.close(opened.console) == 0
    again = open_console(str(path), None)
    assert again.console.session.timeline.log.filled >= opened.console.session.timeline.log.filled - 1
    assert read(path).logs
    again.console.execute("save")
    assert not read(path).logs


def test_keyframes_of_another_machine_are_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "k.tuibp"
    console, _ = open_console("xor", None, traces=False)
    console.execute("goto e9")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(session_files, "machine", lambda: "numpy 9, abacus")
        console.execute(f"save/k {path}")
    capsys.readouterr()
    opened = open_console(str(path), None, traces=False)
    assert "Its keyframes are left aside: they were computed on another machine." in capsys.readouterr().err
    assert opened.console.value("W[1]").tobytes() == console.value("W[1]").tobytes()
