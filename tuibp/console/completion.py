"""What a line may go on with: the words for where its cursor stands, from the tables that its meaning comes from.

Nothing is computed and no line is refused: where a line means nothing, nothing completes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tuibp.console.changing import SETTINGS
from tuibp.console.console import Console
from tuibp.console.looking import INFO
from tuibp.debugger.catches import CATCHES
from tuibp.debugger.command import Command
from tuibp.debugger.commands import COMMANDS, find_command
from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.debugger.names import ALIASES, SCALARS, TENSORS
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.errors import TuibpError

DELIMITERS = " \t([,+*<>=!^%;"
"""Characters behind which a new word begins. Not - and /, which stand in reverse-step and in paths."""
FEW = 12
"""Numbers of a layer or an axis that are offered one by one; of more, the first and the last."""
_DO = re.compile(r"(?:\sdo\s+|;\s*)(?=[^;]*$)")
_FIRST = re.compile(r"\s*([A-Za-z][A-Za-z-]*)(?:/\S*)?\s+")
_OPEN = re.compile(r"([^\s(\[,+*<>=!^%;/-][^\s(\[,+*<>=!^%;]*)((?:\[[^\[\]]*\])?)\[([^\[\]]*)$")
"""A tensor whose bracket is open: its name, the layer if that is closed, and what stands in the bracket."""


def word_start(line: str, cursor: int) -> int:
    """Where the word begins that `complete` completes."""
    return 1 + max(line.rfind(character, 0, cursor) for character in DELIMITERS)


def complete(console: Console, line: str, cursor: int) -> list[str]:
    """Every word that may stand where the cursor is, whole, in the order of the alphabet.

    Args:
        cursor: how many characters of the line stand before it.
    """
    before = line[:cursor]
    begin = word_start(line, cursor)
    again = _DO.search(before) if _takes_commands(before) else None
    if again is not None:
        before, begin = before[again.end() :], begin - again.end()
    begin = max(begin, 0)
    word = before[begin:]
    return sorted({found for found in _words(console, before, before[:begin], word) if found.startswith(word)})


def completed(console: Console, line: str, cursor: int) -> tuple[str, list[str]]:
    """The line up to the cursor with as much of its word completed as is certain, and the words where there are several
    that it may become.
    """
    words, begin = complete(console, line, cursor), max(0, word_start(line, cursor))
    if not words:
        return line[:cursor], []
    common = _common(words)
    if len(words) == 1:
        return f"{line[:begin]}{common}{'' if common[-1] in '([/' else ' '}", []
    return (f"{line[:begin]}{common}" if len(common) > cursor - begin else line[:cursor]), words


def _common(words: list[str]) -> str:
    """The longest beginning of all of them; the first and the last of the alphabet tell."""
    first, last = words[0], words[-1]
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _takes_commands(line: str) -> bool:
    """Whether `do` may stand in it."""
    first = _FIRST.match(line)
    command = None if first is None else _command(first[1])
    return command is not None and "do COMMANDS" in command.argument


def _command(word: str) -> Command | None:
    try:
        command = find_command(word)
    except TuibpError:
        return None
    return command if command.typed else None


def _words(console: Console, line: str, head: str, word: str) -> Iterator[str]:
    """What may stand behind the head of a line, some of which begins with the word."""
    first = _FIRST.match(line)
    if not head.strip():
        yield from (name for name, row in COMMANDS.items() if row.typed)
        if word:
            yield from _expression(console, line, word)
        return
    command = None if first is None else _command(first[1])
    if first is None or command is None or not command.takes:
        if command is None:
            yield from _expression(console, line, word)
        return
    said = head[first.end() :]
    kinds, words = _of_stop(command, said) if command.group == "stop" else (command.takes, ())
    for kind in kinds:
        if kind == "expression":
            yield from _expression(console, line, word)
        else:
            yield from KINDS[kind](console, said, word)
    yield from words
    if command.name == "set":
        yield from (*SETTINGS, *(f"${name}" for name in console.names))


def _of_stop(command: Command, said: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which kinds of words go on with what has been said behind break, watch or catch, and which words."""
    does = ("do",) if said.strip() and "do COMMANDS" in command.argument else ()
    if command.takes[0] == "place" and not re.search(r"(?:^|\s)if\s", said):
        return ("place",), (("if", *does) if said.strip() else ())
    if command.takes[0] == "catch" and not said.strip():
        return ("catch",), ()
    return command.takes[-1:], does


# -- expressions


def _expression(console: Console, line: str, word: str) -> Iterator[str]:
    """Names of an expression; inside of a bracket, what it may hold."""
    match = _OPEN.search(line)
    if match is not None:
        yield from _inside(console, match)
        return
    # cost-W: what stands before the sign is part of the word.
    stem = re.match(r".*[-/]", word)
    before = stem[0] if stem and not any(name.startswith(word) for name in COMMANDS) else ""
    for name, row in TENSORS.items():
        yield before + (name if row.first is None else f"{name}[")
    for alias, name in ALIASES.items() if word else ():  # of two names for one thing the shorter list tells one
        yield before + (f"{alias}[" if name in TENSORS and TENSORS[name].first is not None else alias)
    yield from (before + name for name in SCALARS)
    yield from (f"{before}{name}(" for name in FUNCTIONS)
    yield from (f"{before}${name}" for name in (*map(str, console.values), *console.names))
    yield from ("and", "or", "not")


def _inside(console: Console, match: re.Match[str]) -> Iterator[str]:
    """The layers of a tensor, or the numbers along the next of its axes."""
    written, layer, inside = match.groups()
    name, network = ALIASES.get(written, written), console.session.recipe.network
    if name not in TENSORS:
        return
    row = TENSORS[name]
    if row.first is not None and not layer:
        if "," not in inside:
            yield from _numbers(row.first, network.L, "]")
        return
    shown = layer.strip("[] ").replace("L", str(network.L)).replace("l", str(console.layer or ""))
    number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 9 else 0
    if row.first is not None and not row.first <= number <= network.L:
        return
    shape, axis = row.shape(network, number), inside.count(",")
    if axis < len(shape):
        end = "," if axis + 1 < len(shape) else "]"
        yield from _numbers(0, shape[axis] - 1, end)
        if len(shape) > 1:
            yield f":{end}"


def _numbers(first: int, last: int, end: str) -> Iterator[str]:
    """The numbers of an axis; of many, the first and the last, which tell the range."""
    chosen = range(first, last + 1) if last - first < FEW else (first, last)
    yield from (f"{number}{end}" for number in chosen)


# -- other arguments


def _places(console: Console, head: str, _: str) -> Iterator[str]:
    """Places of the program, or positions behind `at`; an expression stands behind `if`."""
    words = head.split()
    if words[:1] == ["at"]:
        yield from (name for name in _positions(console, head, _) if name[0] not in "'$")
        return
    program = console.session.timeline.program
    layers = [str(l) for l in range(1, program.L + 1)]
    if words in (["fwd"], ["bwd"]):
        yield from layers
        return
    if words:
        return
    yield from ("fwd", "bwd", "at", "shuffle", "end")
    yield from (op.name for op in program.batch_ops)
    yield from (f"{direction}{l}" for direction in ("fwd", "bwd") for l in layers)


def _positions(console: Console, _head: str, _word: str) -> Iterator[str]:
    """What `goto` takes: marks and values among it."""
    clock = console.session.clock
    yield from ("start", "end", "t=")
    yield from (f"'{name}" for name in console.marks)
    yield from (f"${number}" for number in console.values)
    here = clock.at(console.session.t)
    yield from (f"e{min(here.epoch, clock.program.epochs - 1)}", here.name)


def _settings(console: Console, head: str, _: str) -> Iterator[str]:
    """What a run may be begun with."""
    if not head.split():
        yield "with"
        return
    plan = console.session.recipe.plan
    names = ("lr", "seed", "epochs", "batch", *OPTIMIZERS[plan.optimizer.name].defaults)
    yield from (f"{name}=" for name in names)


def _numbered(numbers: Callable[[Console], list[int]]) -> Callable[[Console, str, str], Iterator[str]]:
    return lambda console, _head, _word: map(str, numbers(console))


def _alone(words: Callable[[Console], list[str]]) -> Callable[[Console, str, str], Iterator[str]]:
    """Words of which one stands there."""
    return lambda console, head, _: iter(() if head.split() else words(console))


def _files(console: Console, head: str, word: str) -> Iterator[str]:
    """Files, where there are any."""
    yield from console.files.names(head + word) if console.files is not None and not head.strip() else ()


KINDS: dict[str, Callable[[Console, str, str], Iterator[str]]] = {
    "place": _places,
    "position": _positions,
    "timeline": _numbered(lambda console: list(range(len(console.session.timelines)))),
    "stop": _numbered(lambda console: list(console.session.stops.all)),
    "frame": _numbered(lambda console: list(range(len(console.session.clock.frames(console.session.t))))),
    "display": _numbered(lambda console: list(console.displays)),
    "catch": _alone(lambda _: list(CATCHES)),
    "info": _alone(lambda _: list(INFO)),
    "command": _alone(lambda _: [*(name for name, row in COMMANDS.items() if row.typed), *FUNCTIONS, "expressions"]),
    "change": _settings,
    "why": _alone(lambda _: ["big", "nan", "small", "zero"]),
    "file": _files,
}
"""By what stands in `Command.takes`."""
