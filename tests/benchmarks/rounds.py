"""The clock of the benchmarks: whoever is compared is measured in turn.

A busy moment of the machine hits all of one round, so ratios are taken within a round and their median is reported.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from tests.benchmarks.nets import Trainer

Samples = dict[str, list[float]]
"""What was measured of each contestant, a number for every round."""


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes; what it returns is dropped afterwards."""
    start = perf_counter()
    result = work()
    seconds = perf_counter() - start
    del result
    return seconds


@contextmanager
def settled() -> Iterator[None]:
    """What others have loaded is no garbage of those who are measured; the screen does the same when it starts."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def in_turn(contestants: Mapping[str, Callable[[], float]], rounds: int) -> Samples:
    """Measure each, round after round, there and back, so that nobody always follows the same neighbour."""
    samples: Samples = {name: [] for name in contestants}
    with settled():
        for number in range(rounds):
            for name in reversed(list(contestants)) if number % 2 else contestants:
                samples[name].append(contestants[name]())
    return samples


def enough(trainer: Trainer, seconds: float, patience: float) -> int | None:
    """How many batches take about so many seconds; None if the fewest that it can train take more than `patience`."""
    batches = trainer.grain
    timed(trainer.ready(batches))  # what is done once is done
    while True:
        took = timed(trainer.ready(batches))
        if batches == trainer.grain and took > patience:
            return None
        if took > seconds / 4:
            return max(1, round(seconds / took * batches / trainer.grain)) * trainer.grain
        batches *= max(2, min(10, int(seconds / 2 / max(took, 1e-9))))


def per_batch(trainers: Mapping[str, Trainer], seconds: Mapping[str, float], rounds: int, patience: float) -> Samples:
    """Seconds a batch.

    Args:
        seconds: how long each trains in a round.
        patience: seconds that its fewest batches may take; who is slower is left out.
    """

    def measure(trainer: Trainer, batches: int) -> Callable[[], float]:
        return lambda: timed(trainer.ready(batches)) / batches

    counts = {name: enough(trainer, seconds[name], patience) for name, trainer in trainers.items()}
    return in_turn({name: measure(trainers[name], n) for name, n in counts.items() if n is not None}, rounds)


def ratio(samples: Samples, one: str, other: str) -> float | None:
    """The median of one / other over the rounds; None where one of them was not measured."""
    if one not in samples or other not in samples:
        return None
    return statistics.median(a / b for a, b in zip(samples[one], samples[other], strict=True))


def median(samples: Samples, name: str) -> float | None:
    """The median of one of them; None where it was not measured."""
    return statistics.median(samples[name]) if name in samples else None
