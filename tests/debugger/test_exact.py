"""The acceptance test of the machine: step = run = seek = reverse = replay, bit for bit, at every position.

Keyframe budgets and record caches are kept tiny, so that frames are dropped, strides double and batches are replayed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest

from tests.debugger.straight import Snapshot, StraightRun, difference, labels, seen
from tests.recipes import TINY, Bounds, Pinned, random_recipe
from tuibp.debugger import head as head_module
from tuibp.debugger import timeline as timeline_module
from tuibp.debugger.history import BESIDE
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import dataset, pace
from tuibp.engine.operations import Level
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State

PROGRAMS = 200
LEVELS = [level for level in Level if level is not Level.RUN]


def tiny(seed: int) -> Recipe:
    """All optimizers and both number types in turn; every seventh run explodes, to inf and nan."""
    pinned = Pinned(
        optimizer=list(OPTIMIZERS)[seed % 5],
        dtype=("float64", "float32")[seed % 2],
        lr=1e30 if seed % 7 == 0 else None,
    )
    return random_recipe(np.random.default_rng(seed), TINY, pinned)


@contextmanager
def short_memory(seed: int) -> Iterator[int]:
    """Keep 1 to 3 records; the value is the number of keyframes to keep, 2 to 5, taken from every batch on.

    For every second seed journeys pause within a batch, as they do on wide networks, and may be broken off there; for
    two of three the flight log is filled in portions of a few batches.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline_module, "RECORDS", 1 + seed % 3)
        patch.setattr(timeline_module, "RECORD_BYTES", 0)
        patch.setattr(head_module, "first_stride", lambda program: 1)
        if seed % 3:
            patch.setattr(pace, "MOST", 2 * (seed % 3))
        if seed % 2:
            patch.setattr(timeline_module, "LONG", 0)
        if seed % 4 == 3:
            patch.setattr(head_module, "LONG", 0)
        yield 2 + seed % 4


def forgetful(recipe: Recipe, frames: int) -> Timeline:
    return Timeline(recipe, budget=frames * (State.empty(recipe).block.nbytes + BESIDE))


def assert_seen(view: View, want: Snapshot) -> None:
    got = seen(view)
    assert got == want, (view.t, view.position.name, difference(got, want))


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_seek_equals_the_straight_run_everywhere(seed: int) -> None:
    """Every position, in random order, with journeys broken off half-way in between."""
    recipe = tiny(seed)
    run, rng = StraightRun(recipe), random.Random(seed)
    with short_memory(seed) as frames, np.errstate(all="raise"):
        timeline = forgetful(recipe, frames)
        assert len(run.snapshots) == timeline.clock.total + 1
        order = list(range(len(run.snapshots)))
        rng.shuffle(order)
        for t in order:
            if rng.random() < 0.3:
                list(islice(timeline.travel(rng.choice(order)), rng.randrange(40)))
                assert 0 < timeline.reached < len(order)
            assert_seen(View(timeline, t), run.snapshots[t])
        assert timeline.log.filled == timeline.batches
        rows = [(row.cost, row.samples) for row in map(timeline.log.at, range(timeline.batches))]
        np.testing.assert_array_equal(rows, run.log)


@pytest.mark.parametrize("seed", range(30))
def test_a_run_does_not_pause_where_an_order_has_been_drawn_to_its_end(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with more than 4,096 samples: every epoch, or every other, has a draw of its own."""
    recipe, rng = tiny(seed), random.Random(seed)
    monkeypatch.setattr(dataset, "BLOCK", len(recipe.train.x) * (1 + seed % 2))
    run, timeline = StraightRun(recipe), Timeline(recipe)
    for t in [timeline.clock.total, *rng.sample(range(timeline.clock.total), min(20, timeline.clock.total))]:
        assert_seen(View(timeline, t), run.snapshots[t])
    if recipe.train.x.shape[0] % timeline.program.m == 0:
        assert len(list(Timeline(recipe).travel(timeline.clock.total))) <= 2


COMMANDS = ["stepi", "step", "next", "finish", "sample", "batch", "epoch", "continue"]


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_session_moves_exactly(seed: int) -> None:
    """A random walk of movements in both directions: the values depend on the position alone."""
    recipe = tiny(seed)
    run, rng = StraightRun(recipe), random.Random(seed)
    with short_memory(seed) as frames:
        session = Session(recipe, budget=frames * (State.empty(recipe).block.nbytes + BESIDE))
        for _ in range(25):
            command = rng.choice(["", "reverse-"]) + rng.choice(COMMANDS)
            if rng.random() < 0.2:
                command = rng.choice(["back", "forward", f"goto {rng.randrange(session.clock.total + 1)}"])
            elif not command.endswith("continue") and rng.random() < 0.3:
                command += f" {rng.randint(1, 5)}"
            session.execute(command)
            assert_seen(session.view(), run.snapshots[session.t])


@pytest.mark.parametrize("seed", range(0, PROGRAMS, 10))
def test_stepping_through_and_all_the_way_back(seed: int) -> None:
    recipe = tiny(seed)
    run = StraightRun(recipe)
    session = Session(recipe)
    assert_seen(session.view(), run.snapshots[0])
    end = session.clock.total
    for command, places in (("stepi", range(1, end + 1)), ("reverse-stepi", range(end - 1, -1, -1))):
        for t in places:
            assert session.execute(command).t == t
            assert_seen(session.view(), run.snapshots[t])


@pytest.mark.parametrize("seed", range(0, PROGRAMS, 5))
def test_forward_then_back_is_the_identity_on_boundaries(seed: int) -> None:
    recipe = tiny(seed)
    session = Session(recipe)
    clock = session.clock
    names = {Level.OP: "stepi", Level.LAYER: "step", Level.SAMPLE: "sample", Level.BATCH: "batch", Level.EPOCH: "epoch"}
    for level, name in names.items():
        for t in random.Random(seed).sample(range(clock.total), min(clock.total, 30)):
            start = clock.move_batches(t + 1, -1) if name == "batch" else clock.move(t + 1, -1, level)
            session.go(start)
            before = seen(session.view())
            session.execute(name)
            session.execute(f"reverse-{name}")
            assert session.t == start
            assert seen(session.view()) == before
            if start > 0:
                session.execute(f"reverse-{name}")
                session.execute(name)
                assert session.t == start
                assert seen(session.view()) == before


PARAMETERS = ("W", "b")
TOGETHER = {"a[0]": ("x",), "db[1]": ("dC_da[0]",)}
"""What becomes visible with a tensor, beside itself."""


def shown(view: View) -> set[str]:
    return {label for label, name, layer in labels(view.recipe) if view.defined(name, layer)} | (
        {"cost"} if view.scalar("cost") is not None else set()
    )


@pytest.mark.parametrize("seed", range(0, PROGRAMS, 4))
def test_what_an_operation_writes_becomes_visible_and_nothing_else(seed: int) -> None:
    """Forward shows exactly op.writes, after the clearing of `begin` and `load`; so reverse hides exactly that."""
    recipe = tiny(seed)
    timeline = Timeline(recipe)
    before = shown(View(timeline, 0))
    for t in range(timeline.clock.total):
        op = timeline.clock.at(t).op
        assert op is not None
        writes = {str(tensor) for tensor in op.writes} - {"order", "bcost", "ecost"}
        writes |= {extra for label in writes for extra in TOGETHER.get(label, ())}
        if op.name == "update":
            writes |= {f"{u}[{l}]" for u in ("uW", "ub") for l in range(1, recipe.network.L + 1)}
        if op.name in ("begin", "load"):
            before = {label for label in before if label.split("[")[0] in PARAMETERS}
        after = shown(View(timeline, t + 1))
        assert after == before | writes, timeline.clock.at(t).name
        assert op.name in ("update", "begin", "load") or not before & writes
        before = after


def changed(before: Snapshot, after: Snapshot) -> set[str]:
    return {label for label, value in after.items() if before.get(label) != value}


@pytest.mark.parametrize("seed", range(0, PROGRAMS, 4))
def test_nothing_changes_but_what_is_written(seed: int) -> None:
    recipe = tiny(seed)
    run = StraightRun(recipe)
    clock = Timeline(recipe).clock
    for t in range(clock.total):
        op = clock.at(t).op
        assert op is not None
        allowed = {str(tensor) for tensor in op.writes} | {"uW", "ub", "state"} | {"x", "dC_da[0]", "ecost"}
        for label in changed(run.snapshots[t], run.snapshots[t + 1]):
            assert label in allowed or label[:2] in allowed, (op.name, label)


@pytest.mark.parametrize("seed", range(8))
def test_larger_batches_and_longer_runs(seed: int) -> None:
    """Many keyframes, several doublings; a sample of positions."""
    bounds = Bounds(depth=(2, 4), width=(2, 20), N=(30, 40), batch=(1, 3), epochs=(3, 3))
    recipe = random_recipe(np.random.default_rng(seed), bounds)
    run, rng = StraightRun(recipe), random.Random(seed)
    with short_memory(seed) as frames:
        timeline = forgetful(recipe, frames)
        for _ in range(40):
            t = rng.randrange(len(run.snapshots))
            assert_seen(View(timeline, t), run.snapshots[t])
        assert timeline.keyframes.stride > 1
        assert len(timeline.keyframes) <= frames


def test_two_timelines_of_one_recipe_do_not_meet() -> None:
    recipe = tiny(1)
    run = StraightRun(recipe)
    one, other = Timeline(recipe), Timeline(recipe)
    end = one.clock.total
    for t in (end, 3, end - 2, 0, end):
        assert_seen(View(one, t), run.snapshots[t])
        assert_seen(View(other, end - t), run.snapshots[end - t])
    np.testing.assert_array_equal(recipe.initial.flat, State.initial(recipe).params.flat)
