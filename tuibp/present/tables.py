"""The three tables of tensor cells: the DP table, one layer's vectors, one layer's matrix.

Each is a list of columns (`grid.Column`), which the painter and the cell cursor share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuibp.engine.arrays import Array
from tuibp.engine.program import Tensor
from tuibp.present.cells import Picture
from tuibp.present.grid import Column, Window, paint_grid
from tuibp.present.numbers import largest, superscript, symbol
from tuibp.present.scene import Scene


def _index(i: int) -> tuple[int, ...]:
    return (i,)


def _diagonal(i: int) -> tuple[int, ...]:
    return (i, i)


def dp_columns(scene: Scene) -> list[Column]:
    """The DP table: column l is dC/da of layer l; column 0, the input's gradient, is formed on request and not in the program."""
    view = scene.view
    L = view.network.L
    values = [view.get("dC_da", layer) for layer in range(L + 1)]
    scale = largest(values)
    return [
        Column(f"l={layer}" + (" (x)" if layer == 0 else " (y)" if layer == L else ""), Tensor("dC_da", layer),
               view.network.sizes[layer], values[layer], scale, _index)
        for layer in range(L + 1)
    ]  # fmt: skip


def paint_dp(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The heart: a row per neuron, a column per layer, filled from right to left."""
    columns = dp_columns(scene)
    rows = max(column.count for column in columns)
    names = [str(i) for i in range(rows)]
    return paint_grid(scene, columns, names, width, height, window, focus=scene.layer)


def layer_columns(scene: Scene) -> list[Column]:
    """One layer: z, a, slope, dC/da, delta and b; layer 0 has its inputs only."""
    view, layer = scene.view, scene.layer
    n = view.network.sizes[layer]
    names = ["a", "dC_da"] if layer == 0 else ["z", "a", "sp", "dC_da", "db", "b"]
    columns = []
    for name in names:
        values = view.get(name, layer)
        title, cell = symbol(name, layer), _index
        if name == "sp" and not view.network.activation(layer).elementwise:
            title, cell = f"J{superscript(layer)}[i,i]", _diagonal
            values = None if values is None else values.diagonal()
        columns.append(Column(title, Tensor(name, layer), n, values, largest([values]), cell))
    return columns


def paint_layer(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Every vector of the layer at hand, side by side."""
    layer, recipe = scene.layer, scene.view.recipe
    n = scene.view.network.sizes[layer]
    named = recipe.train.features if layer == 0 else recipe.train.classes if layer == recipe.network.L else ()
    names = [f"{i} {name}" for i, name in enumerate(named)] if len(named) == n else [str(i) for i in range(n)]
    return paint_grid(scene, layer_columns(scene), names, width, height, window)


def _row_reader(j: int) -> Callable[[int], tuple[int, ...]]:
    return lambda i: (i, j)


def matrix_columns(scene: Scene) -> list[Column]:
    """The matrix at hand: column j leads from neuron j of the layer below."""
    view, layer = scene.view, max(1, scene.layer)
    rows, width = view.network.sizes[layer], view.network.sizes[layer - 1]
    values: Array | None = view.get(scene.matrix, layer)
    scale = largest([values])
    tensor = Tensor(scene.matrix, layer)
    return [
        Column(f"from {j}", tensor, rows, None if values is None else values[:, j], scale, _row_reader(j))
        for j in range(width)
    ]


def paint_matrix(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Weights or their gradients as numbers on heat."""
    columns = matrix_columns(scene)
    names = _numbered(columns[0].count)
    return paint_grid(scene, columns, names, width, height, window)


def _numbered(count: int) -> Sequence[str]:
    width = len(str(count - 1))
    return [f"to {i:>{width}}" for i in range(count)]


def matrix_title(scene: Scene) -> str:
    """Such as W² 8x2, or ∂C/∂W² 8x2 of this sample."""
    layer = max(1, scene.layer)
    sizes = scene.view.network.sizes
    what = {"dW": " of the batch so far" if scene.view.look == "mean" else " of this sample", "gW": " of the batch"}
    return f"{symbol(scene.matrix, layer)} {sizes[layer]}x{sizes[layer - 1]}{what.get(scene.matrix, '')}"


def layer_title(scene: Scene) -> str:
    """Such as layer 2 sigmoid."""
    layer = scene.layer
    return "layer 0, the input" if layer == 0 else f"layer {layer} {scene.view.network.activation(layer).name}"
