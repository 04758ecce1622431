"""Helm: carries out the commands of a console for the screen, at once or as a journey beside it.

It knows what has been done last, and whether something is under way; it neither paints nor reads keys. Whoever steers
with it is told when a command has ended (`arrived`) and, from time to time, that one goes on (`under_way`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from textual.timer import Timer
from textual.widget import Widget

from tuibp.console.console import Console
from tuibp.console.reply import Reply
from tuibp.debugger.command import Command
from tuibp.debugger.ending import Stop
from tuibp.errors import TuibpError
from tuibp.tui.journey import TICK, Journey


class Helm:
    """Steers one session."""

    def __init__(self, owner: Widget, console: Console, arrived: Callable[[Reply], None],
                 under_way: Callable[[], None], failed: Callable[[TuibpError], None]) -> None:  # fmt: skip
        """
        Args:
            owner: the widget to whose life threads and timers belong.
            arrived: called after every command, with its answer.
            under_way: called when a journey has set out, and every `TICK` seconds until it ends.
            failed: called when a command could not be carried out.
        """
        self.console = console
        self.session = console.session
        self.journey: Journey[Any] | None = None
        """What is under way: until it has ended, the timeline belongs to its thread."""
        self.since: int | None = None
        """From where operations count as just done, if not from where the last movement set out."""
        self._owner = owner
        self._arrived = arrived
        self._under_way = under_way
        self._failed = failed
        self._ticker: Timer | None = None

    def move(self, command: Command, count: int = 1, argument: str = "") -> None:
        """Carry out a movement whose target follows from the clock; nothing while another one is under way.

        Raises:
            TuibpError: there is no such place; nothing has changed then.
        """
        if self.journey is not None:
            return
        session, start = self.session, self.session.t
        target = session.target(command, count, argument)
        frame = session.frame if command.name == "finish" and count == 1 else None

        def arrive() -> Reply:
            back = target < start and not argument
            # A movement back undoes a step. What is lit then is the step before it, of the same size, as it was when
            # that step had been made: so reverse shows exactly what was there before forward wrote.
            self.since = session.target(command) if back else None
            self.console.commands += 1
            return _said(session.stop(start, frame))

        self._set_out(Journey(session, target, session.travel(target)), arrive)

    def carry_out(self, line: str) -> None:
        """Carry out a line of the console; nothing while something is under way.

        Raises:
            TuibpError: it cannot be carried out; nothing has changed then.
        """
        if self.journey is not None:
            return
        session, start, meant = self.session, self.session.t, self.console.meant(line)
        from tuibp.console.moving import towards

        target, command = towards(self.console, meant), meant.command
        journey: Journey[Reply] = Journey(session, target, self.console.start(line))

        def arrive() -> Reply:
            reply = journey.result or Reply()
            if reply.moved:
                undone = command is not None and command.target is not None and not command.argument
                back = undone and target is not None and target < start
                self.since = session.target(command) if back and command is not None else None
            return reply

        self._set_out(journey, arrive)

    def visit(self, direction: Literal[-1, 1]) -> None:
        """Return to the place visited before or after this one; nothing while a movement is under way."""
        if self.journey is not None:
            return
        session, place = self.session, self.session.visited(direction)

        def arrive() -> Reply:
            self.since = None
            self.console.commands += 1
            return _said(session.step_visited(direction))

        if place is None:
            self._arrived(arrive())
        else:
            self._set_out(Journey(session, place, session.visited_timeline(direction).travel(place)), arrive)

    def stop(self) -> bool:
        """Call off what is under way; whether there was anything."""
        if self.journey is not None:
            self.journey.call_off()
        return self.journey is not None

    def _set_out(self, journey: Journey[Any], arrive: Callable[[], Reply]) -> None:
        """Travel at once, or beside the screen where that takes longer."""
        if journey.run_inline():
            self._arrived(arrive())
            return
        self.journey = journey
        self._ticker = self._owner.set_interval(TICK, self._under_way)
        self._owner.run_worker(self._run(journey, arrive))
        self._under_way()

    async def _run(self, journey: Journey[Any], arrive: Callable[[], Reply]) -> None:
        failure: TuibpError | None = None
        arrived = False
        try:
            arrived = await asyncio.to_thread(journey.run)
        except TuibpError as error:
            failure = error
        self.journey = None
        if self._ticker is not None:
            self._ticker.stop()
        if failure is not None:
            self._failed(failure)
        elif arrived:
            self._arrived(arrive())
        else:
            if journey.target is not None:
                self.session.interrupt(journey.target)
            self.since = None
            self._arrived(Reply((f"Stopped at {self.session.position.name}.",), moved=True))


def _said(stop: Stop) -> Reply:
    """What there is to say of a movement."""
    return Reply((stop.reason,) if stop.reason else (), moved=True)
