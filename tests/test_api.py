"""The small Python API: the lines of its own documentation run, and reading is safe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tuibp
from tuibp import api
from tuibp.errors import NameInputError, PositionError, TuibpError

STOPPED = "stop 1, break update if epoch == 2: epoch = 2\n"


def test_the_lines_of_the_documentation_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert api.__doc__ is not None
    lines = [line for line in api.__doc__.splitlines() if line.startswith("    ")]
    program = "\n".join(line.strip() for line in lines)
    assert program.count("\n") >= 9
    scope: dict[str, object] = {}
    exec(program, scope)
    assert (
        capsys.readouterr().out
        == "[0.3274916] [0.]\n0.10725074582158364\n[[ 0.09531784 -0.10571731 -0.02597555]] 0.5\n" + STOPPED
    )
    assert repr(scope["s"]).startswith("<Session at e")


def test_the_package_offers_it_lazily() -> None:
    assert set(dir(tuibp)) == {"__version__", "build", "command_line", "open", "session"}
    assert tuibp.open is api.open
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tuibp.nothing


def test_importing_it_loads_nothing_else() -> None:
    code = "import sys, tuibp; tuibp.__version__; sys.exit(len({'numpy', 'textual', 'tuibp.api'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_open_takes_a_sample_and_a_path(tmp_path: Path) -> None:
    path = tmp_path / "n.toml"
    path.write_text('data = {generate = {kind = "xor"}}\n[[layer]]\nunits = 1\nactivation = "sigmoid"\n')
    assert tuibp.open("mazur")["W[1][0,0]"] == 0.15
    for source in (path, str(path)):
        assert tuibp.open(source).recipe.network.sizes == (2, 1)
    with pytest.raises(TuibpError, match="did you mean the sample xor"):
        tuibp.open("xro")


def test_stepping_and_going() -> None:
    s = tuibp.open("xor")
    s.step()
    assert s.position.name == "e0.b0.begin"
    s.step(3)
    assert s.position.name == "e0.b0.s0.fwd2.z"
    s.back(2)
    assert s.position.name == "e0.b0.s0.load"
    assert s.run("e2").t == s.clock.epoch_start(2)
    assert s.run("+1b").t == s.clock.batch_start(2, 1)
    assert s.run().reason == "End of the run."
    with pytest.raises(PositionError):
        s.run("e1000")
    assert s.t == s.clock.total


def test_reading_gives_copies_that_cannot_be_written_to() -> None:
    s = tuibp.open("xor")
    s.run("e0.b0.update")
    before = s["W[1]"]
    assert isinstance(before, np.ndarray)
    kept = before.copy()
    with pytest.raises(ValueError, match="read-only"):
        before[0, 0] = 1.0
    s.run("end")
    np.testing.assert_array_equal(before, kept)
    assert not np.array_equal(s["W[1]"], kept)


def test_reading_numbers() -> None:
    s = tuibp.open("xor")
    s.run("e0.b1.s1.acc")
    assert isinstance(s["cost"], float)
    assert isinstance(s["W[2][0,1]"], float)
    assert (s["epoch"], s["batch"], s["sample"], s["t"]) == (0, 1, 1, s.t)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a[2]", r"at e0\.shuffle a\[2\] is not computed yet: it is written at fwd2\.a"),
        ("cost", "cost is not computed yet"),
        ("wat", "no variable"),
        ("W[7]", "does not exist"),
    ],
)
def test_what_cannot_be_read(name: str, said: str) -> None:
    with pytest.raises(NameInputError, match=said):
        tuibp.open("xor")[name]


def test_a_session_on_arrays() -> None:
    recipe = tuibp.build(
        [[1.0]], [[0.0]], layers=[([[2.0]], [0.5], "identity")], cost="half-squared-error", lr=0.1, epochs=1
    )
    s = tuibp.session(recipe)
    s.run()
    # a = 2.5, so dW = 2.5 and db = 2.5
    assert (s["W[1][0,0]"], s["b[1][0]"]) == (1.75, 0.25)
