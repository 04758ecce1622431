"""`tuibp compare`: one number changed somewhere is found there, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.recipes import TINY, Pinned, random_recipe
from tuibp.cli import main
from tuibp.debugger.timeline import Timeline
from tuibp.errors import TuibpError
from tuibp.explain.compare import Ended, Parting, compare, steps
from tuibp.formats.trace import FORMATS
from tuibp.formats.trace_reader import read_trace

Captured = pytest.CaptureFixture[str]


def found(a: list[str], b: list[str], tolerance: float = 0.0) -> Parting | Ended:
    last = list(compare(read_trace(a, "a").steps, read_trace(b, "b").steps, tolerance))[-1]
    assert not isinstance(last, int)
    return last


@pytest.mark.parametrize("seed", range(40))
def test_one_changed_number_is_found_where_it_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    timeline = Timeline(random_recipe(rng, TINY, Pinned()), budget=0)
    lines = list(FORMATS["jsonl"](timeline, 0, timeline.clock.total))
    assert found(lines, lines) == Ended(timeline.clock.total, "")
    at = int(rng.integers(1, len(lines)))
    while not json.loads(lines[at])["writes"]:
        at = int(rng.integers(1, len(lines)))
    step = json.loads(lines[at])
    label = str(rng.choice(list(step["writes"])))
    value = np.array(step["writes"][label], np.float64)
    index = tuple(int(rng.integers(0, n)) for n in value.shape)
    value[index] = np.nextafter(value[index], np.inf)
    step["writes"][label] = value.tolist()
    changed = [*lines[:at], json.dumps(step) + "\n", *lines[at + 1 :]]
    parting = found(lines, changed)
    assert isinstance(parting, Parting)
    assert (parting.t, parting.tensor, parting.index, parting.differing) == (step["t"], label, index, 1)
    assert parting.compared == at - 1
    assert isinstance(found(lines, changed, 1e-9), Ended) or abs(value[index]) < 1e-300


@pytest.mark.parametrize("seed", range(6))
def test_csv_and_json_say_the_same(seed: int) -> None:
    timeline = Timeline(random_recipe(np.random.default_rng(seed), TINY, Pinned()), budget=0)
    total = timeline.clock.total
    lines, rows = (list(FORMATS[name](timeline, 0, total)) for name in ("jsonl", "csv"))
    assert found(lines, rows) == Ended(total, "")
    last = list(compare(steps(timeline), read_trace(lines, "a").steps))[-1]
    assert last == Ended(total, "")


HOSTILE = ["", "{}", "[1]", "nan", '{"tuibp": 1}', '{"tuibp": 1, "program": 3}', "a,b,c", "\x00", "{" * 5000]
STEPS = [
    "{", '{"t": "x"}', '{"t": 1, "at": 2, "op": 3, "writes": 4}', '{"t": 1, "at": "e", "op": "z", "writes": {"a": {}}}',
    '{"t": 1, "at": "e", "op": "z", "writes": {"a": [[1], [1, 2]]}}',
    '{"t": 1, "at": "e", "op": "z", "writes": {"a": "q"}}',
    '{"t": true, "at": "e", "op": "z", "writes": {}}', '{"t": 1, "at": "e", "op": "z", "writes": {"a": [[[[1]]]]}}',
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_trace_at_all(text: str) -> None:
    with pytest.raises(TuibpError, match="a:1"):
        list(read_trace([text], "a").steps)


@pytest.mark.parametrize("text", STEPS)
def test_a_broken_line_is_told_with_its_number(text: str) -> None:
    with pytest.raises(TuibpError, match="a:2"):
        list(read_trace(['{"tuibp": 1, "program": {}}', text], "a").steps)


def test_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "xor", "--to", "e1", "--output", "x.jsonl"]) == 0
    assert main(["compare", "x.jsonl", "xor"]) == 0
    assert "Equal as far as both go; B goes on." in capsys.readouterr().out
    assert main(["compare", "xor", "xor"]) == 0
    assert "Equal, operation by operation, to the end." in capsys.readouterr().out
    script = ["--batch", "-ex", "goto e3.b1.s0.cost", "-ex", "set W[1][0,0] = 0.5", "-ex", "save forked"]
    assert main(["xor", *script]) == 0
    capsys.readouterr()
    assert main(["compare", "xor", "forked.tuibp", "--json"]) == 1
    part = json.loads(capsys.readouterr().out)["part"]
    # The weight is set behind the forward pass: dC_da[1] does not read W[1], so the first that does is the update.
    assert part["at"] == "e3.b1.update" and part["tensor"] == "W[1]" and part["cell"] == [0, 0]
    assert main(["compare", "xor", "mazur"]) == 1
    assert "They are set up differently" in capsys.readouterr().out
    assert main(["compare", "nowhere.jsonl", "xor"]) == 2
    assert main(["compare", "xor", "xor", "--tolerance", "7"]) == 2
