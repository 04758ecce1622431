"""Checks of values that come from outside, shared by the network file and by `tuibp.engine.build`.

A check never stops at the first fault: it reports a `Problem` with its path in the document and goes on, so
that all faults are shown together. Who called turns paths into places (a line and a column, or the name of an
argument). Nothing here takes memory before it knows how much.
"""

from __future__ import annotations

import numbers
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, NoReturn, Protocol, TypeAlias, TypeGuard, TypeVar

from tuibp.engine.text import quoted, safe, suggestion
from tuibp.errors import CombinedError, InputError, TuibpError, UnsupportedError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the root of the document, such as ("layer", 0, "W", 1, 0)."""

SHOWN = 20
"""Faults that are listed; more are only counted."""


class Problem(NamedTuple):
    """One fault of a document."""

    path: Path
    message: str
    hint: str | None
    at_key: bool
    """Whether the key is at fault and not its value."""
    error: type[TuibpError]


@dataclass
class Report:
    """The faults found so far."""

    problems: list[Problem] = field(default_factory=list)
    """Faults of the document itself, at most SHOWN."""
    others: list[TuibpError] = field(default_factory=list)
    """Faults of what the document names, such as a data file; they know their own place."""
    unlisted: int = 0
    """Faults beyond the listed ones."""

    def add(
        self,
        path: Path,
        message: str,
        hint: str | None = None,
        *,
        at_key: bool = False,
        error: type[TuibpError] = InputError,
    ) -> None:
        """Note a fault at `path`."""
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(path, message, hint, at_key, error))
        else:
            self.unlisted += 1

    def add_error(self, error: TuibpError) -> None:
        """Note an error that carries its own place, or each of an CombinedError."""
        self.others.extend(error.errors if isinstance(error, CombinedError) else [error])

    def clean(self) -> bool:
        """Whether no fault has been found."""
        return not (self.problems or self.others)

    def fail(self, errors: list[TuibpError]) -> NoReturn:
        """Raise the given errors, in their order, and those that carry their own place.

        Raises:
            TuibpError: the error itself if there is one, an CombinedError of all otherwise.
        """
        errors = [*errors, *self.others]
        if self.unlisted:
            errors.append(InputError(f"{self.unlisted} more errors are not listed"))
        if len(errors) == 1:
            raise errors[0]
        result = CombinedError(errors)
        if all(isinstance(error, UnsupportedError) for error in errors):
            result.exit_code = UnsupportedError.exit_code
        raise result


class Rule(Protocol[T_co]):
    """What one value must be: reads it, or reports why not and returns None."""

    def __call__(self, report: Report, path: Path, value: object) -> T_co | None: ...


class Integer(NamedTuple):
    """A whole number from low to high."""

    low: int
    high: int

    def __call__(self, report: Report, path: Path, value: object) -> int | None:
        """The number as an int."""
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            report.add(path, f"{name_of(path)} must be a whole number, not {quoted(value)}", self._bounds)
            return None
        number = int(value)
        if not self.low <= number <= self.high:
            report.add(path, f"{name_of(path)} = {quoted(value)} is out of range", self._bounds)
            return None
        return number

    @property
    def _bounds(self) -> str:
        return f"give a whole number from {self.low} to {self.high}"


class Number(NamedTuple):
    """A finite number from low to high."""

    low: float = -1e300
    high: float = 1e300
    above: bool = False
    """Whether low itself is excluded."""
    below: bool = False
    """Whether high itself is excluded."""

    def __call__(self, report: Report, path: Path, value: object) -> float | None:
        """The number as a float."""
        if not is_number(value):
            report.add(path, f"{name_of(path)} must be a number, not {quoted(value)}", self._bounds)
            return None
        too_low = value <= self.low if self.above else value < self.low
        too_high = value >= self.high if self.below else value > self.high
        if too_low or too_high or value != value:
            report.add(path, f"{name_of(path)} = {quoted(value)} is out of range", self._bounds)
            return None
        return float(value)

    @property
    def _bounds(self) -> str:
        if self.low <= -1e300 and self.high >= 1e300:
            return "give a finite number"
        low = f"{'above' if self.above else 'from'} {self.low:g}"
        return f"give a number {low} {'and below' if self.below else 'to'} {self.high:g}"


class Choice(NamedTuple, Generic[T]):
    """The name of a row of a table."""

    rows: Mapping[str, T]
    what: str = ""
    """What is chosen, as the message calls it; the key where empty."""

    def __call__(self, report: Report, path: Path, value: object) -> T | None:
        """The row."""
        what = self.what or name_of(path)
        if not isinstance(value, str):
            names = ", ".join(self.rows)
            report.add(path, f"{what} must be a name, not {quoted(value)}", f"known are {names}")
            return None
        if value not in self.rows:
            report.add(path, f"{what} {quoted(value)} is not known", suggestion(value, self.rows))
            return None
        return self.rows[value]


def flag(report: Report, path: Path, value: object) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    report.add(path, f"{name_of(path)} must be true or false, not {quoted(value)}")
    return None


class Text(NamedTuple):
    """A text, made safe to show."""

    limit: int

    def __call__(self, report: Report, path: Path, value: object) -> str | None:
        """The text, cut to `limit` characters."""
        if isinstance(value, str):
            return safe(value, self.limit)
        report.add(path, f"{name_of(path)} must be a text, not {quoted(value)}", "put it in double quotes")
        return None


class ListOf(NamedTuple, Generic[T]):
    """A list whose elements all follow one rule."""

    rule: Rule[T]
    what: str
    most: int = 10_000

    def __call__(self, report: Report, path: Path, value: object) -> tuple[T, ...] | None:
        """The elements that follow the rule."""
        if not isinstance(value, list | tuple):
            found = quoted(value)
            report.add(path, f"{name_of(path)} must be a list of {self.what}, not {found}", "put it in [ ]")
            return None
        if len(value) > self.most:
            report.add(path, f"{name_of(path)} has {len(value)} elements", f"at most {self.most} are allowed")
            return None
        read = [self.rule(report, (*path, i), element) for i, element in enumerate(value)]
        return tuple(element for element in read if element is not None)


class Table:
    """One table of the document: reports keys that it may not have, and reads the others by rule."""

    def __init__(self, report: Report, path: Path, value: object, keys: Collection[str] | None, what: str = "") -> None:
        self.report = report
        self.path = path
        self.values: Mapping[str, object] = {}
        self.is_table = isinstance(value, Mapping)
        """Whether there is a table; if not, only that is reported."""
        if not isinstance(value, Mapping):
            hint = f"its keys are {', '.join(keys)}" if keys else None
            report.add(
                path,
                f"{what or (where(path) if len(path) > 1 else name_of(path))} must be a table, not {quoted(value)}",
                hint,
            )
            return
        self.values = value
        inside = f" in {what or where(path)}" if path else ""
        for key in value:
            if keys is not None and key not in keys:
                hint = suggestion(key, keys) if report.unlisted == 0 else ""
                report.add((*path, key), f"key {quoted(key)} is not known{inside}", hint, at_key=True)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def table(self, key: str, keys: Collection[str] | None) -> Table:
        """The table under `key`, empty where there is none; with `keys` of None any key may stand in it."""
        return Table(self.report, (*self.path, key), self.values.get(key, {}), keys)

    def find(self, key: str, rule: Rule[T]) -> T | None:
        """The value of `key`; None where it is absent or wrong."""
        if key not in self.values:
            return None
        return rule(self.report, (*self.path, key), self.values[key])

    def read(self, key: str, rule: Rule[T], default: T) -> T:
        """The value of `key`, or the default where it is absent or wrong (which then is reported)."""
        value = self.find(key, rule)
        return default if value is None else value

    def need(self, key: str, rule: Rule[T], hint: str) -> T | None:
        """The value of `key`, whose absence is a fault with the remedy `hint`."""
        if key not in self.values and self.is_table:
            self.report.add(self.path, f"{where(self.path)} has no {key}", hint, at_key=True)
        return self.find(key, rule)


def is_number(value: object) -> TypeGuard[float]:
    """Whether the value is a real number; a truth value is none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def name_of(path: Path) -> str:
    """The last key of a path, with the indices behind it: W[1][0]."""
    key = max((i for i, part in enumerate(path) if isinstance(part, str)), default=0)
    return "".join(f"[{part}]" if isinstance(part, int) else safe(part) for part in path[key:])


def where(path: Path) -> str:
    """The table at a path in words: layer tables by their layer number, which counts from 1."""
    if len(path) == 2 and path[0] == "layer":
        return f"layer {int(path[1]) + 1}"
    return f"[{name_of(path)}]" if path else "the file"


def count(n: int, noun: str) -> str:
    """The number with its noun: 1 unit, 2 units."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
