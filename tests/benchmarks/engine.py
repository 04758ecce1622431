"""What stepping costs beyond the arithmetic, and what the past costs a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from tests.benchmarks.nets import MNIST, SMALL, WIDE, Net, Problem
from tests.benchmarks.ours import Ours, recipe_of, start_of
from tests.benchmarks.report import Figure, Section, at_most
from tests.benchmarks.rounds import Samples, in_turn, median, per_batch, ratio, timed
from tuibp.debugger.record import Record
from tuibp.debugger.timeline import Timeline
from tuibp.engine.calls import Call, Shared
from tuibp.engine.straight import noted

MICRO_STEP = 300.0
"""Nanoseconds that a micro-step may take beyond its arithmetic."""
TAX = 5.0
"""Per cent by which the past may slow down a run."""
NO_PAST = 1
"""Bytes of keyframes: room for the fewest that there can be."""
PATIENCE = 10.0


def measure(quick: bool) -> Section:
    """Both, for networks small and large."""
    figures = []
    for net in (SMALL, MNIST):
        samples = steps(net, 20 if quick else 500)
        walk, bare, seek = (1e9 * (median(samples, name) or 0.0) for name in ("walk", "bare", "seek"))
        figures += [
            Figure(f"micro-step beyond its arithmetic, {net.name}", walk - bare, "ns", at_most(MICRO_STEP)),
            Figure("its arithmetic", bare, "ns"),
            Figure("one position after the other asked of the timeline", seek, "ns"),
        ]
    for net in (SMALL, MNIST, WIDE):
        share = ratio(past(net, quick), "with", "without")
        assert share is not None
        figures.append(Figure(f"history tax, 64 MiB, {net.name}", 100 * (share - 1), "%", at_most(TAX)))
    return Section("engine", "Engine: one micro-step, and the price of a past", (), figures)


LOADED = 2
"""Operations of a batch, `begin` and `load`, after which its calls are bound."""


def steps(net: Net, rounds: int) -> Samples:
    """Seconds an operation, each time in a batch that is loaded and no more: in the debugger's record, and as calls one
    below the other; then, from the batch's beginning, asked for position by position.

    A record binds its calls once, when the batch is loaded; only the last of the three counts that in.
    """
    timeline = Timeline(recipe_of(Problem(net)))
    program, shared = timeline.program, Shared(np.dtype(np.float64))
    kernels = [(op.kind.kernel, op.layer) for op in program.batch_ops]
    batches = count()

    def fresh() -> tuple[int, Record]:
        """The position of the next batch's first operation, and its record."""
        t = start_of(timeline, next(batches)) + 1
        record = timeline.record(t)
        assert record is not None
        return t, record

    def calls_of(record: Record) -> list[Call]:
        return [call for calls in noted(kernels, record.ws, shared)[LOADED:] for call in calls]

    def loaded() -> Record:
        record = fresh()[1]
        record.ensure(LOADED)
        return record

    def walk() -> float:
        ensure, counts = loaded().ensure, range(LOADED + 1, len(kernels) + 1)

        def work() -> None:
            for done in counts:
                ensure(done)

        return timed(work) / len(counts)

    def bare() -> float:
        parts = list(_parts(calls_of(loaded())))
        return timed(lambda: arithmetic(*parts)) / (len(kernels) - LOADED)

    def seek() -> float:
        start, _ = fresh()
        positions = range(start + 1, start + 1 + program.ops_per_sample)
        return timed(lambda: [timeline.record(t) for t in positions]) / len(positions)

    arithmetic = straight(calls_of(loaded()))
    return in_turn({"walk": walk, "bare": bare, "seek": seek}, rounds)


def straight(calls: Sequence[Call]) -> Callable[..., None]:
    """A function of the parts of such calls that makes them with nothing in between: the arithmetic itself."""
    parts = (f"p{at}" for at in count())
    names: list[str] = []
    lines: list[str] = []
    for call in calls:
        function, *operands = [next(parts) for _ in range(1 + len(call.operands))]
        options = {word: next(parts) for word in call.options}
        names += [function, *operands, *options.values()]
        lines.append(f"    {function}({', '.join([*operands, *(f'{word}={part}' for word, part in options.items())])})")
    made: dict[str, Any] = {}
    exec("\n".join([f"def run({', '.join(names)}):", *lines]), made)
    run: Callable[..., None] = made["run"]
    return run


def _parts(calls: Iterable[Call]) -> Iterator[object]:
    """Functions, operands and options, in the order in which they are written."""
    for call in calls:
        yield call.function
        yield from call.operands
        yield from call.options.values()


def past(net: Net, quick: bool) -> Samples:
    """Seconds a batch, with keyframes in 64 MiB and with next to none."""
    problem = Problem(net)
    trainers = {"with": Ours(problem, new_timelines=True), "without": Ours(problem, budget=NO_PAST, new_timelines=True)}
    seconds = 0.02 if quick else 0.5 if net is SMALL else 1.0
    return per_batch(trainers, dict.fromkeys(trainers, seconds), 3 if quick else 5, PATIENCE)
