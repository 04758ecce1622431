"""Links: the cells that a cell was computed from, and the position just behind the operation that wrote each."""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.debugger.names import SCALARS, CellRef
from tuibp.debugger.view import View
from tuibp.engine.operations import Tensor

FEW = 16
"""Operands of a cost that are listed."""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell, and where it was written."""

    cell: CellRef
    t: int
    """The position just behind the operation that wrote it; 0 for an initial value."""
    sample: int | None = None
    """The column of its batch, where it has one."""


def link(view: View, cell: CellRef, sample: int | None = None) -> Link:
    """Where a cell, as the view shows it, was written.

    Args:
        sample: a column of the batch other than that of the view.
    """
    s = view.sample if sample is None else sample
    return Link(cell, _written(view, cell, s), s)


def earlier(view: View, cell: CellRef) -> Link:
    """A parameter as the visible batch has found it: written by the update before."""
    return Link(cell, _found(view))


def _found(view: View) -> int:
    """The position behind the update before the visible batch; 0 where there is none."""
    record, clock, K = view.record, view.timeline.clock, view.program.K
    if record is None or record.batch == 0:
        return 0
    epoch, k = divmod(record.batch - 1, K)
    return clock.batch_start(epoch, k + 1)


def _written(view: View, cell: CellRef, s: int | None) -> int:
    program, clock, record = view.program, view.timeline.clock, view.record
    if record is None:
        return 0
    if cell.name in ("W", "b"):
        here = view.state is not record.state
        epoch, k = divmod(record.batch, program.K)
        return clock.batch_start(epoch, k + 1) if here else _found(view)
    index = _index(view, cell)
    if index is None:
        return view.t
    epoch, k = divmod(record.batch, program.K)
    start = clock.batch_start(epoch, k)
    own = program.ops_per_sample
    if index > own:  # grad and update, once a batch
        return start + 1 + record.m * own + (index - own)
    return start + 1 + (s or 0) * own + index


def _index(view: View, cell: CellRef) -> int | None:
    """The place in `batch_ops` of the operation that writes a cell."""
    table = view.program.written_at
    if cell.name in SCALARS:
        key = Tensor("bcost") if cell.name == "ecost" else Tensor(cell.name)
    elif cell.name == "x":
        key = Tensor("a", 0)
    elif cell.name == "dC_da" and cell.layer == 0:
        key = Tensor("db", 1)
    else:
        key = Tensor(cell.name, cell.layer)
    return table.get(key)


def operands(view: View, cell: CellRef, k: int = 0) -> list[Link]:
    """The cells that factor k of a cell's formula, or all of it where it is no sum, was computed from."""
    return [found for found in _OPERANDS.get(cell.name, _none)(view, cell, k) if found.t <= view.t]


def _none(view: View, cell: CellRef, k: int) -> list[Link]:
    return []


def _parameter_read(view: View, name: str, layer: int, index: tuple[int, ...]) -> Link:
    return earlier(view, CellRef(name, layer, index))


def _z(view: View, cell: CellRef, k: int) -> list[Link]:
    l, (i,) = cell.layer or 1, cell.index
    if k == view.network.sizes[l - 1]:
        return [_parameter_read(view, "b", l, (i,))]
    return [_parameter_read(view, "W", l, (i, k)), link(view, CellRef("a", l - 1, (k,)))]


def _a(view: View, cell: CellRef, k: int) -> list[Link]:
    l = cell.layer or 0
    if l == 0:
        return []
    if view.network.activation(l).elementwise:
        return [link(view, CellRef("z", l, cell.index))]
    return [link(view, CellRef("z", l, (i,))) for i in range(min(view.network.sizes[l], FEW))]


def _dC_da(view: View, cell: CellRef, k: int) -> list[Link]:
    l, (i,) = cell.layer or 0, cell.index
    if l == view.network.L:
        return [link(view, CellRef("a", l, (i,))), link(view, CellRef("y", None, (i,)))]
    return [_parameter_read(view, "W", l + 1, (k, i)), link(view, CellRef("db", l + 1, (k,)))]


def _sp(view: View, cell: CellRef, k: int) -> list[Link]:
    l = cell.layer or 1
    if len(cell.index) == 2:
        return [link(view, CellRef("a", l, (i,))) for i in dict.fromkeys(cell.index)]
    return [link(view, CellRef("z", l, cell.index)), link(view, CellRef("a", l, cell.index))]


def _db(view: View, cell: CellRef, k: int) -> list[Link]:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    if network.fused is not None and l == network.L:
        return [link(view, CellRef("a", l, (i,))), link(view, CellRef("y", None, (i,)))]
    if network.activation(l).elementwise:
        return [link(view, CellRef("sp", l, (i,))), link(view, CellRef("dC_da", l, (i,)))]
    return [link(view, CellRef("sp", l, (k, i))), link(view, CellRef("dC_da", l, (k,)))]


def _dW(view: View, cell: CellRef, k: int) -> list[Link]:
    l, (i, j) = cell.layer or 1, cell.index
    return [link(view, CellRef("db", l, (i,))), link(view, CellRef("a", l - 1, (j,)))]


def _batch(view: View, cell: CellRef, k: int) -> list[Link]:
    l = cell.layer or 1
    if cell.name == "gb":
        return [link(view, CellRef("db", l, cell.index), k)]
    i, j = cell.index
    return [link(view, CellRef("db", l, (i,)), k), link(view, CellRef("a", l - 1, (j,)), k)]


def _moved(view: View, cell: CellRef, k: int) -> list[Link]:
    gradient = CellRef("gW" if cell.name in ("W", "uW") else "gb", cell.layer, cell.index)
    if cell.name in ("W", "b") and k == 0:
        return [earlier(view, cell)]
    return [link(view, gradient)]


def _cost(view: View, cell: CellRef, k: int) -> list[Link]:
    L = view.network.L
    units = range(min(view.network.sizes[L], FEW))
    return [one for i in units for one in (link(view, CellRef("a", L, (i,))), link(view, CellRef("y", None, (i,))))]


def _batch_cost(view: View, cell: CellRef, k: int) -> list[Link]:
    if view.record is None or k >= view.record.m:  # the batches before
        return []
    return [link(view, CellRef("cost"), k)]


_OPERANDS = {
    "z": _z, "a": _a, "dC_da": _dC_da, "sp": _sp, "db": _db, "dW": _dW, "gW": _batch, "gb": _batch, "W": _moved,
    "b": _moved, "uW": _moved, "ub": _moved, "cost": _cost, "bcost": _batch_cost, "ecost": _batch_cost,
}  # fmt: skip
