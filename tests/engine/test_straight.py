"""The generated code of a run: it can be read, every slot computes what the calls compute one by one, at any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.recipes import WIDE, Bounds, Pinned, random_recipe, sized
from tuibp.engine import network, straight, workspace
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import IntArray
from tuibp.engine.calls import now
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.straight import Runner
from tuibp.engine.workspace import Slots, Workspace

FORWARD = """\
dot_Wb1(A10, Z1)
negative(Z1, A1)
exp(A1, A1)
add(A1, c1, A1)
reciprocal(A1, A1)
dot_Wb2(A11, Z2)
negative(Z2, A2)
exp(A2, A2)
add(A2, c1, A2)
reciprocal(A2, A2)"""
BACKWARD = """\
subtract(A2, y, dA2)
multiply(dA2, c2, dA2)
subtract(c1, As, SPs)
multiply(SPs, As, SPs)
multiply(SP2, dA2, D2)
dot_Wb2_1(D2, v)
multiply(SP1, dA1, D1)
dot_D1(x, gWb1)
dot_D2(A11_1, gWb2)"""
UPDATE = """\
multiply(g, c0_25, u)
subtract(theta, u, theta)"""


def runner_of(recipe: Recipe, m: int, count: int) -> tuple[Runner, State]:
    state = State.initial(recipe)
    return Runner(Program(recipe), m, count, state), state


def body(runner: Runner, gauged: bool) -> list[str]:
    """The lines of the loop."""
    _, loop, *lines = runner.source(gauged).splitlines()
    assert loop.startswith("    for ") and all(line.startswith("        ") for line in lines)
    return [line.strip() for line in lines]


def xor() -> Recipe:
    pinned = Pinned(
        cost="squared-error", sizes=(2, 2, 1), activations=("sigmoid", "sigmoid"), N=8, batch=2, epochs=1, lr=0.5,
        optimizer="sgd", reduction="mean", dtype="float64", train_biases=True,
    )  # fmt: skip
    return random_recipe(np.random.default_rng(0), WIDE, pinned)


def test_the_code_of_a_small_network_reads_like_the_notes() -> None:
    runner, _ = runner_of(xor(), 2, 4)
    head = [*FORWARD.splitlines(), *BACKWARD.splitlines()]
    *lines, kept = body(runner, gauged=False)
    assert lines == [*head, *UPDATE.splitlines()]
    assert kept.endswith("[...] = A2")


def test_a_gauged_batch_makes_the_same_calls_and_some_more() -> None:
    """Squared norms of gradient and parameters of both layers."""
    runner, _ = runner_of(xor(), 2, 4)
    plain, gauged = body(runner, gauged=False), body(runner, gauged=True)
    calls = len(FORWARD.splitlines() + BACKWARD.splitlines())
    assert gauged[:calls] == plain[:calls]
    assert [line.partition("_")[0] for line in gauged[calls : calls + 4]] == ["dot"] * 4
    assert gauged[calls + 4 : calls + 6] == plain[calls:-1]
    assert gauged[calls + 6].endswith("[...] = A2")
    assert len(gauged) == len(plain) + 4


def test_what_differs_from_slot_to_slot_is_what_a_batch_brings_and_leaves() -> None:
    runner, _ = runner_of(xor(), 2, 4)
    loop = runner.source(gauged=False).splitlines()[1]
    names = loop.removeprefix("    for ").removesuffix(" in slots:").replace(" ", "").strip(",").split(",")
    assert names[:3] == ["A10", "y", "x"]
    assert len(names) == 4


def test_the_code_does_not_depend_on_where_memory_lies() -> None:
    assert runner_of(xor(), 2, 4)[0].source(True) == runner_of(xor(), 2, 4)[0].source(True)


def carried_out(recipe: Recipe, before: State, indices: IntArray, count: int) -> tuple[State, Workspace]:
    """One batch by the calls themselves: the state after it and its buffers."""
    after = State.empty(recipe)
    ws = Workspace(Slots(recipe, len(indices)), 0, before, after)
    ws.begin(indices, count)
    for op in Program(recipe).batch_ops:
        if op.kind.kernel is not None:
            op.kind.kernel(now, ws, op.layer)
    return after, ws


def assert_slot(runner: Runner, slot: int, ws: Workspace) -> None:
    """What a batch has left in its slot."""
    slots = runner.slots
    assert slots.output[slot].tobytes() == ws.A[-1].tobytes()
    assert slots.Y[slot].tobytes() == ws.Y.tobytes()
    assert slots.C[slot].tobytes() == ws.C.tobytes()


def assert_gauges(runner: Runner, row: int, ws: Workspace) -> None:
    assert runner.slots.squares_of_each[row].tobytes() == ws.slots.squares[0].tobytes()
    for l in range(1, ws.network.L + 1):
        part = ws.slots.stack.part(l, l)
        assert runner.slots.SP_of_each[row][part].tobytes() == ws.SP[l].tobytes(), l


def draw(recipe: Recipe, count: int, m: int, seed: int = 0) -> IntArray:
    """(count, m) samples."""
    return np.random.default_rng(seed).integers(recipe.train.N, size=(count, m), dtype=np.intp)


@np.errstate(all="ignore")
def assert_runs(recipe: Recipe, m: int, count: int, at: int = 0) -> None:
    """Slot by slot, each from the start, and all one after the other, the code gives the bits of the calls."""
    runner, state = runner_of(recipe, m, count)
    indices, initial = draw(recipe, count, m), State.initial(recipe)
    runner.load(indices, at)
    for slot in reversed(range(count)):
        np.copyto(state.block, initial.block)
        runner.run(slot, slot + 1)
        after, ws = carried_out(recipe, initial, indices[slot], at + slot + 1)
        assert state.block.tobytes() == after.block.tobytes(), slot
    np.copyto(state.block, initial.block)
    runner.run(0, count)
    runner.slots.cost(count)
    expected = initial
    for slot in range(count):
        expected, ws = carried_out(recipe, expected, indices[slot], at + slot + 1)
        assert_slot(runner, slot, ws)
        if (at + slot) % runner.period == 0:
            assert_gauges(runner, slot // runner.period, ws)
    assert state.block.tobytes() == expected.block.tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_every_slot_gives_the_bits_of_the_calls(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of all kinds; inputs loaded ahead or by the batch itself, layers folded or not, one tile or several."""
    monkeypatch.setattr(straight, "gauge_period", lambda program: 1 << seed % 3)
    monkeypatch.setattr(workspace, "NEAR", (0, workspace.NEAR)[seed % 2])
    monkeypatch.setattr(workspace, "TILE", (64, workspace.TILE)[seed // 2 % 2])
    monkeypatch.setattr(network, "FOLD", (0, 6, network.FOLD)[seed % 3])
    optimizer, dtype = list(OPTIMIZERS)[seed % 5], ("float64", "float32")[seed // 5 % 2]
    recipe = random_recipe(np.random.default_rng(seed), WIDE, Pinned(optimizer=optimizer, dtype=dtype))
    assert_runs(recipe, m=1 + seed % 7, count=(1, 2, 5, 9)[seed % 4], at=seed)


@pytest.mark.parametrize("dtype", ("float64", "float32"))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: str, dtype: str) -> None:
    pinned = Pinned(
        sizes=(4, 7, 5, 3), activations=(activation,) * 3, cost="mean-squared-error", dtype=dtype, N=9, scale=3.0
    )
    assert_runs(random_recipe(np.random.default_rng(1), WIDE, pinned), m=3, count=4)


def test_equal_slots_run_equally() -> None:
    """The same samples in every slot, from the same state: the same bits, for a rule without a count."""
    recipe = random_recipe(np.random.default_rng(2), WIDE, Pinned(sizes=(3, 20, 9, 2), optimizer="nesterov", N=30))
    runner, state = runner_of(recipe, 5, 33)
    runner.load(np.repeat(draw(recipe, 1, 5), 33, axis=0), 0)
    results = set[bytes]()
    for slot in range(33):
        np.copyto(state.block, State.initial(recipe).block)
        runner.run(slot, slot + 1)
        results.add(state.block.tobytes())
    assert len(results) == 1


@pytest.mark.parametrize("portions", ([7], [1] * 7, [2, 4, 1]))
def test_it_does_not_matter_in_how_many_portions_slots_are_run(portions: Sequence[int]) -> None:
    recipe = random_recipe(np.random.default_rng(3), WIDE, Pinned(optimizer="adam", N=20))
    (whole, one), (parts, other) = runner_of(recipe, 3, 7), runner_of(recipe, 3, 7)
    for runner in (whole, parts):
        runner.load(draw(recipe, 7, 3), 5)
    whole.run(0, 7)
    first = 0
    for portion in portions:
        parts.run(first, first + portion)
        first += portion
    assert one.block.tobytes() == other.block.tobytes()
    assert whole.slots.output.tobytes() == parts.slots.output.tobytes()


def test_a_load_may_be_shorter_or_longer_than_the_one_before() -> None:
    recipe = random_recipe(np.random.default_rng(4), WIDE, Pinned(optimizer="rmsprop", N=20))
    runner, state = runner_of(recipe, 2, 8)
    expected, at = State.initial(recipe), 0
    for count in (3, 1, 8, 5):
        indices = draw(recipe, count, 2, seed=count)
        runner.load(indices, at)
        runner.run(0, count)
        for slot in range(count):
            expected, _ = carried_out(recipe, expected, indices[slot], at + slot + 1)
        at += count
        assert state.block.tobytes() == expected.block.tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_operations_one_by_one_do_what_the_code_does(seed: int) -> None:
    recipe = random_recipe(np.random.default_rng(seed), Bounds(depth=(1, 3)), Pinned(N=12))
    (whole, one), (steps, other) = runner_of(recipe, 4, 3), runner_of(recipe, 4, 3)
    for at in (0, 3, 100):
        for runner in (whole, steps):
            runner.load(draw(recipe, 3, 4, at), at)
        for slot in range(3):
            with np.errstate(all="ignore"):
                whole.run(slot, slot + 1)
                before = other.block.tobytes()
                *operations, update = steps.operations(slot)
                for operation in operations:
                    operation()
                assert other.block.tobytes() == before  # only the update writes to the state
                update()
            assert one.block.tobytes() == other.block.tobytes()
        assert whole.slots.output.tobytes() == steps.slots.output.tobytes()


@pytest.mark.parametrize(("depth", "activation"), ((60, "tanh"), (60, "gelu"), (100, "relu")))
def test_deep_networks(depth: int, activation: str) -> None:
    """Hundreds of calls a batch, all of them bound by name in one function."""
    pinned = Pinned(
        sizes=(3, *(4,) * (depth - 1), 2), activations=(activation,) * depth, cost="squared-error", optimizer="adam",
        N=8, batch=2,
    )  # fmt: skip
    recipe = random_recipe(np.random.default_rng(depth), WIDE, pinned)
    assert len(body(runner_of(recipe, 2, 2)[0], gauged=True)) > 300
    assert_runs(recipe, m=2, count=2)


def test_one_sample_a_batch_and_one_unit_a_layer() -> None:
    assert_runs(sized(5, 1, 1, (1, 1, 1)), m=1, count=5)


def test_a_slot_alone_varies_in_nothing() -> None:
    runner, _ = runner_of(xor(), 2, 1)
    assert runner.source(False).splitlines()[1] == "    for _ in slots:"
