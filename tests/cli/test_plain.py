"""The debugger without a screen: the same lines answer the same bytes through a pipe, a script and the console."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tuibp.cli import debug, main
from tuibp.cli.autosaves import autosave_path, latest_for
from tuibp.cli.files import samples
from tuibp.cli.session_files import open_session, read
from tuibp.console.console import Console
from tuibp.debugger.session import Session
from tuibp.formats import network_file
from tuibp.formats.session_file import dump

ROOT = Path(__file__).parents[2]
SCRIPT = """\
# a walk through xor
step 3
print W[1]
batch

print cost
break update if cost > 0.1
continue
set lr = 0.1
continue
timeline
info values
"""
COMMAND = [sys.executable, "-m", "tuibp"]
HOMEWORK = """\
# XOR with these weights, by hand: one sample forward and backward.
goto e0.b0.s0.cost
assert norm(a[L]) < 1
assert a[0] == x
assert z[1][0] == W[1][0,0] * x[0] + W[1][0,1] * x[1] + b[1][0] 1e-12
goto e0.b0.grad
assert bcost > 0 and bcost < 1
goto end
assert ecost < 0.05
"""
"""Five asserts that the sample passes; one that has learnt nothing fails the last."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; sessions without a file go elsewhere."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def tuibp(*words: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it without a terminal."""
    given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **env}, **given
    )


def network(folder: Path, change: Callable[[str], str], name: str = "net.toml") -> Path:
    """XOR, changed."""
    path = folder / name
    path.write_text(change(samples()["xor"].read_text()))
    return path


def long_network(folder: Path) -> Path:
    """A run of minutes."""
    return network(folder, lambda text: text.replace("epochs = 60", "epochs = 5000000"))


def test_the_same_lines_give_the_same_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "s").write_text(SCRIPT)
    piped = tuibp("xor", stdin=SCRIPT)
    plain = tuibp("xor", "--plain", stdin=SCRIPT)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == plain.stdout
    assert main(["xor", "--batch", "-x", "s"]) == 0
    assert capsys.readouterr().out == piped.stdout
    words = [word for line in SCRIPT.splitlines() for word in ("-ex", line)]
    assert main(["xor", "--batch", *words]) == 0
    assert capsys.readouterr().out == piped.stdout
    path = samples()["xor"]
    console = Console(Session(network_file.load(path.read_bytes(), "xor.toml", lambda _: b"")))
    lines = [one for line in SCRIPT.splitlines() if line for one in console.execute(line).lines]
    assert "".join(f"{line}\n" for line in lines) == piped.stdout
    assert "\x1b" not in piped.stdout


def test_scripts_and_commands_go_in_the_order_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a").write_text("echo a\n")
    (folder / "b").write_text("\ufeffecho b\r\nsource a\r\n")
    assert main(["xor", "--batch", "-ex", "echo 1", "-x", "b", "-ex", "-W[1][0,0]", "-x", "a"]) == 0
    assert capsys.readouterr().out == "1\nb\na\n$1 = -W[1][0,0] = -0.8\na\n"


@pytest.mark.parametrize(
    ("script", "code", "out", "err"),
    [
        ("step\nquit\nstep 9", 0, "e0.b0.begin", ""),
        ("step\n\ncots > 1\nstep", 2, "e0.b0.begin", "tuibp: s:3: no variable 'cots'; did you mean cost?"),
        ("xyz", 2, "", "tuibp: s:1: no command"),
        ("assert t == 1\nstep", 1, "assert FAILED: t == 1: t = 0, 1 = 1", ""),
        ("source zz", 2, "", 'tuibp: s:1: there is no file "zz"; give the name of a script'),
        ("source s", 2, "", "tuibp: s:1: s:1: s:1:"),
        ("p 1\x1b[31m", 2, "", "tuibp: s:1: the line holds a character that cannot be shown"),
        ("save /nowhere/s.tuibp", 2, "", "tuibp: s:1: /nowhere/s.tuibp: cannot write: No such file or directory"),
        ("save net.toml", 2, "", "is no name for a session"),
        ("save", 2, "", "the session has no file yet; write save NAME"),
    ],
)
def test_how_scripts_end(
    script: str, code: int, out: str, err: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "s").write_text(script)
    assert main(["xor", "--batch", "-x", "s"]) == code
    said = capsys.readouterr()
    assert said.out.startswith(out)
    assert said.out.count("\n") == bool(out)
    assert err in said.err
    assert bool(said.err) == bool(err)
    assert [path.name for path in folder.iterdir()] == ["s"]


@pytest.mark.parametrize(
    ("stdin", "code", "err"), [("step\ncots > 1", 2, "tuibp: stdin:2: no var"), ("assert t > 1", 1, "")]
)
def test_how_pipes_end(stdin: str, code: int, err: str) -> None:
    done = tuibp("xor", stdin=stdin)
    assert done.returncode == code
    assert done.stderr.startswith(err)


def test_other_failures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    for words, said in (
        (["-x", "binary"], "binary: is not a text in UTF-8"),
        (["-x", "zz"], 'there is no file "zz"'),
        (["-x", "."], "is a directory"),
        (["-x", ""], 'there is no file ""'),
        (["-x"], "expected one argument"),
        (["--continue"], "there is no session of xor to go on with; begin one: tuibp xor"),
    ):
        assert main(["xor", "--batch", *words]) == 2
        assert said in capsys.readouterr().err
    assert main(["none.tuibp", "--batch"]) == 2
    assert 'there is no file "none.tuibp"' in capsys.readouterr().err


def test_json_is_one_strict_object_for_every_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "s").write_text("step\nprint W[1]\np/6 nan\n# no\nwatch W[1][0,0]\nc\nassert 1 == 2\n")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert main(["xor", "--batch", "--json", "-x", "s"]) == 1
    found = [json.loads(line, parse_constant=refuse) for line in capsys.readouterr().out.splitlines()]
    assert [one["command"] for one in found] == ["step", "print W[1]", "p/6 nan", "watch W[1][0,0]", "c",
                                                 "assert 1 == 2"]  # fmt: skip
    assert found[0]["at"] == "e0.b0.begin"
    assert found[1]["value"] == [[0.8, -0.9], [-1.0, 0.7], [0.6, 0.4]]
    assert found[2]["value"] == "nan"
    assert found[4]["stops"][0]["number"] == 1
    assert found[5]["failed"] is True
    assert main(["xor", "--batch", "--json", "-ex", "cots"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["hint"] == "did you mean cost?"
    assert said.err.startswith("tuibp: -ex 'cots': ")


def test_homework(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "check").write_text(HOMEWORK)
    assert HOMEWORK.count("\nassert") == 5
    network(folder, lambda text: text)
    network(folder, lambda text: text.replace("lr = 1.0", "lr = 0.0"), "lazy.toml")
    assert main(["net.toml", "--batch", "-x", "check"]) == 0
    assert capsys.readouterr().out.count("assert holds") == 5
    assert main(["lazy.toml", "--batch", "-x", "check"]) == 1
    assert "assert FAILED: ecost < 0.05: ecost = 0.2" in capsys.readouterr().out
    assert not list(folder.glob("*.tuibp"))


# -- sessions


def test_a_session_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = tuibp("xor", "--plain", stdin="goto e3\nset lr = 0.1\nmark a\nstep\n")
    assert done.returncode == 0
    latest = latest_for("xor")
    assert latest is not None
    assert read(latest).commands == 4
    assert main(["--continue", "--batch", "-ex", "when", "-ex", "marks", "-ex", "save mine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("e3.b0.begin  t = 205")
    assert out.endswith("Saved to mine.tuibp.\n")
    path = folder / "mine.tuibp"
    assert read(path).digests
    assert tuibp("mine.tuibp", stdin="epoch\nmark b\n").returncode == 0
    assert [mark.name for mark in read(path).marks] == ["a", "b"]
    assert sorted(one.name for one in folder.iterdir()) == ["mine.tuibp"]
    before = path.read_bytes()
    assert main(["mine.tuibp", "--batch", "-ex", "epoch"]) == 0
    assert path.read_bytes() == before  # --batch leaves no traces
    assert tuibp("mine.tuibp", "--plain", stdin="").returncode == 0
    assert path.read_bytes() == before  # nor does who does nothing
    assert main(["mine.tuibp", "--batch", "-ex", "epoch", "-ex", "save"]) == 0
    assert path.read_bytes() != before


def test_the_autosave_beside_a_file_is_gone_on_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "s.tuibp"
    assert main(["xor", "--batch", "-ex", "goto e2", "-ex", "save s"]) == 0
    with subprocess.Popen([*COMMAND, "s.tuibp", "--plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"epoch\nepoch\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.readline()
        process.kill()
    assert autosave_path(path).exists()
    assert read(path).t == 2 * 68 == 136
    saved, said = open_session(path)
    assert saved.t == 4 * 68
    assert said == f"Continued from the autosave: 2 commands further than {path}."
    capsys.readouterr()
    assert tuibp("s.tuibp", "--plain", stdin="when\n").stderr.startswith("tuibp: Continued from the autosave")
    assert read(path).t == 4 * 68
    assert not autosave_path(path).exists()


def test_an_autosave_that_is_not_ours_is_not_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network(folder, lambda text: text)
    assert main(["xor", "--batch", "-ex", "save s"]) == 0
    assert main(["net.toml", "--batch", "-ex", "step", "-ex", "step", "-ex", "save other"]) == 0
    other = autosave_path(folder / "s.tuibp")
    (folder / "other.tuibp").rename(other)
    before = other.read_bytes()
    done = tuibp("s.tuibp", "--plain", stdin="step\n")
    assert "is of another network and was left alone" in done.stderr
    assert other.read_bytes() == before
    assert read(folder / "s.tuibp").t == 1


def test_a_session_that_does_not_fit_is_refused_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["xor", "--batch", "-ex", "save s"]) == 0
    saved = read(folder / "s.tuibp")
    (folder / "s.tuibp").write_bytes(dump(replace(saved, t=10**9)))
    capsys.readouterr()
    assert main(["s.tuibp", "--batch"]) == 2
    assert capsys.readouterr().err == (
        "tuibp: s.tuibp: t: timeline 0 has no position t = 1000000000; the last is 4080\n"
    )


def test_another_machine_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it computes the same, only if it has another name; where it does not, in any case by how much."""
    path = folder / "s.tuibp"
    assert main(["xor", "--batch", "-ex", "goto e9", "-ex", "save s"]) == 0
    saved = read(path)
    assert main(["s.tuibp", "--batch"]) == 0
    assert capsys.readouterr().err == ""
    path.write_bytes(dump(replace(saved, machine="an abacus")))
    assert main(["s.tuibp", "--batch"]) == 0
    assert capsys.readouterr().err == "tuibp: Computed here as there, bit for bit (3 places compared).\n"
    wrong = replace(saved.digests[-1], digest="0" * 32, norms=(1.0, 2.0))
    path.write_bytes(dump(replace(saved, digests=(saved.digests[0], wrong))))
    assert main(["s.tuibp", "--batch"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("tuibp: Computed on another machine: at e8.b1 W[") and "relative difference" in err


def test_the_help_names_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--plain", "--batch", "--json", "--continue", "-x SCRIPT", "-ex CMD", "FILE.tuibp"):
        assert option in text


def test_a_state_folder_that_cannot_be_written_is_said_once(folder: Path) -> None:
    (folder / "file").write_text("")
    done = tuibp("xor", stdin="step\nstep\nstep\n", XDG_STATE_HOME=str(folder / "file"))
    assert done.returncode == 0
    assert done.stdout.count("\n") == 3
    assert done.stderr.count("the session is not being saved as you go") == 1


def test_a_full_disk_keeps_the_old_file(folder: Path) -> None:
    """A limit on the size of files stands in for it: as root nothing else is refused."""
    assert main(["xor", "--batch", "-ex", "save s"]) == 0
    before = (folder / "s.tuibp").read_bytes()
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))\n"
        "from tuibp.cli import main\nsys.exit(main(['s.tuibp', '--plain']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="step\nsave\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "tuibp: stdin:2: " in done.stderr
    assert done.stderr.count("s.tuibp: cannot write: File too large") == 2
    assert "the session could not be saved" in done.stderr
    assert (folder / "s.tuibp").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["s.tuibp"]


# -- interrupts


def interrupted(words: list[str], script: str, after: float = 1.0) -> tuple[int, str, str]:
    """Send SIGINT while a run is under way."""
    process = subprocess.Popen(
        [*COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(script)
    process.stdin.flush()
    first = process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, first + out, err


def test_ctrl_c_ends_a_script_and_keeps_the_session(folder: Path) -> None:
    long_network(folder)
    for line in ("continue", "goto end", "epoch 4000000"):
        code, out, err = interrupted(["net.toml", "--plain"], f"step\n{line}\nstep\n")
        assert (code, err) == (130, "")
        assert out.splitlines()[1] == "Interrupted."
        assert len(out.splitlines()) == 3
        latest = latest_for("net.toml")
        assert latest is not None
        saved = read(latest)
        assert saved.t > 1000
        assert f"t = {saved.t} " in out.splitlines()[2]


def test_ctrl_c_in_a_batch(folder: Path) -> None:
    long_network(folder)
    words = ["net.toml", "--batch", "-ex", "step", "-ex", "continue", "-ex", "step"]
    code, out, err = interrupted(words, "", 0.5)
    assert (code, err) == (130, "")
    assert out.splitlines()[1] == "Interrupted."
    assert latest_for("net.toml") is None


# -- terminals


class Terminal:
    """It on a terminal that can paint nothing."""

    def __init__(self, *words: str, **env: str) -> None:
        self._master, slave = pty.openpty()
        self.log = b""
        self.process = subprocess.Popen(
            [*COMMAND, *words], stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **env},
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)

    def until(self, seen: bytes, patience: float = 60.0) -> bytes:
        """Read until it is there; what came up to then is forgotten afterwards."""
        deadline = time.monotonic() + patience
        while seen not in self.log:
            assert time.monotonic() < deadline, self.log
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.log += os.read(self._master, 1 << 16)
                except OSError:
                    assert seen in self.log, self.log
        at = self.log.index(seen) + len(seen)
        found, self.log = self.log[:at], self.log[at:]
        return found

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self) -> int:
        code = self.process.wait(20)
        os.close(self._master)
        return code


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_prompt(folder: Path) -> None:
    """History, completion, errors that end nothing, an empty line, ctrl+c and ctrl+d."""
    long_network(folder)
    terminal = Terminal("net.toml", TERM="dumb")
    first = terminal.until(b"(tuibp) ")
    assert first.startswith(b"XOR") and b"help lists the commands" in first
    terminal.type(b"stepi 2\r")
    assert b"t = 2 of" in terminal.until(b"(tuibp) ")
    terminal.type(b"\r")
    assert b"t = 4 of" in terminal.until(b"(tuibp) ")
    terminal.type(b"cots > 1\r")
    assert b"did you mean cost?" in terminal.until(b"(tuibp) ")
    terminal.type(b"assert t == 7\r")
    assert b"assert FAILED" in terminal.until(b"(tuibp) ")
    terminal.type(b"pri\tW[1\t[0,0]\r")
    assert b"= 0.8" in terminal.until(b"(tuibp) ")
    terminal.type(b"no such")
    terminal.until(b"no such")  # somebody who reads what they type: before that, nobody may be listening
    time.sleep(0.2)
    terminal.type(b"\x03")
    terminal.until(b"(tuibp) ")
    terminal.type(b"continue\r")
    time.sleep(1.0)
    terminal.type(b"\x03")
    assert b"Interrupted." in terminal.until(b"(tuibp) ")
    terminal.type(b"when\r")
    terminal.until(b"(tuibp) ")
    terminal.type(b"\x04")
    assert terminal.end() == 0
    latest = latest_for("net.toml")
    assert latest is not None
    assert read(latest).t > 1000
    history = folder.parent / "state" / "tuibp" / "history"
    assert "continue\n" in history.read_text()


def test_a_script_before_the_prompt(folder: Path) -> None:
    terminal = Terminal("xor", "--plain", "-ex", "step", "-ex", "cots", "-ex", "step 9", TERM="xterm")
    said = terminal.until(b"(tuibp) ")
    assert b"e0.b0.begin  t = 1 " in said and b"did you mean cost?" in said
    terminal.type(b"quit\r")
    assert terminal.end() == 0


def test_it_works_without_readline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "readline", None)
    monkeypatch.setattr("tuibp.cli.streams.is_terminal", lambda stream: True)
    monkeypatch.setattr("builtins.input", _typed(["step", "quit"]))
    assert main(["xor", "--plain"]) == 0
    assert "e0.b0.begin" in capsys.readouterr().out


def _typed(lines: list[str]) -> Callable[[str], str]:
    left = iter(lines)
    return lambda _: next(left)


def test_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe through which nothing comes is no reason to hang."""
    monkeypatch.setattr(debug, "PATIENCE", 0.05)
    ends = os.pipe()
    with os.fdopen(ends[0]) as idle:
        monkeypatch.setattr(sys, "stdin", idle)
        assert main(["xor"]) == 0
        assert "There is no terminal here" in capsys.readouterr().out
        assert main(["xor", "-ex", "step"]) == 0
        assert capsys.readouterr().out.startswith("e0.b0.begin")
    os.close(ends[1])
    for nothing in (None, io.StringIO("")):
        monkeypatch.setattr(sys, "stdin", nothing)
        assert main(["xor"]) == 0
        assert main(["xor", "--plain"]) == 0


def test_bytes_that_are_no_text(folder: Path) -> None:
    done = subprocess.run([*COMMAND, "xor"], input=b"step\n\xff\xfe\n", capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"tuibp: stdin:2: ")
    assert done.stdout.startswith(b"e0.b0.begin")


def test_a_reader_that_goes_away(folder: Path) -> None:
    command = f"{sys.executable} -m tuibp xor --plain | head -n 1"
    done = subprocess.run(
        command, shell=True, input="list\n" * 5000, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_load_goes_on_with_another_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "s").write_text("goto e3\nsave a\nload mazur\nW[1][0,0]\nload a.tuibp\nwhen\n")
    assert main(["xor", "--batch", "-x", "s"]) == 0
    out = capsys.readouterr().out
    assert tuibp("xor", "--plain", stdin=(folder / "s").read_text()).stdout.startswith(
        out.split("Saved", maxsplit=1)[0]
    )
    assert "Mazur's 2-2-2" in out and "$1 = W[1][0,0] = 0.15\n" in out and out.endswith("timeline 0: trunk\n")
    assert out.split("timeline 0")[0].rstrip().splitlines()[-1].startswith("e3.shuffle  t = 204 of 4080")


@pytest.mark.parametrize("name", ["nothing", "bad.toml", "bad.tuibp"])
def test_what_cannot_be_loaded_leaves_the_session_as_it_is(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.toml").write_text("layer = 3")
    (folder / "bad.tuibp").write_text("no zip")
    assert main(["xor", "--batch", "-ex", f"load {name}"]) == 2
    assert "-ex" in capsys.readouterr().err
    found = tuibp("xor", "--plain", stdin="goto e3\nload s\nwhen\n")
    assert found.returncode == 2 and "there is no file" in found.stderr
    (folder / "a").write_text("load mazur")
    assert main(["xor", "--batch", "-ex", "source a"]) == 2
    assert "load cannot stand in a script that source reads" in capsys.readouterr().err


def test_the_session_that_load_leaves_is_saved(folder: Path) -> None:
    assert main(["xor", "--batch", "-ex", "save a"]) == 0
    tuibp("a.tuibp", "--plain", stdin="note kept\nload mazur\n")
    assert "kept" in tuibp("a.tuibp", "--plain", stdin="notes\n").stdout
