"""Forks to the last bit: an edit that changes nothing changes no bit, a fork is the same however one gets about on it,
and the timeline that it comes from is what it was.
"""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

from tests.debugger.some_edits import some_edit
from tests.debugger.straight import Snapshot, StraightRun, difference, seen
from tests.debugger.test_exact import forgetful, short_memory, tiny
from tests.recipes import TINY, WIDE, Bounds, random_recipe
from tuibp.debugger import head
from tuibp.debugger.edits import Edit
from tuibp.debugger.flight_log import MAXIMA, FlightLog
from tuibp.debugger.names import CellRef
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.recipe import Recipe

SEEDS = range(24)
DEEP = Bounds(depth=(2, 5), width=(1, 24), N=(2, 6), batch=(1, 6), epochs=(1, 2))


def everything(timeline: Timeline) -> list[Snapshot]:
    """What is to be seen at every position."""
    return [seen(View(timeline, t)) for t in range(timeline.clock.total + 1)]


def rows(log: FlightLog, batches: int) -> list[bytes]:
    """Of every batch."""
    found = map(log.at, range(batches))
    parts = ((row.cost, row.samples, row.correct, *row.grad, *row.ratio, *row.dead, *row.saturated) for row in found)
    return [np.array(part, float).tobytes() for part in parts]


def assert_same(got: list[Snapshot], want: list[Snapshot], first: int = 0) -> None:
    for t, (one, other) in enumerate(zip(got, want, strict=True)):
        assert t < first or one == other, (t, difference(one, other))


def recipe_of(seed: int) -> Recipe:
    """All optimizers and number types; every third one is deeper than the others."""
    return tiny(seed) if seed % 3 else random_recipe(np.random.default_rng(seed), DEEP)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_edit_that_changes_nothing_changes_no_bit(seed: int) -> None:
    """Several of them, of every kind, and the logs as well."""
    recipe, rng = recipe_of(seed), random.Random(seed)
    run = StraightRun(recipe)
    with short_memory(seed) as frames, np.errstate(all="raise"):
        trunk = forgetful(recipe, frames)
        View(trunk, trunk.clock.total)
        for t in rng.sample(range(trunk.clock.total), min(5, trunk.clock.total)):
            fork = trunk.fork(some_edit(rng, trunk, t, same=True))
            for _ in range(rng.randrange(3)):
                later = rng.randrange(t, trunk.clock.total)
                fork = fork.fork(some_edit(rng, fork, later, same=True))
            assert_same(everything(fork), run.snapshots)
            assert rows(fork.log, fork.batches) == rows(trunk.log, trunk.batches)
            assert fork.epochs.filled == recipe.plan.epochs
            assert list(map(str, map(fork.epochs.row, range(fork.epochs.filled)))) == list(
                map(str, map(trunk.epochs.row, range(trunk.epochs.filled)))
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fork_is_the_same_by_every_way(seed: int) -> None:
    """Step by step, in random order with little memory, and made of its edits at once; its parent stays what it was."""
    recipe, rng = recipe_of(seed), random.Random(seed)
    run = StraightRun(recipe)
    with short_memory(seed) as frames, np.errstate(all="raise"):
        trunk = forgetful(recipe, frames)
        fork, at = trunk, 0
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(at, trunk.clock.total)
            fork = fork.fork(some_edit(rng, fork, at))
        want = everything(fork)
        first = min(edit.t for edit in fork.edits)
        assert want[:first] == run.snapshots[:first]
        again = Timeline(recipe, edits=fork.edits)
        for timeline in (fork, again):
            places = list(range(trunk.clock.total + 1))
            rng.shuffle(places)
            for t in places:
                got = seen(View(timeline, t))
                assert got == want[t], (t, difference(got, want[t]))
        assert rows(again.log, again.batches) == rows(fork.log, fork.batches)
        assert_same(everything(trunk), run.snapshots)
        if fork.parent is not trunk and fork.parent is not None:
            edits = fork.parent.edits
            assert_same(everything(fork.parent), everything(Timeline(recipe, edits=edits)))


@pytest.mark.parametrize("seed", range(20))
def test_a_fork_shows_its_edit_and_drops_those_behind_it(seed: int) -> None:
    recipe, rng = recipe_of(seed), random.Random(seed)
    trunk = Timeline(recipe)
    early, late = sorted(rng.choices(range(trunk.clock.total), k=2))
    one = trunk.fork(some_edit(rng, trunk, late))
    two = one.fork(some_edit(rng, one, early))
    assert [edit.t for edit in two.edits] == ([early] if early < late else [late, early])
    assert two.parent is one
    assert two.forked_at == early
    edit = two.edits[-1]
    view = View(two, early)
    if edit.ref.name == "lr":
        assert view.scalar("lr") == edit.value
    else:
        tensor = view.get(edit.ref.name, edit.ref.layer)
        assert tensor is not None
        np.testing.assert_array_equal(tensor[edit.ref.index or ...], edit.value)
    if early < late:
        assert_same(everything(two), everything(trunk.fork(edit)))


def test_a_fork_runs_nothing_again_that_lies_before_it() -> None:
    """It begins with the parent's log and the state at the beginning of its batch."""
    recipe = random_recipe(np.random.default_rng(1), Bounds(epochs=(200, 200), N=(9, 9), batch=(2, 2)))
    trunk = Timeline(recipe)
    t = trunk.clock.batch_start(150, 2) + 4
    fork = trunk.fork(some_edit(random.Random(1), trunk, t))
    batch = trunk.owner(t)
    assert fork.log.filled == batch
    assert len(list(fork.travel(t))) <= 1
    assert fork.log.filled == batch + 1
    assert fork._head.at == batch


@pytest.mark.parametrize("budget", [3_000, 20_000])
def test_rows_of_a_merged_log_that_reach_beyond_the_fork_are_run_again(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of the fork is that of a run that has never been anything else, but for the order in which sums of merged
    rows were added up.
    """
    init = FlightLog.__init__
    monkeypatch.setattr(FlightLog, "__init__", lambda log, layers, period=1: init(log, layers, period, budget))
    recipe = random_recipe(np.random.default_rng(5), Bounds(depth=(2, 2), N=(9, 9), batch=(2, 2), epochs=(60, 60)))
    trunk = Timeline(recipe)
    View(trunk, trunk.clock.total)
    assert trunk.log.stride > 1
    rng = random.Random(3)
    for _ in range(6):
        edit = some_edit(rng, trunk, rng.randrange(trunk.clock.total))
        fork, other = trunk.fork(edit), Timeline(recipe, edits=(trunk.fork(edit).edits[0],))
        start = fork.log.filled
        assert trunk.owner(edit.t) - 2 * trunk.log.gauge_stride - trunk.log.stride < max(start, 1)
        for timeline in (fork, other):
            View(timeline, timeline.clock.total)
        assert fork.log.stride == other.log.stride
        np.testing.assert_allclose(fork.log.series("cost"), other.log.series("cost"), rtol=1e-14)
        for name in MAXIMA:
            np.testing.assert_array_equal(fork.log.series(name), other.log.series(name))


def test_a_journey_may_be_under_way_elsewhere() -> None:
    """A fork copies frames of its parent while that goes on and thins them out."""
    recipe = random_recipe(np.random.default_rng(7), TINY)
    run = StraightRun(recipe)
    with short_memory(1) as frames:
        trunk = forgetful(recipe, frames)
        t = trunk.clock.total // 2
        fork = trunk.fork(Edit(t, some_edit(random.Random(0), trunk, t).ref, 0.25))
        want = everything(fork)
        on_its_way = trunk.travel(trunk.clock.total)
        for t in random.Random(0).sample(range(len(want)), len(want)):
            next(on_its_way, None)
            got = seen(View(fork, t))
            assert got == want[t], (t, difference(got, want[t]))
        assert_same(everything(trunk), run.snapshots)


def test_a_wide_network_forks_exactly() -> None:
    """Where layers are not folded and updates go tile by tile."""
    recipe = random_recipe(np.random.default_rng(11), WIDE)
    wide = Bounds(depth=(2, 2), width=(300, 300), N=(3, 3), batch=(2, 2), epochs=(1, 1))
    recipe = random_recipe(np.random.default_rng(11), wide)
    run, rng = StraightRun(recipe), random.Random(2)
    trunk = Timeline(recipe)
    for t in rng.sample(range(trunk.clock.total), 12):
        fork = trunk.fork(some_edit(rng, trunk, t, same=True))
        for place in rng.sample(range(trunk.clock.total + 1), 8):
            got = seen(View(fork, place))
            assert got == run.snapshots[place], (t, place, difference(got, run.snapshots[place]))


def test_a_fork_may_be_made_while_its_parent_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """In another thread, which merges rows of its logs and thins out its keyframes meanwhile."""
    init = FlightLog.__init__
    monkeypatch.setattr(FlightLog, "__init__", lambda log, layers, period=1: init(log, layers, period, 20_000))
    monkeypatch.setattr(head, "first_stride", lambda program: 1)
    recipe = random_recipe(np.random.default_rng(9), Bounds((1, 2), (1, 4), (4, 4), (1, 1), (3000, 3000)))
    trunk = forgetful(recipe, 5)
    t, far = trunk.clock.batch_start(20, 1) + 5, trunk.clock.batch_start(24, 0)
    trunk.record(t)
    edit = Edit(t, CellRef("W", 1, (0, 0)), 0.25)
    want, before = seen(View(trunk.fork(edit), far)), seen(View(Timeline(recipe), 7))
    runner = threading.Thread(target=lambda: list(trunk.travel(trunk.clock.total)))
    runner.start()
    while runner.is_alive():
        fork = trunk.fork(edit)
        assert seen(View(fork, far)) == want
        assert seen(View(fork, 7)) == before
    runner.join()
    assert seen(View(trunk, far)) == seen(View(Timeline(recipe), far))
