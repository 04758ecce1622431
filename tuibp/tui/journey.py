"""A journey: one command of the session, at once if it is short, beside the live screen if it is long.

Short ones end within the key press. A long one runs on a thread, some batches at a time; between any two it looks
whether it has been called off. Nothing on the screen reads what the thread writes: panes show the last scene until the
journey has ended, and what is to be seen of it meanwhile the thread itself publishes as copies.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tuibp.debugger.session import Session
from tuibp.engine.arrays import Array

T = TypeVar("T")
INLINE = 0.010
"""Seconds that a movement may take on the event loop: longer, and the next key would feel it."""
SWITCH = 0.0005
"""Seconds after which the thread hands the interpreter to the screen; the default of 5 ms is felt."""
HEAVY = 1e8
"""Multiplications of one stage of a batch that take longer than INLINE."""
TICK = 0.1
"""Seconds between two looks at a long run."""
GIVEN = 0.05
"""Longest rest of the thread, in seconds, for a key to be answered: while two take turns at the interpreter, an answer
takes twice as long.
"""
LONGEST = 0.03
"""Seconds of computing between two pauses from which on they are asked for more often: esc is to be felt at once on a
slow machine too.
"""
SHARE = 0.01
"""Share of the thread's time that copies for the screen may take: with millions of batches they come less often."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a journey has come."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Batches a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float:
        """Seconds to go."""
        return (self.total - self.done) / self.rate if self.rate else 0.0


class Journey(Generic[T]):
    """A way through the timeline of a session, at the end of which there is a result."""

    def __init__(self, session: Session, target: int | None, steps: Generator[tuple[int, int], None, T]) -> None:
        """
        Args:
            target: the position to which it goes, or towards which it looks for a place; None where it goes nowhere.
            steps: going there; yields (batches run, batches to run).
        """
        self.session = session
        self.target = target
        self.result: T | None = None
        """What the steps have come to."""
        self.costs: tuple[Array, int] | None = None
        """(rows,) a copy of the mean costs as they were a moment ago, and the batches a row stands for."""
        self._steps = self._to_result(steps)
        self._began = time.perf_counter()
        self._called_off = threading.Event()
        self._free = threading.Event()
        self._free.set()
        self._done, self._total = 0, 1

    def _to_result(self, steps: Generator[tuple[int, int], None, T]) -> Generator[tuple[int, int], None, None]:
        self.result = yield from steps

    @property
    def heavy(self) -> bool:
        """Whether a single stage of a batch may take too long for the event loop."""
        program, sizes = self.session.timeline.program, self.session.recipe.network.sizes
        widest = max(one * other for one, other in itertools.pairwise(sizes))
        return program.m * widest > HEAVY

    def run_inline(self) -> bool:
        """Run for a moment; whether that was enough."""
        if self.heavy:
            return False
        for done, total in self._steps:
            self._done, self._total = done, total
            if time.perf_counter() > self._began + INLINE:
                return False
        return True

    def run(self) -> bool:
        """Run to the end, or until called off; whether it arrived. For a thread."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            return self._run()
        finally:
            sys.setswitchinterval(interval)

    def _run(self) -> bool:
        log, due = self.session.timeline.log, time.perf_counter()
        slow, computed = 0, time.thread_time()
        for done, total in self._steps:
            self._done, self._total = done, total
            before, computed = computed, time.thread_time()
            slow = slow + 1 if computed - before > LONGEST else 0
            if slow > 1:  # one alone may have made what is made once
                self.session.timeline.pause_more_often()
                slow = 0
            if self._called_off.is_set():
                self._steps.close()  # which settles what has been run
                return False
            if not self._free.is_set():
                self._free.wait(GIVEN)
                self._free.set()
            now = time.perf_counter()
            if now >= due:
                self.costs = log.mean_costs(), log.stride
                due = now + max(TICK, (time.perf_counter() - now) / SHARE)
        return True

    def give_way(self) -> None:
        """Leave the interpreter to the screen: a key has come."""
        self._free.clear()

    def go_on(self) -> None:
        """The key is answered."""
        self._free.set()

    def call_off(self) -> None:
        """Stop after the batch that is running, or after one of its operations where they take long."""
        self._called_off.set()
        self._free.set()

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._done, self._total, time.perf_counter() - self._began)
