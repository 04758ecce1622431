"""An interrupt (ctrl+c in somebody's Python) may come anywhere in a journey: no number is wrong afterwards."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Generator
from functools import partial

import numpy as np
import pytest

from tests.debugger.interrupted import broken_off
from tests.debugger.straight import StraightRun, difference, seen
from tests.recipes import TINY, random_recipe, sized
from tuibp.debugger import head
from tuibp.debugger import timeline as timeline_module
from tuibp.debugger.flight_log import MAXIMA, SUMS
from tuibp.debugger.head import Head
from tuibp.debugger.record import Record
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import kernels
from tuibp.engine.calls import Do
from tuibp.engine.operations import OPERATIONS
from tuibp.engine.workspace import Workspace


class Interrupter:
    """An update that raises KeyboardInterrupt at its n-th time, before or after it has written."""

    def __init__(self) -> None:
        self.left = 0
        self.after = False

    def arm(self, n: int, after: bool) -> None:
        self.left, self.after = n, after

    def __call__(self, do: Do, ws: Workspace, layer: int) -> None:
        do(self._before)
        kernels_update(do, ws, layer)
        do(self._behind)

    def _before(self) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KeyboardInterrupt

    def _behind(self) -> None:
        if self.left == 0 and self.after:
            raise KeyboardInterrupt


kernels_update = kernels.update


@pytest.mark.parametrize("seed", range(60))
def test_an_interrupted_journey_leaves_every_number_right(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In stretches, and in every third case with pauses within the batches."""
    if seed % 3 == 0:
        with_pauses(monkeypatch)
    recipe = random_recipe(np.random.default_rng(seed), TINY)
    run, rng = StraightRun(recipe), random.Random(seed)
    interrupter = Interrupter()
    monkeypatch.setitem(OPERATIONS, "update", OPERATIONS["update"]._replace(kernel=interrupter))
    timeline = Timeline(recipe)
    total = timeline.clock.total
    for _ in range(6):
        interrupter.arm(rng.randrange(1, 1 + timeline.batches), after=rng.random() < 0.5)
        with contextlib.suppress(KeyboardInterrupt):
            timeline.record(rng.randrange(total + 1))
        interrupter.arm(0, after=False)
        for t in rng.sample(range(total + 1), min(10, total + 1)):
            assert (got := seen(View(timeline, t))) == run.snapshots[t], (t, difference(got, run.snapshots[t]))


def with_pauses(patch: pytest.MonkeyPatch) -> None:
    """As if every batch took long."""
    patch.setattr(head, "LONG", 0)
    patch.setattr(timeline_module, "LONG", 0)


@pytest.mark.parametrize("pauses", (False, True))
def test_between_any_two_bytecodes_of_a_run(pauses: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has been entered in the logs and left in the state, the rest of the run adds up."""
    if pauses:
        with_pauses(monkeypatch)
    recipe = sized(10, 3, 3)
    whole = Timeline(recipe)
    end = whole.clock.total
    wanted, struck = seen(View(whole, end)), 0
    for after in range(0, 4000, 17):
        timeline = Timeline(recipe)
        if broken_off("debugger/head.py", partial(timeline.record, end), after):
            struck += 1
        assert seen(View(timeline, end)) == wanted, after
        for name in (*SUMS, *MAXIMA):
            np.testing.assert_array_equal(timeline.log.series(name), whole.log.series(name), f"{name}, {after}")
        for epoch in range(3):
            assert timeline.epochs.row(epoch) == whole.epochs.row(epoch), after
    assert struck > 30


def test_a_journey_that_is_closed_keeps_the_batches_that_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with_pauses(monkeypatch)
    recipe = sized(8, 1, 4)
    whole = Timeline(recipe)
    whole.record(whole.clock.total)
    kept = set()
    for pauses in range(1, 200, 7):
        timeline = Timeline(recipe)
        way = timeline.travel(timeline.clock.total)
        for _ in range(pauses):
            done, _ = next(way)
        way.close()
        assert timeline.log.filled == done
        epoch, batch = divmod(done, 8)
        assert timeline.reached == timeline.clock.batch_start(epoch, batch + 1)
        assert seen(View(timeline, timeline.reached)) == seen(View(whole, timeline.reached))
        kept.add(done)
    assert len(kept) > 5


def test_a_batch_whose_entry_in_the_logs_was_interrupted_is_entered_later(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(sized(4, 2, 2))
    end, enter = timeline.clock.total, Head.enter

    def strike(head: Head, record: Record) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Head, "enter", strike)
    with contextlib.suppress(KeyboardInterrupt):
        timeline.record(end)
    monkeypatch.setattr(Head, "enter", enter)
    timeline.record(end)
    assert (timeline.log.filled, timeline.epochs.filled) == (4, 2)


@pytest.mark.parametrize("pauses", (False, True))
@pytest.mark.parametrize("seed", range(30))
def test_journeys_that_are_left_lying_and_taken_up_again(
    seed: int, pauses: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps an old journey may go on with it, close it or drop it after another has begun."""
    if pauses:
        with_pauses(monkeypatch)
    recipe = random_recipe(np.random.default_rng(seed), TINY)
    run, rng = StraightRun(recipe), random.Random(seed)
    timeline = Timeline(recipe)
    total, lying = timeline.clock.total, list[Generator[tuple[int, int], None, None]]()
    for _ in range(60):
        match rng.randrange(5):
            case 0 | 1:
                lying.append(timeline.travel(rng.randrange(total + 1)))
            case 2 if lying:
                lying.pop(rng.randrange(len(lying))).close()
            case 3:
                t = rng.randrange(total + 1)
                assert (got := seen(View(timeline, t))) == run.snapshots[t], (t, difference(got, run.snapshots[t]))
            case _:
                for _ in range(rng.randrange(1, 40)):
                    if lying:
                        next(rng.choice(lying), None)
    rows = [(row.cost, row.samples) for row in map(timeline.log.at, range(timeline.log.filled))]
    np.testing.assert_array_equal(np.reshape(rows, (-1, 2)), np.reshape(run.log, (-1, 2))[: len(rows)])


def test_beginning_a_journey_ends_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with_pauses(monkeypatch)
    timeline = Timeline(sized(8, 1, 4))
    far, near = timeline.travel(timeline.clock.total), timeline.travel(3)
    while next(far)[0] < 3:
        pass
    assert timeline.log.filled == 0
    list(near)
    assert timeline.log.filled == 3, "what the first has run is kept"
    assert list(far) == []
