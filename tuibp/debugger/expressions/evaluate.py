"""Working an expression out, for every sample of many batches at once.

A value has axes (batches, *its shape, samples), the first and the last of length 1 where all share it; beside it goes
where it is defined. What is undefined stays so: `or` is true where one side is, and a test that comes out undefined
counts as false. Every number has the same bits however many batches are worked out together: entry by entry nothing
depends on its neighbours, and sums are taken in a fixed order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import (
    FLOAT,
    PRINT,
    UFUNCS,
    Atom,
    Keep,
    Loop,
    is_defined,
    is_loop,
    is_per_sample,
    leaves,
    reads_parameters,
    varies,
)
from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.debugger.expressions.reducing import aligned, fingerprint
from tuibp.debugger.expressions.typed import Const, Dead, Given, Leaf, Op, Past, Reduce, Scalar, Typed
from tuibp.debugger.sites import Calendar, Site, Truths

Values: TypeAlias = npt.NDArray[Any]


class Known(NamedTuple):
    """A value and where it is defined: everywhere if None, else (batches or 1, samples or 1)."""

    value: Values
    valid: Truths | None = None


_NO = np.zeros((1, 1), np.bool_)


def never(node: Typed) -> Known:
    """The value of what is not defined."""
    return Known(np.full((1,) * (2 + len(node.shape)), False if node.boolean else np.nan), _NO)


@dataclass(frozen=True, eq=False)
class Batches:
    """What is known of some batches that have run."""

    calendar: Calendar
    atoms: Mapping[Atom, Values]
    costs: Values
    """(count, m) the cost of every sample, float64."""
    spent: Values
    """(count, 2) what the epoch had come to before the batch: cost and samples."""
    lr: float
    past: dict[tuple[Past, Site], Known] = field(default_factory=dict)
    dead: dict[int, Values] = field(default_factory=dict)
    """By layer (count, 1): the share of units that were flat from the start of the epoch to the end of the batch."""


class Evaluator:
    """Works out typed trees at one site of some batches."""

    def __init__(self, batches: Batches, site: Site) -> None:
        self._batches, self._site = batches, site
        self._program = batches.calendar.program
        self._after = site.executed >= len(self._program.batch_ops)

    def test(self, node: Typed) -> Truths:
        """(count, m or 1) where a test holds; undefined means false."""
        value, valid = self.value(node)
        holds: Truths = value if valid is None else value & valid
        return np.broadcast_to(holds, np.broadcast_shapes(holds.shape, self._shape))

    @property
    def _shape(self) -> tuple[int, int]:
        calendar = self._batches.calendar
        return calendar.count, calendar.m if self._site.per_sample else 1

    def value(self, node: Typed) -> Known:
        """(count or 1, *shape, m or 1)."""
        with np.errstate(all="ignore"):
            return self._value(node)

    def _value(self, node: Typed) -> Known:
        if isinstance(node, Const | Given):
            return Known(np.asarray(node.value, np.bool_ if node.boolean else FLOAT)[np.newaxis, ..., np.newaxis])
        if isinstance(node, Scalar):
            return self._scalar(node)
        if isinstance(node, Leaf):
            return self._leaf(node)
        if isinstance(node, Op):
            return self._op(node)
        if isinstance(node, Reduce):
            return self._reduce(node)
        if isinstance(node, Dead):
            if not is_defined(node, self._site.executed, self._program):
                return never(node)
            return Known(self._batches.dead[node.layer])
        return self._batches.past[node, self._site]

    def _of_site(self, value: Values) -> Values:
        """(..., m) or (..., 1) as it is at the site: once a batch, the last sample's."""
        return value if self._site.per_sample else value[..., -1:]

    def _scalar(self, node: Scalar) -> Known:
        batches, site = self._batches, self._site
        if node.name == "lr":
            return Known(np.full((1, 1), batches.lr))
        if node.name not in ("cost", "bcost", "ecost"):
            value, valid = batches.calendar.scalar(node.name, site)
            return Known(value.astype(FLOAT), valid)
        if not is_defined(node, site.executed, self._program):
            return self._before(node)
        if node.name == "cost":
            return Known(self._of_site(batches.costs))
        return self._means(node, np.add.accumulate(batches.costs, 1), np.arange(1, batches.calendar.m + 1))

    def _means(self, node: Scalar, sums: Values, counts: Values) -> Known:
        """bcost or ecost, from the sums and the counts of the samples that have joined them."""
        if node.name == "bcost":
            return Known(self._of_site(sums / counts))
        cost, samples = self._batches.spent[:, :1], self._batches.spent[:, 1:]
        return Known(self._of_site((cost + sums) / (samples + counts)))

    def _before(self, node: Scalar) -> Known:
        """bcost and ecost of a sample that has not joined them yet: as the sample before it has left them."""
        batches, site = self._batches, self._site
        if node.name == "cost":
            return never(node)
        m = batches.calendar.m if site.per_sample else 1
        sums = np.zeros((batches.calendar.count, m))
        if site.per_sample:
            sums[:, 1:] = np.add.accumulate(batches.costs, 1)[:, :-1]
        counts = np.arange(m)
        total = counts if node.name == "bcost" else batches.spent[:, 1:] + counts
        return Known(self._means(node, sums, counts).value, np.broadcast_to(total > 0, (len(sums), m)))

    def _leaf(self, node: Leaf) -> Known:
        if not is_defined(node, self._site.executed, self._program):
            return never(node)
        value = self._batches.atoms[Keep(node, reads_parameters(node) and self._after)]
        value = self._of_site(value) if is_per_sample(node) else value[..., np.newaxis]
        return Known(value.astype(FLOAT, copy=False))

    def _op(self, node: Op) -> Known:
        parts = [self._value(arg) for arg in node.args]
        if node.function in ("and", "or"):
            return self._logic(node, *parts)
        value = UFUNCS[node.function](*aligned([part.value for part in parts], [arg.shape for arg in node.args], 1))
        return Known(value, _both([part.valid for part in parts]))

    def _logic(self, node: Op, one: Known, other: Known) -> Known:
        """Three-valued: what decides alone decides, even where the other side is undefined."""
        a, b = aligned([one.value, other.value], [arg.shape for arg in node.args], 1)
        if one.valid is None and other.valid is None:
            return Known(UFUNCS[node.function](a, b))
        va, vb = (np.ones((1, 1), np.bool_) if part.valid is None else part.valid for part in (one, other))
        if a.ndim > 2:  # the tests of an array are defined or not as a whole
            return Known(UFUNCS[node.function](a, b), va & vb)
        a, b = a.astype(np.bool_), b.astype(np.bool_)
        if node.function == "or":
            return Known((a & va) | (b & vb), (va & vb) | (a & va) | (b & vb))
        return Known(a & b & va & vb, (va & vb) | (va & ~a) | (vb & ~b))

    def _reduce(self, node: Reduce) -> Known:
        if is_loop(node, self._program.recipe.network, self._batches.calendar.m):
            if not all(is_defined(leaf, self._site.executed, self._program) for leaf in leaves(node)):
                return never(node)
            value = self._batches.atoms[Loop(node, reads_parameters(node) and self._after)]
            return Known(self._of_site(value) if varies(node) else value)
        value, valid = self._value(node.arg)
        if valid is _NO:
            return never(node)
        whole = np.broadcast_to(value, (value.shape[0], *node.arg.shape, value.shape[-1]))
        return Known(reduced(node.function, whole, math.prod(node.arg.shape)), valid)


def _both(valid: list[Truths | None]) -> Truths | None:
    given = [part for part in valid if part is not None]
    return None if not given else given[0] if len(given) == 1 else given[0] & given[1]


def reduced(function: str, x: Values, size: int) -> Values:
    """(count, m) one number of the entries between the first axis and the last."""
    flat = x.reshape(x.shape[0], size, x.shape[-1]) if x.ndim != 3 else x
    if function == PRINT:
        out = np.empty((flat.shape[0], flat.shape[2]), np.uint64)
        fingerprint(flat, (1,), out)
        return out
    if function in ("sum", "mean", "count"):
        total = tree_sum(flat.astype(FLOAT))
        return total / size if function == "mean" else total
    if function == "norm":
        return np.asarray(np.sqrt(tree_sum(flat * flat)))
    if function in ("argmax", "argmin"):
        return np.asarray((flat.argmax(1) if function == "argmax" else flat.argmin(1)).astype(FLOAT))
    call = FUNCTIONS[function].call
    assert call is not None
    return np.asarray(call(flat, 1))


def tree_sum(x: Values) -> Values:
    """(count, m) the sum along the middle axis, halves added to halves: an order that depends on its length alone."""
    while x.shape[1] > 1:
        half = x.shape[1] // 2
        folded = x[:, :half] + x[:, half : 2 * half]
        x = np.concatenate([folded, x[:, 2 * half :]], 1) if x.shape[1] % 2 else folded
    return x[:, 0]
