"""What is shown at a position: masked until computed, for one sample, another sample or the mean, and true for ever."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.debugger.straight import labels, seen
from tests.recipes import TINY, WIDE, Pinned, random_recipe, sized
from tuibp.debugger.location import parse_position
from tuibp.debugger.names import SCALARS
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import Look, View
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.engine.dataset import dataset
from tuibp.engine.network import Layer, Network, Parameters
from tuibp.engine.recipe import Recipe

RECIPE = sized(5, 2, 2, (2, 3, 2))
"""Batches of 2, 2 and 1 samples."""


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return Timeline(RECIPE)


def view(timeline: Timeline, name: str, look: int | None = None) -> View:
    return View(timeline, parse_position(name, timeline.clock), look)


def tensor(of: View, name: str, layer: int | None = None) -> Array:
    value = of.get(name, layer)
    assert value is not None, f"{name}[{layer}] at {of.position.name}"
    return value


def rows_of(timeline: Timeline, epoch: int, batch: int) -> list[int]:
    """Which rows of the training set a batch holds, found by comparing their numbers."""
    x = RECIPE.train.x
    found = []
    for s in range(timeline.program.batch_size(batch)):
        shown = tensor(view(timeline, f"e{epoch}.b{batch}.s{s}.cost"), "x")
        found.append(int(np.flatnonzero((x == shown).all(axis=1))[0]))
    return found


WRITERS = [
    ("a", 0, "e1.b1.s1.load"), ("x", None, "e1.b1.s1.load"), ("y", None, "e1.b1.s1.load"), ("z", 1, "e1.b1.s1.fwd1.z"),
    ("a", 1, "e1.b1.s1.fwd1.a"), ("z", 2, "e1.b1.s1.fwd2.z"), ("a", 2, "e1.b1.s1.fwd2.a"),
    ("dC_da", 2, "e1.b1.s1.bwd2.dC_da"),
    ("sp", 2, "e1.b1.s1.bwd2.sp"), ("db", 2, "e1.b1.s1.bwd2.db"), ("dW", 2, "e1.b1.s1.bwd2.dW"),
    ("dC_da", 1, "e1.b1.s1.bwd1.dC_da"), ("sp", 1, "e1.b1.s1.bwd1.sp"), ("db", 1, "e1.b1.s1.bwd1.db"),
    ("dC_da", 0, "e1.b1.s1.bwd1.db"), ("dW", 1, "e1.b1.s1.bwd1.dW"), ("gW", 1, "e1.b1.grad"), ("gW", 2, "e1.b1.grad"),
    ("gb", 1, "e1.b1.grad"), ("gb", 2, "e1.b1.grad"), ("uW", 1, "e1.b1.update"), ("ub", 2, "e1.b1.update"),
]  # fmt: skip
"""Where each tensor is written, in the second sample of a batch: it is undefined from the `load` up to there."""


def test_every_tensor_has_its_place_in_the_list() -> None:
    listed = {(name, layer) for name, layer, _ in WRITERS}
    every = {(name, layer) for _, name, layer in labels(RECIPE) if name not in ("W", "b")}
    assert every - listed == {("uW", 2), ("ub", 1)}


@pytest.mark.parametrize(("name", "layer", "writer"), WRITERS)
def test_undefined_until_written(name: str, layer: int | None, writer: str, timeline: Timeline) -> None:
    clock = timeline.clock
    at = parse_position(writer, clock)
    of_batch = name[0] in "gu"
    cleared = parse_position("e1.b1.begin" if of_batch else "e1.b1.s1.load", clock) + 1
    end = parse_position("e1.b2.begin", clock)
    for t in range(cleared, end + 1):
        assert View(timeline, t).defined(name, layer) == (t > at), clock.at(t).name
        assert (View(timeline, t).get(name, layer) is None) == (t <= at)
    assert not View(timeline, end + 1).defined(name, layer)
    if name not in ("uW", "ub"):
        op = clock.at(at).op
        assert op is not None
        assert View(timeline, cleared - 1).why_undefined(name, layer).endswith(f"written at {op.name}")


def test_before_the_first_batch_there_are_parameters_only(timeline: Timeline) -> None:
    for t in (0, 1):
        shown = View(timeline, t)
        assert {label.split("[")[0] for label in seen(shown)} == {"W", "b", "state"}
        assert (shown.m, shown.current, shown.sample) == (2, None, None)
        assert shown.scalar("cost") is shown.scalar("bcost") is shown.scalar("ecost") is None
    np.testing.assert_array_equal(tensor(View(timeline, 0), "W", 1), RECIPE.initial.W[1])


def test_begin_and_load_clear(timeline: Timeline) -> None:
    begin = parse_position("e1.b1.begin", timeline.clock)
    assert "dW[1]" in seen(View(timeline, begin))
    assert {label.split("[")[0] for label in seen(View(timeline, begin + 1))} == {"W", "b", "state", "ecost"}
    load = parse_position("e1.b1.s1.load", timeline.clock)
    assert "dW[1]" in seen(View(timeline, load))
    loaded = {label.split("[")[0] for label in seen(View(timeline, load + 1))}
    assert loaded == {"W", "b", "state", "x", "y", "a", "bcost", "ecost"}


def test_other_samples_of_the_batch(timeline: Timeline) -> None:
    """Looking left shows all that the sample computed, looking right nothing; from its end all are there."""
    t = parse_position("e0.b1.s1.fwd2.z", timeline.clock)
    own, left = View(timeline, t), View(timeline, t, 0)
    assert (own.sample, left.sample, own.current, left.current) == (1, 0, 1, 1)
    assert left.defined("dW", 1)
    assert not own.defined("dW", 1)
    assert left.scalar("cost") is not None
    assert own.scalar("cost") is None
    early = View(timeline, parse_position("e0.b1.s0.cost", timeline.clock), 1)
    assert not early.defined("a", 0)
    assert early.scalar("cost") is None
    done = parse_position("e0.b1.update", timeline.clock)
    for s in (0, 1):
        later, then = View(timeline, done, s), view(timeline, f"e0.b1.s{s}.acc")
        for label, name, layer in labels(RECIPE):
            if then.defined(name, layer):
                assert tensor(later, name, layer).tobytes() == tensor(then, name, layer).tobytes(), label
        assert later.scalar("cost") == then.scalar("cost")
    assert View(timeline, done, 99).sample == 1
    assert View(timeline, done).sample == 1
    short = parse_position("e0.b2.grad", timeline.clock)
    assert (View(timeline, short).m, View(timeline, short, 1).sample) == (1, 0)


def test_the_mean_over_the_samples_so_far(timeline: Timeline) -> None:
    at = parse_position("e0.b1.s1.bwd2.db", timeline.clock)
    mean, first, second = View(timeline, at, "mean"), View(timeline, at, 0), View(timeline, at, 1)
    assert mean.sample is None
    for name, layer in [("z", 1), ("a", 2), ("sp", 2), ("dC_da", 2), ("x", None), ("y", None)]:
        want = (tensor(first, name, layer) + tensor(second, name, layer)) / 2
        np.testing.assert_allclose(tensor(mean, name, layer), want, rtol=1e-14)
    for name, layer in [("db", 2), ("dW", 1), ("sp", 1)]:
        np.testing.assert_allclose(tensor(mean, name, layer), tensor(first, name, layer), rtol=1e-14)
    costs = [float(each.scalar("cost") or 0) for each in (first, second)]
    assert mean.scalar("cost") == pytest.approx(sum(costs) / 2, rel=1e-14)
    loaded = parse_position("e0.b1.s0.load", timeline.clock)
    assert not View(timeline, loaded, "mean").defined("a", 0)
    assert View(timeline, loaded, "mean").scalar("cost") is None


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_the_mean_of_a_whole_batch_is_its_gradient(batch: int, timeline: Timeline) -> None:
    at = parse_position(f"e1.b{batch}.update", timeline.clock)
    mean = View(timeline, at, "mean")
    for l in (1, 2):
        np.testing.assert_allclose(tensor(mean, "dW", l), tensor(mean, "gW", l), rtol=1e-13)
        np.testing.assert_allclose(tensor(mean, "db", l), tensor(mean, "gb", l), rtol=1e-13)


def test_dW_is_the_outer_product_of_this_sample(timeline: Timeline) -> None:
    for name in ("e0.b1.s0.acc", "e0.b1.s1.acc", "e1.b2.s0.acc"):
        here = view(timeline, name)
        for l in (1, 2):
            want = np.outer(tensor(here, "db", l), tensor(here, "a", l - 1))
            np.testing.assert_array_equal(tensor(here, "dW", l), want)


def test_the_gradient_of_the_input(timeline: Timeline) -> None:
    here = view(timeline, "e0.b1.s1.acc")
    want = tensor(here, "W", 1).T @ tensor(here, "db", 1)
    np.testing.assert_allclose(tensor(here, "dC_da", 0), want, rtol=1e-14)


def test_a_softmax_shows_its_jacobian() -> None:
    pinned = Pinned("squared-error", sizes=(2, 3, 2), activations=("softmax", "softmax"), N=2, batch=2, dtype="float64")
    timeline = Timeline(random_recipe(np.random.default_rng(0), WIDE, pinned))
    at = parse_position("e0.b0.grad", timeline.clock)
    for s in (0, 1):
        here = View(timeline, at, s)
        for l in (1, 2):
            a, J = tensor(here, "a", l), tensor(here, "sp", l)
            want = [[a[i] * ((i == j) - a[j]) for j in range(a.size)] for i in range(a.size)]
            np.testing.assert_allclose(J, want, rtol=1e-14, atol=1e-17)
            np.testing.assert_allclose(tensor(here, "db", l), J.T @ tensor(here, "dC_da", l), rtol=1e-12, atol=1e-15)
    mean = tensor(View(timeline, at, "mean"), "sp", 1)
    both = [tensor(View(timeline, at, s), "sp", 1) for s in (0, 1)]
    np.testing.assert_allclose(mean, (both[0] + both[1]) / 2, rtol=1e-14)


def test_parameters_change_at_the_update_and_nowhere_else(timeline: Timeline) -> None:
    for t in range(timeline.clock.total):
        op = timeline.clock.at(t).op
        assert op is not None
        before, after = View(timeline, t), View(timeline, t + 1)
        for name in ("W", "b"):
            for l in (1, 2):
                same = tensor(before, name, l).tobytes() == tensor(after, name, l).tobytes()
                assert same == (op.name != "update")
                if op.name == "update":
                    step = tensor(after, name, l) - tensor(before, name, l)
                    np.testing.assert_array_equal(tensor(after, f"u{name}", l), step)
                    np.testing.assert_allclose(step, -RECIPE.plan.lr * tensor(after, f"g{name}", l), rtol=1e-9)


def test_the_last_batch_of_an_epoch_is_short(timeline: Timeline) -> None:
    assert [timeline.program.batch_size(b) for b in range(3)] == [2, 2, 1]
    here = view(timeline, "e0.b2.update")
    assert (here.m, here.scalar("m")) == (1, 1)
    for l in (1, 2):
        np.testing.assert_allclose(tensor(here, "gW", l), tensor(here, "dW", l), rtol=1e-14)


def test_every_epoch_meets_every_sample_once_in_its_own_order(timeline: Timeline) -> None:
    orders = [[row for batch in range(3) for row in rows_of(timeline, epoch, batch)] for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(5))
    assert orders[0] != orders[1]
    assert orders == [timeline.order(0).tolist(), timeline.order(1).tolist()]


def test_costs_are_means_so_far(timeline: Timeline) -> None:
    spent: list[float] = []
    for epoch in (0, 1):
        spent.clear()
        for batch in range(3):
            mine: list[float] = []
            for s in range(timeline.program.batch_size(batch)):
                acc = view(timeline, f"e{epoch}.b{batch}.s{s}.acc")
                cost = acc.scalar("cost")
                assert cost is not None
                so_far = acc.scalar("bcost")
                assert so_far == (pytest.approx(math.fsum(mine) / len(mine), rel=1e-14) if mine else None)
                mine.append(cost)
                spent.append(cost)
                joined = View(timeline, acc.t + 1)
                assert joined.scalar("bcost") == pytest.approx(math.fsum(mine) / len(mine), rel=1e-14)
                assert joined.scalar("ecost") == pytest.approx(math.fsum(spent) / len(spent), rel=1e-14)
        assert view(timeline, f"e{epoch}.end").scalar("ecost") == pytest.approx(math.fsum(spent) / 5, rel=1e-14)
        after = View(timeline, parse_position(f"e{epoch}.end", timeline.clock) + 1)
        assert after.scalar("ecost") == pytest.approx(math.fsum(spent) / 5, rel=1e-14)


def test_scalars_of_a_position(timeline: Timeline) -> None:
    here = view(timeline, "e1.b2.s0.bwd1.sp")
    want = {"epoch": 1, "batch": 2, "sample": 0, "t": here.t, "L": 2, "m": 1, "lr": RECIPE.plan.lr}
    assert {name: here.scalar(name) for name in want} == want
    border = view(timeline, "e1.b2.begin")
    assert (border.scalar("batch"), border.scalar("sample")) == (2, None)
    assert "no sample is open" in border.why_undefined("sample")
    end = View(timeline, timeline.clock.total)
    assert (end.scalar("epoch"), end.scalar("batch"), end.scalar("t")) == (1, None, timeline.clock.total)
    assert view(timeline, "e0.b0.s0.fwd1.z").why_undefined("cost") == "cost is not computed yet: it is written at cost"
    for name in SCALARS:
        View(timeline, 0).scalar(name)


@pytest.mark.parametrize("seed", range(10))
def test_arrays_stay_true_while_the_timeline_travels_on(seed: int) -> None:
    recipe = random_recipe(np.random.default_rng(seed), TINY, Pinned(N=4, batch=2, epochs=2, lr=0.5))
    timeline = Timeline(recipe)
    kept: list[tuple[View, str, str, int | None, Array, bytes]] = []
    for t in range(timeline.clock.total + 1):
        here = View(timeline, t)
        for label, name, layer in labels(recipe):
            value = here.get(name, layer)
            if value is not None:
                kept.append((here, label, name, layer, value, value.tobytes()))
    timeline.record(0)
    timeline.record(timeline.clock.total)
    for here, label, name, layer, value, then in kept:
        assert value.tobytes() == then, (here.t, label)
        assert tensor(here, name, layer).tobytes() == then, (here.t, label)
        assert here.defined(name, layer)


def enormous(dtype: str, W: float, batch: int) -> Recipe:
    """One weight W: the cost of each sample is W², and the sum of a few is beyond the number type."""
    N = 4
    network = Network(1, (Layer(1, ACTIVATIONS["identity"]),), COSTS["squared-error"], dtype=np.dtype(dtype))
    data = dataset(np.ones((N, 1), dtype=dtype), np.zeros((N, 1), dtype=dtype))
    plan = RECIPE.plan._replace(batch=batch, epochs=2, lr=1e-300 if dtype == "float64" else 1e-38)
    return Recipe("enormous", network, Parameters.of(network, [[[W]]], [[0.0]]), data, plan)


LOOKS: tuple[Look, ...] = (None, 0, "mean")


@pytest.mark.parametrize("batch", [1, 2, 4])
@pytest.mark.parametrize(("dtype", "W"), [("float32", 1.5e19), ("float64", 1.2e154), ("float64", 1e200)])
def test_numbers_beyond_all_bounds_are_shown_and_never_warn(dtype: str, W: float, batch: int) -> None:
    """Infinities come from the network; a warning on the screen would come from us."""
    recipe = enormous(dtype, W, batch)
    with np.errstate(all="raise"):
        timeline = Timeline(recipe)
        for t in range(timeline.clock.total + 1):
            for look in LOOKS:
                seen(View(timeline, t, look))
        # Costs are summed in float64: those of float32 have a mean as long as each is finite.
        if batch == 4 and dtype == "float64":
            assert View(timeline, timeline.clock.total).scalar("ecost") == np.inf
        timeline.log.mean_costs()
