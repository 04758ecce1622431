"""A chain: one way to explain all the user's numbers, step by step in the order of dataflow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue import Mistake, Step
from tuibp.explain.check.context import Context

Value: TypeAlias = "tuple[int, Array] | None"


@dataclass(frozen=True, eq=False)
class Finding:
    """A step that departs."""

    step: Step
    layer: int
    mistake: Mistake | None = None
    """None where no row of the catalogue gives the user's numbers."""
    detail: str = ""
    ratio: float | None = None
    """The user's number is this many times the right one, everywhere."""

    @property
    def name(self) -> str:
        """What it counts as, however many layers have it."""
        return "" if self.mistake is None else f"{self.mistake.name} {self.detail}".strip()

    @property
    def place(self) -> tuple[int, ...]:
        """Sorts findings in the order of dataflow."""
        order = {Step.Z: 0, Step.A: 1, Step.ERROR: 2, Step.RECURSION: 2, Step.SLOPE: 3, Step.DW: 5, Step.DB: 4}
        forward = self.step in (Step.Z, Step.A)
        return (0, self.layer, order[self.step]) if forward else (1, -self.layer, order[self.step])


@dataclass(frozen=True, eq=False)
class Chain:
    """The context as far as it is explained, and the findings so far."""

    context: Context
    findings: tuple[Finding, ...] = ()

    def found(
        self,
        findings: Iterable[Finding] = (),
        *,
        z: Value = None,
        a: Value = None,
        dC_da: Value = None,
        delta: Value = None,
    ) -> Chain:
        """With more findings, and with (layer, value) of tensors of the context."""
        old = self.context
        context = replace(
            old,
            z=old.z | dict([z] if z else ()),
            a=old.a | dict([a] if a else ()),
            dC_da=old.dC_da | dict([dC_da] if dC_da else ()),
            delta=old.delta | dict([delta] if delta else ()),
        )
        return Chain(context, (*self.findings, *findings))

    @property
    def names(self) -> frozenset[str]:
        """Of mistakes, conventions left out."""
        return frozenset(f.name for f in self.findings if f.mistake is not None and not f.mistake.convention)

    @property
    def measure(self) -> tuple[int, int, int]:
        """What is not explained, how many names explain the rest, and how many conventions."""
        unknown = sum(finding.mistake is None for finding in self.findings)
        conventions = {f.name for f in self.findings if f.mistake is not None and f.mistake.convention}
        return unknown, len(self.names), len(conventions)

    @property
    def likely(self) -> int:
        """How common its mistakes are."""
        return sum(f.mistake.often for f in self.findings if f.mistake is not None)


BEAM = 12
"""Chains that are followed at once."""
LOST = 2
"""Unexplained steps from which on fewer are: what is left is to be told where, and no name will come of it."""


def best(chains: Iterable[Chain], slack: int = 1) -> list[Chain]:
    """The chains that explain best, and those that need `slack` names more: a later step may turn the scale."""
    ranked = sorted(chains, key=lambda chain: (chain.measure, len(chain.findings), -chain.likely))
    if not ranked:
        return []
    unknown, names, _ = ranked[0].measure
    kept: dict[tuple[object, ...], Chain] = {}
    for chain in ranked:
        if chain.measure[0] > unknown + slack or (chain.measure[0] == unknown and chain.measure[1] > names + slack):
            continue
        key = (chain.measure[0], chain.names, *(_print(chain.context, tensor) for tensor in ("dC_da", "delta")))
        kept.setdefault(key, chain)
    return list(kept.values())[: BEAM if unknown < LOST else LOST]


def _print(context: Context, tensor: str) -> tuple[object, ...]:
    """What tells two contexts apart, to about the digits that a comparison looks at."""
    layers: dict[int, Array] = getattr(context, tensor)
    return tuple((l, tuple(np.round(value.ravel()[:4], 12).tolist())) for l, value in layers.items())
