"""How fast the past is reached and how much memory it takes, after many batches and within a small budget."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.benchmarks.memory import MB, growth
from tests.benchmarks.nets import MNIST, SMALL, Net, Problem
from tests.benchmarks.ours import recipe_of, start_of
from tests.benchmarks.report import Figure, Section, at_most
from tests.benchmarks.rounds import settled, timed
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline

SEEKS, STEPS = 200, 300
BESIDE = 32
"""Megabytes that a run may take beyond its budget."""


@dataclass(frozen=True)
class Past:
    """A run that is gone back in."""

    net: Net
    batches: int
    budget: int
    """Megabytes of keyframes."""
    seek: float
    """Milliseconds that the slowest seek may take."""
    back: float
    """Microseconds that one batch back may take, the median of many."""

    @property
    def name(self) -> str:
        """Such as 2-8-8-1 after 100,000 batches, 16 MB."""
        return f"{self.net.name} after {self.batches:,} batches, {self.budget} MB"

    def quick(self) -> Past:
        """A tenth of it."""
        return Past(self.net, self.batches // 10, self.budget, self.seek, self.back)


PASTS = (Past(SMALL, 100_000, 16, 1.0, 2.0), Past(MNIST, 10_000, 64, 5.0, 20.0))


def measure(quick: bool) -> Section:
    """All of it for both runs."""
    figures: list[Figure] = []
    for past in PASTS:
        chosen = past.quick() if quick else past
        figures += [*travels(chosen), *memory(chosen)]
    return Section("history", "History: far seeks, one batch back, memory", (), figures)


def travels(past: Past) -> list[Figure]:
    """Seeks to random batches, and back from the end one batch at a time."""
    epochs = past.batches // past.net.K
    session = Session(recipe_of(Problem(past.net), epochs=epochs), past.budget * MB)
    timeline, end = session.timeline, session.clock.total
    session.go(end)
    random = np.random.default_rng(0).integers(past.batches, size=SEEKS)
    seeks = times(timeline, (start_of(timeline, int(batch)) + 1 for batch in random), 1e3)
    timeline.record(end)
    last = past.batches - 1
    back = times(timeline, (start_of(timeline, last - i) for i in range(STEPS)), 1e6)
    session.go(0)
    session.go(end)
    commands = [1e6 * timed(partial(session.execute, "reverse-batch")) for _ in range(STEPS)]
    return [
        Figure(f"seek, the slowest of {SEEKS}, {past.name}", max(seeks), "ms", at_most(past.seek)),
        Figure("seek, median", statistics.median(seeks), "ms"),
        Figure(f"one batch back, median of {STEPS}", statistics.median(back), "us", at_most(past.back)),
        Figure("one batch back, the slowest", max(back), "us"),
        Figure("reverse-batch, the whole command, median", statistics.median(commands), "us"),
    ]


def times(timeline: Timeline, positions: Iterable[int], factor: float) -> list[float]:
    """How long each position takes, seconds times `factor`."""
    with settled():
        return [factor * timed(partial(timeline.record, t)) for t in list(positions)]


def memory(past: Past) -> list[Figure]:
    """What a process takes up for such a run; the budget is the keyframes' alone."""
    grown = growth(past.net, past.batches, past.budget)
    if grown is None:
        return []
    later = (grown.end - grown.half) * MB / (past.batches / 2)
    return [
        Figure(f"memory of the run, {past.name}", grown.peak, "MB", at_most(past.budget + BESIDE)),
        Figure("memory that a batch adds in the second half", later, "bytes"),
    ]
