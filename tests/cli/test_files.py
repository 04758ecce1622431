"""What a FILE may name, and what is said where it names nothing that can be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuibp.cli import files
from tuibp.errors import InputError

NETWORK = 'data = {generate = {kind = "xor"}}\ntitle = "mine"\n[[layer]]\nunits = 1\nactivation = "sigmoid"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_bare_name_is_a_sample() -> None:
    assert files.find("xor") == files.samples()["xor"]
    assert files.open_recipe("xor").title.startswith("XOR")


def test_every_sample_is_found() -> None:
    assert {"xor", "mazur", "iris", "digits"} <= set(files.samples())


def test_samples_of_an_installed_package_come_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "samples").mkdir()
    (folder / "cli").mkdir()
    monkeypatch.setattr(files, "__file__", str(folder / "cli" / "files.py"))
    assert files.samples_folder() == folder / "samples"
    (folder / "samples").rmdir()
    assert files.samples_folder() == folder.parent / "samples"


def test_a_file_is_never_taken_for_a_sample(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "xor.toml").write_text(NETWORK)
    assert files.open_recipe("xor.toml").title == "mine"
    assert capsys.readouterr().err == ""


def test_a_file_with_the_bare_name_of_a_sample_is_mentioned(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "xor").write_text(NETWORK)
    assert files.open_recipe("xor").title != "mine"
    assert "write ./xor" in capsys.readouterr().err
    assert files.open_recipe("./xor").title == "mine"


def test_a_folder_with_the_name_of_a_sample_does_not_matter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "xor").mkdir()
    assert files.find("xor") == files.samples()["xor"]
    assert capsys.readouterr().err == ""


def _message(name: str) -> str:
    with pytest.raises(InputError) as caught:
        files.open_recipe(name)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 500
    return text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xro", "did you mean the sample xor?"),
        ("xor.toml", "did you mean the sample xor?"),
        ("mien.toml", "did you mean mine.toml?"),
        ("zzz", "the samples are"),
        ("zzz/q.toml", "tuibp samples lists"),
        ("sub", "is a directory; did you mean sub/inner.toml?"),
        ("empty", "is a directory; give a network file"),
        ("", "is empty"),
        ("mine.toml/x", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        ("a\0b.toml", "is not a path"),
        ("\ud800.toml", "is not"),
        ("loop.toml", "cannot be read"),
        ("\x1b[31mred.toml", "there is no file"),
    ],
)
def test_a_bad_name_has_a_remedy(name: str, said: str, folder: Path) -> None:
    (folder / "mine.toml").write_text(NETWORK)
    (folder / "sub").mkdir()
    (folder / "sub" / "inner.toml").write_text(NETWORK)
    (folder / "empty").mkdir()
    (folder / "loop.toml").symlink_to("loop.toml")
    assert said in _message(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_or_device_is_refused_at_once(folder: Path) -> None:
    os.mkfifo(folder / "p.toml")
    assert "is not a regular file" in _message("p.toml")
    assert "is not a regular file" in _message("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(folder: Path) -> None:
    (folder / "mine.toml").write_text(NETWORK)
    (folder / "mine.toml").chmod(0)
    assert "permission denied" in _message("mine.toml")


def test_a_big_file_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "big.toml").open("wb") as file:
        file.truncate(2**40)
    assert "is larger than" in _message("big.toml")


def test_the_limit_is_exact(folder: Path) -> None:
    (folder / "f").write_bytes(b"12345")
    assert files.read(folder / "f", 5) == b"12345"
    with pytest.raises(InputError, match="is larger"):
        files.read(folder / "f", 4)


def test_data_are_looked_for_beside_the_network_file(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "d.csv").write_text("x,y\n1,2\n3,4\n")
    (folder / "sub" / "n.toml").write_text(
        NETWORK.replace('generate = {kind = "xor"}', 'csv = {path = "d.csv", target = "y"}')
    )
    assert files.open_recipe("sub/n.toml").train.N == 2
    (folder / "sub" / "d.csv").unlink()
    with pytest.raises(InputError, match=r'n\.toml:1:\d+: .*there is no file "d.csv"; paths count from .*sub'):
        files.open_recipe("sub/n.toml")
