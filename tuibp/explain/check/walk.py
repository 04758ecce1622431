"""The walk over one probe: which few mistakes, if any, give exactly the user's numbers."""

from __future__ import annotations

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.explain.check.backward import Effort, backwards
from tuibp.explain.check.chain import Chain, best
from tuibp.explain.check.forward import begin, forwards, observed, recovered, suspected
from tuibp.explain.check.reference import reference
from tuibp.explain.check.seen import Seen

SUSPECTS = 300
"""Steps of chains behind forward passes that are only suspected. Most of them die at the output; where gradients
vanish, all below the rounding explains everything, and none dies.
"""
FEW_NAMES = ((0, 2), (0, 3))
"""Bounds that are tried first: chains of a smaller measure explain everything with one name, with two."""
EVERYTHING = (1, 0)
"""Chains of a smaller measure, (unknown, names), leave nothing unexplained."""


def walk(
    seen: Seen, *, any_rate: bool = False, quick: bool = False, known: frozenset[str] = frozenset(),
    bound: tuple[int, int] | None = None,
) -> list[Chain]:  # fmt: skip
    """The chains that explain the user's numbers best, all of the same measure, the most common mistakes first.

    Args:
        any_rate: whether the whole gradient may have any positive factor.
        quick: whether to leave out what takes long: mistakes of a forward pass that cannot be seen.
        known: names that have been found elsewhere, which are tried first.
        bound: (unknown, names): what explains no more than this is given up; there may be nothing left then.
    """
    with np.errstate(all="ignore"):
        found: list[Chain] = []
        for kink in _kinks(seen):
            found += _walk(seen, kink, any_rate, quick, known, bound)
            if found and min(chain.measure for chain in found)[:2] == (0, 0):
                break
        chains = best(found, slack=0)
    return [chain for chain in chains if chain.measure[:2] == chains[0].measure[:2]]


def _walk(
    seen: Seen, kink: float | None, any_rate: bool, quick: bool, known: frozenset[str], bound: tuple[int, int] | None
) -> list[Chain]:
    start = begin(seen, kink)
    found = _pursued(seen, forwards(seen, start, observed(seen)), any_rate, bound)
    if found and found[0].measure[:2] == (0, 0):
        return found
    given = recovered(seen)
    if given:
        # What needs more names than have been needed is given up as soon as it does.
        enough = _least(bound, found)
        found += _pursued(seen, forwards(seen, start, given, open_end=True), any_rate, enough)
    if not found:
        return found
    least = min(chain.measure for chain in found)[:2]
    if quick or observed(seen) or least <= (0, 1) or not seen.finite:
        return found
    # A mistake that cannot be seen is worth a guess only where it explains everything: there are hundreds to be tried.
    least = min(least, EVERYTHING)
    effort = Effort(SUSPECTS)
    for chain in suspected(seen, start, known):
        if effort.left < 0:
            break
        reached = backwards(seen, [chain], any_rate=any_rate, bound=least, effort=effort)
        found += reached
        if reached and min(chain.measure for chain in reached)[:2] <= (0, 1) and chain.names <= known:
            break
    return found


def _pursued(seen: Seen, chains: list[Chain], any_rate: bool, bound: tuple[int, int] | None) -> list[Chain]:
    """`backwards` with few names first: what needs more is dropped early, and is rarely needed."""
    for few in FEW_NAMES:
        if bound is None or few < bound:
            found = backwards(seen, chains, any_rate=any_rate, bound=few)
            if found:
                return found
    return backwards(seen, chains, any_rate=any_rate, bound=bound)


def _least(bound: tuple[int, int] | None, found: list[Chain]) -> tuple[int, int] | None:
    if not found:
        return bound
    unknown, names, _ = min(chain.measure for chain in found)
    return (unknown, names + 1) if bound is None else min(bound, (unknown, names + 1))


def _kinks(seen: Seen) -> tuple[float | None, ...]:
    """What σ′ may be at its kinks, where the probe stands on one."""
    right = reference(seen.probe, seen.samples)
    network = seen.probe.network
    on_one = any(np.isin(z, ACTIVATIONS[network.activation(l).name].kinks).any() for l, z in right.z.items())
    return (None, 1.0, 0.5, 0.0) if on_one else (None,)
