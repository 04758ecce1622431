"""Stops: breakpoints, watches, catches and logpoints, as sets of positions of whatever timeline one stands on.

A stop is kept as the line that made it and understood anew for each timeline; a session file needs nothing more of it.
There are no hit counters: under time travel they would mean nothing (design: stops.md section 1).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tuibp.debugger.catches import CATCHES
from tuibp.debugger.location import parse_location, parse_position
from tuibp.debugger.position import Clock
from tuibp.engine.text import safe
from tuibp.errors import InputError, PositionError

Kind: TypeAlias = Literal["break", "tbreak", "watch", "catch"]
KINDS: tuple[Kind, ...] = ("break", "tbreak", "watch", "catch")
AT = re.compile(r"at(?:\s+(.+))?$")
IF = re.compile(r"(?:^|\s)if(?=\s|\(|$)")
_DO = re.compile(r"\sdo(?:\s+|$)")
LONGEST = 1000
"""Characters of the line that makes a stop."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A stop of any kind."""

    number: int
    kind: Kind
    place: str
    """LOC, or "at POS", of a break; the name of a catch."""
    test: str
    """The expression; empty for none."""
    commands: tuple[str, ...] = ()
    """What a logpoint does instead of stopping."""
    enabled: bool = True
    fixed: int | None = None
    """The position of a break at one, which is read where it is made."""

    @property
    def line(self) -> str:
        """The command that makes it."""
        words = [self.kind, f"at t={self.fixed}" if self.fixed is not None else self.place]
        words += ["if", self.test] if self.test and self.kind in ("break", "tbreak") else [self.test]
        words += ["do", "; ".join(self.commands)] if self.commands else []
        return " ".join(word for word in words if word)

    @property
    def title(self) -> str:
        """The same, with what a catch looks for by default."""
        if self.kind == "catch" and not self.test:
            row = CATCHES[self.place]
            return f"catch {self.place}: {row.expression or row.help}" + self._does
        return self.line

    @property
    def _does(self) -> str:
        return f" do {'; '.join(self.commands)}" if self.commands else ""


def _look_for_position(kind: Kind, place: str, clock: Clock, t: int) -> None:
    """A place of the program must stand there; who names a position has forgotten a word."""
    try:
        parse_location(place, clock)
    except PositionError:
        try:
            parse_position(place, clock, t)
        except PositionError:
            return  # `arm` says what is wrong
        raise InputError(
            f"{place} is a position, not a place in the program", hint=f"write {kind} at {place}"
        ) from None


def read(kind: Kind, text: str, number: int, clock: Clock, t: int) -> Breakpoint:
    """A breakpoint from what stands behind the kind: "bwd 1 if cost > 1 do print y".

    Args:
        t: where one stands: `break at +3b` counts from here.

    Raises:
        TuibpError: it cannot be read; what it means on a network is looked at by `arm`.
    """
    if len(text) > LONGEST:
        raise InputError(f"a stop has at most {LONGEST} characters")
    head, *rest = _DO.split(f" {text}", maxsplit=1)
    commands = tuple(part for part in (part.strip() for part in rest[0].split(";")) if part) if rest else ()
    if rest and not commands:
        raise InputError("do what?", hint=f"write {kind} ... do print cost")
    head = head.strip()
    if kind == "watch":
        if not head:
            raise InputError("watch what?", hint="write watch cost > 3, or watch W[2][0,1]")
        return Breakpoint(number, kind, "", head, commands)
    if kind == "catch":
        name, _, test = head.partition(" ")
        if name not in CATCHES:
            near = difflib.get_close_matches(name, CATCHES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CATCHES)}"
            raise InputError(f'no catch "{safe(name, 30)}"' if name else "catch what?", hint=hint)
        if name == "nan" and test.strip():
            raise InputError("catch nan takes no expression", hint="write watch any(isnan(W[1])), for instance")
        return Breakpoint(number, kind, name, test.strip(), commands)
    place, *tests = IF.split(head, maxsplit=1)
    place, test = place.strip(), tests[0].strip() if tests else ""
    if tests and not test:
        raise InputError("if what?", hint=f"write {kind} {place or 'update'} if cost > 1")
    if not place:
        raise InputError(f"{kind} where?", hint=f"write {kind} bwd 1, {kind} update if cost > 1, or {kind} at e2.b17")
    match = AT.match(place)
    if match and match[1] is None:
        raise InputError("at which position?", hint=f"write {kind} at e2.b17, or {kind} at +3b")
    fixed = parse_position(match[1], clock, t) if match else None
    if fixed is None:
        _look_for_position(kind, place, clock, t)
    return Breakpoint(number, kind, place, test, commands, fixed=fixed)
