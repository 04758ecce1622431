"""step = run = replay = seek on networks of a size that runs in stretches: wide and narrow layers, ragged batches.

What is right is told by a plain loop over the kernels that carries out every call at once, on buffers of its own; it
knows neither stretches nor keyframes nor generated code. `test_exact` looks at every position of tiny programs; here a
sample of the positions of longer runs is looked at, from all directions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pytest

from tests.debugger.memory import spoil
from tests.debugger.straight import Snapshot, difference, seen
from tests.recipes import WIDE, Pinned, random_recipe
from tuibp.debugger import head as head_module
from tuibp.debugger import timeline as timeline_module
from tuibp.debugger.history import BESIDE, Spill
from tuibp.debugger.position import Clock
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import network as network_module
from tuibp.engine import pace
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.dataset import partition
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

POSITIONS = 100
DTYPES = ("float64", "float32")


@dataclass
class Batch:
    """One batch, carried out whole."""

    program: Program
    ws: Workspace
    spent: tuple[float, int]
    """Cost and samples of its epoch before it."""
    columns: list[tuple[str, ...]] = field(default_factory=list)
    """What each operation of a sample shows."""

    def __post_init__(self) -> None:
        for op in self.program.sample_ops:
            shown = [str(tensor) for tensor in op.writes if tensor.name != "bcost"]
            extra = {"load": ["x"], "bwd1.db": ["dC_da[0]"]}
            self.columns.append((*shown, *extra.get(op.name, ())))

    def column(self, label: str, s: int) -> Array | float:
        """The value of a tensor for sample s."""
        ws, (name, _, rest) = self.ws, label.partition("[")
        l = int(rest[:-1] or 0) if rest else 0
        if label == "dC_da[0]":
            return np.asarray(np.dot(ws.state.params.W[1].T, ws.D[1])[:, s])
        if name == "cost":
            return float(ws.C[s])
        if name == "dW":
            return np.asarray(np.multiply.outer(ws.D[l][:, s], ws.A[l - 1][:, s]))
        jacobian = ws.network.activation(l).jacobian if name == "sp" else None
        if jacobian is not None:
            return jacobian(ws.A[l][:, s])
        tables = {"a": ws.A, "z": ws.Z, "dC_da": ws.dA, "sp": ws.SP, "db": ws.D}
        return np.asarray({"x": ws.A[0], "y": ws.Y}[name][:, s] if name in "xy" else tables[name][l][:, s])

    def shown(self, s: int, done: int, own: int) -> Snapshot:
        """What is to be seen.

        Args:
            s: the sample loaded last; -1 where none is.
            done: operations that it has seen.
            own: operations of the batch behind its samples that have been carried out: 0, 1 or 2.
        """
        ws = self.ws
        state = ws.after if own == 2 else ws.state
        values: dict[str, Array | float] = {"state": state.block}
        for op in self.columns[:done]:
            values |= {label: self.column(label, s) for label in op}
        joined = s + (done == len(self.columns))
        cost = float(np.add.accumulate(ws.C[:joined], dtype=np.float64)[-1]) if joined > 0 else 0.0
        if joined > 0:
            values["bcost"] = cost / joined
        if joined > 0 or self.spent[1]:
            values["ecost"] = (self.spent[0] + cost) / (self.spent[1] + max(0, joined))
        for l in range(1, self.program.L + 1):
            values |= {f"W[{l}]": state.params.W[l], f"b[{l}]": state.params.b[l]}
            if own:
                values |= {f"gW[{l}]": ws.gW[l], f"gb[{l}]": ws.gb[l]}
            if own == 2:
                values[f"uW[{l}]"] = ws.after.params.W[l] - ws.state.params.W[l]
                values[f"ub[{l}]"] = ws.after.params.b[l] - ws.state.params.b[l]
        return {label: np.asarray(value).tobytes() for label, value in values.items()}


def batches(recipe: Recipe) -> Iterator[Batch]:
    """All batches, one after the other."""
    program, plan, N = Program(recipe), recipe.plan, recipe.train.N
    before, count = State.initial(recipe), 0
    for epoch in range(plan.epochs):
        order, spent = partition(plan.seed, epoch, N, plan.shuffle), (0.0, 0)
        for first in range(0, N, plan.batch):
            count, after = count + 1, State.empty(recipe)
            m = min(plan.batch, N - first)
            ws = Workspace(Slots(recipe, m), 0, before, after)
            ws.begin(order[first : first + m], count)
            for op in program.batch_ops:
                if op.kind.kernel is not None:
                    op.kind.kernel(now, ws, op.layer)
            yield Batch(program, ws, spent)
            spent = spent[0] + float(np.add.accumulate(ws.C, dtype=np.float64)[-1]), spent[1] + m
            before = after


@np.errstate(all="ignore")
def truth(recipe: Recipe, wanted: Sequence[int]) -> dict[int, Snapshot]:
    """What is to be seen at some positions."""
    clock = Clock(Program(recipe))
    by_batch: dict[int, list[int]] = {}
    for t in wanted:
        by_batch.setdefault(clock.begun(t)[0], []).append(t)
    result: dict[int, Snapshot] = {}
    for number, batch in enumerate(batches(recipe)):
        if number == 0:
            start = batch.shown(-1, 0, 0)
            result |= dict.fromkeys(by_batch.get(-1, ()), start)
        last, whole = batch.ws.m - 1, len(batch.columns)
        for t in by_batch.get(number, ()):
            place = clock.at(t)
            if place.sample is not None:
                ahead = place.index == 0
                s, done = (place.sample - 1, whole) if ahead else (place.sample, place.index)
                result[t] = batch.shown(s, done if s >= 0 else 0, 0)
            else:
                name = "" if place.op is None else place.op.name
                result[t] = batch.shown(last, whole, {"grad": 0, "update": 1}.get(name, 2))
    return result


class Memory:
    """A spill that keeps its frames in a dict, and loses one now and then."""

    def __init__(self, frames: int, lost: int = 0) -> None:
        self.frames = frames
        self.lost = lost
        self.slots: dict[int, bytes] = {}
        self.written = 0

    def capacity(self, frame_bytes: int) -> int:
        return self.frames

    def write(self, slot: int, block: Array) -> bool:
        self.slots.pop(slot, None)
        self.written += 1
        if self.lost and self.written % self.lost == 0:
            return False
        self.slots[slot] = block.tobytes()
        return True

    def read(self, slot: int, out: Array) -> bool:
        found = self.slots.get(slot)
        if found is None:
            return False
        out[...] = np.frombuffer(found, out.dtype).reshape(out.shape)
        return True


@contextmanager
def small(seed: int, stride: int = 1) -> Iterator[None]:
    """Runs in stretches of 1 to 16 batches, 1 to 3 records, gauges of one batch in 1 to 4; a layer of 9 is wide."""
    period = (1, 2, 4)[seed % 3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_module, "FOLD", 8)
        patch.setattr(pace, "MOST", (1, 4, 16, 2)[seed % 4])
        patch.setattr(pace, "RARELY", period)
        patch.setattr(head_module, "first_stride", lambda program: stride)
        patch.setattr(timeline_module, "RECORDS", 1 + seed % 3)
        patch.setattr(timeline_module, "RECORD_BYTES", (0, 10**6)[seed % 2])
        if seed % 4 < 2:
            spoil(patch)
        if seed % 5 == 4:
            patch.setattr(head_module, "LONG", 0)
            patch.setattr(timeline_module, "LONG", 0)
        yield


def timeline_of(recipe: Recipe, frames: int, spill: Spill | None = None) -> Timeline:
    return Timeline(recipe, frames * (State.empty(recipe).block.nbytes + BESIDE), spill)


def walk(total: int, count: int, rng: random.Random) -> list[int]:
    """Positions to go to: anywhere, or a little on or back."""
    places = [total]
    while len(places) < count:
        near = places[-1] + rng.choice((-1, 1)) * rng.choice((1, 1, 2, 40, 300))
        places.append(min(total, max(0, near)) if rng.random() < 0.5 else rng.randrange(total + 1))
    return places


def check(timeline: Timeline, places: Sequence[int], want: dict[int, Snapshot], rng: random.Random) -> None:
    """Go everywhere, with journeys that are broken off in between."""
    for t in places:
        if rng.random() < 0.2:
            list(islice(timeline.travel(rng.randrange(timeline.clock.total + 1)), rng.randrange(rng.choice((6, 120)))))
        got = seen(View(timeline, t))
        assert got == want[t], (t, timeline.clock.at(t).name, difference(got, want[t]))


CASES = [(name, dtype) for name in OPTIMIZERS for dtype in DTYPES]


@pytest.mark.parametrize(("optimizer", "dtype"), CASES)
def test_every_route_leads_to_the_numbers_of_the_plain_loop(optimizer: str, dtype: str) -> None:
    seed = CASES.index((optimizer, dtype))
    rng = random.Random(seed)
    pinned = Pinned(sizes=(5, 30, 8, 11, 3), optimizer=optimizer, dtype=dtype, N=23, batch=4, epochs=20)
    with small(seed):
        recipe = random_recipe(np.random.default_rng(seed), WIDE, pinned)
        places = walk(Clock(Program(recipe)).total, POSITIONS, rng)
        want = truth(recipe, places)
        timeline, spilling = timeline_of(recipe, 9), timeline_of(recipe, 3, Memory(8, lost=3 * (seed % 2)))
        check(timeline, places, want, rng)
        check(spilling, rng.sample(places, POSITIONS // 4), want, rng)
        assert timeline.keyframes.stride >= 8
        assert len(timeline.keyframes) <= 9


@pytest.mark.parametrize("dtype", DTYPES)
def test_layers_that_are_wide_without_being_made_so(dtype: str) -> None:
    pinned = Pinned(sizes=(7, 300, 20, 4), optimizer="adam", dtype=dtype, N=37, batch=5, epochs=4, train_biases=False)
    recipe, rng = random_recipe(np.random.default_rng(5), WIDE, pinned), random.Random(5)
    assert set(recipe.network.layout.folded[1:]) == {True, False}
    places = walk(Clock(Program(recipe)).total, 30, rng)
    check(timeline_of(recipe, 4), places, truth(recipe, places), rng)


EDGES = {
    "a batch larger than the data": Pinned(N=3, batch=16, epochs=9),
    "batches of one": Pinned(N=7, batch=1, epochs=6),
    "one sample": Pinned(N=1, batch=1, epochs=30),
    "one epoch": Pinned(N=50, batch=4, epochs=1),
    "no shuffle": Pinned(N=23, batch=5, epochs=6, shuffle=False),
    "one batch an epoch": Pinned(N=9, batch=9, epochs=20),
    "a last batch of one": Pinned(N=9, batch=4, epochs=9),
    "softmax": Pinned(N=23, batch=4, epochs=6, output="softmax", cost="squared-error"),
    "fused softmax": Pinned(N=23, batch=4, epochs=6, output="softmax", cost="cross-entropy"),
    "fused sigmoid": Pinned(N=23, batch=4, epochs=6, output="sigmoid", cost="binary-cross-entropy"),
    "an explosion": Pinned(N=23, batch=4, epochs=6, lr=1e30),
}


@pytest.mark.parametrize("seed", (0, 3, 4, 5))
@pytest.mark.parametrize("edge", EDGES)
def test_edges(edge: str, seed: int) -> None:
    rng = random.Random(seed)
    with small(seed):
        recipe = random_recipe(np.random.default_rng(seed), WIDE, EDGES[edge])
        places = walk(Clock(Program(recipe)).total, 15, rng)
        check(timeline_of(recipe, 3), places, truth(recipe, places), rng)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: str, dtype: str) -> None:
    pinned = Pinned(
        sizes=(3, 12, 5, 5, 2), activations=(activation,) * 4, cost="half-squared-error", dtype=dtype, N=9, batch=4,
        epochs=8, scale=2.0,
    )  # fmt: skip
    rng = random.Random(activation)
    with small(len(activation)):
        recipe = random_recipe(np.random.default_rng(7), WIDE, pinned)
        places = walk(Clock(Program(recipe)).total, 15, rng)
        check(timeline_of(recipe, 3), places, truth(recipe, places), rng)
