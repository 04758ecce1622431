"""What `info`, `where` and `list` say: the network, the data, the values in sight, the frames and the program, as text.

Everything is looked up where the session stands when it is asked; nothing is remembered and nothing moves. The same
lines serve the screen's command line, the plain prompt and scripts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from tuibp.debugger.location import parse_location
from tuibp.debugger.names import TENSORS
from tuibp.debugger.position import Frame
from tuibp.debugger.session import Session
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.dataset import Dataset
from tuibp.errors import PositionError
from tuibp.present.cells import cut
from tuibp.present.formula import sentence
from tuibp.present.listing import COUNTER, Line, lines_of, op_symbol
from tuibp.present.numbers import short
from tuibp.present.summary import counts, spread
from tuibp.present.values import DIGITS, TIED, WIDTH, fitted

BREAK = "●"
"""Stands before a line that has a stop."""
SELECTED = "->"
"""Stands before the selected frame."""
LISTED = 20
"""Lines of the program that `list` shows."""
NAMED = 12
"""Features, and entries of a sample, that are named; the rest is counted."""
SCALARS_SHOWN = ("t", "epoch", "batch", "sample", "lr", "cost", "bcost", "ecost")
_HEAD = 12
"""Columns of the words in front of a fact."""
_INDENT = " " * (2 + _HEAD)


def _facts(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """A word and what it stands for, one below the other."""
    for head, text in rows:
        yield from fitted(f"  {head:<{_HEAD}}{text}", width, len(_INDENT))


def _aligned(rows: list[tuple[str, ...]], left: Collection[int]) -> Iterator[str]:
    """A table of texts; the columns in `left` begin together, the others end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.ljust(width) if number in left else text.rjust(width)
            for number, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _within(lines: Iterable[str], width: int) -> list[str]:
    return [part for line in lines for part in fitted(line, width, 6)]


def _tied(text: str) -> str:
    """Words that stay on one line."""
    return text.replace(" ", TIED)


def _some(texts: Collection[str]) -> str:
    """The first of them, and how many there are more."""
    more = f", and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(list(texts)[:NAMED]) + more


def _of(count: int, thing: str) -> str:
    """A count with its noun: 1 sample, 4 samples."""
    return f"{count} {thing}{'s' * (count != 1)}"


def _norm(values: Array) -> str:
    found = spread(values)
    return "not finite" if found is None or not np.isfinite(values).all() else short(found.norm, DIGITS)


def info_net(session: Session, width: int = WIDTH) -> list[str]:
    """The layers with their initial norms, then everything that the run is made of."""
    recipe, program, plan = session.recipe, session.clock.program, session.recipe.plan
    network, initial = recipe.network, recipe.initial
    rows: list[tuple[str, ...]] = [("layer", "units", "activation", "parameters", "norm of W", "norm of b at t=0")]
    rows.append(("0", str(network.inputs), "input", "", "", ""))
    for number, layer in enumerate(network.layers, start=1):
        W, b = initial.W[number], initial.b[number]
        names = (layer.activation.name, str(W.size + b.size), _norm(W), _norm(b))
        rows.append((str(number), str(layer.units), *names))
    fused = f", its δ fused with {network.layers[-1].activation.name}" if network.fused else ""
    settings = "".join(f", {name} {value:g}" for name, value in plan.settings.items())
    short_batch = program.batch_size(program.K - 1)
    last = f", the last of {short_batch}" if short_batch != program.m else ""
    facts = (
        ("parameters", f"{network.layout.count}{'' if plan.train_biases else ', the biases are not trained'}"),
        ("cost", f"{network.cost.name}{fused}"),
        ("optimizer", f"{plan.optimizer.name}{settings}"),
        ("lr", short(float(session.view().scalar("lr") or 0), DIGITS)),
        ("epochs", str(program.epochs)),
        ("batch", f"{_of(program.m, 'sample')} of N = {program.N}, K = {program.K} an epoch{last}"),
        ("reduction", f"{network.reduction} over the batch"),
        ("positions", f"T = {session.clock.total}, {program.ops_per_sample} operations a sample"),
        ("dtype", str(network.dtype)),
        ("seed", f"{plan.seed}, {'shuffled every epoch' if plan.shuffle else 'in the order of the data'}"),
    )
    return [cut(recipe.title, width), *_within(_aligned(rows, left=(2,)), width), *_facts(facts, width)]


def info_data(session: Session, width: int = WIDTH) -> list[str]:
    """What is trained with, what is held back, and the first sample."""
    train, test = session.recipe.train, session.recipe.test
    facts = [
        ("training", _of(train.N, "sample")),
        ("test", "none" if test is None else _of(test.N, "sample")),
        ("features", f"{len(train.features)}: {_some(train.features)}"),
        ("targets", _targets(train)),
    ]
    facts += [(head, _classes(part)) for head, part in (("classes", train), ("in the test", test)) if _labelled(part)]
    facts += [("note", note) for note in train.notes]
    facts += [
        ("sample 0", ", ".join(_named(train.features, train.x[0]))),
        ("its target", _target(train)),
    ]
    return [cut(session.recipe.title, width), *_facts(facts, width)]


def _labelled(part: Dataset | None) -> bool:
    return part is not None and part.labels is not None and bool(part.classes)


def _targets(part: Dataset) -> str:
    columns = part.y.shape[1]
    if part.labels is None:
        low, high = (short(float(bound), DIGITS) for bound in (part.y.min(), part.y.max()))
        return f"{_of(columns, 'number')}, from {low} to {high}"
    return "0 or 1" if columns == 1 else f"one-hot, {columns} classes"


def _classes(part: Dataset | None) -> str:
    """Each class with the number of its samples."""
    if part is None or part.labels is None:
        return "none"
    many = np.bincount(part.labels, minlength=len(part.classes))
    return ", ".join(_tied(f"{name} {count}") for name, count in zip(part.classes, many.tolist(), strict=True))


def _named(names: Collection[str], values: Array) -> list[str]:
    """name = number, as many as are named; the last says how many there are more."""
    pairs = [f"{name}={short(value)}" for name, value in zip(names, values.tolist(), strict=True)]
    return pairs if len(pairs) <= NAMED else [*pairs[:NAMED], f"and {len(pairs) - NAMED} more"]


def _target(part: Dataset) -> str:
    numbers = ", ".join(_named([f"y[{i}]" for i in range(part.y.shape[1])], part.y[0]))
    return f"{numbers}   ({part.classes[part.labels[0]]})" if part.labels is not None and part.classes else numbers


def info_locals(session: Session, width: int = WIDTH) -> list[str]:
    """The scalars, every tensor that is computed here with its spread, and where the others are written."""
    view = session.view()
    rows: list[tuple[str, ...]] = [("", "shape", "min", "mean", "max", "")]
    missing: dict[str, list[str]] = {}
    for name, layer in _tensors(view):
        label = name if layer is None else f"{name}[{layer}]"
        if view.defined(name, layer):
            rows.append((label, *_spread_of(view, name, layer)))
        elif (op := view.writer(name, layer)) is not None:
            missing.setdefault(op.name, []).append(label)
    known = []
    for name in SCALARS_SHOWN:
        value, op = view.scalar(name), view.writer(name)
        if value is not None:
            known.append(_tied(f"{name} = {value if isinstance(value, int) else short(value, DIGITS)}"))
        else:
            missing.setdefault("" if op is None else op.name, []).append(name)
    lines = [f"  {'   '.join(known)}", *_aligned(rows, left=(0, 1, 5))]
    closed = missing.pop("", [])
    order = {op.name: number for number, op in enumerate(view.program.batch_ops)}
    written = [f"{' '.join(missing[name])}{_tied(f' at {name}')}" for name in sorted(missing, key=order.__getitem__)]
    if written:
        lines.append(f"  not computed yet: {', '.join(written)}")
    if closed:
        lines.append(f"  not open here: {' '.join(closed)}")
    return _within(lines, width)


def _tensors(view: View) -> Iterator[tuple[str, int | None]]:
    """Every tensor of the network by name and layer."""
    for row in TENSORS.values():
        layers = [None] if row.first is None else range(row.first, view.network.L + 1)
        yield from ((row.name, layer) for layer in layers)


def _spread_of(view: View, name: str, layer: int | None) -> tuple[str, ...]:
    """Shape, min, mean and max of the finite entries, and how many are not."""
    values = view.get(name, layer)
    assert values is not None
    shape, found, kinds = f"({', '.join(map(str, values.shape))})", spread(values), counts(values)
    bad = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count and kind in ("+inf", "-inf", "nan"))
    numbers = (found.least, found.mean, found.most) if found is not None else ()
    return (shape, *([short(value) for value in numbers] or ["-"] * 3), bad)


def where_lines(session: Session, width: int = WIDTH) -> list[str]:
    """The frames like a call stack, innermost first, and the operation that comes next."""
    frames, place = session.clock.frames(session.t), session.position
    rows = [_frame_row(session, number, frame) for number, frame in enumerate(frames)]
    lines = [line[2:] for line in _aligned(rows, left=range(6))]
    if place.op is None:
        lines.append(f"the run has ended at t = {place.t}: nothing comes next")
    else:
        lines.append(f"next: {place.name}   t = {place.t}   {place.op.kind.title}")
        lines += [f"      {line}" for line in sentence(place.op).splitlines()]
    return _within(lines, width)


def _frame_row(session: Session, number: int, frame: Frame) -> tuple[str, ...]:
    """-> #0, its label, the operations that it holds, how many are done, and the command that selects it."""
    kind = frame.level.name.lower()
    label = frame.label if kind in frame.label else f"{frame.label} ({kind})"
    total, done = frame.stop - frame.start, session.t - frame.start
    mark = SELECTED if frame == session.frame else ""
    span = f"ops {frame.start}..{frame.stop - 1}"
    return (mark, f"#{number}", label, span, f"{done} of {total} done", f"frame {number}")


def list_lines(
    session: Session,
    around: str | None = None,
    count: int = LISTED,
    breaks: Collection[str] = (),
    width: int = WIDTH,
) -> list[str]:
    """The program with its line numbers, the counter before the line that comes next, its operation in brackets.

    Args:
        around: a line's number or a place such as `bwd 1` to show in the middle; None for the program counter.
        count: lines to show.
        breaks: names of operations whose line has a stop.

    Raises:
        PositionError: there is no such line or place.
    """
    lines, op = lines_of(session.clock.program), session.position.op
    here = op.name if op is not None else ""
    middle = _line_number(session, lines, around or here or "end")
    first = max(0, min(middle - count // 2, len(lines) - count))
    shown = lines[first : first + count]
    label = len(str(len(lines)))
    texts = [
        f"{COUNTER if line.holds(here) else ' '}{BREAK if any(map(line.holds, breaks)) else ' '}"
        f" {number:>{label}}  {_source(line, here)}".rstrip()
        for number, line in enumerate(shown, start=first + 1)
    ]
    if len(shown) < len(lines):
        texts.append(f"   (lines {first + 1} to {first + len(shown)} of {len(lines)})")
    return [cut(text, width) for text in texts]


def _line_number(session: Session, lines: list[Line], around: str) -> int:
    """The index of a line."""
    if around.isascii() and around.isdigit():
        number = int(around) if len(around) < 10 else 0
        if not 1 <= number <= len(lines):
            raise PositionError(f"the program has no line {cut(around, 20)}", hint=f"its lines are 1 to {len(lines)}")
        return number - 1
    name = parse_location(around, session.clock).name
    return next(index for index, line in enumerate(lines) if line.holds(name))


def _source(line: Line, here: str) -> str:
    """A line as the screen has it; of several operations the one that comes next stands in brackets."""
    text = "  " * line.indent + line.text
    if len(line.ops) < 2:
        return text
    ops = (f"[{op_symbol(op)}]" if op.name == here else f" {op_symbol(op)} " for op in line.ops)
    return f"{text:<{2 * line.indent + 7}}{''.join(ops)}"
