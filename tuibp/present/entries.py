"""Entries of a layer's matrices, each formed where it is looked at.

The gradient of one sample is an outer product and an update is a difference: to form them whole, a matrix for every key
press, would cost what the operation itself costs. An entry has the bits that it has in the whole matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tuibp.debugger.names import SCALARS, CellRef
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.network import Parameters
from tuibp.present.numbers import largest

ENOUGH = 1 << 19
"""Entries of a matrix that are looked at for the largest: of a bigger one every so many rows."""


def parameters_read(view: View) -> Parameters:
    """The parameters that the visible batch has read: after its update those on the screen are newer."""
    return view.state.params if view.record is None else view.record.state.params


def reader(view: View, name: str, layer: int) -> Callable[[int], Array] | None:
    """What gives column j (n_l,) of W, dW, gW or uW of a layer; None where it is not computed yet."""
    if not view.defined(name, layer):
        return None
    if name == "uW":
        after, before = view.state.params.W[layer], parameters_read(view).W[layer]
        return lambda j: _difference(after[:, j], before[:, j])
    if name == "dW" and view.look != "mean":
        delta, a = view.get("db", layer), view.get("a", layer - 1)
        assert delta is not None and a is not None
        return lambda j: _product(delta, a[j])
    whole = view.get(name, layer)
    assert whole is not None
    return lambda j: whole[:, j]


def hottest(view: View, name: str, layer: int) -> float:
    """The largest finite magnitude in W, dW, gW or uW of a layer, told from `ENOUGH` of its entries; 0 where there is
    none.
    """
    if not view.defined(name, layer):
        return 0.0
    if name == "dW" and view.look != "mean":
        # Rounding keeps the order of numbers, so the largest product is that of the largest factors.
        product = largest([view.get("db", layer)]) * largest([view.get("a", layer - 1)])
        if math.isfinite(product):
            return product
    if name == "uW":
        after, before = _some(view.state.params.W[layer]), _some(parameters_read(view).W[layer])
        return largest([_difference(after, before)])
    whole = view.get(name, layer)
    assert whole is not None
    return largest([_some(whole)])


def entry(view: View, cell: CellRef) -> float | None:
    """The value of a scalar or of one cell of a tensor; None where it is not computed yet."""
    if cell.name in SCALARS:
        scalar = view.scalar(cell.name)
        return None if scalar is None else float(scalar)
    if cell.name in ("dW", "uW") and cell.layer is not None:
        column = reader(view, cell.name, cell.layer)
        return None if column is None else float(column(cell.index[1])[cell.index[0]])
    array = view.get(cell.name, cell.layer)
    return None if array is None else float(array[cell.index])


def _some(matrix: Array) -> Array:
    """(k, n) all rows of a matrix, or as many, evenly spread, as have `ENOUGH` entries."""
    return matrix[:: -(-matrix.size // ENOUGH)]


def _difference(after: Array, before: Array) -> Array:
    with np.errstate(all="ignore"):
        difference: Array = after - before
    return difference


def _product(delta: Array, factor: Array) -> Array:
    with np.errstate(all="ignore"):
        product: Array = delta * factor
    return product
