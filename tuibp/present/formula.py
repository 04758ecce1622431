"""The formula pane: the operation just done, the next one, and the selected cell with its terms.

Symbols first, then numbers. The next operation is shown with its inputs and a question mark, so that a learner may compute it
before the machine does.
"""

from __future__ import annotations

from collections.abc import Iterable

from tuibp.debugger.names import TENSORS, CellRef
from tuibp.engine.program import Op
from tuibp.present.cells import Picture, Row, Run
from tuibp.present.cell_formula import CellFormula, Term, cell_formula
from tuibp.present.grid import Window
from tuibp.present.numbers import cell_symbol, factor, short, symbols
from tuibp.present.scene import Scene

_INDENT = 6


def first_cell(op: Op, scene: Scene) -> CellRef | None:
    """The cell that stands for an operation: that of the cursor's neuron where it has one, else the first."""
    if not op.writes:
        return None
    written = op.writes[0]
    name = written.name
    if name == "cost":
        return CellRef("cost")
    if name not in TENSORS:
        return None
    shape = TENSORS[name].shape(scene.view.network, written.layer or 0)
    return CellRef(name, written.layer, (0,) * len(shape))


def sentence(op: Op) -> str:
    """The operation's formula in symbols."""
    return symbols(op.formula)


def term_text(term: Term, digits: int) -> str:
    """The product of a term's factors: 0.15*0.05."""
    return "*".join(factor(value, digits) for value in term.factors)


def arithmetic(formula: CellFormula, digits: int, width: int, known: bool) -> str:
    """The cell with its numbers: z¹[0] = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.3775; "= ?" while it is not computed.

    Args:
        width: columns it may take; middle terms are left out, with their number, where it would be longer.
        known: whether the result may be told.
    """
    name = cell_symbol(formula.cell)
    result = short(formula.value, digits + 2) if known and formula.value is not None else "?"
    room = width - len(name) - len(result) - 6
    body = cut(formula.numbers, room)
    if formula.terms:
        texts = [term_text(term, digits) for term in formula.terms]
        divided = f" / {short(formula.scale)}" if formula.scale != 1 else ""
        body = " + ".join(_fitting(texts, room - len(divided) - 2 * bool(divided)))
        body = f"({body}){divided}" if divided else body
    return f"{name} = {body} = {result}" if body not in ("", result) else f"{name} = {result}"


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, with a sign where it is cut."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _fitting(texts: list[str], room: int) -> list[str]:
    """As many terms as fit, the last one too where that is possible; "…12 more…" stands for the others."""
    if len(texts) < 2 or len(" + ".join(texts)) <= room:
        return [cut(text, max(room, 3)) for text in texts]
    for kept in range(len(texts) - 2, 0, -1):
        shown = [*texts[:kept], f"…{len(texts) - kept - 1} more…", texts[-1]]
        if len(" + ".join(shown)) <= room:
            return shown
    shown = [texts[0], f"…{len(texts) - 1} more…"]
    return shown if len(" + ".join(shown)) <= room else [f"…{len(texts)} terms…"]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at blanks; a longer word is cut with a sign."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if len(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = word if len(word) <= width else word[: width - 1] + "…"
    return [*lines, line]


def _block(head: str, role: str, title: str, lines: Iterable[tuple[str, str]], width: int) -> list[Row]:
    """A heading and its lines, indented below it."""
    rows: list[Row] = []
    room = max(10, width - _INDENT)
    for number, part in enumerate(_wrapped(title, room)):
        rows.append((Run((head if number == 0 else "").ljust(_INDENT), role), Run(part, "accent")))
    for text, kind in lines:
        rows += [(Run(" " * _INDENT), Run(part, kind)) for part in _wrapped(text, room)]
    return rows


def _op_rows(scene: Scene, op: Op, head: str, role: str, width: int, known: bool) -> list[Row]:
    cell = first_cell(op, scene)
    lines: list[tuple[str, str]] = []
    if op.kind.name == "shuffle":
        lines.append((_order(scene, known), "value active" if known else "text"))
    if cell is not None and (known or _inputs_ready(scene, op)):
        formula = cell_formula(scene.view, cell)
        if formula.terms or formula.numbers or known:
            text = arithmetic(formula, scene.choices.digits, width - _INDENT, known)
            lines.append((text, "value active" if known else "text"))
    return _block(head, role, f"{op.name}  {sentence(op)}", lines, width)


def _order(scene: Scene, known: bool) -> str:
    """The order of an epoch's samples, or the question before it is drawn."""
    program, plan = scene.view.program, scene.view.recipe.plan
    epoch = scene.view.timeline.clock.at(scene.view.t - known).epoch
    head = f"order = permutation(seed {plan.seed}, epoch {epoch}) of {program.N} samples"
    if not known:
        return f"{head} = ?"
    order = scene.view.timeline.order(epoch)
    return f"{head} = {' '.join(map(str, order[:12]))}{' …' if len(order) > 12 else ''}"


def _inputs_ready(scene: Scene, op: Op) -> bool:
    return all(scene.view.defined(*tensor) for tensor in op.reads)


def cell_rows(scene: Scene, cell: CellRef, width: int, height: int) -> list[Row]:
    """The selected cell: its formula, its numbers, and its terms, largest first, each with its share."""
    view, digits = scene.view, scene.choices.digits
    formula = cell_formula(view, cell)
    lines: list[tuple[str, str]] = []
    if formula.value is None and not view.defined(cell.name, cell.layer):
        lines.append((view.why_undefined(cell.name, cell.layer), "dim"))
    known = formula.value is not None
    if known or formula.terms or formula.numbers:
        lines.append((arithmetic(formula, digits, width - _INDENT, known), "value"))
    rows = _block("cell", "key", formula.symbols, lines, width)
    if known and len(formula.terms) > 1:
        rows += term_rows(formula, digits, width, max(1, height - len(rows)))
    return rows


def term_rows(formula: CellFormula, digits: int, width: int, room: int) -> list[Row]:
    """Terms by size: name * name = value, and its share of the sum."""
    terms = sorted(formula.terms, key=lambda term: -abs(term.value))
    total = sum(term.value for term in terms)
    shown = terms if len(terms) <= room else terms[: max(1, room - 1)]
    rows: list[Row] = []
    for term in shown:
        share = f"{term.value / total:+.0%}" if total and abs(total) < float("inf") else ""
        named = " * ".join(f"{name} {short(value, digits)}" for name, value in zip(term.names, term.factors, strict=True))
        text = f"{named} = {short(term.value, digits)}" if len(term.factors) > 1 else named
        rows.append((Run(" " * _INDENT), Run(f"{share:>6} ", "key"), Run(text[: width - _INDENT - 7], "text")))
    if len(shown) < len(terms):
        rest = sum(term.value for term in terms[len(shown) :])
        rows.append((Run(" " * _INDENT), Run(f"{'':>6} ", "dim"),
                     Run(f"{len(terms) - len(shown)} others = {short(rest, digits)}", "dim")))  # fmt: skip
    return rows


def _done_rows(scene: Scene, width: int, room: int) -> list[Row]:
    """One operation with its formula; several with a line each, the latest ones where there is room for some only."""
    if len(scene.just) == 1:
        return _op_rows(scene, scene.just[0], "done", "good", width, known=True)
    names = max((len(op.name) for op in scene.just), default=0) + 1
    rows: list[Row] = []
    for op in scene.just[-room:]:
        head = Run(("" if rows else "done").ljust(_INDENT), "good")
        line = cut(_done_line(scene, op, width - _INDENT - names), width - _INDENT - names)
        rows.append((head, Run(op.name.ljust(names), "accent"), Run(line, "value active")))
    return rows


def _done_line(scene: Scene, op: Op, width: int) -> str:
    """What one of several operations computed: a cell with its numbers, or the formula where no cell stands for it."""
    cell = first_cell(op, scene)
    if cell is None or (cell.name in TENSORS and not scene.view.defined(cell.name, cell.layer)):
        return sentence(op)
    return arithmetic(cell_formula(scene.view, cell), scene.choices.digits, width, known=True)


def paint_formula(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The selected cell where there is one; what was just done; what comes next."""
    rows: list[Row] = []
    cursor = scene.choices.cursor
    if cursor is not None:
        rows += cell_rows(scene, cursor, width, max(3, height - 2))
    else:
        rows += _done_rows(scene, width, max(1, height - 2))
    if scene.next is not None:
        rows += _op_rows(scene, scene.next, "next", "ready", width, known=False)
    else:
        rows += _block("end", "dim", "The run has ended: backspace goes back, g goes anywhere.", (), width)
    top = max(0, min(window.top or 0, len(rows) - height))
    more = f"lines {top}-{min(top + height, len(rows)) - 1} of {len(rows)}" if len(rows) > height else ""
    return Picture(tuple(rows[top : top + height]), (), top, 0, more)
