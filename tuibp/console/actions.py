"""ACTIONS: what every verb of COMMANDS does."""

from __future__ import annotations

from tuibp.console.changing import CHANGING
from tuibp.console.console import Action
from tuibp.console.explaining import EXPLAINING
from tuibp.console.gradients import GRADIENTS
from tuibp.console.keeping import KEEPING
from tuibp.console.looking import LOOKING
from tuibp.console.moving import MOVING, arrived, move

ACTIONS: dict[str, Action] = {**MOVING, **LOOKING, **CHANGING, **KEEPING, **EXPLAINING, **GRADIENTS}
"""By verb."""
__all__ = ["ACTIONS", "arrived", "move"]
