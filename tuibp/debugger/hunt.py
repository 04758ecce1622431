"""The hunt: some stops on one timeline, where the next of them lies, and what there is to say at a position.

All that hold at one position are reported, each with the numbers that made it hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tuibp.debugger.arming import Armed, arm
from tuibp.debugger.breakpoints import Breakpoint
from tuibp.debugger.catches import CATCHES
from tuibp.debugger.conditions import Condition
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.syntax import Apply, Chain, Name, Node, Num, Recall, text_of
from tuibp.debugger.expressions.typed import Op, Typed
from tuibp.debugger.names import SCALARS, TENSORS
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.search import Found, Search
from tuibp.debugger.sweep import value_at
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View


@dataclass(frozen=True, eq=False)
class Hit:
    """A stop that holds at a position."""

    stop: Breakpoint
    values: tuple[tuple[str, Values], ...]
    """What it looked at, and the numbers: ("norm(db[1])", 0.0012); of a watch for changes first the old, then the new
    value.
    """


class Hunt:
    """Stops on a timeline."""

    def __init__(self, timeline: Timeline, stops: Iterable[Breakpoint], first_bad: FirstNonFinite) -> None:
        """
        Raises:
            TuibpError: a stop means nothing on this timeline.
        """
        self._timeline = timeline
        self._stops = tuple(stops)
        self._armed: list[Armed] = [arm(stop, timeline.clock) for stop in self._stops]
        self._first_bad = first_bad
        conditions = [condition for armed in self._armed for condition in armed.conditions]
        wants_bad = any(armed.first_bad for armed in self._armed)
        self._search = Search(timeline, conditions, first_bad if wants_bad else None)

    def without(self, stops: Iterable[Breakpoint]) -> Hunt:
        """The same without some of them."""
        numbers = {stop.number for stop in stops}
        return Hunt(self._timeline, [stop for stop in self._stops if stop.number not in numbers], self._first_bad)

    @property
    def logs(self) -> bool:
        """Whether some are logpoints."""
        return any(armed.breakpoint.commands for armed in self._armed)

    @property
    def wanes(self) -> bool:
        """Whether some are forgotten where they hold."""
        return any(stop.kind == "tbreak" for stop in self._stops)

    @property
    def simple(self) -> bool:
        """Whether any number of stops may be gone over at once."""
        return self._search.simple and not self.logs and not self.wanes

    def next(self, t: int, direction: int, count: int = 1) -> Found:
        """The next position where one stops, after t or before it, or the count-th where the hunt is simple; yields and
        raises as `Search.forward`.
        """
        return self._search.forward(t, None, count) if direction > 0 else self._search.reverse(t, count)

    def hits(self, t: int) -> list[Hit]:
        """All that hold at a position."""
        found: list[Hit] = []
        for armed in self._armed:
            holding = Search(self._timeline, armed.conditions).holding(t)
            if holding:
                found.append(Hit(armed.breakpoint, self._looked_at(armed.breakpoint, holding, t)))
            elif armed.first_bad and self._is_first_bad(t):
                found.append(Hit(armed.breakpoint, tuple(self._written(t))))
        return found

    def _written(self, t: int) -> Iterator[tuple[str, Values]]:
        """What the operation before a position has written."""
        op, view = self._timeline.clock.at(t - 1).op, View(self._timeline, t)
        assert op is not None
        for name, layer in op.writes:
            value = view.scalar(name) if name in SCALARS else view.get(name, layer) if name in TENSORS else None
            if value is not None and not np.isfinite(value).all():
                place = name if layer is None else f"{name}[{layer}]"
                yield f"{op.name} wrote {place}", np.asarray(value)

    def _is_first_bad(self, t: int) -> bool:
        return ended(self._first_bad.up_to(t)) == t

    def _looked_at(self, stop: Breakpoint, holding: Sequence[Condition], t: int) -> tuple[tuple[str, Values], ...]:
        text = stop.test or (CATCHES[stop.place].expression if stop.kind == "catch" else "")
        if not text:
            return ()
        found: list[tuple[str, Values]] = []
        for condition in holding:
            for node in _asked(parse(text), changes=condition.changes):
                scope = Scope(self._timeline.recipe.network, condition.layer)
                typed = bind(node, text, scope)
                name = _with_layer(text_of(node), condition.layer)
                if condition.changes:
                    found += [(f"{name} before", value) for value in self._before(condition, typed, t)]
                value = value_at(self._timeline, typed, t)
                if value is not None:
                    found.append((name, value))
        return tuple({name: (name, value) for name, value in found}.values())

    def _before(self, condition: Condition, typed: Typed, t: int) -> Iterator[Values]:
        """The value of a watched quantity at the site before, or as the run began, if it was defined there."""
        node = condition.node
        defined = Op("or", (Op("==", (node, node), (), True), Op("!=", (node, node), (), True)), (), True)
        sites = replace(condition, node=defined, changes=False)
        place = ended(Search(self._timeline, [sites]).reverse(t))
        value = value_at(self._timeline, typed, place or 0)
        if value is not None:
            yield value


def ended(search: Found) -> int | None:
    """What a search comes to."""
    while True:
        try:
            next(search)
        except StopIteration as done:
            found: int | None = done.value
            return found


def _with_layer(text: str, layer: int | None) -> str:
    return text if layer is None else text.replace("[l]", f"[{layer}]").replace("(l)", f"({layer})")


def _asked(node: Node, *, changes: bool = False) -> Iterator[Node]:
    """What a test compares, without the numbers it compares with; of a watch for changes, all of it."""
    if changes or isinstance(node, Name | Recall):
        yield node
    elif isinstance(node, Chain):
        yield from (arg for arg in node.args if not isinstance(arg, Num))
    elif isinstance(node, Apply) and node.function in ("and", "or", "not"):
        for arg in node.args:
            yield from _asked(arg)
    elif isinstance(node, Apply):
        yield node
