"""One sample worked through as text: the forward pass, the cost, the backward pass.

The same formulas and the same numbers as on the screen, for terminals that cannot show it, for pipes and for screen
readers.
"""

from __future__ import annotations

from collections.abc import Iterator

from tuibp.debugger.names import TENSORS
from tuibp.debugger.session import Session
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Op
from tuibp.present.cell_formula import cell_formula
from tuibp.present.formula import arithmetic, first_cell, sentence
from tuibp.present.numbers import number, short, symbol
from tuibp.present.scene import Scene

WIDTH = 100
SHOWN = 8
"""Entries of a row, and rows of a matrix, that are printed; the rest is counted."""


def worked_sample(session: Session) -> str:
    """Sample 0 of batch 0 of epoch 0, from `load` to its batch's update."""
    return "\n".join(_lines(session)) + "\n"


def _lines(session: Session) -> Iterator[str]:
    recipe, clock = session.recipe, session.clock
    network = recipe.network
    layers = " → ".join(f"{layer.activation.name} {layer.units}" for layer in network.layers)
    yield recipe.title
    yield f"x({network.inputs}) → {layers} → {network.cost.name}, {recipe.plan.optimizer.name}, η = {recipe.plan.lr:g}"
    start = clock.sample_start(0, 0, 0)
    stop = clock.sample_start(0, 0, 1)
    for t in [*range(start, stop), *range(clock.batch_start(0, 1) - 2, clock.batch_start(0, 1))]:
        op = clock.at(t).op
        assert op is not None
        if op.kind.name == "acc":
            continue
        session.go(t + 1)
        yield ""
        yield f"{clock.at(t).name}   {op.kind.title}"
        yield from _operation(session, op)


def _operation(session: Session, op: Op) -> Iterator[str]:
    """The formula, one cell with its numbers, and what was written."""
    scene = Scene.of(session)
    for line in sentence(op).splitlines():
        yield f"    {line}"
    cell = first_cell(op, scene)
    if cell is not None and op.kind.name not in ("load", "update"):
        yield f"    {arithmetic(cell_formula(scene.view, cell), 4, WIDTH - 4, known=True)}"
    for tensor in op.writes:
        if tensor.name in TENSORS:
            yield from _tensor(scene.view, tensor)


def _tensor(view: View, tensor: Tensor) -> Iterator[str]:
    array = view.get(*tensor)
    assert array is not None
    head = f"    {symbol(*tensor):>6} = "
    rows = [array] if array.ndim == 1 else list(array[:SHOWN])
    for number_, row in enumerate(rows):
        yield (head if number_ == 0 else " " * len(head)) + _row(row)
    if array.ndim == 2 and array.shape[0] > SHOWN:
        yield " " * len(head) + f"… {array.shape[0] - SHOWN} more rows"


def _row(values: Array) -> str:
    if values.size == 1:
        return short(float(values[0]), 6)
    more = f"  … {values.size - SHOWN} more" if values.size > SHOWN else ""
    return "[" + " ".join(f"{number(float(value)):>10}" for value in values[:SHOWN]) + "]" + more
