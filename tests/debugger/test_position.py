"""The closed-form clock against the program written out line by line."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.debugger.conftest import MakeClock
from tests.debugger.listing import SIZES, listing
from tests.recipes import sized
from tuibp.debugger.location import parse_position
from tuibp.debugger.position import Clock
from tuibp.engine.dataset import Dataset
from tuibp.engine.operations import OPERATIONS, Level
from tuibp.engine.program import Program

Size = tuple[int, int, int, int]


def clock_of(L: int, N: int, batch: int, epochs: int) -> Clock:
    """A clock over data of any size that take no memory."""
    small = sized(1, 1, 1, (1,) * (L + 1))
    data = Dataset(np.broadcast_to(0.0, (N, 1)), np.broadcast_to(0.0, (N, 1)), ("x",), ())
    return Clock(Program(replace(small, train=data, plan=small.plan._replace(batch=batch, epochs=epochs))))


@pytest.mark.parametrize("size", SIZES)
def test_every_position_decodes(size: Size, make_clock: MakeClock) -> None:
    L, N, batch, epochs = size
    clock, lines = make_clock(*size), listing(*size)
    K = -(-N // batch)
    assert clock.total == len(lines) == epochs * (N * (6 * L + 3) + 3 * K + 2)
    for t, line in enumerate(lines):
        place = clock.at(t)
        assert (place.t, place.epoch, place.batch, place.sample) == (t, line.epoch, line.batch, line.sample)
        assert (place.name, place.level) == (line.name, line.level)
        assert place.op is not None
        assert place.op.name == line.op
        assert place.op.kind is OPERATIONS[line.op.split(".")[-1]]
        assert parse_position(line.name, clock, (7 * t) % clock.total) == t
    end = clock.at(clock.total)
    assert (end.t, end.epoch, end.op, end.name, end.level) == (len(lines), epochs, None, "end", Level.RUN)
    assert clock.at(clock.total + 5) == end


@pytest.mark.parametrize("size", SIZES)
def test_starts_of_frames(size: Size, make_clock: MakeClock) -> None:
    clock, names = make_clock(*size), [line.name for line in listing(*size)]
    program = clock.program
    for e in range(program.epochs):
        assert clock.epoch_start(e) == names.index(f"e{e}.shuffle")
        for b in range(program.K):
            assert clock.batch_start(e, b) == names.index(f"e{e}.b{b}.begin")
            for s in range(program.batch_size(b)):
                assert clock.sample_start(e, b, s) == names.index(f"e{e}.b{b}.s{s}.load")
            assert clock.sample_start(e, b, program.batch_size(b)) == names.index(f"e{e}.b{b}.grad")
        assert clock.batch_start(e, program.K) == names.index(f"e{e}.end")
    assert clock.epoch_start(program.epochs) == clock.total


@pytest.mark.parametrize("size", SIZES)
def test_rank_and_select(size: Size, make_clock: MakeClock) -> None:
    clock = make_clock(*size)
    levels = [line.level for line in listing(*size)]
    for level in Level:
        bounds = [t for t, own in enumerate(levels) if own >= level]
        before = 0
        for t in range(clock.total + 1):
            assert clock.rank(t, level) == before
            before += t < clock.total and levels[t] >= level
        for rank, t in enumerate([*bounds, clock.total, clock.total]):
            assert clock.select(rank, level) == t
        assert clock.select(-1, level) == clock.select(-5, level) == 0


@pytest.mark.parametrize("size", [size for size in SIZES if size[3] < 3])
def test_move(size: Size, make_clock: MakeClock) -> None:
    clock = make_clock(*size)
    total = clock.total
    levels = [*(line.level for line in listing(*size)), Level.RUN]
    for level in Level:
        bounds = [t for t, own in enumerate(levels) if own >= level]
        index = 0
        for t in range(total + 1):
            here = levels[t] >= level
            for count in (1, 2, 3, 7, 10**9):
                after = index + here + count - 1
                assert clock.move(t, +1, level, count) == (bounds[after] if after < len(bounds) else total)
                assert clock.move(t, -1, level, count) == (bounds[index - count] if index >= count else 0)
            index += here


@pytest.mark.parametrize("size", SIZES)
def test_reverse_undoes_forward_on_boundaries(size: Size, make_clock: MakeClock) -> None:
    clock = make_clock(*size)
    for level in Level:
        bounds = [t for t in range(clock.total + 1) if clock.at(t).level >= level]
        for t in bounds:
            if t < clock.total:
                assert clock.move(clock.move(t, +1, level), -1, level) == (t if t > 0 or t in bounds else 0)
            if t > bounds[0]:
                assert clock.move(clock.move(t, -1, level), +1, level) == t


@pytest.mark.parametrize("size", SIZES)
def test_batches_end_where_the_line_behind_their_update_begins(size: Size, make_clock: MakeClock) -> None:
    clock = make_clock(*size)
    names = [clock.at(t).name for t in range(clock.total)]
    ends = [t + 1 for t, name in enumerate(names) if name.endswith(".update")]
    for t in range(clock.total + 1):
        ahead, behind = [end for end in ends if end > t], [end for end in ends if end < t]
        for count in (1, 2, 3, 1000):
            wanted = ahead[count - 1] if count <= len(ahead) else clock.total
            assert clock.move_batches(t, +1, count) == parse_position(f"+{count}b", clock, t) == wanted
            wanted = behind[-count] if count <= len(behind) else 0
            assert clock.move_batches(t, -1, count) == parse_position(f"-{count}b", clock, t) == wanted


@pytest.mark.parametrize("size", SIZES)
def test_frames(size: Size, make_clock: MakeClock) -> None:
    clock, lines = make_clock(*size), listing(*size)
    spans: dict[tuple[Level, tuple[int, ...]], list[int]] = {}
    for t, line in enumerate(lines):
        for level, key in line.inside.items():
            spans.setdefault((level, key), []).append(t)
    for t, line in enumerate(lines):
        frames = clock.frames(t)
        assert [frame.level for frame in frames] == sorted(line.inside)
        for frame in frames:
            held = spans[frame.level, line.inside[frame.level]]
            # A frame is one stretch: it contains t, and its stop is the first later position outside of it.
            assert list(range(frame.start, frame.stop)) == held
        for inner, outer in pairwise(frames):
            assert outer.start <= inner.start < inner.stop <= outer.stop
    assert [frame.level for frame in clock.frames(clock.total)] == [Level.RUN]


def test_labels_of_frames(make_clock: MakeClock) -> None:
    clock = make_clock(2, 5, 2, 2)
    t = parse_position("e1.b2.s0.bwd2.sp", clock)
    assert [f.label for f in clock.frames(t)] == ["bwd 2", "bwd pass", "sample 0", "batch 2", "epoch 1", "run"]


def test_an_operation_lies_no_deeper_than_its_frame_opens() -> None:
    """The boundary before an operation lies inside its frame, unless it is the first one in that frame."""
    opening = {"shuffle", "begin", "load"}
    for row in OPERATIONS.values():
        assert row.name in opening or row.level < row.frame or row.frame is Level.LAYER or row.name == "end"
        assert row.opens is None or row.opens > row.level


def test_the_run_of_the_design_page() -> None:
    """[784, 30, 10], batches of 10, 30 epochs of 50,000: 22,950,060 positions."""
    assert clock_of(2, 50_000, 10, 30).total == 22_950_060


HUGE = clock_of(3, 10**9, 7, 10**6)
"""More than 10^16 positions."""


@settings(max_examples=300, deadline=None)
@given(st.integers(0, HUGE.total), st.integers(0, HUGE.total), st.sampled_from(Level), st.integers(1, 10**15))
def test_a_huge_program_is_arithmetic(t: int, other: int, level: Level, count: int) -> None:
    clock = HUGE
    place = clock.at(t)
    assert parse_position(place.name, clock, other) == t
    forward = clock.move(t, +1, level, count)
    back = clock.move(t, -1, level, count)
    assert back <= t <= forward
    assert forward == clock.total or clock.at(forward).level >= level
    assert back == 0 or clock.at(back).level >= level
    if forward < clock.total:
        assert clock.rank(forward, level) - clock.rank(t + 1, level) == count - 1
    if place.level >= level and forward < clock.total:
        assert clock.move(forward, -1, level, count) == t
    for frame in clock.frames(t):
        assert frame.start <= t < frame.stop or t == clock.total


@settings(max_examples=200, deadline=None)
@given(st.integers(0, HUGE.total), st.sampled_from(Level))
def test_select_inverts_rank_in_a_huge_program(t: int, level: Level) -> None:
    boundary = HUGE.move(t, -1, level)
    if boundary > 0:
        assert HUGE.select(HUGE.rank(boundary, level), level) == boundary
        assert boundary < t
        assert HUGE.move(boundary, +1, level) >= t


def test_a_batch_larger_than_the_data_is_the_data() -> None:
    recipe = sized(3, 3, 1)
    program = Program(replace(recipe, plan=recipe.plan._replace(batch=99)))
    assert (program.m, program.K, program.batch_size(0)) == (3, 1, 3)
