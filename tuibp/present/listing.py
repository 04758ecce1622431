"""The program listing: the notes' algorithm, with the program counter in its gutter.

One line per layer and direction, as a source file would have it; the operations of a line stand on it and can be
selected.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.engine.operations import Level
from tuibp.engine.program import Op, Program
from tuibp.present.cells import Hit, Picture, Run, Window, framed, slide
from tuibp.present.numbers import superscript, symbol
from tuibp.present.scene import Scene

GUTTER = "gutter:"
"""Before the name of an operation: what a click on the gutter of its line means."""
COUNTER = "▶"
"""Stands before the line whose operation is next."""
BREAK = "●"
"""Stands before a line with a stop, and before the operation that it stops at, if that is not the line's first."""
OFF = "○"
"""The same of a stop that is switched off."""
FRAME = "│"
"""Stands before every line of the selected frame."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the listing."""

    indent: int
    text: str
    ops: tuple[Op, ...]
    """The operations that stand on it, none on a loop's heading."""

    def holds(self, name: str) -> bool:
        """Whether an operation stands on it."""
        return any(op.name == name for op in self.ops)


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
        Line(0, f"for epoch 0..{program.epochs - 1}", ()),
        Line(1, "shuffle", (program.shuffle,)),
        Line(1, f"for batch 0..{program.K - 1}", ()),
        line(2, "begin"),
        Line(2, f"for sample 0..{program.m - 1}", ()),
        line(3, "load", f"a{superscript(0)} y"),
        *passes[:L],
        line(3, "cost", "C"),
        *passes[L:],
        line(3, "acc", "+ batch"),
        line(2, "grad", "∇W ∇b"),
        line(2, "update", "W b"),
        Line(1, "end", (program.end,)),
    ]


def at_hand(scene: Scene) -> str | None:
    """The name of the operation that comes next; None at the end."""
    return None if scene.next is None else scene.next.name


def op_symbol(op: Op) -> str:
    """An operation on its line: z, a, ∂a (for ∂C/∂a), σ′, δ, ∂W (for ∂C/∂W)."""
    return symbol(op.kind.name).replace("∂C/", "")


def places(program: Program) -> list[list[str]]:
    """The names of the operations on every line that has some: what the listing's cursor walks over."""
    return [[op.name for op in line.ops] for line in lines_of(program) if line.ops]


def paint_listing(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """The listing, scrolled so that the program counter (or the selected line) is visible."""
    lines = lines_of(scene.view.program)
    wanted = scene.choices.place or (scene.next.name if scene.next is not None else "end")
    at = next(i for i, line in enumerate(lines) if line.holds(wanted))
    centred = 0 if len(lines) <= height else at - height // 2
    top, more = slide(len(lines), height, centred if window.top is None else window.top)
    rows: list[list[Run]] = []
    hits: list[Hit] = []
    stops = _stops(scene)
    for y, line in enumerate(lines[top : top + height]):
        row, targets = _paint_line(scene, line, stops)
        rows.append(row)
        hits += [Hit(y, x, room, name) for x, room, name in targets]
    return framed(rows, hits, width, height, top, 0, more)


def _stops(scene: Scene) -> dict[str, str]:
    """The operations that something stops before, or would if it were not switched off, each with its sign."""
    stops = sorted(scene.board.stops, key=lambda stop: stop.enabled)
    return {name: BREAK if stop.enabled else OFF for stop in stops for name in stop.ops}


def _in_frame(scene: Scene, line: Line) -> bool:
    """Whether a line belongs to the selected frame: loops by their depth, passes and layers by their operations."""
    level, now = scene.frame.level, scene.next
    if level >= Level.SAMPLE or now is None:
        return line.indent >= {Level.RUN: 0, Level.EPOCH: 1, Level.BATCH: 2, Level.SAMPLE: 3}[level]
    return any(op.direction == now.direction and (level is Level.PASS or op.layer == now.layer) for op in line.ops)


def _paint_line(scene: Scene, line: Line, stops: dict[str, str]) -> tuple[list[Run], list[tuple[int, int, str]]]:
    """One line and what can be clicked on it: (column, width, operation)."""
    here = scene.next is not None and line.holds(scene.next.name)
    role = "title" if here else "text" if line.ops else "dim"
    head = f"{line.text:<6}" if len(line.ops) > 1 else line.text
    signs = [stops[op.name] for op in line.ops if op.name in stops]
    sign = BREAK if BREAK in signs else OFF if signs else " "
    runs = [
        Run(sign, "bad" if sign == BREAK else "dim"),
        Run(COUNTER if here else " ", "pc" if here else "text"),
        Run(FRAME if _in_frame(scene, line) else " ", "key"),
        Run(" " * line.indent),
    ]
    x = sum(len(run.text) for run in runs)
    if len(line.ops) == 1:
        op = line.ops[0]
        runs.append(Run(head, role + _marks(scene, op)))
        return runs, [(0, 1, GUTTER + op.name), (x, len(head), op.name)]
    runs.append(Run(head, role))
    x += len(head)
    hits = [(0, 1, GUTTER + line.ops[0].name)] if line.ops else []
    for op in line.ops:
        label = op_symbol(op)
        sign = stops.get(op.name, " ") if op is not line.ops[0] else " "
        runs += [Run(sign, "bad" if sign == BREAK else "dim"), Run(label, _state(scene, op) + _marks(scene, op))]
        hits.append((x + 1, len(label), op.name))
        x += 1 + len(label)
    return runs, hits


def _state(scene: Scene, op: Op) -> str:
    """Whether an operation of a pass is next, done or to come."""
    if scene.next is not None and op.name == scene.next.name:
        return "ready"
    return "value" if op.name in scene.ran or scene.view.defined(*op.writes[0]) else "dim"


def _marks(scene: Scene, op: Op) -> str:
    return " active" * (op.name in scene.ran) + " cursor" * (op.name == scene.choices.place)
