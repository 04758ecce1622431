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
        hints={
            "start": 4,
            "inside": 6,
            "end": 6,
            "cell": 6,
            "listing": 5,
            "place": 5,
            "stop": 5,
            "display": 4,
            "stops": 0,
            "timelines": 0,
            "console": 1,
            "why": 0,
            "link": 2,
        },
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
    Command(
        "zoom",
        ("z",),
        "look",
        "zoom",
        "Give the focused pane the whole screen, and back.",
        screen="zoom",
        hints={"start": 9, "inside": 13, "end": 8, "cell": 8, "console": 3},
    ),
    Command(
        "matrix",
        ("w",),
        "look",
        "W, dW, gW",
        "Change what the matrix pane shows: W, dW, gW, update.",
        screen="matrix",
        hints={"cell of a gradient": -1},
    ),
    Command(
        "digits", ("+",), "look", "digits", "Show 4, 6 or 8 significant digits.", screen="digits", hints={"cell": 10}
    ),
    Command(
        "pane",
        ("tab", "shift+tab"),
        "app",
        "pane",
        "Go to the next pane or the one before; 3 tab goes to pane 3.",
        screen="pane",
        hints={
            "start": 5,
            "inside": 7,
            "end": 7,
            "cell": 9,
            "listing": 8,
            "place": 6,
            "stop": 6,
            "display": 5,
            "stops": 6,
            "timelines": 5,
            "console": 4,
        },
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
        hints={"cell": 5, "listing": 4, "place": 4, "stop": 4, "display": 3, "console": 2},
    ),
    Command(
        "act",
        ("enter",),
        "app",
        "go there",
        "On a cell: why is it what it is? In a list: go to the picked term, timeline, mark or note; switch a stop.",
        screen="enter",
        hints={"place": 0, "stop": 0, "link": 0, "cell": -1},
    ),
    Command(
        "forget",
        ("delete",),
        "app",
        "forget",
        "In a list: forget the picked stop or display.",
        screen="forget",
        hints={"stop": 1, "display": 0},
    ),
    Command(
        "command",
        (":",),
        "app",
        "command line",
        "Type any command, with completion and history.",
        screen="line",
        hints={
            "start": 1,
            "inside": 4,
            "end": 2,
            "cell": 2,
            "listing": 3,
            "place": 3,
            "stop": 3,
            "display": 2,
            "stops": 4,
            "timelines": 4,
            "console": 0,
        },
    ),
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
