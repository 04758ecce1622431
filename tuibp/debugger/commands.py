"""COMMANDS: one definition per command gives its key, the hint bar, the palette, the help and the README's key table.

The rows of movements stand in `movements`, those that do more on a command line in `verbs`; here are those that only
the screen can do, whose `screen` names its action.
"""

from __future__ import annotations

from tuibp.debugger.command import GROUPS, Command
from tuibp.debugger.movements import MOVEMENTS
from tuibp.debugger.verbs import VERBS
from tuibp.engine.text import safe
from tuibp.errors import TuibpError

_SCREEN = (
    Command("repeat", (".",), "move", "repeat", "Repeat the last movement, with its count.", screen="repeat"),
    Command("times", tuple("0123456789"), "move", "count", "Digits before a movement repeat it: 10 s.", screen="count"),
    Command(
        "cursor",
        ("arrows", "hjkl"),
        "look",
        "cell",
        "Move the cell cursor; the same cell is marked in every pane.",
        screen="cursor",
    ),
    Command(
        "sample-left",
        ("<",),
        "look",
        "sample before",
        "Look at the sample before this one in the batch.",
        screen="look_left",
    ),
    Command(
        "sample-right",
        (">",),
        "look",
        "sample after",
        "Look at the sample after it; after the last comes the mean of the batch.",
        screen="look_right",
    ),
    Command("zoom", ("z",), "look", "zoom", "Give the focused pane the whole screen, and back.", screen="zoom"),
    Command(
        "matrix", ("w",), "look", "W, dW, gW", "Change what the matrix pane shows: W, dW, gW, update.", screen="matrix"
    ),
    Command("digits", ("+",), "look", "digits", "Show 4, 6 or 8 significant digits.", screen="digits"),
    Command(
        "pane",
        ("tab", "shift+tab"),
        "app",
        "pane",
        "Go to the next pane or the one before; 3 tab goes to pane 3.",
        screen="pane",
    ),
    Command("palette", ("ctrl+p",), "app", "palette", "Find a command by its name.", screen="palette"),
    Command("theme", ("ctrl+t",), "app", "theme", "Change between the dark and the light theme.", screen="theme"),
    Command(
        "escape",
        ("esc",),
        "app",
        "let go",
        "Stop a run at once; otherwise drop the count, the cell and the frame. Never quits.",
        screen="escape",
    ),
    Command(
        "act",
        ("enter",),
        "app",
        "go there",
        "In a list: go to the picked timeline, mark or note; switch a stop.",
        screen="enter",
    ),
    Command("forget", ("delete",), "app", "forget", "In a list: forget the picked stop or display.", screen="forget"),
    Command("command", (":",), "app", "command line", "Type any command, with completion and history.", screen="line"),
)

COMMANDS: dict[str, Command] = {row.name: row for row in (*MOVEMENTS, *VERBS, *_SCREEN)}
"""Every command by name."""


def find_command(word: str) -> Command:
    """A command by its name, an alias, or the beginning of exactly one name that can be typed.

    Raises:
        TuibpError: none, or several.
    """
    for command in COMMANDS.values():
        if word == command.name or word in command.aliases:
            return command
    near = [command for name, command in COMMANDS.items() if word and name.startswith(word) and command.typed]
    if len(near) == 1:
        return near[0]
    if near:
        raise TuibpError(f'"{safe(word, 30)}" may be {" or ".join(command.name for command in near)}')
    raise TuibpError(
        f'no command "{safe(word, 30)}"',
        hint="help lists them; the movements are "
        + " ".join(name for name, command in COMMANDS.items() if command.moves),
    )


__all__ = ["COMMANDS", "GROUPS", "Command", "find_command"]
