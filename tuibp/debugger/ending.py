"""Where a movement has ended, and what there is to say about that."""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.debugger.position import Frame
from tuibp.debugger.view import View
from tuibp.engine.operations import Level

_RESULTS = {Level.SAMPLE: "cost", Level.BATCH: "bcost", Level.EPOCH: "ecost", Level.RUN: "ecost"}


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a movement ended, and why."""

    t: int
    came_from: int
    reason: str
    """A sentence for the screen; empty where there is nothing to say beyond the position."""


def ending(view: View, finished: Frame | None) -> str:
    """What to say where a movement has ended; empty where the position says it all.

    Args:
        finished: the frame that `finish` has left.
    """
    if finished is not None and view.t == finished.stop:
        return _result(view, finished)
    if view.t == view.timeline.clock.total:
        return f"End of the run.{_first_bad(view)}"
    return "" if view.t else "Start of the run: nothing is computed yet."


def _first_bad(view: View) -> str:
    """Where the costs stopped being numbers, if they did."""
    batch = view.timeline.log.first_not_finite()
    if batch is None:
        return ""
    epoch, k = divmod(batch, view.program.K)
    return f" The cost is nan or infinite from e{epoch}.b{k} on: g e{epoch}.b{k} goes there."


def _result(view: View, frame: Frame) -> str:
    """One sentence with the result of a frame that has just ended."""
    if frame.level in _RESULTS:
        name = _RESULTS[frame.level]
        value = view.scalar(name)
    else:
        before = view.timeline.clock.at(frame.stop - 1)
        assert before.op is not None
        name, layer = ("a" if before.op.direction == "fwd" else "db"), before.op.layer
        values = view.get(name, layer)
        value = None if values is None else float(abs(values).max())
        name = f"largest |{name}[{layer}]|"
    text = "not computed" if value is None else f"{value:.6g}"
    return f"Finished {frame.label}: {name} = {text}."
