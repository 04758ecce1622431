"""`tuibp new` and `tuibp samples`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuibp.cli import main
from tuibp.cli.files import open_recipe, samples


def test_samples_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samples"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(samples())
    assert len({line.index(open_recipe(line.split()[0]).title) for line in lines}) == 1


def test_missing_samples_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tuibp.cli.files.samples_folder", lambda: tmp_path)
    assert main(["samples"]) == 2
    assert "install tuibp again" in capsys.readouterr().err


def test_new_writes_a_file_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my net.toml"]) == 0
    assert "tuibp run 'my net.toml'" in capsys.readouterr().out
    assert open_recipe("my net.toml").network.L >= 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("there.toml", "there is a file of that name already"),
        ("my", "write tuibp new my.toml"),
        ("my.txt", "does not end in .toml"),
        ("no/folder/x.toml", "cannot be written"),
        ("a\0.toml", "cannot be written"),
        ("folder.toml", "there is a file of that name already"),
    ],
)
def test_new_never_overwrites(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.toml").write_text("mine")
    (tmp_path / "folder.toml").mkdir()
    assert main(["new", name]) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert caught.err.count("\n") == 1
    assert (tmp_path / "there.toml").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2
