"""A journey: one movement of the session, at once if it is short, beside the live screen if it is long.

Short ones end within the key press. A long one runs on a thread, batch by batch; between any two batches it looks
whether it has been called off. Nothing on the screen reads what the thread writes: panes show the last scene until the
journey has ended.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tuibp.debugger.commands import Command
from tuibp.debugger.session import Session, Stop

INLINE = 0.010
"""Seconds that a movement may take on the event loop: longer, and the next key would feel it."""
SWITCH = 0.0005
"""Seconds after which the thread hands the interpreter to the screen; the default of 5 ms is felt."""
HEAVY = 1e8
"""Multiplications of one stage of a batch that take longer than INLINE."""


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


class Journey:
    """One movement of a session."""

    def __init__(self, session: Session, command: Command, count: int, argument: str) -> None:
        """Raises PositionError where there is no such place; nothing has changed then."""
        self.session = session
        self.start = session.t
        self.target = session.target(command, count, argument)
        self._command = command
        self._frame = session.frame if command.name == "finish" and count == 1 else None
        self._steps: Iterator[tuple[int, int]] = session.travel(self.target)
        self._began = time.perf_counter()
        self._called_off = threading.Event()
        self._done, self._total = 0, 1

    @property
    def heavy(self) -> bool:
        """Whether a single stage of a batch may take too long for the event loop."""
        program, sizes = self.session.timeline.program, self.session.recipe.network.sizes
        widest = max(one * other for one, other in itertools.pairwise(sizes))
        return program.m * widest > HEAVY

    def run_inline(self) -> bool:
        """Run for a moment; whether that was enough."""
        return not self.heavy and self._run(self._began + INLINE)

    def run(self) -> bool:
        """Run to the end, or until called off; whether it arrived. For a thread."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            return self._run(None)
        finally:
            sys.setswitchinterval(interval)

    def _run(self, until: float | None) -> bool:
        for done, total in self._steps:
            self._done, self._total = done, total
            if self._called_off.is_set() or (until is not None and time.perf_counter() > until):
                return False
        return True

    def call_off(self) -> None:
        """Stop after the batch that is running, or after one of its operations where they take long."""
        self._called_off.set()

    def stop(self) -> Stop:
        """What to say after the arrival."""
        return self.session.stop(self.start, self._frame)

    def since(self) -> int | None:
        """From where operations count as just done: None for where it set out.

        A movement back undoes a step. What is lit then is the step before it, of the same size, as it was when that
        step had been made: so reverse shows exactly what was there before forward wrote.
        """
        if self.target >= self.start or self._command.argument:
            return None
        return self.session.target(self._command)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._done, self._total, time.perf_counter() - self._began)
