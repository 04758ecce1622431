"""Session files on the disk: whole or as before, whatever happens; and which of a file and its autosave is taken."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.saver import SAVED
from tuibp.cli import files, session_files
from tuibp.cli.autosaves import Autosave, autosave_path
from tuibp.cli.session_files import machine, open_session, recipe_of, write
from tuibp.debugger.saved import Saved
from tuibp.errors import InputError, TuibpError
from tuibp.formats.session_file import dump, load

ROOT = Path(__file__).parents[2]
RAW = dump(SAVED)
KILLS = 60


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(TuibpError) as caught:
        call()
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_what_is_written_is_read(folder: Path) -> None:
    path = folder / "s.tuibp"
    write(path, RAW)
    assert path.read_bytes() == RAW
    assert names(folder) == ["s.tuibp"]
    assert open_session(path) == (SAVED, "")
    write(path, dump(replace(SAVED, commands=5)))
    assert open_session(path)[0].commands == 5


@pytest.mark.skipif(os.name == "nt", reason="no permissions of this kind")
def test_permissions_and_links_stay(folder: Path) -> None:
    path, link = folder / "s.tuibp", folder / "link.tuibp"
    write(path, RAW)
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
    path.chmod(0o640)
    link.symlink_to(path)
    write(link, RAW + b"x")
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert path.read_bytes() == RAW + b"x"


def test_long_names(folder: Path) -> None:
    write(folder / ("é" * 120), RAW)
    assert "cannot write" in refused(lambda: write(folder / ("é" * 200), RAW))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sub", "sub: is a directory; give the name of a file"),
        ("none/s.tuibp", "cannot write: No such file or directory; choose another place"),
        ("file/s.tuibp", "cannot write: Not a directory; choose another place"),
        ("a\0b", "is not the name of a file"),
    ],
)
def test_places_where_nothing_can_be_written(name: str, said: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "file").write_bytes(b"old")
    with pytest.raises(InputError) as caught:
        write(folder / name, RAW)
    assert said in str(caught.value)
    assert names(folder) == ["file", "sub"]


def _failing(number: int, after: int = 0) -> Callable[..., object]:
    """A call that fails, as that of the system would; root, who may do everything, is told so too."""
    left = [after]

    def fail(*_: object, **__: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(number, os.strerror(number))
        return None

    return fail


@pytest.mark.parametrize(
    ("module", "name", "number", "said"),
    [
        (tempfile, "mkstemp", errno.EACCES, "Permission denied; choose another place"),
        (tempfile, "mkstemp", errno.EROFS, "Read-only file system; choose another place"),
        (os, "fsync", errno.ENOSPC, "No space left on device; make room"),
        (os, "fsync", errno.EIO, "Input/output error; choose another place"),
        (Path, "chmod", errno.EPERM, "Operation not permitted; choose another place"),
        (Path, "replace", errno.EACCES, "Permission denied; choose another place"),
        (Path, "replace", errno.EISDIR, "Is a directory; choose another place"),
    ],
)
def test_whatever_fails_leaves_the_old_file_whole(
    module: object, name: str, number: int, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "s.tuibp"
    write(path, RAW)
    monkeypatch.setattr(module, name, _failing(number))
    message = refused(lambda: write(path, b"new"))
    assert message == f"{path}: cannot write: {said}"
    monkeypatch.undo()
    assert path.read_bytes() == RAW
    assert names(folder) == ["s.tuibp"]


def test_a_disk_that_is_really_full(folder: Path) -> None:
    """A limit on the size of files fails in the middle of a write, as a full disk does."""
    path = folder / "s.tuibp"
    write(path, RAW)
    code = (
        "import resource, signal, sys; from pathlib import Path; from tuibp.errors import InputError\n"
        "from tuibp.cli.autosaves import Autosave; from tuibp.cli.session_files import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "path = Path(sys.argv[1]); auto = Autosave(path.with_name('a'))\n"
        "assert auto.keep(b'x' * 900) and not auto.keep(b'y' * 5000)\n"
        "print(auto.trouble)\n"
        "try:\n    write(path, b'new' * 1_000_000)\n"
        "except InputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )
    assert done.stderr == ""
    trouble, refusal = done.stdout.splitlines()
    assert trouble == f"the session is not being saved as you go: {folder / 'a'}: File too large"
    assert refusal == f"{path}: cannot write: File too large; choose another place"
    assert path.read_bytes() == RAW
    assert (folder / "a").read_bytes() == b"x" * 900
    assert names(folder) == ["a", "s.tuibp"]


def test_an_interrupt_leaves_the_old_file_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "s.tuibp"
    write(path, RAW)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path, b"new")
    assert path.read_bytes() == RAW
    assert names(folder) == ["s.tuibp"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("how", ["save", "auto"])
def test_a_process_may_be_killed_at_any_moment(how: str, folder: Path, tmp_path: Path) -> None:
    """Whatever is there is whole, and at most one save behind."""
    path, log, rng = folder / "s.tuibp", tmp_path / "log", random.Random(how)
    command = [sys.executable, "-m", "tests.cli.saver", how, str(path), str(log)]
    most = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(KILLS):
            path.unlink(missing_ok=True)
            process.stdin.write("\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            time.sleep(rng.random() ** 2 * 0.05)
            os.kill(child, signal.SIGKILL)
            assert process.stdout.readline() == "dead\n"
            said = log.read_text().splitlines()
            ended = sum(line.startswith(">") for line in said)
            most = max(most, ended)
            if path.exists():
                assert ended <= load(path.read_bytes(), "s.tuibp").commands <= len(said) - ended
            else:
                assert ended == 0
        process.stdin.close()
    assert most > 3
    litter = [name for name in names(folder) if name != "s.tuibp"]
    assert len(litter) <= KILLS  # a killed process cannot tidy up
    assert all(name.endswith(".part") for name in litter)


def test_the_autosave_is_taken_where_it_is_further(folder: Path) -> None:
    path, auto = Path("s.tuibp"), Path(".s.tuibp.auto")
    assert autosave_path(path) == auto
    write(path, dump(replace(SAVED, commands=4)))
    Autosave(auto).keep(dump(replace(SAVED, commands=7)))
    saved, said = open_session(path)
    assert saved.commands == 7
    assert said == "Continued from the autosave: 3 commands further than s.tuibp."
    write(path, dump(replace(SAVED, commands=6)))
    assert open_session(path)[1] == "Continued from the autosave: 1 command further than s.tuibp."
    for commands in (7, 8):
        write(path, dump(replace(SAVED, commands=commands)))
        assert open_session(path) == (replace(SAVED, commands=commands), "")
    assert open_session(auto) == (replace(SAVED, commands=7), "")
    assert names(folder) == [".s.tuibp.auto", "s.tuibp"]


def test_an_autosave_without_its_file(folder: Path) -> None:
    Autosave(Path(".s.tuibp.auto")).keep(RAW)
    assert open_session(Path("s.tuibp")) == (
        SAVED,
        "There is no s.tuibp: continued from the autosave .s.tuibp.auto.",
    )


def test_a_damaged_autosave_is_said_and_left_alone() -> None:
    write(Path("s.tuibp"), RAW)
    Path(".s.tuibp.auto").write_bytes(RAW[:-1])
    saved, said = open_session(Path("s.tuibp"))
    assert saved == SAVED
    assert said.startswith("The autosave .s.tuibp.auto cannot be used and was left alone: the file is damaged")
    Path("s.tuibp").unlink()
    assert 'there is no file "s.tuibp"' in refused(lambda: open_session(Path("s.tuibp")))


def test_an_autosave_of_another_network_is_left_alone() -> None:
    write(Path("s.tuibp"), RAW)
    Autosave(Path(".s.tuibp.auto")).keep(dump(replace(SAVED, commands=9, network_text="other")))
    saved, said = open_session(Path("s.tuibp"))
    assert saved == SAVED
    assert "is of another network" in said


def test_a_damaged_file_is_refused_and_the_autosave_offered() -> None:
    path = Path("my s.tuibp")
    path.write_bytes(RAW[:-40])
    said = refused(lambda: open_session(path))
    assert said.startswith("my s.tuibp: the file is damaged: its end is missing; the file is damaged or comes from")
    Autosave(autosave_path(path)).keep(dump(replace(SAVED, commands=3)))
    said = refused(lambda: open_session(path))
    assert said == (
        "my s.tuibp: the file is damaged: its end is missing; "
        "tuibp '.my s.tuibp.auto' opens the autosave, 3 commands long"
    )
    assert open_session(Path(".my s.tuibp.auto"))[0].commands == 3
    autosave_path(path).write_bytes(b"")
    assert "its end is missing; the file is damaged or comes" in refused(lambda: open_session(path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        ("none.tuibp", 'there is no file "none.tuibp"'),
        ("sub", "is a directory"),
        ("xor.toml", "is not a session file"),
        ("a\0b", "is not a path"),
        ("\x1b[2J.tuibp", 'there is no file "[2J.tuibp"'),
        ("big.tuibp", "is larger than"),
    ],
)
def test_what_is_no_session_file(name: str, said: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "xor.toml").write_text("tuibp = 1")
    with (folder / "big.tuibp").open("wb") as file:
        file.truncate(2**40)
    assert said in refused(lambda: open_session(Path(name)))


NETWORK = """\
data = {csv = {path = "d.csv", target = "y"}}
[[layer]]
units = 1
activation = "sigmoid"
"""


def network(folder: Path) -> Saved:
    """A session of a network file with a data file, beside it."""
    (folder / "sub").mkdir()
    (folder / "sub" / "d.csv").write_text("x,y\n1,2\n3,4\n")
    (folder / "sub" / "n.toml").write_text(NETWORK)
    source = files.open_source("sub/n.toml")
    assert source.recipe.train.N == 2
    assert source.folder == str(folder / "sub")
    return replace(SAVED, network_name=source.name, network_text=source.text, folder=source.folder, data=source.data)


def test_a_session_finds_its_data_from_anywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = load(dump(network(folder)), "s.tuibp")
    monkeypatch.chdir("/")
    recipe, said = recipe_of(saved)
    assert (recipe.train.N, recipe.title, said) == (2, "n", [])


def test_other_data_are_refused(folder: Path) -> None:
    saved = network(folder)
    data = folder / "sub" / "d.csv"
    data.write_text("x,y\n1,2\n3,5\n")
    said = refused(lambda: recipe_of(saved))
    assert said.startswith("sub/n.toml:1:")
    assert 'the data file "d.csv" has changed since the session was saved; put the old one back into' in said
    data.unlink()
    assert f'there is no file "d.csv"; paths count from {data.parent}' in refused(lambda: recipe_of(saved))
    assert 'does not say which "d.csv"' in refused(lambda: recipe_of(replace(saved, data={})))
    assert "not a whole path" in refused(lambda: recipe_of(replace(saved, folder="sub")))


def test_another_network_file_is_only_noted(folder: Path) -> None:
    saved, path = network(folder), folder / "sub" / "n.toml"
    goes_on = "the session goes on with the network that it was saved with."
    path.write_text(NETWORK.replace("units = 1", "units = 3"))
    recipe, said = recipe_of(saved)
    assert recipe.network.sizes == (1, 1)
    assert said == [f"sub/n.toml has changed since: {goes_on}"]
    path.write_bytes(b"\xff\xfe")
    assert recipe_of(saved)[1] == [f"sub/n.toml cannot be read any more: {goes_on}"]
    path.unlink()
    assert recipe_of(saved)[1] == [f"sub/n.toml is not there any more: {goes_on}"]
    assert recipe_of(replace(saved, network_name="sub/\x1b\0.toml"))[1] == [
        f"sub/.toml is not there any more: {goes_on}"
    ]


@pytest.mark.parametrize("name", ["xor", "iris"])
def test_a_session_of_a_sample(name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    source = files.open_source(name)
    assert source.folder == ""
    saved = replace(SAVED, network_name=name, network_text=source.text, folder="", data=source.data)
    recipe, said = recipe_of(saved)
    assert (recipe.title, said) == (source.recipe.title, [])
    assert len(source.data) == (name == "iris")
    assert "has changed since" in recipe_of(replace(saved, network_text=source.text + "\n"))[1][0]


def test_every_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network(folder)
    seen: list[str] = []
    read = files.read

    def counted(path: Path, limit: int) -> bytes:
        seen.append(path.name)
        return read(path, limit)

    monkeypatch.setattr(files, "read", counted)
    files.open_source("sub/n.toml")
    assert seen == ["n.toml", "d.csv"]


def test_the_machine_in_words() -> None:
    assert machine().startswith("numpy ")
    assert session_files.machine() == machine()
