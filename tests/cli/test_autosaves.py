"""Autosaves: where they lie, how few of them, and that none of it ever ends a session."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from statistics import median

import pytest

from tuibp.cli.autosaves import KEPT, Autosave, autosave_path, begin, is_autosave, latest_for, saved_path, state_folder

TEN = os.urandom(10_000)
OFTEN = 0.003
"""Seconds that a write of 10 KB may take here, where tests run on busy machines; by itself it takes a tenth of it."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tuibp.cli.autosaves.state_folder", lambda: tmp_path / "state" / "tuibp" / "sessions")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "tuibp" / "sessions"


def test_the_last_one_kept_is_there(tmp_path: Path) -> None:
    auto = Autosave(tmp_path / ".s.auto")
    for raw in (b"one", b"", TEN):
        assert auto.keep(raw)
        assert auto.path.read_bytes() == raw
        assert names(tmp_path) == [".s.auto"]
    assert auto.trouble is None
    assert os.name == "nt" or auto.path.stat().st_mode & 0o777 == 0o600
    auto.done()
    auto.done()
    assert names(tmp_path) == []


def test_keeping_takes_no_time(tmp_path: Path) -> None:
    auto, times = Autosave(tmp_path / ".s.auto"), []
    for _ in range(200):
        start = time.perf_counter()
        auto.keep(TEN)
        times.append(time.perf_counter() - start)
    assert median(times) < OFTEN


def test_trouble_is_kept_once_and_mended_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auto = Autosave(tmp_path / ".s.auto")
    auto.keep(b"old")
    write = os.write

    def full(handle: int, data: memoryview) -> int:
        if len(data) < 4000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:4000])

    monkeypatch.setattr(os, "write", full)
    assert not auto.keep(TEN)
    said = f"the session is not being saved as you go: {auto.path}: No space left on device"
    assert auto.trouble == said
    assert auto.path.read_bytes() == b"old"
    assert names(tmp_path) == [".s.auto"]
    monkeypatch.setattr(os, "write", write)
    assert auto.keep(b"new")
    assert auto.trouble == said
    auto.path.unlink()
    auto.path.mkdir()
    assert not auto.keep(b"newer")
    assert auto.trouble == said
    auto.done()
    assert auto.path.is_dir()


@pytest.mark.parametrize("name", ["none/.s.auto", "file/.s.auto", "x" * 300, "a\0b"])
def test_places_where_nothing_can_be_kept(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    auto = Autosave(tmp_path / name)
    assert not auto.keep(TEN)
    assert auto.trouble is not None
    assert auto.trouble.isprintable()
    auto.done()
    assert names(tmp_path) == ["file"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim, auto = tmp_path / "victim", Autosave(tmp_path / ".s.auto")
    victim.write_bytes(b"mine")
    auto._part.symlink_to(victim)
    auto.path.symlink_to(victim)
    assert auto.keep(TEN)
    assert victim.read_bytes() == b"mine"
    assert auto.path.read_bytes() == TEN


def test_what_killed_processes_left_is_taken_away(tmp_path: Path) -> None:
    old, young = tmp_path / ".s.auto.77.part", tmp_path / ".s.auto.78.part"
    others = [tmp_path / "s.auto.77.part", tmp_path / ".s.auto.77"]
    for path in (old, young, *others):
        path.touch()
        if path is not young:
            os.utime(path, (1, 1))
    Autosave(tmp_path / ".s.auto").keep(b"x")
    assert not old.exists()
    assert young.exists()
    assert all(path.exists() for path in others)


def test_a_session_without_a_file(state: Path) -> None:
    assert latest_for("xor") is None
    auto = begin("xor")
    assert auto.path.parent == state
    assert auto.path.name.startswith("xor-")
    assert auto.path.name.endswith(f"-{os.getpid()}.tuibp")
    assert latest_for("xor") is None
    assert auto.keep(b"x")
    assert latest_for("xor") == auto.path
    assert latest_for("mazur") is None
    second = begin("xor")
    assert second.path != auto.path
    second.keep(b"y")
    os.utime(auto.path, (1, 1))
    assert latest_for("xor") == second.path
    second.done()
    assert latest_for("xor") == auto.path


def test_networks_are_told_apart_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = begin("a/n.toml")
    one.keep(b"x")
    assert latest_for("b/n.toml") is None
    assert latest_for("./a/../a/n.toml") == one.path
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert latest_for("n.toml") == one.path
    sample = begin("xor")
    sample.keep(b"x")
    assert latest_for("xor") == sample.path
    assert latest_for("./xor") is None


@pytest.mark.parametrize(
    "name", ["é\x1b[2J/..\\x.toml", "\ud800.toml", "", ".", "x" * 5000, "a\0b", "../../etc/passwd"]
)
def test_names_never_lead_out_of_the_folder(name: str, state: Path) -> None:
    auto = begin(name)
    assert auto.path.parent == state
    assert auto.path.name.isascii()
    assert auto.path.name.isprintable()
    assert auto.keep(b"x")
    assert latest_for(name) == auto.path


def test_the_newest_are_kept(state: Path) -> None:
    autos = []
    for i in range(KEPT + 5):
        auto = begin(f"net{i}.toml")
        assert auto.keep(b"x")
        os.utime(auto.path, (i + 1, i + 1))
        autos.append(auto)
    assert sorted(path.name for path in state.iterdir()) == sorted(auto.path.name for auto in autos[-KEPT:])


def test_a_state_folder_that_cannot_be_made_is_only_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_bytes(b"a file")
    auto = begin("xor")
    assert not auto.keep(b"x")
    assert auto.trouble is not None
    assert latest_for("xor") is None
    monkeypatch.setattr("tuibp.cli.autosaves.state_folder", lambda: Path("~/somewhere"))
    auto = begin("xor")
    assert not auto.keep(b"x")
    assert not Path("~").exists()


def test_paths_of_a_session_and_its_autosave(state: Path, tmp_path: Path) -> None:
    assert autosave_path(Path("a/s.tuibp")) == Path("a/.s.tuibp.auto")
    assert autosave_path(Path("a/.s.tuibp.auto")) == Path("a/.s.tuibp.auto")
    assert saved_path(Path("a/.s.tuibp.auto")) == Path("a/s.tuibp")
    assert saved_path(Path("s.tuibp")) == Path("s.tuibp")
    auto = begin("xor").path
    assert is_autosave(auto)
    assert autosave_path(auto) == auto
    assert saved_path(auto) is None
    assert not is_autosave(Path(".auto"))
    assert autosave_path(Path(".auto")) == Path("..auto.auto")


def test_the_state_folder_is_that_of_the_system(tmp_path: Path) -> None:
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert state_folder() == tmp_path / "state" / "tuibp" / "sessions"
    assert state_folder().name == "sessions"
