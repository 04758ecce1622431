"""What is said where one has stopped: the stops that hold there with their numbers, and the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.hunt import Hit
from tuibp.debugger.session import Session
from tuibp.present.numbers import short

FEW = 8
"""Entries of an array that are named one by one."""


def hit_line(hit: Hit, digits: int) -> str:
    """stop 2, watch cost > 3: cost = 3.21."""
    told = "; ".join(f"{name} = {value_text(value, digits)}" for name, value in hit.values)
    return f"stop {hit.stop.number}, {hit.stop.title}" + (f": {told}" if told else "")


def hit_note(number: object, title: object, values: Mapping[str, object], digits: int) -> str:
    """stop 2: cost = 3.21  watch cost > 3; the value first, for a line that may be cut."""
    told = "; ".join(f"{name} = {value_text(np.asarray(value), digits)}" for name, value in values.items())
    return f"stop {number}: {told}  {title}" if told else f"stop {number}, {title}"


def value_text(value: Values, digits: int) -> str:
    """A value in a sentence: a number, true or false, a short vector, or the shape of what is longer."""
    if value.ndim == 0:
        return str(bool(value)).lower() if value.dtype == np.bool_ else short(float(value), digits)
    if value.ndim == 1 and value.size <= FEW:
        return f"[{', '.join(value_text(np.asarray(entry), digits) for entry in value)}]"
    return f"an array of shape ({', '.join(map(str, value.shape))}), norm {short(norm(value), digits)}"


def norm(value: Values) -> float:
    """The Euclidean norm of an array."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.add.reduce(np.square(value.astype(np.float64)), axis=None)))


def place_line(session: Session) -> str:
    """e0.b1.s0.bwd2.dC_da  t = 9 of 1742  next: dC_da[2] = 2 (a - y)."""
    place = session.position
    where = f"{place.name}  t = {session.t} of {session.clock.total}"
    timeline = f"  timeline {session.current}" if session.current else ""
    if place.op is None:
        return f"{where}{timeline}"
    formula = place.op.formula.splitlines()[0]
    return f"{where}{timeline}  next: {formula}"


def stopped_lines(session: Session, reason: str, hits: Iterable[Hit], digits: int) -> list[str]:
    """All that is said after a movement."""
    lines = [hit_line(hit, digits) for hit in hits]
    return [*lines, *([reason] if reason else []), place_line(session)]
