"""tuibp: the step-debugger for backpropagation.

Importing this package loads nothing else; numpy comes with the first use of `open`, `build` or `session` (see
`tuibp.api`), and textual only with the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuibp.api import build, command_line, open, session

__version__ = "0.1.0"
__all__ = ["__version__", "build", "command_line", "open", "session"]


def __getattr__(name: str) -> object:
    """The functions of `tuibp.api`, loaded when the first of them is asked for."""
    if name not in ("build", "command_line", "open", "session"):
        raise AttributeError(f"module 'tuibp' has no attribute '{name}'")
    from tuibp import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return __all__
