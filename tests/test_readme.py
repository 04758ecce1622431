"""A README that cannot lie: its commands run, its Python runs, its keys and its picture are those of the app."""

from __future__ import annotations

import json
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest

from tests.readme import PICTURE, README, frame, picture_text, with_keys
from tuibp.cli import main
from tuibp.cli.parser import COMMANDS
from tuibp.console.console import Console
from tuibp.debugger.commands import COMMANDS as DEBUGGER
from tuibp.debugger.session import Session

TEXT = README.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


LINES = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("tuibp")]


def test_set_up_commands_are_complete() -> None:
    commands = re.findall(r"<!-- (?:run|test) -->\n```sh\n(.*?)\n```", TEXT, flags=re.DOTALL)
    assert len(commands) == 2
    assert all(command.startswith("python3 -m venv .venv && .venv/bin/pip install") for command in commands)
    assert commands[0].endswith(".venv/bin/tuibp")
    assert commands[1].endswith(".venv/bin/pytest")


@pytest.mark.parametrize("line", LINES)
def test_commands_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", StringIO(""))
    (tmp_path / "samples").symlink_to(README.parent / "samples")
    if "mine.toml" in line and " new " not in line:
        assert main(["new", "mine.toml"]) == 0
    words = shlex.split(line)[1:]
    assert main(words) == ("/wrong_" in line), capsys.readouterr().err
    assert capsys.readouterr().err == ""


def test_every_subcommand_is_shown() -> None:
    shown = {words[1] for words in map(shlex.split, LINES) if len(words) > 1}
    assert set(COMMANDS) <= shown


def test_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python")
    assert len(block.strip().splitlines()) <= 15
    exec(compile(block, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_network_file_is_read(tmp_path: Path) -> None:
    from tuibp.cli.files import open_recipe

    block, debug = blocks("toml")
    (tmp_path / "measurements.csv").write_text((README.parent / "samples" / "iris.csv").read_text(encoding="utf-8"))
    (tmp_path / "mine.toml").write_text(block + debug)
    recipe = open_recipe(str(tmp_path / "mine.toml"))
    assert recipe.network.sizes == (4, 8, 3)
    assert len(Session(recipe).stops.all) == 3


@pytest.mark.parametrize("block", blocks("tuibp"))
def test_what_is_typed_is_carried_out(block: str) -> None:
    from tuibp.cli.files import open_recipe

    console = Console(Session(open_recipe("xor")))
    for line in block.splitlines():
        assert not console.execute(line).failed, line


def test_every_command_that_is_spoken_of_exists() -> None:
    known = {*DEBUGGER, *(key for row in DEBUGGER.values() for key in row.keys)}
    prose = TEXT.split("## Stops")[1].split("## Without the screen")[0]
    spoken = {words.split()[0] for words in re.findall(r"`([a-z][a-z-]+(?: [^`]*)?)`", prose)}
    assert spoken - {"tuibp", "do", "my.tuibp"} <= known


def test_the_mistake_that_is_shown_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block, _ = blocks("toml")
    shown, _ = blocks("text")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "measurements.csv").write_text((README.parent / "samples" / "iris.csv").read_text(encoding="utf-8"))
    (tmp_path / "mine.toml").write_text(block.replace('"tanh"', '"tanhh"'))
    assert main(["run", "mine.toml"]) == 2
    assert capsys.readouterr().err == f"tuibp: {shown}"


def test_the_verdict_that_is_shown_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, shown = blocks("text")
    monkeypatch.chdir(README.parent)
    assert main(["check", "samples/check/wrong_one_line.py"]) == 1
    assert shown in capsys.readouterr().out


def test_the_keys_of_the_json_are_those_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = TEXT.split("| key | what it holds |")[1].split("\n\n")[0]
    named = {
        name
        for cell in re.findall(r"^\| ([^|]*) \|", rows, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert main(["check", str(README.parent / "samples" / "check" / "right_class.py"), "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert named == set(given) - {"format", "version", "file", "contract", "assumed"}


def test_samples_are_all_named() -> None:
    names = {path.stem for path in (README.parent / "samples").glob("*.toml")}
    table = TEXT.split("## Samples")[1].split("##")[0]
    named = {
        name.strip() for row in re.findall(r"^\| ([a-z, -]+) \|", table, flags=re.MULTILINE) for name in row.split(",")
    }
    assert named - {"name"} == names


def test_key_table_is_that_of_the_commands() -> None:
    assert with_keys(TEXT) == TEXT, "python -m tests.readme writes it anew"


async def test_picture_is_that_of_the_app() -> None:
    shown = picture_text(PICTURE.read_text(encoding="utf-8"))
    svg, lines = await frame()
    assert shown == picture_text(svg), "python -m tests.readme makes it anew"
    assert any("DP table" in line for line in lines)
