"""The tree of an expression as it is written, and how it is written again; what names mean is not known here.

Every node knows its column, so that whatever is found wrong later can be pointed at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from tuibp.engine.text import safe
from tuibp.errors import TuibpError

LONGEST = 500
"""Characters of an expression."""


class ExpressionError(TuibpError):
    """An expression that cannot be read or that means nothing here.

    Args:
        column: where in `text` it goes wrong, from 0.
        text: the whole expression.
    """

    def __init__(self, message: str, text: str, column: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.column = max(0, min(column, len(text)))

    def __str__(self) -> str:
        before = safe(self.text[: self.column], LONGEST + 1)
        blanks = len(self.text[: self.column]) - len(self.text[: self.column].rstrip())
        caret = " " * (len(before) + min(blanks, 1) if before else 0)
        shown = f"{before}{' ' * min(blanks, 1) if before else ''}{safe(self.text[self.column :], LONGEST + 1)}"
        remedy = f"; {self.hint}" if self.hint else ""
        return f"{self.message}{remedy}\n  {shown}\n  {caret}^"


@dataclass(frozen=True, slots=True)
class Num:
    """A number; 50% is 0.5."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A colon in brackets: all along this axis."""

    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor, a cell of it or a scalar, with its brackets as written."""

    at: int
    name: str
    brackets: tuple[tuple[Node | Axis, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Recall:
    """$ (the last value), $$ (the one before), $3, or $name."""

    at: int
    name: str
    brackets: tuple[tuple[Node | Axis, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function on its arguments: "+", "-", "not", "and", "<", "norm", "neg" for a sign."""

    at: int
    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """a < b <= c: each neighbour compared, every part evaluated once."""

    at: int
    operators: tuple[str, ...]
    args: tuple[Node, ...]


Node: TypeAlias = Num | Name | Recall | Apply | Chain

_BINDING = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "neg": 7, "**": 8}
"""How strongly an operator holds its sides; a comparison 4, an atom 9."""


def with_layer(node: Node, layer: int) -> Node:
    """The tree with a number for l."""
    if isinstance(node, Name):
        if node.name == "l" and not node.brackets:
            return Num(node.at, float(layer))
        brackets = tuple(
            tuple(part if isinstance(part, Axis) else with_layer(part, layer) for part in bracket)
            for bracket in node.brackets
        )
        return replace(node, brackets=brackets)
    if isinstance(node, Apply | Chain):
        return replace(node, args=tuple(with_layer(arg, layer) for arg in node.args))
    return node


def text_of(node: Node | Axis) -> str:
    """An expression as it would be written: the shortest number, blanks around operators, no bracket too many.

    >>> from tuibp.debugger.expressions.parsing import parse
    >>> text_of(parse("-( a[1][0]+2 )*3 >= 50%"))
    '-(a[1][0] + 2) * 3 >= 0.5'
    """
    return _written(node, 0)


def _written(node: Node | Axis, least: int) -> str:
    if isinstance(node, Axis):
        return ":"
    if isinstance(node, Num):
        return f"{node.value:g}" if float(f"{node.value:g}") == node.value else repr(node.value)
    if isinstance(node, Name | Recall):
        sign = "$" if isinstance(node, Recall) else ""
        return f"{sign}{node.name}" + "".join(f"[{','.join(map(text_of, inside))}]" for inside in node.brackets)
    if isinstance(node, Chain):
        words = [_written(node.args[0], 5)]
        words += [f"{sign} {_written(arg, 5)}" for sign, arg in zip(node.operators, node.args[1:], strict=True)]
        text, own = " ".join(words), 4
    elif node.function.endswith("()"):
        return f"{node.function[:-1]}{', '.join(map(text_of, node.args))})"
    elif len(node.args) == 1:
        own = _BINDING[node.function]
        text = ("-" if node.function == "neg" else "not ") + _written(node.args[0], own)
    else:
        own, right = _BINDING[node.function], node.function == "**"
        text = f"{_written(node.args[0], own + right)} {node.function} {_written(node.args[1], own + (not right))}"
    return f"({text})" if own < least else text
