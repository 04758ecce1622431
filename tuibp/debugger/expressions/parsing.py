"""From text to a tree. Precedence climbing over a handful of tokens; no Python is ever evaluated.

    or > and > not > comparison (chained) > + - > * / % > unary > ** ^ > postfix [i,j] > atom
    atom = NUMBER["%"] | (expr) | FUNC(args) | tensor | scalar | $n | $name

What a name means is not known here. Every node knows its column, so that whatever is found wrong later can be pointed
at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from tuibp.debugger.expressions.syntax import LONGEST, Apply, Axis, Chain, ExpressionError, Name, Node, Num, Recall
from tuibp.engine.text import safe

DEEPEST = 40
"""Levels of brackets, signs and calls within each other."""
MOST = 100
"""Operators and calls of an expression."""


COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
WORDS = ("and", "or", "not")


class Token(NamedTuple):
    """A piece of the text."""

    kind: str
    """number, name, recall, sign or end."""
    text: str
    at: int


_ALIASES = ("∂C/∂a", "∂C/∂b", "∂C/∂W", "dC/da", "dC/db", "dC/dW", "σ'", "σ′")
"""Names that hold a character which is no letter."""
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>(?:" + "|".join(map(re.escape, _ALIASES)) + r")(?!\w)|[δη](?!\w)|[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<recall>\$\$?[A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|==|!=|<=|>=|&&|\|\||[-+*/%^<>()\[\],:=!&|@])"
)
_HABITS = {
    "=": "write == to compare; the command set changes a value",
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write norm(delta[1]) for a length, abs(...) for a number; or for one of two tests",
    "!": "write not",
    "@": "write the cell you mean, such as W[2][0,1], or sum(...)",
    ";": "write one command a line",
    ".": "there are no attributes: write norm(W[1])",
    '"': "there are no texts in expressions",
    "'": "there are no texts in expressions",
    "{": "there are no braces in expressions",
}


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, an end behind them.

    Raises:
        ExpressionError: the text is too long, or has a character that means nothing.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters, this one {len(text)}", text[:60], 60)
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or not match.lastgroup:
            raise ExpressionError(
                f'"{safe(text[at]) or "?"}" means nothing here', text, at, _HABITS.get(text[at], "see help expressions")
            )
        found.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    signs = [token.at for token in found if token.kind == "sign" and token.text not in (")", "]")]
    if len(signs) > MOST:
        raise ExpressionError(f"more than {MOST} operators", text, signs[MOST], "write it in two expressions")
    return [*found, Token("end", "", len(text))]


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: with the column and the remedy.
    """
    parser = _Parser(text)
    node = parser.expression()
    parser.finish()
    return node


class _Parser:
    """One pass over the tokens; each method reads one level of precedence."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> Token | None:
        """The next token if it is one of these signs or words."""
        token = self._peek()
        if token.kind in ("sign", "name") and token.text in texts:
            self._next += 1
            return token
        return None

    def _fail(self, message: str, at: int, hint: str | None = None) -> ExpressionError:
        return ExpressionError(message, self._text, at, hint)

    def finish(self) -> None:
        """Nothing may follow."""
        token = self._peek()
        if token.kind != "end":
            hint = _HABITS.get(token.text, "an operator is missing before it, or it is one too many")
            raise self._fail(f'"{safe(token.text)}" does not belong here', token.at, hint)

    def _expect(self, text: str, opened: Token) -> None:
        if self._take(text) is None:
            token = self._peek()
            if token.text in _HABITS:
                raise self._fail(f'"{safe(token.text)}" does not belong here', token.at, _HABITS[token.text])
            raise self._fail(f'"{text}" is missing', token.at, f'close the "{opened.text}" of column {opened.at + 1}')

    def expression(self) -> Node:
        """All of it: or binds least."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._fail(f"nested deeper than {DEEPEST} levels", self._peek().at, "write it in two expressions")
        node = self._logic("or", lambda: self._logic("and", self._not))
        self._depth -= 1
        return node

    def _logic(self, word: str, operand: Callable[[], Node]) -> Node:
        node = operand()
        while token := self._take(word):
            node = Apply(token.at, word, (node, operand()))
        return node

    def _not(self) -> Node:
        signs = []
        while token := self._take("not"):
            signs.append(token)
        return self._signed(signs, self._comparison(), "not")

    def _signed(self, signs: list[Token], node: Node, name: str) -> Node:
        """A node behind its signs, the last of which is the innermost."""
        if len(signs) > DEEPEST:
            raise self._fail(f"more than {DEEPEST} signs in a row", signs[DEEPEST].at, "one is enough")
        for token in reversed(signs):
            node = Apply(token.at, name, (node,))
        return node

    def _comparison(self) -> Node:
        first = self._sum()
        operators: list[str] = []
        args, at = [first], 0
        while token := self._take(*COMPARISONS):
            at = at if operators else token.at
            operators.append(token.text)
            args.append(self._sum())
        return Chain(at, tuple(operators), tuple(args)) if operators else first

    def _sum(self) -> Node:
        node = self._product()
        while token := self._take("+", "-"):
            node = Apply(token.at, token.text, (node, self._product()))
        return node

    def _product(self) -> Node:
        node = self._unary()
        while token := self._take("*", "/", "%"):
            node = Apply(token.at, token.text, (node, self._unary()))
        return node

    def _unary(self) -> Node:
        signs = []
        while token := self._take("-", "+"):
            signs.append(token)
        node = self._power()
        return self._signed([sign for sign in signs if sign.text == "-"], node, "neg")

    def _power(self) -> Node:
        base = self._atom()
        token = self._take("**", "^")
        if token is None:
            return base
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._fail(f"nested deeper than {DEEPEST} levels", token.at, "write it in two expressions")
        exponent = self._unary()
        self._depth -= 1
        return Apply(token.at, "**", (base, exponent))

    def _atom(self) -> Node:
        token = self._peek()
        self._next += token.kind != "end"
        if token.kind == "number":
            return self._number(token)
        if token.kind == "recall":
            return Recall(token.at, token.text[1:], self._brackets())
        if token.kind == "name" and token.text not in WORDS:
            if self._peek().text == "(":
                return self._call(token)
            return Name(token.at, token.text, self._brackets())
        if token.text == "(":
            node = self.expression()
            self._expect(")", token)
            return node
        if token.kind == "end":
            raise self._fail("the expression ends here, where a value is wanted", token.at, "write a name or a number")
        hint = _HABITS.get(token.text, "a value is wanted here: a name or a number")
        raise self._fail(f'"{safe(token.text)}" is no value', token.at, hint)

    def _number(self, token: Token) -> Node:
        """A number, and whether the % behind it is a share or the operator: that has a value behind it."""
        value = float(token.text)
        sign = self._peek()
        if sign.text == "%" and not self._is_operator(apart=sign.at > token.at + len(token.text)):
            self._next += 1
            value /= 100
        return Num(token.at, value)

    def _is_operator(self, *, apart: bool) -> bool:
        """Whether a value follows a %. One with a minus may be a value or be subtracted, which the blanks tell: 7 % -3
        is a remainder, 50% -3, 50%-3 and 50 % - 3 are a share less 3.

        Args:
            apart: whether there is a blank before it.
        """
        at = self._next + 1
        while apart and self._tokens[at].text in ("-", "+") and self._tokens[at + 1].at == self._tokens[at].at + 1:
            at += 1
        behind = self._tokens[at]
        operand = behind.kind in ("number", "recall") or behind.text == "("
        return operand or (behind.kind == "name" and behind.text not in WORDS)

    def _call(self, name: Token) -> Node:
        opened = self._peek()
        self._next += 1
        args: list[Node] = []
        if self._take(")"):
            return Apply(name.at, f"{name.text}()", ())
        while True:
            args.append(self.expression())
            if not self._take(","):
                break
        self._expect(")", opened)
        return Apply(name.at, f"{name.text}()", tuple(args))

    def _brackets(self) -> tuple[tuple[Node | Axis, ...], ...]:
        found: list[tuple[Node | Axis, ...]] = []
        while opened := self._take("["):
            inside: list[Node | Axis] = []
            while True:
                axis = self._take(":")
                inside.append(Axis(axis.at) if axis else self.expression())
                if not self._take(","):
                    break
            self._expect("]", opened)
            found.append(tuple(inside))
            if len(found) > DEEPEST:
                raise self._fail("too many brackets", opened.at, "write a layer and a cell: W[2][0,1]")
        return tuple(found)
