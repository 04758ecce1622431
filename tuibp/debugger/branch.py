"""Where a fork begins: what it has in common with its parent, and keyframes that go on from there.

The parent may run on in another thread meanwhile. So of its logs a copy is taken, and of its keyframes one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import NamedTuple, TypeAlias

from tuibp.debugger.flight_log import EpochLog, FlightLog
from tuibp.debugger.history import Keyframes
from tuibp.debugger.record import Spent
from tuibp.engine.arrays import Array, aligned_empty
from tuibp.engine.state import State


class Origin(NamedTuple):
    """Where a timeline begins."""

    initial: State
    """At t = 0."""
    parent: Frames | None = None
    """Keyframes that hold before batch `batch`; None where there is no batch before it."""
    batch: int = 0
    """The first global batch whose numbers may be other ones than the parent's."""
    block: Array | None = None
    """The state at its beginning."""
    spent: Spent = Spent()
    """Of its epoch, before it."""
    log: FlightLog | None = None
    """The parent's; None where nothing of it holds."""
    epochs: EpochLog | None = None

    def fill(self, log: FlightLog, epochs: EpochLog, K: int) -> None:
        """Begin the logs, which are empty, with what holds of the parent's; K batches are an epoch."""
        if self.log is None or self.epochs is None:
            return
        theirs = self.log.as_it_stands()
        finished_ones = copy(self.epochs)  # taken last, as it is written to first
        batches, stride = min(self.batch, theirs.filled), finished_ones.stride
        while True:
            batches = theirs.whole(batches)
            finished = batches // K
            if finished % stride == 0:
                break
            batches = (finished - finished % stride) * K
        epochs.begin_with(finished_ones, finished)
        log.begin_with(theirs, batches)


class Branch:
    """Keyframes of a fork: from its origin on its own, before it those that its parent has in memory."""

    def __init__(self, before: Frames, origin: Origin, budget: int, stride: int) -> None:
        """
        Args:
            before: the parent's.
            budget: bytes of its own frames.
            stride: batches between two of them, as long as there is room.
        """
        assert origin.block is not None
        self._before, self._origin = before, origin.batch
        self._own = Keyframes(origin.block, budget, stride, spent=origin.spent)
        self._copy = aligned_empty(origin.block.shape, origin.block.dtype)

    @property
    def stride(self) -> int:
        """Batches from one of its own frames to the next."""
        return self._own.stride

    @property
    def bytes(self) -> int:
        """Bytes of its own frames."""
        return self._own.bytes

    def next_due(self, at: int) -> int:
        """The first batch behind `at` whose state is asked for."""
        return self._origin if at < self._origin else self._origin + self._own.next_due(at - self._origin)

    def offer(self, batch: int, block: Array, spent: tuple[float, int, int]) -> None:
        """As `Keyframes.offer`; of what lies before the origin the parent has frames."""
        if batch >= self._origin:
            self._own.offer(batch - self._origin, block, spent)

    def nearest(self, batch: int) -> tuple[int, Array, tuple[float, int, int]]:
        """As `Keyframes.nearest`."""
        if batch >= self._origin:
            at, block, spent = self._own.nearest(batch - self._origin)
            return self._origin + at, block, spent
        at, spent = self._before.copy_nearest(batch, self._copy)
        return at, self._copy, spent

    def frames(self) -> Iterator[tuple[int, Array, tuple[float, int, int]]]:
        """As `Keyframes.frames`: its own."""
        for at, block, spent in self._own.frames():
            yield self._origin + at, block, spent

    def copy_nearest(self, batch: int, out: Array) -> tuple[int, tuple[float, int, int]]:
        """As `Keyframes.copy_nearest`."""
        if batch < self._origin:
            return self._before.copy_nearest(batch, out)
        at, spent = self._own.copy_nearest(batch - self._origin, out)
        return self._origin + at, spent

    def __len__(self) -> int:
        return len(self._own)


Frames: TypeAlias = Keyframes | Branch
