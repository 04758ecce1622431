"""What a session is when it is put away: plain data from which all of it is computed anew.

A session is a recipe and what was done to it, so nothing of the run itself is kept but digests, by which another
machine learns whether it computes the same; whole states (`Keyframe`) only where they are asked for. Nothing here
knows of files, and nothing of it is ever executed: every text is parsed again by whoever takes the session up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tuibp.engine.arrays import Array

Value: TypeAlias = "float | Sequence[Value]"
"""A number, or nested lists of numbers."""


@dataclass(frozen=True, slots=True)
class SavedEdit:
    """A `set`: what was given another value at t."""

    t: int
    target: str
    """As it was written: "W[2][3,1]", "lr"."""
    value: Value


@dataclass(frozen=True, slots=True)
class SavedTimeline:
    """One run: the recipe with some edits or changes."""

    parent: int | None
    """The timeline that it was forked from, an earlier one; None for a first one."""
    edits: tuple[SavedEdit, ...] = ()
    """Its own, all at one position; those of its parents up to there hold as well."""
    changes: Mapping[str, float] = field(default_factory=dict)
    """What `run with` changed of the first run, by name; empty for others. Whole numbers stay whole numbers."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class SavedStop:
    """A breakpoint, watch or catch."""

    number: int
    line: str
    """The command that makes it: "break bwd 1 if cost > 1"."""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class SavedMark:
    """A named place."""

    name: str
    timeline: int
    t: int


@dataclass(frozen=True, slots=True)
class SavedNote:
    """What somebody wrote down at a place."""

    text: str
    timeline: int
    t: int


@dataclass(frozen=True, slots=True)
class SavedValue:
    """An entry of the value history, $number: what was asked for and where, so that it can be computed again."""

    number: int
    expression: str
    timeline: int
    t: int
    value: Value | None = None
    """What it was, where that is short or cannot be computed again; None for what is computed when it is asked for."""
    test: bool = False
    """Whether its numbers are truth values."""


@dataclass(frozen=True, slots=True)
class SavedName:
    """$name: a value that somebody has given a name."""

    name: str
    value: Value
    test: bool = False
    """Whether its numbers are truth values."""


@dataclass(frozen=True, slots=True)
class SavedDisplay:
    """What is shown at every stop."""

    number: int
    expression: str
    format: str = ""
    """What stood behind the slash: "6", "x"."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The state at the beginning of a batch in a few numbers: `digests` makes and compares them."""

    timeline: int
    batch: int
    """The global number of the batch."""
    digest: str
    """blake2b of the state block's bytes: 128 bits in hexadecimal."""
    cost: float | None
    """Mean cost of the batch before; None for the first batch."""
    norms: tuple[float, ...]
    """The norm of W[l] for l = 1..L."""


@dataclass(frozen=True, eq=False, slots=True)
class Keyframe:
    """A whole state at the beginning of a batch."""

    timeline: int
    batch: int
    """The global number of the batch."""
    block: Array
    """(1 + slots, size) as in `engine.state.State`, float64 or float32."""
    spent: tuple[float, int, int] = (0.0, 0, 0)
    """What its epoch had come to before it: cost, samples, correct."""


@dataclass(frozen=True, eq=False, slots=True)
class SavedLog:
    """The rows of a log of a timeline, as `flight_log` keeps them."""

    timeline: int
    kind: str
    """One of `remembered.KINDS`."""
    stride: int
    """Items that a row stands for."""
    filled: int
    """Items in the log; the last row may stand for fewer."""
    rows: Array
    """(ceil(filled / stride), width) float64."""
    bad: int | None = None
    """Of the log of batches: the first batch whose cost is nan or infinite."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A session."""

    network_name: str
    """The FILE as it was given: a path, or the bare name of a sample. A path: make it safe before it is shown."""
    network_text: str
    """The whole network file."""
    folder: str
    """The absolute folder that the paths of data files count from; "" for a sample."""
    data: Mapping[str, str]
    """Every data file that the network file names: its path as written, to the sha256 of its bytes in hexadecimal."""
    timelines: tuple[SavedTimeline, ...]
    current: int = 0
    """Number of the timeline on which the session stands; like every other `timeline` here it counts from 0."""
    t: int = 0
    selected: int = 0
    """Level of the selected frame (`engine.operations.Level`)."""
    stops: tuple[SavedStop, ...] = ()
    marks: tuple[SavedMark, ...] = ()
    notes: tuple[SavedNote, ...] = ()
    values: tuple[SavedValue, ...] = ()
    names: tuple[SavedName, ...] = ()
    displays: tuple[SavedDisplay, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict)
    """What `set NAME N` has set, by name."""
    next_stop: int = 1
    """The number that the next stop gets: one that was forgotten is not given again."""
    came_from: int = 0
    """Where the last movement began, on the current timeline."""
    joins: bool = False
    """Whether a further edit at this place is one of the current timeline, not of a new one."""
    visited: tuple[tuple[int, int], ...] = ()
    """(timeline, t) of the visited places."""
    place: int = 0
    """Which of them we are at."""
    digests: tuple[Digest, ...] = ()
    machine: str = ""
    """What computed it, in words for messages."""
    commands: int = 0
    """How many commands the session has carried out: of two copies the one with more is the later one."""
    keyframes: tuple[Keyframe, ...] = field(default=(), compare=False)
    """Not compared, because they hold arrays; the digests say as much."""
    logs: tuple[SavedLog, ...] = field(default=(), compare=False)
    """Of the timelines that have keyframes: without its log no state of a timeline is believed."""
