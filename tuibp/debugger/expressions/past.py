"""Looking back: prev, avg and dead need what samples, batches or epochs before have come to.

A quantity is recorded at the end of each of its periods: where the last operation that writes something it reads has
run. `prev(x)` is what the period before has recorded, `avg(x, n)` the mean of the last n that are recorded. So both
depend on the position alone, whichever way one has come; a run that wants them begins early enough (`warm_up`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tuibp.debugger.expressions.atoms import FLOAT, Atom, Flat, atoms_of, index_of, leaves
from tuibp.debugger.expressions.evaluate import Batches, Evaluator, Known, Values
from tuibp.debugger.expressions.typed import Dead, Leaf, Op, Past, Reduce, Scalar, Typed
from tuibp.debugger.probing import Batch
from tuibp.debugger.sites import Calendar, Integers, Site, Truths, after, end_index
from tuibp.engine.program import Program


def pasts(node: Typed) -> Iterator[Past]:
    """Every prev and avg of a tree, the inner ones first."""
    parts = node.args if isinstance(node, Op) else (node.arg,) if isinstance(node, Reduce | Past) else ()
    for part in parts:
        yield from pasts(part)
    if isinstance(node, Past):
        yield node


def everything(node: Typed) -> Iterator[Leaf | Scalar | Dead]:
    """All that a tree reads, in the past as well."""
    yield from leaves(node)
    for past in pasts(node):
        yield from leaves(past.arg)


def recorded_at(past: Past, program: Program) -> Site:
    """The site at which what it looks back on is recorded: once a sample, or once a batch."""
    full, ops = len(program.batch_ops), program.ops_per_sample
    if past.rhythm == "epoch":
        return replace_only(after(end_index(program), program))
    executed = 1
    for leaf in everything(past.arg):
        if isinstance(leaf, Leaf):
            executed = max(executed, full if leaf.name in ("W", "b") else 1 + index_of(leaf.name, leaf.layer, program))
        elif isinstance(leaf, Scalar) and leaf.name in ("cost", "bcost", "ecost"):
            executed = max(executed, 1 + index_of(leaf.name, None, program))
        elif isinstance(leaf, Scalar):
            executed = max(executed, 2)
    if past.rhythm == "sample":
        return Site(True, min(executed, 1 + ops) - 1, min(executed, 1 + ops))
    if executed <= 1 + ops:
        return Site(False, 0, 1 + ops)
    return Site(False, 1 + executed - (full - 1), executed)


def replace_only(site: Site) -> Site:
    """The site without its restriction."""
    return site._replace(only="")


def _outer(node: Typed) -> Iterator[Past]:
    """The prevs and avgs of a tree that lie in no other."""
    if isinstance(node, Past):
        yield node
    for part in node.args if isinstance(node, Op) else (node.arg,) if isinstance(node, Reduce) else ():
        yield from _outer(part)


def warm_up(node: Typed, program: Program) -> int:
    """Batches that must have run before the one where the tree is worked out."""
    most = program.K if any(isinstance(leaf, Dead) for leaf in leaves(node)) else 0
    for past in _outer(node):  # what lies in another is counted with that: once, however deep it lies
        inner = warm_up(past.arg, program)
        batches = {
            # K batches in a row have N samples, wherever they begin; of fewer than K one may be short.
            "sample": past.n // program.N * program.K + -(-(past.n % program.N) // program.m) + 2,
            "batch": past.n + 1,
            "epoch": (past.n + 1) * program.K,
        }[past.rhythm]
        most = max(most, inner + batches)
    return most


class _Series:
    """The recorded values of one thing, the last few of them."""

    def __init__(self, past: Past, program: Program) -> None:
        self.past = past
        self.site = recorded_at(past, program)
        self._program = program
        self._base = 0
        """The period of the first value."""
        self._values = np.empty(0)
        self._valid = np.empty(0, np.bool_)

    def periods(self, calendar: Calendar, site: Site) -> Integers:
        """(count, m or 1) the period that is under way. A sample is until the next is loaded: so once a batch it is the
        last one, and before the first `load` that of the batch before.
        """
        program = self._program
        if self.past.rhythm == "epoch":
            return calendar.epoch
        if self.past.rhythm == "batch":
            return calendar.epoch * program.K + calendar.k
        first: Integers = calendar.epoch * program.N + calendar.k * program.m
        if site.per_sample:
            return first + np.arange(calendar.m, dtype=np.int64)
        return first - 1 if site.offset < 0 else first + calendar.m - 1

    def record(self, batches: Batches) -> None:
        """Take what these batches record."""
        calendar = batches.calendar
        value, valid = Evaluator(batches, self.site).value(self.past.arg)
        periods = self.periods(calendar, self.site)
        shape = periods.shape
        exists = calendar.exists(self.site)
        if self.past.rhythm == "epoch":
            last: Truths = calendar.k == self._program.K - 1
            exists = last if exists is None else exists & last
        where = np.ones(shape, np.bool_) if exists is None else np.broadcast_to(exists, shape)
        flat = periods[where]
        if not flat.size:
            return
        values = np.broadcast_to(value, shape)[where]
        known = np.broadcast_to(np.ones((1, 1), np.bool_) if valid is None else valid, shape)[where]
        keep = min(len(self._values), self.past.n + 1 + calendar.m)
        if flat[0] != self._base + len(self._values):
            keep, self._base = 0, int(flat[0])
        self._base += (len(self._values) - keep) if keep else 0
        self._values = np.concatenate([self._values[len(self._values) - keep :], values.astype(FLOAT)])
        self._valid = np.concatenate([self._valid[len(self._valid) - keep :], known])

    def look(self, batches: Batches, site: Site) -> Known:
        """What prev or avg is at a site of the batches that were recorded last; what is looked for before the first
        that was recorded counts as undefined.
        """
        calendar, past = batches.calendar, self.past
        period = self.periods(calendar, site)
        recorded = self._is_recorded(calendar, site)
        if past.function == "prev":
            value, valid = self._at(period - past.n)
            return Known(value, valid)
        last = np.where(recorded, period, period - 1)
        total, count = np.zeros(last.shape), np.zeros(last.shape)
        for back in range(past.n):
            value, valid = self._at(last - back)
            with np.errstate(all="ignore"):
                total += np.where(valid, value, 0.0)
            count += valid
        with np.errstate(all="ignore"):
            mean = total / count
        return Known(mean, count > 0)

    def _is_recorded(self, calendar: Calendar, site: Site) -> Truths:
        """(…) whether the period under way has been recorded at a site."""
        own, enough = self.site, site.executed >= self.site.executed
        if self.past.rhythm == "epoch":
            last: Truths = (calendar.k == self._program.K - 1) & enough
            return last
        if own.per_sample and not site.per_sample:
            return np.ones((1, 1), np.bool_)  # the last sample that was loaded has run
        if own.per_sample or not site.per_sample:
            return np.full((1, 1), enough)
        own_last: Truths = (np.arange(calendar.m) == calendar.m - 1)[np.newaxis] & enough
        return own_last

    def _at(self, periods: Integers) -> tuple[Values, Truths]:
        """The values of periods; undefined before the first of the run, and before the first that is known, where only
        the batches of a warm-up look.
        """
        index = periods - self._base
        inside = (periods >= 0) & (index >= 0) & (index < len(self._values))
        index = np.where(inside, index, 0)
        if not len(self._values):
            return np.full(periods.shape, np.nan), inside & False
        return self._values[index], inside & self._valid[index]


class Memory:
    """What some trees remember, while batches run one after the other."""

    def __init__(self, nodes: Sequence[Typed], program: Program) -> None:
        self._program = program
        self.pasts = list(dict.fromkeys(past for node in nodes for past in pasts(node)))
        self.layers = sorted({leaf.layer for node in nodes for leaf in everything(node) if isinstance(leaf, Dead)})
        self._series = {past: _Series(past, program) for past in self.pasts}
        self._flat: dict[int, Truths] = {}

    def atoms(self, m: int) -> list[Atom]:
        """What it wants of every batch."""
        found: list[Atom] = [Flat(layer) for layer in self.layers]
        for past, series in self._series.items():
            found += atoms_of(past.arg, series.site.executed, self._program, m)
        return found

    def take(
        self, batch: Batch, calendar: Calendar, lr: float, sites: Sequence[Site], *, whole: bool = True
    ) -> Batches:
        """Remember what some batches have come to.

        Args:
            sites: where the trees will be worked out.
            whole: whether the end of the batches is among it; if not, they will be taken again.
        """
        batches = Batches(calendar, batch.results, batch.costs, batch.spent, lr)
        for layer in self.layers:
            before = self._flat.get(layer)
            batches.dead[layer] = self._dead(layer, batch, calendar)
            if not whole and before is not None:
                self._flat[layer] = before
        inner = {self._series[past].site for past in self.pasts}
        for past, series in self._series.items():
            series.record(batches)
            for site in dict.fromkeys([*inner, *sites]):
                batches.past[past, site] = series.look(batches, site)
        return batches

    def _dead(self, layer: int, batch: Batch, calendar: Calendar) -> Values:
        """(count, 1) the share of units that have been flat since the epoch began."""
        flats, shares = batch.results[Flat(layer)], np.empty((batch.count, 1))
        so_far = self._flat.get(layer)
        for at, k in enumerate(calendar.k[:, 0]):
            so_far = flats[at].copy() if k == 0 or so_far is None else so_far & flats[at]
            shares[at] = so_far.mean()
        assert so_far is not None
        self._flat[layer] = so_far
        return shares
