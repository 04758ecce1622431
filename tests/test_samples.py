"""Samples are tests: each opens, says what to look for, is exact wherever one goes, and learns what it promises."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.debugger.straight import difference, seen
from tuibp.cli import main
from tuibp.cli.files import open_recipe
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.operations import Level

SAMPLES = sorted(path.stem for path in (Path(__file__).parents[1] / "samples").glob("*.toml"))
VISITS = {"digits": 300, "mazur": 30, "spiral": 40}
"""Random positions that are looked at; 100 where nothing else is said."""
BYTES = 2**20
"""Of keyframes: little, so that most visits replay."""


def run_json(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What `tuibp run NAME --json` says."""
    assert main(["run", name, "--json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_all_eleven_are_there() -> None:
    wanted = "dead-relu deep-sigmoid digits exploding iris mazur notes penguins saturated spiral xor"
    assert wanted.split() == SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_title_fits_a_line(name: str) -> None:
    assert 10 < len(open_recipe(name).title) <= 75


@pytest.mark.parametrize("name", SAMPLES)
def test_seek_equals_the_straight_run(name: str) -> None:
    recipe, rng = open_recipe(name), random.Random(name)
    straight, seeking = Timeline(recipe), Timeline(recipe, budget=BYTES)
    total = straight.clock.total
    visits = [rng.randrange(total + 1) for _ in range(VISITS.get(name, 100))]
    run = {t: seen(View(straight, t)) for t in sorted({*visits, total})}
    seen(View(seeking, total))
    for t in visits:
        assert (got := seen(View(seeking, t))) == run[t], (t, difference(got, run[t]))


@pytest.mark.parametrize("name", SAMPLES)
def test_step_equals_run(name: str) -> None:
    """A stretch of two batches, one operation at a time, then at once."""
    recipe = open_recipe(name)
    stepped, ran = Session(recipe), Session(recipe)
    stop = min(stepped.clock.batch_start(0, 1) + stepped.clock.batch_start(0, 1), stepped.clock.total)
    while stepped.t < stop:
        stepped.execute("stepi")
    ran.go(stop)
    assert seen(stepped.view()) == seen(ran.view())


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.RUN])
@pytest.mark.parametrize("name", SAMPLES)
def test_forward_then_back_is_the_identity_on_boundaries(name: str, level: Level) -> None:
    session, rng = Session(open_recipe(name)), random.Random(name)
    clock = session.clock
    for _ in range(20):
        boundary = clock.move(rng.randrange(1, clock.total), -1, level)
        assert clock.at(boundary).level >= level
        assert clock.move(clock.move(boundary, +1, level), -1, level) == boundary


@pytest.mark.parametrize("name", SAMPLES)
def test_finish_leaves_exactly_its_frame(name: str) -> None:
    session, rng = Session(open_recipe(name)), random.Random(name)
    clock = session.clock
    for _ in range(50):
        session.t = rng.randrange(min(clock.total, 3000))
        session.selected = rng.choice([level for level in Level if level not in (Level.RUN, Level.EPOCH)])
        frame = session.frame
        session.execute("finish")
        assert session.t == frame.stop
        assert frame in clock.frames(session.t - 1)
        assert frame not in clock.frames(session.t)


@pytest.mark.parametrize(("name", "share"), [("digits", 0.90), ("iris", 0.90), ("penguins", 0.90)])
def test_real_data_are_learned(name: str, share: float, capsys: pytest.CaptureFixture[str]) -> None:
    test = run_json(name, capsys)["test"]
    assert isinstance(test, dict)
    assert test["accuracy"] > share


@pytest.mark.parametrize("name", ["xor", "spiral"])
def test_small_problems_are_solved(name: str) -> None:
    session = Session(open_recipe(name))
    session.execute("continue")
    timeline = session.timeline
    last = timeline.epochs.row(timeline.program.epochs - 1)
    assert last.correct == last.samples


def test_deep_sigmoid_vanishes() -> None:
    session = Session(open_recipe("deep-sigmoid"))
    session.go(session.clock.sample_start(0, 0, 1))
    view = session.view()
    deltas = [np.abs(delta).max() for layer in range(1, 11) if (delta := view.get("db", layer)) is not None]
    assert len(deltas) == 10
    assert deltas[0] < 1e-4 * deltas[-1]


def test_dead_units_get_no_gradient() -> None:
    session = Session(open_recipe("dead-relu"))
    session.execute("continue")
    view = session.view()
    gradient = view.get("gb", 1)
    assert gradient is not None
    assert list(gradient[:3]) == [0.0, 0.0, 0.0]
    assert gradient[3] != 0.0


def test_exploding_overflows_whatever_the_order_in_which_a_product_is_added_up() -> None:
    """Infinity of both signs among its terms would be nan on one processor and infinite on another."""
    session = Session(open_recipe("exploding"))
    session.run("e1.b3.s0.fwd3.a")
    W, a, z = session["W[3]"], session["a[2]"], session["z[3]"]
    with np.errstate(over="ignore"):
        terms = np.multiply(W, a)
    assert np.isfinite(a).all() and np.isinf(terms).all() and len(np.unique(terms)) == 1
    assert np.array_equal(z, terms[:, 0])


def test_exploding_reaches_nan() -> None:
    session = Session(open_recipe("exploding"))
    session.execute("continue")
    weights = session.view().get("W", 1)
    assert weights is not None
    assert np.isnan(weights).any()
