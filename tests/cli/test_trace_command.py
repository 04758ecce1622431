"""`tuibp trace`: which part, in which form, to where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuibp.cli import main
from tuibp.debugger.timeline import Timeline
from tuibp.formats import trace


def _lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["trace", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_all_of_it_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    header, *lines = _lines(capsys, "xor")
    assert len(lines) == json.loads(header)["program"]["T"]
    assert json.loads(lines[0])["at"] == "e0.shuffle"
    assert json.loads(lines[-1])["op"] == "end"


@pytest.mark.parametrize(
    ("start", "stop", "first", "last"),
    [
        ("start", "e0.b1", "e0.shuffle", "e0.b0.update"),
        ("e1.b1.s1.bwd1", "e1.b1.s1.acc", "e1.b1.s1.bwd1.dC_da", "e1.b1.s1.bwd1.dW"),
        ("e3.b1.s0", "+1s", "e3.b1.s0.load", "e3.b1.s0.acc"),
        ("e2.b1", "update", "e2.b1.begin", "e2.b1.grad"),
        ("e59.end", "end", "e59.end", "e59.end"),
    ],
)
def test_a_part(start: str, stop: str, first: str, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _lines(capsys, "xor", "--from", start, "--to", stop)[1:]
    assert json.loads(lines[0])["at"] == first
    assert json.loads(lines[-1])["at"] == last


def test_an_empty_part_is_the_header(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(_lines(capsys, "xor", "--from", "e1", "--to", "e1")) == 1


def test_csv_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "t.csv"
    lines = _lines(capsys, "xor", "--to", "e0.b1", "--format", "csv")
    assert main(["trace", "xor", "--to", "e0.b1", "--format", "csv", "--output", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert target.read_text().splitlines() == lines
    assert lines[0] == trace.CSV_COLUMNS


class _BrokenError(Exception):
    """Something fails half-way."""


@pytest.mark.parametrize("error", [_BrokenError(), KeyboardInterrupt()])
def test_a_file_is_written_whole_or_not_at_all(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(timeline: Timeline, start: int, stop: int) -> Iterator[str]:
        yield "half of it\n"
        raise error

    monkeypatch.setitem(trace.FORMATS, "jsonl", breaks)
    target = tmp_path / "t.jsonl"
    target.write_text("the old one")
    assert main(["trace", "xor", "--output", str(target)]) in (70, 130)
    assert target.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_keeps_its_mode_and_its_links(tmp_path: Path) -> None:
    target, link = tmp_path / "t.jsonl", tmp_path / "link"
    target.write_text("")
    target.chmod(0o640)
    link.symlink_to("t.jsonl")
    assert main(["trace", "xor", "--to", "e0.b0", "--output", str(link)]) == 0
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_text().count("\n") == 2


@pytest.mark.parametrize("output", ["", "no/such/folder/t.jsonl"])
def test_a_file_that_cannot_be_written(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "xor", "--output", output or str(tmp_path)]) == 2
    caught = capsys.readouterr()
    assert caught.err.startswith("tuibp: ")
    assert caught.err.count("\n") == 1


def _process(*words: str, stdout: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tuibp", "trace", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


def test_a_reader_that_goes_away_is_no_error() -> None:
    with _process("digits", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"tuibp": 1')
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_ctrl_c_says_nothing_and_exits_with_130() -> None:
    with _process("digits", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == ""
        assert process.wait(60) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_message() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with _process("xor", stdout=full) as process:
        assert process.stderr is not None
        assert process.stderr.read() == "tuibp: standard output: cannot write: No space left on device; make room\n"
        assert process.wait(60) == 2
    os.close(full)
