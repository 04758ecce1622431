"""The console: a session, and all that is around it: stops, displays, marks, notes, the history of values.

Text in, text out; no terminal, no file, no clock is known here. A command that cannot be carried out changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from tuibp.console.language import Line, read_count, read_line, wants
from tuibp.console.reply import Job, Reply, Request, finished
from tuibp.debugger.command import Command
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.past import everything
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.expressions.typed import Leaf, Typed
from tuibp.debugger.position import Position
from tuibp.debugger.saved import Saved
from tuibp.debugger.session import Session
from tuibp.debugger.sweep import value_at
from tuibp.errors import InputError, NameInputError

DIGITS = 6
MOST_VALUES = 10_000
"""Values that the history keeps."""


class Files(Protocol):
    """What the console wants of the outside world; the command line gives it."""

    def save(self, path: str, saved: Saved) -> str:
        """Write a session to a file, the one it has if path is empty; returns the file's name."""

    def script(self, path: str) -> str:
        """The text of a script."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere on some timeline."""

    timeline: int
    t: int


@dataclass(frozen=True, eq=False, slots=True)
class Recorded:
    """$n: what was printed, and where."""

    expression: str
    place: Place
    value: Values


@dataclass(eq=False)
class Console:
    """Everything a user has on the table."""

    session: Session
    files: Files | None = None
    displays: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By number: expression and format."""
    marks: dict[str, Place] = field(default_factory=dict)
    notes: list[tuple[Place, str]] = field(default_factory=list)
    values: dict[int, Recorded] = field(default_factory=dict)
    names: dict[str, Values] = field(default_factory=dict)
    """$name: what `set $name = E` has given."""
    stopped: list[tuple[int, int]] = field(default_factory=list)
    """(timeline, t) where something has stopped us."""
    said: list[str] = field(default_factory=list)
    """The transcript of a command line that is shown beside the panes."""
    digits: int = DIGITS
    width: int = 100
    commands: int = 0
    """How many have been carried out."""
    _last: tuple[Command, Line] | None = None
    """What an empty line repeats."""
    depth: int = 0
    """Scripts within each other."""

    # -- carrying out

    def start(self, line: str) -> Job:
        """Carry out a line, yielding while batches run.

        Raises:
            TuibpError: it cannot be; nothing has changed then.
        """
        parsed = read_line(line)
        if parsed.command is None:
            if line.strip() or self._last is None:
                return Reply()
            _, parsed = self._last
        command = parsed.command
        assert command is not None
        reply = yield from self.carry_out(command, parsed.argument, parsed.format)
        self._last = (command, parsed) if command.moves or command.repeats else None
        return reply

    def execute(self, line: str) -> Reply:
        """Carry out a line at once."""
        return finished(self.start(line))

    def carry_out(self, command: Command, argument: str = "", format: str = "") -> Job:
        """A command and its argument; a movement's is its count."""
        from tuibp.console.actions import ACTIONS, move

        wants(command, argument)
        count = read_count(command, argument) if command.moves and not command.argument else 1
        request = Request(command.name, count, argument, format)
        action = move if command.target is not None else ACTIONS[command.verb]
        answer = action(self, request)
        reply = answer if isinstance(answer, Reply) else (yield from answer)
        self.commands += 1
        return reply

    # -- where we are

    @property
    def place(self) -> Place:
        """Where we stand."""
        return Place(self.session.current, self.session.t)

    @property
    def layer(self) -> int | None:
        """The layer at hand, which l stands for: of the operation just done, else of the next one."""
        session = self.session
        done = session.clock.at(session.t - 1).op if session.t else None
        for op in (done, session.position.op):
            if op is not None and op.layer:
                return op.layer
        return None

    # -- expressions

    def bind(self, text: str) -> Typed:
        """An expression as it is meant here.

        Raises:
            ExpressionError: it means nothing.
        """
        scope = Scope(self.session.recipe.network, self.layer, self.recall)
        return bind(parse(text), text, scope)

    def value(self, text: str) -> Values:
        """What an expression is worth here.

        Raises:
            TuibpError: it means nothing, or is not computed yet.
        """
        node = self.bind(text)
        value = value_at(self.session.timeline, node, self.session.t)
        if value is None:
            raise NameInputError(f"at {self.session.position.name} {self._why_undefined(text, node)}")
        return value

    def _why_undefined(self, text: str, node: Typed) -> str:
        view = self.session.view()
        for leaf in everything(node):
            if isinstance(leaf, Leaf) and not view.defined(leaf.name, leaf.layer):
                return view.why_undefined(leaf.name, leaf.layer)
            if getattr(leaf, "name", "") in ("cost", "bcost", "ecost", "epoch", "batch", "sample"):
                name: str = getattr(leaf, "name", "")
                if view.scalar(name) is None:
                    return view.why_undefined(name)
        return f"{text} is not defined yet"

    def test(self, text: str) -> bool:
        """Whether a test holds here; undefined means false.

        Raises:
            ExpressionError: it is no test.
        """
        node = self.bind(text)
        if not node.boolean:
            raise ExpressionError("this is no test", text, 0, "compare it, such as cost < 0.1")
        if node.shape:
            raise ExpressionError("this is a test for every entry", text, 0, "wrap it in any(...) or all(...)")
        value = value_at(self.session.timeline, node, self.session.t)
        return value is not None and bool(value)

    def recall(self, name: str) -> Values | float:
        """The value behind $name: $ the last, $$ the one before, $3, or one that `set $name = E` has made.

        Raises:
            InputError: there is none.
        """
        return self.names[name] if name in self.names else self.recorded(name).value

    def recorded(self, name: str) -> Recorded:
        """An entry of the history of values.

        Raises:
            InputError: there is none.
        """
        last = max(self.values, default=0)
        number = {"": last, "$": last - 1}.get(name, int(name) if name.isdigit() and len(name) < 9 else -1)
        if number not in self.values:
            hint = f"the last one is ${last}" if last else "print makes values: $1, $2, ..."
            raise InputError(f"there is no value ${name}", hint=hint)
        return self.values[number]

    def record(self, expression: str, value: Values, place: Place | None = None) -> int:
        """Put a value into the history; its number."""
        number = max(self.values, default=0) + 1
        self.values[number] = Recorded(expression, place or self.place, np.array(value))
        if len(self.values) > MOST_VALUES:
            del self.values[min(self.values)]
        return number

    def position(self, text: str) -> Place:
        """A place by name: whatever `goto` takes, 'MARK, or $n.

        Raises:
            TuibpError: there is none.
        """
        from tuibp.debugger.location import parse_position

        word = text.strip()
        if word.startswith("'"):
            if word[1:] not in self.marks:
                hint = f"the marks are {' '.join(self.marks)}" if self.marks else "mark NAME makes one"
                raise InputError(f"there is no mark {word[:30]}", hint=hint)
            return self.marks[word[1:]]
        if word.startswith("$"):
            return self.recorded(word[1:]).place
        return Place(self.session.current, parse_position(text, self.session.clock, self.session.t))

    def name_of(self, place: Place) -> str:
        """How a place is called."""
        position: Position = self.session.timelines[place.timeline].clock.at(place.t)
        other = f" on timeline {place.timeline}" if place.timeline != self.session.current else ""
        return f"{position.name} (t={place.t}){other}"


Action: TypeAlias = Callable[[Console, Request], "Job | Reply"]
"""What a verb does: answers at once, or is a job."""
