"""Why a number is small, big, zero or not finite: the words that `why` takes before a cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tuibp.console.answering import answered, asked_cell
from tuibp.console.console import Console
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.edits import Edit
from tuibp.debugger.names import TENSORS, CellRef, parse_cell
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.sweep import OvertakenError
from tuibp.debugger.view import View
from tuibp.errors import InputError, NameInputError
from tuibp.explain.why.gains import Size, gains
from tuibp.explain.why.links import Link, link
from tuibp.explain.why.nonfinite import WORDS, classify
from tuibp.explain.why.zero import Zero, why_zero
from tuibp.present.cell_formula import cell_formula
from tuibp.present.gains import gain_lines
from tuibp.present.numbers import short


def _small(console: Console, request: Request, text: str) -> Reply:
    return _gains(console, request, text, "small")


def _big(console: Console, request: Request, text: str) -> Reply:
    return _gains(console, request, text, "big")


def _gains(console: Console, request: Request, text: str, size: Size) -> Reply:
    ref = parse_cell(text, console.session.recipe.network)
    if ref.name not in ("db", "dC_da", "dW") or ref.layer is None or (ref.name == "dC_da" and ref.layer == 0):
        raise NameInputError(f"{ref} is no gradient of a layer", hint="ask for delta[l], dC_da[l] or dW[l]")
    view = console.session.view()
    table = gains(view, ref.name, ref.layer, size)
    if table is None:
        raise NameInputError(view.why_undefined(ref.name, ref.layer), hint="ask again behind it")
    broken = next((step.of for step in table.steps if not math.isfinite(step.norm)), None)
    if broken is not None:
        words = f"{broken} is not finite, so there is no product of gains: why nan finds where it began."
        table = replace(table, verdict=words, worst=-1)
    lines = gain_lines(table)
    values: dict[str, object] = {
        "target": table.target, "norm": table.product, "verdict": table.verdict,
        "steps": [{"label": s.label, "gain": s.value, "norm": s.norm, "of": s.of} for s in table.steps],
    }  # fmt: skip
    return answered(console, request, [(line, 0) for line in lines], [], values)


def _zero(console: Console, request: Request, text: str) -> Reply:
    cell, view = asked_cell(console, text), console.session.view()
    formula = cell_formula(view, cell)
    if formula.value is None:
        raise NameInputError(view.why_undefined(cell.name, cell.layer), hint="ask again behind it")
    edit = by_hand(console, cell) if formula.value == 0.0 else None
    told = _set(console, request, edit, cell, "zero") if edit is not None else _stale(console, request, cell)
    if told is not None:
        return told
    reasons = why_zero(view, cell)
    if reasons is None:
        raise InputError(f"{cell} is not 0 but {short(formula.value, 6)}", hint=f"why {cell} explains it")
    lines: list[tuple[str, int]] = []
    links: list[Link] = []
    _tell(view, reasons, 0, lines, links)
    return answered(console, request, lines, links, _plain_zero(reasons))


def _plain_zero(reason: Zero) -> dict[str, object]:
    """The claim and its reasons as plain values."""
    return {"cell": str(reason.cell), "kind": reason.kind, "text": reason.text, "sample": reason.sample,
            "because": [_plain_zero(inner) for inner in reason.because]}  # fmt: skip


def _tell(view: View, reason: Zero, depth: int, lines: list[tuple[str, int]], links: list[Link]) -> None:
    number = 0
    if depth:
        links.append(link(view, reason.cell, reason.sample))
        number = len(links)
    mark = f"{number:>3}  " if number else "     "
    lines.append((f"{mark}{'  ' * depth}{reason.text}", number))
    for inner in reason.because:
        _tell(view, inner, depth + 1, lines, links)


def _nan(console: Console, request: Request, text: str) -> Job:
    session = console.session
    if text:
        cell = asked_cell(console, text)
        value = cell_formula(session.view(), cell).value
        if value is not None and math.isfinite(value):
            raise InputError(f"{cell} is {short(value, 6)}, a finite number", hint=f"why {cell} explains it")
        edit = by_hand(console, cell)
        if edit is not None:
            return _set(console, request, edit, cell, "nan")
    search = FirstNonFinite(session.timeline)
    while True:
        try:
            t = yield from search.up_to(session.t)
            break
        except OvertakenError:
            continue
    edit = by_hand(console)
    if edit is not None and (t is None or edit.t < t):
        return _set(console, request, edit, edit.ref, "nan")
    if t is None:
        raise InputError("everything is finite up to here", hint="catch nan and continue look further")
    place, op = session.clock.at(t), session.clock.at(t - 1).op
    assert op is not None
    view = View(session.timeline, t)
    found = classify(view, op)
    if found is None:
        raise InputError(f"{op.name} wrote it, but nothing is to be seen of it here", hint=f"goto t={t}")
    links = [Link(found.cell, t, found.sample), *(link(view, cell) for cell, _ in found.operands)]
    sample = "" if found.sample is None else f", sample {found.sample}"
    detail = f" ({found.detail})" if found.detail else ""
    lines = [
        (f"The first is {found.cell} = {short(found.value, 6)}, written by {op.name} at {place.name}{sample}.", 0),
        (f"  {WORDS[found.kind]}{detail}", 0),
        (f"  1  {found.cell}, where it was written", 1),
    ]  # fmt: skip
    lines += [(f"  {k}  {cell} = {short(value, 6)}", k) for k, (cell, value) in enumerate(found.operands, start=2)]
    return answered(console, request, lines, links, {"cell": str(found.cell), "kind": found.kind, "found": t})


def by_hand(console: Console, cell: CellRef | None = None) -> Edit | None:
    """The last edit before here that gave a cell the number that it has; of no cell in particular, that set what is no
    number.
    """
    session = console.session
    for edit in reversed(session.timeline.edits):
        values = np.asarray(edit.value)
        if edit.t > session.t or edit.ref.name not in TENSORS:
            continue
        if cell is None:
            if not np.isfinite(values).all():
                return edit
        elif (edit.ref.name, edit.ref.layer) == (cell.name, cell.layer) and edit.ref.index in ((), cell.index):
            own = float(values if values.ndim == 0 else values[cell.index])
            now = cell_formula(session.view(), cell).value
            if now is not None and (now == own or (math.isnan(now) and math.isnan(own))):
                return edit
    return None


def _set(console: Console, request: Request, edit: Edit, cell: CellRef, kind: str) -> Reply:
    """It has been set: nothing else explains it."""
    place = console.session.clock.at(edit.t).name
    value = float(np.asarray(edit.value).flat[0]) if kind == "nan" else 0.0
    told = f"{cell} is {short(value, 6)} because it was set by hand at {place}: {edit}."
    links = [link(console.session.view(), cell)]
    return answered(console, request, [(told, 0)], links, {"cell": str(cell), "kind": "set", "found": edit.t})


def _stale(console: Console, request: Request, cell: CellRef) -> Reply | None:
    """A number that is older than what it was computed from: the numbers that stand there now do not explain it."""
    if not console.session.view().stale(cell.name, cell.layer):
        return None
    told = (
        f"{cell} was computed before a number that it follows from was set by hand (~): what stands there now does not "
        "explain it. Go back before the operation that wrote it, and on again: then it is computed anew."
    )
    return answered(console, request, [(told, 0)], [], {"cell": str(cell), "kind": "stale"})


REASONS: dict[str, Callable[[Console, Request, str], Job | Reply]] = {
    "small": _small,
    "big": _big,
    "zero": _zero,
    "nan": _nan,
}
