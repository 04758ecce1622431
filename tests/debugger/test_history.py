"""Keyframes keep to their budget, and what the logs say is the run's, whatever the route."""

from __future__ import annotations

import random
from functools import partial
from itertools import count, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tuibp.debugger.timeline as timeline_module
from tests.debugger.interrupted import broken_off
from tests.recipes import Bounds, Pinned, random_recipe, sized
from tuibp.debugger.flight_log import BatchRow
from tuibp.debugger.history import BESIDE, Keyframes
from tuibp.debugger.timeline import RECORDS, Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.dataset import dataset
from tuibp.engine.recipe import Recipe


def block(batch: int) -> Array:
    """A state that says of which batch it is."""
    return np.full((1, 4), float(batch))


def spent(batch: int) -> tuple[float, int, int]:
    """What its epoch has spent does so, too."""
    return batch / 2, 3 * batch, -batch


class Memory:
    """A spill that may be full or fail."""

    def __init__(self, slots: int, broken: tuple[float, float] = (0.0, 0.0), seed: int = 0) -> None:
        self.slots, self.broken = slots, broken
        self.rng = random.Random(seed)
        self.blocks: dict[int, Array] = {}

    def capacity(self, frame_bytes: int) -> int:
        assert frame_bytes == block(0).nbytes
        return self.slots

    def write(self, slot: int, block: Array) -> bool:
        assert 0 <= slot < self.slots
        if self.rng.random() < self.broken[0]:
            self.blocks[slot] = np.full_like(block, -1)
            return False
        self.blocks[slot] = block.copy()
        return True

    def read(self, slot: int, out: Array) -> bool:
        if self.rng.random() < self.broken[1]:
            out[...] = -1
            return False
        out[...] = self.blocks[slot]
        return True


def pool(frames: int, spill: Memory | None = None, stride: int = 1) -> Keyframes:
    """Keyframes with room for so many in memory."""
    return Keyframes(block(0), frames * (block(0).nbytes + BESIDE), stride, spill)


def offer(keyframes: Keyframes, batch: int) -> None:
    keyframes.offer(batch, block(batch), spent(batch))


def found(keyframes: Keyframes, batch: int) -> int:
    """The batch of the nearest frame, which is whole."""
    at, frame, before = keyframes.nearest(batch)
    assert at <= batch
    assert at % keyframes.stride == 0
    assert frame.tolist() == block(at).tolist()
    assert before == spent(at)
    assert [type(part) for part in before] == [float, int, int]
    return at


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("slots", [None, 0, 1, 5, 40])
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4, 5, 7, 8, 9, 64])
def test_the_budget_is_kept_and_strides_double(frames: int, slots: int | None, stride: int) -> None:
    keyframes = pool(frames, None if slots is None else Memory(slots), stride)
    room = max(2, frames)
    assert keyframes.capacity == room + (slots or 0)
    strides = {keyframes.stride}
    due = keyframes.next_due(0)
    for batch in range(1, 1500):
        assert due >= batch
        if batch == due:
            offer(keyframes, batch)
            due = keyframes.next_due(batch)
        strides.add(keyframes.stride)
        assert len(keyframes) <= keyframes.capacity
        assert keyframes.bytes <= room * (block(0).nbytes + BESIDE)
        # Never more than two strides away, and never fewer frames than a pool of half the size would hold.
        assert batch - found(keyframes, batch) < 2 * keyframes.stride
        assert len(keyframes) >= keyframes.capacity // 2 or batch < keyframes.capacity * stride
    assert strides == {stride * 2**k for k in range(len(strides))}
    for batch in range(1600):
        found(keyframes, batch)


@pytest.mark.parametrize("at", [0, 1, 7, 8, 9, 10**15])
def test_what_is_due_next(at: int) -> None:
    keyframes = pool(4, stride=8)
    assert keyframes.next_due(at) == next(batch for batch in range(at + 1, at + 9) if batch % 8 == 0)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 9), st.integers(0, 6), st.lists(st.integers(0, 400), max_size=60))
def test_frames_offered_in_any_order(capacity: int, slots: int, journeys: list[int]) -> None:
    """Runs that start at a frame and end anywhere, as a timeline's do."""
    keyframes = pool(capacity, Memory(slots))
    furthest = 0
    for target in journeys:
        for batch in range(found(keyframes, target) + 1, target + 1):
            offer(keyframes, batch)
        furthest = max(furthest, target)
        assert len(keyframes) <= keyframes.capacity
        # Everything up to the furthest place stays covered.
        assert all(batch - found(keyframes, batch) < 2 * keyframes.stride for batch in range(furthest + 1))


@settings(max_examples=150, deadline=None)
@given(
    st.integers(2, 9), st.integers(0, 9), st.lists(st.integers(0, 4000), max_size=60), st.tuples(*[st.floats(0, 1)] * 2)
)
def test_frames_with_holes_and_a_spill_that_fails(
    capacity: int, slots: int, batches: list[int], broken: tuple[float, float]
) -> None:
    """Whatever is found is a frame that was offered and is whole; without losses it is the last one at or before."""
    keyframes = pool(capacity, Memory(slots, broken, seed=len(batches)))
    offered = {0}
    for batch in batches:
        offer(keyframes, batch)
        offered.add(batch)
        assert len(keyframes) <= keyframes.capacity
        lost = slots and max(broken)
        for target in (*batches, batch - 1, batch + 1, 10**15):
            if target >= 0:
                at = found(keyframes, target)
                assert at in offered
                best = max(one for one in offered if one <= target and one % keyframes.stride == 0)
                assert at == best or lost or best // keyframes.stride >= keyframes.capacity or at < best < batch


def test_a_disk_that_is_full_costs_no_more_than_its_frames() -> None:
    """A spill that never takes anything: as if there were none."""
    plain, full = pool(8), pool(8, Memory(100, (1.0, 0.0)))
    for batch in range(1, 500):
        offer(plain, batch)
        offer(full, batch)
        assert (full.stride, len(full)) == (plain.stride, len(plain))
        assert found(full, batch) == found(plain, batch)


def test_a_frame_is_a_copy() -> None:
    state = block(0)
    keyframes = Keyframes(state)
    for batch, value in ((1, 9.0), (1, 8.0)):
        state[...] = value
        keyframes.offer(batch, state, spent(batch))
    assert [float(keyframes.nearest(batch)[1][0, 0]) for batch in (0, 1, 50)] == [0.0, 9.0, 9.0]


def test_the_nearest_frame_of_a_far_batch_is_found_at_once() -> None:
    """A seek to the end of a long run must not count down to the start before its first yield."""
    keyframes = Keyframes(block(0))
    offer(keyframes, 1)
    assert keyframes.nearest(10**15)[0] == 1


@pytest.mark.parametrize("slots", [None, 3])
@pytest.mark.parametrize("before", range(1, 18))
def test_an_interrupt_anywhere_leaves_whole_frames(before: int, slots: int | None) -> None:
    """An offer broken off at every bytecode: a frame is there whole or not at all, and the others are as they were."""
    for after in count():
        keyframes = pool(4, None if slots is None else Memory(slots))
        for batch in range(before):
            offer(keyframes, batch)
        struck = broken_off("debugger/history.py", partial(offer, keyframes, before), after)
        for batch in range(before + 1):
            assert found(keyframes, batch) in range(batch - 2 * keyframes.stride + 1, batch + 1)
        for batch in range(before, before + 20):
            offer(keyframes, batch)
            assert all(one - found(keyframes, one) < 2 * keyframes.stride for one in range(batch + 1))
        if not struck:
            break
    assert after >= 10


def test_an_interrupt_while_a_frame_is_looked_for_changes_nothing() -> None:
    keyframes = pool(3, Memory(4))
    for batch in range(7):
        offer(keyframes, batch)
    for after in count():
        if not broken_off("debugger/history.py", lambda: keyframes.nearest(6), after):
            break
        assert [found(keyframes, batch) for batch in range(8)] == [0, 1, 2, 3, 4, 5, 6, 6]
    assert after > 20


def labelled(seed: int) -> Recipe:
    """A small classifier, of which the log counts the right answers."""
    bounds = Bounds(depth=(2, 2), width=(2, 5), N=(5, 8), batch=(1, 3), epochs=(3, 3))
    return random_recipe(np.random.default_rng(seed), bounds, Pinned("squared-error", output="sigmoid", lr=0.5))


def rows(timeline: Timeline) -> tuple[list[str], list[str]]:
    """Every row of both logs, to the last bit."""
    batches = [_text(timeline.log.at(batch)) for batch in range(timeline.log.filled)]
    return batches, [repr(timeline.epochs.row(epoch)) for epoch in range(timeline.epochs.filled)]


def _text(row: BatchRow) -> str:
    parts = [row.grad, row.ratio, row.dead, row.saturated]
    return repr((row.first, row.count, row.cost, row.samples, row.correct, [part.tolist() for part in parts]))


@pytest.mark.parametrize("seed", range(10))
def test_the_log_does_not_depend_on_the_route(seed: int) -> None:
    recipe, rng = labelled(seed), random.Random(seed)
    straight = Timeline(recipe)
    straight.record(straight.clock.total)
    batches, epochs = rows(straight)
    assert (len(batches), len(epochs)) == (straight.batches, straight.program.epochs)
    wandering = Timeline(recipe, budget=0)
    furthest = 0
    for _ in range(40):
        t = rng.randrange(wandering.clock.total + 1)
        list(islice(wandering.travel(t), rng.randrange(3)))
        if rng.random() < 0.7:
            View(wandering, t)
            furthest = max(furthest, wandering.owner(t))
        assert wandering.log.filled >= furthest
        assert wandering.epochs.filled == wandering.log.filled // wandering.program.K
        assert rows(wandering) == (batches[: wandering.log.filled], epochs[: wandering.epochs.filled])


def test_right_answers_are_counted() -> None:
    recipe = sized(6, 4, 1, (2, 3, 2))
    hot = np.eye(2)[[0, 1, 1, 0, 1, 0]]
    data = dataset(recipe.train.x, hot)
    timeline = Timeline(Recipe("labels", recipe.network, recipe.initial, data, recipe.plan))
    timeline.record(timeline.clock.total)
    correct = 0
    for batch in range(2):
        done = timeline.clock.batch_start(0, batch + 1) - 1
        for s in range(timeline.program.batch_size(batch)):
            a, y = View(timeline, done, s).get("a", 2), View(timeline, done, s).get("y")
            assert a is not None
            assert y is not None
            correct += int(max(range(2), key=lambda i: a[i]) == y.tolist().index(1.0))
    assert sum(timeline.log.at(batch).correct for batch in range(2)) == correct
    assert (timeline.epochs.row(0).samples, timeline.epochs.row(0).correct) == (6, correct)
    free = Timeline(sized(3, 2, 1))
    free.record(free.clock.total)
    assert free.judge is None
    assert (free.log.at(1).correct, free.epochs.row(0).correct) == (-1, -2)


def test_few_records_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_module, "RECORD_BYTES", 0)
    timeline = Timeline(sized(8, 1, 2))
    for t in range(0, timeline.clock.total, 7):
        timeline.record(t)
    assert len(timeline._records) <= RECORDS


def test_the_batch_border_is_crossed_without_computing() -> None:
    """Records keep whole batches: back and forth over a border hands out the very same arrays."""
    timeline = Timeline(sized(4, 2, 2))
    border = timeline.clock.batch_start(1, 1)
    first, second = View(timeline, border), View(timeline, border + 2)
    for _ in range(3):
        assert View(timeline, border).record is first.record
        assert View(timeline, border + 2).record is second.record
