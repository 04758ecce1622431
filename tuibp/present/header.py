"""The first line of the screen: the title, the frames we are in, and the position."""

from __future__ import annotations

from tuibp.present.cells import Picture, Row, Run
from tuibp.present.scene import Scene


def paint_header(scene: Scene, width: int) -> Picture:
    """xor · epoch 0 of 100 · batch 1 of 2 · sample 0 of 2 ... t=9 of 1200  e0.b1.s0.bwd2.db.

    What does not fit goes from the title first, with a sign; the position is never cut.
    """
    view, program = scene.view, scene.view.program
    place = view.position
    parts = []
    if place.op is not None:
        parts.append(f"epoch {place.epoch}/{program.epochs}")
    if place.batch is not None:
        parts.append(f"batch {place.batch}/{program.K}")
    if place.sample is not None:
        parts.append(f"sample {place.sample}/{view.m}")
    frames = " · ".join(parts) if parts else f"{program.epochs} epochs done"
    right = f"t={view.t} of {program.total}  {place.name}"
    room = width - len(right) - 2
    left = f" {scene.title} · {frames}"
    if len(left) > room:
        shorter = room - len(frames) - 5
        left = f" {scene.title[:shorter]}… · {frames}" if shorter >= 6 else f" {frames}"
    if len(left) > room:
        left = left[: max(0, room - 1)] + "…" if room > 1 else ""
    row: Row = (Run(left.ljust(max(0, room)), "title"), Run("  "), Run(right[:width], "accent"))
    return Picture((row,))
