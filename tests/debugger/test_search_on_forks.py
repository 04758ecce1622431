"""Searching where numbers have been set by hand: what looking at every position finds, the search finds.

A value is what the view shows at a position, its edits made. So `prev` and `avg` look back on what stood there when it
was recorded, and an edit behind that changes nothing of it; a watch for changes compares what stands at its sites, so
that a number set by hand is news at the next operation that writes something the watch reads. Only `dead` is told at
the end of a batch, and takes the slopes of all its samples as they stand there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from tests.debugger.brute import Brute
from tests.debugger.conditions import Case, case, random_case
from tests.debugger.some_edits import some_edit
from tests.debugger.test_search import RAGGED, check, end_of
from tests.recipes import TINY, Bounds, random_recipe
from tuibp.debugger import head, probing, search
from tuibp.debugger.edits import Edit
from tuibp.debugger.expressions import atoms
from tuibp.debugger.names import CellRef
from tuibp.debugger.search import Search
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.recipe import Recipe

MID = Bounds(depth=(1, 2), width=(1, 4), N=(2, 6), batch=(1, 4), epochs=(1, 4))


def some_place(rng: random.Random, timeline: Timeline) -> int:
    """Any position but the last; often one where batches, epochs or the run begin."""
    clock, choice = timeline.clock, rng.random()
    if choice < 0.15:
        return rng.randrange(2)
    if choice < 0.5:
        borders = [t for t in range(clock.total) if clock.at(t).sample is None]
        return rng.choice(borders)
    return rng.randrange(clock.total)


def harsh(rng: random.Random, edit: Edit) -> Edit:
    """The same, with a value that is no number for once."""
    if edit.ref.name == "lr" or rng.random() < 0.8:
        return edit
    bad = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1e30])
    if isinstance(edit.value, float):
        return Edit(edit.t, edit.ref, bad)
    value = edit.value.copy()
    value[rng.random() < 0.5 if value.ndim == 0 else (0,) * value.ndim] = bad
    return Edit(edit.t, edit.ref, value)


def some_edits(rng: random.Random, recipe: Recipe, count: int) -> tuple[Edit, ...]:
    """As many edits, in their order; some at one position."""
    fork, at = Timeline(recipe), list[int]()
    for _ in range(count):
        at.append(rng.choice(at) if at and rng.random() < 0.3 else some_place(rng, fork))
    for t in sorted(at):
        fork = fork.fork(harsh(rng, some_edit(rng, fork, t)))
    return fork.edits


def forked(seed: int, count: int | None = None) -> Brute:
    """Any small run with edits."""
    rng = random.Random(seed)
    recipe = random_recipe(np.random.default_rng(seed), TINY if seed % 2 else MID)
    return Brute(recipe, some_edits(rng, recipe, count or rng.randint(1, 4)))


def rates(rng: np.random.Generator, brute: Brute) -> list[Case]:
    """Conditions on the learning rate, which only edits change."""
    seen = sorted({float(brute.view(t).recipe.plan.lr) for t in range(brute.total + 1)})
    limit = repr(seen[int(rng.integers(len(seen)))])
    return [
        case(brute, "break", f"lr >= {limit}", "load"),
        case(brute, "break", f"lr < {limit} and epoch == 1", "begin"),
        case(brute, "watch", f"lr * sample > {limit} or cost > 1e9"),
        case(brute, "changes", "lr + cost * 0"),
        case(brute, "changes", "avg(lr + 0 * bcost, 2)"),
    ]


def check_count(brute: Brute, timeline: Timeline, cases: Sequence[Case], rng: np.random.Generator) -> None:
    t = int(rng.integers(brute.total + 1))
    tested = [one for one in cases if not (one.condition.constant and one.condition.next is not None)]
    steps = Search(timeline, [one.condition for one in tested]).count(t)
    assert end_of(steps) == len({p for one in tested for p in one.positions if p <= t}), [one.text for one in cases]


@pytest.mark.parametrize("seed", range(40))
def test_it_finds_what_looking_everywhere_finds(seed: int) -> None:
    brute = forked(seed)
    timeline = Timeline(brute.recipe, edits=brute.timeline.edits)
    for number in range(6):
        rng = np.random.default_rng([seed, number])
        one = random_case(rng, brute)
        check(brute, timeline, [one], rng)
        check_count(brute, timeline, [one], rng)
    rng = np.random.default_rng(seed)
    check(brute, timeline, [rates(rng, brute)[seed % 5]], rng)
