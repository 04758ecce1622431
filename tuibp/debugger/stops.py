"""The stops of a session, by number. They hold on every timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuibp.errors import InputError

if TYPE_CHECKING:
    from tuibp.debugger.breakpoints import Breakpoint, Kind
    from tuibp.debugger.position import Clock


class Stops:
    """The breakpoints of a session, by number."""

    def __init__(self) -> None:
        self.all: dict[int, Breakpoint] = {}
        self.next = 1
        """The number of the next one."""

    def add(self, kind: Kind, text: str, clock: Clock, t: int) -> Breakpoint:
        """Make one.

        Raises:
            TuibpError: it cannot be read, or means nothing there; none is made then.
        """
        # The language of conditions is loaded with the first stop: a session begins without.
        from tuibp.debugger.arming import arm
        from tuibp.debugger.breakpoints import read

        stop = read(kind, text, self.next, clock, t)
        arm(stop, clock)
        return self.put(stop)

    def put(self, stop: Breakpoint) -> Breakpoint:
        """Take one with its number."""
        self.all[stop.number] = stop
        self.next = max(self.next, stop.number + 1)
        return stop

    def get(self, number: int) -> Breakpoint:
        """One by its number.

        Raises:
            InputError: there is none.
        """
        if number not in self.all:
            hint = f"there are {', '.join(map(str, self.all))}" if self.all else "break, watch and catch make one"
            raise InputError(f"there is no stop {number}", hint=hint)
        return self.all[number]

    def delete(self, number: int) -> Breakpoint:
        """Forget one."""
        stop = self.get(number)
        del self.all[number]
        return stop

    def enable(self, number: int, enabled: bool) -> Breakpoint:
        """Let one stop, or not for now."""
        self.all[number] = replace(self.get(number), enabled=enabled)
        return self.all[number]

    @property
    def enabled(self) -> list[Breakpoint]:
        """Those that stop."""
        return [stop for stop in self.all.values() if stop.enabled]
