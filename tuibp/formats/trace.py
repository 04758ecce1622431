"""The trace: every operation of a stretch of the run and what it writes, as lines of text (design: formats.md
section 2).

It is the screen's headless twin, so each number is the one that a `View` shows after the operation; a test
holds the two together. Values are taken from the batch's record directly, because a view for every operation
would be many times slower. Lines are made one by one and nothing is collected: a trace may be longer than
memory. What becomes of the lines is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from tuibp.debugger.position import Position
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.program import Op, Program
from tuibp.engine.workspace import Workspace
from tuibp.formats.strict_json import Value, dumps, number_text, plain

FORMAT_VERSION = 1
CSV_COLUMNS = "t,at,op,layer,epoch,batch,sample,tensor,i,j,value"


class Entry(NamedTuple):
    """One operation."""

    t: int
    """Its own index: the position at which it is next."""
    at: str
    """The name of that position: e0.b0.s0.fwd1.z."""
    op: str
    layer: int | None
    """None outside a pass."""
    epoch: int
    batch: int | None
    """None at `shuffle` and `end`."""
    sample: int | None
    """None outside a sample."""
    writes: dict[str, Value]
    """What it writes, by label. The arrays are views into a record and must not be written to."""


Reader: TypeAlias = Callable[[Workspace, int, int], Value]
"""reader(workspace, layer, sample): the value of a tensor, in a workspace whose batch is complete."""


def _slope(ws: Workspace, layer: int, s: int) -> Array:
    jacobian = ws.network.activation(layer).jacobian
    if jacobian is None:
        return ws.SP[layer][:, s]
    with np.errstate(all="ignore"):
        return jacobian(ws.A[layer][:, s])


def _weight_gradient(ws: Workspace, layer: int, s: int) -> Array:
    with np.errstate(all="ignore"):
        product: Array = np.multiply.outer(ws.D[layer][:, s], ws.A[layer - 1][:, s])
    return product


def _batch_cost(ws: Workspace, _: int, s: int) -> float:
    with np.errstate(all="ignore"):
        return float(np.add.accumulate(ws.C[: s + 1], dtype=np.float64)[-1]) / (s + 1)


_READERS: dict[str, Reader] = {
    "a": lambda ws, layer, s: ws.A[layer][:, s],
    "y": lambda ws, _, s: ws.Y[:, s],
    "z": lambda ws, layer, s: ws.Z[layer][:, s],
    "cost": lambda ws, _, s: float(ws.C[s]),
    "dC_da": lambda ws, layer, s: ws.dA[layer][:, s],
    "sp": _slope,
    "db": lambda ws, layer, s: ws.D[layer][:, s],
    "dW": _weight_gradient,
    "bcost": _batch_cost,
    "gW": lambda ws, layer, _: ws.gW[layer],
    "gb": lambda ws, layer, _: ws.gb[layer],
    "W": lambda ws, layer, _: ws.after.params.W[layer],
    "b": lambda ws, layer, _: ws.after.params.b[layer],
}
"""How each tensor that an operation of a batch writes is read, by the tensor's name."""

_LABELS = {"cost": "C"}
"""Names that the trace spells as the notes do."""


class _Row(NamedTuple):
    """What is the same each time an operation comes round."""

    op: str
    name: str
    layer: int | None
    writes: tuple[tuple[str, Reader, int], ...]


def _row(op: Op) -> _Row:
    writes = tuple(
        (_LABELS.get(tensor.name, str(tensor)), _READERS[tensor.name], tensor.layer or 0) for tensor in op.writes
    )
    return _Row(op.kind.name, op.name, op.layer if op.direction else None, writes)


def entries(timeline: Timeline, start: int, stop: int) -> Iterator[Entry]:
    """The operations start <= t < stop in program order, 0 <= start, stop <= T."""
    clock = timeline.clock
    rows = [_row(op) for op in timeline.program.batch_ops]
    t = start
    while t < stop:
        place = clock.at(t)
        if place.batch is None:
            yield _of_epoch(timeline, place)
            t += 1
        else:
            border = min(stop, clock.batch_start(place.epoch, place.batch + 1))
            yield from _of_batch(timeline, rows, place.epoch, place.batch, range(t, border))
            t = border


def _of_epoch(timeline: Timeline, place: Position) -> Entry:
    """The entry of a `shuffle` or an `end`."""
    assert place.op is not None
    writes: dict[str, Value] = {}
    if place.op is timeline.program.shuffle:
        writes["order"] = timeline.order(place.epoch)
    else:
        record = timeline.record(place.t)
        assert record is not None
        cost, samples, correct = record.spent_with(timeline.judge)
        writes["ecost"] = cost / samples
        if timeline.judge is not None:
            writes["accuracy"] = correct / samples
    return Entry(place.t, place.name, place.op.kind.name, None, place.epoch, None, None, writes)


def _of_batch(timeline: Timeline, rows: list[_Row], epoch: int, batch: int, span: range) -> Iterator[Entry]:
    """Entries of operations of one batch."""
    clock, program = timeline.clock, timeline.program
    record = timeline.record(clock.batch_start(epoch, batch + 1))
    assert record is not None
    ws = record.ws
    first, per_sample = clock.batch_start(epoch, batch), program.ops_per_sample
    for t in span:
        s, index = divmod(t - first - 1, per_sample)
        if 0 <= s < ws.m:
            op, name, layer, tensors = rows[1 + index]
            writes = {label: read(ws, l, s) for label, read, l in tensors}
            yield Entry(t, f"e{epoch}.b{batch}.s{s}.{name}", op, layer, epoch, batch, s, writes)
        else:
            op, name, layer, tensors = rows[0 if t == first else 1 + per_sample + index]
            writes = {label: read(ws, l, 0) for label, read, l in tensors}
            yield Entry(t, f"e{epoch}.b{batch}.{name}", op, layer, epoch, batch, None, writes)


def header(timeline: Timeline, start: int) -> dict[str, object]:
    """The first line of a trace: the recipe in short, and the parameters as they stand at position
    `start`.
    """
    params = View(timeline, start).state.params
    program, recipe = timeline.program, timeline.recipe
    layers = range(1, program.L + 1)
    return {
        "tuibp": FORMAT_VERSION,
        "title": recipe.title,
        "sizes": list(recipe.network.sizes),
        "program": _program(program),
        "W": {str(l): plain(params.W[l]) for l in layers},
        "b": {str(l): plain(params.b[l]) for l in layers},
    }


def _program(program: Program) -> dict[str, object]:
    network, plan = program.recipe.network, program.recipe.plan
    return {
        "L": program.L,
        "N": program.N,
        "batch": program.m,
        "epochs": program.epochs,
        "T": program.total,
        "seed": plan.seed,
        "dtype": str(network.dtype),
        "cost": network.cost.name,
        "reduction": network.reduction,
        "activations": [layer.activation.name for layer in network.layers],
        "optimizer": plan.optimizer.name,
        "settings": dict(plan.settings),
        "lr": plan.lr,
        "train_biases": plan.train_biases,
    }


def json_lines(timeline: Timeline, start: int, stop: int) -> Iterator[str]:
    """The trace as JSON lines, each with its line end: the header, then one object for every operation."""
    yield dumps(header(timeline, start)) + "\n"
    for t, at, op, layer, epoch, batch, sample, writes in entries(timeline, start, stop):
        values = ", ".join([f'"{label}": {number_text(value)}' for label, value in writes.items()])
        yield (
            f'{{"t": {t}, "at": "{at}", "op": "{op}", "layer": {_or_null(layer)}, "epoch": {epoch}, '
            f'"batch": {_or_null(batch)}, "sample": {_or_null(sample)}, "writes": {{{values}}}}}\n'
        )


def _or_null(value: int | None) -> int | str:
    return "null" if value is None else value


def csv_lines(timeline: Timeline, start: int, stop: int) -> Iterator[str]:
    """The trace in long form: a line for every number written, none of them with a comma of its own.

    i and j are empty for a single number, j for a vector; an operation that writes nothing has one line
    without a tensor.
    """
    yield CSV_COLUMNS + "\n"
    for entry in entries(timeline, start, stop):
        place = ",".join("" if part is None else str(part) for part in entry[:-1])
        if not entry.writes:
            yield f"{place},,,,\n"
        for label, value in entry.writes.items():
            for i, j, number in _cells(value):
                yield f"{place},{label},{i},{j},{number!r}\n"


def _cells(value: Value) -> Iterator[tuple[int | str, int | str, float]]:
    """Row, column and number of every cell, row by row."""
    if not isinstance(value, np.ndarray):
        yield "", "", value
    elif value.ndim == 1:
        for i, number in enumerate(value.tolist()):
            yield i, "", number
    else:
        for i, row in enumerate(value.tolist()):
            for j, number in enumerate(row):
                yield i, j, number


FORMATS: dict[str, Callable[[Timeline, int, int], Iterator[str]]] = {"jsonl": json_lines, "csv": csv_lines}
"""How a trace is written, by the name that `--format` takes."""
