"""The search finds exactly the positions that looking at every position finds, whichever way it goes and however the
run is cut into pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.debugger.brute import Brute
from tests.debugger.conditions import Case, case, random_case
from tests.recipes import TINY, Bounds, Pinned, random_recipe, sized
from tuibp.debugger import head, probing, search
from tuibp.debugger.expressions import atoms
from tuibp.debugger.search import Found, Search
from tuibp.debugger.sweep import OvertakenError
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import DType
from tuibp.engine.recipe import Recipe

MID = Bounds(depth=(1, 3), width=(1, 6), N=(1, 7), batch=(1, 5), epochs=(1, 4))
RAGGED = Pinned(
    cost="squared-error", sizes=(2, 3, 2), activations=("relu", "sigmoid"), N=5, batch=4, epochs=4,
    optimizer="momentum",
    reduction="mean", dtype="float64", shuffle=True, train_biases=True, lr=0.05,
)  # fmt: skip
"""A full batch and one of a single sample, four times."""


def end_of(steps: Found) -> int | None:
    """What a search comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: int | None = stop.value
            return found


def recipe_of(seed: int) -> Recipe:
    """Any small recipe."""
    return random_recipe(np.random.default_rng(seed), TINY if seed % 2 else MID)


def check(brute: Brute, timeline: Timeline, cases: Sequence[Case], rng: np.random.Generator, hops: int = 5) -> None:
    """Both ways from the ends, hop by hop, and from anywhere."""
    label = " | ".join(one.text for one in cases)
    looked = Search(timeline, [one.condition for one in cases])
    wanted = sorted({p for one in cases for p in one.positions})
    t, found = 0, list[int]()
    while len(found) < hops and (p := end_of(looked.forward(t))) is not None:
        found.append(t := p)
    assert found == [p for p in wanted if p > 0][:hops], label
    t, found = brute.total, []
    while len(found) < hops and (p := end_of(looked.reverse(t))) is not None:
        found.append(t := p)
    assert found == [p for p in reversed(wanted) if p < brute.total][:hops], label
    for t in map(int, rng.integers(brute.total + 1, size=2)):
        assert end_of(looked.forward(t)) == min((p for p in wanted if p > t), default=None), label
        assert end_of(looked.reverse(t)) == max((p for p in wanted if p < t), default=None), label
    some = [*rng.integers(brute.total + 1, size=2), *wanted[:1], *wanted[-1:]]
    for t in map(int, some):
        holding = set(looked.holding(t))
        assert holding == {one.condition for one in cases if t in one.positions}, (label, t)


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_what_looking_everywhere_finds(seed: int) -> None:
    brute = Brute(recipe_of(seed))
    timeline = Timeline(brute.recipe)
    for number in range(6):
        rng = np.random.default_rng([seed, number])
        check(brute, timeline, [random_case(rng, brute)], rng)


@pytest.mark.parametrize("seed", range(100, 108))
def test_several_conditions_are_looked_for_together(seed: int) -> None:
    brute = Brute(recipe_of(seed))
    rng = np.random.default_rng(seed)
    for number in (2, 4):
        check(brute, Timeline(brute.recipe), [random_case(rng, brute) for _ in range(number)], rng)


@pytest.mark.parametrize("stretch", [1, 2, 3, 5, 7])
def test_it_does_not_matter_where_a_run_is_cut(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "slots_of_a_run", lambda *_: stretch)
    monkeypatch.setattr(search, "FIRST", stretch)
    monkeypatch.setattr(search, "MOST", 2 * stretch)
    monkeypatch.setattr(search, "UNRUN", stretch)
    for seed in (200 + stretch, 210 + stretch):
        brute = Brute(recipe_of(seed))
        rng = np.random.default_rng(seed)
        timeline = Timeline(brute.recipe, budget=1)
        for _ in range(5):
            check(brute, timeline, [random_case(rng, brute, far=14)], rng)


@pytest.mark.parametrize("small", [0, 64])
def test_reduced_on_the_spot_or_copied_is_the_same(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atoms, "SMALL", small)
    for seed in range(300, 307):
        brute = Brute(recipe_of(seed))
        rng = np.random.default_rng(seed)
        for _ in range(6):
            check(brute, Timeline(brute.recipe), [random_case(rng, brute)], rng)


@pytest.mark.parametrize("room", [1, 3000])
def test_it_does_not_matter_how_much_can_be_put_aside(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for fewer batches than run at once, fewer run; one that needs more than all the room runs alone."""
    monkeypatch.setattr(probing, "ROOM", room)
    for seed in range(320, 324):
        brute = Brute(recipe_of(seed))
        rng = np.random.default_rng(seed)
        for _ in range(4):
            check(brute, Timeline(brute.recipe), [random_case(rng, brute)], rng)


def test_a_batch_may_be_run_operation_by_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "LONG", 0)
    brute = Brute(recipe_of(331))
    rng = np.random.default_rng(331)
    for _ in range(6):
        check(brute, Timeline(brute.recipe), [random_case(rng, brute)], rng)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_layers(dtype: str) -> None:
    pinned = Pinned(cost="cross-entropy", output="softmax", sizes=(90, 40, 12), activations=("relu", "softmax"), N=5,
                    batch=3, epochs=2, optimizer="adam", dtype=dtype, lr=0.02)  # fmt: skip
    brute = Brute(random_recipe(np.random.default_rng(5), MID, pinned))
    rng = np.random.default_rng(6)
    texts = [
        "any(abs(W[1]) > 0.35)", "norm(dW[1]) > 3.00123", "sum(dW[1] * cost) > 0.10123", "count(dW[1][:,3] > 0.01) > 4",
        "max(abs(sp[2])) > 0.10123", "norm(uW[1]) / norm(W[1]) < 0.03123", "argmax(x) > 40",
        "ratio(1) < prev(ratio(1))",
        "dead(1) > 0.05123", "mean(gW[1] > 0) > 0.30123", "norm(W[1] * bcost) > 10.0123",
    ]  # fmt: skip
    held = 0
    for text in texts:
        one = case(brute, "watch", text)
        held += bool(one.positions)
        check(brute, Timeline(brute.recipe), [one], rng, hops=3)
    assert held > len(texts) // 2
    for text in ("W[1]", "sp[2]", "dW[1]", "uW[2]", "max(W[1])"):
        check(brute, Timeline(brute.recipe), [case(brute, "changes", text)], rng, hops=3)


def test_networks_that_blow_up() -> None:
    """Infinite and undefined numbers are values like others."""
    pinned = replace(RAGGED, lr=1e200, activations=("relu", "identity"), optimizer="sgd")
    brute = Brute(random_recipe(np.random.default_rng(8), MID, pinned))
    rng = np.random.default_rng(9)
    for text in ("isnan(cost)", "any(isnan(W[1]))", "not all(isfinite(W[2]))", "max(z[2]) > 1", "not (cost > 1)",
                 "isinf(norm(W[1]))", "isnan(avg(cost, 3))", "nan == nan", "cost != cost",
                 "argmax(a[2]) == 1"):  # fmt: skip
        check(brute, Timeline(brute.recipe), [case(brute, "watch", text)], rng)
    for text in ("W[1]", "a[2]", "W[2][0,1]", "max(z[2])"):
        check(brute, Timeline(brute.recipe), [case(brute, "changes", text)], rng)


TOLD = [
    ("watch", "any(a[1] * bcost > 0.1)", ""),
    ("break", "max(a[1] * bcost) > 0.1", "cost"),
    ("break", "sum(ecost > 0.1 or cost > 9) > 0", "fwd1.a"),
    ("break", "prev(cost) > 0.12345", "load"),
    ("break", "avg(cost, 2) > 0.12345", "load"),
    ("break", "avg(cost, 2) > 0.12345", "begin"),
    ("watch", "prev(cost, 20) > 0.12345", ""),
    ("watch", "avg(prev(cost, 3), 11) > 0.12345", ""),
    ("watch", "avg(1 + bcost, 2) > avg(dead(1) + bcost, 2) or cost > 9", ""),
    ("changes", "count(a[1] > 0) * sample", ""),
    ("changes", "batch * 0 + argmax(uW[1])", ""),
    ("changes", "dead(1)", ""),
    ("changes", "prev(cost - cost)", ""),
    ("changes", "m", ""),
    ("changes", "epoch", ""),
    ("break", "epoch == 1", "shuffle"),
    ("break", "norm(W[1]) > 0", "shuffle"),
    ("break", "isfinite(cost)", "begin"),
    ("watch", "avg(ecost, 3) < prev(ecost)", ""),
    ("watch", "dead(1) < 0.9", ""),
    ("changes", "gW[1]", ""),
    ("watch", "gb[1][0] > x[0]", ""),
    ("changes", "min(y) * avg(min(sqrt(y)), 3)", ""),
    ("watch", "any(max(W[1]) > 0.00123 or max(dW[1]) > 9)", ""),
]
"""Conditions that have once been found in the wrong places, or nowhere, or have ended in a crash."""


@pytest.mark.parametrize("small", [0, 4096])
@pytest.mark.parametrize(("kind", "text", "place"), TOLD)
def test_what_has_gone_wrong_before(
    kind: str, text: str, place: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atoms, "SMALL", small)
    monkeypatch.setattr(search, "FIRST", 1)
    brute = Brute(random_recipe(np.random.default_rng(3), MID, RAGGED))
    check(brute, Timeline(brute.recipe), [case(brute, kind, text, place)], np.random.default_rng(1), hops=99)


def test_prevs_within_each_other_are_not_counted_over_and_over() -> None:
    brute = Brute(sized(3, 2, 2))
    text = f"{'prev(' * 30}cost{')' * 30} > 0"
    one = case(brute, "watch", text)
    assert one.condition.warm_up < 200
    assert one.positions == []
    check(brute, Timeline(brute.recipe), [one], np.random.default_rng(0))


def test_more_is_put_aside_than_there_is_room_for_in_all_slots() -> None:
    """Of arrays that are kept whole, fewer batches fit than a run of so small a network takes at once."""
    timeline = Timeline(sized(40, 4, 20, (20, 20, 1)))
    brute = Brute(sized(4, 4, 1, (20, 20, 1)))
    for text in ("norm(W[1] * cost) > 1e9", "sum(dW[1] * cost) > 1e9", "sum(dW[1]) > 1e9"):
        made = case(brute, "watch", text).condition
        looked = Search(timeline, [replace(made, program=timeline.program)])
        assert end_of(looked.forward(0)) is None
        assert end_of(looked.reverse(timeline.clock.total)) is None


def test_what_only_asks_where_one_is_runs_nothing() -> None:
    brute = Brute(sized(6, 2, 3))
    for text in ("sample % 2 == 1", "t > 30 and epoch == 1", "batch == 2 or m > 5"):
        timeline = Timeline(brute.recipe)
        one = case(brute, "break", text, "load")
        check(brute, timeline, [one], np.random.default_rng(0))
        assert timeline.log.filled == 0
    timeline = Timeline(sized(7, 2, 250_000_000))
    made = case(brute, "break", "t < 0", "load").condition
    assert end_of(Search(timeline, [replace(made, program=timeline.program)]).reverse(3_000)) is None
    assert timeline.log.filled == 0


def test_one_that_is_broken_off_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "slots_of_a_run", lambda *_: 2)
    brute = Brute(random_recipe(np.random.default_rng(3), MID, RAGGED))
    timeline, rng = Timeline(brute.recipe), np.random.default_rng(4)
    for number in range(6):
        one = random_case(rng, brute)
        looked = Search(timeline, [one.condition])
        for steps in (looked.forward(0), looked.reverse(brute.total)):
            for _, _ in zip(range(number), steps, strict=False):
                pass
            steps.close()
        check(brute, timeline, [one], rng)


def test_another_journey_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "slots_of_a_run", lambda *_: 2)
    brute = Brute(random_recipe(np.random.default_rng(3), MID, RAGGED))
    timeline = Timeline(brute.recipe)
    one = case(brute, "watch", "cost > 1e9")
    steps = Search(timeline, [one.condition]).forward(0)
    next(steps)
    for _ in timeline.travel(brute.total):
        pass
    with pytest.raises(OvertakenError):
        end_of(steps)
    check(brute, timeline, [one, case(brute, "changes", "W[1]")], np.random.default_rng(0))


def test_every_type_of_number_is_looked_at_in_float64() -> None:
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        brute = Brute(random_recipe(np.random.default_rng(3), MID, replace(RAGGED, dtype=str(dtype))))
        _check_cell(brute, dtype)


def _check_cell(brute: Brute, dtype: DType) -> None:
    """A number is compared with the very value of a cell, which float32 widened is."""
    cell = brute.view(brute.total).get("W", 1)
    assert cell is not None
    assert cell.dtype == dtype
    one = case(brute, "watch", f"W[1][0,0] == {float(cell[0, 0])!r}".replace("== -", "== 0 - "))
    assert one.positions[-1:] == [brute.total - 1]
    check(brute, Timeline(brute.recipe), [one], np.random.default_rng(0))
