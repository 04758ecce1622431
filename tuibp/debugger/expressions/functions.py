"""FUNCTIONS: what an expression may call, a row each. Whoever adds a row gets its parsing, its help and its completion.

A row that maps or reduces names NumPy calls with an `out`, so that the very same calls are carried out on one batch
and strung into a run (`engine.calls`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Kind: TypeAlias = Literal["map", "reduce", "past", "own"]


@dataclass(frozen=True, eq=False)
class Function:
    """A row."""

    name: str
    kind: Kind
    """map: entry by entry; reduce: an array to one number; past: looks back in time; own: a quantity of a layer."""
    usage: str
    help: str
    takes: Literal["number", "test", "either"] = "number"
    gives: Literal["number", "test"] = "number"
    call: Callable[..., Any] | None = None
    """map: call(x, out). reduce: call(x, axis, None, out), a ufunc's reduce."""


_ROWS = (
    Function("abs", "map", "abs(x)", "the magnitude", call=np.absolute),
    Function("sqrt", "map", "sqrt(x)", "the square root", call=np.sqrt),
    Function("log10", "map", "log10(x)", "the decimal logarithm", call=np.log10),
    Function("exp", "map", "exp(x)", "e to the power of x", call=np.exp),
    Function("isnan", "map", "isnan(x)", "whether it is nan", gives="test", call=np.isnan),
    Function("isinf", "map", "isinf(x)", "whether it is infinite", gives="test", call=np.isinf),
    Function("isfinite", "map", "isfinite(x)", "whether it is neither nan nor infinite", gives="test",
             call=np.isfinite),
    Function("norm", "reduce", "norm(x)", "the Euclidean norm: the root of the sum of squares"),
    Function("max", "reduce", "max(x)", "the largest entry; nan if there is one", call=np.maximum.reduce),
    Function("min", "reduce", "min(x)", "the smallest entry; nan if there is one", call=np.minimum.reduce),
    Function("sum", "reduce", "sum(x)", "the sum of the entries", takes="either", call=np.add.reduce),
    Function("mean", "reduce", "mean(x)", "the mean of the entries; of a test, the share that holds", takes="either",
             call=np.add.reduce),
    Function("any", "reduce", "any(test)", "whether it holds for an entry", "test", "test", np.logical_or.reduce),
    Function("all", "reduce", "all(test)", "whether it holds for every entry", "test", "test",
             np.logical_and.reduce),
    Function("count", "reduce", "count(test)", "for how many entries it holds", "test", call=np.add.reduce),
    Function("argmax", "reduce", "argmax(x)", "where the largest entry is; in a matrix counted row by row"),
    Function("argmin", "reduce", "argmin(x)", "where the smallest entry is; in a matrix counted row by row"),
    Function("prev", "past", "prev(x, n=1)", "x as it was at the end of the sample, batch or epoch before; the n-th "
             "before", takes="either"),
    Function("avg", "past", "avg(x, n)", "the mean of x over the last n samples, batches or epochs, or as many as "
             "there are"),
    Function("dead", "own", "dead(l)", "the share of units of layer l that were flat, |σ′| near 0, for every sample of "
             "the epoch; known at its end"),
    Function("sat", "own", "sat(l)", "the share of units of layer l that are flat for this sample"),
    Function("ratio", "own", "ratio(l)", "norm(uW[l]) / norm(W[l]): how far an update moved the weights"),
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}
"""Every function by name."""
