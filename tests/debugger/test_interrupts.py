"""An interrupt (ctrl+c in somebody's Python) may come anywhere in a journey: no number is wrong afterwards."""

from __future__ import annotations

import contextlib
import random

import numpy as np
import pytest

from tests.debugger.straight import StraightRun, difference, seen
from tests.recipes import TINY, random_recipe, sized
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


@pytest.mark.parametrize("seed", range(40))
def test_an_interrupted_journey_leaves_every_number_right(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
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
