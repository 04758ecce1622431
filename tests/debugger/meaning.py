"""The oracle of conditions: what an expression is worth at a position, and where a condition on it holds.

It shares the parser with the product, and no more. Its numbers are small arrays of one sample, so what it does can be
read off the design page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from tests.debugger.brute import Answer, Brute, Key, Undefined, Value, value_of
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.syntax import Apply, Axis, Chain, Name, Node, Num, Recall
from tuibp.debugger.names import ALIASES, SCALARS, TENSORS
from tuibp.engine.operations import Tensor

BINARY: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.remainder, "**": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
MAPS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "sqrt": np.sqrt, "log10": np.log10, "exp": np.exp, "isnan": np.isnan, "isinf": np.isinf,
    "isfinite": np.isfinite,
}  # fmt: skip
REDUCTIONS: dict[str, Callable[[Value], Any]] = {
    "norm": lambda x: np.sqrt(np.sum(x * x)), "max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum,
    "any": np.any, "all": np.all, "count": np.count_nonzero, "argmax": np.argmax, "argmin": np.argmin,
}  # fmt: skip
RHYTHM = {
    **dict.fromkeys(("W", "b", "gW", "gb", "uW", "ub", "bcost", "batch", "m"), 1),
    **dict.fromkeys(("epoch", "ecost", "dead"), 0),
    "lr": -1,
}
"""How often something comes about: 0 once an epoch, 1 once a batch, -1 never; all else, 2, once a sample."""


def keys(node: Node | Axis, L: int, layer: int | None) -> Iterator[Key]:
    """All that an expression reads, now or in the past."""
    if isinstance(node, Name):
        name = ALIASES.get(node.name, node.name)
        if name in TENSORS:
            has_layer = TENSORS[name].first is not None
            yield name, whole(node.brackets[0][0], L, layer) if has_layer else None
        elif name in SCALARS and name != "L":
            yield name, None
    elif isinstance(node, Apply) and node.function in ("dead()", "sat()", "ratio()"):
        own = whole(node.args[0], L, layer)
        names = {"dead()": ("dead",), "sat()": ("sp",), "ratio()": ("uW", "W")}[node.function]
        yield from ((name, own) for name in names)
    elif isinstance(node, Apply) and node.function in ("prev()", "avg()"):
        yield from keys(node.args[0], L, layer)
    elif isinstance(node, Apply | Chain):
        for arg in node.args:
            yield from keys(arg, L, layer)


def whole(node: Node | Axis, L: int, layer: int | None) -> int:
    """What stands in brackets."""
    if isinstance(node, Num):
        return int(node.value)
    if isinstance(node, Name):
        assert node.name in ("l", "L")
        if node.name == "L":
            return L
        assert layer is not None
        return layer
    assert isinstance(node, Apply)
    values = [whole(arg, L, layer) for arg in node.args]
    return -values[0] if node.function == "neg" else values[0] + (1 if node.function == "+" else -1) * values[1]


class Expression:
    """One expression on one run."""

    def __init__(
        self, brute: Brute, text: str, layer: int | None = None, given: dict[str, Value] | None = None
    ) -> None:
        """
        Args:
            layer: what l stands for.
            given: what stands behind $, by what follows the sign.
        """
        self.brute, self.layer, self.given = brute, layer, given or {}
        self.node = parse(text)
        self._records: dict[int, list[int]] = {}

    @cached_property
    def reads(self) -> set[Key]:
        """All that it reads."""
        return set(keys(self.node, self.brute.network.L, self.layer))

    def at(self, t: int) -> Answer:
        """What it is worth at a position."""
        with np.errstate(all="ignore"):
            return self._of(self.node, t)

    def true(self, t: int) -> bool:
        """Whether it holds there: undefined counts as false."""
        answer = self.at(t)
        return isinstance(answer, np.ndarray) and bool(answer)

    def _of(self, node: Node, t: int) -> Answer:
        if isinstance(node, Num):
            return value_of(node.value)
        if isinstance(node, Recall):
            return value_of(self.given[node.name])
        if isinstance(node, Name):
            return self._name(node, t)
        if isinstance(node, Chain):
            args = [self._of(arg, t) for arg in node.args]
            pairs = [self._apply(BINARY[sign], [args[i], args[i + 1]]) for i, sign in enumerate(node.operators)]
            answer = pairs[0]
            for pair in pairs[1:]:
                answer = self._logic("and", answer, pair)
            return answer
        name = node.function
        if name in ("and", "or"):
            return self._logic(name, self._of(node.args[0], t), self._of(node.args[1], t))
        if name in ("not", "neg"):
            return self._apply(np.logical_not if name == "not" else np.negative, [self._of(node.args[0], t)])
        if name in BINARY:
            return self._apply(BINARY[name], [self._of(arg, t) for arg in node.args])
        return self._call(name.removesuffix("()"), node, t)

    def _name(self, node: Name, t: int) -> Answer:
        brute, name = self.brute, ALIASES.get(node.name, node.name)
        if name in ("inf", "nan"):
            return value_of(float(name))
        if name in ("l", "L"):
            return value_of(whole(node, brute.network.L, self.layer))
        (key,) = keys(node, brute.network.L, self.layer)
        answer = brute.look(key, t)
        cells = node.brackets[1:] if key[1] is not None else node.brackets
        if not cells:
            return answer
        place = tuple(
            slice(None) if isinstance(at, Axis) else whole(at, brute.network.L, self.layer) for at in cells[0]
        )
        if isinstance(answer, Undefined):
            return Undefined(np.empty(answer.shape)[place].shape)
        return value_of(answer[place])

    def _apply(self, function: Callable[..., Any], args: list[Answer]) -> Answer:
        known = [arg for arg in args if isinstance(arg, np.ndarray)]
        if len(known) < len(args):
            return Undefined(max((arg.shape for arg in args), key=len))
        return value_of(function(*known))

    def _logic(self, name: str, one: Answer, other: Answer) -> Answer:
        """Three-valued for numbers; the tests of an array are defined or not as a whole."""
        both = self._apply(np.logical_and if name == "and" else np.logical_or, [one, other])
        if isinstance(both, Undefined) and both.shape == ():
            for side in (one, other):
                if isinstance(side, np.ndarray) and bool(side) == (name == "or"):
                    return side
        return both

    def _call(self, name: str, node: Apply, t: int) -> Answer:
        if name in MAPS:
            return self._apply(MAPS[name], [self._of(node.args[0], t)])
        if name in REDUCTIONS:
            answer = self._of(node.args[0], t)
            return Undefined() if isinstance(answer, Undefined) else value_of(REDUCTIONS[name](answer))
        if name in ("prev", "avg"):
            return self._past(name, node, t)
        brute, layer = self.brute, whole(node.args[0], self.brute.network.L, self.layer)
        if name == "dead":
            return brute.look(("dead", layer), t)
        if name == "sat":
            flat = brute.network.activation(layer).flat
            slopes = brute.look(("sp", layer), t)
            return Undefined() if isinstance(slopes, Undefined) else value_of(np.mean(np.abs(slopes) <= flat))
        norms = [self._apply(REDUCTIONS["norm"], [brute.look((part, layer), t)]) for part in ("uW", "W")]
        return self._apply(np.divide, [Undefined() if isinstance(part, Undefined) else part for part in norms])

    # -- the past

    def _past(self, name: str, node: Apply, t: int) -> Answer:
        n = whole(node.args[1], self.brute.network.L, self.layer) if len(node.args) > 1 else 1
        rhythm = max(self._rhythms(node.args[0]))
        recorded = self._recorded(node.args[0], rhythm)
        if name == "prev":
            period = self.brute.owner[t][rhythm] - n
            return self._of(node.args[0], recorded[period]) if period >= 0 else Undefined()
        last = sum(at <= t for at in recorded)
        total, count = value_of(0.0), 0
        for period in range(last - 1, max(-1, last - 1 - n), -1):
            answer = self._of(node.args[0], recorded[period])
            if isinstance(answer, np.ndarray):
                total, count = total + answer, count + 1
        return value_of(total / count) if count else Undefined()

    def _rhythms(self, node: Node) -> Iterator[int]:
        """How often the parts of an expression come about."""
        yield from (RHYTHM.get(key[0], 2) for key in keys(node, self.brute.network.L, self.layer))

    def _recorded(self, node: Node, rhythm: int) -> list[int]:
        """The position at which each period records it: behind the last operation that writes something it reads, as
        long as that belongs to the period: a sample ends with its acc, a batch with its update.
        """
        if id(node) not in self._records:
            done, found = self.brute.done[rhythm], []
            least = ("end", "acc", "load")[rhythm]
            names = {least, *(name for key in keys(node, self.brute.network.L, self.layer)
                              for name in self._writers(key, at_end=False))}  # fmt: skip
            if rhythm > 0:
                names.discard("end")
            if rhythm == 2 and names & {"grad", "update"}:
                names.add("acc")
            for period in range(max(own[rhythm] for own in self.brute.owner) + 1):
                found.append(max(at for name in names if (at := done.get((period, name)))))
            self._records[id(node)] = found
        return self._records[id(node)]

    def _writers(self, key: Key, *, at_end: bool) -> Iterator[str]:
        """The names of the operations that write something.

        Args:
            at_end: whether the epoch's cost counts as written where the epoch ends, or with each sample that joins it.
        """
        name, layer = key
        if name in ("uW", "ub"):
            yield "update"
        elif name in ("W", "b"):
            if any(Tensor(name, layer) in op.writes for op in self.brute.program.batch_ops) or not at_end:
                yield "update"
        elif name in ("ecost", "dead"):
            yield "end" if at_end or name == "dead" else "acc"
        elif name == "bcost":
            yield "acc"
        elif name == "x":
            yield "load"
        elif name == "dC_da" and layer == 0:
            yield "bwd1.db"
        else:
            wanted = Tensor(name, layer)
            yield from (op.name for op in self.brute.program.batch_ops if wanted in op.writes)

    # -- where it holds

    @cached_property
    def written(self) -> list[int]:
        """The positions behind an operation that has written something it reads."""
        names = {name for key in self.reads for name in self._writers(key, at_end=True)}
        return [t + 1 for t, op in enumerate(self.brute.ops) if op.name in names]

    def watch(self) -> list[int]:
        """Where a watch on this test holds."""
        return [t for t in self.written if self.true(t)]

    def changes(self) -> list[int]:
        """Where a watch on this number or array holds."""
        found, before = [], self._bits(0)
        for t in self.written:
            bits = self._bits(t)
            if bits is not None and bits != before:
                found.append(t)
            before = before if bits is None else bits
        return found

    def _bits(self, t: int) -> bytes | None:
        answer = self.at(t)
        if isinstance(answer, Undefined):
            return None
        return np.where(np.isnan(answer), np.nan, answer.astype(np.float64)).tobytes()  # one nan is like another

    def next(self, name: str) -> list[int]:
        """Where a break before an operation holds, if this is its test."""
        return [t for t, op in enumerate(self.brute.ops) if op.name == name and self.true(t)]
