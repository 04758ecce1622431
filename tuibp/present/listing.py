"""The program listing: the notes' algorithm, with the program counter in its gutter.

One line per layer and direction, as a source file would have it; the operations of a line stand on it and can be selected.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.engine.program import Level, Op, Program
from tuibp.present.cells import Hit, Picture, Row, Run
from tuibp.present.grid import Window
from tuibp.present.numbers import superscript, symbol
from tuibp.present.scene import Scene

COUNTER = "▶"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the listing."""

    indent: int
    text: str
    ops: tuple[Op, ...]
    """The operations that stand on it, none on a loop's heading."""
    frame: Level | None = None
    """The frame that a heading opens."""


def lines_of(program: Program) -> list[Line]:
    """The listing of a program, from `for epoch` to `end`."""
    by_layer: dict[tuple[str, int], list[Op]] = {}
    single: dict[str, Op] = {}
    for op in program.batch_ops:
        if op.direction:
            by_layer.setdefault((op.direction, op.layer), []).append(op)
        else:
            single[op.kind.name] = op

    def line(indent: int, name: str, tail: str = "") -> Line:
        return Line(indent, f"{name:<8}{tail}".rstrip(), (single[name],))

    passes = [Line(3, f"{direction} {layer}", tuple(ops)) for (direction, layer), ops in by_layer.items()]
    L = program.L
    return [
        Line(0, f"for epoch 0..{program.epochs - 1}", (), Level.EPOCH),
        Line(1, "shuffle", (program.shuffle,)),
        Line(1, f"for batch 0..{program.K - 1}", (), Level.BATCH),
        line(2, "begin"),
        Line(2, f"for sample 0..{program.m - 1}", (), Level.SAMPLE),
        line(3, "load", f"a{superscript(0)} y"),
        *passes[:L],
        line(3, "cost", "C"),
        *passes[L:],
        line(3, "acc", "+ to batch"),
        line(2, "grad", "∇W ∇b"),
        line(2, "update", "W b"),
        Line(1, "end", (program.end,)),
    ]


def op_symbol(op: Op) -> str:
    """An operation on its line: z, a, ∂a (for ∂C/∂a), σ′, δ, ∂W (for ∂C/∂W)."""
    return symbol(op.kind.name).replace("∂C/", "")


def places(program: Program) -> list[list[str]]:
    """The names of the operations on every line that has some: what the listing's cursor walks over."""
    return [[op.name for op in line.ops] for line in lines_of(program) if line.ops]


def paint_listing(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The listing, scrolled so that the program counter (or the selected line) is visible."""
    lines = lines_of(scene.view.program)
    now = scene.next
    wanted = scene.choices.place or (now.name if now is not None else "end")
    at = next((i for i, line in enumerate(lines) if any(op.name == wanted for op in line.ops)), len(lines) - 1)
    last = max(0, len(lines) - height)
    top = window.top if window.top is not None else max(0, at - height // 2)
    top = max(0, min(top, last))
    rows: list[Row] = []
    hits: list[Hit] = []
    for y, line in enumerate(lines[top : top + height]):
        row, targets = _paint_line(scene, line, width)
        rows.append(row)
        hits += [Hit(y, x, room, name) for x, room, name in targets]
    more = f"lines {top}-{min(top + height, len(lines)) - 1} of {len(lines)}" if len(lines) > height else ""
    return Picture(tuple(rows), tuple(hits), top, 0, more)


def _paint_line(scene: Scene, line: Line, width: int) -> tuple[Row, list[tuple[int, int, str]]]:
    """One line and what can be clicked on it: (column, width, operation)."""
    now = scene.next
    here = now is not None and any(op.name == now.name for op in line.ops)
    frame = line.frame is not None and line.frame == scene.frame.level
    role = "title" if here or frame else "text" if line.ops else "dim"
    runs = [Run(f"{COUNTER} " if here else "  ", "pc" if here else "text"), Run(" " * line.indent)]
    x = 2 + sum(len(run.text) for run in runs[1:])
    text = line.text + ("  ◀" if frame else "")
    hits = []
    if line.ops and line.ops[0].direction:
        runs.append(Run(f"{text:<6}", role))
        x += 6
        for op in line.ops:
            label = op_symbol(op)
            runs += [Run(" "), Run(label, _op_role(scene, op))]
            hits.append((x + 1, len(label), op.name))
            x += 1 + len(label)
    else:
        mark = " cursor" if line.ops and line.ops[0].name == scene.choices.place else ""
        active = " active" if line.ops and line.ops[0].name in scene.ran else ""
        runs.append(Run(text, role + active + mark))
        hits += [(x, len(text), line.ops[0].name)] if line.ops else []
        x += len(text)
    if x > width:
        return _cropped(runs, width), hits
    return tuple(runs), hits


def _op_role(scene: Scene, op: Op) -> str:
    role = "dim"
    if scene.next is not None and op.name == scene.next.name:
        role = "ready"
    elif op.name in scene.ran:
        role = "value active"
    elif op.writes and scene.view.defined(op.writes[0].name, op.writes[0].layer):
        role = "value"
    return role + (" cursor" if op.name == scene.choices.place else "")


def _cropped(runs: list[Run], width: int) -> Row:
    """The runs cut to `width`, with a sign that they are."""
    kept: list[Run] = []
    room = width - 1
    for run in runs:
        kept.append(Run(run.text[:room], run.role))
        room -= len(kept[-1].text)
    return (*kept, Run("…", "dim"))
