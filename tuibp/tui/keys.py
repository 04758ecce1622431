"""From the keys that COMMANDS names to textual's bindings."""

from __future__ import annotations

from collections.abc import Iterator

from tuibp.debugger.commands import COMMANDS
from tuibp.tui.framework import canonical_key

NAMES = {"pgdn": "pagedown", "pgup": "pageup", "esc": "escape"}
"""Keys that people call otherwise than textual does."""
ARROWS = {
    "down": (1, 0),
    "up": (-1, 0),
    "right": (0, 1),
    "left": (0, -1),
    "j": (1, 0),
    "k": (-1, 0),
    "l": (0, 1),
    "h": (0, -1),
}
PANE_KEYS = {"tab": 1, "shift+tab": -1}
PAGES = {"pagedown": 1, "pageup": -1}
"""Keys that turn pages where the focused pane is a text, and are a command elsewhere."""
ENDS = {"home": -1, "end": 1}
"""Keys that go to an end of such a text, and are nothing elsewhere."""


def bindings() -> Iterator[tuple[str, str]]:
    """Pairs of a key, as textual names it, and an action of the debugger's screen."""
    for key, (dy, dx) in ARROWS.items():
        yield key, f"arrow({dy},{dx})"
    for key, step in PANE_KEYS.items():
        yield key, f"pane({step})"
    for key, step in ENDS.items():
        yield key, f"text_end({step})"
    for digit in "0123456789":
        yield digit, f"digit('{digit}')"
    for command in COMMANDS.values():
        if command.name in ("cursor", "pane", "times"):
            continue
        for key in command.keys:
            if key == "backspace":  # among answers it goes back to the question
                yield key, "backspace"
                continue
            name = canonical_key(NAMES.get(key, key))
            yield name, f"page({PAGES[name]}, '{command.name}')" if name in PAGES else f"command('{command.name}')"
