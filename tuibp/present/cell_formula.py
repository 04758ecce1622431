"""A cell's own formula with its numbers: which terms make it, and how large each is.

Every factor is the stored value. The value shown is the stored one too, so a reader can check the arithmetic by hand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tuibp.debugger.edits import site
from tuibp.debugger.names import CellRef
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor, fused_delta
from tuibp.present.entries import entry, parameters_read
from tuibp.present.numbers import cell_symbol, factor, short, symbol


@dataclass(frozen=True, eq=False)
class Terms:
    """The summands of a cell in order: a product of factors each, and one more at the end, such as the bias."""

    parts: tuple[Array, ...] = ()
    """(n,) each: factor p of summand k is `parts[p][k]`."""
    named: Callable[[int], tuple[str, ...]] = lambda k: ()
    """The name of each factor of summand k, made when somebody looks at it: a wide layer has hundreds."""
    last: tuple[tuple[str, ...], tuple[float, ...]] | None = None
    """Names and values of the factors of one more summand."""

    @property
    def products(self) -> int:
        """Summands that are products of `parts`."""
        return len(self.parts[0]) if self.parts else 0

    def __len__(self) -> int:
        return self.products + (self.last is not None)

    def factors(self, k: int) -> tuple[float, ...]:
        """The factors of summand k."""
        if self.last is not None and k == self.products:
            return self.last[1]
        return tuple(float(part[k]) for part in self.parts)

    def names(self, k: int) -> tuple[str, ...]:
        """The names of its factors."""
        return self.last[0] if self.last is not None and k == self.products else self.named(k)

    def values(self) -> Array:
        """(n,) float64, the summands."""
        values = np.ones(len(self))
        with np.errstate(all="ignore"):
            for part in self.parts:
                values[: self.products] *= part
        if self.last is not None:
            values[-1] = math.prod(self.last[1])
        return values


NONE = Terms()


@dataclass(frozen=True, eq=False)
class CellFormula:
    """How a cell comes about."""

    cell: CellRef
    symbols: str
    """The formula in symbols, for this cell."""
    value: float | None
    """The stored value; None while it is not computed."""
    terms: Terms = NONE
    """Empty where the inputs are not computed, or where the formula is no sum of products."""
    scale: float = 1.0
    """What the sum is divided by: m for a mean."""
    numbers: str = ""
    """The formula with its numbers, where it is no sum of products."""


_VARIABLE = re.compile(r"(?<![\w∂/])([azyn])(?![A-Za-z0-9_(])")

_TWICE = re.compile(r"\((\(-[^()]*\))\)")
"""A negative number in brackets that stands in brackets already."""


def filled(formula: str, values: dict[str, float], digits: int = 5) -> str:
    """The right-hand side of a formula with numbers for its letters: "σ′(z) = a (1 - a)" becomes "0.59 (1 - 0.59)"."""
    _, _, right = formula.partition(" = ")
    text = _VARIABLE.sub(lambda match: factor(values[match[1]], digits) if match[1] in values else match[1], right)
    return _TWICE.sub(r"\1", text)


Maker = Callable[[View, CellRef], CellFormula]
Index = tuple[int, ...]


def _dot(left: tuple[str, int, Array | None], right: tuple[str, int, Array | None],
         index: Callable[[int], tuple[Index, Index]]) -> Terms:  # fmt: skip
    """The terms left[k] * right[k]; none where either is not computed.

    Args:
        left, right: name, layer and (n,) values of a tensor.
        index: the indices of factor k in both.
    """
    one, two = left[2], right[2]
    if one is None or two is None:
        return NONE

    def names(k: int) -> tuple[str, ...]:
        at = index(k)
        return symbol(left[0], left[1], at[0]), symbol(right[0], right[1], at[1])

    return Terms((one, two), names)


def _before_the_update(view: View) -> str:
    """Says so where a formula reads other parameters than those that are shown beside it."""
    return "" if parameters_read(view) is view.state.params else "   (W and b of before the update)"


def _z(view: View, cell: CellRef) -> CellFormula:
    l, (i,), params = cell.layer or 1, cell.index, parameters_read(view)
    symbols = f"{cell_symbol(cell)} = Σ_j {symbol('W', l)}[{i},j] {symbol('a', l - 1)}[j] + {symbol('b', l, (i,))}"
    symbols += _before_the_update(view)
    terms = _dot(("W", l, params.W[l][i]), ("a", l - 1, view.get("a", l - 1)), lambda j: ((i, j), (j,)))
    if terms:
        terms = replace(terms, last=((symbol("b", l, (i,)),), (float(params.b[l][i]),)))
    return CellFormula(cell, symbols, entry(view, cell), terms)


def _a(view: View, cell: CellRef) -> CellFormula:
    l, (i,) = cell.layer or 0, cell.index
    if l == 0:
        return _data(view, cell)
    sigma, z = view.network.activation(l), view.get("z", l)
    symbols = f"{cell_symbol(cell)} = σ({symbol('z', l, (i,))}),  {sigma.formula}"
    numbers = ""
    if z is not None:
        numbers = filled(sigma.formula, {"z": float(z[i])}) if sigma.elementwise else _softmax(z, i)
    return CellFormula(cell, symbols, entry(view, cell), numbers=numbers)


def _softmax(z: Array, i: int) -> str:
    """e^z_i over the sum of all, both divided by the largest e^z, as the engine computes it."""
    below = z - z.max()
    return f"e^{factor(float(below[i]), 5)} / {short(float(np.exp(below).sum()), 5)}   (z less its largest)"


def _data(view: View, cell: CellRef) -> CellFormula:
    """Inputs and targets come from the data: say from which row and column."""
    train, record, s = view.recipe.train, view.record, view.sample
    names = train.classes if cell.name == "y" else train.features
    label = f' "{names[cell.index[0]]}"' if cell.index[0] < len(names) else ""
    row = f" of row {int(record.ws.indices[s])} of the training data" if record is not None and s is not None else ""
    return CellFormula(cell, f"{cell_symbol(cell)} = column {cell.index[0]}{label}{row}", entry(view, cell))


def _dC_da(view: View, cell: CellRef) -> CellFormula:
    l, (i,), network = cell.layer or 0, cell.index, view.network
    if l == network.L:
        a, y, formula = view.get("a", l), view.get("y"), network.cost.gradient_formula
        symbols = f"{cell_symbol(cell)} = {formula.partition(' = ')[2]}"
        numbers = ""
        if a is not None and y is not None:
            numbers = filled(formula, {"a": float(a[i]), "y": float(y[i]), "n": float(len(a))})
        return CellFormula(cell, symbols, entry(view, cell), numbers=numbers)
    symbols = f"{cell_symbol(cell)} = Σ_k {symbol('W', l + 1)}[k,{i}] {symbol('db', l + 1)}[k]"
    symbols += _before_the_update(view)
    W, delta = parameters_read(view).W[l + 1], view.get("db", l + 1)
    terms = _dot(("W", l + 1, W[:, i]), ("db", l + 1, delta), lambda k: ((k, i), (k,)))
    return CellFormula(cell, symbols, entry(view, cell), terms)


def _sp(view: View, cell: CellRef) -> CellFormula:
    l, sigma = cell.layer or 1, view.network.activation(cell.layer or 1)
    z, a = view.get("z", l), view.get("a", l)
    numbers = ""
    if len(cell.index) == 2:
        i, j = cell.index
        name = cell_symbol(cell)
        if a is not None:
            numbers = f"{factor(float(a[i]), 5)} ({int(i == j)} - {factor(float(a[j]), 5)})"
        symbols = f"{name} = {symbol('a', l, (i,))} ([i=j] - {symbol('a', l, (j,))})"
        return CellFormula(cell, symbols, entry(view, cell), numbers=numbers)
    (i,) = cell.index
    if z is not None and a is not None:
        numbers = filled(sigma.derivative_formula, {"z": float(z[i]), "a": float(a[i])})
    return CellFormula(cell, f"{cell_symbol(cell)},  {sigma.derivative_formula}", entry(view, cell), numbers=numbers)


def _db(view: View, cell: CellRef) -> CellFormula:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    name, here = cell_symbol(cell), entry(view, cell)
    if network.fused is not None and l == network.L:
        a, y = view.get("a", l), view.get("y")
        fused = f"   (fused: {network.fused.activation} with {network.cost.name})"
        numbers = ""
        if a is not None and y is not None:
            numbers = fused_delta(view.recipe, short(float(a[i]), 5), factor(float(y[i]), 5))
            numbers = numbers.replace(" Σy", f"*{short(float(y.sum()), 5)}")
        symbols = f"{name} = {fused_delta(view.recipe, symbol('a', l, (i,)), f'y[{i}]')}{fused}"
        return CellFormula(cell, symbols, here, numbers=numbers)
    slope, upstream = view.get("sp", l), view.get("dC_da", l)
    if not network.activation(l).elementwise:
        symbols = f"{name} = Σ_k J{symbol('', l)}[k,{i}] {symbol('dC_da', l)}[k]"
        column = None if slope is None else slope[:, i]
        return CellFormula(
            cell, symbols, here, _dot(("sp", l, column), ("dC_da", l, upstream), lambda k: ((k, i), (k,)))
        )
    symbols = f"{name} = {symbol('sp', l, (i,))} {symbol('dC_da', l, (i,))}"
    one, two = (None if array is None else array[i : i + 1] for array in (slope, upstream))
    return CellFormula(cell, symbols, here, _dot(("sp", l, one), ("dC_da", l, two), lambda _: ((i,), (i,))))


def _dW(view: View, cell: CellRef) -> CellFormula:
    l, (i, j) = cell.layer or 1, cell.index
    symbols = f"{cell_symbol(cell)} = {symbol('db', l, (i,))} {symbol('a', l - 1, (j,))}"
    delta, a = view.get("db", l), view.get("a", l - 1)
    one, two = (None if array is None else array[k : k + 1] for array, k in ((delta, i), (a, j)))
    terms = _dot(("db", l, one), ("a", l - 1, two), lambda _: ((i,), (j,)))
    return CellFormula(cell, symbols, entry(view, cell), terms)


def _batch(view: View, cell: CellRef) -> CellFormula:
    """gW and gb: a term for every sample of the batch."""
    l, reduction = cell.layer or 1, view.network.reduction
    what = "dW" if cell.name == "gW" else "db"
    symbols = f"{cell_symbol(cell)} = {reduction} over the batch of {symbol(what, l, cell.index)}"
    terms = NONE
    if view.record is not None and view.defined(cell.name, l):
        ws, i = view.record.ws, cell.index[0]
        delta = symbol("db", l, (i,))
        if what == "dW":
            j = cell.index[1]
            terms = Terms((ws.D[l][i], ws.A[l - 1][j]), lambda s: (f"s{s} {delta}", symbol("a", l - 1, (j,))))
        else:
            terms = Terms((ws.D[l][i],), lambda s: (f"s{s} {delta}",))
    scale = float(len(terms)) if reduction == "mean" and terms else 1.0
    return CellFormula(cell, symbols, entry(view, cell), terms, scale)


UNTRAINED = "initial value; the biases are not trained here"


def _parameter(view: View, cell: CellRef) -> CellFormula:
    """W and b after an update: what they were and what was added; before: where they come from."""
    l, small, here = cell.layer or 1, cell.name == "b", entry(view, cell)
    added = entry(view, CellRef("ub" if small else "uW", l, cell.index)) if view.defined("uW", l) else None
    if added is None or view.record is None:
        origin = "initial value" if view.record is None or view.record.batch == 0 else "as the last update left it"
        return CellFormula(cell, f"{cell_symbol(cell)}: {origin}", here)
    if small and not view.recipe.plan.train_biases:
        return CellFormula(cell, f"{cell_symbol(cell)}: {UNTRAINED}", here)
    params = parameters_read(view)
    before = float((params.b if small else params.W)[l][cell.index])
    step = _step(view, CellRef("gb" if small else "gW", l, cell.index)) or (("update",), (added,))
    terms = Terms((np.array([before]),), lambda _: ("before",), step)
    return CellFormula(cell, f"{cell_symbol(cell)}  {_rule(view)}", here, terms)


def _rule(view: View) -> str:
    """The optimizer's rule on one line, with its η."""
    plan = view.recipe.plan
    return f"{plan.optimizer.name}, η = {short(plan.lr)}: {', '.join(plan.optimizer.formula.splitlines())}"


def _step(view: View, gradient: CellRef) -> tuple[tuple[str, ...], tuple[float, ...]] | None:
    """-η times the gradient, as a term; None for an optimizer whose step is no such product."""
    value, plan = entry(view, gradient), view.recipe.plan
    return None if value is None or plan.optimizer.slots else (("-η", cell_symbol(gradient)), (-plan.lr, value))


def _updated(view: View, cell: CellRef) -> CellFormula:
    if cell.name == "ub" and not view.recipe.plan.train_biases:
        return CellFormula(cell, f"{cell_symbol(cell)}: {UNTRAINED}", entry(view, cell))
    step = _step(view, CellRef("gW" if cell.name == "uW" else "gb", cell.layer, cell.index))
    terms = Terms(last=step)
    return CellFormula(cell, f"{cell_symbol(cell)} = after - before;  {_rule(view)}", entry(view, cell), terms)


SUMMANDS = 3
"""Output units whose part of the cost is written out."""


def _cost(view: View, cell: CellRef) -> CellFormula:
    network = view.network
    a, y = view.get("a", network.L), view.get("y")
    numbers = ""
    if a is not None and y is not None:
        before, _, summand = network.cost.formula.partition(" = ")[2].partition("Σ ")
        before = before.replace("/n", f"/{len(a)}")
        summand = summand if summand.startswith(("(", "[")) else f"({summand})"
        units = [
            filled(f" = {summand}", {"a": float(one), "y": float(two)}, 5)
            for one, two in zip(a[:SUMMANDS], y[:SUMMANDS], strict=True)
        ]
        more = f" + …{len(a) - SUMMANDS} more…" if len(a) > SUMMANDS else ""
        numbers = f"{before}[{' + '.join(units)}{more}]" if before or more else " + ".join(units)
    return CellFormula(cell, network.cost.formula, entry(view, cell), numbers=numbers)


def _mean_cost(view: View, cell: CellRef) -> CellFormula:
    """The mean cost of the batch, or of the epoch, so far: a term for every sample of the batch that has one."""
    of_epoch = cell.name == "ecost"
    symbols = f"{cell.name} = mean of C over the samples of the {'epoch' if of_epoch else 'batch'} so far"
    here = entry(view, cell)
    if view.record is None or here is None:
        return CellFormula(cell, symbols, here)
    count = view.executed_samples(view.program.written_at[Tensor("bcost")])
    terms = Terms((view.record.ws.C[:count].astype(np.float64),), lambda s: (f"s{s} C",))
    scale = float(count)
    if of_epoch:
        cost, samples, _ = view.record.spent
        terms, scale = replace(terms, last=(("the batches before",), (cost,))), scale + samples
    return CellFormula(cell, symbols, here, terms, scale)


_MAKERS: dict[str, Maker] = {
    "z": _z, "a": _a, "x": _data, "y": _data, "dC_da": _dC_da, "sp": _sp, "db": _db, "dW": _dW, "gW": _batch,
    "gb": _batch, "W": _parameter, "b": _parameter, "uW": _updated, "ub": _updated, "cost": _cost,
    "bcost": _mean_cost, "ecost": _mean_cost,
}  # fmt: skip


_OF_A_SAMPLE = frozenset({"z", "a", "x", "y", "dC_da", "sp", "db", "dW", "cost"})


def _given(view: View, cell: CellRef) -> str:
    """Why the arithmetic of a cell would be false: it has been set by hand, or what it was computed from has."""
    timeline = view.timeline
    for edit in reversed(timeline.edits):
        if edit.t > view.t or edit.ref.name != cell.name or edit.ref.layer != cell.layer:
            continue
        if edit.ref.index and edit.ref.index != cell.index:
            continue
        place = site(timeline.clock, edit.t)
        elsewhere = view.record is None or (place.batch, place.current) != (view.record.batch, view.sample)
        value = edit.value[cell.index] if isinstance(edit.value, np.ndarray) else edit.value
        if (elsewhere and cell.name in _OF_A_SAMPLE) or entry(view, cell) != view.recipe.network.dtype.type(value):
            continue
        return f"set by hand at {timeline.clock.at(edit.t).name}"
    if timeline.edits and view.defined(cell.name, cell.layer) and view.stale(cell.name, cell.layer):
        return "computed before a number that it reads was set by hand"
    return ""


def cell_formula(view: View, cell: CellRef) -> CellFormula:
    """The formula of a cell, at a view; its terms are empty while their inputs are not computed."""
    with np.errstate(all="ignore"):
        if view.look == "mean" and cell.name in _OF_A_SAMPLE:
            # A mean of products is no product of means: showing factors here would be false arithmetic.
            symbols = f"{cell_symbol(cell)}: mean over the samples that have computed it"
            return CellFormula(cell, symbols, entry(view, cell))
        given = _given(view, cell)
        if given:
            return CellFormula(cell, f"{cell_symbol(cell)}: {given}", entry(view, cell))
        return _MAKERS[cell.name](view, cell)
