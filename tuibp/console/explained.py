"""What was explained last: lines, some of which lead to a cell at the place where it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuibp.debugger.names import CellRef
from tuibp.explain.why.links import Link


@dataclass(frozen=True)
class Explained:
    """An answer that can be followed."""

    question: str
    """The line that was typed."""
    at: str
    """Where it was asked."""
    lines: tuple[tuple[str, int], ...]
    """Text, and the number of its link; 0 where it leads nowhere."""
    links: tuple[Link, ...] = ()

    def text(self) -> tuple[str, ...]:
        """The lines alone."""
        return tuple(text for text, _ in self.lines)


@dataclass(frozen=True)
class Asked:
    """Where one stood before a link was followed."""

    timeline: int
    t: int
    cell: CellRef | None
    explained: Explained | None


def explained(question: str, at: str, lines: Sequence[tuple[str, int]], links: Sequence[Link] = ()) -> Explained:
    """An answer."""
    return Explained(question, at, tuple(lines), tuple(links))
