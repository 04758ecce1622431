"""Catches: the first nan or infinity is where the program has written it, whatever overflows how; and each of the
others stops where its sample goes wrong, and nowhere on one that goes well.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.debugger.brute import Brute
from tests.debugger.some_edits import some_edit
from tests.debugger.test_search import end_of
from tests.debugger.test_search_on_forks import harsh
from tests.recipes import TINY, Bounds, Pinned, legal_outputs, random_recipe, sized
from tuibp.cli.files import open_recipe
from tuibp.debugger.breakpoints import Kind
from tuibp.debugger.catches import CATCHES
from tuibp.debugger.edits import Edit
from tuibp.debugger.hunt import Hunt
from tuibp.debugger.names import CellRef
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.session import Session
from tuibp.debugger.stops import Stops
from tuibp.debugger.sweep import OvertakenError
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.engine.network import Parameters
from tuibp.engine.operations import Tensor
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Recipe


def wrote_one(timeline: Timeline, p: int) -> bool:
    """Whether the operation before position p, where nothing is set by hand, has written a nan or an infinity."""
    op = timeline.clock.at(p - 1).op
    assert op is not None
    view = View(timeline, p)
    return any(not np.isfinite(found).all() for tensor in op.writes if (found := value(view, tensor)) is not None)


def value(view: View, tensor: Tensor) -> Array | float | None:
    """What stands there; nothing for the order of the samples."""
    if tensor.name == "order":
        return None
    if tensor.name in ("cost", "bcost", "ecost"):
        return view.scalar(tensor.name)
    return view.get(*tensor)


def first_by_hand(timeline: Timeline) -> int | None:
    """The position behind the first operation that writes one, by looking behind every one."""
    some = {count: Timeline(timeline.recipe, edits=timeline.edits[:count]) for count in range(len(timeline.edits) + 1)}
    for p in range(1, timeline.clock.total + 1):
        # What is set by hand at p is not the operation's.
        if wrote_one(some[sum(edit.t < p for edit in timeline.edits)], p):
            return p
    return None


def check_nan(timeline: Timeline, rng: random.Random) -> int | None:
    """Forward and back, from the ends and from anywhere, each time with and without a memory of the times before."""
    recipe, edits, total = timeline.recipe, timeline.edits, timeline.clock.total
    want = first_by_hand(Timeline(recipe, edits=edits))
    fresh = Timeline(recipe, edits=edits)
    memory = FirstNonFinite(fresh)
    for t, direction in ((0, +1), (total, -1), *((rng.randrange(total + 1), rng.choice([-1, 1])) for _ in range(2))):
        for bad in (memory, FirstNonFinite(fresh)):
            hunt = Hunt(fresh, [Stops().add("catch", "nan", fresh.clock, 0)], bad)
            got = end_of(hunt.next(t, direction))
            assert got == (want if want is not None and (want - t) * direction > 0 else None), (t, direction, want)
            assert bool(hunt.hits(t)) == (t == want)
    return want


def huge(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    """The same with weights, inputs or rates of any magnitude up to where numbers end."""
    most = float(np.log10(np.finfo(recipe.network.dtype).max))
    scales = [10.0 ** (rng.uniform(0.0, 1.0) * most * rng.integers(2)) for _ in range(4)]
    with np.errstate(all="ignore"):
        params = Parameters.of(
            recipe.network, [scales[0] * w for w in recipe.initial.W[1:]], [scales[1] * b for b in recipe.initial.b[1:]]
        )
        x = (recipe.train.x * scales[2]).astype(recipe.network.dtype)
    rate = float(rng.choice([0.0, 0.1, scales[3]]))
    train = replace(recipe.train, x=np.nan_to_num(x))
    return replace(recipe, initial=params, train=train, plan=recipe.plan._replace(lr=rate))


def kinds() -> list[Pinned]:
    """Every output under every cost, with every activation below, in both number types."""
    found = []
    pairs = [(cost, output) for cost in COSTS for output in legal_outputs(cost)]
    for n, (cost, output) in enumerate(pairs):
        hidden = tuple(ACTIVATIONS)[n % len(ACTIVATIONS)]
        for dtype in ("float64", "float32"):
            optimizer = tuple(OPTIMIZERS)[(n + (dtype == "float32")) % len(OPTIMIZERS)]
            found.append(Pinned(cost, output, hidden, dtype=dtype, optimizer=optimizer))
    return found


KINDS = kinds()
SMALL = Bounds(depth=(1, 3), width=(1, 3), N=(1, 3), batch=(1, 3), epochs=(1, 3))


@pytest.mark.parametrize("pinned", KINDS, ids=lambda one: f"{one.cost}-{one.output}-{one.dtype}")
def test_the_first_one_is_found_whatever_overflows(pinned: Pinned) -> None:
    for seed in range(2):
        rng = np.random.default_rng([seed, KINDS.index(pinned)])
        recipe = random_recipe(rng, SMALL, pinned)
        check_nan(Timeline(huge(recipe, rng)), random.Random(seed))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("train_biases", [True, False])
def test_a_run_that_explodes(optimizer: str, train_biases: bool) -> None:
    bounds, found = Bounds(depth=(1, 3), width=(2, 4), N=(3, 4), batch=(1, 4), epochs=(8, 8)), 0
    for seed, lr in enumerate((1e2, 1e30, 1e150, 0.0)):
        pinned = Pinned("half-squared-error", "identity", "relu", optimizer=optimizer, lr=lr, train_biases=train_biases)
        recipe = random_recipe(np.random.default_rng(seed), bounds, pinned)
        found += check_nan(Timeline(recipe), random.Random(seed)) is not None
    assert found >= (1 if optimizer in ("sgd", "momentum", "nesterov") else 0)


@pytest.mark.parametrize("seed", range(24))
def test_what_was_set_by_hand_was_not_written_by_an_operation(seed: int) -> None:
    rng = random.Random(seed)
    recipe = random_recipe(np.random.default_rng(seed), TINY)
    fork, total = Timeline(recipe), Timeline(recipe).clock.total
    for t in sorted(rng.choices(range(total), k=rng.randint(1, 3))):
        edit = some_edit(rng, fork, t)
        for _ in range(20):
            if (changed := harsh(rng, edit)) is not edit:
                break
        fork = fork.fork(changed)
    check_nan(fork, rng)


def test_a_nan_that_is_set_is_caught_at_the_operation_that_reads_it() -> None:
    recipe = sized(4, 2, 2)
    trunk = Timeline(recipe)
    clock = trunk.clock
    assert check_nan(trunk, random.Random(0)) is None
    before = clock.sample_start(1, 0, 1) + 3
    assert clock.at(before).name == "e1.b0.s1.fwd2.z"
    for t, name, layer, place in (
        (before, "a", 1, "e1.b0.s1.fwd2.z"), (before, "W", 2, "e1.b0.s1.fwd2.z"), (before, "W", 1, "e1.b0.update"),
        (before, "z", 1, "e1.b0.s1.bwd1.sp"), (clock.batch_start(0, 1), "b", 1, "e0.b1.s0.fwd1.z"),
    ):  # fmt: skip
        for bad in (np.nan, np.inf, -np.inf):
            found = check_nan(trunk.fork(Edit(t, CellRef(name, layer), bad)), random.Random(0))
            if name != "z" or np.isnan(bad):  # sigmoid has a slope where z is infinite
                assert found is not None
                assert clock.at(found - 1).name == place


def test_an_infinite_gradient_of_the_cost_is_found_where_nothing_reads_it() -> None:
    """Fused with the activation, δ does without it; it stands on the screen all the same."""
    for cost, output in (("binary-cross-entropy", "sigmoid"), ("cross-entropy", "softmax")):
        pinned = Pinned(cost, output, sizes=(2, 3, 3), activations=("relu", output), N=3, batch=3, epochs=3,
                        dtype="float64", scale=60.0, lr=0.0)  # fmt: skip
        found = 0
        for seed in range(6):
            timeline = Timeline(random_recipe(np.random.default_rng(seed), pinned=pinned))
            p = check_nan(timeline, random.Random(seed))
            found += p is not None and timeline.clock.at(p - 1).name.endswith("bwd2.dC_da")
        assert found, cost


def test_a_journey_elsewhere_ends_the_look_for_it() -> None:
    timeline = Timeline(sized(400, 1, 20))
    steps = FirstNonFinite(timeline).up_to(timeline.clock.total)
    next(steps)
    timeline.record(5)
    with pytest.raises(OvertakenError):
        end_of(steps)


# -- the samples


@cache
def sample(name: str) -> Recipe:
    """A sample that comes with the program, its run as it is there."""
    return open_recipe(name)


def first(recipe: Recipe, line: str) -> tuple[Timeline, int | None]:
    """Where a catch first stops."""
    session = Session(replace(recipe, debug={}))
    kind: Kind = "catch"
    session.stops.add(kind, line, session.clock, 0)
    return session.timeline, end_of(session.hunt().next(0, +1))


@pytest.mark.parametrize(
    ("name", "line", "place"),
    [("dead-relu", "dead", "end"), ("deep-sigmoid", "vanish", "grad"), ("saturated", "saturate", "sp"),
     ("exploding", "nan", "")],
)  # fmt: skip
def test_each_stops_on_its_sample(name: str, line: str, place: str) -> None:
    timeline, p = first(sample(name), line)
    assert p is not None
    assert timeline.clock.at(p - 1).name.endswith(place)
    if line == "nan":
        assert wrote_one(timeline, p)
        start = max(1, p - 3 * timeline.program.ops_per_sample * timeline.program.m)
        assert not any(wrote_one(timeline, q) for q in range(start, p))


def test_explode_stops_before_the_exploding_sample_is_nan() -> None:
    timeline, bad = first(sample("exploding"), "nan")
    _, p = first(sample("exploding"), "explode")
    assert bad is not None
    assert p is not None
    assert p < bad
    assert timeline.clock.at(p - 1).name.endswith("grad")


@pytest.mark.parametrize("line", ["dead", "vanish", "saturate", "nan", "explode"])
def test_none_stops_on_the_sample_that_goes_well(line: str) -> None:
    if line == "dead":
        assert all(name in CATCHES for name in ("dead", "nan", "explode"))
    assert first(sample("xor"), line)[1] is None


@pytest.mark.parametrize("seed", range(4))
def test_ratio_by_hand(seed: int) -> None:
    pinned = Pinned(epochs=6, lr=float(10.0 ** (seed - 2)))
    brute = Brute(random_recipe(np.random.default_rng(seed), Bounds((1, 2), (1, 3), (3, 5), (1, 3)), pinned))
    want = []
    for p in range(1, brute.total + 1):
        if brute.ops[p - 1].name == "update":
            view, ratios = brute.view(p), []
            for l in range(1, brute.network.L + 1):
                update, weights = view.get("uW", l), view.get("W", l)
                assert update is not None
                assert weights is not None
                ratios.append(np.linalg.norm(update.astype(float)) / np.linalg.norm(weights.astype(float)))
            if any(ratio < 1e-6 or ratio > 0.1 for ratio in ratios):
                want.append(p)
    assert places(brute, "ratio") == want


def test_rise_by_hand() -> None:
    held = 0
    for seed, lr in enumerate((0.01, 0.3, 0.7, 0.9)):
        pinned = Pinned("half-squared-error", epochs=16, lr=lr, optimizer="sgd", dtype="float64")
        brute = Brute(random_recipe(np.random.default_rng(seed), Bounds((1, 2), (1, 2), (4, 5), (2, 3)), pinned))
        costs, want = list[float](), []
        for p, op in enumerate(brute.ops):
            if op.name == "grad":
                cost = brute.view(p).scalar("bcost")
                assert cost is not None
                costs.append(cost)
                n = len(costs)
                if n > 10 and np.mean(costs[-10:]) > np.mean(costs[max(0, n - 20) : n - 10]):
                    want.append(p)
        assert places(brute, "rise") == want
        held += bool(want)
    assert held in (1, 2, 3)


def places(brute: Brute, line: str) -> list[int]:
    """Where a catch stops."""
    timeline = brute.timeline
    hunt = Hunt(timeline, [Stops().add("catch", line, timeline.clock, 0)], FirstNonFinite(timeline))
    found, t = [], 0
    while (p := end_of(hunt.next(t, +1))) is not None:
        found.append(t := p)
    back, t = [], brute.total
    if hunt.hits(t):
        back.append(t)
    while (p := end_of(hunt.next(t, -1))) is not None:
        back.append(t := p)
    assert back[::-1] == found
    return found
