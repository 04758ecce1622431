"""A session whose process is killed at any moment opens again, with at most its last command lost.

`TUIBP_KILLS=200 python -m pytest tests/cli/test_kills.py` kills as many by hand.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.console.some_lines import console_of
from tuibp.cli.autosaves import latest_for
from tuibp.cli.session_files import open_session, recipe_of, write
from tuibp.console.sessions import restored, saved
from tuibp.debugger.saved import Saved
from tuibp.formats.session_file import dump

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("TUIBP_KILLS", "26"))
LINES = [
    line
    for n in range(900)
    for line in (f"goto t={2 + n * 37 % 4000}", f"print t + {n}", f"note n{n}", f"mark m{n % 9}")
]
"""Each is answered with one line."""


def expected(commands: int) -> Saved:
    """The session after so many of the lines, but for what takes long to compare."""
    console = console_of("xor")
    for line in LINES[:commands]:
        console.execute(line)
    return replace(saved(console, with_digests=False), machine="")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("with_file", [False, True])
def test_at_most_the_last_command_is_lost(with_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    script, log, file, rng = tmp_path / "script", tmp_path / "log", tmp_path / "s.tuibp", random.Random(with_file)
    script.write_text("\n".join(LINES))
    empty = dump(saved(console_of("xor")))
    most = 0
    command = [sys.executable, "-m", "tests.cli.walker", str(script), str(log)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for _ in range(KILLS // 2):
            if with_file:
                write(file, empty)
                (tmp_path / ".s.tuibp.auto").unlink(missing_ok=True)
            log.unlink(missing_ok=True)
            process.stdin.write("s.tuibp\n" if with_file else "xor\n")
            process.stdin.flush()
            child = int(process.stderr.readline())
            time.sleep(0.02 + rng.random() ** 2 * 0.4)
            os.kill(child, signal.SIGKILL)
            assert process.stderr.readline() == "dead\n"
            answered = log.read_text().count("\n") if log.exists() else 0
            path = file if with_file else latest_for("xor")
            if path is None or (not with_file and not path.name.endswith(f"-{child}.tuibp")):
                assert answered == 0
                continue
            session, _ = open_session(path)
            assert answered <= session.commands <= answered + 1
            again = restored(session, recipe_of(session)[0])
            assert replace(session, machine="", digests=()) == expected(session.commands)
            assert saved(again, with_digests=False) == replace(session, machine="", digests=())
            most = max(most, answered)
        process.stdin.close()
    assert most > 10
