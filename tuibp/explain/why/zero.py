"""Why a number is exactly zero: an and/or walk down to the reasons, inputs first.

A product is zero if a factor is, a sum if all its terms are. Inputs come first: in an image most pixels are black, and
whoever calls the weights behind them dead is wrong (explain.md section 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tuibp.debugger.names import CellRef
from tuibp.debugger.view import View
from tuibp.engine.network import Parameters
from tuibp.engine.operations import Tensor

DEPTH = 12
SHOWN = 3
"""Reasons of one kind that are followed up."""


@dataclass(frozen=True, eq=False)
class Zero:
    """One claim: a cell is zero, and for which reason."""

    cell: CellRef
    text: str
    kind: str
    """"input", "off", "weight", "met", "factor", "terms", "cancels", "underflows", "samples", "flat", "kept"."""
    because: tuple[Zero, ...] = ()
    sample: int | None = None


def why_zero(view: View, cell: CellRef) -> Zero | None:
    """The reasons; None where the cell is not zero, or not computed."""
    with np.errstate(all="ignore"):
        return _walk(view, cell, 0) if _value(view, cell) == 0.0 else None


def _value(view: View, cell: CellRef) -> float | None:
    if cell.name == "cost":
        found = view.scalar("cost")
        return None if found is None else float(found)
    if cell.name in ("W", "b"):
        params = _read(view)
        return float((params.W if cell.name == "W" else params.b)[cell.layer or 0][cell.index])
    array = view.get(cell.name, cell.layer)
    return None if array is None else float(array[cell.index])


def _read(view: View) -> Parameters:
    return view.state.params if view.record is None else view.record.state.params


def _walk(view: View, cell: CellRef, depth: int) -> Zero:
    if depth > DEPTH:
        return Zero(cell, f"{cell} is 0", "factor")
    return replace(_RULES[cell.name](view, cell, depth), sample=view.sample)


Rule = Callable[[View, CellRef, int], Zero]


def _follow(view: View, cell: CellRef, depth: int) -> Zero:
    return _walk(view, cell, depth + 1)


def _data(view: View, cell: CellRef, depth: int) -> Zero:
    (j,) = cell.index
    names = view.recipe.train.classes if cell.name == "y" else view.recipe.train.features
    label = f' ("{names[j]}")' if j < len(names) else ""
    what = "target" if cell.name == "y" else "input"
    return Zero(cell, f"{what} {j}{label} of this sample is 0", "input")


def _activation(view: View, cell: CellRef, depth: int) -> Zero:
    l, (i,) = cell.layer or 0, cell.index
    if l == 0:
        return _data(view, CellRef("x", None, cell.index), depth)
    z, sigma = _value(view, CellRef("z", l, (i,))) or 0.0, view.network.activation(l)
    if sigma.name == "relu" and z <= 0.0:
        return Zero(cell, f"unit {i} of layer {l} is off: z = {z:.6g} <= 0{_over(view, l, i)}", "off",
                    (_follow(view, CellRef("z", l, (i,)), depth),) if z == 0.0 else ())  # fmt: skip
    if z == 0.0:
        return Zero(cell, f"σ(0) = 0 for {sigma.name}", "factor", (_follow(view, CellRef("z", l, (i,)), depth),))
    return Zero(cell, f"σ(z) = 0 at z = {z:.6g}: {sigma.name} underflows there", "underflows")


def _over(view: View, l: int, i: int) -> str:
    """How many samples of the batch the unit is off for."""
    if view.record is None:
        return ""
    count = view.executed_samples(view.program.written_at[Tensor("z", l)])
    off = int((view.record.ws.Z[l][i, :count] <= 0.0).sum())
    return f"; it is off for {off} of the {count} samples seen of this batch" if count > 1 else ""


def _slope(view: View, cell: CellRef, depth: int) -> Zero:
    l, sigma = cell.layer or 1, view.network.activation(cell.layer or 1)
    if len(cell.index) == 2:
        return Zero(cell, f"a[{l}] = 0 or 1 there: the Jacobian of softmax is flat", "flat")
    (i,) = cell.index
    z = _value(view, CellRef("z", l, (i,))) or 0.0
    if sigma.name == "relu":
        return Zero(cell, f"unit {i} of layer {l} is off: z = {z:.6g} <= 0, so σ′ = 0{_over(view, l, i)}", "off")
    if sigma.kinks:
        return Zero(cell, f"unit {i} of layer {l} is on its flat side: z = {z:.6g}, σ′ = 0", "flat")
    return Zero(cell, f"unit {i} of layer {l} is saturated: z = {z:.6g}, σ′ rounds to 0", "flat")


def _product(view: View, cell: CellRef, factors: list[CellRef], depth: int) -> Zero:
    """Inputs first: the factors are given in that order."""
    zero = [factor for factor in factors if _value(view, factor) == 0.0]
    if zero:
        rest = " and ".join(map(str, zero))
        return Zero(cell, f"{cell} is a product, and {rest} = 0", "factor",
                    tuple(_follow(view, factor, depth) for factor in zero))  # fmt: skip
    values = " * ".join(f"{_value(view, factor):.3g}" for factor in factors)
    return Zero(cell, f"{cell} is a product of numbers that are not 0 and underflows: {values}", "underflows")


def _sum(view: View, cell: CellRef, terms: list[list[CellRef]], depth: int) -> Zero:
    """A sum of products, each given by its factors, inputs first."""
    values = [[_value(view, factor) or 0.0 for factor in term] for term in terms]
    products = np.array([np.prod(term) for term in values])
    if products.any():
        count = int(np.count_nonzero(products))
        return Zero(cell, f"the {count} terms of {cell} that are not 0 cancel exactly", "cancels")
    groups: dict[str, list[CellRef]] = {}
    underflow = 0
    for term, numbers in zip(terms, values, strict=True):
        first = next((factor for factor, number in zip(term, numbers, strict=True) if number == 0.0), None)
        if first is None:
            underflow += 1
        else:
            groups.setdefault(f"{first.name}[{first.layer}]" if first.layer is not None else first.name, []).append(
                first
            )
    told = [f"{len(found)} because {name} = 0 there" for name, found in groups.items()]
    told += [f"{underflow} because they underflow"] if underflow else []
    because = tuple(_follow(view, one, depth) for found in groups.values() for one in found[:SHOWN])
    return Zero(cell, f"all {len(terms)} terms of {cell} are 0: {', '.join(told)}", "terms", because)


def _pre_activation(view: View, cell: CellRef, depth: int) -> Zero:
    l, (i,) = cell.layer or 1, cell.index
    below = [CellRef("a", l - 1, (j,)) for j in range(view.network.sizes[l - 1])]
    terms = [[a, CellRef("W", l, (i, a.index[0]))] for a in below] + [[CellRef("b", l, (i,))]]
    return _sum(view, cell, terms, depth)


def _error(view: View, cell: CellRef, depth: int) -> Zero:
    l, (i,), network = cell.layer or 0, cell.index, view.network
    if l == network.L:
        a, y = _value(view, CellRef("a", l, (i,))), _value(view, CellRef("y", None, (i,)))
        if a == y:
            return Zero(cell, f"the output is its target: a[{l}][{i}] = y[{i}] = {a:.6g}", "met")
        return Zero(cell, f"unit {i} takes no part in this cost: y[{i}] = {y:.6g}", "input")
    terms = [[CellRef("db", l + 1, (k,)), CellRef("W", l + 1, (k, i))] for k in range(network.sizes[l + 1])]
    return _sum(view, cell, terms, depth)


def _delta(view: View, cell: CellRef, depth: int) -> Zero:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    if network.fused is not None and l == network.L:
        a, y = _value(view, CellRef("a", l, (i,))), _value(view, CellRef("y", None, (i,)))
        return Zero(cell, f"the output is its target: a[{l}][{i}] = {a:.6g}, y[{i}] = {y:.6g}", "met")
    if network.activation(l).elementwise:
        return _product(view, cell, [CellRef("sp", l, (i,)), CellRef("dC_da", l, (i,))], depth)
    terms = [[CellRef("sp", l, (k, i)), CellRef("dC_da", l, (k,))] for k in range(network.sizes[l])]
    return _sum(view, cell, terms, depth)


def _weight_gradient(view: View, cell: CellRef, depth: int) -> Zero:
    l, (i, j) = cell.layer or 1, cell.index
    return _product(view, cell, [CellRef("a", l - 1, (j,)), CellRef("db", l, (i,))], depth)


def _batch(view: View, cell: CellRef, depth: int) -> Zero:
    assert view.record is not None
    ws, l, m = view.record.ws, cell.layer or 1, view.record.m
    name = "dW" if cell.name == "gW" else "db"
    delta = ws.D[l][cell.index[0]]
    terms = delta * ws.A[l - 1][cell.index[1]] if name == "dW" else delta
    if terms.any():
        return Zero(cell, f"the {int(np.count_nonzero(terms))} samples that are not 0 cancel exactly", "cancels")
    inner = CellRef(name, l, cell.index)
    views = [View(view.timeline, view.t, s) for s in range(min(m, SHOWN))]
    text = f"{name}[{l}] of all {m} samples is 0 there"
    if name == "dW":
        inputs = int((ws.A[l - 1][cell.index[1]] == 0.0).sum())
        text += f"; for {inputs} of them because a[{l - 1}][{cell.index[1]}] is" if inputs else ""
    return Zero(cell, text, "samples", tuple(_walk(one, inner, depth + 1) for one in views))


def _parameter(view: View, cell: CellRef, depth: int) -> Zero:
    origin = "it began as 0" if view.record is None or view.record.batch == 0 else "the updates have left it at 0"
    return Zero(cell, f"{cell} is 0: {origin}", "weight")


def _step(view: View, cell: CellRef, depth: int) -> Zero:
    gradient = CellRef("gW" if cell.name == "uW" else "gb", cell.layer, cell.index)
    if _value(view, gradient) == 0.0:
        return Zero(cell, f"{gradient} = 0", "factor", (_follow(view, gradient, depth),))
    return Zero(cell, f"the step is too small to change {cell}: it is lost in rounding", "underflows")


def _cost(view: View, cell: CellRef, depth: int) -> Zero:
    a, y = view.get("a", view.network.L), view.get("y")
    if a is not None and y is not None and np.array_equal(a, y):
        return Zero(cell, "the output is its target", "met")
    return Zero(cell, "what is left of the cost rounds to 0", "underflows")


_RULES: dict[str, Rule] = {
    "x": _data, "y": _data, "a": _activation, "z": _pre_activation, "sp": _slope, "dC_da": _error, "db": _delta,
    "dW": _weight_gradient, "gW": _batch, "gb": _batch, "W": _parameter, "b": _parameter, "uW": _step, "ub": _step,
    "cost": _cost,
}  # fmt: skip
