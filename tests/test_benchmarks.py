"""The benchmarks' trainers compute the very same training, and what is found can be read. Nothing timed is asserted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import engine, history, memory, peers, run
from tests.benchmarks.floor import FOLD, Floor, random_order
from tests.benchmarks.machine import cpu, machine
from tests.benchmarks.nets import NETS, SMALL, Array, Net, Problem, Trainer
from tests.benchmarks.ours import Ours
from tests.benchmarks.plain import Plain
from tests.benchmarks.report import Figure, Grid, Section, Target, as_json, as_markdown, as_text, figures_of, number
from tests.benchmarks.rounds import enough, in_turn, median, ratio
from tests.benchmarks.start import ENGINE
from tests.benchmarks.textbook import Textbook
from tuibp.engine.dataset import partition

TINY = (Net((2, 2, 1), 1, 8), Net((3, 5, 4, 2), 4, 20), Net((4, FOLD + 1, 3, FOLD + 1, 2), 3, 9))
"""The last has layers whose biases lie apart, one of them fed by the samples."""
TRAINERS: dict[str, Callable[[Problem], Trainer]] = {
    "floor": Floor,
    "floor, gathered": lambda problem: Floor(problem, lambda epoch: np.arange(problem.net.N)),
    "plain": Plain,
    "textbook": Textbook,
}
SECTION = Section(
    "some",
    "Some figures",
    (Grid("us", ("2-2-1", "784-30-10"), {"floor": (6.9, 10832.4), "another": (None, 0.0123)}),),
    (
        Figure("speed", 0.953, "x", Target(">=", 0.95)),
        Figure("seek", 1.04, "ms", Target("<=", 1.0)),
        Figure("nothing", math.nan),
    ),
)


def assert_same(learnt: list[tuple[Array, Array]], wanted: list[tuple[Array, Array]]) -> None:
    for layer, expected in zip(learnt, wanted, strict=True):
        for found, right in zip(layer, expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)


def ours(problem: Problem, batches: int, *, shuffle: bool) -> list[tuple[Array, Array]]:
    """What tuibp has learnt after so many batches."""
    trainer = Ours(problem, shuffle=shuffle)
    trainer.ready(batches)()
    return trainer.learnt()


def trained(trainer: Trainer, problem: Problem) -> list[tuple[Array, Array]]:
    """What it has learnt after two epochs and a batch, in two parts."""
    trainer.ready(problem.net.K)()
    trainer.ready(problem.net.K + 1)()
    return trainer.learnt()


@pytest.mark.parametrize("net", TINY, ids=lambda net: net.name)
@pytest.mark.parametrize("name", TRAINERS)
def test_trainers_compute_what_tuibp_computes(name: str, net: Net) -> None:
    problem = Problem(net)
    learnt = trained(TRAINERS[name](problem), problem)
    assert_same(learnt, ours(problem, 2 * net.K + 1, shuffle=False))
    assert not any(np.allclose(W, start) for (W, _), (start, _) in zip(learnt, problem.parameters, strict=True))


@pytest.mark.parametrize("net", TINY, ids=lambda net: net.name)
def test_the_floor_shuffles_as_it_is_told(net: Net) -> None:
    problem = Problem(net)
    floor = Floor(problem, lambda epoch: partition(0, epoch, net.N, True))
    assert_same(trained(floor, problem), ours(problem, 2 * net.K + 1, shuffle=True))


@pytest.mark.parametrize("name", [name for name, (module, _) in peers.PEERS.items() if find_spec(module)])
def test_peers_that_are_installed_compute_what_tuibp_computes(name: str) -> None:
    problem = Problem(TINY[1])
    trainer = peers.PEERS[name][1](problem)
    trainer.ready(2 * problem.net.K)()
    if learnt := trainer.learnt():
        assert_same(learnt, ours(problem, 2 * problem.net.K, shuffle=False))


def test_a_problem_follows_from_its_seed() -> None:
    one, other = Problem(SMALL), Problem(SMALL)
    samples, parameters = one.samples, one.parameters
    assert_same(list(other.parameters), list(parameters))
    assert_same([other.samples], [samples])
    assert all(net.N % net.m == 0 for net in NETS)


def test_random_orders_are_permutations() -> None:
    order = random_order(20)
    assert sorted(order(0)) == list(range(20))
    assert list(order(1)) != list(order(2))


def test_the_floor_is_straight_line_code() -> None:
    lines = Floor(Problem(Net((2, 2, 1), 1, 4))).source.splitlines()
    assert len(lines) == 2 + 2 * 5 + 3 + 2 * 2 + 1 + 2


def test_rounds_are_taken_in_turn() -> None:
    calls: list[str] = []

    def called(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    samples = in_turn({name: partial(called, name) for name in "ab"}, 3)
    assert calls == list("abbaab")
    assert samples == {"a": [1.0, 4.0, 5.0], "b": [2.0, 3.0, 6.0]}
    assert ratio(samples, "b", "a") == pytest.approx(1.2)
    assert ratio(samples, "c", "a") is median(samples, "c") is None


def test_who_is_too_slow_is_left_out() -> None:
    trainer = Plain(Problem(TINY[0]))
    assert enough(trainer, 1e-3, patience=0.0) is None
    assert enough(trainer, 1e-3, patience=60.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.953, "0.953"), (6.9, "6.90"), (42.04, "42.0"), (430.2, "430"), (10832.4, "10,832"), (0.0, "0.00"),
     (-3e-4, "-0.000"), (None, "-"), (math.inf, "-")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_section_as_text() -> None:
    assert as_text(SECTION).splitlines() == [
        "Some figures",
        "============",
        "",
        "us       2-2-1  784-30-10",
        "floor     6.90     10,832",
        "another      -      0.012",
        "",
        "         found      target",
        "speed    0.953  x   >= 0.95  ok",
        "seek      1.04  ms  <= 1     missed",
        "nothing      -",
    ]


def test_a_section_as_markdown() -> None:
    lines = as_markdown(SECTION).splitlines()
    assert lines[2:4] == ["| us | 2-2-1 | 784-30-10 |", "| --- | ---: | ---: |"]
    assert "| speed | 0.953 | x | >= 0.95 | ok |" in lines


def test_a_section_as_json() -> None:
    found = json.loads(json.dumps(as_json(SECTION), allow_nan=False))
    assert found["grids"][0]["rows"]["another"] == {"2-2-1": None, "784-30-10": 0.0123}
    assert found["figures"][1] == {"label": "seek", "value": 1.04, "unit": "ms", "target": "<= 1", "verdict": "missed"}
    assert found["figures"][2]["value"] is None


def test_figures_of_a_nested_dict() -> None:
    found = {"paint": {"value": 1.3, "unit": "x", "target": "<= 1.6"}, "keys": {"s": 12, "i": {"value": 9.0}}}
    assert list(figures_of(found)) == [
        Figure("paint", 1.3, "x", Target("<=", 1.6)),
        Figure("keys, s", 12.0),
        Figure("keys, i", 9.0),
    ]


@pytest.mark.parametrize("words", [[], ["--markdown"], ["--only", "run", "screen"], ["--json", "-"]], ids=" ".join)
def test_the_command(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "prepare_environment", lambda: None)
    monkeypatch.setattr(command, "measured", lambda name, quick: Section(name, f"The {name}", (), SECTION.figures))
    monkeypatch.setattr(peers, "PEERS", {})
    assert command.main([*words, "--quick"]) == 0
    output = capsys.readouterr().out
    if "--json" in words:
        assert list(json.loads(output)["sections"]) == list(command.SECTIONS)
    else:
        assert [name for name in command.SECTIONS if f"The {name}" in output] == (words[1:] or list(command.SECTIONS))
        assert cpu() in output.splitlines()[0]


def test_json_goes_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "prepare_environment", lambda: None)
    monkeypatch.setattr(command, "measured", lambda name, quick: SECTION)
    monkeypatch.setattr(peers, "PEERS", {})
    assert command.main(["--only", "run", "--json", str(tmp_path / "found.json")]) == 0
    assert "Some figures" in capsys.readouterr().out
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["machine"] == machine()


def test_the_run_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", {})
    monkeypatch.setattr(run, "PATIENCE", 10.0)
    samples = run.contest(TINY[1], quick=True)
    assert list(samples) == [run.FLOOR, run.OURS, run.ANEW, run.SHUFFLED, run.PLAIN, run.TEXTBOOK]
    assert all(len(values) == 3 and min(values) > 0 for values in samples.values())


def test_steps_are_measured() -> None:
    assert {name: len(values) for name, values in engine.steps(TINY[1], 3).items()} == {"walk": 3, "bare": 3, "seek": 3}


def test_the_past_is_measured() -> None:
    past = history.Past(TINY[1], 400, 1, 1.0, 1.0)
    assert past.quick().batches == 40
    assert all(math.isfinite(figure.value) for figure in history.travels(past))
    if memory.PAGES.is_file():
        assert memory.watch(past.net, past.batches, past.budget).peak >= 0


def test_every_module_of_the_engine_is_imported() -> None:
    assert {"tuibp.engine.build", "tuibp.engine.kernels"} <= set(ENGINE)
