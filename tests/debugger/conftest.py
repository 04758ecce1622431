"""Clocks of small programs, shared by the tests of positions, locations and sessions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.recipes import sized
from tuibp.debugger.position import Clock
from tuibp.engine.program import Program

MakeClock = Callable[[int, int, int, int], Clock]


@cache
def _clock(L: int, N: int, batch: int, epochs: int) -> Clock:
    return Clock(Program(sized(N, batch, epochs, (1,) * (L + 1))))


@pytest.fixture
def make_clock() -> MakeClock:
    """make_clock(L, N, batch, epochs)."""
    return _clock
