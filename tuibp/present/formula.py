"""The formula pane: the operation just done, the next one, and the selected cell with its terms.

Symbols first, then numbers. The next operation is shown with its inputs and a question mark, so that a learner may
compute it before the machine does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np

from tuibp.debugger.names import TENSORS, CellRef
from tuibp.engine.arrays import Array
from tuibp.engine.program import Op
from tuibp.present.cell_formula import CellFormula, Terms, cell_formula
from tuibp.present.cells import Picture, Run, Window, cut, framed, slide
from tuibp.present.numbers import cell_symbol, factor, short, symbols
from tuibp.present.scene import Scene

_INDENT = 6
_NUMBER = re.compile(r"[+-]?[0-9.]+")
_NEGATIVE = re.compile(r"\+ \(-([^()]*)\)")
LINES = 2
"""Lines that the numbers of one cell may take."""


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


def term_text(terms: Terms, k: int, digits: int) -> str:
    """The product of the factors of term k: 0.15*0.05."""
    return "*".join(factor(value, digits) for value in terms.factors(k))


def arithmetic(formula: CellFormula, digits: int, width: int, known: bool) -> str:
    """The cell with its numbers: z¹[0] = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.3775; "= ?" while it is not computed.

    Args:
        digits: of the tables; here factors and result have one more, so that the one can be checked by the other.
        width: columns it may take; middle terms are left out, with their number, where it would be longer.
        known: whether the result may be told.
    """
    name = cell_symbol(formula.cell)
    result = short(formula.value, digits + 1) if known and formula.value is not None else "?"
    room = width - len(name) - len(result) - 6
    body = cut(formula.numbers, room)
    if not known and _NUMBER.fullmatch(body):
        body = ""  # a constant, such as the slope 1 of the identity: the question would hold its answer
    if formula.terms:
        divided = f" / {short(formula.scale)}" if formula.scale != 1 else ""
        body = _sum(formula.terms, digits + 1, room - len(divided) - 2 * bool(divided))
        body = f"({body}){divided}" if divided else body
    return f"{name} = {body} = {result}" if body not in ("", result) else f"{name} = {result}"


def _sum(terms: Terms, digits: int, room: int) -> str:
    """As many terms as fit, the last one too where that is possible; "…12 more…" stands for the others."""
    count, texts, used, room = len(terms), list[str](), 0, max(room, 0)
    while len(texts) < count and used <= room:
        texts.append(term_text(terms, len(texts), digits))
        used += len(texts[-1]) + len(" + ")
    if len(texts) == count and used <= room + len(" + "):
        return _added(texts)
    if count <= 2:
        return cut(_added(texts), max(room, 3))
    last = term_text(terms, count - 1, digits)
    for kept in range(min(len(texts), count - 2), 0, -1):
        shown = _added([*texts[:kept], f"…{count - kept - 1} more…", last])
        if len(shown) <= room:
            return shown
    shown = f"{texts[0]} + …{count - 1} more…"
    return shown if len(shown) <= room else f"…{count} terms…"


def _added(texts: list[str]) -> str:
    """The sum of some products; a minus in front of one takes the place of its plus."""
    return _NEGATIVE.sub(r"- \1", " + ".join(texts))


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at blanks; a longer word is cut with a sign."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split(" "):
            candidate = f"{line} {word}" if line else word
            if len(candidate) <= width:
                line = candidate
                continue
            if line:
                lines.append(line)
            line = cut(word, width)
        lines.append(line)
    return lines or [""]


Lines = list[list[Run]]


def _block(head: str, role: str, title: str, lines: Iterable[tuple[str, str]], width: int) -> Lines:
    """A heading and its lines, indented below it."""
    room = max(1, width - _INDENT)
    rows = [[Run(" " * _INDENT), Run(part, "accent")] for part in _wrapped(title, room)]
    rows[0][0] = Run(head.ljust(_INDENT), role)
    for text, kind in lines:
        rows += [[Run(" " * _INDENT), Run(part, kind)] for part in _wrapped(text, room)]
    return rows


def _op_rows(scene: Scene, op: Op, head: str, role: str, width: int, known: bool) -> Lines:
    cell = first_cell(op, scene)
    lines: list[tuple[str, str]] = []
    kind = "value active" if known else "text"
    if op.kind.name == "shuffle":
        lines.append((_order(scene, known), kind))
    if cell is not None and known and not _shown(scene, cell):
        lines.append((f"{cell_symbol(cell)}: not by the sample looked at", "dim"))
    elif cell is not None and (known or _inputs_ready(scene, op)):
        formula = cell_formula(scene.view, cell)
        if formula.terms or formula.numbers or known:
            lines.append((arithmetic(formula, scene.choices.digits, LINES * (width - _INDENT), known), kind))
    return _block(head, role, f"{op.name}  {sentence(op)}", lines, width)


def _shown(scene: Scene, cell: CellRef) -> bool:
    """Whether the column of the batch that is looked at has computed a cell."""
    if cell.name in TENSORS:
        return scene.view.defined(cell.name, cell.layer)
    return scene.view.scalar(cell.name) is not None


def _order(scene: Scene, known: bool) -> str:
    """The order of an epoch's samples, or the question before it is drawn."""
    program, plan = scene.view.program, scene.view.recipe.plan
    epoch = scene.view.timeline.clock.at(scene.view.t - known).epoch
    drawn = f"permutation(seed {plan.seed}, epoch {epoch}) of" if plan.shuffle else "as they come:"
    head = f"order = {drawn} {program.N} samples"
    if not known:
        return f"{head} = ?"
    order = scene.view.timeline.order(epoch)
    return f"{head} = {' '.join(map(str, order[:12]))}{' …' if len(order) > 12 else ''}"


def _inputs_ready(scene: Scene, op: Op) -> bool:
    return all(scene.view.defined(*tensor) for tensor in op.reads)


def cell_rows(scene: Scene, cell: CellRef, width: int, height: int) -> Lines:
    """The selected cell: its formula, its numbers, and its terms, largest first, each with its share."""
    view, digits = scene.view, scene.choices.digits
    formula = cell_formula(view, cell)
    lines: list[tuple[str, str]] = []
    if formula.value is None and not view.defined(cell.name, cell.layer):
        lines.append((symbols(view.why_undefined(cell.name, cell.layer), "is"), "dim"))
    known = formula.value is not None
    if known or formula.terms or formula.numbers:
        lines.append((arithmetic(formula, digits, LINES * (width - _INDENT), known), "value"))
    rows = _block("cell", "key", formula.symbols, lines, width)
    if known and len(formula.terms) > 1:
        rows += term_rows(formula, digits, width, max(1, height - len(rows)))
    return rows


def term_rows(formula: CellFormula, digits: int, width: int, room: int) -> Lines:
    """Terms by size: name * name = value, and its share of the sum."""
    terms = formula.terms
    values = terms.values()
    with np.errstate(all="ignore"):
        total = float(np.add.reduce(values))
    shown = _largest_first(values, len(values) if len(values) <= room else max(1, room - 1))
    rows: Lines = []
    for k in shown:
        value = float(values[k])
        factors = terms.factors(k)
        named = " * ".join(
            f"{name}={short(number, digits + 1)}" for name, number in zip(terms.names(k), factors, strict=True)
        )
        text = f"{named} gives {short(value, digits + 1)}" if len(factors) > 1 else named
        rows.append([Run(" " * _INDENT), Run(f"{_share(value, total):>6} ", "key"), Run(text, "text")])
    if len(shown) < len(values):
        with np.errstate(all="ignore"):
            rest = float(np.add.reduce(np.delete(values, shown)))
        left = len(values) - len(shown)
        others = f"{left} {'other' if left == 1 else 'others'} = {short(rest, digits)}"
        rows.append([Run(" " * (_INDENT + 7)), Run(others, "dim")])
    return rows


def _largest_first(values: Array, count: int) -> list[int]:
    """The numbers of the `count` largest values by magnitude, nan before all; equal ones in their order.

    Only those that may be among them are sorted: a batch may have hundreds of thousands.
    """
    size = np.where(np.isnan(values), np.inf, np.abs(values))
    least = np.partition(size, -count)[-count]
    among = np.flatnonzero(size >= least)
    order: list[int] = among[np.argsort(-size[among], kind="stable")][:count].tolist()
    return order


def _share(value: float, total: float) -> str:
    """A term's share of the sum; one that rounds to nothing is told as such."""
    if not total or not math.isfinite(value / total):
        return ""
    text = f"{value / total:+.0%}"
    return text if text not in ("-0%", "+0%") else "~0%" if value else "0%"


def _done_rows(scene: Scene, width: int, room: int) -> Lines:
    """One operation with its formula; several with their numbers only.

    Where there is no room to wrap them all, each gets one line; where not even that, the latest ones do.
    """
    if len(scene.just) == 1:
        return _op_rows(scene, scene.just[0], "done", "good", width, known=True)
    names = max((len(op.name) for op in scene.just), default=0) + 1
    space = max(1, width - _INDENT - names)
    full = [_wrapped(_done_line(scene, op, LINES * space), space) for op in scene.just]
    if sum(map(len, full)) > room:
        full = [[cut(_done_line(scene, op, space), space)] for op in scene.just]
    rows: Lines = []
    for op, lines in list(zip(scene.just, full, strict=True))[-room:]:
        for number, line in enumerate(lines):
            head = Run(("" if rows else "done").ljust(_INDENT), "good")
            rows.append([head, Run(("" if number else op.name).ljust(names), "accent"), Run(line, "value active")])
    return rows


def _done_line(scene: Scene, op: Op, width: int) -> str:
    """What one of several operations computed: a cell with its numbers, or the formula where no cell stands for it."""
    cell = first_cell(op, scene)
    if cell is None or not _shown(scene, cell):
        return sentence(op).replace("\n", ",  ")
    return arithmetic(cell_formula(scene.view, cell), scene.choices.digits, width, known=True)


def paint_formula(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The selected cell where there is one, else what was just done; then what comes next."""
    if scene.next is not None:
        following = _op_rows(scene, scene.next, "next", "ready", width, known=False)
    else:
        following = _block("end", "dim", "The run has ended: backspace goes back, g goes anywhere.", (), width)
    room = max(1, height - len(following))
    cursor = scene.choices.cursor
    rows = cell_rows(scene, cursor, width, max(3, room)) if cursor is not None else _done_rows(scene, width, room)
    rows += following
    top, more = slide(len(rows), height, window.top or 0)
    return framed(rows[top:], (), width, height, top, 0, more)
