"""The trail: the places that a session has visited, and where on it we are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

VISITED = 1000
"""Places that `back` remembers."""


class Trail(NamedTuple):
    """What a session remembers of where it has been."""

    visited: tuple[tuple[int, int], ...]
    """(timeline, t) of the visited places."""
    place: int
    """Which of them we are at."""
    came_from: int
    joins: bool
    """Whether a further edit here is one of the current timeline."""


class Visited:
    """The visited places, (timeline, t) each."""

    def __init__(self, places: Sequence[tuple[int, int]] = ((0, 0),), place: int = 0) -> None:
        self.places = list(places)
        self.place = place
        """Which of them we are at."""

    def remember(self, timeline: int, t: int) -> None:
        """A place becomes the last of them; those behind the one where we were are forgotten."""
        if self.places[self.place] != (timeline, t):
            self.places[self.place + 1 :] = [(timeline, t)]
            del self.places[:-VISITED]
            self.place = len(self.places) - 1

    def beside(self, direction: int) -> tuple[int, int] | None:
        """The place before (-1) or after (+1) ours; None where there is none."""
        place = self.place + direction
        return self.places[place] if 0 <= place < len(self.places) else None

    def step(self, count: int) -> tuple[int, int] | None:
        """Stand `count` places further, or back, as far as there are any; None where there is none."""
        place = min(max(self.place + count, 0), len(self.places) - 1)
        if place == self.place:
            return None
        self.place = place
        return self.places[place]
