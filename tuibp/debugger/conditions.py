"""Conditions: sets of positions that an expression or a place in the program picks out.

A condition says where it may hold (its sites) and, for many batches at once, where it does. It depends on the timeline
and the position alone; so continue and reverse-continue find the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuibp.debugger.expressions.atoms import PRINT, Atom, atoms_of, index_of, is_defined, leaves
from tuibp.debugger.expressions.evaluate import Batches, Evaluator, Values
from tuibp.debugger.expressions.past import everything, warm_up
from tuibp.debugger.expressions.typed import POSITIONAL, Const, Dead, Leaf, Op, Reduce, Scalar, Typed
from tuibp.debugger.location import Location
from tuibp.debugger.sites import Integers, Site, after, before, end_index
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Program

TRUE = Const(1.0, True)


@dataclass(frozen=True, eq=False)
class Condition:
    """Where something holds."""

    program: Program
    node: Typed
    """A test; or what is watched for changes."""
    sites: tuple[Site, ...]
    layer: int | None = None
    """What l stands for, where it is one of several."""
    changes: bool = False
    """Whether it holds where the value differs from that at the site before."""
    next: Location | None = None
    """The operation that is next at its sites; None where they are behind operations."""
    at: int | None = None
    """The one position where it may hold, for one that has no sites."""

    @property
    def constant(self) -> bool:
        """Whether it holds at every site, so that nothing need be computed to find one."""
        return self.node == TRUE

    @cached_property
    def computes(self) -> bool:
        """Whether anything need be run to find out."""
        return self.changes or any(not isinstance(leaf, Scalar) or leaf.name not in POSITIONAL
                                   for leaf in everything(self.node)) or bool(self.warm_up)  # fmt: skip

    @cached_property
    def warm_up(self) -> int:
        """Batches that must have run before."""
        return self.between + warm_up(self.node, self.program)

    @property
    def between(self) -> int:
        """Batches before others of which it must know the last value. In so many it has one, if it ever has: in an
        epoch, if it reads what is only known at its end, or the number of a batch or a sample, which are not always
        defined where something is written.
        """
        if not self.changes:
            return 0
        rare = ("ecost", "batch", "sample")
        seldom = any(isinstance(leaf, Dead) or leaf.name in rare for leaf in everything(self.node))
        return self.program.K if seldom else 1

    def atoms(self, m: int) -> Iterator[Atom]:
        """What it wants of batches of m samples."""
        for site in self.sites:
            yield from atoms_of(self.node, site.executed, self.program, m)

    def holds(self, batches: Batches, carried: Values | None) -> tuple[Integers, Values | None]:
        """The positions where it holds, in order.

        Args:
            carried: the value at the last site before these batches, for one that watches for changes.

        Returns:
            The positions, and the value at the last site of these batches.
        """
        return self._changed(batches, carried) if self.changes else (self._true(batches), None)

    def _true(self, batches: Batches) -> Integers:
        found: list[Integers] = []
        for site in self.sites:
            holds = Evaluator(batches, site).test(self.node)
            if holds.any():
                exists = batches.calendar.exists(site)
                where = holds if exists is None else holds & exists
                found.append(np.broadcast_to(batches.calendar.positions(site), where.shape)[where])
        if not found:
            return np.empty(0, np.int64)
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _changed(self, batches: Batches, carried: Values | None) -> tuple[Integers, Values | None]:
        positions, values = self._series(batches)
        if not len(positions):
            return positions, carried
        if carried is None:  # nothing was there before: the first value is news
            carried = ~values[:1]
        chain = np.concatenate([carried, values])
        return positions[chain[1:] != chain[:-1]], values[-1:]

    def _series(self, batches: Batches) -> tuple[Integers, Values]:
        """The bits of the value at every site where it is defined, in the order of time."""
        places, bits = [], []
        for site in self.sites:
            value, valid = Evaluator(batches, site).value(self.node)
            positions = batches.calendar.positions(site)
            exists = batches.calendar.exists(site)
            known = np.ones((1, 1), np.bool_) if valid is None else valid
            where = np.broadcast_to(known if exists is None else known & exists, positions.shape)
            places.append(positions[where])
            bits.append(bits_of(np.broadcast_to(value, positions.shape)[where]))
        if not places:  # nothing ever writes what is read
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        order = np.argsort(np.concatenate(places), kind="stable")
        return np.concatenate(places)[order], np.concatenate(bits)[order]


def bits_of(values: Values) -> Values:
    """(n,) uint64, equal where the values have the same bits. One nan is like another: their signs depend on how many
    numbers were worked out together.
    """
    if values.dtype == np.uint64:
        return values
    plain = np.where(np.isnan(values), np.nan, values.astype(np.float64))
    bits: Values = plain.view(np.uint64)
    return bits


def can_hold(node: Typed, executed: int, program: Program) -> bool:
    """Whether a test may be true where so many operations have been executed: of what it reads enough is defined."""
    if isinstance(node, Op) and node.function == "or":
        return any(can_hold(part, executed, program) for part in node.args)
    if isinstance(node, Op):
        return all(can_hold(part, executed, program) for part in node.args)
    return all(is_defined(leaf, executed, program) for leaf in leaves(node))


def index_of_leaf(leaf: Leaf | Scalar | Dead, program: Program) -> int:
    """The index in `batch_ops` of the operation that writes it, or `end_index`; 0 for what is always there."""
    if isinstance(leaf, Dead):
        return end_index(program)
    if isinstance(leaf, Scalar) and leaf.name in POSITIONAL:
        return 0
    return max(0, index_of(leaf.name, leaf.layer if isinstance(leaf, Leaf) else None, program))


def written_sites(node: Typed, program: Program) -> tuple[Site, ...]:
    """The sites behind the operations that write something a tree reads; none where nothing is ever written."""
    indices: set[int] = set()
    for leaf in everything(node):
        if isinstance(leaf, Dead):
            indices.add(end_index(program))
        elif isinstance(leaf, Scalar):
            if leaf.name in ("cost", "bcost"):
                indices.add(index_of(leaf.name, None, program))
            elif leaf.name == "ecost":
                indices.add(end_index(program))
        elif leaf.name in ("W", "b"):
            written = Tensor(leaf.name, leaf.layer)
            indices |= {program.written_at[written]} if written in program.written_at else set()
        else:
            indices.add(index_of(leaf.name, leaf.layer, program))
    return tuple(after(index, program) for index in sorted(indices))


def next_sites(location: Location, program: Program) -> tuple[Site, ...]:
    """The sites at which an operation comes next."""
    return tuple(before(location.name, program))


def watched(node: Typed) -> Typed:
    """What is compared where a watch waits for changes: a number, or the fingerprint of an array."""
    return Reduce(PRINT, node, False) if node.shape else node
