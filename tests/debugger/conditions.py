"""Random conditions on random runs, as text: every construct of the language, thresholds between values that occur.

No threshold equals a value, so that it does not matter in which order a sum is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.debugger.brute import Brute
from tests.debugger.meaning import Expression
from tuibp.debugger.conditions import TRUE, Condition, next_sites, watched, written_sites
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.location import location
from tuibp.debugger.names import TENSORS

SIGNS = ("<", "<=", ">", ">=")
POSITIONS = ("sample % 3 == 1", "sample == 0", "batch % 2 == 1", "epoch == 1", "t % 7 == 3", "m < 3",
             "epoch * 2 == batch",
             "sample == m - 1")  # fmt: skip
EXACT = ("max", "min", "count", "argmax", "argmin")
"""Reductions whose bits do not depend on the order."""


@dataclass
class Writer:
    """Writes expressions for one run."""

    rng: np.random.Generator
    brute: Brute
    exact: bool = False
    """Whether a result may not depend on the order of a sum."""
    far: int = 9
    """How far prev and avg may look back."""

    def pick(self, *items: str) -> str:
        """One of them."""
        return items[int(self.rng.integers(len(items)))]

    def layer(self, first: int = 1) -> int:
        """Any layer."""
        return int(self.rng.integers(first, self.brute.network.L + 1))

    def tensor(self, *, cell: bool) -> str:
        """A tensor, a part of it, or a single cell of it."""
        name = self.pick(*TENSORS)
        row = TENSORS[name]
        layer = None if row.first is None else self.layer(row.first)
        shape = row.shape(self.brute.network, layer or 0)
        text = name if layer is None else f"{name}[{layer}]"
        if not cell and self.rng.random() < 0.7:
            return text
        parts = [str(self.rng.integers(n)) for n in shape]
        if not cell and len(parts) == 2:
            parts[int(self.rng.integers(2))] = ":"
        return f"{text}[{','.join(parts)}]" if cell or len(parts) == 2 else text

    def array(self) -> str:
        """An array."""
        whole = self.tensor(cell=False)
        choice = self.rng.random()
        if choice < 0.5:
            return whole
        if choice < 0.7:
            return f"{self.pick('abs', 'exp', 'sqrt')}({whole})"
        if choice < 0.8:
            return f"({whole} - {self.tensor(cell=True)})"
        if choice < 0.9:
            return f"{whole} * {self.pick('cost', 'bcost', 'ecost', 'lr', '2')}"
        layer = self.layer()
        return self.pick(f"(a[{layer}] - z[{layer}])", f"(W[{layer}] + gW[{layer}])", f"(dC_da[{layer}] * db[{layer}])")

    def own(self) -> str:
        """dead, sat, ratio of a layer that has them."""
        network = self.brute.network
        sigmas = {l: network.activation(l) for l in range(1, network.L + 1)}
        layers = [l for l, sigma in sigmas.items() if sigma.elementwise and sigma.flat >= 0]
        if self.exact:
            return f"sat({layers[0]})" if layers else "cost"
        if not layers or self.rng.random() < 0.3:
            return f"ratio({self.layer()})"
        return f"{self.pick('dead', 'sat')}({layers[int(self.rng.integers(len(layers)))]})"

    def reduction(self) -> str:
        """An array to a number."""
        name = self.pick(*EXACT) if self.exact else self.pick(*EXACT, "norm", "sum", "mean", "mean?")
        array = self.array()
        if name in ("count", "mean?"):
            return f"{name.strip('?')}({self.comparison(array)})"
        return f"{name}({array})"

    def past(self, depth: int) -> str:
        """prev or avg."""
        inner = self.number(depth - 1)
        beats = Expression(self.brute, inner)
        if max(beats._rhythms(beats.node), default=-1) < 0:
            inner = "bcost"
        n = int(self.rng.integers(1, 3 if self.rng.random() < 0.6 else self.far))
        return self.pick(f"prev({inner})", f"prev({inner}, {n})", f"avg({inner}, {n})")

    def number(self, depth: int = 2) -> str:
        """A number."""
        choice = self.rng.random()
        if depth > 0 and choice < 0.2:
            return self.past(depth)
        if depth > 0 and choice < 0.3:
            sign = self.pick("+", "-", "*", "/", "%")
            return f"({self.number(depth - 1)} {sign} {self.number(depth - 1)})"
        if choice < 0.4:
            return self.own()
        if choice < 0.55:
            return self.pick(
                "cost", "bcost", "ecost", "C", "cost * 2 - 1", "-cost", "sample", "batch", "epoch", "t", "m"
            )
        if choice < 0.8:
            return self.reduction()
        return self.tensor(cell=True)

    def threshold(self, text: str) -> str:
        """A number between two values that occur."""
        expression, seen = Expression(self.brute, text), []
        for t in self.rng.integers(self.brute.total + 1, size=12):
            answer = expression.at(int(t))
            if isinstance(answer, np.ndarray):
                seen += [float(value) for value in answer.reshape(-1) if np.isfinite(value)]
        values = np.unique(seen)
        gaps = [(one + other) / 2 for one, other in pairwise(values)
                if other - one > 1e-6 * max(1e-6, abs(one))]  # fmt: skip
        return f"{gaps[int(self.rng.integers(len(gaps)))]:.17g}" if gaps else "0.12345"

    def comparison(self, text: str) -> str:
        """What is compared with thresholds: once, or on both sides."""
        if self.rng.random() < 0.2:
            low, high = sorted([self.threshold(text), self.threshold(text)], key=float)
            return f"{low} < {text} <= {high}"
        return f"{text} {self.pick(*SIGNS)} {self.threshold(text)}"

    def test(self, depth: int = 2) -> str:
        """A test."""
        choice = self.rng.random()
        if depth > 0 and choice < 0.25:
            return f"({self.test(depth - 1)}) {self.pick('and', 'or')} ({self.test(depth - 1)})"
        if depth > 0 and choice < 0.32:
            return f"not ({self.test(depth - 1)})"
        if choice < 0.45:
            return self.pick(*POSITIONS)
        if choice < 0.65:
            array = self.array()
            tail = f" {self.pick('and', 'or')} {self.pick(*POSITIONS)}" if self.rng.random() < 0.2 else ""
            return f"{self.pick('any', 'all')}({self.comparison(array)}{tail})"
        if choice < 0.7:
            return f"{self.pick('isnan', 'isinf', 'isfinite')}({self.number(1)})"
        if choice < 0.75:
            return f"{self.tensor(cell=True)} {self.pick('>', '<=')} {self.tensor(cell=True)}"
        return self.comparison(self.number(2))


@dataclass
class Case:
    """A condition and the positions where it holds."""

    text: str
    condition: Condition
    positions: list[int]


def condition(brute: Brute, kind: str, text: str, place: str = "") -> Condition:
    """As a command would make it.

    Args:
        kind: watch (a test), changes (a number or an array), break (before `place`, if the test holds; "" is none).
    """
    program = brute.program
    node = bind(parse(text), text, Scope(brute.network)) if text else TRUE
    if kind == "break":
        where = location(place, brute.clock)
        return Condition(program, node, next_sites(where, program), next=where)
    if kind == "watch":
        return Condition(program, node, written_sites(node, program))
    return Condition(program, watched(node), written_sites(node, program), changes=True)


def case(brute: Brute, kind: str, text: str, place: str = "") -> Case:
    """A condition with what the oracle says of it."""
    made = condition(brute, kind, text, place)
    label = f"{kind} {place} {text}"
    if not text:
        return Case(label, made, [t for t, op in enumerate(brute.ops) if op.name == place])
    expression = Expression(brute, text)
    positions = (
        expression.next(place) if kind == "break" else expression.watch() if kind == "watch" else expression.changes()
    )
    return Case(label, made, positions)


def random_case(rng: np.random.Generator, brute: Brute, far: int = 9) -> Case:
    """Any condition."""
    writer = Writer(rng, brute, far=far)
    choice = rng.random()
    if choice < 0.35:
        return case(brute, "watch", writer.test())
    if choice < 0.65:
        names = list(dict.fromkeys(op.name for op in brute.ops))
        place = names[int(rng.integers(len(names)))]
        return case(brute, "break", writer.test() if rng.random() < 0.85 else "", place)
    if choice < 0.8:
        return case(brute, "changes", writer.tensor(cell=False))
    writer.exact = True
    return case(brute, "changes", writer.number())
