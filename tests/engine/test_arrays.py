"""Memory for records: lent again once no view of it is left, and never before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tuibp.engine.arrays import ALIGNMENT, Array, Memory

DTYPE = np.dtype(np.float64)
LARGE = (4, Memory.SMALL // 8)


def address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_is_lent_again_when_the_last_view_is_gone() -> None:
    memory = Memory()
    first = memory.empty(LARGE, DTYPE)
    at, view = address(first), first[2:].T[:5]
    del first
    second = memory.empty(LARGE, DTYPE)
    assert not np.shares_memory(second, view)
    del view
    assert address(memory.empty(LARGE, DTYPE)) == at


VIEWS: dict[str, Callable[[Array], object]] = {
    "a bound product": lambda buffer: buffer.dot,
    "a number": lambda buffer: buffer.reshape(-1)[1:2].reshape(()),
    "another type": lambda buffer: buffer.view(np.int64),
    "bytes": lambda buffer: buffer.data,
    "an iterator": lambda buffer: buffer.flat,
}


@pytest.mark.parametrize("kind", VIEWS)
def test_views_of_all_kinds_keep_memory_from_being_lent(kind: str) -> None:
    memory = Memory()
    at, view = (lambda buffer: (address(buffer), VIEWS[kind](buffer)))(memory.empty(LARGE, DTYPE))
    other = memory.empty(LARGE, DTYPE)
    assert address(other) != at
    del view
    assert address(memory.empty(LARGE, DTYPE)) == at


def test_what_is_lent_at_one_time_lies_apart() -> None:
    memory = Memory()
    lent = [memory.empty(shape, DTYPE) for shape in (LARGE, LARGE, LARGE[::-1], (10,), (10,))]
    for at, one in enumerate(lent):
        assert address(one) % ALIGNMENT == 0
        assert one.flags.c_contiguous and one.flags.writeable
        for other in lent[:at]:
            assert not np.shares_memory(one, other)


@pytest.mark.parametrize("shape", (LARGE, (3, 5), (0, 4), ()))
def test_zeros_are_zero_where_memory_was_used_before(shape: tuple[int, ...]) -> None:
    memory = Memory()
    memory.empty(shape, DTYPE).fill(7.0)
    assert not memory.zeros(shape, DTYPE).any()


def test_other_sizes_take_other_memory() -> None:
    memory = Memory()
    at = address(memory.empty(LARGE, DTYPE))
    assert address(memory.empty((5, LARGE[1]), DTYPE)) != at
    assert address(memory.empty(LARGE, DTYPE)) == at
