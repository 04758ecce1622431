"""What a run without a screen has to report: cost and accuracy of each epoch, the test part, and where numbers broke.

Of a run so long that its log had to merge epochs, a row stands for several of them. What is looked at is a timeline
that has been travelled; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tuibp.debugger.record import Spent
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.evaluate import evaluate
from tuibp.engine.recipe import Recipe
from tuibp.formats.strict_json import Value
from tuibp.formats.trace import entries

ROWS = 20
"""Epochs that the table shows; of more, evenly spaced ones."""


@dataclass(frozen=True)
class EpochRow:
    """One epoch or several, their samples as they were met: each with the parameters of its own batch."""

    epoch: int
    """The first."""
    epochs: int
    """How many: 1 but for a very long run."""
    cost: float
    """Mean over the samples met."""
    accuracy: float | None
    """0..1; None where targets are no labels."""
    samples: int
    """Samples met; fewer than N an epoch in one that was left half-way."""


@dataclass(frozen=True)
class Breakage:
    """The first value that is not finite."""

    at: str
    """The operation that wrote it."""
    name: str
    """What it wrote: "W[2]"."""
    value: str
    """nan, inf or -inf."""


@dataclass(frozen=True, eq=False)
class Summary:
    """A finished run."""

    recipe: Recipe
    t: int
    position: str
    epochs: tuple[EpochRow, ...]
    test: tuple[float, float | None] | None
    """Mean cost and accuracy on the test part; None where there is none."""
    broken: Breakage | None
    seconds: float


def summarize(timeline: Timeline, t: int, seconds: float) -> Summary:
    """The summary of a run to position t, which the timeline has travelled to."""
    recipe = timeline.recipe
    params = View(timeline, t).state.params
    return Summary(
        recipe,
        t,
        timeline.clock.at(t).name,
        tuple(_epochs(timeline, t)),
        None if recipe.test is None else evaluate(recipe, params, recipe.test),
        find_breakage(timeline, t),
        seconds,
    )


def _batches(timeline: Timeline, t: int) -> int:
    """Batches that are complete at position t."""
    place, K = timeline.clock.at(t), timeline.program.K
    if place.batch is not None:
        return place.epoch * K + place.batch
    return place.epoch * K + (K if place.op is timeline.program.end else 0)


def _epochs(timeline: Timeline, t: int) -> Iterator[EpochRow]:
    whole, part = divmod(_batches(timeline, t), timeline.program.K)
    for epoch in range(0, whole, timeline.epochs.stride):
        row = timeline.epochs.row(epoch)
        yield _epoch_row(timeline, row.first, row.count, Spent(row.cost, row.samples, row.correct))
    if part:
        record = timeline.record(t)
        assert record is not None
        begun = record.batch % timeline.program.K == part
        yield _epoch_row(timeline, whole, 1, record.spent if begun else record.spent_with(timeline.judge))


def _epoch_row(timeline: Timeline, first: int, count: int, spent: Spent) -> EpochRow:
    cost, samples, correct = spent
    return EpochRow(first, count, cost / samples, None if timeline.judge is None else correct / samples, samples)


def find_breakage(timeline: Timeline, t: int) -> Breakage | None:
    """Where the run to position t first wrote nan or an infinity that reached a cost or a parameter; None if none did.

    What is not finite in a parameter stays so, because every update adds to it. So the first batch that begins with
    such a parameter is found by halving, and the operation by going through the batch before it.
    """
    done = _batches(timeline, t)
    if not done:
        return None
    # The norm of a gradient may be infinite where the gradient is not, so it is the cost that is asked.
    bad = timeline.log.first_not_finite()
    batch = done if bad is None else min(bad, done)
    if not _begins_broken(timeline, batch) and batch == done:
        return None
    # From the first bad cost it is seldom more than a batch or two back: look there before halving the whole run.
    high, step = batch + 1, 1
    low = batch
    while low > 0 and _begins_broken(timeline, low):
        high, low, step = low, max(0, low - step), 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _begins_broken(timeline, middle) else (middle, high)
    return _first_write(timeline, low)


def _start(timeline: Timeline, batch: int) -> int:
    return timeline.clock.batch_start(*divmod(batch, timeline.program.K))


def _begins_broken(timeline: Timeline, batch: int) -> bool:
    """Whether a parameter is not finite when global batch `batch` begins."""
    at = timeline.clock.total if batch == timeline.batches else _start(timeline, batch)
    return not bool(np.isfinite(View(timeline, at).state.params.flat).all())


def _first_write(timeline: Timeline, batch: int) -> Breakage | None:
    """The first value of a batch that is not finite."""
    epoch, k = divmod(batch, timeline.program.K)
    start = _start(timeline, batch)
    for entry in entries(timeline, start, timeline.clock.batch_start(epoch, k + 1)):
        for name, value in entry.writes.items():
            word = _not_finite(value)
            if word:
                return Breakage(entry.at, name, word)
    return None


def _not_finite(value: Value) -> str:
    """The first nan or infinity of a value; empty where all of it is finite."""
    array = np.asarray(value)
    bad = array[~np.isfinite(array)]
    return repr(float(bad[0])) if bad.size else ""


def as_json(summary: Summary) -> dict[str, object]:
    """The summary as one object; accuracy is null where targets are no labels, test where there is no test part.

    An element of "epochs" that stands for several says how many under "epochs" of its own; "epoch" is their first.
    """
    recipe, broken = summary.recipe, summary.broken
    return {
        "title": recipe.title,
        "sizes": list(recipe.network.sizes),
        "samples": recipe.train.N,
        "t": summary.t,
        "position": summary.position,
        "epochs": list(map(_epoch_object, summary.epochs)),
        "test": None
        if summary.test is None or recipe.test is None
        else {"samples": recipe.test.N, "cost": summary.test[0], "accuracy": summary.test[1]},
        "nonfinite": None if broken is None else {"at": broken.at, "name": broken.name, "value": broken.value},
        "seconds": summary.seconds,
    }


def _epoch_object(row: EpochRow) -> dict[str, object]:
    several = {} if row.epochs == 1 else {"epochs": row.epochs}
    return {"epoch": row.epoch, **several, "cost": row.cost, "accuracy": row.accuracy, "samples": row.samples}


def as_text(summary: Summary) -> str:
    """The summary to read."""
    return "\n".join([*_heading(summary.recipe), "", *_table(summary), *_end(summary)])


def _heading(recipe: Recipe) -> Iterator[str]:
    network, plan = recipe.network, recipe.plan
    yield recipe.title
    layers = ", ".join(f"{layer.units} {layer.activation.name}" for layer in network.layers)
    test = "" if recipe.test is None else f" and {recipe.test.N} test samples"
    yield f"network {'-'.join(map(str, network.sizes))} ({layers}), {network.cost.name}"
    N = recipe.train.N
    yield (
        f"{N} training sample{'s' * (N > 1)}{test}, batches of {min(plan.batch, N)} ({network.reduction}), "
        f"{plan.optimizer.name} with lr {plan.lr:g}, seed {plan.seed}"
    )


def thinned(count: int, most: int = ROWS) -> list[int]:
    """At most `most` + 1 of 0 .. count-1: evenly spaced, the last always among them.

    >>> thinned(5), thinned(100, 4)
    ([0, 1, 2, 3, 4], [0, 25, 50, 75, 99])
    """
    chosen = list(range(0, count, -(-count // most))) if count else []
    return chosen if not chosen or chosen[-1] == count - 1 else [*chosen, count - 1]


def _table(summary: Summary) -> Iterator[str]:
    rows, N = summary.epochs, summary.recipe.train.N
    if not rows:
        yield "No batch is complete at this position."
        return
    width = max(5, len(str(rows[-1].epoch)))
    yield f"{'epoch':{width}}          cost" + ("" if rows[0].accuracy is None else "   accuracy")
    for i in thinned(len(rows)):
        row = rows[i]
        accuracy = "" if row.accuracy is None else f"   {100 * row.accuracy:6.2f} %"
        part = "" if row.samples == N * row.epochs else f"   ({row.samples} of {N} samples)"
        yield f"{row.epoch:{width}}  {row.cost:12.6g}{accuracy}{part}"
    if rows[0].epochs > 1:
        yield f"(a line is the mean of {rows[0].epochs} epochs from the one named on, or of as many as are left)"
    if len(rows) > ROWS:
        what = "epoch" if rows[0].epochs == 1 else "line"
        yield f"(one {what} in {-(-len(rows) // ROWS)} of {len(rows)} is shown, and the last; --json has them all)"


def _end(summary: Summary) -> Iterator[str]:
    yield ""
    if summary.test is not None:
        cost, accuracy = summary.test
        words = "" if accuracy is None else f", accuracy {100 * accuracy:.2f} %"
        yield f"test part: cost {cost:.6g}{words}"
    if summary.broken is not None:
        at, name, value = summary.broken.at, summary.broken.name, summary.broken.value
        yield f"values are not finite: the first is {value} in {name}, written at {at}"
    N = summary.recipe.train.N
    count = sum(row.epochs for row in summary.epochs if row.samples == N * row.epochs)
    yield f"{count} epochs, to {summary.position}, in {summary.seconds:.2f} s"
