"""Keyframes keep to their budget and the flight log is the run's, whatever the route."""

from __future__ import annotations

import random
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes import Bounds, Pinned, random_recipe, sized
from tuibp.debugger.history import FlightLog, Keyframes
from tuibp.debugger.timeline import RECORDS, Timeline
from tuibp.debugger.view import View
from tuibp.engine.dataset import dataset
from tuibp.engine.recipe import Recipe


def block(batch: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A state that says of which batch it is."""
    return np.full((1, 4), float(batch))


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4, 5, 7, 8, 9, 64])
def test_the_budget_is_kept_and_strides_double(frames: int) -> None:
    keyframes = Keyframes(block(0), budget=frames * block(0).nbytes)
    assert keyframes.capacity == max(2, frames)
    strides = {keyframes.stride}
    for batch in range(1, 1500):
        keyframes.offer(batch, block(batch))
        strides.add(keyframes.stride)
        assert len(keyframes) <= keyframes.capacity
        # Never more than two strides away, and never fewer frames than a pool of half the size would hold.
        at, _ = keyframes.nearest(batch)
        assert batch - at < 2 * keyframes.stride
        assert len(keyframes) >= keyframes.capacity // 2 or batch < keyframes.capacity
    assert strides == {2**k for k in range(len(strides))}
    for batch in range(1600):
        at, frame = keyframes.nearest(batch)
        assert at <= batch
        assert at % keyframes.stride == 0
        assert frame[0, 0] == at


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 9), st.lists(st.integers(0, 400), max_size=60))
def test_frames_offered_in_any_order(capacity: int, journeys: list[int]) -> None:
    """Runs that start at a frame and end anywhere, as a timeline's do."""
    keyframes = Keyframes(block(0), budget=capacity * block(0).nbytes)
    furthest = 0
    for target in journeys:
        at, frame = keyframes.nearest(target)
        assert at <= target
        assert frame[0, 0] == at
        for batch in range(at + 1, target + 1):
            keyframes.offer(batch, block(batch))
        furthest = max(furthest, target)
        assert len(keyframes) <= keyframes.capacity
        # Everything up to the furthest place stays covered.
        assert all(batch - keyframes.nearest(batch)[0] < 2 * keyframes.stride for batch in range(furthest + 1))


def test_a_frame_is_a_copy() -> None:
    state = block(0)
    keyframes = Keyframes(state)
    state[...] = 9.0
    keyframes.offer(1, state)
    state[...] = 8.0
    keyframes.offer(1, state)
    assert [float(keyframes.nearest(batch)[1][0, 0]) for batch in (0, 1, 50)] == [0.0, 9.0, 9.0]


def test_the_nearest_frame_of_a_far_batch_is_found_at_once() -> None:
    """A seek to the end of a long run must not count down to the start before its first yield."""
    keyframes = Keyframes(block(0))
    keyframes.offer(1, block(1))
    assert keyframes.nearest(10**15)[0] == 1


def test_rows_of_the_log() -> None:
    log = FlightLog()
    for batch in range(3000):
        log.write(batch, float(batch), 2, batch % 3)
    log.write(17, -1.0, 9, 9)
    assert log.filled == 3000
    assert log.sums(10, 20) == (145.0, 20, sum(batch % 3 for batch in range(10, 20)))
    assert log.sums(17, 17) == (0.0, 0, 0)
    np.testing.assert_array_equal(log.mean_costs(), np.arange(3000) / 2)


def labelled(seed: int) -> Recipe:
    """A small classifier, of which the log counts the right answers."""
    bounds = Bounds(depth=(2, 2), width=(2, 5), N=(5, 8), batch=(1, 3), epochs=(3, 3))
    return random_recipe(np.random.default_rng(seed), bounds, Pinned("squared-error", output="sigmoid", lr=0.5))


def rows(timeline: Timeline) -> list[tuple[float, int, int]]:
    return [timeline.log.sums(batch, batch + 1) for batch in range(timeline.log.filled)]


@pytest.mark.parametrize("seed", range(10))
def test_the_log_does_not_depend_on_the_route(seed: int) -> None:
    recipe, rng = labelled(seed), random.Random(seed)
    straight = Timeline(recipe)
    straight.record(straight.clock.total)
    whole = rows(straight)
    assert len(whole) == straight.batches
    wandering = Timeline(recipe, budget=0)
    furthest = 0
    for _ in range(40):
        t = rng.randrange(wandering.clock.total + 1)
        list(islice(wandering.travel(t), rng.randrange(3)))
        if rng.random() < 0.7:
            View(wandering, t)
            furthest = max(furthest, wandering.owner(t))
        assert wandering.log.filled >= furthest
        assert rows(wandering) == whole[: wandering.log.filled]


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
    assert timeline.log.sums(0, 2)[1:] == (6, correct)
    free = Timeline(sized(3, 2, 1))
    free.record(free.clock.total)
    assert free.judge is not None or free.log.sums(0, 2)[2] == -2


def test_few_records_are_kept() -> None:
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
