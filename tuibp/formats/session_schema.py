"""What may stand in `session.json`, and how a session is written as it.

Every field of the classes in `debugger.saved` is a key of the same name, and all of them are there. What users have
written is made safe to show here, once; paths are kept as they are, because they must still lead to their files.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from tuibp.debugger.saved import (
    Digest,
    Saved,
    SavedDisplay,
    SavedEdit,
    SavedMark,
    SavedName,
    SavedNote,
    SavedStop,
    SavedTimeline,
    SavedValue,
    Value,
)
from tuibp.engine.checks import Integer, ListOf, Path, Report, Rule, Table, Text, flag
from tuibp.engine.operations import Level
from tuibp.engine.text import quoted, safe, words
from tuibp.formats.strict_json import plain

T = TypeVar("T")

LATEST = 2**62
"""Largest t, batch and count of commands."""
LINE = 2000
"""Longest command, expression, note or label, in characters: as long as a line on the command line."""
LARGEST = 10**30
"""Whole numbers that stand for a number are smaller."""
PATH = 4096
"""Longest path."""
DEPTH = 4
"""How deeply the lists of an edit's value may be nested."""
_MANY = 10**6
"""Elements of a list; who calls has bounded the whole document."""
_NOT_FINITE = ("nan", "inf", "-inf")


class Record(NamedTuple, Generic[T]):
    """A table whose keys are the fields of a class, all of them."""

    make: Callable[..., T]
    rules: Mapping[str, Rule[object]]

    def __call__(self, report: Report, path: Path, value: object) -> T | None:
        """The object."""
        before = faults(report)
        table = Table(report, path, value, self.rules, dotted(path))
        values = {key: table.need(key, rule, "every key of it is written") for key, rule in self.rules.items()}
        return self.make(**values) if faults(report) == before else None


class Maybe(NamedTuple, Generic[T]):
    """null, or what a rule takes."""

    rule: Rule[T]

    def __call__(self, report: Report, path: Path, value: object) -> T | None:
        """None for null."""
        return None if value is None else self.rule(report, path, value)


class Exact(NamedTuple):
    """A text that is kept as it is, such as a path."""

    pattern: str
    what: str

    def __call__(self, report: Report, path: Path, value: object) -> str | None:
        """The text."""
        if isinstance(value, str) and re.fullmatch(self.pattern, value, re.DOTALL):
            return value
        report.add(path, f"{dotted(path)} must be {self.what}, not {quoted(value)}")
        return None


def number(report: Report, path: Path, value: object) -> float | None:
    """A number, whole or not as it was; "nan", "inf" and "-inf" are some."""
    if isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST:
        return value
    report.add(path, f"{dotted(path)} must be a number, not {quoted(value)}")
    return None


def real(report: Report, path: Path, value: object) -> float | None:
    """A number as a float."""
    read = number(report, path, value)
    return None if read is None else float(read)


def nested(report: Report, path: Path, value: object) -> Value | None:
    """A number or nested lists of numbers."""
    if not isinstance(value, list):
        return real(report, path, value)
    if len(path) > DEPTH + _DEPTH_OF_VALUE:
        report.add(path, f"{dotted(path)} is nested too deeply", f"at most {DEPTH} levels are read")
        return None
    before = faults(report)
    read = [nested(report, (*path, i), element) for i, element in enumerate(value)]
    return [element for element in read if element is not None] if faults(report) == before else None


_DEPTH_OF_VALUE = len(("timelines", 0, "edits", 0, "value"))


def by_name(keys: Rule[str], values: Rule[T]) -> Rule[dict[str, T]]:
    """The rule for a table with any keys."""

    def read(report: Report, path: Path, value: object) -> dict[str, T] | None:
        table, result = Table(report, path, value, None, dotted(path)), {}
        for key, element in table.values.items():
            name, content = keys(report, path, key), values(report, (*path, safe(key)), element)
            if name is not None and content is not None:
                result[name] = content
        return result

    return read


def place(report: Report, path: Path, value: object) -> tuple[int, int] | None:
    """[timeline, t]."""
    if not isinstance(value, list) or len(value) != 2:
        report.add(path, f"{dotted(path)} must be [timeline, t]")
        return None
    timeline, t = INDEX(report, (*path, 0), value[0]), TIME(report, (*path, 1), value[1])
    return None if timeline is None or t is None else (timeline, t)


def spent(report: Report, path: Path, value: object) -> tuple[float, int, int] | None:
    """[cost, samples, correct]."""
    if not isinstance(value, list) or len(value) != 3:
        report.add(path, f"{dotted(path)} must be [cost, samples, correct]")
        return None
    cost = real(report, (*path, 0), value[0])
    samples, correct = (Integer(-LATEST, LATEST)(report, (*path, i), value[i]) for i in (1, 2))
    return None if cost is None or samples is None or correct is None else (cost, samples, correct)


def own_words(report: Report, path: Path, value: object) -> str | None:
    """A text in its writer's own script."""
    if isinstance(value, str):
        return words(value, LINE)
    report.add(path, f"{dotted(path)} must be a text, not {quoted(value)}")
    return None


def lists(rule: Rule[T]) -> ListOf[T]:
    """The rule for a list of what a rule takes."""
    return ListOf(rule, "its elements", _MANY)


INDEX = Integer(0, _MANY)
COUNT = Integer(1, LATEST)
TIME = Integer(0, LATEST)
TEXT = Text(LINE)
FILE = Exact(f".{{0,{PATH}}}", f"a text of at most {PATH} characters")
EDIT = Record(SavedEdit, {"t": TIME, "target": TEXT, "value": nested})
TIMELINE = Record(
    SavedTimeline, {"parent": Maybe(INDEX), "edits": lists(EDIT), "changes": by_name(TEXT, number), "label": TEXT}
)
SESSION: Record[Saved] = Record(
    partial(Saved, network_text=""),
    {
        "network_name": FILE,
        "folder": FILE,
        "data": by_name(FILE, Exact("[0-9a-f]{64}", "64 hexadecimal digits")),
        "timelines": lists(TIMELINE),
        "current": INDEX,
        "t": TIME,
        "selected": Integer(min(Level), max(Level)),
        "stops": lists(Record(SavedStop, {"number": COUNT, "line": TEXT, "enabled": flag})),
        "marks": lists(Record(SavedMark, {"name": TEXT, "timeline": INDEX, "t": TIME})),
        "notes": lists(Record(SavedNote, {"text": own_words, "timeline": INDEX, "t": TIME})),
        "values": lists(
            Record(
                SavedValue,
                {
                    "number": COUNT,
                    "expression": TEXT,
                    "timeline": INDEX,
                    "t": TIME,
                    "value": Maybe(nested),
                    "test": flag,
                },
            )
        ),
        "names": lists(Record(SavedName, {"name": TEXT, "value": nested, "test": flag})),
        "displays": lists(Record(SavedDisplay, {"number": COUNT, "expression": TEXT, "format": TEXT})),
        "settings": by_name(TEXT, Integer(0, LATEST)),
        "next_stop": COUNT,
        "came_from": TIME,
        "joins": flag,
        "visited": lists(place),
        "place": INDEX,
        "digests": lists(
            Record(
                Digest,
                {
                    "timeline": INDEX,
                    "batch": TIME,
                    "digest": Exact("[0-9a-f]{32}", "32 hexadecimal digits"),
                    "cost": Maybe(real),
                    "norms": lists(real),
                },
            )
        ),
        "machine": TEXT,
        "commands": TIME,
    },
)
"""`session.json`, without the version; what lies beside it is added by who calls."""


def check_references(report: Report, saved: Saved) -> None:
    """Report what points to something that is not there."""
    count = len(saved.timelines)
    if not count:
        report.add(("timelines",), "timelines is empty")
    for i, timeline in enumerate(saved.timelines):
        if timeline.parent is not None and timeline.parent >= i:
            report.add(("timelines", i, "parent"), f"timelines[{i}] is forked from {timeline.parent}, a later one")
    named: list[tuple[Path, int]] = [(("current",), saved.current)]
    for key in ("marks", "notes", "values", "digests", "keyframes", "logs"):
        named += [((key, i, "timeline"), item.timeline) for i, item in enumerate(getattr(saved, key))]
    named += [(("visited", i, 0), timeline) for i, (timeline, _) in enumerate(saved.visited)]
    for path, index in named:
        if index >= count:
            report.add(path, f"there is no timeline {index}", f"there are {count}")
    if saved.place >= max(1, len(saved.visited)):
        report.add(("place",), f"there is no place {saved.place}", f"there are {len(saved.visited)}")
    for key in ("stops", "values", "displays"):
        numbers = [item.number for item in getattr(saved, key)]
        if len(set(numbers)) < len(numbers):
            report.add((key,), f"a number of {key} is given twice")


def faults(report: Report) -> int:
    """How many faults have been found."""
    return len(report.problems) + report.unlisted


def dotted(path: Path) -> str:
    """A path as one writes it: timelines[2].edits[0].t."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{safe(part)}" for part in path).lstrip(".") or "it"


def encode(document: Mapping[str, object]) -> str:
    """The JSON of a document that holds objects of `debugger.saved`."""
    try:
        return json.dumps(document, default=_simple, allow_nan=False)
    except ValueError:  # what is not finite must be replaced first, which takes several times as long
        return json.dumps(_all_simple(document), allow_nan=False)


@cache
def _fields(kind: type[Any]) -> tuple[list[str], Callable[[object], tuple[object, ...]]]:
    """The names of a class's fields, of which it has several, and what gives their values: of every note, value and
    place that somebody has made they are wanted after every command.
    """
    names = [field.name for field in fields(kind)]
    return names, attrgetter(*names)


def _simple(value: object) -> object:
    """What the json module does not know, as what it does."""
    if is_dataclass(value) and not isinstance(value, type):
        names, values_of = _fields(type(value))
        return dict(zip(names, values_of(value), strict=True))
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a session file")


def _all_simple(value: object) -> object:
    if type(value) in (int, str):
        return value
    if isinstance(value, list | tuple):
        return [_all_simple(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _all_simple(item) for key, item in value.items()}
    return _all_simple(_simple(value)) if is_dataclass(value) else plain(value)
