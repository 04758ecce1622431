"""A journey: one movement of the session, at once if it is short, beside the live screen if it is long.

Short ones end within the key press. A long one runs on a thread, batch by batch; between any two batches it looks whether it has
been called off. Nothing on the screen reads what the thread writes: panes show the last scene until the journey has ended.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tuibp.debugger.session import Session

INLINE = 0.010
"""Seconds that a movement may take on the event loop: longer, and the next key would feel it."""
SWITCH = 0.0005
"""Seconds after which the thread hands the interpreter to the screen; the default of 5 ms is felt (screen.md section 4)."""


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
    """One movement towards position `target`."""

    def __init__(self, session: Session, target: int) -> None:
        self.session = session
        self.target = target
        self.start = session.t
        self._steps: Iterator[tuple[int, int]] = session.travel(target)
        self._began = time.perf_counter()
        self._called_off = threading.Event()
        self._done, self._total = 0, 1

    def run_inline(self) -> bool:
        """Run for a moment; whether that was enough."""
        return self._run(self._began + INLINE)

    def run(self) -> bool:
        """Run to the end, or until called off; whether it arrived. For a thread."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            return self._run(None)
        finally:
            sys.setswitchinterval(interval)

    def _run(self, until: float | None) -> bool:
        for self._done, self._total in self._steps:
            if self._called_off.is_set() or (until is not None and time.perf_counter() > until):
                return False
        return True

    def call_off(self) -> None:
        """Stop after the batch that is running."""
        self._called_off.set()

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._done, self._total, time.perf_counter() - self._began)
