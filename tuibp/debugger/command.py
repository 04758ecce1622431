"""What a command is: a row that key, hint, palette, help, completion and README are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tuibp.debugger.session import Session

Target: TypeAlias = "Callable[[Session, int, str], int]"

GROUPS = {
    "move": "Move",
    "time": "Travel",
    "stop": "Stops",
    "look": "Look",
    "explain": "Explain",
    "change": "Change",
    "session": "Session",
    "app": "The app",
}
"""Headings of the help and of the README's tables, in order."""


@dataclass(frozen=True, eq=False)
class Command:
    """A row of the table."""

    name: str
    keys: tuple[str, ...]
    """Each is one character, or a name such as space, backspace, pgdn, ctrl+p."""
    group: str
    label: str
    """One or two words for the hint bar."""
    help: str
    """One sentence."""
    target: Target | None = None
    """Where a movement goes that follows from the clock alone."""
    screen: str = ""
    """The screen's action, empty where the key does what the word on the command line does."""
    verb: str = ""
    """The command line's action, empty for a movement and for what only the screen can do."""
    aliases: tuple[str, ...] = ()
    argument: str = ""
    """What follows the name on a command line: "POS", "LOC [if E]"; empty where only a count may follow."""
    optional: bool = False
    """Whether it may be left out."""
    formats: bool = False
    """Whether something may stand behind a slash: print/x."""
    takes: tuple[str, ...] = ()
    """What completes it: kinds of words, as `console.completion` knows them."""
    hints: Mapping[str, int] = field(default_factory=dict)
    """Where the last line of the screen names its key, how far to the left: by context (`present.hints`), a rank."""
    repeats: bool = False
    """Whether an empty line does it again; movements are always repeated."""

    @property
    def moves(self) -> bool:
        """Whether it goes somewhere."""
        return self.target is not None or self.verb in ("resume", "visit", "last", "follow", "departure")

    @property
    def usage(self) -> str:
        """How it is written on a command line."""
        if self.argument:
            return f"{self.name} [{self.argument}]" if self.optional else f"{self.name} {self.argument}"
        return f"{self.name} [N]" if self.moves else self.name

    @property
    def typed(self) -> bool:
        """Whether it can be typed on a command line."""
        return self.target is not None or bool(self.verb)
