"""gradcheck: the program's gradient beside central differences of the cost, of the batch at hand or of one cell."""

from __future__ import annotations

import numpy as np

from tuibp.console.console import Action, Console
from tuibp.console.explained import explained
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.names import TENSORS, CellRef, parse_cell
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.network import Parameters
from tuibp.errors import InputError, NameInputError
from tuibp.explain.gradcheck.cell import MOVED, cell_check
from tuibp.explain.gradcheck.check import GradientCheck, gradient_check, in_double
from tuibp.explain.why.links import Link, link
from tuibp.present.entries import entry
from tuibp.present.gradients import cell_document, cell_lines, check_lines, document, summary

WORST = 3
"""Entries of a tensor that are listed."""


def batch_at(view: View) -> tuple[Parameters, Array, Array]:
    """The parameters that the visible batch reads, else the first, and its samples x (m, n_0), y (m, n_L)."""
    train, record = view.recipe.train, view.record
    indices = view.timeline.order(0)[: view.m] if record is None else record.ws.indices
    params = view.state.params if record is None else record.state.params
    return _as_they_stand(view, params), train.x[indices], train.y[indices]


def _as_they_stand(view: View, params: Parameters) -> Parameters:
    """With what has been set by hand since the batch began: its later operations read that."""
    clock = view.timeline.clock
    batch = clock.begun(view.t)[0] if view.record is not None else None
    before = [edit for edit in view.timeline.edits if edit.t <= view.t and edit.ref.name in ("W", "b")]
    edits = [edit for edit in before if clock.begun(edit.t)[0] == batch]
    if not edits:
        return params
    copied = Parameters.of(view.network, params.W[1:], params.b[1:])
    for edit in edits:
        target = (copied.W if edit.ref.name == "W" else copied.b)[edit.ref.layer or 0]
        target[edit.ref.index or ...] = edit.value
    return copied


def gradcheck(console: Console, request: Request) -> Job:
    """gradcheck, of the batch; gradcheck CELL."""
    if request.argument:
        return _cell(console, request)
    view = console.session.view()
    params, x, y = batch_at(view)
    result: GradientCheck | None = None
    for found in gradient_check(view.recipe, params, x, y, WORST):
        if isinstance(found, GradientCheck):
            result = found
        else:
            yield found
    assert result is not None
    lines: list[tuple[str, int]] = [(summary(result), 0)]
    if result.single and result.passed and not _finite(view):
        lines.append(("In float32 the program's own gradient is not finite: why nan finds where that begins.", 0))
    links: list[Link] = []
    for text, cell in check_lines(result):
        number = 0
        if cell is not None:
            tensor = result.lines[next(k for k, one in enumerate(result.lines) if str(one.tensor) == cell[0])].tensor
            links.append(link(view, CellRef(tensor.name, tensor.layer, cell[1])))
            number = len(links)
        lines.append((text, number))
    console.explained = explained("gradcheck", console.session.position.name, lines, links)
    values = {"explained": True, **document(result)}
    return Reply(tuple(text for text, _ in lines), failed=not result.passed, values=values)


def _finite(view: View) -> bool:
    """Whether the program's own gradients of the batch are numbers, as far as they are computed."""
    tensors = (view.get(name, l) for name in ("gW", "gb") for l in range(1, view.network.L + 1))
    return all(tensor is None or bool(np.isfinite(tensor).all()) for tensor in tensors)


def _cell(console: Console, request: Request) -> Reply:
    view = console.session.view()
    ref = parse_cell(request.argument, view.network)
    if ref.name not in MOVED or not ref.index:
        shape = TENSORS[ref.name].shape(view.network, ref.layer or 0) if ref.name in TENSORS else ()
        zeros = ",".join("0" for _ in shape)
        hint = (
            f"name a cell, such as {ref}[{zeros}]"
            if ref.name in MOVED
            else "W, b, dW, db, gW, gb, z, a and dC_da can be"
        )
        raise NameInputError(f"{ref} cannot be checked", hint=hint)
    params, x, y = batch_at(view)
    moved = CellRef(MOVED[ref.name], ref.layer, ref.index)
    of_batch = ref.name in ("W", "b", "gW", "gb")
    compared = _compared(ref)
    analytic = entry(view, compared)
    if analytic is None:
        raise NameInputError(view.why_undefined(compared.name, compared.layer), hint="ask again behind it")
    if not of_batch:
        if view.sample is None:
            raise InputError("the mean over the samples is shown here", hint="look at one sample: < and >, or frame 0")
        x, y = x[view.sample : view.sample + 1], y[view.sample : view.sample + 1]
    double, copied = in_double(view.recipe, params, x, y)
    share = len(x) if of_batch and view.network.reduction == "mean" else 1.0
    result = cell_check(double.network, copied, double.train.x.T, double.train.y.T, moved, analytic, share)
    lines = cell_lines(result, str(compared))
    console.explained = explained(f"gradcheck {ref}", console.session.position.name, [(line, 0) for line in lines], [])
    return Reply(tuple(lines), failed=result.status in ("fail", "not finite"),
                 values={"explained": True, **cell_document(result)})  # fmt: skip


def _compared(ref: CellRef) -> CellRef:
    """The program's number that is held against the difference."""
    names = {"W": "gW", "b": "gb", "z": "db", "a": "dC_da"}
    return CellRef(names.get(ref.name, ref.name), ref.layer, ref.index)


GRADIENTS: dict[str, Action] = {"gradcheck": gradcheck}
