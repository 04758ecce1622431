"""What a timeline remembers of its run, put away and taken up again: its logs, and states to go on from.

With it a session goes on at once at the place where it stood; without it the way there is run again. Both come to the
same bits, as the states are those of the run (design: machine.md section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tuibp.debugger.flight_log import LogRows
from tuibp.debugger.saved import Keyframe, SavedLog
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.errors import InputError

KINDS = ("batches", "gauges", "epochs")
"""The logs of a timeline."""
BESIDE = 1024
"""Bytes that a keyframe takes in a file beside its numbers, at most."""
_HINT = "the session was not saved by this tuibp"


def put_away(timeline: Timeline, number: int, t: int, room: int, most: int) -> tuple[list[SavedLog], list[Keyframe]]:
    """The logs of a timeline and its keyframes, as many as fit: evenly spaced, and the last one at or before t.

    Args:
        number: of the timeline, among those of the session.
        room: bytes for the keyframes.
        most: keyframes.
    """
    log, epochs = timeline.log, timeline.epochs
    if not log.filled:
        return [], []
    bad = log.first_not_finite()
    parts = zip(KINDS, (log.put_away(), log.gauges.put_away(), epochs.put_away()), strict=True)
    logs = [SavedLog(number, kind, *part, bad if kind == KINDS[0] else None) for kind, part in parts if part.filled]
    return logs, _frames(timeline, number, t, room, most)


def _frames(timeline: Timeline, number: int, t: int, room: int, most: int) -> list[Keyframe]:
    known = [batch for batch, _, _ in timeline.keyframes.frames() if 0 < batch <= timeline.log.filled]
    most = max(1, min(most, room // (BESIDE + timeline.keyframes.nearest(0)[1].nbytes)) - 1)
    here = timeline.keyframes.nearest(min(max(0, timeline.owner(t)), timeline.log.filled))[0]
    wanted = {*known[:: max(1, -(-len(known) // most))], here} - {0}
    return [
        Keyframe(number, batch, block.copy(), spent)
        for batch, block, spent in timeline.keyframes.frames()
        if batch in wanted
    ]


def take_up(timeline: Timeline, logs: Sequence[SavedLog], frames: Iterable[Keyframe]) -> None:
    """Give a timeline that has not run yet what it remembered.

    Raises:
        InputError: it does not fit the timeline.
    """
    log, epochs, program = timeline.log, timeline.epochs, timeline.program
    if not logs:
        return
    by_kind = {one.kind: one for one in logs}
    if KINDS[0] not in by_kind or len(by_kind) < len(logs):
        raise InputError("a timeline has a log of each kind", hint=_HINT)
    empty = [log.put_away() for log in (timeline.log, timeline.log.gauges, timeline.epochs)]
    batches, gauges, ends = (
        LogRows(by_kind[kind].stride, by_kind[kind].filled, by_kind[kind].rows) if kind in by_kind else nothing
        for kind, nothing in zip(KINDS, empty, strict=True)
    )
    gauged = -(-batches.filled // log.period)
    # What belongs to a batch is written before it counts as run: a run that was broken off may have left more of it.
    if batches.filled > timeline.batches or gauges.filled < gauged or ends.filled < batches.filled // program.K:
        raise InputError("the logs of a timeline do not go together", hint=_HINT)
    chosen = sorted(frames, key=lambda frame: frame.batch)
    shape, dtype = timeline.keyframes.nearest(0)[1].shape, program.recipe.network.dtype
    for frame in chosen:
        if frame.batch > batches.filled or frame.block.shape != shape or frame.block.dtype != dtype:
            raise InputError(f"the state at batch {frame.batch} does not fit the network", hint=_HINT)
    log.gauges.take_up(gauges)
    epochs.take_up(ends)
    log.take_up(batches)
    log.bad_is(by_kind[KINDS[0]].bad)
    for frame in chosen:
        timeline.keyframes.offer(frame.batch, _aligned(frame.block), frame.spent)


def _aligned(block: Array) -> Array:
    return np.ascontiguousarray(block)
