"""A session: a cursor on a timeline. It moves, remembers where it stood, and says why it stopped.

The screen, the text output and the Python API all drive this one object. It reads no clock and no file; a long
journey is an iterator, so that whoever drives it may show progress and stop it between any two batches.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS, find_command
from tuibp.debugger.edits import Edit
from tuibp.debugger.ending import Stop, ending
from tuibp.debugger.history import BUDGET, Spill
from tuibp.debugger.names import SCALARS, CellRef, parse_cell
from tuibp.debugger.position import Clock, Frame, Position
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import FORK_SHARE, Timeline
from tuibp.debugger.trail import Trail, Visited
from tuibp.debugger.variant import beside
from tuibp.debugger.view import Look, View
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Level
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import safe
from tuibp.errors import InputError, NameInputError, PositionError, TuibpError

if TYPE_CHECKING:
    from tuibp.debugger.breakpoints import Breakpoint
    from tuibp.debugger.hunt import Hunt
    from tuibp.debugger.nonfinite import FirstNonFinite
    from tuibp.debugger.resume import Arrival, Logger

MOST_TIMELINES = 250
"""Timelines of a session: each may take up to 20 MB."""


class Session:
    """A cursor on a timeline."""

    def __init__(self, recipe: Recipe, budget: int = BUDGET, spill: Spill | None = None) -> None:
        """
        Args:
            budget: bytes of keyframes in memory.
            spill: where further keyframes go.

        Raises:
            TuibpError: a stop of the recipe's [debug] table means nothing on this network.
        """
        self.timelines = [Timeline(recipe, budget, spill)]
        """All there are, the trunk first. None is ever taken away, so the number of one stays its name."""
        self.current = 0
        """The number of the timeline where we are."""
        self._budget = budget
        self.t = 0
        self.came_from = 0
        """Where the last movement started: the operations between the two are what just happened."""
        self.selected = Level.OP
        """The innermost level that the selected frame may have; OP selects the innermost frame."""
        self._heading = object()
        """Which of the journeys was begun last: only that one arrives."""
        self._visited = Visited()
        self.stops = Stops()
        """Breakpoints, watches and catches; they hold on every timeline."""
        self._bad_places: dict[Timeline, FirstNonFinite] = {}
        self._hunt: tuple[Timeline, list[Breakpoint], Hunt] | None = None
        """What was looked for last, and where."""
        if recipe.debug:
            from tuibp.debugger.debug_table import of_debug

            for _, kind, text in of_debug(recipe.debug):
                self.stops.add(kind, text, self.clock, 0)
        self._just_made: int | None = None
        """The timeline that has been made by an edit where we have stood ever since."""

    @property
    def timeline(self) -> Timeline:
        """The timeline where we are."""
        return self.timelines[self.current]

    @property
    def clock(self) -> Clock:
        """Its clock."""
        return self.timeline.clock

    @property
    def recipe(self) -> Recipe:
        """What it is a run of."""
        return self.timeline.recipe

    @property
    def position(self) -> Position:
        """Where we are."""
        return self.clock.at(self.t)

    @property
    def frame(self) -> Frame:
        """The selected frame."""
        return self.frame_at(self.t)

    def frame_at(self, t: int) -> Frame:
        """The innermost frame at t that is not deeper than the selection."""
        return next(frame for frame in self.clock.frames(t) if frame.level >= self.selected)

    def select_outer(self) -> Frame:
        """Select the frame around the selected one."""
        outer = [frame for frame in self.clock.frames(self.t) if frame.level > self.frame.level]
        self.selected = outer[0].level if outer else self.frame.level
        return self.frame

    def select_inner(self) -> Frame:
        """Select the frame inside the selected one."""
        inner = [frame for frame in self.clock.frames(self.t) if frame.level < self.frame.level]
        self.selected = inner[-1].level if len(inner) > 1 else Level.OP
        return self.frame

    def view(self, look: Look = None) -> View:
        """All values as they stand here."""
        return View(self.timeline, self.t, look)

    def __repr__(self) -> str:
        return f"<Session at {self.position.name} (t = {self.t} of {self.clock.total}): {self.recipe.title}>"

    def __getitem__(self, name: str) -> Array | float:
        """A tensor, a cell of it or a scalar as it stands here, by its name: "a[2]", "W[2][0,1]", "cost".

        Returns:
            A number, or a read-only copy of the tensor; shapes as in `names.TENSORS`, a vector for the current sample.

        Raises:
            NameInputError: this network has no such name, or nothing has been written to it yet.
        """
        if not isinstance(name, str):
            raise NameInputError(
                f"{safe(repr(name), 40)} is not a name", hint='write session["a[2]"] or session["cost"]'
            )
        ref, view = parse_cell(name, self.recipe.network), self.view()
        value = view.scalar(ref.name) if ref.name in SCALARS else view.get(ref.name, ref.layer)
        if value is None:
            raise NameInputError(f"at {self.position.name} {view.why_undefined(ref.name, ref.layer)}")
        if isinstance(value, int | float):
            return value
        if ref.index:
            return float(value[ref.index])
        copy = value.copy()
        copy.flags.writeable = False
        return copy

    def step(self, count: int = 1) -> Stop:
        """Compute the next layer or line of the program, `count` times."""
        return self.perform(COMMANDS["step"], count)

    def back(self, count: int = 1) -> Stop:
        """Undo the last layer or line, `count` times."""
        return self.perform(COMMANDS["reverse-step"], count)

    def run(self, to: str | int = "end") -> Stop:
        """Go to a position given by name, forward or back: "e1", "e0.b2.s1.cost", "+3b", "end"; a number is t.

        Raises:
            PositionError: this run has no such position.
        """
        return self.perform(COMMANDS["goto"], argument=str(to))

    def target(self, command: Command, count: int = 1, argument: str = "") -> int:
        """Where a movement would go.

        Raises:
            PositionError: there is no such place.
        """
        if command.target is None:
            raise TuibpError(f"{command.name} works on the screen only")
        if not isinstance(count, int) or count < 1:
            hint = "a count is a whole number from 1 on; every movement has its reverse"
            raise InputError(f"{command.name} cannot be done {safe(repr(count), 40)} times", hint=hint)
        return command.target(self, count, argument)

    def travel(self, t: int, *, remember: bool = True) -> Generator[tuple[int, int], None, None]:
        """Go to position t.

        Yields:
            (batches run, batches to run). Until the iterator has ended the session stays where it was, and for ever if
            another journey is begun before.

        Raises:
            PositionError: this run has no such position.
        """
        if not isinstance(t, int) or not 0 <= t <= self.clock.total:
            raise PositionError(f"there is no position {safe(repr(t), 40)}", hint=f"they are 0 to {self.clock.total}")
        mine, timeline = object(), self.timeline
        self._heading = mine
        yield from timeline.travel(t)
        while self._heading is mine and not timeline.computed(t):  # a view elsewhere has ended the journey
            yield from timeline.travel(t)
        if self._heading is mine:
            self._arrive(t, remember)

    def hunt(self) -> Hunt:
        """What looks for the stops that are enabled, on this timeline.

        Raises:
            TuibpError: one of them means nothing here; a new run may have other places.
        """
        from tuibp.debugger.hunt import Hunt  # nobody who has set no stop waits for it
        from tuibp.debugger.nonfinite import FirstNonFinite

        timeline, enabled = self.timeline, self.stops.enabled
        if self._hunt is None or self._hunt[:2] != (timeline, enabled):
            bad = self._bad_places.setdefault(timeline, FirstNonFinite(timeline))
            self._hunt = timeline, enabled, Hunt(timeline, enabled, bad)
        return self._hunt[2]

    def resume(
        self, direction: int, count: int = 1, log: Logger | None = None
    ) -> Generator[tuple[int, int], None, Arrival]:
        """Go on to the next stop, forward (+1) or back (-1), or to the end of the run.

        Args:
            count: at which stop to stand still.
            log: what is done where only logpoints hold.

        Yields:
            (batches run, batches to run).

        Raises:
            TuibpError: a stop means nothing on this timeline.
        """
        from tuibp.debugger.resume import resume

        return resume(self, self.hunt(), direction, count, log)

    def go(self, t: int, *, remember: bool = True) -> Stop:
        """Go to position t at once."""
        start = self.t
        for _ in self.travel(t, remember=remember):
            pass
        return self.stop(start)

    def interrupt(self, towards: int) -> Stop:
        """End a journey half-way: a run forward stops where it has come, one back stays where it was."""
        start, reached = self.t, self.timeline.reached
        return self.go(max(start, min(reached, towards)) if towards > start else start)

    def _arrive(self, t: int, remember: bool) -> None:
        if t != self.t:
            self._just_made = None
        self.came_from, self.t = self.t, t
        if remember:
            self._visited.remember(self.current, self.t)

    def visited(self, direction: int) -> int | None:
        """The position visited before (-1) or after (+1) this one, on `visited_timeline`; None where there is none.
        `step_visited` goes there.
        """
        place = self._visited.beside(direction)
        return None if place is None else place[1]

    def visited_timeline(self, direction: int) -> Timeline:
        """The timeline of the place visited before (-1) or after (+1) this one; the current one where there is none."""
        place = self._visited.beside(direction)
        return self.timeline if place is None else self.timelines[place[0]]

    def step_visited(self, direction: int, count: int = 1) -> Stop:
        """Return to a visited place, `count` places back or forward, as far as there are any."""
        place = self._visited.step(direction * count)
        if place is None:
            return Stop(self.t, self.t, f"No place {'before' if direction < 0 else 'after'} this one was visited.")
        number, t = place
        if number == self.current:
            return self.go(t, remember=False)
        start = self.t
        self._enter(number, t)
        return self.stop(start)

    def set(self, ref: str | CellRef, value: Array | float) -> int:
        """Set a number by hand where we are, "W[2][3,1]", "b[1]", "lr": it holds from here on, on a new timeline. What
        is computed already stays as it is, and so does the timeline where we were. Edits made one after the other
        without a step in between are one timeline.

        Args:
            value: a number, or an array of the tensor's shape.

        Returns:
            The number of the timeline, which is the current one from now on.

        Raises:
            TuibpError: it cannot be set here, or not to that value; nothing has changed then.
        """
        cell = parse_cell(ref, self.recipe.network) if isinstance(ref, str) else ref
        self._check_room()
        edit = Edit(self.t, cell, value)
        if self._just_made == self.current and self.timeline.forked_at == self.t:
            self.timelines[self.current] = self.timeline.also(edit)
        else:
            self.timelines.append(self.timeline.fork(edit))
            self._enter(len(self.timelines) - 1, self.t)
            self._visited.remember(self.current, self.t)
            self._just_made = self.current
        return self.current

    def switch(self, number: int, t: int | None = None) -> Stop:
        """Go to another timeline: to position t, or to the one where we are; to its end where that comes before.

        Raises:
            InputError: there is no such timeline.
        """
        if not isinstance(number, int) or not 0 <= number < len(self.timelines):
            last = len(self.timelines) - 1
            hint = f"they are 0 to {last}" if last else "there is only 0, the trunk, until something is set"
            raise InputError(f"there is no timeline {safe(repr(number), 40)}", hint=hint)
        start = self.t
        self._enter(number, min(start if t is None else t, self.timelines[number].clock.total))
        self._visited.remember(self.current, self.t)
        return self.stop(start)

    def run_with(self, **changes: object) -> int:
        """Begin another run beside: the same network and data from the same initial numbers with another plan. It
        stands at t = 0; it has as many positions only where `epochs` and `batch` are the same.

        Args:
            changes: lr, epochs, batch, shuffle, train_biases, the settings of the optimizer, and seed, which here is
                that of the shuffle alone: the initial weights are kept.

        Returns:
            The number of the timeline, which is the current one from now on.

        Raises:
            InputError: there is no such setting, or it cannot have that value; nothing has changed then.
        """
        self._check_room()
        self.timelines.append(beside(self.timeline, changes, self._budget // FORK_SHARE))
        self._enter(len(self.timelines) - 1, 0)
        self._visited.remember(self.current, self.t)
        return self.current

    def _check_room(self) -> None:
        """Whether there may be another timeline."""
        if len(self.timelines) >= MOST_TIMELINES:
            hint = "save this session and begin another one"
            raise InputError(f"a session has at most {MOST_TIMELINES} timelines", hint=hint)

    @property
    def trail(self) -> Trail:
        """What the session remembers of where it has been."""
        return Trail(tuple(self._visited.places), self._visited.place, self.came_from, self._just_made == self.current)

    def take_up(self, current: int, t: int, trail: Trail) -> Generator[tuple[int, int], None, None]:
        """Stand where a session stood, remembering what it did; the numbers have been looked at.

        Yields:
            (batches run, batches to run).
        """
        self.current = current
        yield from self.travel(t, remember=False)
        if trail.visited:
            self._visited = Visited(trail.visited, trail.place)
        self.came_from = trail.came_from
        self._just_made = current if trail.joins and self.timeline.forked_at == t else None

    def _enter(self, number: int, t: int) -> None:
        """Stand at t of another timeline; nothing has just happened there."""
        for _ in self.timelines[number].travel(t):
            pass
        self._heading = object()
        self._just_made = None
        self.current, self.t, self.came_from = number, t, t

    def stop(self, start: int, finished: Frame | None = None) -> Stop:
        """What to say after a movement from `start`.

        Args:
            finished: the frame that `finish` has just left.
        """
        return Stop(self.t, start, ending(self.view(), finished))

    def execute(self, line: str) -> Stop:
        """Carry out a movement given as text: `step`, `step 3`, `goto e1.b0`, `reverse-sample`.

        Raises:
            TuibpError: an unknown command or a wrong argument; nothing has changed then.
        """
        word, _, rest = line.strip().partition(" ")
        command = find_command(word)
        rest = rest.strip()
        count, argument = 1, rest
        if not command.argument:
            if rest and not (rest.isascii() and rest.isdigit() and len(rest) <= 18 and int(rest) > 0):
                raise TuibpError(f'{command.name}: "{safe(rest, 40)}" is not a count', hint=f"write {command.name} 3")
            count, argument = int(rest or 1), ""
        elif not rest:
            raise TuibpError(f"{command.name} needs a place", hint=f"write {command.name} {command.argument}")
        return self.perform(command, count, argument)

    def perform(self, command: Command, count: int = 1, argument: str = "") -> Stop:
        """Carry out a movement at once."""
        start = self.t
        if command.name in ("back", "forward"):
            return self.step_visited(-1 if command.name == "back" else +1, count)
        if command.verb == "resume":
            for _ in self.resume(-1 if command.name.startswith("reverse") else +1, count):
                pass
            return self.stop(start)
        frame = self.frame if command.name == "finish" else None
        for _ in self.travel(self.target(command, count, argument)):
            pass
        return self.stop(start, frame)
