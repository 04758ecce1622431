"""Changing: edits that fork a timeline, runs beside, the tree of timelines, and how two of them differ."""

from __future__ import annotations

import re

import numpy as np

from tuibp.console.console import Action, Console
from tuibp.console.moving import arrived, cross
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.ending import Stop
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.syntax import ExpressionError
from tuibp.debugger.expressions.typed import Leaf, Scalar
from tuibp.debugger.names import SCALARS, TENSORS, CellRef
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.present.numbers import short
from tuibp.present.stopped import norm

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,28}")
"""How a value may be named: behind the $."""
_SET = re.compile(r"(?:var(?:iable)?\s+)?(?P<name>[^=<>!]*?[^=<>!\s])\s*=(?!=)\s*(?P<value>.*)$")
_SETTING = re.compile(r"(digits|width)\s+(\S+)$")
_CHANGE = re.compile(r"([A-Za-z0-9-]+)\s*=\s*(\S+)")
SETTINGS = {"digits": (1, 17), "width": (40, 400)}
"""What `set NAME N` may set, and from where to where."""
_WHOLE = ("seed", "epochs", "batch")
DEEP = 8
"""Levels of the tree of timelines that are told by indentation."""
SHOWN = 12
"""Tensors that `diff` lists."""


def set_value(console: Console, request: Request) -> Reply:
    """set NAME = E forks; set $name = E keeps a value; set digits N is a setting."""
    text = request.argument
    setting = _SETTING.match(text)
    if setting:
        return _set(console, setting[1], setting[2])
    match = _SET.match(text)
    if match is None or not match["value"]:
        raise InputError("set what?", hint="write set W[2][0,1] = 0.5, set lr = 0.1, set $x = cost, or set digits 8")
    name, value = match["name"], match["value"]
    if name.startswith("$"):
        if not NAME.fullmatch(name[1:]):
            hint = "write letters behind the $: set $x = cost"
            raise InputError(f"{safe(name, 30)} is no name for a value", hint=hint)
        console.names[name[1:]] = np.array(console.value(value))
        return Reply((f"{name} = {_short(console.names[name[1:]], console.digits)}",))
    ref = _target(console, name)
    given = console.value(value)
    if given.dtype == np.bool_:
        raise InputError("a test is no number", hint="write the number itself")
    session = console.session
    before, old = session.current, _now(console, ref)
    session.set(ref, given if given.ndim else float(given))
    label = session.timeline.label
    told = f"{ref}: {_short(old, console.digits)} -> {_short(given, console.digits)}"
    made = f"timeline {session.current} begins here" if session.current != before else f"timeline {session.current}"
    lines = (f"{told}; {made}: {label}.", f"timeline {before} has the old future: timeline {before} goes there.")
    return Reply(lines if session.current != before else lines[:1], moved=True, values={"timeline": session.current})


def _short(value: object, digits: int) -> str:
    array = np.asarray(value)
    return short(float(array), digits) if array.ndim == 0 else f"an array of shape {array.shape}"


def _set(console: Console, name: str, text: str) -> Reply:
    low, high = SETTINGS[name]
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
        raise InputError(
            f'{name} = "{safe(text, 20)}" is out of range', hint=f"write set {name} N with N in {low}..{high}"
        )
    setattr(console, name, int(text))
    return Reply((f"{name} is {text}.",))


def show_settings(console: Console, _: Request) -> Reply:
    """show."""
    return Reply(tuple(f"{name} is {getattr(console, name)}" for name in SETTINGS))


def _target(console: Console, name: str) -> CellRef:
    """What is to be changed: a tensor, one cell of it, or lr."""
    node = console.bind(name)
    if isinstance(node, Scalar):
        return CellRef(node.name)
    if not isinstance(node, Leaf):
        raise ExpressionError("only a tensor, a cell or lr can be set", name, 0, "such as set W[2][0,1] = 0.5")
    if any(at is None for at in node.cell):
        raise ExpressionError("a row cannot be set", name, parse(name).at, "set one cell after the other, or all of it")
    return CellRef(node.name, node.layer, tuple(at for at in node.cell if at is not None))


def _now(console: Console, ref: CellRef) -> object:
    view = console.session.view()
    if ref.name in SCALARS:
        return view.scalar(ref.name)
    value = view.get(ref.name, ref.layer)
    return np.nan if value is None else value[ref.index] if ref.index else value


def run_with(console: Console, request: Request) -> Reply:
    """run with lr=0.1 seed=3: a new run beside."""
    word, _, rest = request.argument.partition(" ")
    plan = console.session.recipe.plan
    known = ("lr", "seed", "epochs", "batch", *OPTIMIZERS[plan.optimizer.name].defaults)
    pairs = _CHANGE.findall(rest)
    if word != "with" or not pairs or _CHANGE.sub("", rest).strip():
        raise InputError("run with what?", hint=f"write run with lr=0.1 seed=3; there are {', '.join(known)}")
    changes: dict[str, float | int] = {}
    for name, text in pairs:
        if name not in known:
            raise InputError(f'no setting "{safe(name, 30)}" of a run', hint=f"there are {', '.join(known)}")
        value = console.value(text)
        if value.ndim or value.dtype == np.bool_:
            raise InputError(f"{name} is one number", hint=f"write run with {name}=N")
        number = float(value)
        changes[name] = int(number) if name in _WHOLE and number.is_integer() and abs(number) < 1e15 else number
    session = console.session
    session.run_with(**changes)
    return arrived(console, Stop(session.t, session.t, f"Timeline {session.current} begins: {session.timeline.label}."))


# -- timelines


def timeline_lines(console: Console) -> list[str]:
    """The tree of timelines, the current one marked, each with where it forks and what it has come to."""
    timelines = console.session.timelines
    children: dict[Timeline | None, list[int]] = {}
    for number, timeline in enumerate(timelines):
        children.setdefault(timeline.parent, []).append(number)
    lines: list[str] = []
    waiting = [(number, 0) for number in reversed(children[None])]
    while waiting:
        number, depth = waiting.pop()
        lines.append(_timeline_line(console, number, timelines[number], min(depth, DEEP)))
        waiting += [(child, depth + 1) for child in reversed(children.get(timelines[number], []))]
    return lines


def _timeline_line(console: Console, number: int, timeline: Timeline, depth: int) -> str:
    session, log = console.session, timeline.log
    here = "->" if number == session.current else "  "
    costs = log.mean_costs()
    done = f"{log.filled} of {timeline.batches} batches run"
    cost = f", last cost {short(float(costs[-1]), console.digits)}" if len(costs) else ""
    return f"{here} {number}  {'  ' * depth}{timeline.label}   {done}{cost}"


def _numbered(console: Console, text: str) -> int:
    session = console.session
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) >= len(session.timelines):
        hint = f"there are 0 to {len(session.timelines) - 1}" if len(session.timelines) > 1 else "set makes another one"
        raise InputError(f'there is no timeline "{safe(text, 30)}"', hint=hint)
    return int(text)


def timeline(console: Console, request: Request) -> Job:
    """timeline lists, timeline N goes there."""
    if not request.argument:
        return Reply(tuple(timeline_lines(console)))
    number, session = _numbered(console, request.argument), console.session
    stop = yield from cross(console, number, min(session.t, session.timelines[number].clock.total))
    return arrived(console, stop)


def diff(console: Console, request: Request) -> Job:
    """diff A [B]: what differs at this t, the most first; B is the current one."""
    session, words = console.session, request.argument.split()
    if len(words) > 2:
        raise InputError("diff compares two timelines", hint="write diff 0 1")
    a = _numbered(console, words[0])
    b = _numbered(console, words[1]) if len(words) == 2 else session.current
    one, other = session.timelines[a], session.timelines[b]
    t = session.t
    if t > min(one.clock.total, other.clock.total):
        raise InputError(f"one of them ends before t = {t}", hint="go back to a place that both have")
    for side in (one, other):
        yield from side.travel(t)
    rows = _differences(View(one, t), View(other, t))
    head = f"timelines {a} and {b} at {one.clock.at(t).name} (t={t})"
    if not rows:
        return Reply((f"{head}: no bit differs.",), values={"differences": {}})
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{head}:"]
    for name, _, told in rows[:SHOWN]:
        lines.append(f"  {name:<{width}}  {told}")
    if len(rows) > SHOWN:
        lines.append(f"  and {len(rows) - SHOWN} more")
    return Reply(tuple(lines), values={"differences": {name: distance for name, distance, _ in rows}})


def _differences(one: View, other: View) -> list[tuple[str, float, str]]:
    """(name, relative distance, in words) of everything that differs, the most first."""
    rows: list[tuple[str, float, str]] = []
    for name in ("cost", "bcost", "ecost", "lr"):
        a, b = one.scalar(name), other.scalar(name)
        if a != b and not (a is not None and b is not None and a != a and b != b):
            told = " and ".join("not computed" if side is None else short(float(side)) for side in (a, b))
            rows.append((name, _distance(np.asarray(a or 0.0), np.asarray(b or 0.0)), told))
    for name, row in TENSORS.items():
        layers = [None] if row.first is None else list(range(row.first, one.network.L + 1))
        for layer in layers:
            this, that = one.get(name, layer), other.get(name, layer)
            label = name if layer is None else f"{name}[{layer}]"
            if this is None or that is None:
                if this is not that:
                    rows.append((label, np.inf, "computed in one of them only"))
            elif this.tobytes() != that.tobytes():
                rows.append((label, _distance(this, that), _told(this, that)))
    return sorted(rows, key=lambda row: -row[1])


def _distance(a: Array, b: Array) -> float:
    with np.errstate(all="ignore"):
        scale = max(norm(a), norm(b))
        distance = norm(np.asarray(a, np.float64) - b) / scale if scale else 0.0
    return distance if distance == distance else np.inf


def _told(a: Array, b: Array) -> str:
    with np.errstate(all="ignore"):
        gap = np.abs(np.asarray(a, np.float64) - b)
    at = np.unravel_index(int(np.nanargmax(gap)) if np.isfinite(gap).any() else 0, gap.shape)
    cell = ",".join(map(str, map(int, at)))
    count = int(np.count_nonzero(a != b))
    most = f"most at [{cell}]: {short(float(a[at]))} and {short(float(b[at]))}"
    return f"{count} of {a.size} differ, by {short(_distance(a, b), 2)} of the norm; {most}"


CHANGING: dict[str, Action] = {
    "set": set_value,
    "run": run_with,
    "timeline": timeline,
    "diff": diff,
    "show": show_settings,
}
