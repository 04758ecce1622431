"""Edits against a run by hand: what they change, what they leave alone, what is stale, and what is refused."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.debugger.by_hand import ByHand, Tensors
from tests.debugger.some_edits import some_edit
from tests.debugger.straight import labels
from tests.recipes import TINY, Bounds, Pinned, random_recipe, sized
from tuibp.debugger.edits import Edit, check
from tuibp.debugger.names import CellRef, parse_cell
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Recipe
from tuibp.errors import InputError, NameInputError, PositionError, TuibpError

SMOOTH = ("sigmoid", "tanh", "softmax", "softplus")
"""Activations of which a changed z changes the slope."""
OUTPUTS = (("squared-error", "tanh"), ("cross-entropy", "softmax"), ("binary-cross-entropy", "sigmoid"),
           ("squared-error", "softmax"), ("squared-error", "sigmoid"))  # fmt: skip


def smooth(seed: int, optimizer: str | None = None) -> Recipe:
    """Float64, every optimizer and output in turn, ragged last batches, no kinks."""
    rng = random.Random(seed)
    cost, output = OUTPUTS[seed % len(OUTPUTS)]
    hidden = tuple(rng.choice(SMOOTH) for _ in range(rng.randint(0, 2)))
    sizes = tuple(rng.randint(2, 4) for _ in range(len(hidden) + 2))
    pinned = Pinned(cost=cost, sizes=sizes, activations=(*hidden, output), dtype="float64", lr=0.05, N=5,
                    batch=rng.choice([1, 2, 3]), epochs=2,
                    optimizer=optimizer or list(OPTIMIZERS)[seed // 5 % 5])  # fmt: skip
    return random_recipe(np.random.default_rng(seed), TINY, pinned)


def forked(recipe: Recipe, rng: random.Random, count: int, *, near: bool) -> Timeline:
    """A timeline with `count` edits, one fork after the other.

    Args:
        near: whether they all lie within about a batch.
    """
    timeline = Timeline(recipe)
    first, last = 0, timeline.clock.total - 1
    if near:
        first = rng.randrange(last)
        last = min(last, first + timeline.program.ops_per_sample)
    for t in sorted(rng.choices(range(first, last + 1), k=count)):
        timeline = timeline.fork(some_edit(rng, timeline, t))
    return timeline


def assert_close(view: View, want: Tensors, rtol: float) -> None:
    for label, name, layer in labels(view.recipe):
        got, expected = view.get(name, layer), want.get((name, layer))
        assert (got is None) == (expected is None), (view.position.name, label)
        if got is not None and expected is not None:
            scale = np.abs(expected[np.isfinite(expected)]).max(initial=1e-3)
            np.testing.assert_allclose(
                got, expected, rtol=rtol, atol=rtol * scale, err_msg=f"{view.position.name} {label}"
            )
    for name in ("cost", "bcost"):
        number, expected = view.scalar(name), want.get((name, None))
        assert (number is None) == (expected is None), (view.position.name, name)
        if number is not None and expected is not None:
            np.testing.assert_allclose(number, expected[0], rtol=rtol, atol=rtol, err_msg=name)


@pytest.mark.parametrize("seed", range(28))
def test_edits_change_what_a_run_by_hand_says(seed: int) -> None:
    recipe, rng = smooth(seed), random.Random(seed)
    timeline = forked(recipe, rng, rng.randint(1, 4), near=seed % 2 == 0)
    with np.errstate(all="ignore"):
        run = ByHand(recipe, timeline.edits)
        assert_close(View(timeline, 0), run.shown(), 1e-9)
        while run.t < timeline.clock.total:
            run.step()
            assert_close(View(timeline, run.t), run.shown(), 1e-9)
            assert View(timeline, run.t).scalar("lr") == run.lr


@pytest.mark.parametrize("name", ["a", "z"])
@pytest.mark.parametrize("seed", [1, 2, 6, 7])
def test_a_fused_cost_is_that_of_the_output_as_it_was_set(seed: int, name: str) -> None:
    """It is taken from z[L], but not where a[L] does not follow from that because one of them was set in between."""
    recipe = smooth(seed)
    assert recipe.network.fused is not None
    trunk, L = Timeline(recipe), recipe.network.L
    sample = trunk.clock.sample_start(0, 1, 0)
    at = sample + 1 + 2 * L  # the cost is next
    fork = trunk.fork(Edit(at, CellRef(name, L), 0.125)).fork(Edit(at + 1, CellRef("b", 1), 0.5))
    run = ByHand(recipe, fork.edits)
    while run.t < fork.clock.total:
        run.step()
        assert_close(View(fork, run.t), run.shown(), 1e-9)
    same = View(fork, at + 1).scalar("cost") == pytest.approx(View(trunk, at + 1).scalar("cost"), rel=1e-9)
    assert same == (name == "z")


@pytest.mark.parametrize("seed", range(16))
def test_edits_in_every_kind_of_network(seed: int) -> None:
    """All activations and costs, both number types; kinks are far from what rounding reaches."""
    dtype = ("float64", "float32")[seed % 2]
    recipe = random_recipe(np.random.default_rng(seed), Bounds((1, 3), (1, 5), (1, 5), (1, 4), (1, 2)),
                           Pinned(dtype=dtype, lr=0.01, optimizer=("sgd", "momentum")[seed % 3 == 0]))  # fmt: skip
    rng = random.Random(seed)
    timeline = forked(recipe, rng, 2, near=True)
    with np.errstate(all="ignore"):
        run = ByHand(recipe, timeline.edits)
        while run.t < timeline.clock.total:
            run.step()
            assert_close(View(timeline, run.t), run.shown(), 1e-7 if dtype == "float64" else 2e-2)


KINDS = {"z", "a", "sp", "dC_da", "db", "dW", "gW", "gb", "uW", "W", "b", "cost", "bcost"}


@pytest.mark.parametrize("part", range(4))
def test_stale_is_what_would_come_out_otherwise(part: int) -> None:
    """Recomputing all of the batch from the numbers that were set changes what is stale, and nothing else."""
    found: set[str] = set()
    for seed in range(25 * part, 25 * part + 25):
        recipe, rng = smooth(seed, list(OPTIMIZERS)[seed % 3]), random.Random(seed)
        timeline = forked(recipe, rng, rng.randint(1, 3), near=True)
        found |= stale_of(timeline)
    assert found >= KINDS  # nothing has been proved of what has never been stale


def stale_of(timeline: Timeline) -> set[str]:
    """Names of what has been stale somewhere; it is checked everywhere."""
    run, found = ByHand(timeline.recipe, timeline.edits), set[str]()
    while run.t < timeline.clock.total:
        with np.errstate(all="ignore"):
            run.step()
            view, again = View(timeline, run.t), run.recomputed()
        for (name, layer), tensor in run.shown().items():
            if run.batch is not None and run.batch.lr == 0.0 and name in ("W", "b", "uW", "ub"):
                continue  # whatever the gradient is, nothing is added
            other = not np.array_equal(tensor, again[(name, layer)], equal_nan=True)
            assert view.stale(name, layer) == other, (view.position.name, name, layer, timeline.label)
            found |= {name} if other else set()
    return found


def test_a_weight_set_in_the_middle_of_a_batch() -> None:
    """2-2-1, two samples: the first keeps what the old W gave, the second has what the new one gives."""
    recipe = sized(N=2, batch=2, epochs=1)
    trunk = Timeline(recipe)
    t = trunk.clock.sample_start(0, 0, 0) + 3  # a[1] is there, z[2] is next
    fork = trunk.fork(Edit(t, CellRef("W", 1, (0, 1)), 0.5))
    for look in (0, 1):
        view, before = View(fork, trunk.clock.total, look), View(trunk, trunk.clock.total, look)
        now, old = view.get("z", 1), before.get("z", 1)
        assert now is not None and old is not None
        assert (now[0] == old[0]) == (look == 0)
        assert now[1] == old[1]
    view = View(fork, t)
    assert view.stale("z", 1) and view.stale("a", 1) and not view.stale("W", 1) and not view.stale("x")
    assert View(fork, t + 1).stale("z", 2)
    assert not View(fork, fork.clock.sample_start(0, 0, 1) + 2).stale("z", 1)
    assert View(fork, fork.clock.sample_start(0, 0, 1) + 2, 0).stale("z", 1)
    assert fork.label == "W[1][0,1] = 0.5 at e0.b0.s0.fwd2.z"
    assert not View(trunk, t).stale("z", 1)


REFUSED = [
    (10, "dW[1]", 0.0, "follows|formed"), (10, "uW[1]", 0.0, "update"), (10, "ub[1]", 0.0, "update"),
    (10, "cost", 0.0, "output"), (10, "bcost", 0.0, "mean"), (10, "ecost", 0.0, "mean"), (10, "t", 3, "goto"),
    (10, "epoch", 3, "goto"), (10, "L", 3, "network file"), (10, "m", 3, "batch"), (10, "dC_da[0]", 0.0, "x or db"),
    (10, "gW[1]", 0.0, "grad"), (2, "x", 0.0, "load"), (4, "a[1]", 0.0, "fwd1.a"), (0, "z[1]", 0.0, "fwd1.z"),
    (1, "gW[1]", 0.0, "grad"), (10, "lr", float("nan"), "finite"), (10, "lr", -1.0, "finite"), (10, "lr", True, "from"),
    (10, "W[1]", np.zeros((3, 2)), "2x2"), (10, "W[1][0,0]", np.zeros(2), "one number"), (10, "b[1]", "a", "array"),
    (10, "b[1]", [[1], [2, 3]], "array"), (10, "lr", np.zeros(2), "finite"),
]  # fmt: skip


@pytest.mark.parametrize(("t", "name", "value", "remedy"), REFUSED)
def test_what_cannot_be_set_is_refused_with_a_remedy(t: int, name: str, value: float, remedy: str) -> None:
    timeline = Timeline(sized(N=2, batch=2, epochs=1))
    with pytest.raises(InputError, match=remedy) as caught:
        timeline.fork(Edit(t, parse_cell(name, timeline.recipe.network), value))
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_what_does_not_exist_is_refused() -> None:
    timeline = Timeline(sized(N=2, batch=2, epochs=1))
    total = timeline.clock.total
    with pytest.raises(PositionError):
        check(timeline, Edit(total + 1, CellRef("lr"), 0.1))
    with pytest.raises(NameInputError):
        check(timeline, Edit(1, CellRef("W", 3), 0.1))
    with pytest.raises(NameInputError):
        check(timeline, Edit(1, CellRef("W", 1, (0, 2)), 0.1))
    with pytest.raises(InputError, match="nothing follows"):
        check(timeline, Edit(total, CellRef("W", 1), 0.1))
    with pytest.raises(InputError, match="update is done"):
        check(timeline, Edit(total - 1, CellRef("a", 1), 0.1))
    with pytest.raises(InputError, match="update is done"):
        check(timeline, Edit(total - 1, CellRef("gW", 1), 0.1))


def test_what_no_operation_reads_is_refused() -> None:
    """What a fused output leaves aside, the slope of a softmax, gradients of biases that are not trained."""
    pinned = Pinned(cost="cross-entropy", sizes=(2, 3, 2), activations=("softmax", "softmax"), train_biases=False, N=2)
    timeline = Timeline(random_recipe(np.random.default_rng(0), TINY, pinned))
    grad = timeline.clock.batch_start(0, 1) - 2
    for ref, remedy in [
        (CellRef("dC_da", 2), "db.2"), (CellRef("sp", 2), "z.2"), (CellRef("sp", 1), "db.1"), (CellRef("gb", 1), "b it")
    ]:  # fmt: skip
        with pytest.raises(InputError, match=remedy):
            check(timeline, Edit(grad + 1, ref, 0.1))
    check(timeline, Edit(grad, CellRef("dC_da", 1), 0.1))


def test_numbers_come_in_the_type_of_the_network() -> None:
    recipe = random_recipe(np.random.default_rng(0), TINY, Pinned(dtype="float32", sizes=(2, 2), activations=None,
                                                                  cost="squared-error", output="tanh"))  # fmt: skip
    timeline = Timeline(recipe)
    cell = check(timeline, Edit(0, CellRef("W", 1, (0, 1)), 0.1))
    assert cell.value == float(np.float32(0.1))
    whole = check(timeline, Edit(0, CellRef("W", 1), [[1, 2], [3, 4]]))  # type: ignore[arg-type]
    assert isinstance(whole.value, np.ndarray)
    assert whole.value.dtype == np.float32
    assert not whole.value.flags.writeable
    assert check(timeline, Edit(0, CellRef("lr"), 0.1)).value == 0.1
    assert np.isnan(check(timeline, Edit(0, CellRef("b", 1, (0,)), float("nan"))).value)
    with pytest.raises(TuibpError, match="that large"):
        check(timeline, Edit(0, CellRef("W", 1, (0, 1)), 1e300))


def test_what_is_not_a_number_spreads() -> None:
    recipe = sized(N=4, batch=2, epochs=1)
    trunk = Timeline(recipe)
    fork = trunk.fork(Edit(trunk.clock.batch_start(0, 1) + 3, CellRef("z", 1, (0,)), float("nan")))
    assert fork.log.first_not_finite() is None
    view = View(fork, fork.clock.total)
    b = view.get("b", 1)
    assert b is not None and np.isnan(b[0])
    assert fork.log.first_not_finite() == 1


@pytest.mark.parametrize("m", [1, 2, 3, 7])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_gradient_is_shown_as_it_was_set(m: int, dtype: str) -> None:
    """Where gradients are sums until the update divides them, no sum may have the mean that is wanted."""
    pinned = Pinned(optimizer="sgd", reduction="mean", N=m, batch=m, dtype=dtype, cost="squared-error")
    recipe = random_recipe(np.random.default_rng(m), TINY, pinned)
    trunk = Timeline(recipe)
    update = trunk.clock.batch_start(0, 1) - 1
    wanted = np.random.default_rng(1).normal(size=recipe.initial.W[1].shape).astype(dtype)
    fork = trunk.fork(Edit(update, CellRef("gW", 1), wanted))
    fork = fork.fork(Edit(update, CellRef("b", 1), 0.5))
    fork = fork.fork(Edit(update, CellRef("gW", 1, (0, 0)), 1.0 / 3))
    wanted[0, 0] = np.dtype(dtype).type(1.0 / 3)
    view = View(fork, update + 1)
    shown, added = view.get("gW", 1), view.get("uW", 1)
    assert shown is not None and added is not None
    np.testing.assert_array_equal(shown, wanted)
    np.testing.assert_allclose(added, -recipe.plan.lr * wanted, rtol=1e-2, atol=1e-6)


def test_a_learning_rate_holds_from_its_position_on() -> None:
    """As a run that has had it from the start, where it is set at the start."""
    recipe = random_recipe(np.random.default_rng(3), TINY, Pinned(optimizer="adam", N=4, batch=2, epochs=2, lr=0.1))
    trunk = Timeline(recipe)
    other = Timeline(replace(recipe, plan=recipe.plan._replace(lr=0.05)))
    fork = trunk.fork(Edit(0, CellRef("lr"), 0.05))
    for t in range(trunk.clock.total + 1):
        assert View(fork, t).state.block.tobytes() == View(other, t).state.block.tobytes()
    assert fork.log.series("ratio").tobytes() == other.log.series("ratio").tobytes()
