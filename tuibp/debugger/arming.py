"""What a stop means on a network: the conditions that hold where it stops.

Nothing is run for that, so what cannot be is refused at once, with the place where it could be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuibp.debugger.breakpoints import Breakpoint
from tuibp.debugger.catches import CATCHES, Catch
from tuibp.debugger.conditions import TRUE, Condition, can_hold, index_of_leaf, next_sites, watched, written_sites
from tuibp.debugger.expressions.binding import LayerNeededError, Scope, bind, mentions_layer
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.past import everything
from tuibp.debugger.expressions.syntax import ExpressionError, Node, text_of
from tuibp.debugger.expressions.typed import Typed
from tuibp.debugger.location import Location, parse_location
from tuibp.debugger.position import Clock
from tuibp.debugger.sites import Site
from tuibp.errors import InputError, TuibpError

_LINE = re.compile(r"(?:fwd|bwd)\s*\d*$")
"""A whole line of the program, none of its operations."""
_EVERY = re.compile(r"(fwd|bwd)([.\s]+[^\d\s].*)?")
"""A line of every layer, or one of its operations."""


@dataclass(frozen=True, eq=False)
class Armed:
    """A breakpoint, understood for one timeline."""

    breakpoint: Breakpoint
    conditions: tuple[Condition, ...]
    """One for each layer, place and the like; it stops where any holds."""
    first_bad: bool = False
    """Whether it is the one place where the first nan or infinity is written."""


def arm(stop: Breakpoint, clock: Clock) -> Armed:
    """What a breakpoint means on the timelines of a clock.

    Raises:
        TuibpError: its place or its expression means nothing there.
    """
    if stop.kind == "catch":
        return _arm_catch(stop, CATCHES[stop.place], clock)
    if stop.kind == "watch":
        return Armed(stop, tuple(_watches(stop.test, clock)))
    if stop.fixed is not None:
        if stop.fixed > clock.total:
            raise InputError(f"this timeline ends at t = {clock.total}, before t = {stop.fixed}")
        test = TRUE if not stop.test else _bound(parse(stop.test), stop.test, clock, None, test=True)
        return Armed(stop, (Condition(clock.program, test, (), at=stop.fixed),))
    return Armed(stop, tuple(_breaks(stop, clock)))


def _breaks(stop: Breakpoint, clock: Clock) -> Iterator[Condition]:
    """A break at a place, for each layer that it is of."""
    program, line = clock.program, _LINE.match(stop.place.strip()) is not None
    for location, layer in places(stop.place, clock):
        if not stop.test:
            yield Condition(program, TRUE, next_sites(location, program), layer, next=location)
            continue
        node = parse(stop.test)
        own = mentions_layer(node)
        layers = [layer] if layer or not own else list(range(1, program.L + 1))
        for test, l in _each_layer(node, stop.test, clock, layers):
            where = _where_known(test, stop, location, clock) if line else location
            sites = next_sites(where, program)
            if not any(can_hold(test, site.executed, program) for site in sites):
                raise _too_early(test, stop, where, clock)
            yield Condition(program, test, sites, l if own else None, next=where)


def _where_known(test: Typed, stop: Breakpoint, location: Location, clock: Clock) -> Location:
    """The first operation of the line of a location at which a test can be told: `bwd 1 if norm(delta[1]) < 1e-3` looks
    at δ where the line has computed it.
    """
    program, line = clock.program, location.name.partition(".")[0]
    for op in program.sample_ops:
        if op.name.partition(".")[0] == line:
            place = parse_location(op.name, clock)
            if any(can_hold(test, site.executed, program) for site in next_sites(place, program)):
                return place
    raise _too_early(test, stop, location, clock)


def _too_early(test: Typed, stop: Breakpoint, location: Location, clock: Clock) -> InputError:
    program = clock.program
    late = max((index_of_leaf(leaf, program) for leaf in everything(test)), default=0)
    ops = [op.name for op in program.batch_ops] + ["end"]
    later = ops[late + 1] if late + 1 < len(ops) else "shuffle"
    words = f"at {location.name} {stop.test} is not known yet: it is computed at {ops[late]}"
    return InputError(words, hint=f"write {stop.kind} {later} if {stop.test}, or watch {stop.test}")


def places(text: str, clock: Clock) -> list[tuple[Location, int | None]]:
    """The places that a LOC names, each with its layer if it has one: "fwd" and "bwd" are those of every layer."""
    if every := _EVERY.fullmatch(text.strip()):
        word, part = every.groups(default="")
        return [(parse_location(f"{word}{l}{part}", clock), l) for l in range(1, clock.program.L + 1)]
    location = parse_location(text, clock)
    match = re.match(r"(?:fwd|bwd)(\d+)\.", location.name)
    return [(location, int(match[1]) if match else None)]


def _arm_catch(stop: Breakpoint, row: Catch, clock: Clock) -> Armed:
    if not row.expression:
        return Armed(stop, (), first_bad=True)
    text, network = stop.test or row.expression, clock.program.recipe.network
    node = parse(text)
    layers: list[int | None] = [None]
    if mentions_layer(node):
        layers = [l for l in range(1, network.L + 1) if network.activation(l).bounded or not row.bounded]
        if not layers:
            raise InputError(
                f"catch {row.name} has no layer to look at here", hint="no activation of this network saturates"
            )
    found = _each_layer(node, text, clock, layers)
    program = clock.program
    if row.place:
        location = parse_location(row.place, clock)
        sites = next_sites(location, program)
        return Armed(stop, tuple(Condition(program, test, sites, l, next=location) for test, l in found))
    return Armed(stop, tuple(Condition(program, test, _written(test, text, clock), l) for test, l in found))


def _watches(text: str, clock: Clock) -> list[Condition]:
    """A watch: where its test is true, or its value has changed."""
    node, program = parse(text), clock.program
    layers: list[int | None] = list(range(1, program.L + 1)) if mentions_layer(node) else [None]
    found = []
    for typed, layer in _each_layer(node, text, clock, layers, test=False):
        sites = _written(typed, text, clock)
        if typed.boolean:
            found.append(Condition(program, typed, sites, layer))
        else:
            found.append(Condition(program, watched(typed), sites, layer, changes=True))
    return found


def _written(node: Typed, text: str, clock: Clock) -> tuple[Site, ...]:
    sites = written_sites(node, clock.program)
    if not sites:
        hint = f"write break update if {text}, or another place" if node.boolean else "watch what an operation writes"
        raise ExpressionError("no operation writes anything that this reads", text, 0, hint)
    return sites


def _each_layer(
    node: Node, text: str, clock: Clock, layers: Sequence[int | None], *, test: bool = True
) -> list[tuple[Typed, int | None]]:
    """The expression for each layer for which it means something.

    Raises:
        ExpressionError: it means nothing for any; the message is that for the last one.
    """
    found: list[tuple[Typed, int | None]] = []
    failed: TuibpError | None = None
    for layer in layers:
        try:
            found.append((_bound(node, text, clock, layer, test=test), layer))
        except LayerNeededError:
            raise
        except ExpressionError as error:
            failed = error
    if not found and failed is not None:
        raise failed
    return found


def _bound(node: Node, text: str, clock: Clock, layer: int | None, *, test: bool) -> Typed:
    typed = bind(node, text, Scope(clock.program.recipe.network, layer))
    if typed.boolean and typed.shape:
        raise ExpressionError("this is a test for every entry", text, node.at, "wrap it in any(...) or all(...)")
    if test and not typed.boolean:
        raise ExpressionError("a condition is a test", text, node.at, f"compare it: {text_of(node)} > 0, for instance")
    return typed
