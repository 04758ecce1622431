"""The console: a session, and all that is around it: stops, displays, marks, notes, the history of values.

Text in, text out; no terminal, no file, no clock is known here. A command that cannot be carried out changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from tuibp.console.reply import Job, Reply, Request, finished
from tuibp.debugger.ending import Stop
from tuibp.debugger.position import Clock, Position
from tuibp.debugger.session import Session
from tuibp.engine.text import safe
from tuibp.errors import InputError

if TYPE_CHECKING:
    from tuibp.console.explained import Asked, Explained
    from tuibp.console.language import Line
    from tuibp.debugger.command import Command
    from tuibp.debugger.expressions.evaluate import Values
    from tuibp.debugger.expressions.typed import Typed
    from tuibp.debugger.names import CellRef
    from tuibp.debugger.saved import Saved
    from tuibp.explain.check.yours import Yours

DIGITS = 6
MOST_VALUES = 10_000
"""Values that the history keeps."""


class Files(Protocol):
    """What the console wants of the outside world; the command line gives it."""

    def save(self, path: str, saved: Saved) -> str:
        """Write a session to a file, the one it has if path is empty; returns the file's name."""

    def script(self, path: str) -> str:
        """The text of a script."""

    def look(self, path: str) -> None:
        """Refuse a network file, sample or session that cannot be opened."""

    def names(self, start: str) -> list[str]:
        """The files whose paths begin so, folders with a slash behind them: for completion."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session comes from, with all that is needed to open it again."""

    name: str
    """Of the network, as it was given: a path, or the bare name of a sample."""
    text: str
    """The whole network file."""
    folder: str
    """The absolute folder that the paths of data files count from; "" for a sample."""
    data: Mapping[str, str]
    """Every data file: its path as written, to the sha256 of its bytes in hexadecimal."""


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
    value: Values | None
    """None until it is asked for, in a session that was taken up again."""


@dataclass(eq=False)
class Console:
    """Everything a user has on the table."""

    session: Session
    files: Files | None = None
    origin: Origin | None = None
    """None for a session that was not opened from a file: it cannot be saved."""
    displays: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By number: expression and format."""
    marks: dict[str, Place] = field(default_factory=dict)
    notes: list[tuple[Place, str]] = field(default_factory=list)
    values: dict[int, Recorded] = field(default_factory=dict)
    names: dict[str, Values] = field(default_factory=dict)
    """$name: what `set $name = E` has given."""
    stopped: list[tuple[int, int]] = field(default_factory=list)
    """(timeline, t) where something has stopped us."""
    held: tuple[Place, frozenset[int]] | None = None
    """Where something has stopped us last, and the numbers of the stops that held there."""
    said: list[str] = field(default_factory=list)
    """The transcript of a command line that is shown beside the panes."""
    digits: int = DIGITS
    width: int = 100
    commands: int = 0
    """How many have been carried out."""
    explained: Explained | None = None
    """What was explained last; its links can be followed."""
    opening: str = ""
    """What the screen's last line says first."""
    first_cell: CellRef | None = None
    """The cell that the screen begins with under the cursor."""
    yours: Yours | None = None
    """The numbers of the user's own code, where it has been checked."""
    asked: list[Asked] = field(default_factory=list)
    """Where we stood before each link that was followed."""
    next: str = ""
    """What is to be opened in the place of this session, once whoever shows it has left it."""
    resumed: bool = False
    """Whether it is that of a session which was taken up again."""
    _last: Line | None = None
    """What an empty line repeats."""
    _under_way: Command | None = None
    """What is being carried out, or was last."""
    depth: int = 0
    """Scripts within each other."""

    # -- carrying out

    def meant(self, line: str) -> Line:
        """A line, taken apart; an empty one is the last that can be repeated.

        Raises:
            TuibpError: it means nothing.
        """
        from tuibp.console.language import read_line

        parsed = read_line(line)
        return self._last if not line.strip() and self._last is not None else parsed

    def start(self, line: str) -> Job:
        """Carry out a line, yielding while batches run.

        Raises:
            TuibpError: it cannot be; nothing has changed then.
        """
        parsed = self.meant(line)
        command = parsed.command
        if command is None:
            return Reply()
        reply = yield from self.carry_out(command, parsed.argument, parsed.format)
        self._last = parsed if command.moves or command.repeats else None
        return reply

    def execute(self, line: str) -> Reply:
        """Carry out a line at once."""
        return finished(self.start(line))

    def carry_out(self, command: Command, argument: str = "", format: str = "") -> Job:
        """A command and its argument; a movement's is its count."""
        from tuibp.console.actions import ACTIONS, move
        from tuibp.console.language import read_count, wants

        wants(command, argument)
        count = read_count(command, argument) if command.moves and not command.argument else 1
        request = Request(command.name, count, argument, format)
        self._under_way = command
        action = move if command.target is not None else ACTIONS[command.verb]
        answer = action(self, request)
        reply = answer if isinstance(answer, Reply) else (yield from answer)
        self.commands += 1
        return reply

    def interrupt(self) -> Reply:
        """After a job that was closed half-way: a run forward stands where it has come, all else where it stood."""
        from tuibp.console.actions import arrived

        session, start, command = self.session, self.session.t, self._under_way
        reached = session.timeline.swept
        if command is not None and command.moves and not command.name.startswith("reverse-") and reached > start:
            session.go(reached)
        self.commands += 1
        return arrived(self, Stop(session.t, start, "Interrupted."))

    # -- where we are

    @property
    def place(self) -> Place:
        """Where we stand."""
        return Place(self.session.current, self.session.t)

    @property
    def layer(self) -> int | None:
        """The layer at hand, which l stands for: of the operation just done, else of the next one."""
        return layer_at(self.session.clock, self.session.t)

    # -- expressions; their language is loaded with the first of them, not with the screen

    def bind(self, text: str) -> Typed:
        """An expression as it is meant here.

        Raises:
            ExpressionError: it means nothing.
        """
        from tuibp.console.meaning import bind

        return bind(self, text)

    def value(self, text: str) -> Values:
        """What an expression is worth here.

        Raises:
            TuibpError: it means nothing, or is not computed yet.
        """
        from tuibp.console.meaning import value

        return value(self, text)

    def spelled(self, text: str) -> str:
        """An expression with its layer written out, so that it means the same anywhere."""
        from tuibp.console.meaning import spelled

        return spelled(self, text)

    def test(self, text: str) -> bool:
        """Whether a test holds here; undefined means false.

        Raises:
            ExpressionError: it is no test.
        """
        from tuibp.console.meaning import holds

        return holds(self, text)

    def recall(self, name: str) -> Values | float:
        """The value behind $name: $ the last, $$ the one before, $3, or one that `set $name = E` has made.

        Raises:
            InputError: there is none.
        """
        return self.names[name] if name in self.names else self.worth(self.number_of(name))

    def number_of(self, name: str) -> int:
        """The number of an entry of the history of values: of "" the last, of "$" the one before, of "3" 3.

        Raises:
            InputError: there is none.
        """
        last = max(self.values, default=0)
        digits = name.isascii() and name.isdigit() and len(name) < 9
        number = {"": last, "$": last - 1}.get(name, int(name) if digits else -1)
        if number not in self.values:
            hint = f"the last one is ${last}" if last else "print makes values: $1, $2, ..."
            raise InputError(f"there is no value ${safe(name, 20)}", hint=hint)
        return number

    def worth(self, number: int) -> Values:
        """An entry of the history of values; computed where the session was taken up again and nobody has asked yet."""
        entry = self.values[number]
        if entry.value is not None:
            return entry.value
        from tuibp.console.meaning import value_there

        value = value_there(self, entry.expression, entry.place)
        result = np.array(np.nan if value is None else value)
        self.values[number] = Recorded(entry.expression, entry.place, result)
        return result

    def record(self, expression: str, value: Values, place: Place | None = None) -> int:
        """Put a value into the history; its number."""
        number = max(self.values, default=0) + 1
        self.values[number] = Recorded(expression, place or self.place, np.array(value))
        if len(self.values) > MOST_VALUES:
            del self.values[min(self.values)]
        return number

    def position(self, text: str) -> Place:
        """A place by name: whatever `goto` takes, 'MARK, $n, or *n of a note.

        Raises:
            TuibpError: there is none.
        """
        from tuibp.debugger.location import parse_position

        word = text.strip()
        if word.startswith("'"):
            if word[1:] not in self.marks:
                hint = f"the marks are {' '.join(self.marks)}" if self.marks else "mark NAME makes one"
                raise InputError(f"there is no mark {safe(word, 30)}", hint=hint)
            return self.marks[word[1:]]
        if word.startswith("*"):
            number = int(word[1:]) if word[1:].isascii() and word[1:].isdigit() and len(word) < 9 else 0
            if not 0 < number <= len(self.notes):
                hint = f"they are *1 to *{len(self.notes)}" if self.notes else "note TEXT makes one"
                raise InputError(f"there is no note {word[:30]}", hint=hint)
            return self.notes[number - 1][0]
        if word.startswith("$"):
            return self.values[self.number_of(word[1:])].place
        return Place(self.session.current, parse_position(text, self.session.clock, self.session.t))

    def name_of(self, place: Place) -> str:
        """How a place is called."""
        position: Position = self.session.timelines[place.timeline].clock.at(place.t)
        other = f" on timeline {place.timeline}" if place.timeline != self.session.current else ""
        return f"{position.name} (t={place.t}){other}"


def layer_at(clock: Clock, t: int) -> int | None:
    """The layer at hand at a position: of the operation just done, else of the next one."""
    done = clock.at(t - 1).op if t else None
    for op in (done, clock.at(t).op):
        if op is not None and op.layer:
            return op.layer
    return None


Action: TypeAlias = Callable[[Console, Request], "Job | Reply"]
"""What a verb does: answers at once, or is a job."""
