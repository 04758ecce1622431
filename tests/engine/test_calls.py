"""What is noted down on a tape and carried out later gives the bits of what is carried out at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pytest

from tuibp.engine.activations import ACTIVATIONS, Activation
from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do, Shared, Tape, now
from tuibp.engine.costs import COSTS, FUSED
from tuibp.engine.optimizers import OPTIMIZERS, Optimizer

Float: TypeAlias = type[np.floating[Any]]
Emit: TypeAlias = Callable[[Do, list[Array]], None]
"""emit(do, arrays): the calls of one function of a table, which reads and writes some of five equal arrays."""

both_dtypes = pytest.mark.parametrize("dtype", (np.float64, np.float32), ids=lambda dtype: dtype.__name__)


def emit(function: Callable[..., None], inputs: int, do: Do, arrays: list[Array]) -> None:
    """function(do, input, ..., out), the last array being out."""
    function(do, *arrays[:inputs], arrays[-1])


def back(row: Activation) -> Callable[..., None]:
    """What carries a gradient back through the activation."""
    function = row.derivative or row.pullback
    assert function is not None
    return function


def emit_step(row: Optimizer, do: Do, arrays: list[Array]) -> None:
    params, grad, scratch, *slots = (array.reshape(-1) for array in arrays)
    rates = row.schedule(0.05, row.defaults, 7)
    row.step(do, params, grad, tuple(slots[: len(row.slots)]), scratch, 0.05, row.defaults, rates)


EMITTED: dict[str, Emit] = {
    **{f"{row.name} forward": partial(emit, row.forward, 1) for row in ACTIVATIONS.values()},
    **{f"{row.name} back": partial(emit, back(row), 2) for row in ACTIVATIONS.values()},
    **{f"{row.name} gradient": partial(emit, row.gradient, 2) for row in COSTS.values()},
    **{f"{row.cost} delta": partial(emit, row.delta, 2) for row in FUSED.values()},
    **{f"{row.name} step": partial(emit_step, row) for row in OPTIMIZERS.values()},
}
everything = pytest.mark.parametrize("emit", EMITTED.values(), ids=EMITTED)


def numbers(shape: tuple[int, int], dtype: Float, seed: int) -> list[Array]:
    """Five arrays with zeros, ones, NaN, infinite, denormal and huge numbers among ordinary ones."""
    rng, info = np.random.default_rng(seed), np.finfo(dtype)
    positive: list[float] = [
        0.0,
        1.0,
        np.inf,
        *map(float, (info.max, info.tiny, info.smallest_subnormal)),
        40.0,
        1000.0,
    ]
    special = np.array([*positive, *(-x for x in positive), np.nan], dtype)
    ordinary = rng.normal(size=(5, *shape)).astype(dtype)
    return list(np.where(rng.random(ordinary.shape) < 0.3, rng.choice(special, ordinary.shape), ordinary))


def carry_out(tape: Tape, shared: Shared) -> None:
    """All calls, after whatever scratch holds has been made useless."""
    for buffer in shared.buffers.values():
        buffer.fill(1 if buffer.dtype == np.bool_ else np.nan)
    for call in tape.calls:
        call()


@everything
@both_dtypes
def test_a_tape_gives_the_bits_of_now(emit: Emit, dtype: Float) -> None:
    for seed, shape in enumerate([(1, 1), (1, 7), (5, 1), (3, 10), (13, 17), (40, 6)]):
        buffers, shared = numbers(shape, dtype, 99), Shared(np.dtype(dtype))
        tape = Tape(shared)
        emit(tape, buffers)
        for again in range(2):
            arrays = numbers(shape, dtype, 10 * seed + again)
            for buffer, array in zip(buffers, arrays, strict=True):
                np.copyto(buffer, array)
            with np.errstate(all="ignore"):
                emit(now, arrays)
                carry_out(tape, shared)
            for buffer, array in zip(buffers, arrays, strict=True):
                assert buffer.tobytes() == array.tobytes(), (shape, again)


@everything
@both_dtypes
def test_a_tape_allocates_no_array(emit: Emit, dtype: Float) -> None:
    buffers, shared = numbers((400, 200), dtype, 1), Shared(np.dtype(dtype))
    tape = Tape(shared)
    emit(tape, buffers)
    with np.errstate(all="ignore"):
        carry_out(tape, shared)
        tracemalloc.start()
        try:
            carry_out(tape, shared)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # NumPy's own buffer, where it stretches a row over a matrix, must not hide a mask, which has one byte each.
    most = np.getbufsize() * buffers[0].itemsize + 4096
    assert peak < most < buffers[0].size


@everything
def test_noting_down_writes_nothing(emit: Emit) -> None:
    buffers = numbers((3, 4), np.float64, 2)
    emit(Tape(Shared(np.dtype(np.float64))), buffers)
    for buffer, array in zip(buffers, numbers((3, 4), np.float64, 2), strict=True):
        assert buffer.tobytes() == array.tobytes()


def noted(*operands: object, dtype: Float = np.float64) -> tuple[Any, ...]:
    """The operands as a tape keeps them."""
    tape = Tape(Shared(np.dtype(dtype)))
    tape(np.add, *operands)
    return tape.calls[0].operands


def test_a_float_becomes_an_array_of_the_type_of_the_network_and_a_whole_number_stays() -> None:
    number, axis = noted(0.1, 1, dtype=np.float32)
    assert number.shape == ()
    assert number.dtype == np.float32
    assert number == np.float32(0.1)
    assert axis == 1
    assert type(axis) is int


def test_numbers_are_shared_and_told_apart_by_their_bits() -> None:
    zero, minus, again, nan, other = noted(0.0, -0.0, 0.0, float("nan"), float("nan"))
    assert zero is again
    assert not np.signbit(zero)
    assert np.signbit(minus)
    assert nan is other


def test_a_number_out_of_range_is_infinite_as_it_is_beside_an_array() -> None:
    (number,) = noted(1e300, dtype=np.float32)
    assert number == np.inf


def test_scratch_differs_within_an_operation_and_is_used_again_in_the_next() -> None:
    tape = Tape(Shared(np.dtype(np.float64)))
    first, second = (tape.scratch((3, 4), np.float64) for _ in range(2))
    assert not np.shares_memory(first, second)
    tape.operation()
    assert tape.scratch((3, 4), np.float64) is first
    assert tape.scratch((3, 4), np.bool_).dtype == np.bool_
