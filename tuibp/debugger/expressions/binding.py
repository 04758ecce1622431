"""From a tree of names to a typed tree: what each name, layer and cell is on one network, or why it is none."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuibp.debugger.expressions.functions import FUNCTIONS, Function
from tuibp.debugger.expressions.syntax import Apply, Axis, Chain, ExpressionError, Name, Node, Num, Recall
from tuibp.debugger.expressions.typed import (
    BATCHWISE,
    Const,
    Dead,
    Given,
    Leaf,
    Op,
    Past,
    Reduce,
    Rhythm,
    Scalar,
    Shape,
    Typed,
)
from tuibp.debugger.foreign import NAME_WORDS
from tuibp.debugger.names import ALIASES, SCALARS, TENSORS
from tuibp.engine.arrays import Array
from tuibp.engine.network import Network
from tuibp.engine.text import safe
from tuibp.errors import TuibpError

MOST_PERIODS = 1_000
"""How far avg and prev may look back."""
_RHYTHMS: dict[str, Rhythm] = {
    **dict.fromkeys(BATCHWISE, "batch"),
    "cost": "sample",
    "bcost": "batch",
    "ecost": "epoch",
    "sample": "sample",
    "batch": "batch",
    "epoch": "epoch",
    "t": "sample",
    "m": "batch",
    "lr": "",
}
_ORDER: tuple[Rhythm, ...] = ("", "epoch", "batch", "sample")


class LayerNeededError(ExpressionError):
    """The expression speaks of layer l, and nothing says which that is."""


@dataclass(frozen=True, eq=False)
class Scope:
    """What names mean."""

    network: Network
    layer: int | None = None
    """What l stands for."""
    recall: Callable[[str], Array | float | bool] | None = None
    """The values behind $, by what follows the sign; raises a TuibpError."""


def bind(node: Node, text: str, scope: Scope) -> Typed:
    """The typed tree.

    Args:
        text: of the expression, for messages.

    Raises:
        ExpressionError: a name, a layer, a cell or a shape that this network does not have.
    """
    return _Binder(text, scope).bind(node)


def mentions_layer(node: Node | Axis) -> bool:
    """Whether the expression speaks of layer l, whichever that is."""
    if isinstance(node, Name):
        return node.name == "l" or any(mentions_layer(part) for bracket in node.brackets for part in bracket)
    if isinstance(node, Apply | Chain):
        return any(map(mentions_layer, node.args))
    return False


def rhythm(node: Typed) -> Rhythm:
    """How often it comes about: as often as the most frequent of its parts."""
    if isinstance(node, Leaf | Scalar):
        return _RHYTHMS.get(node.name, "sample")
    if isinstance(node, Dead):
        return "epoch"
    if isinstance(node, Past):
        return node.rhythm
    parts = node.args if isinstance(node, Op) else (node.arg,) if isinstance(node, Reduce) else ()
    return max((rhythm(part) for part in parts), key=_ORDER.index, default="")


class _Binder:
    """Binds one expression."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._network = scope.network

    def _fail(self, message: str, at: int, hint: str | None = None) -> ExpressionError:
        return ExpressionError(message, self._text, at, hint)

    def bind(self, node: Node) -> Typed:
        """Any node."""
        if isinstance(node, Num):
            return Const(node.value)
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Recall):
            return self._recall(node)
        if isinstance(node, Chain):
            return self._chain(node)
        if node.function.endswith("()"):
            return self._call(node)
        return self._operator(node)

    # -- names

    def _name(self, node: Name) -> Typed:
        name = ALIASES.get(node.name, node.name)
        if name in SCALARS or name in ("l", "inf", "nan"):
            if node.brackets:
                raise self._fail(f"{name} is one number and has no brackets", node.at, f"write {name}")
            if name in ("inf", "nan"):
                return Const(float(name))
            if name == "L":
                return Const(float(self._network.L))
            return Const(float(self._layer(node))) if name == "l" else Scalar(name)
        if name not in TENSORS:
            raise self._unknown(node.name, node.at, [*TENSORS, *SCALARS, *ALIASES, *FUNCTIONS], "variable")
        return self._tensor(name, node)

    def _unknown(self, name: str, at: int, known: list[str], what: str) -> ExpressionError:
        near = difflib.get_close_matches(name, known, n=1)
        if name in FUNCTIONS:
            return self._fail(f"{name} is a function", at, f"write {FUNCTIONS[name].usage}")
        if name in NAME_WORDS and what == "variable":
            return self._fail(f"no {what} '{safe(name, 40)}'", at, f"write {NAME_WORDS[name]}")
        hint = f"did you mean {near[0]}?" if near else f"there are {' '.join(dict.fromkeys(known))}"
        return self._fail(f"no {what} '{safe(name, 40)}'", at, hint)

    def _layer(self, node: Name) -> int:
        if self._scope.layer is None:
            raise LayerNeededError(
                "l stands for no layer here", self._text, node.at, f"write its number, 1..{self._network.L}"
            )
        return self._scope.layer

    def _tensor(self, name: str, node: Name) -> Leaf:
        row, network, brackets = TENSORS[name], self._network, list(node.brackets)
        layer = None
        if row.first is not None:
            if not brackets:
                raise self._fail(
                    f"{node.name} needs its layer", node.at, f"write {node.name}[l] with l in {row.first}..{network.L}"
                )
            inside = brackets.pop(0)
            if len(inside) != 1:
                guess = f"{node.name}[{network.L}][{','.join(map(self._written, inside))}]"
                raise self._fail("the first bracket is the layer", node.at, f"write {guess}")
            layer = self._integer(inside[0], "a layer")
            if not row.first <= layer <= network.L:
                at = inside[0].at
                raise self._fail(
                    f"{node.name}[{layer}] does not exist",
                    at,
                    f"the layers of {node.name} are {row.first}..{network.L}",
                )
        shape = row.shape(network, layer or 0)
        if not brackets:
            return Leaf(name, layer, (), shape)
        if len(brackets) > 1:
            more = f"write {node.name}[layer][cell]" if layer is not None else f"write {node.name}[cell]"
            raise self._fail(f"{node.name} has too many brackets", brackets[1][0].at, more)
        return self._cell(name, layer, shape, brackets[0])

    def _written(self, part: Node | Axis) -> str:
        return f"{part.value:g}" if isinstance(part, Num) else ":" if isinstance(part, Axis) else "…"

    def _cell(self, name: str, layer: int | None, shape: Shape, parts: tuple[Node | Axis, ...]) -> Leaf:
        place = name if layer is None else f"{name}[{layer}]"
        if len(parts) != len(shape):
            wanted = f"{place}[{','.join('ij'[: len(shape)])}]"
            whole = f", or {place}[i,:] for a row" if len(shape) == 2 else ""
            numbers = "one number" if len(shape) == 1 else f"{len(shape)} numbers"
            raise self._fail(f"a cell of {place} has {numbers}", parts[0].at, f"write {wanted}{whole}")
        index: list[int | None] = []
        for part, n in zip(parts, shape, strict=True):
            at = None if isinstance(part, Axis) else self._integer(part, "a cell")
            if at is not None and not 0 <= at < n:
                last = ",".join(str(size - 1) for size in shape)
                zeros = ",".join("0" for _ in shape)
                raise self._fail(f"{place} has no place {at} there", part.at, f"its cells are [{zeros}] to [{last}]")
            index.append(at)
        left = tuple(n for n, at in zip(shape, index, strict=True) if at is None)
        return Leaf(name, layer, tuple(index), left)

    def _integer(self, node: Node | Axis, what: str) -> int:
        """What stands in brackets: whole numbers, l, L, + and -."""
        if isinstance(node, Num) and node.value == int(min(max(node.value, -1e9), 1e9)):
            return int(node.value)
        if isinstance(node, Name) and node.name in ("l", "L") and not node.brackets:
            return self._layer(node) if node.name == "l" else self._network.L
        if isinstance(node, Apply) and node.function in ("+", "-", "neg"):
            values = [self._integer(arg, what) for arg in node.args]
            return -values[0] if node.function == "neg" else values[0] + (1 if node.function == "+" else -1) * values[1]
        if isinstance(node, Axis):
            raise self._fail(f"{what} is a number", node.at, "write one layer at a time, or l in a watch: all of them")
        raise self._fail(f"{what} is a whole number", node.at, "write digits, l, L, + and - in brackets")

    def _recall(self, node: Recall) -> Typed:
        shown = f"${safe(node.name, 20)}"
        if self._scope.recall is None:
            raise self._fail(f"{shown} has no value here", node.at, "write the number itself")
        try:
            value = self._scope.recall(node.name)
        except TuibpError as error:
            raise self._fail(error.message, node.at, error.hint) from None
        if node.brackets:
            raise self._fail("a value of the history has no brackets", node.at, "print the cell itself")
        if isinstance(value, np.ndarray) and value.ndim:
            return Given(value.astype(np.bool_ if value.dtype == np.bool_ else np.float64), value.dtype == np.bool_)
        return Const(float(value), isinstance(value, bool | np.bool_))

    # -- operators

    def _chain(self, node: Chain) -> Typed:
        args = [self._number(arg) for arg in node.args]
        pairs = [
            Op(sign, (one, other), self._common(one, other, node.at), True)
            for sign, one, other in zip(node.operators, args[:-1], args[1:], strict=True)
        ]
        whole: Typed = pairs[0]
        for pair in pairs[1:]:
            whole = Op("and", (whole, pair), self._common(whole, pair, node.at), True)
        return whole

    def _operator(self, node: Apply) -> Typed:
        if node.function in ("and", "or", "not"):
            args = tuple(self._test(arg, node.function) for arg in node.args)
        else:
            args = tuple(self._number(arg) for arg in node.args)
        shape = args[0].shape if len(args) == 1 else self._common(args[0], args[1], node.at)
        return fold(Op(node.function, args, shape, node.function in ("and", "or", "not")))

    def _number(self, node: Node) -> Typed:
        typed = self.bind(node)
        if typed.boolean:
            raise self._fail("a test is no number", node.at, "count(...) says how often it holds")
        return typed

    def _test(self, node: Node, word: str) -> Typed:
        typed = self.bind(node)
        if not typed.boolean:
            raise self._fail(f"{word} wants a test", node.at, "compare it, such as cost > 1")
        return typed

    def _common(self, one: Typed, other: Typed, at: int) -> Shape:
        """The shape of two parts that go together."""
        if one.shape == other.shape or not other.shape:
            return one.shape
        if not one.shape:
            return other.shape
        raise self._fail(f"shapes {_text(one.shape)} and {_text(other.shape)} do not go together", at,
                         "arrays go with numbers and with arrays of their own shape")  # fmt: skip

    # -- functions

    def _call(self, node: Apply) -> Typed:
        name = node.function.removesuffix("()")
        row = FUNCTIONS.get(name)
        if row is None:
            if name in TENSORS or name in ALIASES:
                raise self._fail(f"{safe(name, 40)} is no function", node.at, "its layer stands in square brackets")
            raise self._unknown(name, node.at, list(FUNCTIONS), "function")
        least, most = (2, 2) if name == "avg" else (1, 2) if name == "prev" else (1, 1)
        if not least <= len(node.args) <= most:
            wanted = "one value" if most == 1 else "2 values" if least == most else "1 or 2 values"
            raise self._fail(f"{name} takes {wanted}", node.at, f"write {row.usage}")
        return {"map": self._map, "reduce": self._reduce, "past": self._past, "own": self._own}[row.kind](row, node)

    def _map(self, row: Function, node: Apply) -> Typed:
        arg = self._number(node.args[0])
        return fold(Op(row.name, (arg,), arg.shape, row.gives == "test"))

    def _reduce(self, row: Function, node: Apply) -> Typed:
        arg = self.bind(node.args[0])
        at = node.args[0].at
        if row.takes == "test" and not arg.boolean:
            raise self._fail(f"{row.name} wants a test", at, f"write {row.name}(... > 0), for instance")
        if row.takes == "number" and arg.boolean:
            raise self._fail(f"{row.name} wants numbers", at, "any(...), all(...) and count(...) take tests")
        return Reduce(row.name, arg, row.gives == "test")

    def _past(self, row: Function, node: Apply) -> Typed:
        arg = self.bind(node.args[0])
        if arg.boolean:
            raise self._fail(f"{row.name} wants a number", node.args[0].at, f"write {row.usage}")
        if arg.shape:
            raise self._fail(
                f"{row.name} wants one number", node.args[0].at, "reduce the array first, such as norm(...)"
            )
        n = 1
        if len(node.args) == 2:
            n = self._integer(node.args[1], "how many")
            if not 1 <= n <= MOST_PERIODS:
                message = f"{row.name} looks back 1 to {MOST_PERIODS} times, not {n}"
                raise self._fail(message, node.args[1].at, f"write {row.usage}")
        beat = rhythm(arg)
        if not beat:
            raise self._fail(f"{row.name} wants what is computed again and again", node.args[0].at, "such as bcost")
        return Past(row.name, arg, n, beat)

    def _own(self, row: Function, node: Apply) -> Typed:
        arg, network = node.args[0], self._network
        layer = self._integer(arg, "a layer")
        if not 1 <= layer <= network.L:
            raise self._fail(f"there is no layer {layer}", arg.at, f"the layers are 1..{network.L}")
        if row.name == "ratio":
            W, uW = (self._whole(name, layer) for name in ("W", "uW"))
            return Op("/", (Reduce("norm", uW, False), Reduce("norm", W, False)), (), False)
        sigma = network.activation(layer)
        if not sigma.elementwise or sigma.flat < 0:
            raise self._fail(f"{sigma.name} is nowhere flat", arg.at, "take a layer whose units can saturate")
        if row.name == "dead":
            return Dead(layer)
        slope = self._whole("sp", layer)
        flat = Op("<=", (Op("abs", (slope,), slope.shape, False), Const(sigma.flat)), slope.shape, True)
        return Reduce("mean", flat, False)

    def _whole(self, name: str, layer: int) -> Leaf:
        return Leaf(name, layer, (), TENSORS[name].shape(self._network, layer))


def _text(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"


def fold(op: Op) -> Typed:
    """The same, worked out where nothing in it ever changes."""
    if op.function == "neg" and isinstance(op.args[0], Const):
        return Const(-op.args[0].value)
    return op
