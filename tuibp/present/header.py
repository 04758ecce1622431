"""The first line of the screen: the title, the frames we are in, and the position."""

from __future__ import annotations

from tuibp.present.cells import Picture, Run, cut, framed
from tuibp.present.scene import Scene

LEAST_TITLE = 6
"""Columns below which a cut title says nothing."""


UNDER_WAY = "only the cost curve moves"
"""Said while a long journey is under way."""


def paint_header(scene: Scene, width: int, *, under_way: bool = False) -> Picture:
    """xor · epoch 0/100 · batch 1/2 · sample 0/2 ... t=9 of 1200  e0.b1.s0.bwd2.db.

    What does not fit goes from the title first, with a sign; the position is the last to go.

    Args:
        under_way: a long journey has left the scene behind.
    """
    view, program = scene.view, scene.view.program
    place = view.position
    parts = [f"timeline {scene.board.current}"] if len(scene.board.timelines) > 1 else []
    parts.append("the run has ended" if place.op is None else f"epoch {place.epoch}/{program.epochs}")
    if place.batch is not None:
        parts.append(f"batch {place.batch}/{program.K}")
    if place.sample is not None:
        parts.append(f"sample {place.sample}/{view.program.batch_size(place.batch or 0)}")
    frames = " · ".join(parts)
    right = f"t={view.t} of {program.total}  {place.name} "
    if len(right) > width // 2 + len(frames) // 2:
        right = f"t={view.t}  {place.name} "
    if under_way:
        frames, right = UNDER_WAY, f"on the way from t={view.t}  {place.name} "
    room = width - len(right) - 1
    title = room - len(frames) - 4
    left = f" {cut(scene.title, title)} · {frames}" if title >= min(LEAST_TITLE, len(scene.title)) else f" {frames}"
    left = cut(left, room).ljust(room + 1) if room > LEAST_TITLE else ""
    return framed([[Run(left, "title"), Run(right, "accent")]], (), width, 1)
