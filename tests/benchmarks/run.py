"""How fast batches run: tuibp with everything on, beside the floor, plain NumPy, the textbook's loop and the peers."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks import peers
from tests.benchmarks.floor import Floor, random_order
from tests.benchmarks.nets import DEEP, DIGITS, MNIST, NETS, SMALL, WIDE, XOR, Net, Problem, Trainer
from tests.benchmarks.ours import Ours
from tests.benchmarks.plain import Plain
from tests.benchmarks.report import Figure, Grid, Section, at_least
from tests.benchmarks.rounds import Samples, median, per_batch, ratio
from tests.benchmarks.textbook import Textbook

OURS, ANEW, FLOOR, SHUFFLED = "tuibp", "tuibp, from nothing", "floor", "floor with shuffle"
PLAIN, TEXTBOOK = "plain NumPy", "textbook loop"
OF_THE_FLOOR: Mapping[Net, float] = {XOR: 0.95, SMALL: 0.90, DIGITS: 0.85, MNIST: 0.85, DEEP: 0.93, WIDE: 0.93}
"""The share of the floor's speed that tuibp is to reach."""
OF_PYTORCH: Mapping[Net, float] = {SMALL: 25.0, DIGITS: 18.0, MNIST: 6.5}
"""How many times faster than PyTorch it is to be."""
PATIENCE = 0.25
"""Seconds that one batch may take; a slower contestant is left out."""


def measure(quick: bool) -> Section:
    """All networks, all contestants."""
    found = {net: contest(net, quick) for net in NETS}
    names = list(dict.fromkeys(name for samples in found.values() for name in samples))
    columns = tuple(f"{net.name} b{net.m}" for net in NETS)
    times = {name: tuple(_scaled(median(found[net], name), 1e6) for net in NETS) for name in names}
    slower = {name: tuple(ratio(found[net], name, OURS) for net in NETS) for name in names if name != OURS}
    return Section(
        "run",
        "Run, with everything on: record, curve, log, shuffle, keyframes",
        (Grid("us a batch", columns, times), Grid("times as long as tuibp", columns, slower)),
        [*_against(found, FLOOR, OF_THE_FLOOR), *_against(found, "PyTorch", OF_PYTORCH)],
    )


def contest(net: Net, quick: bool) -> Samples:
    """Seconds a batch, by contestant and round."""
    problem = Problem(net)
    trainers: dict[str, Trainer] = {
        FLOOR: Floor(problem),
        OURS: Ours(problem).settle(0.1 if quick else 1.5),
        ANEW: Ours(problem, new_timelines=True),
        SHUFFLED: Floor(problem, random_order(net.N)),
        PLAIN: Plain(problem),
        TEXTBOOK: Textbook(problem),
    }
    trainers |= {name: make(problem) for name, make in peers.installed()}
    main, rest = (0.02, 0.005) if quick else (0.6, 0.06) if net is WIDE else (0.15, 0.03)
    seconds = {name: main if name in (OURS, ANEW, FLOOR) else rest for name in trainers}
    return per_batch(trainers, seconds, 3 if quick else 9, PATIENCE)


def _against(found: Mapping[Net, Samples], name: str, targets: Mapping[Net, float]) -> list[Figure]:
    """name / tuibp with its target, for the networks that have one."""
    figures = []
    for net, bound in targets.items():
        value = ratio(found[net], name, OURS)
        if value is not None:
            figures.append(Figure(f"{name} / tuibp, {net.name} batch {net.m}", value, "x", at_least(bound)))
    return figures


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
