"""Stops: breakpoints, watches, catches and logpoints, as sets of positions of whatever timeline one stands on.

A stop is kept as the line that made it and understood anew for each timeline; a session file needs nothing more of it.
There are no hit counters: under time travel they would mean nothing (design: stops.md section 1).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from tuibp.debugger.catches import CATCHES, Catch
from tuibp.debugger.conditions import TRUE, Condition, can_hold, index_of_leaf, next_sites, watched, written_sites
from tuibp.debugger.expressions.past import everything
from tuibp.debugger.expressions.syntax import ExpressionError, Node, parse, text_of
from tuibp.debugger.expressions.typed import LayerNeededError, Scope, Typed, bind, mentions_layer
from tuibp.debugger.location import Location, parse_location, parse_position
from tuibp.debugger.position import Clock
from tuibp.debugger.sites import Site
from tuibp.debugger.timeline import Timeline
from tuibp.engine.text import safe
from tuibp.errors import InputError, TuibpError

Kind: TypeAlias = Literal["break", "tbreak", "watch", "catch"]
KINDS: tuple[Kind, ...] = ("break", "tbreak", "watch", "catch")
_LINE = re.compile(r"(?:fwd|bwd)\s*\d*$")
"""A whole line of the program, none of its operations."""
_AT = re.compile(r"at\s+(.+)$")
_IF = re.compile(r"(?:^|\s)if(?=\s|\(|$)")
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


@dataclass(frozen=True, eq=False)
class Armed:
    """A breakpoint, understood for one timeline."""

    breakpoint: Breakpoint
    conditions: tuple[Condition, ...]
    """One for each layer, place and the like; it stops where any holds."""
    first_bad: bool = False
    """Whether it is the one place where the first nan or infinity is written."""


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
    place, *tests = _IF.split(head, maxsplit=1)
    place, test = place.strip(), tests[0].strip() if tests else ""
    if tests and not test:
        raise InputError("if what?", hint=f"write {kind} {place or 'update'} if cost > 1")
    if not place:
        raise InputError(f"{kind} where?", hint=f"write {kind} bwd 1, {kind} update if cost > 1, or {kind} at e2.b17")
    match = _AT.match(place)
    fixed = parse_position(match[1], clock, t) if match else None
    return Breakpoint(number, kind, place, test, commands, fixed=fixed)


def arm(stop: Breakpoint, timeline: Timeline) -> Armed:
    """What a breakpoint means on a timeline.

    Raises:
        TuibpError: its place or its expression means nothing there.
    """
    if stop.kind == "catch":
        return _arm_catch(stop, CATCHES[stop.place], timeline)
    if stop.kind == "watch":
        return Armed(stop, tuple(_watches(stop.test, timeline)))
    if stop.fixed is not None:
        if stop.fixed > timeline.clock.total:
            raise InputError(f"this timeline ends at t = {timeline.clock.total}, before t = {stop.fixed}")
        test = TRUE if not stop.test else _bound(parse(stop.test), stop.test, timeline, None, test=True)
        return Armed(stop, (Condition(timeline.program, test, (), at=stop.fixed),))
    return Armed(stop, tuple(_breaks(stop, timeline)))


def _breaks(stop: Breakpoint, timeline: Timeline) -> Iterator[Condition]:
    """A break at a place, for each layer that it is of."""
    program, line = timeline.program, _LINE.match(stop.place.strip()) is not None
    for location, layer in places(stop.place, timeline.clock):
        if not stop.test:
            yield Condition(program, TRUE, next_sites(location, program), layer, next=location)
            continue
        node = parse(stop.test)
        own = mentions_layer(node)
        layers = [layer] if layer or not own else list(range(1, program.L + 1))
        for test, l in _each_layer(node, stop.test, timeline, layers):
            where = _where_known(test, stop, location, timeline) if line else location
            sites = next_sites(where, program)
            if not any(can_hold(test, site.executed, program) for site in sites):
                raise _too_early(test, stop, where, timeline)
            yield Condition(program, test, sites, l if own else None, next=where)


def _where_known(test: Typed, stop: Breakpoint, location: Location, timeline: Timeline) -> Location:
    """The first operation of the line of a location at which a test can be told: `bwd 1 if norm(delta[1]) < 1e-3` looks
    at δ where the line has computed it.
    """
    program, line = timeline.program, location.name.partition(".")[0]
    for op in program.sample_ops:
        if op.name.partition(".")[0] == line:
            place = parse_location(op.name, timeline.clock)
            if any(can_hold(test, site.executed, program) for site in next_sites(place, program)):
                return place
    raise _too_early(test, stop, location, timeline)


def _too_early(test: Typed, stop: Breakpoint, location: Location, timeline: Timeline) -> InputError:
    program = timeline.program
    late = max((index_of_leaf(leaf, program) for leaf in everything(test)), default=0)
    ops = [op.name for op in program.batch_ops] + ["end"]
    later = ops[late + 1] if late + 1 < len(ops) else "shuffle"
    words = f"at {location.name} {stop.test} is not known yet: it is computed at {ops[late]}"
    return InputError(words, hint=f"write {stop.kind} {later} if {stop.test}, or watch {stop.test}")


def places(text: str, clock: Clock) -> list[tuple[Location, int | None]]:
    """The places that a LOC names, each with its layer if it has one: "fwd" and "bwd" are those of every layer."""
    word, _, part = text.strip().partition(".")
    if word in ("fwd", "bwd"):
        layers = range(1, clock.program.L + 1)
        return [(parse_location(f"{word}{l}{'.' + part if part else ''}", clock), l) for l in layers]
    location = parse_location(text, clock)
    match = re.match(r"(?:fwd|bwd)(\d+)\.", location.name)
    return [(location, int(match[1]) if match else None)]


def _arm_catch(stop: Breakpoint, row: Catch, timeline: Timeline) -> Armed:
    if not row.expression:
        return Armed(stop, (), first_bad=True)
    text, network = stop.test or row.expression, timeline.recipe.network
    node = parse(text)
    layers: list[int | None] = [None]
    if mentions_layer(node):
        layers = [l for l in range(1, network.L + 1) if network.activation(l).bounded or not row.bounded]
        if not layers:
            raise InputError(
                f"catch {row.name} has no layer to look at here", hint="no activation of this network saturates"
            )
    found = _each_layer(node, text, timeline, layers)
    program = timeline.program
    if row.place:
        location = parse_location(row.place, timeline.clock)
        sites = next_sites(location, program)
        return Armed(stop, tuple(Condition(program, test, sites, l, next=location) for test, l in found))
    return Armed(stop, tuple(Condition(program, test, _written(test, text, timeline), l) for test, l in found))


def _watches(text: str, timeline: Timeline) -> list[Condition]:
    """A watch: where its test is true, or its value has changed."""
    node, program = parse(text), timeline.program
    layers: list[int | None] = list(range(1, program.L + 1)) if mentions_layer(node) else [None]
    found = []
    for typed, layer in _each_layer(node, text, timeline, layers, test=False):
        sites = _written(typed, text, timeline)
        if typed.boolean:
            found.append(Condition(program, typed, sites, layer))
        else:
            found.append(Condition(program, watched(typed), sites, layer, changes=True))
    return found


def _written(node: Typed, text: str, timeline: Timeline) -> tuple[Site, ...]:
    sites = written_sites(node, timeline.program)
    if not sites:
        hint = f"write break update if {text}, or another place" if node.boolean else "watch what an operation writes"
        raise ExpressionError("no operation writes anything that this reads", text, 0, hint)
    return sites


def _each_layer(
    node: Node, text: str, timeline: Timeline, layers: Sequence[int | None], *, test: bool = True
) -> list[tuple[Typed, int | None]]:
    """The expression for each layer for which it means something.

    Raises:
        ExpressionError: it means nothing for any; the message is that for the last one.
    """
    found: list[tuple[Typed, int | None]] = []
    failed: TuibpError | None = None
    for layer in layers:
        try:
            found.append((_bound(node, text, timeline, layer, test=test), layer))
        except LayerNeededError:
            raise
        except ExpressionError as error:
            failed = error
    if not found and failed is not None:
        raise failed
    return found


def _bound(node: Node, text: str, timeline: Timeline, layer: int | None, *, test: bool) -> Typed:
    typed = bind(node, text, Scope(timeline.recipe.network, layer))
    if typed.boolean and typed.shape:
        raise ExpressionError("this is a test for every entry", text, node.at, "wrap it in any(...) or all(...)")
    if test and not typed.boolean:
        raise ExpressionError("a condition is a test", text, node.at, f"compare it: {text_of(node)} > 0, for instance")
    return typed


def of_debug(debug: Mapping[str, Sequence[str]]) -> Iterator[tuple[tuple[str, int], Kind, str]]:
    """The stops of a network file's [debug] table: where each stands there, its kind and its text.

    What stands under `break` and is no place but a test, as "cost > 1.0", is watched.
    """
    kinds: tuple[Kind, ...] = ("break", "watch", "catch")
    for kind in kinds:
        for at, text in enumerate(debug.get(kind, ())):
            test = kind == "break" and re.search(r"[<>=!]", _IF.split(text)[0]) and not _AT.match(text.strip())
            yield (kind, at), "watch" if test else kind, text


class Stops:
    """The breakpoints of a session, by number."""

    def __init__(self) -> None:
        self.all: dict[int, Breakpoint] = {}
        self.next = 1
        """The number of the next one."""

    def add(self, kind: Kind, text: str, timeline: Timeline, t: int) -> Breakpoint:
        """Make one.

        Raises:
            TuibpError: it cannot be read, or means nothing on this timeline; none is made then.
        """
        stop = read(kind, text, self.next, timeline.clock, t)
        arm(stop, timeline)
        return self.put(stop)

    def put(self, stop: Breakpoint) -> Breakpoint:
        """Take one with its number."""
        self.all[stop.number] = stop
        self.next = max(self.next, stop.number + 1)
        return stop

    def get(self, number: int) -> Breakpoint:
        """One by its number.

        Raises:
            InputError: there is none.
        """
        if number not in self.all:
            hint = f"there are {', '.join(map(str, self.all))}" if self.all else "break, watch and catch make one"
            raise InputError(f"there is no stop {number}", hint=hint)
        return self.all[number]

    def delete(self, number: int) -> Breakpoint:
        """Forget one."""
        stop = self.get(number)
        del self.all[number]
        return stop

    def enable(self, number: int, enabled: bool) -> Breakpoint:
        """Let one stop, or not for now."""
        self.all[number] = replace(self.get(number), enabled=enabled)
        return self.all[number]

    @property
    def enabled(self) -> list[Breakpoint]:
        """Those that stop."""
        return [stop for stop in self.all.values() if stop.enabled]
