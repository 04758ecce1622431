"""Keeping: stops, marks, notes, scripts, asserts, help, and saving the session."""

from __future__ import annotations

import re

import numpy as np

from tuibp.console.console import Action, Console
from tuibp.console.looking import numbers
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.arming import arm
from tuibp.debugger.breakpoints import KINDS, read
from tuibp.debugger.command import GROUPS, Command
from tuibp.debugger.commands import COMMANDS, find_command
from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.syntax import Chain, Num, text_of
from tuibp.debugger.names import SCALARS, TENSORS
from tuibp.engine.text import safe, words
from tuibp.errors import InputError, TuibpError, placed
from tuibp.present.stopped import value_text

DEEPEST = 8
"""Scripts within each other."""
MARK = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,19}")
_TOLERANCE = re.compile(r"(?P<test>.*\S)\s+(?P<tolerance>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$")
_PLAIN = re.compile(r"[^\W\d]\w*(\[\w+\])?|\$\w*")
"""What takes a bracket as it is."""
NOTE = 500
"""Characters of a note."""


# -- stops


def make_stop(console: Console, request: Request) -> Reply:
    """break, tbreak, watch and catch."""
    session = console.session
    kind = next(kind for kind in KINDS if kind == request.name)
    # Commands of a logpoint are looked at where it is made, not where it first stops.
    for command in read(kind, request.argument, 0, session.clock, session.t).commands:
        may_be_done(command)
    stop = session.stops.add(kind, request.argument, session.clock, session.t)
    where = {condition.next.name for condition in arm(stop, session.clock).conditions if condition.next}
    looked = f" (looked at before {', '.join(sorted(where))})" if stop.test and kind != "catch" and where else ""
    return Reply(
        (f"Stop {stop.number} is set: {stop.title}{looked}.",), values={"number": stop.number, "stop": stop.title}
    )


def may_be_done(line: str) -> None:
    """Whether a logpoint may do it: whatever only looks."""
    from tuibp.console.language import read_line

    command = read_line(line).command
    if command is None or command.group not in ("look", "time") or command.moves or command.verb in ("timeline",):
        hint = "print, display, info, where, list, when, mark and note may stand behind do"
        raise InputError(f'a logpoint cannot do "{safe(line, 40)}"', hint=hint)


def delete(console: Console, request: Request) -> Reply:
    """delete N..., or all."""
    stops = console.session.stops
    found = numbers(request.argument, dict(stops.all), "stop")
    forgotten = [f"Stop {number} is forgotten: {stops.all[number].title}." for number in found]
    for number in found:
        stops.delete(number)
    return Reply(tuple(forgotten) or ("There are no stops.",))


def enable(console: Console, request: Request) -> Reply:
    """enable and disable N..., or all."""
    stops = console.session.stops
    for number in numbers(request.argument, dict(stops.all), "stop"):
        stops.enable(number, request.name == "enable")
    return Reply()


# -- marks and notes


def mark(console: Console, request: Request) -> Reply:
    """mark NAME."""
    if not MARK.fullmatch(request.argument):
        raise InputError(
            f'"{safe(request.argument, 30)}" is no name for a mark', hint="write a letter or a word: mark a"
        )
    console.marks[request.argument] = console.place
    return Reply((f"'{request.argument} is {console.name_of(console.place)}.",))


def note(console: Console, request: Request) -> Reply:
    """note TEXT."""
    console.notes.append((console.place, words(request.argument, NOTE)))
    return Reply((f"Noted at {console.name_of(console.place)}.",))


# -- scripts


def source(console: Console, request: Request) -> Job:
    """source FILE: an error ends it."""
    if console.files is None:
        raise InputError("scripts cannot be read here", hint="give them to tuibp with -x")
    if console.depth >= DEEPEST:
        raise InputError(f"scripts call each other deeper than {DEEPEST} levels", hint="does one call itself?")
    text = console.files.script(request.argument)
    lines: list[str] = []
    console.depth += 1
    reply = Reply()
    try:
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                reply = yield from console.start(line)
            except TuibpError as error:
                raise placed(error, f"{safe(request.argument, 60)}:{number}") from error
            lines += reply.lines
            if reply.quit or reply.failed:
                break
    finally:
        console.depth -= 1
    return Reply(tuple(lines), moved=True, quit=reply.quit, failed=reply.failed)


def check(console: Console, request: Request) -> Reply:
    """assert E, or assert A == B TOL: within a tolerance relative to the larger one, or absolute where one is 0."""
    text, tolerance = request.argument, 0.0
    match = _TOLERANCE.match(text)
    if match and _reads(match["test"]):
        text, tolerance = match["test"], float(match["tolerance"])
    node = parse(text)
    console.bind(text)  # says what is wrong with it as a whole
    if isinstance(node, Chain) and node.operators == ("==",):
        return _equal(console, text, text_of(node.args[0]), text_of(node.args[1]), tolerance)
    if tolerance:
        raise InputError("a tolerance wants A == B", hint="write assert cost == 0.25 1e-6")
    if console.test(text):
        return Reply((f"assert holds: {text}",))
    sides = [side for side in node.args if not isinstance(side, Num)] if isinstance(node, Chain) else []
    told = "; ".join(f"{text_of(side)} = {_value(console, text_of(side))}" for side in sides)
    return Reply((f"assert FAILED: {text}" + (f": {told}" if told else ""),), failed=True)


def _reads(text: str) -> bool:
    """Whether an expression can be read."""
    try:
        parse(text)
    except TuibpError:
        return False
    return True


def _value(console: Console, text: str) -> str:
    try:
        return value_text(console.value(text), 10)
    except TuibpError:
        return "not computed"


def _equal(console: Console, text: str, left: str, right: str, tolerance: float) -> Reply:
    a, b = console.value(left), console.value(right)
    with np.errstate(all="ignore"):
        scale = np.where((a == 0) | (b == 0), 1.0, np.maximum(np.abs(a), np.abs(b)))
        close = (a == b) | (np.abs(a - b) <= tolerance * scale) | (np.isnan(a) & np.isnan(b))
        gap = np.abs(np.asarray(a, np.float64) - b)
    within = f" within {tolerance:g}" if tolerance else ""
    if bool(np.all(close)):
        return Reply((f"assert holds: {text}{within}",))
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(gap), np.inf, gap))), gap.shape)
    one, other = (float(np.broadcast_to(side, gap.shape)[at]) for side in (a, b))
    cell = f"[{','.join(map(str, map(int, at)))}]" if gap.ndim else ""
    names = [_cell(text, cell if side.ndim else "") for text, side in ((left, a), (right, b))]
    told = f"{names[0]} = {one:.17g}, {names[1]} = {other:.17g}"
    return Reply((f"assert FAILED: {text}{within}: {told}",), failed=True, values={"left": one, "right": other})


def _cell(text: str, cell: str) -> str:
    """A cell of what a text means."""
    return f"{text if _PLAIN.fullmatch(text) or not cell else f'({text})'}{cell}"


def echo(_: Console, request: Request) -> Reply:
    """echo TEXT."""
    return Reply((words(request.argument, NOTE),))


def save(console: Console, request: Request) -> Reply:
    """save FILE, or to the file it has; save/k with keyframes."""
    if request.format not in ("", "k"):
        raise InputError(f"save/{safe(request.format, 10)} is no format", hint="save/k saves keyframes as well")
    if console.files is None:
        raise InputError("the session cannot be saved here", hint="open it with tuibp FILE")
    from tuibp.console.sessions import saved

    session = saved(console, with_keyframes=bool(request.format))
    count = len(session.keyframes)
    beside = f", with its log and {count} keyframe{'s' * (count != 1)}" if request.format else ""
    return Reply((f"Saved to {console.files.save(request.argument, session)}{beside}.",))


def load(console: Console, request: Request) -> Reply:
    """load FILE: whoever shows the session opens the other one."""
    if console.files is None:
        raise InputError("nothing else can be opened here", hint="open it with tuibp FILE")
    if console.depth:
        raise InputError("load cannot stand in a script that source reads", hint="give the script to tuibp with -x")
    console.files.look(request.argument)
    console.next = request.argument
    return Reply()


def leave(_console: Console, _request: Request) -> Reply:
    """quit."""
    return Reply(quit=True)


# -- help


def tell_help(_: Console, request: Request) -> Reply:
    """help, help COMMAND, help expressions."""
    word = request.argument
    if not word:
        return Reply(tuple(_all_help()))
    if word in ("expressions", "expression", "functions"):
        return Reply(tuple(_expressions()))
    if word in FUNCTIONS:
        return Reply((f"{FUNCTIONS[word].usage}: {FUNCTIONS[word].help}.",))
    command = find_command(word)
    lines = [command.usage, f"  {command.help}"]
    if command.keys:
        lines.append(f"  On the screen: {', '.join(command.keys)}.")
    if command.aliases:
        lines.append(f"  Also {', '.join(command.aliases)}.")
    return Reply(tuple(lines))


def _all_help() -> list[str]:
    lines = []
    for group, title in GROUPS.items():
        rows = [row for row in COMMANDS.values() if row.group == group and row.typed]
        if rows:
            lines.append(f"{title}:")
            lines += [_help_line(row) for row in rows if not row.name.startswith("reverse-")]
            if any(row.name.startswith("reverse-") for row in rows):
                lines.append("  reverse-... is the same backwards: reverse-step, or rs.")
    lines.append("Anything else is an expression and is printed: W[2][0,1], norm(gW[1]), cost > 1.")
    lines.append("help COMMAND tells about one, help expressions about the language; words may be shortened.")
    return lines


def _help_line(row: Command) -> str:
    alias = f" ({row.aliases[0]})" if row.aliases else ""
    return f"  {row.name + alias:<16} {row.help}"


def _expressions() -> list[str]:
    lines = ["tensors    the first bracket is the layer, the second the cell: W[2][0,1], a[L][0], W[2][0,:]"]
    lines += [f"  {name:<6} {row.meaning}" for name, row in TENSORS.items()]
    lines.append("scalars")
    lines += [f"  {name:<6} {meaning}" for name, (meaning, _) in SCALARS.items()]
    lines.append("functions")
    width = max(len(row.usage) for row in FUNCTIONS.values())
    lines += [f"  {row.usage:<{width}}  {row.help}" for row in FUNCTIONS.values()]
    lines.append("operators  or and not  == != < <= > >= (may be chained)  + - * / %  ** ^   50% is 0.5")
    lines.append("What is not computed yet is undefined, and a test of it counts as false. $1, $ and $name are values.")
    return lines


def apropos(_: Console, request: Request) -> Reply:
    """apropos WORD."""
    word = request.argument.lower()
    rows = [row for row in COMMANDS.values() if row.typed and word in f"{row.name} {row.label} {row.help}".lower()]
    functions = [row for row in FUNCTIONS.values() if word in f"{row.usage} {row.help}".lower()]
    lines = [_help_line(row) for row in rows] + [f"  {row.usage:<16} {row.help}" for row in functions]
    return Reply(tuple(lines) or (f'Nothing speaks of "{safe(request.argument, 40)}": help lists everything.',))


KEEPING: dict[str, Action] = {
    "stop": make_stop,
    "delete": delete,
    "enable": enable,
    "mark": mark,
    "note": note,
    "source": source,
    "assert": check,
    "echo": echo,
    "save": save,
    "load": load,
    "help": tell_help,
    "apropos": apropos,
    "quit": leave,
}
