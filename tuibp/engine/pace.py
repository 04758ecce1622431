"""How often a run stops for what is not the run: keyframes, gauges, costs, and whoever may want to break it off.

Each answer is a function of the program alone, so that two runs of one recipe leave the same past behind; no clock is
read. What a batch takes is estimated, and only its order of magnitude counts.
"""

from __future__ import annotations

import math

from tuibp.engine.program import Program

MOST = 2048
"""Batches that run at most before their costs are taken."""
SLICE = 14e6
"""Nanoseconds that they may take: then a run pauses, and may be broken off."""
KEPT = 1024 * 1024
"""Bytes that may be kept of their outputs."""
TAX = 0.02
"""The share of the time that keyframes may take."""
GAUGE_TAX = 0.01
"""The share of the time that the gauges of the flight log may take."""
RARELY = 64
"""Batches of which at least one is gauged."""
NEAR, FAR = 0.45e6, 4e6
"""Nanoseconds of replay: keyframes need be no nearer, and at first shall be no further apart."""
FEW = 8
"""Batches that may lie between them however long they take."""
WITH_PAUSES = 8
"""Batches that run before their costs are taken, where a run may be broken off within each of them."""


def batch_time(program: Program) -> float:
    """About how many nanoseconds a batch takes on a present-day core; only the order of magnitude counts."""
    network = program.recipe.network
    calls, products = 8 * network.L, 3 * network.layout.count * program.m
    return 400 * calls + products * 2 / 60 + network.layout.size * network.dtype.itemsize / 12


def first_stride(program: Program) -> int:
    """How many batches lie between two keyframes at first: a power of two."""
    state = (1 + len(program.recipe.plan.optimizer.slots)) * program.recipe.network.layout.size
    size, batch = state * program.recipe.network.dtype.itemsize, batch_time(program)
    # A byte takes a tenth of a nanosecond to copy, and ten times that where memory is first taken from the machine.
    copied, taken = (_power_of_two((4_000 + time) / batch / TAX) for time in (size / 10, size))
    nearest, furthest = (_power_of_two(time / batch) // 2 for time in (NEAR, FAR))
    return max(copied, min(taken, max(furthest, FEW)), nearest)


def gauge_period(program: Program) -> int:
    """Of how many batches one is gauged: a power of two, 1 where that is cheap beside the batch."""
    network = program.recipe.network
    gauge = 5_000 + 2.5 * sum(network.sizes[1:]) * program.m + 0.15 * network.layout.size
    return min(RARELY, _power_of_two(gauge / batch_time(program) / GAUGE_TAX))


def slots_of_a_run(program: Program, pauses: bool) -> int:
    """How many batches run before their costs are taken: a power of two.

    Args:
        pauses: whether the run may be broken off within a batch.
    """
    network = program.recipe.network
    each = network.sizes[-1] * program.m * network.dtype.itemsize
    timely = WITH_PAUSES if pauses else SLICE / batch_time(program)
    return 1 << max(0, math.floor(math.log2(min(KEPT / each, timely, MOST))))


def _power_of_two(number: float) -> int:
    """The smallest that is not below a number > 0, 1 at least."""
    return 1 << max(0, math.ceil(math.log2(number)))
