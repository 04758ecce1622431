"""tuibp itself as a trainer, with everything on: record, cost curve, log, shuffle and keyframes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np

from tests.benchmarks.nets import Array, Problem
from tuibp.debugger.history import BUDGET
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.build import build
from tuibp.engine.recipe import Recipe

FOREVER = 1_000_000
"""Epochs of a plan that no measurement comes to the end of."""


def recipe_of(problem: Problem, *, epochs: int = FOREVER, shuffle: bool = True, seed: int = 0) -> Recipe:
    """A problem as a recipe."""
    x, y = problem.samples
    return build(
        x,
        y,
        layers=[(W, b, "sigmoid") for W, b in problem.parameters],
        cost="half-squared-error",
        lr=problem.lr,
        epochs=epochs,
        batch=problem.net.m,
        shuffle=shuffle,
        seed=seed,
        one_hot=False,
    )


def start_of(timeline: Timeline, batch: int) -> int:
    """The position before the `begin` of a global batch: all batches before it have been run."""
    return timeline.clock.batch_start(*divmod(batch, timeline.program.K))


class Ours:
    """Trains a problem: goes on along one timeline, or starts a new one every time."""

    grain = 1

    def __init__(
        self, problem: Problem, *, shuffle: bool = True, budget: int = BUDGET, new_timelines: bool = False
    ) -> None:
        """
        Args:
            new_timelines: whether every training starts anew and so pays for what is made once.
        """
        self._recipe = recipe_of(problem, shuffle=shuffle)
        self._budget = budget
        self._new = new_timelines
        self._timeline = Timeline(self._recipe, budget)
        self._at = 0
        """Batches that the timeline has been asked for."""

    def settle(self, seconds: float) -> Ours:
        """Run until the memory of the keyframes has been taken from the machine, but no longer than so many seconds.
        That is paid once; a run from nothing shows how much it is.
        """
        keyframes, batches = self._timeline.keyframes, 1
        first, end = keyframes.stride, perf_counter() + seconds
        while keyframes.stride == first and perf_counter() < end:
            self.ready(batches)()
            batches = min(2 * batches, self._timeline.batches // 1000)
        return self

    def ready(self, batches: int) -> Callable[[], object]:
        if self._new:
            return lambda: travel(Timeline(self._recipe, self._budget), batches)
        self._at += batches
        return partial(travel, self._timeline, self._at)

    def learnt(self) -> list[tuple[Array, Array]]:
        """On the one timeline."""
        params = View(self._timeline, start_of(self._timeline, self._at)).state.params
        return [(np.array(W), np.array(b)) for W, b in zip(params.W[1:], params.b[1:], strict=True)]


def travel(timeline: Timeline, batches: int) -> Timeline:
    """Go to the end of so many batches, as the screen and the command line do."""
    for _ in timeline.travel(start_of(timeline, batches)):
        pass
    return timeline
