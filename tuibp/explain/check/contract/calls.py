"""What is said to the process that runs the user's code, and what it answers; the process itself is not known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from tuibp.explain.check.observed import Failure

Value: TypeAlias = Any
"""Arrays, numbers, texts, None, and lists, tuples and dicts of these."""


@dataclass(frozen=True)
class Parameter:
    """Of a function."""

    name: str
    has_default: bool
    default: Value = None
    variadic: bool = False
    """Whether it is *args or **kwargs."""
    keyword: bool = False
    """Whether it is taken by its name only."""


@dataclass(frozen=True)
class Function:
    """A function or a method."""

    name: str
    parameters: tuple[Parameter, ...]
    """Without self."""
    line: int = 0


@dataclass(frozen=True)
class Class:
    """A class: how it is made and what it can do."""

    name: str
    parameters: tuple[Parameter, ...]
    methods: Mapping[str, Function]


@dataclass(frozen=True, eq=False)
class Inventory:
    """What stands in the user's file."""

    functions: Mapping[str, Function]
    classes: Mapping[str, Class]
    data: Mapping[str, Value]
    """Module-level values."""
    source: str = ""
    """The text of the file; only names of what is returned are read off it."""


@dataclass(frozen=True)
class Ref:
    """What an earlier call of the same program has given, or a part of it."""

    call: int
    path: tuple[int | str, ...] = ()


@dataclass(frozen=True, eq=False)
class Make:
    """Make an object of a class; calls behind it are calls of its methods."""

    name: str
    args: Sequence[Value] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Set:
    """Overwrite an attribute, or a part of one, of the object; of the module where there is none."""

    path: tuple[str | int, ...]
    value: Value


@dataclass(frozen=True, eq=False)
class Call:
    """Call a function, or a method of the object."""

    name: str
    args: Sequence[Value] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    bound: bool = False
    watch: tuple[str, ...] = ()
    """Module-level names whose values are told afterwards."""


@dataclass(frozen=True)
class Look:
    """Tell what the object holds."""


Program: TypeAlias = "Sequence[Make | Set | Call | Look]"


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a program."""

    results: Sequence[Value]
    """Of its calls."""
    instance: Value = None
    """The attributes of the object, or the watched names, after the last step."""
    after: Mapping[str, Value] = field(default_factory=dict)
    """Arguments of the last call that it has changed, by place or name."""
    types: frozenset[str] = frozenset()
    """Types of the numbers in the results."""
    printed: str = ""
    kind: str = ""
    """The type of the last result, by its name in Python."""


class Caller(Protocol):
    """Runs the user's code."""

    def load(self) -> Inventory | Failure:
        """Import the file."""

    def run(self, programs: Sequence[Program]) -> list[Answer | Failure]:
        """Carry programs out, one after the other."""
