"""From a line to what is meant: a command with its argument, or an expression that is to be printed.

A first word that is a command, followed by the end of the line or by a blank that does not lead to an operator, is a
command; all else is an expression. So `b bwd 1` breaks and `b[2]` prints, `c` continues and `C` prints the cost.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS, find_command
from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.debugger.foreign import BARE_WORDS, COMMAND_WORDS
from tuibp.debugger.names import ALIASES, SCALARS, TENSORS
from tuibp.engine.text import safe
from tuibp.errors import InputError, TuibpError

LONGEST = 2000
"""Characters of a line."""
_WORD = re.compile(r"([A-Za-z][A-Za-z-]*)(?:/([^\s]*))?(?=\s|$)")
_OPERATOR = re.compile(r"(?:==|!=|<=|>=|<|>|\*\*|\^|[-+*/%])(?:\s|$)|(?:==|!=|<=|>=)|(?:and|or)\s")
_NAMES = {*TENSORS, *SCALARS, *ALIASES, "l", "inf", "nan", "not"}
FREE = ("note", "echo")
"""Commands whose argument is a text, in which # means nothing."""


class Line(NamedTuple):
    """A line, taken apart."""

    command: Command | None
    """None for an empty line or a comment."""
    argument: str = ""
    format: str = ""


def read_line(line: str) -> Line:
    """What a line means.

    Raises:
        TuibpError: it is too long, or its first word may be several commands.
    """
    if len(line) > LONGEST:
        raise InputError(f"a line has at most {LONGEST} characters, this one {len(line)}")
    line = line.replace("\t", " ").strip()
    _refuse_invisible(line)
    if not line or line.startswith("#"):
        return Line(None)
    match = _WORD.match(line)
    command = None if match is None else _command(match[1], line[match.end() :].strip())
    if match is None or command is None:
        return Line(COMMANDS["print"], _uncommented(line))
    argument = line[match.end() :].strip()
    if match[2] is not None and not command.formats:
        raise InputError(f"{command.name} takes no format", hint=f"write {command.usage}")
    return Line(command, argument if command.name in FREE else _uncommented(argument), match[2] or "")


def _refuse_invisible(text: str) -> None:
    """What cannot be shown could move the cursor of whoever reads the answer."""
    if not text.isprintable():
        raise InputError("the line holds a character that cannot be shown", hint="write it without")


def _uncommented(text: str) -> str:
    return "" if text.startswith("#") else text.split(" #", maxsplit=1)[0].strip()


def _command(word: str, rest: str) -> Command | None:
    """The command that a first word is; None where the line is an expression."""
    exact = next((row for row in COMMANDS.values() if word == row.name or word in row.aliases), None)
    exact = exact if exact is not None and exact.typed else None
    if _OPERATOR.match(rest) and (word in _NAMES or not _could_be(word)):
        return None
    if word in COMMAND_WORDS and (word not in _NAMES or rest[:1] not in ("", "[", "(")):
        line, does = COMMAND_WORDS[word]
        raise InputError(f'there is no command "{word}"', hint=f"{line} {does}")
    if exact is None and (word in _NAMES or rest.startswith(("[", "("))):
        return None
    return exact or _by_prefix(word)


def _could_be(word: str) -> bool:
    """Whether some command is called so or begins so."""
    return any((row.typed and row.name.startswith(word)) or word in row.aliases for row in COMMANDS.values())


def _by_prefix(word: str) -> Command:
    """The command that begins so.

    Raises:
        TuibpError: there is none, or several; the message names what is near.
    """
    if _could_be(word):
        return find_command(word)
    known = [*(name for name, row in COMMANDS.items() if row.typed), *TENSORS, *SCALARS, *FUNCTIONS]
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "help lists the commands, help expressions the names"
    raise InputError(f'no command and no variable "{safe(word, 30)}"', hint=hint)


def read_count(command: Command, argument: str) -> int:
    """How often a movement is to be made.

    Raises:
        InputError: that is no count.
    """
    if not argument:
        return 1
    if not (argument.isascii() and argument.isdigit() and len(argument) <= 18 and int(argument) > 0):
        raise InputError(f'{command.name}: "{safe(argument, 40)}" is not a count', hint=f"write {command.name} 3")
    return int(argument)


def wants(command: Command, argument: str) -> None:
    """Whether an argument that must be there is.

    Raises:
        InputError: it is not.
    """
    _refuse_invisible(argument)
    if command.argument and not command.optional and not argument:
        raise InputError(f"{command.name} what?", hint=BARE_WORDS.get(command.name, f"write {command.usage}"))
    if not command.argument and argument and not command.moves:
        raise TuibpError(f"{command.name} takes nothing behind it", hint=f"write {command.name}")
