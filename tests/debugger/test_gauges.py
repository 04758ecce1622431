"""What the flight log holds of every batch, by brute force from what a view shows at that batch; and that it holds the
same, bit for bit, whatever the route on which it was filled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest

from tests.debugger.memory import spoil
from tests.recipes import WIDE, Bounds, Pinned, random_recipe
from tuibp.debugger import head as head_module
from tuibp.debugger import timeline as timeline_module
from tuibp.debugger.flight_log import MAXIMA, SUMS
from tuibp.debugger.history import BESIDE
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import network as network_module
from tuibp.engine import pace, straight, workspace
from tuibp.engine.network import Parameters
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State

Floats = npt.NDArray[np.float64]
Rule = Callable[[Floats, list[Floats], Mapping[str, float], float, int], Floats]

RULES: dict[str, Rule] = {
    "sgd": lambda g, old, s, lr, t: lr * g,
    "momentum": lambda g, old, s, lr, t: lr * (s["momentum"] * old[0] + g),
    "nesterov": lambda g, old, s, lr, t: lr * (g + s["momentum"] * (s["momentum"] * old[0] + g)),
    "rmsprop": lambda g, old, s, lr, t: lr * g / (np.sqrt(s["rho"] * old[0] + (1 - s["rho"]) * g**2) + s["eps"]),
    "adam": lambda g, old, s, lr, t: (
        lr
        * ((s["beta1"] * old[0] + (1 - s["beta1"]) * g) / (1 - s["beta1"] ** t))
        / (np.sqrt((s["beta2"] * old[1] + (1 - s["beta2"]) * g**2) / (1 - s["beta2"] ** t)) + s["eps"])
    ),
}
"""The update as the optimizers' formulas have it: from the gradient, the slots before, the settings, η and t."""


@contextmanager
def small(tile: int = workspace.TILE, fold: int = network_module.FOLD, period: int = 1) -> Iterator[None]:
    """Tiles, folded layers and periods of a size that a small network has several of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "TILE", tile)
        patch.setattr(network_module, "FOLD", fold)
        for module in (head_module, straight):
            patch.setattr(module, "gauge_period", lambda program: period)
        yield


def vector(parameters: Parameters, layer: int) -> Floats:
    """Weights and biases of a layer, one after the other."""
    return np.concatenate([parameters.W[layer].ravel(), parameters.b[layer]]).astype(np.float64)


def norms(timeline: Timeline, batch: int) -> Floats:
    """(2, L) norms of the gradient, and of the update over that of the parameters before it."""
    plan, program = timeline.recipe.plan, timeline.program
    t = timeline.clock.batch_start(*divmod(batch, program.K)) + 2
    view = View(timeline, t + program.batch_size(batch % program.K) * program.ops_per_sample)
    assert view.position.op is not None and view.position.op.name == "update"
    slots = [Parameters.around(view.network, slot) for slot in view.state.slots]
    result = np.empty((2, program.L))
    for l in range(1, program.L + 1):
        gW, gb = view.get("gW", l), view.get("gb", l)
        assert gW is not None and gb is not None
        gradient = np.concatenate([gW.ravel(), gb]).astype(np.float64)
        used = gradient if plan.train_biases else np.where(np.arange(gradient.size) < gW.size, gradient, 0.0)
        old = [vector(slot, l) for slot in slots]
        update = RULES[plan.optimizer.name](used, old, plan.settings, plan.lr, batch + 1)
        size = np.sqrt(np.sum(vector(view.state.params, l) ** 2))
        result[:, l - 1] = np.sqrt(np.sum(gradient**2)), np.sqrt(np.sum(update**2)) / size
    return result


def flat_units(timeline: Timeline, batch: int) -> Floats:
    """(2, L) shares of dead and of saturated units."""
    epoch, k = divmod(batch, timeline.program.K)
    view = View(timeline, timeline.clock.batch_start(epoch, k + 1))
    result = np.zeros((2, timeline.program.L))
    for l in range(1, timeline.program.L + 1):
        sigma = view.network.activation(l)
        if not sigma.elementwise:
            continue
        flat = []
        for s in range(view.m):
            slopes = View(timeline, view.t, s).get("sp", l)
            assert slopes is not None
            flat.append([abs(float(slope)) <= slopes.dtype.type(sigma.flat) for slope in slopes])
        result[:, l - 1] = np.mean(np.all(flat, axis=0)), np.mean(flat)
    return result


def is_right(y: Floats, a: Floats, labels: Floats) -> bool:
    """Whether an output a is right for y, where the labels (N, n) are one-hot, 0 and 1, or -1 and 1."""
    if len(y) > 1:
        return int(np.argmax(a)) == int(np.argmax(y))
    threshold = 0.0 if labels.min() < 0.0 else 0.5
    return bool(a[0] > threshold) == bool(y[0] > threshold)


def sums(timeline: Timeline, batch: int) -> tuple[float, int, int]:
    """Cost, samples and correct, which is negative where targets are no labels."""
    epoch, k = divmod(batch, timeline.program.K)
    view = View(timeline, timeline.clock.batch_start(epoch, k + 1))
    cost, right = 0.0, 0
    for s in range(view.m):
        look = View(timeline, view.t, s)
        a, y = look.get("a", timeline.program.L), look.get("y")
        assert a is not None and y is not None
        cost += float(look.scalar("cost") or 0.0)
        right += is_right(y.astype(np.float64), a.astype(np.float64), timeline.recipe.train.y.astype(np.float64))
    return cost, view.m, -1 if timeline.judge is None else right


def assert_log(recipe: Recipe, period: int = 1, step: int = 1) -> None:
    """Fill the log by one run; every `step`-th row is as brute force has it."""
    timeline = Timeline(recipe)
    timeline.record(timeline.clock.total)
    near = 1e-9 if recipe.network.dtype == np.float64 else 3e-4
    assert timeline.log.filled == timeline.batches
    assert timeline.log.gauge_stride == period
    for batch in range(0, timeline.batches, step):
        row, gauged = timeline.log.at(batch), batch - batch % period
        assert (row.first, row.count) == (batch, 1)
        cost, samples, correct = sums(timeline, batch)
        assert (row.samples, row.correct) == (samples, correct), batch
        np.testing.assert_allclose(row.cost, cost, rtol=1e-12)
        np.testing.assert_allclose([row.grad, row.ratio], norms(timeline, gauged), rtol=near, err_msg=str(batch))
        np.testing.assert_allclose([row.dead, row.saturated], flat_units(timeline, gauged), rtol=1e-6)


@pytest.mark.parametrize("dtype", ("float64", "float32"))
@pytest.mark.parametrize("reduction", ("mean", "sum"))
@pytest.mark.parametrize("train_biases", (True, False))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer: str, train_biases: bool, reduction: str, dtype: str) -> None:
    """Folded and wide layers, tiles across layers, ragged batches."""
    pinned = Pinned(
        sizes=(3, 9, 4, 11, 2), optimizer=optimizer, dtype=dtype, train_biases=train_biases, epochs=2, N=7, batch=3,
        reduction="sum" if reduction == "sum" else "mean",
    )  # fmt: skip
    with small(tile=32, fold=8):
        assert_log(random_recipe(np.random.default_rng(len(optimizer)), WIDE, pinned))


@pytest.mark.parametrize("seed", range(24))
def test_networks_of_all_kinds(seed: int) -> None:
    """All activations and costs in turn, saturated by large weights; gauges of one batch in 1, 2, 4 or 8."""
    bounds = Bounds(depth=(1, 4), width=(1, 12), N=(1, 11), batch=(1, 6), epochs=(1, 3))
    period = 1 << seed % 4
    with small(tile=(32, 64, workspace.TILE)[seed % 3], fold=(0, 5, 256)[seed // 3 % 3], period=period):
        recipe = random_recipe(np.random.default_rng(seed), bounds, Pinned(scale=4.0, lr=0.001))
        assert_log(recipe, period)


@pytest.mark.parametrize("dtype", ("float64", "float32"))
def test_wide_layers_and_tiles_as_they_are(dtype: str) -> None:
    pinned = Pinned(
        sizes=(900, 300, 20, 3), activations=("relu", "gelu", "softmax"), cost="cross-entropy", optimizer="adam",
        dtype=dtype, epochs=1, N=20, batch=6, scale=2.0,
    )  # fmt: skip
    recipe = random_recipe(np.random.default_rng(3), WIDE, pinned)
    assert recipe.network.layout.size > 2 * workspace.TILE - 4000
    period = pace.gauge_period(Timeline(recipe).program)
    assert_log(recipe, period)


def test_dead_and_saturated_units_occur() -> None:
    """What is compared above is not only zeros and ones."""
    found = {"dead": set[float](), "saturated": set[float]()}
    for seed in range(6):
        pinned = Pinned(sizes=(3, 9, 2), activations=("relu", "tanh"), N=7, batch=3, cost="squared-error", scale=4.0)
        timeline = Timeline(random_recipe(np.random.default_rng(seed), WIDE, pinned))
        timeline.record(timeline.clock.total)
        for name, values in found.items():
            values.update(timeline.log.series(name, 1).tolist())
    assert min(map(len, found.values())) > 2


def contents(timeline: Timeline) -> dict[str, bytes]:
    """All that the logs hold, as bytes."""
    log = timeline.log
    assert log.filled == timeline.batches
    result = {name: log.series(name).tobytes() for name in SUMS}
    for l in range(1, timeline.program.L + 1):
        result |= {f"{name}[{l}]": log.series(name, l).tobytes() for name in MAXIMA}
    rows = map(timeline.epochs.row, range(timeline.program.epochs))
    result["epochs"] = np.array([(row.cost, row.samples, row.correct) for row in rows]).tobytes()
    return result | {"first not finite": str(log.first_not_finite()).encode()}


def straight_through(timeline: Timeline, rng: random.Random) -> None:
    timeline.record(timeline.clock.total)


def step_by_step(timeline: Timeline, rng: random.Random) -> None:
    for t in range(timeline.clock.total + 1):
        timeline.record(t)


def broken_off(timeline: Timeline, rng: random.Random) -> None:
    for _ in range(60):
        list(islice(timeline.travel(rng.randrange(timeline.clock.total + 1)), rng.randrange(8)))
    timeline.record(timeline.clock.total)


def here_and_there(timeline: Timeline, rng: random.Random) -> None:
    """Seeks, and steps on and back around each place."""
    total = timeline.clock.total
    for _ in range(25):
        place = rng.randrange(total + 1)
        for t in (place, place + 1, place - 1, place + 60, place - 60):
            timeline.record(min(total, max(0, t)))
    timeline.record(total)


ROUTES = (straight_through, step_by_step, broken_off, here_and_there)


@pytest.mark.parametrize("seed", range(20))
def test_the_log_is_the_same_whatever_the_route(seed: int) -> None:
    rng = random.Random(seed)
    bounds = Bounds(depth=(1, 3), width=(1, 12), N=(1, 13), batch=(1, 5), epochs=(2, 5))
    pinned = Pinned(optimizer=list(OPTIMIZERS)[seed % 5], lr=1e30 if seed % 7 == 0 else None)
    with small(tile=64, fold=6, period=1 << seed % 4), pytest.MonkeyPatch.context() as patch:
        if seed % 2:
            spoil(patch)
        recipe = random_recipe(np.random.default_rng(seed), bounds, pinned)
        want = None
        for route in ROUTES:
            for most, slow in ((256, False), (1 + seed % 3, False), (4, True)):
                patch.setattr(pace, "MOST", most)
                patch.setattr(head_module, "LONG", 0 if slow else 10**9)
                patch.setattr(timeline_module, "LONG", 0 if slow else 10**9)
                patch.setattr(timeline_module, "RECORD_BYTES", 0 if slow else 10**6)
                timeline = Timeline(recipe, 4 * (State.empty(recipe).block.nbytes + BESIDE))
                route(timeline, rng)
                got = contents(timeline)
                want = want or got
                assert got == want, (route.__name__, [name for name in got if got[name] != want[name]])
