"""What a command answers, and how one that takes long is carried out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

Progress: TypeAlias = tuple[int, int]
"""(batches run, batches to run)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command."""

    lines: tuple[str, ...] = ()
    moved: bool = False
    """Whether we stand somewhere else, or on another timeline."""
    quit: bool = False
    failed: bool = False
    """Whether an `assert` did not hold."""
    values: dict[str, object] = field(default_factory=dict)
    """The same for machines, by name."""


class Request(NamedTuple):
    """A command as it was typed."""

    name: str
    times: int = 1
    argument: str = ""
    format: str = ""
    """What stands behind the slash: print/x."""


Job: TypeAlias = Generator[Progress, None, Reply]
"""Carries a command out; yields while batches run, and may be closed between any two."""


def finished(job: Job) -> Reply:
    """Carry it out at once."""
    while True:
        try:
            next(job)
        except StopIteration as done:
            reply: Reply = done.value
            return reply
