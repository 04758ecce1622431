"""The diagnosis: the walks over all probes taken together.

A name counts only if no probe speaks against it: a set of mistakes must hold, for every probe, one of the smallest sets
that give the user's numbers there. What is left in more than one way is told as "either ... or".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tuibp.explain.check.batches import relate
from tuibp.explain.check.chain import Chain, Finding
from tuibp.explain.check.close import DOUBLE, Tolerance
from tuibp.explain.check.observed import Failure, Observed, Remark
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import FEW
from tuibp.explain.check.seen import Seen, seen
from tuibp.explain.check.table import departure, rows
from tuibp.explain.check.verdict import BatchFinding, Departure, Named, Outcome, Probed, Verdict
from tuibp.explain.check.walk import walk

OFFERED = 2
"""Explanations that are told at most."""


class Code(Protocol):
    """The user's code, as it can be called."""

    any_rate: bool
    """Whether it hands back a step whose rate is not known, and not a gradient."""

    def singles(self, probe: Probe, samples: Sequence[int]) -> list[Observed | Failure]:
        """Some samples, each for itself."""

    def batch(self, probe: Probe, samples: tuple[int, ...]) -> Observed | Failure | None:
        """Several at once; None where the code takes single samples only."""

    def remarks(self, probe: Probe) -> Sequence[Remark]:
        """How it behaves."""


@dataclass(frozen=True, eq=False)
class Walked:
    """A probe with all that was found on it."""

    probe: Probe
    seen: Seen | None = None
    chains: tuple[Chain, ...] = ()
    """The best ones, one for every set of names."""
    batch: tuple[BatchFinding, ...] = ()
    failure: Failure | None = None

    @property
    def unexplained(self) -> int:
        """Steps that nothing explains."""
        return self.chains[0].measure[0] if self.chains else 0

    @property
    def right(self) -> bool:
        """Whether nothing departs here."""
        return bool(self.chains) and self.chains[0].measure[:2] == (0, 0) and not any(b.mistake for b in self.batch)

    @property
    def told(self) -> Probed:
        """For the verdict."""
        names = tuple(tuple(sorted(chain.names)) for chain in self.chains)
        return Probed(self.probe.name, self.probe.sizes, self.failure, self.unexplained, names)


def examine(code: Code, probe: Probe, tolerance: Tolerance = DOUBLE, known: frozenset[str] = frozenset()) -> Walked:
    """Run the user's code on one probe and explain its numbers.

    Args:
        tolerance: of the precision that the numbers have had.
        known: names that other probes have given.
    """
    singles: list[Observed] = []
    for result in code.singles(probe, range(min(FEW, probe.N))):
        if isinstance(result, Failure):
            return Walked(probe, failure=result)
        singles.append(result)
    side_by_side = seen(probe, singles, tolerance)
    chains = walk(side_by_side, any_rate=code.any_rate, known=known)
    if chains[0].measure[:2] > (0, 0):
        # What they call z or a may be something else: without it the gradients may be explained better.
        bare = replace(side_by_side, vectors={k: v for k, v in side_by_side.vectors.items() if k[0] == "db"})
        again = (
            [] if len(bare.vectors) == len(side_by_side.vectors) else walk(bare, any_rate=code.any_rate, known=known)
        )
        if again and again[0].measure[:2] < chains[0].measure[:2]:
            side_by_side, chains = bare, again
    distinct = {chain.names: chain for chain in reversed(chains)}
    batch = _batch(code, probe, singles, side_by_side.tolerance)
    failure = batch if isinstance(batch, Failure) else None
    found = () if isinstance(batch, Failure) else tuple(batch)
    return Walked(probe, side_by_side, tuple(reversed(distinct.values())), found, failure)


def _batch(code: Code, probe: Probe, singles: list[Observed], tolerance: Tolerance) -> list[BatchFinding] | Failure:
    samples = tuple(range(len(singles)))
    if len(samples) < 2:
        return []
    result = code.batch(probe, samples)
    if result is None or isinstance(result, Failure):
        return [] if result is None else result
    return relate(probe, result, singles, tolerance)


def diagnose(code: Code, probes: Sequence[Probe]) -> Verdict:
    """Run and explain; the first probe is the one that is shown."""
    with np.errstate(all="ignore"):
        walked: list[Walked] = []
        for probe in probes:
            known = frozenset(name for one in walked for chain in one.chains for name in chain.names)
            walked.append(examine(code, probe, known=known))
        return conclude(walked)


def conclude(walked: Sequence[Walked]) -> Verdict:
    """What the walks come to together."""
    ran = [one for one in walked if one.chains]
    shown = next(iter(ran), None)
    explanations = _together([one for one in ran if not one.unexplained])
    read = any(map(_shaped, ran))
    unexplained = read and any(one.unexplained for one in ran)
    named = tuple(_named(names, ran, convention=False) for names in explanations if names)
    batch = {finding.name: finding for one in ran for finding in one.batch}
    outcome: Outcome = "right" if ran and all(one.right for one in ran) else "wrong"
    if not read or (outcome == "right" and any(one.failure for one in walked)):
        outcome = "failed"
    chain = None if shown is None else shown.chains[0]
    first = _first(ran)
    sample = 0 if shown is None or shown.seen is None else shown.seen.samples[0]
    if first is not None and shown is not None and first.probe == shown.probe.name:
        sample = first.sample
    return Verdict(
        outcome,
        explanations=named,
        conventions=_conventions(ran),
        batch=tuple(batch.values()),
        first=first,
        rows=() if shown is None or shown.seen is None or chain is None else rows(shown.seen, chain, sample),
        sample=sample,
        shown="" if shown is None else shown.probe.name,
        probed=tuple(one.told for one in walked),
        unexplained=unexplained,
    )


def _shaped(one: Walked) -> bool:
    """Whether anything has the shape of what it is called: else it was called wrongly, and that says nothing of it."""
    if one.seen is None:
        return False
    sizes, S = one.probe.sizes, len(one.seen.samples)
    fits = [array.shape == (sizes[l], S) for (_, l), array in one.seen.vectors.items() if l]
    fits += [array.shape == (S, sizes[l], sizes[l - 1]) for l, array in one.seen.dW.items() if l]
    return any(fits)


def _together(ran: Sequence[Walked]) -> list[frozenset[str]]:
    """The smallest sets of names that explain every probe, the most common mistakes first."""
    sets: set[frozenset[str]] = {frozenset()}
    for one in ran:
        sets = {known | chain.names for known in sets for chain in one.chains}
        least = min(map(len, sets))
        sets = {names for names in sets if len(names) <= least + 1}
    least = min(map(len, sets))
    often = {
        finding.name: finding.mistake.often
        for one in ran for chain in one.chains for finding in chain.findings if finding.mistake is not None
    }  # fmt: skip
    smallest = [names for names in sets if len(names) == least]
    return sorted(smallest, key=lambda names: (-sum(often.get(name, 0) for name in names), sorted(names)))


def _named(names: frozenset[str], ran: Sequence[Walked], *, convention: bool) -> tuple[Named, ...]:
    """The mistakes of some names, each where it was seen first."""
    found: dict[str, Named] = {}
    for one in ran:
        for chain in one.chains:
            if not chain.names <= names:
                continue
            for finding in sorted(chain.findings, key=lambda finding: finding.place):
                if finding.name in names and finding.mistake is not None and finding.name not in found:
                    layers = dict.fromkeys(f.layer for f in chain.findings if f.name == finding.name)
                    own = one.probe.network.activation(finding.layer).name
                    found[finding.name] = Named(
                        finding.mistake, finding.detail, tuple(layers), one.probe.L, one.probe.name, own
                    )
    return tuple(found.values())


def _conventions(ran: Sequence[Walked]) -> tuple[Named, ...]:
    found: dict[str, Named] = {}
    for one in ran:
        for finding in one.chains[0].findings:
            if finding.mistake is not None and finding.mistake.convention and finding.mistake.name not in found:
                found[finding.mistake.name] = Named(
                    finding.mistake, finding.detail, (finding.layer,), one.probe.L, one.probe.name
                )
    return tuple(found.values())


def _counts(finding: Finding) -> bool:
    return finding.mistake is None or not finding.mistake.convention


def _first(ran: Sequence[Walked]) -> Departure | None:
    """The first departure of the first probe that has one."""
    for one in ran:
        findings = sorted(filter(_counts, one.chains[0].findings), key=lambda finding: finding.place)
        if findings and one.seen is not None:
            return departure(one.seen, one.chains[0], findings[0])
    return None
