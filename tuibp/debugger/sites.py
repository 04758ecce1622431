"""Sites: the positions of a batch at which something is looked at, as arithmetic over many batches at once.

A site is owned by the batch whose values are visible there, which after its update is still the batch that has ended:
so the place before `begin`, and those around the end of an epoch, belong to the batch before. The two positions before
the first batch belong to none and are no sites (`debugger.search` looks at them one by one).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.debugger.position import Clock
from tuibp.engine.program import Program

Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]
Only: TypeAlias = Literal["", "last sample", "not last sample", "last batch", "not last batch"]


class Site(NamedTuple):
    """A place that comes once a sample, or once a batch."""

    per_sample: bool
    offset: int
    """Positions behind the sample's `load`; once a batch, behind its last sample's `acc` if >= 0, -1 before its first
    `load`.
    """
    executed: int
    """Operations of `batch_ops` that its sample has seen, the last one where it comes once a batch; one more than there
    are when the epoch has ended.
    """
    only: Only = ""

    def exists(self, m: int, k: Integers, K: int) -> Truths | None:
        """(count, m or 1) where it comes at all; None for everywhere.

        Args:
            k: (count, 1) the batches' numbers in their epochs.
        """
        if self.only == "":
            return None
        if self.only in ("last sample", "not last sample"):
            last = np.arange(m) == m - 1
            return np.broadcast_to(last if self.only == "last sample" else ~last, (len(k), m))
        found: Truths = k == K - 1 if self.only == "last batch" else k < K - 1
        return found


class Calendar:
    """Where some batches of m samples lie in the run."""

    def __init__(
        self,
        clock: Clock,
        first: int,
        count: int,
        m: int,
        span: tuple[int, int] | None = None,
        numbers: Integers | None = None,
    ) -> None:
        """
        Args:
            first: global number of the first of `count` batches.
            span: only sites at positions span[0] <= p < span[1] exist.
            numbers: the global numbers of the batches, where they do not follow one another.
        """
        self.program, self.first, self.count, self.m = clock.program, first, count, m
        self._span, self._numbers = span, numbers

    # Worked out when it is asked for: most conditions hold nowhere in most batches, and nobody asks where that is.
    @cached_property
    def _parts(self) -> tuple[Integers, Integers]:
        numbers = self._numbers
        if numbers is None:
            numbers = np.arange(self.first, self.first + self.count, dtype=np.int64)
        epoch, k = np.divmod(numbers, self.program.K)
        return epoch.reshape(-1, 1), k.reshape(-1, 1)

    @property
    def epoch(self) -> Integers:
        """(count, 1)."""
        return self._parts[0]

    @property
    def k(self) -> Integers:
        """(count, 1) the batches' numbers in their epochs."""
        return self._parts[1]

    @cached_property
    def _begin(self) -> Integers:
        program = self.program
        begin: Integers = self.epoch * program.ops_per_epoch + 1 + self.k * (program.m * program.ops_per_sample + 3)
        return begin

    @cached_property
    def _samples(self) -> Integers:
        return np.arange(self.m, dtype=np.int64)

    def positions(self, site: Site) -> Integers:
        """(count, m or 1) the positions of a site."""
        ops = self.program.ops_per_sample
        if site.per_sample:
            positions: Integers = self._begin + 1 + ops * self._samples + site.offset
            return positions
        once: Integers = self._begin + 1 + (0 if site.offset < 0 else self.m * ops + site.offset)
        return once

    def exists(self, site: Site) -> Truths | None:
        """(count, m or 1) where it comes at all; None for everywhere."""
        exists = None if site.only == "" else site.exists(self.m, self.k, self.program.K)
        if self._span is None:
            return exists
        positions = self.positions(site)
        inside: Truths = (self._span[0] <= positions) & (positions < self._span[1])
        return inside if exists is None else inside & exists

    def scalar(self, name: str, site: Site) -> tuple[Integers, Truths | None]:
        """(count, m or 1) epoch, batch, sample, t or m as they stand at a site, and where they are defined."""
        if name == "t":
            return self.positions(site), None
        if name == "m":
            return np.full((1, 1), self.m, np.int64), None
        K, E = self.program.K, self.program.epochs
        behind = -1 if site.per_sample else site.offset
        """Once a batch: 1 before the update, 2 behind it, 3 behind the end of the epoch, 4 behind its next shuffle."""
        if name == "epoch":
            return np.minimum(self.epoch + (behind >= 3), E - 1), None
        if name == "batch":
            if behind < 2:
                return self.k, None
            if behind == 2:
                return self.k + 1, self.k < K - 1
            return np.zeros((1, 1), np.int64), np.full((1, 1), behind == 4)
        if not site.per_sample:
            return np.zeros((1, 1), np.int64), np.full((1, 1), behind < 0)
        over = site.offset == self.program.ops_per_sample
        samples = (self._samples + over)[np.newaxis]
        return samples, samples < self.m if over else None


def end_index(program: Program) -> int:
    """The index of `end` behind the operations of a batch."""
    return len(program.batch_ops)


def after(index: int, program: Program) -> Site:
    """The site behind an operation, by its index in `batch_ops`, or `end_index`."""
    ops, full = program.ops_per_sample, len(program.batch_ops)
    if index == 0:
        return Site(False, -1, 1)
    if index <= ops:
        return Site(True, index, 1 + index)
    if index < full:
        return Site(False, 1 + index - (full - 2), index + 1)
    return Site(False, 3, full + 1, "last batch")


def before(name: str, program: Program) -> list[Site]:
    """The sites at which an operation comes next, by its name: those that have an owner."""
    ops, full = program.ops_per_sample, len(program.batch_ops)
    if name == "shuffle":
        return [Site(False, 3, full + 1, "last batch")]
    if name == "begin":
        return [Site(False, 2, full, "not last batch"), Site(False, 4, full + 1, "last batch")]
    if name == "load":
        return [Site(False, -1, 1), Site(True, ops, 1 + ops, "not last sample")]
    if name == "grad":
        return [Site(True, ops, 1 + ops, "last sample")]
    if name == "update":
        return [Site(False, 1, full - 1)]
    if name == "end":
        return [Site(False, 2, full, "last batch")]
    index = next(at for at, op in enumerate(program.sample_ops) if op.name == name)
    return [Site(True, index, 1 + index)]
