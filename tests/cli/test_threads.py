"""BLAS has one thread however tuibp is started, and as many as are asked for; seen in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tuibp.cli import environment, main
from tuibp.errors import InputError

REPORT = "; import numpy, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
LINE = "from tuibp.cli import main; main(%r)"
BUILT = "import tuibp; tuibp.session(tuibp.build([[0.0]], [[0.0]], layers=[(1, 'tanh')]))"
STARTS = {
    "run": LINE % ["run", "xor", "--to", "e1"],
    "trace": LINE % ["trace", "xor", "--to", "e0.b0"],
    "print": LINE % ["print", "xor", "W[1]"],
    "no terminal": LINE % [],
    "open": "import tuibp; tuibp.open('xor')",
    "session": BUILT,
}
"""Ways to start it, as programs."""
FIRST = {"alone": "", "numpy first": "import numpy; numpy.ones((400, 400)) @ numpy.ones((400, 400)); "}


def threads(program: str, **variables: str) -> str:
    """The numbers of threads of all BLAS libraries at the end of a program, as it prints them."""
    others = {
        name: value for name, value in os.environ.items() if name not in (*environment.BLAS_THREADS, "TUIBP_THREADS")
    }
    done = subprocess.run(
        [sys.executable, "-c", program + REPORT], env=others | variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("start", STARTS)
def test_one_thread(start: str, first: str) -> None:
    """Whatever the machine says to everybody."""
    assert threads(FIRST[first] + STARTS[start], OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="3") == "{1}"


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("command", ["run", "trace", "print"])
def test_as_many_as_are_asked_for(command: str, first: str) -> None:
    words = [command, "xor", *(["W[1]"] if command == "print" else []), "--threads", "2"]
    assert threads(FIRST[first] + LINE % words) == "{2}"
    assert threads(FIRST[first] + STARTS[command], TUIBP_THREADS="2") == "{2}"
    assert threads(FIRST[first] + LINE % words, TUIBP_THREADS="3") == "{2}"


def test_as_many_as_the_script_asks_for() -> None:
    assert threads("import tuibp; tuibp.open('xor', threads=2)") == "{2}"
    assert threads(BUILT, TUIBP_THREADS="2") == "{2}"


@pytest.mark.parametrize("word", ["0", "-1", "two", "1.5", "257", "²", "9" * 5000])
def test_what_is_no_number_of_threads(
    word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tuibp

    assert main(["run", "xor", f"--threads={word}"]) == 2
    assert main([f"--threads={word}"]) == 2
    monkeypatch.setenv("TUIBP_THREADS", word)
    assert main(["run", "xor"]) == 2
    said = capsys.readouterr()
    assert not said.out and said.err.count("whole number from 1 to 256") == 3 and len(said.err) < 1000
    for threads in (word, 0, True, 2.0):
        with pytest.raises(InputError, match="not a number of threads"):
            tuibp.open("xor", threads=threads)  # type: ignore[arg-type]


def test_the_version_needs_nothing() -> None:
    code = LINE % ["--version"] + "; import sys; print({'numpy', 'textual', 'threadpoolctl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("set()\n")
