"""Explaining: why, follow, blame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tuibp.console.answering import answered, asked_cell
from tuibp.console.console import Action, Console
from tuibp.console.explained import Asked, Explained, explained
from tuibp.console.moving import arrived
from tuibp.console.reasons import REASONS
from tuibp.console.reply import Job, Reply, Request
from tuibp.debugger.conditions import written_sites
from tuibp.debugger.ending import Stop
from tuibp.debugger.expressions.evaluate import Batches, Evaluator
from tuibp.debugger.expressions.typed import Typed
from tuibp.debugger.names import SCALARS, CellRef
from tuibp.debugger.sites import Site
from tuibp.debugger.sweep import OvertakenError, Sweep
from tuibp.debugger.view import View
from tuibp.engine.text import safe
from tuibp.errors import InputError, NameInputError
from tuibp.explain.why.links import Link
from tuibp.present.numbers import short
from tuibp.present.why import TERMS, why_cell, why_lines

MOST_TERMS = 1000
BLAMED = 10
"""Batches that blame lists."""
MOST_BACK = 200
"""Places that can be gone back to."""


def why(console: Console, request: Request) -> Job | Reply:
    """why CELL, why small X, why big X, why zero CELL, why nan."""
    word, _, rest = request.argument.partition(" ")
    if word in REASONS and (rest.strip() or word == "nan"):
        return REASONS[word](console, request, rest.strip())
    most = TERMS
    if request.format:
        digits = request.format.isascii() and request.format.isdigit() and len(request.format) < 6
        if not digits or not 0 < int(request.format) <= MOST_TERMS:
            hint = f"write why/20 CELL, up to {MOST_TERMS}"
            raise InputError(f'"{safe(request.format, 20)}" is not how many', hint=hint)
        most = int(request.format)
    cell = asked_cell(console, request.argument)
    view = console.session.view()
    found = _about(view, cell, most)
    return answered(console, request, found[0], found[1], {"cell": str(cell)})


def _about(view: View, cell: CellRef, most: int) -> tuple[list[tuple[str, int]], list[Link]]:
    """Lines and links about a cell.

    Raises:
        NameInputError: it is not computed yet, or follows from the place alone.
    """
    if cell.name in SCALARS and cell.name not in ("cost", "bcost", "ecost"):
        raise NameInputError(f"{cell} is not computed from other numbers", hint="why explains tensors and costs")
    found = why_cell(view, cell, most)
    if found is None:
        raise NameInputError(view.why_undefined(cell.name, cell.layer), hint="ask again behind it")
    return [(line.text, line.link) for line in why_lines(found)], list(found.links)


# -- following


def follow(console: Console, request: Request) -> Job:
    """follow N: to the cell of a link, just behind the operation that wrote it; follow: back to the question."""
    session = console.session
    if not request.argument:
        if not console.asked:
            raise InputError("no link has been followed", hint="why CELL gives links, follow 1 goes to the first")
        before = console.asked.pop()
        start = session.t
        if before.timeline == session.current:
            yield from session.travel(before.t)
            stop = session.stop(start)
        else:
            from tuibp.console.moving import cross

            stop = yield from cross(console, before.timeline, before.t)
        console.explained = before.explained
        return _at(arrived(console, stop), before.cell, before.explained)
    known = console.explained
    number = _number(request.argument)
    if known is None or not known.links:
        raise InputError("there is no link to follow", hint="why CELL gives them")
    if not 1 <= number <= len(known.links):
        raise InputError(f"there is no link {safe(request.argument, 20)}", hint=f"there are 1 to {len(known.links)}")
    to = known.links[number - 1]
    cell = _asked_about(console, known)
    console.asked.append(Asked(session.current, session.t, cell, known))
    del console.asked[:-MOST_BACK]
    start = session.t
    yield from session.travel(to.t)
    reply = arrived(console, Stop(session.t, start, f"{to.cell} was written here." if to.t else f"{to.cell} began so."))
    view = session.view()
    try:
        lines, links = _about(view, to.cell, TERMS)
    except NameInputError:
        lines, links = [], []
    console.explained = explained(f"why {to.cell}", session.position.name, lines, links)
    return _at(reply, to.cell, console.explained)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _asked_about(console: Console, known: Explained) -> CellRef | None:
    try:
        return asked_cell(console, known.question.partition(" ")[2])
    except NameInputError:
        return None


def _at(reply: Reply, cell: CellRef | None, known: Explained | None) -> Reply:
    """An arrival, with the cell that it is about and what there is to say of it."""
    values = {**reply.values, "explained": known is not None}
    if cell is not None and cell.index:
        values["cell"] = str(cell)
    return Reply((*reply.lines, *(known.text() if known else ())), moved=True, values=values)


# -- blame


def blame(console: Console, request: Request) -> Job:
    """blame W[2][3,1]: the batches that moved a parameter most, each a place to go."""
    session = console.session
    cell = asked_cell(console, request.argument)
    if cell.name not in ("W", "b"):
        raise NameInputError(f"{cell} is computed anew in every batch", hint="blame asks about W[l][i,j] and b[l][i]")
    step = CellRef("u" + cell.name, cell.layer, cell.index)
    node, program = console.bind(str(step)), session.timeline.program
    sites = written_sites(node, program)
    last = session.clock.begun(session.t)[0] + 1
    steps: dict[int, float] = {}
    while True:
        try:
            steps.clear()
            for piece in Sweep(session.timeline, [(node, sites)]).run(0, max(last, 0)):
                if isinstance(piece, tuple):
                    yield piece
                else:
                    steps.update(_steps(piece, node, sites))
            break
        except OvertakenError:
            continue
    clock = session.clock
    done = {t: step for t, step in steps.items() if step and t <= session.t}
    found = [(step, t) for t, step in done.items() if clock.at(t - 1).op is not None]
    return _blamed(console, request, cell, found)


def _steps(piece: Batches, node: Typed, sites: Sequence[Site]) -> dict[int, float]:
    """What each update of some batches has added, by the position behind it."""
    found: dict[int, float] = {}
    calendar = piece.calendar
    for site in sites:
        value, valid = Evaluator(piece, site).value(node)
        where = calendar.positions(site)
        good = np.ones(where.shape, np.bool_) if valid is None else np.broadcast_to(valid, where.shape)
        k = (calendar.first + np.arange(calendar.count))[:, None] % calendar.program.K
        exists = site.exists(calendar.m, k, calendar.program.K)
        good = good if exists is None else good & np.broadcast_to(exists, where.shape)
        moved = np.broadcast_to(value, where.shape)
        found.update(zip(where[good].tolist(), moved[good].tolist(), strict=True))
    return found


def _blamed(console: Console, request: Request, cell: CellRef, found: list[tuple[float, int]]) -> Reply:
    steps = found
    if not steps:
        raise InputError(f"no batch has moved {cell} yet", hint="run some batches first")
    way = math.fsum(abs(step) for step, _ in steps)
    net = math.fsum(step for step, _ in steps)
    order = sorted(steps, key=lambda one: (-abs(one[0]), -one[1]))[:BLAMED]
    clock = console.session.clock
    lines: list[tuple[str, int]] = [
        (f"{cell} was moved by {len(steps)} batches: {short(way, 6)} of way, {short(net, 6)} in all.", 0)
    ]
    links = []
    for k, (step, t) in enumerate(order, start=1):
        links.append(Link(cell, t))
        lines.append(
            (f"  {k:>3}  {clock.at(t - 1).name:<18} {short(step, 6):>14}  {abs(step) / way:>6.1%} of the way", k)
        )
    values: dict[str, object] = {
        "cell": str(cell), "batches": len(steps), "way": way, "net": net,
        "blamed": [{"t": t, "at": clock.at(t - 1).name, "step": step, "share": abs(step) / way} for step, t in order],
    }  # fmt: skip
    return answered(console, request, lines, links, values)


def next_departure(console: Console, request: Request) -> Job:
    """departure: to the next place where the user's own code departs; behind the last comes the first."""
    session, own = console.session, console.yours
    if own is None:
        raise InputError("no code of yours has been checked here", hint="tuibp check FILE.py --network FILE --tui does")
    if not own.places:
        raise InputError("your code departs nowhere on this network", hint="its numbers stand beside the reference's")
    from tuibp.debugger.location import parse_position
    from tuibp.present.check import filled  # costs the start of the app what only this needs

    behind = [parse_position(place.at, session.clock) + 1 for place in own.places]
    # In the order of dataflow: another sample may show the next one.
    here = next((k for k, t in enumerate(behind) if t == session.t), -1)
    number = (here + 1) % len(behind)
    start, place = session.t, own.places[number]
    only = len(behind) == 1 and here == 0
    yield from session.travel(behind[number])
    head = "There is no other departure" if only else f"Departure {number + 1} of {len(behind)}"
    named = place.named
    right = "" if named is None else f"; it should be {filled(named.mistake.right, named, named.layers[0])}"
    words = f"{head}: {place.words}{right}."
    reply = arrived(console, Stop(session.t, start, words))
    reply.values["cell"] = str(place.cell)
    return reply


EXPLAINING: dict[str, Action] = {"why": why, "follow": follow, "blame": blame, "departure": next_departure}
