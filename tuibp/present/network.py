"""The network strip: the layers in a row with the current one marked, the frames, and the samples of the batch."""

from __future__ import annotations

from tuibp.debugger.names import CellRef
from tuibp.present.cells import Hit, Picture, Row, Run
from tuibp.present.grid import Window
from tuibp.present.numbers import short
from tuibp.present.scene import Scene

LOOK = "look:"
"""Before a sample's number or "mean": what a click on the strip of samples means."""
ARROWS = {"fwd": " → ", "bwd": " ← "}


def paint_network(scene: Scene, width: int, height: int, window: Window) -> Picture:
    """Line 0: the layers; line 1: the samples of the batch; line 2: costs and the call stack."""
    row, hits = _layers(scene, width)
    samples, more = _samples(scene, width)
    rows = [row, samples, _costs(scene, width)]
    return Picture(tuple(rows[:height]), (*hits, *more))


def _parts(scene: Scene) -> list[str]:
    network = scene.view.network
    layers = [f"[{layer.activation.name} {layer.units}]" for layer in network.layers]
    return [f"x({network.inputs})", *layers, network.cost.name]


def _layers(scene: Scene, width: int) -> tuple[Row, list[Hit]]:
    """x(2) → [tanh 4] → [sigmoid 1] → cost, scrolled so that the layer at hand is visible."""
    parts = _parts(scene)
    op = scene.done if scene.done is not None and scene.done.layer else None
    arrow = ARROWS["bwd" if op is not None and op.direction == "bwd" else "fwd"]
    now = len(parts) - 1 if scene.done is not None and scene.done.kind.name == "cost" else scene.layer
    first = 0
    while first < now and len(arrow.join(parts[first : now + 2])) > width - 4:
        first += 1
    runs = [Run("… ", "dim")] if first else []
    x = 2 if first else 0
    hits = []
    for number, part in enumerate(parts[first:], start=first):
        if x + len(part) + 4 > width and number > now:
            runs.append(Run("…", "dim"))
            break
        active = " active" if number == now and scene.done is not None else ""
        runs.append(Run(part[: width - x], ("title" if number == now else "text") + active))
        if number < len(parts) - 1:
            hits.append(Hit(0, x, len(part), CellRef("a", number, (0,))))
            runs.append(Run(arrow, "dim"))
        x += len(part) + 3
    return tuple(runs), hits


def _samples(scene: Scene, width: int) -> tuple[Row, list[Hit]]:
    """samples 0 [1] 2 3 mean: the one looked at in brackets, those not loaded yet dimmed. A click looks at one."""
    view = scene.view
    current = -1 if view.current is None else view.current
    chosen = "mean" if view.look == "mean" else view.sample
    runs = [Run("samples ", "dim")]
    m = view.m
    room = max(1, (width - 24) // (len(str(m - 1)) + 2))
    focus = chosen if isinstance(chosen, int) else current
    first = max(0, min(focus - room // 2, m - room))
    hits: list[Hit] = []
    if first:
        runs.append(Run("… ", "dim"))
    for s in range(first, min(m, first + room)):
        role = "title" if s == chosen else "value" if s <= current else "pending"
        text = f"[{s}]" if s == chosen else f" {s} "
        hits.append(Hit(1, sum(len(run.text) for run in runs), len(text), f"{LOOK}{s}"))
        runs.append(Run(text, role + (" active" if s == current and s == chosen else "")))
    if first + room < m:
        runs.append(Run(" …", "dim"))
    hits.append(Hit(1, sum(len(run.text) for run in runs) + 2, 6, f"{LOOK}mean"))
    runs.append(Run("  [mean]" if chosen == "mean" else "   mean", "title" if chosen == "mean" else "dim"))
    looking = "" if view.look is None else "   esc: follow"
    runs.append(Run(looking, "key"))
    return tuple(runs), hits


def _costs(scene: Scene, width: int) -> Row:
    """The cost of the sample, of the batch so far and of the epoch so far."""
    view = scene.view
    runs: list[Run] = []
    for label, name in (("C", "cost"), ("batch", "bcost"), ("epoch", "ecost")):
        value = view.scalar(name)
        runs += [Run(f"{label} ", "dim"), Run("·" if value is None else short(float(value), 5), "value"), Run("   ")]
    runs.append(Run(f"η {short(view.recipe.plan.lr)}  {view.recipe.plan.optimizer.name}", "dim"))
    return tuple(runs)
