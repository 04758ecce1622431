"""The three tables of tensor cells: the DP table, one layer's vectors, one layer's matrix.

Each is a `grid.Table`, which the painter and the cell cursor share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.present.cells import Picture, Window
from tuibp.present.entries import hottest, reader
from tuibp.present.grid import Column, Made, Table, paint_grid
from tuibp.present.numbers import largest, superscript, symbol
from tuibp.present.scene import Scene


def _index(i: int) -> tuple[int, ...]:
    return (i,)


def _diagonal(i: int) -> tuple[int, ...]:
    return (i, i)


def dp_table(scene: Scene) -> Table:
    """Column l is dC/da of layer l; column 0, the input's gradient, is formed on request and not in the program."""
    view = scene.view
    L, sizes = view.network.L, view.network.sizes
    values = [view.get("dC_da", layer) for layer in range(L + 1)]
    scale = largest(values)
    ends = {0: " in", L: " out"}
    columns = []
    for layer in range(L + 1):
        title = f"l={layer}{ends.get(layer, '')}"
        columns.append(Column(title, Tensor("dC_da", layer), sizes[layer], values[layer], scale, _index))
        columns += _yours(scene, "dC_da", layer, values[layer], scale)
    rows = max(sizes)
    return Table("dp", columns, Made(rows, str), len(str(rows - 1)), focus=scene.layer)


def _yours(scene: Scene, name: str, layer: int, values: Array | None, scale: float) -> list[Column]:
    """The column of the user's own code beside that of the reference, once that is computed."""
    view, own = scene.view, scene.board.yours
    if own is None or view.record is None or values is None:
        return []
    theirs = own.at(view.record.batch, view.sample, name, layer)
    if theirs is None:
        return []
    same = np.allclose(theirs, values, rtol=1e-9, atol=1e-15, equal_nan=True)
    title = "yours" if same else "yours ≠"
    return [Column(title, Tensor(name, layer), len(values), theirs, scale, _index)]


def layer_table(scene: Scene) -> Table:
    """One layer: z, a, slope, dC/da, delta and b, at the output the target y too; layer 0 has its inputs only."""
    view, layer, train = scene.view, scene.layer, scene.view.recipe.train
    n = view.network.sizes[layer]
    columns = []
    shown = ["a", "dC_da"] if layer == 0 else ["z", "a", "sp", "dC_da", "db", "b"]
    for name in shown:
        values = view.get(name, layer)
        title, cell = symbol(name, layer), _index
        if name == "sp" and not view.network.activation(layer).elementwise:
            title, cell = f"J{superscript(layer)}[i,i]", _diagonal
            values = None if values is None else values.diagonal()
        columns.append(Column(title, Tensor(name, layer), n, values, largest([values]), cell))
        if cell is _index:
            columns += _yours(scene, name, layer, values, largest([values]))
    if layer == view.network.L:
        columns.append(Column("y", Tensor("y"), n, view.get("y"), largest([view.get("y")]), _index))
    named = train.features if layer == 0 else train.classes if layer == view.network.L else ()
    if len(named) != n:
        return Table("layer", columns, Made(n, str), len(str(n - 1)))
    names = Made(n, lambda i: f"{i} {named[i]}")
    return Table("layer", columns, names, _longest(named))


MEASURED = 2000
"""Names of neurons that are measured; names come in order, so those that follow are not much longer."""


def _longest(named: Sequence[str]) -> int:
    """Columns that "784 name" takes, the longest of them."""
    return max(len(str(i)) + 1 + len(name) for i, name in enumerate(named[:MEASURED]))


def matrix_table(scene: Scene) -> Table:
    """The matrix at hand: column j leads from neuron j of the layer below."""
    view, layer = scene.view, scene.matrix_layer
    rows, width = view.network.sizes[layer], view.network.sizes[layer - 1]
    tensor = Tensor(scene.matrix, layer)
    read, scale, digits = reader(view, scene.matrix, layer), hottest(view, scene.matrix, layer), len(str(rows - 1))

    def column(j: int) -> Column:
        values = None if read is None else read(j)
        return Column(f"from {j}", tensor, rows, values, scale, lambda i: (i, j))

    names = Made(rows, lambda i: f"to {i:>{digits}}")
    return Table("matrix", Made(width, column), names, len("to ") + digits, whole=tensor)


def _painter(table: Callable[[Scene], Table]) -> Callable[[Scene, int, int, Window], Picture]:
    return lambda scene, width, height, window: paint_grid(scene, table(scene), width, height, window)


paint_dp = _painter(dp_table)
"""The heart: a row per neuron, a column per layer, filled from right to left."""
paint_layer = _painter(layer_table)
"""Every vector of the layer at hand, side by side."""
paint_matrix = _painter(matrix_table)
"""Weights or their gradients as numbers on heat."""


def matrix_title(scene: Scene) -> str:
    """Such as W² 8x2, or ∂C/∂W² 8x2 of this sample."""
    layer = scene.matrix_layer
    sizes = scene.view.network.sizes
    what = {"dW": " of the batch so far" if scene.view.look == "mean" else " of this sample", "gW": " of the batch"}
    return f"{symbol(scene.matrix, layer)} {sizes[layer]}x{sizes[layer - 1]}{what.get(scene.matrix, '')}"


def layer_title(scene: Scene) -> str:
    """Such as layer 2 sigmoid."""
    layer = scene.layer
    return "layer 0, the input" if layer == 0 else f"layer {layer} {scene.view.network.activation(layer).name}"
