"""An interrupt (ctrl+c in somebody's Python) may come anywhere in a journey: no number is wrong afterwards."""

from __future__ import annotations

import contextlib
import random

import numpy as np
import pytest

from tests.debugger.straight import StraightRun, difference, seen
from tests.recipes import TINY, random_recipe
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import kernels
from tuibp.engine.kernels import Workspace


class Interrupter:
    """Raises KeyboardInterrupt at the n-th call of the update, before or after it has written."""

    def __init__(self, n: int, after: bool) -> None:
        self.left = n
        self.after = after
        self._update = kernels.update

    def __call__(self, ws: Workspace, layer: int) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KeyboardInterrupt
        self._update(ws, layer)
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("seed", range(40))
def test_an_interrupted_journey_leaves_every_number_right(seed: int) -> None:
    recipe = random_recipe(np.random.default_rng(seed), TINY)
    run, rng = StraightRun(recipe), random.Random(seed)
    timeline = Timeline(recipe)
    total, operation = timeline.clock.total, timeline.program.update.kind
    for _ in range(4):
        interrupter = Interrupter(rng.randrange(1, 1 + timeline.batches), after=rng.random() < 0.5)
        object.__setattr__(operation, "kernel", interrupter)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                timeline.record(rng.randrange(total + 1))
        finally:
            object.__setattr__(operation, "kernel", kernels.update)
        for t in rng.sample(range(total + 1), min(10, total + 1)):
            assert (got := seen(View(timeline, t))) == run.snapshots[t], (t, difference(got, run.snapshots[t]))
