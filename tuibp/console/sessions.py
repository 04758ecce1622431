"""A session put away and taken up again: what it is saved as, and how it becomes one again."""

from __future__ import annotations

from tuibp.console.console import Console
from tuibp.debugger.saved import Saved


def saved(console: Console) -> Saved:
    """The session as it stands."""
    raise NotImplementedError
