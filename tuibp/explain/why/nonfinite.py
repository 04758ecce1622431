"""Why a number is nan or infinite: the operation that made the first one, and what it made it of.

The producer is found in time (`debugger.nonfinite`); here its first such cell is classified by its operands, which
are finite: overflow, inf - inf, 0 * inf, 0 / 0, log 0, or a number that came in that way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from tuibp.debugger.names import TENSORS, CellRef
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Op

Kind: TypeAlias = Literal[
    "overflow", "inf - inf", "0 * inf", "0 / 0", "x / 0", "log 0", "log < 0", "input", "operand", "divergence"
]

WORDS: dict[Kind, str] = {
    "overflow": "overflow: finite numbers, and their result is beyond the largest number of this type",
    "inf - inf": "inf - inf: terms that overflow to both signs",
    "0 * inf": "0 * inf: nothing times something infinite",
    "0 / 0": "0 / 0",
    "x / 0": "a division by 0",
    "log 0": "log 0",
    "log < 0": "the logarithm of a negative number: the output lies outside 0 to 1",
    "input": "it came in with the data, or was set by hand",
    "operand": "an operand was not finite already",
    "divergence": "the step is beyond the largest number of this type",
}


@dataclass(frozen=True)
class NonFinite:
    """The first offender."""

    cell: CellRef
    value: float
    sample: int | None
    kind: Kind
    operands: tuple[tuple[CellRef, float], ...]
    """The cells that it was made of, the ones to blame first, with their values."""
    detail: str = ""


DOUBLE = np.dtype(np.float64)
MOST = 4
"""Operands that are told."""


def classify(view: View, op: Op) -> NonFinite | None:
    """The first cell of what an operation has written that is not finite, at the view just behind it."""
    for tensor in op.writes:
        found = _first(view, tensor)
        if found is not None:
            cell, value = found
            with np.errstate(all="ignore"):
                return _classified(view, op, cell, value)
    return None


def _first(view: View, tensor: Tensor) -> tuple[CellRef, float] | None:
    if tensor.name in ("cost", "bcost", "ecost"):
        scalar = view.scalar(tensor.name)
        return None if scalar is None or math.isfinite(scalar) else (CellRef(tensor.name), float(scalar))
    if tensor.name not in TENSORS:
        return None
    array = view.get(tensor.name, tensor.layer)
    if array is None:
        return None
    bad = np.argwhere(~np.isfinite(array))
    if not len(bad):
        return None
    index = tuple(int(i) for i in bad[0])
    return CellRef(tensor.name, tensor.layer, index), float(array[index])


def _classified(view: View, op: Op, cell: CellRef, value: float) -> NonFinite:
    kind, operands, detail = _KINDS.get(op.kind.name, _unknown)(view, cell)
    return NonFinite(cell, value, view.sample, kind, tuple(operands[:MOST]), detail)


Found: TypeAlias = "tuple[Kind, list[tuple[CellRef, float]], str]"


def _unknown(view: View, cell: CellRef) -> Found:
    return "overflow", [], ""


def of_terms(
    terms: Sequence[tuple[float, ...]], dtype: np.dtype[Any] = DOUBLE, value: float = math.inf
) -> tuple[Kind, list[int], str]:
    """What makes a sum of products not finite: the kind, the terms to blame, the worst first, and a word on it.

    Args:
        dtype: of the network: what overflows in single precision is a modest number in double.
        value: of the sum: nan where sums on the way have overflowed to both signs.

    >>> of_terms([(1e200, 1e200), (1.0, 2.0)])[0]
    'overflow'
    >>> of_terms([(1e200, 1e200), (-1e200, 1e200)])[0]
    'inf - inf'
    >>> of_terms([(0.0, math.inf)])[0]
    '0 * inf'
    >>> of_terms([(1.7e308,), (1.7e308,)])[0:1]
    ('overflow',)
    >>> of_terms([(1e30, 1e30), (-1e30, 1e30)], np.dtype(np.float32))[0]
    'inf - inf'
    """
    with np.errstate(all="ignore"):
        products = [float(np.multiply.reduce(np.array(term, dtype))) for term in terms]
    for k, term in enumerate(terms):
        if any(math.isnan(factor) for factor in term):
            return "operand", [k], "a factor is nan"
        if 0.0 in term and any(math.isinf(factor) for factor in term):
            return "0 * inf", [k], ""
    given = [k for k, term in enumerate(terms) if any(math.isinf(factor) for factor in term)]
    infinite = [k for k, product in enumerate(products) if math.isinf(product)]
    signs = {math.copysign(1.0, products[k]) for k in infinite}
    if len(signs) == 2:
        ends = [next(k for k in infinite if products[k] > 0.0), next(k for k in infinite if products[k] < 0.0)]
        return "inf - inf", ends, ""
    if given:
        return "operand", given, "a factor is infinite"
    order = sorted(range(len(products)), key=lambda k: -abs(products[k]))
    if math.isnan(value):
        return "inf - inf", infinite or order, "the sum overflows on the way"
    word = "one product is too large" if infinite else "each term is finite, their sum is not"
    return "overflow", infinite or order, word


def _dot(view: View, cell: CellRef, left: list[CellRef], right: list[CellRef], last: list[CellRef]) -> Found:
    cells = [*zip(left, right, strict=True), *((one,) for one in last)]
    terms = [tuple(_value(view, cell) for cell in term) for term in cells]
    kind, blamed, detail = of_terms(terms, view.state.params.W[1].dtype, _value(view, cell))
    operands = [(cell, _value(view, cell)) for k in blamed for cell in cells[k]]
    return kind, operands, detail


def _value(view: View, cell: CellRef) -> float:
    if cell.name in ("W", "b"):
        params = view.state.params if view.record is None else view.record.state.params
        return float((params.W if cell.name == "W" else params.b)[cell.layer or 0][cell.index])
    array = view.get(cell.name, cell.layer)
    return math.nan if array is None else float(array[cell.index])


def _z(view: View, cell: CellRef) -> Found:
    l, (i,) = cell.layer or 1, cell.index
    below = range(view.network.sizes[l - 1])
    left = [CellRef("W", l, (i, j)) for j in below]
    return _dot(view, cell, left, [CellRef("a", l - 1, (j,)) for j in below], [CellRef("b", l, (i,))])


def _a(view: View, cell: CellRef) -> Found:
    l = cell.layer or 1
    indices = [cell.index] if view.network.activation(l).elementwise else [(i,) for i in range(view.network.sizes[l])]
    operands = [(CellRef("z", l, index), _value(view, CellRef("z", l, index))) for index in indices]
    operands.sort(key=lambda one: -abs(one[1]) if math.isfinite(one[1]) else -math.inf)
    if any(not math.isfinite(value) for _, value in operands):
        return "operand", operands, "z is not finite"
    return "overflow", operands, f"σ of {view.network.activation(l).name}"


def _dC_da(view: View, cell: CellRef) -> Found:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    if l < network.L:
        above = range(network.sizes[l + 1])
        left = [CellRef("W", l + 1, (k, i)) for k in above]
        return _dot(view, cell, left, [CellRef("db", l + 1, (k,)) for k in above], [])
    operands = [(one, _value(view, one)) for one in (CellRef("a", l, (i,)), CellRef("y", None, (i,)))]
    a, y = (value for _, value in operands)
    if not (math.isfinite(a) and math.isfinite(y)):
        return "operand", operands, ""
    if "cross-entropy" in network.cost.name and a in (0.0, 1.0):
        return ("0 / 0" if math.isnan(_value(view, cell)) else "x / 0"), operands, f"the formula divides by {_below(a)}"
    return "overflow", operands, ""


def _below(a: float) -> str:
    return "a = 0" if a == 0.0 else "1 - a = 0"


def _sp(view: View, cell: CellRef) -> Found:
    return _a(view, CellRef("a", cell.layer, cell.index[:1]))


def _db(view: View, cell: CellRef) -> Found:
    l, (i,), network = cell.layer or 1, cell.index, view.network
    if network.fused is not None and l == network.L:
        operands = [(one, _value(view, one)) for one in (CellRef("a", l, (i,)), CellRef("y", None, (i,)))]
        return "operand", operands, ""
    if network.activation(l).elementwise:
        return _dot(view, cell, [CellRef("sp", l, (i,))], [CellRef("dC_da", l, (i,))], [])
    above = range(network.sizes[l])
    return _dot(view, cell, [CellRef("sp", l, (k, i)) for k in above], [CellRef("dC_da", l, (k,)) for k in above], [])


def _dW(view: View, cell: CellRef) -> Found:
    l, (i, j) = cell.layer or 1, cell.index
    return _dot(view, cell, [CellRef("db", l, (i,))], [CellRef("a", l - 1, (j,))], [])


def _cost(view: View, cell: CellRef) -> Found:
    L, network = view.network.L, view.network
    a, y = view.get("a", L), view.get("y")
    assert a is not None and y is not None
    units = range(len(a))
    operands = [(CellRef("a", L, (i,)), float(a[i])) for i in units]
    if not (np.isfinite(a).all() and np.isfinite(y).all()):
        return "operand", [one for one in operands if not math.isfinite(one[1])], "an output is not finite"
    if "cross-entropy" in network.cost.name:
        binary = network.cost.name == "binary-cross-entropy"
        below = [i for i in units if (a[i] < 0.0 and y[i] != 0.0) or (binary and a[i] > 1.0 and y[i] != 1.0)]
        if below:
            return "log < 0", [operands[i] for i in below], ""
        empty = [i for i in units if (a[i] == 0.0 and y[i] != 0.0) or (a[i] == 1.0 and y[i] != 1.0)]
        if empty:
            told = [operands[i] for i in empty]
            return "log 0", told + [(CellRef("y", None, (i,)), float(y[i])) for i in empty], ""
    operands.sort(key=lambda one: -abs(one[1]))
    return "overflow", operands, "the square of an error" if "squared" in network.cost.name else ""


def _grad(view: View, cell: CellRef) -> Found:
    assert view.record is not None
    ws, l = view.record.ws, cell.layer or 1
    terms: Array = ws.D[l][cell.index[0]]
    if cell.name == "gW":
        terms = terms * ws.A[l - 1][cell.index[1]]
    total = view.get(cell.name, l)
    value = math.inf if total is None else float(total[cell.index])
    kind, blamed, detail = of_terms([(float(term),) for term in terms], terms.dtype, value)
    inner = CellRef("dW" if cell.name == "gW" else "db", l, cell.index)
    return kind, [(inner, float(terms[k])) for k in blamed], f"{detail}; samples {', '.join(map(str, blamed[:MOST]))}"


def _update(view: View, cell: CellRef) -> Found:
    gradient = CellRef("gW" if cell.name == "W" else "gb", cell.layer, cell.index)
    before, step = _value(view, cell), _value(view, gradient)
    operands = [(gradient, step), (cell, before)]
    if not math.isfinite(step):
        return "operand", operands, "the gradient is not finite"
    return "divergence", operands, f"lr = {view.recipe.plan.lr:g}"


def _load(view: View, cell: CellRef) -> Found:
    return "input", [], ""


_KINDS = {
    "z": _z, "a": _a, "dC_da": _dC_da, "sp": _sp, "db": _db, "dW": _dW, "cost": _cost, "acc": _cost, "grad": _grad,
    "update": _update, "load": _load,
}  # fmt: skip
