"""A cell's own formula with its numbers: which terms make it, and how large each is.

Every factor is the stored value. The value shown is the stored one too, so a reader can check the arithmetic by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuibp.debugger.names import CellRef
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.network import Parameters
from tuibp.present.numbers import cell_symbol, factor, symbol


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: its factors in order, each with its name."""

    names: tuple[str, ...]
    factors: tuple[float, ...]

    @property
    def value(self) -> float:
        """The product of the factors."""
        product = 1.0
        for value in self.factors:
            product *= value
        return product


@dataclass(frozen=True, slots=True)
class CellFormula:
    """How a cell comes about."""

    cell: CellRef
    symbols: str
    """The formula in symbols, for this cell."""
    terms: tuple[Term, ...]
    """In the order of the sum; empty where the inputs are not computed, or where the formula is no sum of products."""
    value: float | None
    """The stored value; None while it is not computed."""
    scale: float = 1.0
    """What the sum is divided by: m for a mean."""
    numbers: str = ""
    """The formula with its numbers, where it is no sum of products."""


_VARIABLE = re.compile(r"(?<![\w∂/])([azy])(?![A-Za-z0-9_(])")


def filled(formula: str, values: dict[str, float], digits: int = 5) -> str:
    """The right-hand side of a formula with numbers for a, z and y: "σ′(z) = a (1 - a)" becomes "0.59 (1 - 0.59)"."""
    _, _, right = formula.partition(" = ")
    return _VARIABLE.sub(lambda match: factor(values[match[1]], digits) if match[1] in values else match[1], right)


Maker = Callable[[View, CellRef], CellFormula]


def _value(view: View, cell: CellRef) -> float | None:
    if cell.name in ("cost", "bcost", "ecost"):
        scalar = view.scalar(cell.name)
        return None if scalar is None else float(scalar)
    array = view.get(cell.name, cell.layer)
    return None if array is None else float(array[cell.index])


def _dot(cell: CellRef, view: View, symbols: str, left: tuple[str, int | None, Array | None],
         right: tuple[str, int | None, Array | None], index: Callable[[int], tuple[tuple[int, ...], tuple[int, ...]]],
         bias: tuple[str, int, float] | None = None) -> CellFormula:  # fmt: skip
    """A sum over k of left[k] * right[k], then perhaps a bias."""
    terms: list[Term] = []
    if left[2] is not None and right[2] is not None:
        for k, (one, two) in enumerate(zip(left[2], right[2], strict=True)):
            at = index(k)
            names = (symbol(left[0], left[1], at[0]), symbol(right[0], right[1], at[1]))
            terms.append(Term(names, (float(one), float(two))))
        if bias is not None:
            terms.append(Term((symbol(bias[0], bias[1], cell.index),), (bias[2],)))
    return CellFormula(cell, symbols, tuple(terms), _value(view, cell))


def _read(view: View) -> Parameters:
    """The parameters that the visible batch has read: after its update those on the screen are newer."""
    return view.state.params if view.record is None else view.record.ws.state.params


def _z(view: View, cell: CellRef) -> CellFormula:
    l, (i,) = cell.layer or 1, cell.index
    params, a = _read(view), view.get("a", l - 1)
    W, b = params.W[l], params.b[l]
    symbols = f"{symbol('z', l, (i,))} = Σ_j {symbol('W', l)}[{i},j] {symbol('a', l - 1)}[j] + {symbol('b', l, (i,))}"
    return _dot(cell, view, symbols, ("W", l, W[i]), ("a", l - 1, a), lambda j: ((i, j), (j,)), ("b", l, float(b[i])))


def _a(view: View, cell: CellRef) -> CellFormula:
    l, (i,) = cell.layer or 0, cell.index
    if l == 0:
        return _data(view, cell)
    sigma, z = view.network.activation(l), view.get("z", l)
    symbols = f"{symbol('a', l, (i,))} = σ({symbol('z', l, (i,))}),  {sigma.formula}"
    numbers = ""
    if z is not None:
        plain = sigma.elementwise and "_" not in sigma.formula
        numbers = filled(sigma.formula, {"z": float(z[i])}) if plain else f"{sigma.name}(z)[{i}], z = {float(z[i]):.6g}"
    return CellFormula(cell, symbols, (), _value(view, cell), numbers=numbers)


def _data(view: View, cell: CellRef) -> CellFormula:
    """Inputs and targets come from the data: say from which row and column."""
    train, record, s = view.recipe.train, view.record, view.sample
    names = train.classes if cell.name == "y" else train.features
    label = f' "{names[cell.index[0]]}"' if cell.index[0] < len(names) else ""
    row = f" of row {int(record.ws.indices[s])} of the training data" if record is not None and s is not None else ""
    column = f"column {cell.index[0]}{label}{row}"
    return CellFormula(cell, f"{cell_symbol(cell)} = {column}", (), _value(view, cell))


def _dC_da(view: View, cell: CellRef) -> CellFormula:
    l, (i,), network = cell.layer or 0, cell.index, view.network
    if l == network.L:
        a, y = view.get("a", l), view.get("y")
        symbols = f"{symbol('dC_da', l, (i,))} = {network.cost.gradient_formula.partition(' = ')[2]}"
        values = {} if a is None or y is None else {"a": float(a[i]), "y": float(y[i])}
        numbers = filled(network.cost.gradient_formula, values) if values else ""
        return CellFormula(cell, symbols, (), _value(view, cell), numbers=numbers)
    W, delta = _read(view).W[l + 1], view.get("db", l + 1)
    symbols = f"{symbol('dC_da', l, (i,))} = Σ_k {symbol('W', l + 1)}[k,{i}] {symbol('db', l + 1)}[k]"
    return _dot(cell, view, symbols, ("W", l + 1, W[:, i]), ("db", l + 1, delta), lambda k: ((k, i), (k,)))


def _sp(view: View, cell: CellRef) -> CellFormula:
    l, sigma = cell.layer or 1, view.network.activation(cell.layer or 1)
    z, a = view.get("z", l), view.get("a", l)
    if len(cell.index) == 2:
        i, j = cell.index
        numbers = "" if a is None else f"a[{i}] = {float(a[i]):.6g}, a[{j}] = {float(a[j]):.6g}"
        symbols = f"J{symbol('', l)}[{i},{j}] = a[i] ([i=j] - a[j])"
        return CellFormula(cell, symbols, (), _value(view, cell), numbers=numbers)
    (i,) = cell.index
    symbols = f"{symbol('sp', l, (i,))},  {sigma.derivative_formula}"
    values = {} if z is None or a is None else {"z": float(z[i]), "a": float(a[i])}
    numbers = filled(sigma.derivative_formula, values) if values else ""
    return CellFormula(cell, symbols, (), _value(view, cell), numbers=numbers)


def _db(view: View, cell: CellRef) -> CellFormula:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    name = symbol("db", l, (i,))
    if network.fused is not None and l == network.L:
        a, y = view.get("a", l), view.get("y")
        symbols = f"{name} = {symbol('a', l, (i,))} - y[{i}]   (fused: {network.fused.activation} with {network.cost.name})"
        terms = () if a is None or y is None else (
            Term((symbol("a", l, (i,)),), (float(a[i]),)), Term(("-1", f"y[{i}]"), (-1.0, float(y[i]))))  # fmt: skip
        return CellFormula(cell, symbols, terms, _value(view, cell))
    slope, upstream = view.get("sp", l), view.get("dC_da", l)
    if not network.activation(l).elementwise:
        symbols = f"{name} = Σ_k J{symbol('', l)}[k,{i}] {symbol('dC_da', l)}[k]"
        column = None if slope is None else slope[:, i]
        return _dot(cell, view, symbols, ("sp", l, column), ("dC_da", l, upstream), lambda k: ((k, i), (k,)))
    symbols = f"{name} = {symbol('sp', l, (i,))} {symbol('dC_da', l, (i,))}"
    one = None if slope is None else slope[i : i + 1]
    two = None if upstream is None else upstream[i : i + 1]
    return _dot(cell, view, symbols, ("sp", l, one), ("dC_da", l, two), lambda _: ((i,), (i,)))


def _dW(view: View, cell: CellRef) -> CellFormula:
    l, (i, j) = cell.layer or 1, cell.index
    symbols = f"{symbol('dW', l, (i, j))} = {symbol('db', l, (i,))} {symbol('a', l - 1, (j,))}"
    delta, a = view.get("db", l), view.get("a", l - 1)
    one, two = (None if array is None else array[k : k + 1] for array, k in ((delta, i), (a, j)))
    return _dot(cell, view, symbols, ("db", l, one), ("a", l - 1, two), lambda _: ((i,), (j,)))


def _batch(view: View, cell: CellRef) -> CellFormula:
    """gW and gb: a term for every sample of the batch."""
    l, reduction = cell.layer or 1, view.network.reduction
    what = "dW" if cell.name == "gW" else "db"
    symbols = f"{cell_symbol(cell)} = {reduction} over the batch of {symbol(what, l, cell.index)}"
    terms: list[Term] = []
    if view.record is not None and view.defined(cell.name, l):
        ws, i = view.record.ws, cell.index[0]
        for s in range(ws.m):
            delta = float(ws.D[l][i, s])
            if what == "dW":
                j = cell.index[1]
                terms.append(Term((f"s{s} {symbol('db', l, (i,))}", symbol("a", l - 1, (j,))),
                                  (delta, float(ws.A[l - 1][j, s]))))  # fmt: skip
            else:
                terms.append(Term((f"s{s} {symbol('db', l, (i,))}",), (delta,)))
    scale = float(len(terms)) if reduction == "mean" and terms else 1.0
    return CellFormula(cell, symbols, tuple(terms), _value(view, cell), scale=scale)


def _parameter(view: View, cell: CellRef) -> CellFormula:
    """W and b after an update: what they were and what was added; before: where they come from."""
    l, small = cell.layer or 1, cell.name == "b"
    added = _value(view, CellRef("ub" if small else "uW", l, cell.index)) if view.defined("uW", l) else None
    if added is None or view.record is None:
        origin = "initial value" if view.record is None or view.record.batch == 0 else "as the last update left it"
        return CellFormula(cell, f"{cell_symbol(cell)}: {origin}", (), _value(view, cell))
    params = view.record.ws.state.params
    before = float((params.b if small else params.W)[l][cell.index])
    row = view.recipe.plan.optimizer
    symbols = f"{cell_symbol(cell)}  {row.name}, η = {view.recipe.plan.lr:g}: {row.formula.splitlines()[-1]}"
    terms = (Term(("before",), (before,)), Term(("update",), (added,)))
    return CellFormula(cell, symbols, terms, _value(view, cell))


def _updated(view: View, cell: CellRef) -> CellFormula:
    row, plan = view.recipe.plan.optimizer, view.recipe.plan
    symbols = f"{cell_symbol(cell)} = after - before;  {row.name}: {row.formula.splitlines()[-1]}"
    gradient = _value(view, CellRef("gW" if cell.name == "uW" else "gb", cell.layer, cell.index))
    numbers = "" if gradient is None else f"η = {plan.lr:g}, g = {gradient:.6g}"
    return CellFormula(cell, symbols, (), _value(view, cell), numbers=numbers)


def _cost(view: View, cell: CellRef) -> CellFormula:
    network = view.network
    a, y = view.get("a", network.L), view.get("y")
    numbers = ""
    if a is not None and y is not None:
        before, _, summand = network.cost.formula.partition(" = ")[2].partition("Σ ")
        summand = summand if summand.startswith(("(", "[")) else f"({summand})"
        units = [filled(f" = {summand}", {"a": float(one), "y": float(two)}, 4) for one, two in zip(a, y, strict=True)]
        more = f" + …{len(units) - 3} more…" if len(units) > 3 else ""
        numbers = f"{before}[{' + '.join(units[:3])}{more}]" if before or more else " + ".join(units)
    return CellFormula(cell, network.cost.formula, (), _value(view, cell), numbers=numbers)


_MAKERS: dict[str, Maker] = {
    "z": _z, "a": _a, "x": _data, "y": _data, "dC_da": _dC_da, "sp": _sp, "db": _db, "dW": _dW, "gW": _batch,
    "gb": _batch, "W": _parameter, "b": _parameter, "uW": _updated, "ub": _updated, "cost": _cost,
}  # fmt: skip


_OF_A_SAMPLE = frozenset({"z", "a", "x", "y", "dC_da", "sp", "db", "dW", "cost"})


def cell_formula(view: View, cell: CellRef) -> CellFormula:
    """The formula of a cell, at a view; its terms are empty while their inputs are not computed."""
    with np.errstate(all="ignore"):
        if view.look == "mean" and cell.name in _OF_A_SAMPLE:
            # A mean of products is no product of means: showing factors here would be false arithmetic.
            symbols = f"{cell_symbol(cell)}: mean over the samples that have computed it"
            return CellFormula(cell, symbols, (), _value(view, cell))
        return _MAKERS[cell.name](view, cell)
