"""The network strip: the layers in a row with the current one marked, the samples of the batch, and the costs."""

from __future__ import annotations

from tuibp.debugger.names import CellRef
from tuibp.present.cells import CUT, Hit, Picture, Run, Window, framed, slide
from tuibp.present.choosing import LOOK
from tuibp.present.numbers import short
from tuibp.present.scene import Scene

ARROWS = {"fwd": " → ", "bwd": " ← "}


def paint_network(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Line 0: the layers; line 1: the samples of the batch; line 2: the costs and the learning rate."""
    layers, cells = _layers(scene, width)
    samples, columns = _samples(scene, width)
    rows = [layers, samples, _costs(scene, width)]
    top, more = slide(len(rows), height, window.top or 0)
    hits = [hit._replace(y=hit.y - top) for hit in (*cells, *columns) if hit.y >= top]
    return framed(rows[top:], hits, width, height, top, 0, more)


def _parts(scene: Scene) -> list[str]:
    network = scene.view.network
    layers = [f"{layer.activation.name} {layer.units}" for layer in network.layers]
    return [f"x {network.inputs}", *layers, network.cost.name]


def _layers(scene: Scene, width: int) -> tuple[list[Run], list[Hit]]:
    """x 2 → tanh 4 → [sigmoid 1] → cost: the one at hand in brackets, scrolled so that it is visible."""
    op = scene.done if scene.done is not None and scene.done.layer else None
    arrow = ARROWS["bwd" if op is not None and op.direction == "bwd" else "fwd"]
    at_cost = scene.done is not None and scene.done.kind.name == "cost" and scene.choices.cursor is None
    parts = _parts(scene)
    now = len(parts) - 1 if at_cost else scene.layer
    parts = [f"[{part}]" if number == now else f" {part} " for number, part in enumerate(parts)]
    more = len(arrow + CUT)
    first, room = 0, width - more * (now < len(parts) - 1)
    while first < now and len(arrow.join(parts[first : now + 1])) > room - more * (first > 0):
        first += 1
    runs = [Run(CUT + arrow, "dim")] if first else []
    x = sum(len(run.text) for run in runs)
    hits: list[Hit] = []
    for number, part in enumerate(parts[first:], start=first):
        last = number == len(parts) - 1
        if number > now and x + len(part) + (0 if last else more) > width:
            return [*runs, Run(CUT, "dim")], hits
        lit = " active" if number == now and scene.done is not None else ""
        runs.append(Run(part, ("title" if number == now else "text") + lit))
        if not last:
            hits.append(Hit(0, x, len(part), CellRef("a", number, (0,))))
            runs.append(Run(arrow, "dim"))
        x += len(part) + len(arrow)
    return runs, hits


def _samples(scene: Scene, width: int) -> tuple[list[Run], list[Hit]]:
    """samples 0 [1] 2 3 mean: the one looked at in brackets, those not loaded yet dimmed. A click looks at one."""
    view = scene.view
    current = -1 if view.current is None else view.current
    chosen = "mean" if view.look == "mean" else view.sample
    head, m = "samples ", view.m
    tail = [Run("[mean]" if chosen == "mean" else " mean ", "title" if chosen == "mean" else "dim")]
    if view.look is not None:
        tail += [Run(" esc", "key"), Run(": back", "text")]
    taken = len(head) + sum(len(run.text) for run in tail) + 2 * len(CUT) + 1
    room = min(m, max(1, (width - taken) // (len(str(m - 1)) + 2)))
    focus = chosen if isinstance(chosen, int) else current
    first = max(0, min(focus - room // 2, m - room))
    runs = [Run(head, "dim"), Run(CUT if first else "", "dim")]
    x, hits = len(head) + bool(first), []
    for s in range(first, first + room):
        role = "title" if s == chosen else "value" if s <= current else "pending"
        text = f"[{s}]" if s == chosen else f" {s} "
        hits.append(Hit(1, x, len(text), f"{LOOK}{s}"))
        runs.append(Run(text, role + (" active" if s == current and s == chosen else "")))
        x += len(text)
    gap = f"{CUT} " if first + room < m else " "
    hits.append(Hit(1, x + len(gap), len(tail[0].text), f"{LOOK}mean"))
    return [*runs, Run(gap, "dim"), *tail], hits


def _costs(scene: Scene, width: int) -> list[Run]:
    """The cost of the sample, of the batch so far and of the epoch so far; fewer digits where there is little room."""
    view, plan = scene.view, scene.view.recipe.plan
    for digits, gap in ((5, "   "), (5, "  "), (4, "  "), (3, "  ")):
        runs: list[Run] = []
        for label, name in (("C", "cost"), ("mean: batch", "bcost"), ("epoch", "ecost")):
            value = view.scalar(name)
            text, role = ("·", "pending") if value is None else (short(float(value), digits), "value")
            lit = " active" if any(tensor.name == name for tensor in scene.lit) else ""
            runs += [Run(f"{label} ", "dim"), Run(text, role + lit), Run(gap)]
        runs.append(Run(f"η {short(plan.lr)} {plan.optimizer.name}", "dim"))
        if sum(len(run.text) for run in runs) <= width:
            break
    return runs
