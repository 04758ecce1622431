"""Searching where numbers have been set by hand: what looking at every position finds, the search finds.

A value is what the view shows at a position, its edits made. So `prev` and `avg` look back on what stood there when it
was recorded, and an edit behind that changes nothing of it; a watch for changes compares what stands at its sites, so
that a number set by hand is news at the next operation that writes something the watch reads. Only `dead` is told at
the end of a batch, and takes the slopes of all its samples as they stand there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.debugger.brute import Brute, Undefined
from tests.debugger.conditions import Case, Writer, case, random_case
from tests.debugger.meaning import Expression
from tests.debugger.some_edits import some_edit
from tests.debugger.straight import seen
from tests.debugger.test_search import RAGGED, check, end_of
from tests.recipes import TINY, Bounds, random_recipe, sized
from tuibp.debugger import head, probing, search
from tuibp.debugger.edits import Edit
from tuibp.debugger.expressions import atoms
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.names import CellRef
from tuibp.debugger.search import Search
from tuibp.debugger.sweep import value_at
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


@pytest.mark.parametrize("seed", range(16))
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


@pytest.mark.parametrize("seed", range(100, 105))
def test_several_conditions_are_looked_for_together(seed: int) -> None:
    brute, rng = forked(seed), np.random.default_rng(seed)
    for number in (2, 4):
        cases = [random_case(rng, brute) for _ in range(number)]
        check(brute, Timeline(brute.recipe, edits=brute.timeline.edits), cases, rng)
        check_count(brute, Timeline(brute.recipe, edits=brute.timeline.edits), cases, rng)


@pytest.mark.parametrize("seed", range(200, 204))
def test_all_edits_at_one_position(seed: int) -> None:
    rng, recipe = random.Random(seed), random_recipe(np.random.default_rng(seed), MID)
    fork = Timeline(recipe)
    t = seed % 4 if seed < 204 else some_place(rng, fork)
    for _ in range(3):
        fork = fork.fork(harsh(rng, some_edit(rng, fork, t)))
    brute, chance = Brute(recipe, fork.edits), np.random.default_rng(seed)
    for _ in range(6):
        one = random_case(chance, brute)
        check(brute, fork, [one], chance)


@pytest.mark.parametrize("stretch", [1, 2, 3, 5])
def test_it_does_not_matter_where_a_run_is_cut(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "slots_of_a_run", lambda *_: stretch)
    monkeypatch.setattr(search, "FIRST", stretch)
    monkeypatch.setattr(search, "MOST", 2 * stretch)
    monkeypatch.setattr(search, "UNRUN", stretch)
    monkeypatch.setattr(probing, "ROOM", 1000 * stretch)
    for seed in (300 + stretch, 310 + stretch):
        brute, rng = forked(seed, 4), np.random.default_rng(seed)
        timeline = Timeline(brute.recipe, budget=1, edits=brute.timeline.edits)
        for _ in range(4):
            check(brute, timeline, [random_case(rng, brute, far=14)], rng)
        check(brute, timeline, [rates(rng, brute)[stretch - 1]], rng)


@pytest.mark.parametrize("small", [0, 64])
def test_reduced_on_the_spot_or_copied_is_the_same(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atoms, "SMALL", small)
    for seed in range(400, 406):
        brute, rng = forked(seed), np.random.default_rng(seed)
        for _ in range(5):
            check(brute, Timeline(brute.recipe, edits=brute.timeline.edits), [random_case(rng, brute)], rng)


@pytest.mark.parametrize("seed", range(500, 506))
def test_the_values_are_those_of_the_view(seed: int) -> None:
    """What a hit reports: an expression that looks back, at a position just behind an edit."""
    brute, rng = forked(seed), np.random.default_rng(seed)
    writer = Writer(rng, brute)
    timeline = Timeline(brute.recipe, edits=brute.timeline.edits)
    for _ in range(12):
        text = writer.past(1) if rng.random() < 0.5 else writer.number()
        node, expression = bind(parse(text), text, Scope(brute.network)), Expression(brute, text)
        some = [edit.t + int(rng.integers(3)) for edit in timeline.edits]
        for t in [*(min(t, brute.total) for t in some), *map(int, rng.integers(brute.total + 1, size=3))]:
            want, got = expression.at(t), value_at(timeline, node, t)
            assert (got is None) == isinstance(want, Undefined), (text, t)
            if got is not None:
                np.testing.assert_allclose(got, np.asarray(want), 1e-6, 1e-9, err_msg=f"{text} at {t}")


def test_a_gradient_that_no_sum_has_is_what_was_set() -> None:
    """Where the mean is left to the learning rate, the sum is only next to it: one looks at the number itself."""
    recipe = random_recipe(np.random.default_rng(3), MID, replace(RAGGED, N=6, batch=3, optimizer="sgd"))
    trunk = Timeline(recipe)
    t = trunk.clock.batch_start(0, 1) - 1
    rng = np.random.default_rng(0)
    for value in map(float, rng.normal(size=40)):
        fork = trunk.fork(Edit(t, CellRef("gW", 1, (0, 0)), value))
        brute = Brute(recipe, fork.edits)
        one = case(brute, "break", f"gW[1][0,0] == {value!r}".replace("== -", "== 0 - "), "update")
        assert t in one.positions
        assert end_of(Search(fork, [one.condition]).forward(t - 1)) == t


def test_a_rate_that_is_set_is_looked_for_without_running() -> None:
    trunk = Timeline(sized(6, 2, 3))
    t = trunk.clock.batch_start(1, 1) + 5
    fork = trunk.fork(Edit(t, CellRef("lr"), 0.75))
    brute, filled = Brute(trunk.recipe, fork.edits), fork.log.filled
    for kind, text, place in (("break", "lr == 0.75", "cost"), ("break", "lr == 0.75 and sample == 1", "load")):
        check(brute, fork, [case(brute, kind, text, place)], np.random.default_rng(0))
    assert fork.log.filled == filled


def test_the_same_stops_lie_before_a_fork_as_on_its_parent() -> None:
    for seed in range(600, 606):
        rng, recipe = random.Random(seed), random_recipe(np.random.default_rng(seed), MID)
        trunk, whole = Timeline(recipe), Brute(recipe)
        t = trunk.clock.total // 2
        fork = trunk.fork(harsh(rng, some_edit(rng, trunk, t)))
        one = random_case(np.random.default_rng(seed), whole)
        before = [p for p in one.positions if p < t]
        assert end_of(Search(fork, [one.condition]).reverse(t)) == (before[-1] if before else None)
        View(fork, t)


def test_looking_back_leaves_the_record_as_it_is() -> None:
    """What an average wants of a batch is not there yet where one stands early in it, and is not kept then."""
    recipe = sized(4, 2, 2)
    for text in ("avg(dC_da[0][0], 2)", "prev(max(dC_da[0]))", "avg(norm(gW[1]), 2)", "avg(norm(uW[1]) + gb[1][0], 2)"):
        timeline, whole = Timeline(recipe), Timeline(recipe)
        first = timeline.clock.batch_start(1, 0)
        for t in range(first, timeline.clock.batch_start(1, 1)):
            value_at(timeline, bind(parse(text), text, Scope(recipe.network)), t)
            assert seen(View(timeline, t)) == seen(View(whole, t)), (text, t)
