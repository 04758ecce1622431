"""The answer to `why CELL`: the formula with its terms, the largest first, each factor a link that can be followed.

Every factor is the stored value and every term is their product; `document` has the digits for whoever checks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tuibp.debugger.names import CellRef
from tuibp.debugger.view import View
from tuibp.explain.why.links import Link, link, operands
from tuibp.present.cell_formula import CellFormula, cell_formula
from tuibp.present.formula import _largest_first, _share
from tuibp.present.numbers import cell_symbol, short

TERMS = 8
"""Terms that are written out where no number is asked for: why/20 CELL."""
DIGITS = 6


@dataclass(frozen=True)
class Factor:
    """A factor of a term."""

    name: str
    value: float
    link: Link | None


@dataclass(frozen=True)
class Term:
    """A summand."""

    factors: tuple[Factor, ...]
    value: float
    share: str


@dataclass(frozen=True, eq=False)
class Why:
    """The answer."""

    cell: CellRef
    t: int
    at: str
    sample: int | None
    formula: str
    numbers: str
    value: float
    terms: tuple[Term, ...] = ()
    """The largest first."""
    others: int = 0
    rest: float = 0.0
    """The sum of the others."""
    total: float = 0.0
    """The sum of all terms, from left to right."""
    scale: float = 1.0
    """What the sum is divided by."""
    cancellation: float = 1.0
    """sum |terms| / |sum|."""
    rounding: float = 0.0
    """The stored value less the sum, divided: BLAS adds in another order."""
    operands: tuple[Factor, ...] = ()
    """Where the formula is no sum: the cells that it reads."""

    @property
    def links(self) -> tuple[Link, ...]:
        """Where the answer leads, in the order of the numbers, from 1 on: a term leads to what was fed into it."""
        if self.operands:
            return tuple(factor.link for factor in self.operands if factor.link is not None)
        found = (_leading(term) for term in self.terms)
        return tuple(one for one in found if one is not None)


_LEADING = ("db", "dC_da", "a", "z", "gW", "gb", "cost", "sp", "W", "b")
"""Of the factors of a term, that which its link goes to: the number that flows, before the weight that it meets."""


def _leading(term: Term) -> Link | None:
    found = [factor.link for factor in term.factors if factor.link is not None]
    order = {name: k for k, name in enumerate(_LEADING)}
    return min(found, key=lambda one: order.get(one.cell.name, len(order)), default=None)


def why_cell(view: View, cell: CellRef, most: int = TERMS) -> Why | None:
    """Why a cell is what it is; None while it is not computed."""
    formula = cell_formula(view, cell)
    if formula.value is None:
        return None
    plain = Why(cell, view.t, view.position.name, view.sample, formula.symbols, formula.numbers, formula.value)
    if not formula.terms:
        return replace(plain, operands=tuple(_operand(view, one) for one in operands(view, cell)))
    values = formula.terms.values()
    with np.errstate(all="ignore"):
        total = float(np.add.accumulate(values)[-1])
        size = float(np.add.reduce(np.abs(values)))
        shown = _largest_first(values, min(most, len(values)))
        terms = tuple(_term(view, formula, k, float(values[k]), total) for k in shown)
        return replace(
            plain,
            terms=terms,
            others=len(values) - len(shown),
            rest=float(np.add.reduce(np.delete(values, shown))),
            total=total,
            scale=formula.scale,
            cancellation=size / abs(total) if total else math.inf if size else 1.0,
            rounding=formula.value - total / formula.scale,
        )


def _operand(view: View, one: Link) -> Factor:
    return Factor(str(one.cell), _stored(view, one), one)


def _stored(view: View, one: Link) -> float:
    from tuibp.present.entries import entry

    found = entry(view, one.cell)
    return math.nan if found is None else found


def _term(view: View, formula: CellFormula, k: int, value: float, total: float) -> Term:
    names, numbers = formula.terms.names(k), formula.terms.factors(k)
    one_of_terms = k < formula.terms.products or formula.cell.name != "ecost"
    cells = _linked(view, formula.cell, k, len(names)) if one_of_terms else [None]
    factors = tuple(Factor(n, v, one) for n, v, one in zip(names, numbers, cells, strict=True))
    return Term(factors, value, _share(value, total))


def _linked(view: View, cell: CellRef, k: int, count: int) -> list[Link | None]:
    """The links of a term's factors; what is no cell, such as -η, has none."""
    if cell.name in ("W", "b") and k > 0 and count == 1:  # the step of an optimizer that is no product
        return [link(view, CellRef(f"u{cell.name}", cell.layer, cell.index))]
    found: list[Link | None] = list(operands(view, cell, k))
    if cell.name in ("W", "b", "uW", "ub") and count == 2:  # -η, gradient
        return [None, *found]
    return (found + [None] * count)[:count]


# -- lines


@dataclass(frozen=True)
class Line:
    """A line of an answer, and where it leads."""

    text: str
    link: int = 0
    """The number of its link, from 1 on; 0 where it leads nowhere."""


def why_lines(why: Why) -> list[Line]:
    """The answer as it is printed."""
    value = short(why.value, DIGITS)
    head = f"{cell_symbol(why.cell)} = {value}   at {why.at}" + (
        f", sample {why.sample}" if why.sample is not None and why.cell.name not in _OF_THE_BATCH else ""
    )
    lines = [Line(head), Line(f"  {why.formula}")]
    if why.numbers:
        lines.append(Line(f"  = {why.numbers}"))
    for number, factor in enumerate(why.operands, start=1):
        lines.append(Line(f"  {number:>3}  {factor.name} = {short(factor.value, DIGITS)}", number))
    if why.terms:
        lines += _term_lines(why)
    return lines


_OF_THE_BATCH = frozenset({"W", "b", "gW", "gb", "uW", "ub", "bcost", "ecost"})


def _term_lines(why: Why) -> list[Line]:
    count = len(why.terms) + why.others
    divided = f", divided by {short(why.scale)}" if why.scale != 1.0 else ""
    if count > 1:
        cancel = "" if why.cancellation < 1.0005 else f", they cancel {short(why.cancellation, 3)} : 1"
        lines = [Line(f"  {count} terms{cancel}{divided}:")]
    else:
        lines = []
    width = max(len(_product(term)) for term in why.terms)
    number = 0
    for term in why.terms:
        leads = any(factor.link is not None for factor in term.factors)
        number += leads
        first = number if leads else 0
        share = f"  {term.share:>6}" if count > 1 else ""
        lines.append(Line(f"  {first or '':>3}  {_product(term):<{width}} = {_signed(term.value)}{share}", first))
    if why.others:
        share = _share(why.rest, why.total)
        rest = f"{why.others} {'other' if why.others == 1 else 'others'}"
        lines.append(Line(f"       {rest:<{width}} = {_signed(why.rest)}  {share:>6}"))
    if why.rounding and math.isfinite(why.rounding):
        lines.append(Line(f"  rounding: added up from left to right it is {short(why.rounding, 2)} less"
                          if why.rounding > 0 else
                          f"  rounding: added up from left to right it is {short(-why.rounding, 2)} more"))  # fmt: skip
    return lines


def _product(term: Term) -> str:
    return " * ".join(f"{factor.name} {short(factor.value, DIGITS)}" for factor in term.factors)


def _signed(value: float) -> str:
    text = short(value, DIGITS)
    return text if value < 0 or value == 0.0 or text.startswith(("+", "-", "nan")) else f"+{text}"


def document(why: Why) -> dict[str, object]:
    """The same with all digits."""
    return {
        "cell": str(why.cell),
        "at": why.at,
        "t": why.t,
        "sample": why.sample,
        "formula": why.formula,
        "value": why.value,
        "terms": [
            {
                "value": term.value,
                "share": term.value / why.total if why.total else None,
                "factors": [
                    {"name": f.name, "value": f.value, "cell": None if f.link is None else str(f.link.cell),
                     "t": None if f.link is None else f.link.t, "sample": None if f.link is None else f.link.sample}
                    for f in term.factors
                ],
            }
            for term in why.terms
        ],
        "others": {"count": why.others, "sum": why.rest},
        "sum": why.total,
        "scale": why.scale,
        "cancellation": why.cancellation,
        "rounding": why.rounding,
        "operands": [
            {"cell": f.name, "value": f.value, "t": None if f.link is None else f.link.t,
             "sample": None if f.link is None else f.link.sample}
            for f in why.operands
        ],
    }  # fmt: skip
