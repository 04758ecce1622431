"""The language of expressions: what it reads, what it is worth, and what it says to what it cannot read."""

from __future__ import annotations

import contextlib
import random
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.recipes import Pinned, random_recipe
from tuibp.debugger.expressions.binding import Scope, bind
from tuibp.debugger.expressions.parsing import DEEPEST, parse
from tuibp.debugger.expressions.syntax import LONGEST, ExpressionError
from tuibp.debugger.expressions.typed import Const
from tuibp.debugger.sweep import value_at
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.engine.network import Parameters
from tuibp.errors import TuibpError

PINNED = Pinned(cost="squared-error", sizes=(2, 3, 2), activations=("relu", "identity"), N=3, batch=2, epochs=2,
                optimizer="sgd", reduction="mean", dtype="float64", shuffle=False, lr=0.5)  # fmt: skip
W1 = ((1.0, -2.0), (0.5, 0.25), (0.0, 4.0))
B1 = (0.5, -1.0, 2.0)
W2 = ((3.0, 0.0, 1.0), (-1.0, 2.0, 5.0))
B2 = (0.0, -8.0)


def by_hand() -> Timeline:
    """A network whose parameters are written down above."""
    recipe = random_recipe(np.random.default_rng(1), pinned=PINNED)
    params = Parameters.of(recipe.network, [np.array(W1), np.array(W2)], [np.array(B1), np.array(B2)])
    return Timeline(replace(recipe, initial=params))


TIMELINE = by_hand()
SCOPE = Scope(TIMELINE.recipe.network, layer=2, recall=lambda name: 7.0 if name else np.array([1.0, 2.0, 3.0]))


def worth(text: str, t: int = 0) -> Array | None:
    """What an expression is worth at a position."""
    return value_at(TIMELINE, bind(parse(text), text, SCOPE), t)


VALUES: list[tuple[str, object]] = [
    ("1 + 2 * 3", 7), ("2 ** 3 ** 2", 512), ("2 ^ 3", 8), ("-2 ** 2", -4), ("2 ** -1", 0.5), ("7 % 4 % 2", 1),
    ("7 % -3", -2), ("7 % --3", 1), ("7 %-3", -2), ("7 % -(3)", -2), ("7 % +3", 1), ("50% - 3", -2.5), ("50%-3", -2.5),
    ("50% -3", -2.5), ("7 % - 3", -2.93), ("7%3", 1), ("7% 3", 1), ("6 + 7 % -3", 4), ("(7) % -3", -2),
    ("(7) % - 3", -2),
    ("7 % -l", -1), ("50% < 1", True), ("not 50% > 1", True), ("1 > 50% and 2 > 1", True),
    ("1 - 2 - 3", -4), ("8 / 4 / 2", 1), ("(1 - 2) * 3", -3), ("50%", 0.5), ("12.5%", 0.125), ("50% + 1", 1.5),
    ("sample", None), ("1e-3", 0.001), (".5", 0.5), ("2.", 2), ("inf", np.inf), ("-inf < 1 < inf", True),
    ("1 < 2 < 3", True), ("1 < 3 < 2", False), ("3 > 2 >= 2 != 1", True), ("not 1 > 2", True), ("not not 1 > 2", False),
    ("1 > 2 or 2 > 1 and 1 > 3", False), ("(1 > 2 or 2 > 1) and 3 > 1", True), ("nan == nan", False),
    ("nan != nan", True), ("isnan(nan)", True), ("isinf(-inf)", True), ("isfinite(1)", True), ("abs(-3)", 3),
    ("sqrt(16)", 4), ("log10(1000)", 3), ("exp(0)", 1), ("sqrt(-1) == 1", False), ("1 / 0", np.inf),
    ("l", 2), ("L", 2), ("W[l][0,0]", 3), ("W[L - 1][0,1]", -2), ("W[1]", W1), ("W[1][1,:]", (0.5, 0.25)),
    ("W[1][:,1]", (-2, 0.25, 4)), ("W[1][:,:]", W1), ("b[1]", B1), ("b[1][2]", 2), ("W[1] * 2 + 1",
    2 * np.array(W1) + 1),
    ("W[1] > 0", np.array(W1) > 0), ("any(W[1] > 3)", True), ("all(W[1] > -3)", True), ("count(W[1] > 0)", 4),
    ("mean(b[1] > 0)", 2 / 3), ("sum(W[2])", 10), ("mean(b[1])", 0.5), ("max(W[2])", 5), ("min(W[1])", -2),
    ("argmax(W[1])", 5), ("argmin(W[1])", 1), ("norm(b[2])", 8), ("norm(W[1][0,:] - W[1][0,:])", 0),
    ("count(0 < W[1] < 1)", 2), ("sum(not W[1] > 0)", 2), ("any(W[1] > 3 and W[1] < 5)", True), ("$", (1, 2, 3)),
    ("$ + b[1]", (1.5, 1, 5)), ("$1 + 1", 8), ("$$name", 7), ("norm(W[1][0,:]) ** 2 < 5.001", True), ("lr", 0.5),
    ("η", 0.5), ("m", 2), ("t", 0), ("epoch", 0), ("cost", None), ("cost > 1", None), ("not cost > 1", None),
    ("cost > 1 or t == 0", True), ("t == 0 or cost > 1", True), ("cost > 1 and t == 1", False), ("1 < 2 < cost", None),
    ("2 < 1 < cost", False), ("any(a[1] > 0)", None), ("prev(cost)", None), ("avg(bcost, 3)", None), ("dead(1)", None),
    ("sat(1)", None), ("ratio(1)", None), ("δ[1]", None), ("∂C/∂a[0]", None), ("σ'[1]", None), ("+1", 1), ("- - 1", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_it_is_worth_what_one_works_out_by_hand(text: str, value: object) -> None:
    found = worth(text)
    if value is None:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_array_equal(found, np.asarray(value))


def test_it_is_worth_what_the_program_has_computed() -> None:
    """z = W x + b, relu, and the cost of a sample, from the first sample's own numbers."""
    x, y = TIMELINE.recipe.train.x[0], TIMELINE.recipe.train.y[0]
    z = np.array(W1) @ x + B1
    a = np.maximum(z, 0)
    end = TIMELINE.clock.sample_start(0, 0, 1)
    for text, value in (("x", x), ("y", y), ("z[1]", z), ("a[1]", a), ("a[2]", np.array(W2) @ a + B2),
                        ("sat(1)", np.mean(z <= 0)), ("sp[1]", z > 0), ("count(a[1] > 0)", np.sum(z > 0)),
                        ("dW[2] - dW[2]", np.zeros((2, 3))), ("bcost / cost", 1)):  # fmt: skip
        found = worth(text, end)
        assert found is not None, text
        np.testing.assert_allclose(found, np.asarray(value, np.float64), rtol=1e-12, err_msg=text)


WRONG: list[tuple[str, int, str, str]] = [
    ("W[1,2]", 0, "the first bracket is the layer", "write W[2][1,2]"),
    ("cots > 1", 0, "no variable 'cots'", "did you mean cost?"),
    ("W > 1", 0, "W needs its layer", "write W[l] with l in 1..2"),
    ("W[3]", 2, "W[3] does not exist", "the layers of W are 1..2"),
    ("z[0]", 2, "z[0] does not exist", "the layers of z are 1..2"),
    ("W[1][2]", 5, "a cell of W[1] has 2 numbers", "write W[1][i,j], or W[1][i,:] for a row"),
    ("W[1][3,0]", 5, "W[1] has no place 3 there", "its cells are [0,0] to [2,1]"),
    ("W[1][-1,0]", 5, "W[1] has no place -1 there", "its cells are [0,0] to [2,1]"),
    ("W[1][0,0][1]", 10, "W has too many brackets", "write W[layer][cell]"),
    ("cost[1]", 0, "cost is one number and has no brackets", "write cost"),
    ("inf[3]", 0, "inf is one number and has no brackets", "write inf"),
    ("W[1.5]", 2, "a layer is a whole number", "write digits, l, L, + and - in brackets"),
    ("W[:]", 2, "a layer is a number", "write one layer at a time, or l in a watch: all of them"),
    (
        "W[1] + b[1]",
        5,
        "shapes (3, 2) and (3) do not go together",
        "arrays go with numbers and with arrays of their own shape",
    ),
    ("1 + (2 > 1)", 7, "a test is no number", "count(...) says how often it holds"),
    ("cost and t == 1", 0, "and wants a test", "compare it, such as cost > 1"),
    ("any(W[1])", 4, "any wants a test", "write any(... > 0), for instance"),
    ("norm(W[1] > 0)", 10, "norm wants numbers", "any(...), all(...) and count(...) take tests"),
    ("avg(cost)", 0, "avg takes 2 values", "write avg(x, n)"),
    ("avg(W[1], 2)", 4, "avg wants one number", "reduce the array first, such as norm(...)"),
    ("prev(cost, 0)", 11, "prev looks back 1 to 1000 times, not 0", "write prev(x, n=1)"),
    ("prev(2)", 5, "prev wants what is computed again and again", "such as bcost"),
    ("norm > 1", 0, "norm is a function", "write norm(x)"),
    ("W(1)", 0, "W is no function", "its layer stands in square brackets"),
    ("nrom(W[1])", 0, "no function 'nrom'", "did you mean norm?"),
    ("dead(3)", 5, "there is no layer 3", "the layers are 1..2"),
    ("cost = 1", 5, '"=" does not belong here', "write == to compare; the command set changes a value"),
    ("cost > 1 && t > 1", 9, '"&&" does not belong here', "write and"),
    ("!cost", 0, '"!" is no value', "write not"),
    ("W[1].shape", 4, '"." means nothing here', "there are no attributes: write norm(W[1])"),
    ("'cost'", 0, '"\'" means nothing here', "there are no texts in expressions"),
    ("(cost", 5, '")" is missing', 'close the "(" of column 1'),
    ("W[1", 3, '"]" is missing', 'close the "[" of column 2'),
    ("cost >", 6, "the expression ends here, where a value is wanted", "write a name or a number"),
    ("", 0, "the expression ends here, where a value is wanted", "write a name or a number"),
    ("cost cost", 5, '"cost" does not belong here', "an operator is missing before it, or it is one too many"),
    ("$[1]", 0, "a value of the history has no brackets", "print the cell itself"),
]


@pytest.mark.parametrize(("text", "column", "message", "hint"), WRONG)
def test_what_is_wrong_is_pointed_at_with_its_remedy(text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        bind(parse(text), text, SCOPE)
    error = caught.value
    assert (error.column, error.message, error.hint) == (column, message, hint)
    assert str(error) == f"{message}; {hint}\n  {text}\n  {' ' * column}^"


@pytest.mark.parametrize(("text", "column"), [("\uff11+1", 0), ("cost > \uff10", 7)])
def test_digits_of_other_scripts_are_no_numbers(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        bind(parse(text), text, SCOPE)
    assert (caught.value.column, caught.value.message) == (column, '"?" means nothing here')
    assert str(caught.value).isascii()


def test_limits() -> None:
    longest = f"1{' ' * (LONGEST - 2)}"
    parse(f"{longest}1"[:LONGEST].replace(" 1", "+1"))
    with pytest.raises(ExpressionError, match=f"at most {LONGEST} characters, this one {LONGEST + 1}"):
        parse(f"{longest}+1"[: LONGEST + 1])
    for open_, close in (("(", ")"), ("norm(", ")"), ("1**(", ")")):
        depth = (DEEPEST - 1) // (1 + open_.startswith("1"))
        parse(f"{open_ * depth}1{close * depth}")
        with pytest.raises(ExpressionError, match="nested deeper than 40 levels"):
            parse(f"{open_ * (DEEPEST + 1)}1{close * (DEEPEST + 1)}")
    with pytest.raises(ExpressionError, match="40 signs in a row"):
        parse("-" * (DEEPEST + 1) + "1")
    with pytest.raises(ExpressionError, match="more than 100 operators"):
        parse("+".join("1" * 102))
    assert worth("+".join("1" * 101)) == 101


@pytest.mark.parametrize("text", ["__import__('os')", "t.real", "'a'", '"a"', "lambda: 1", "(t := 3)", "f'{t}'",
                                  "[1]", "{1}",
                                  "t if t else t", "t; t", "t is t", "t in t", "1_000", "0x10", "1j", "t @ t", "~t",
                                  "t << 1",
                                  "t // 2", "eval(t)", "*t", "...", "t[0].x", "print(t)", "yield", "`t`",
                                  "t\\"])  # fmt: skip
def test_nothing_of_python_is_ever_taken(text: str) -> None:
    with pytest.raises(ExpressionError):
        bind(parse(text), text, SCOPE)


def _arithmetic(rng: random.Random, depth: int) -> str:
    """Arithmetic that Python reads as well."""
    choice = rng.random()
    if depth == 0 or choice < 0.15:
        return rng.choice(["1", "2", "3", "0.5", "7", "1.25"])
    if choice < 0.3:
        return f"({_arithmetic(rng, depth - 1)})"
    if choice < 0.45:
        return f"-{_arithmetic(rng, depth - 1)}"
    sign = rng.choice(["+", "-", "*", "/", "%", "**", "+", "-", "*"])
    left, right = _arithmetic(rng, depth - 1), _arithmetic(rng, depth - 1)
    return f"({left}) % ({right})" if sign == "%" else f"{left} {sign} {right}"


def test_it_binds_as_python_does() -> None:
    rng, compared = random.Random(5), 0
    for _ in range(3000):
        text = _arithmetic(rng, 4)
        if rng.random() < 0.3:
            text = f"{text} {rng.choice(['<', '<=', '>', '!='])} {_arithmetic(rng, 3)}"
            if rng.random() < 0.5:
                text = f"not {text} {rng.choice(['and', 'or'])} {_arithmetic(rng, 1)} > {_arithmetic(rng, 1)} >= 1"
        if len(text) > LONGEST:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = eval(text, {"__builtins__": {}})
        except (ZeroDivisionError, OverflowError, TypeError):  # the last for complex numbers
            continue
        if isinstance(wanted, complex) or abs(wanted) > 1e300:
            continue
        found = worth(text)
        assert found is not None
        np.testing.assert_allclose(float(found), float(wanted), rtol=1e-9, atol=1e-300, err_msg=text)
        compared += 1
    assert compared > 2000


PIECES = [
    "W", "b", "x", "cost", "C", "δ", "σ'", "∂C/∂a", "l", "L", "inf", "norm", "prev", "avg", "dead", "ratio", "any",
    "(", ")",
    "[", "]", ",", ":", "+", "-", "*", "/", "%", "**", "^", "<", "<=", "==", "1", "2", "1e999", "50%", "$", "$$",
    "$3", "and",
    "or", "not", " ", ".", '"', "'", "lambda", "__import__", ":=", "&&", "!", "@", "\x00", "\x1b[31m", "\u202e", "²",
    "٣",
    "\n", "\t", "{", ";", "\ud800", "W[1]", "a[2]", "cost > 1",
]  # fmt: skip
SEEDS = ["any(W[1] > 1e9)", "avg(bcost, 10) > 2 * prev(cost)", "W[2][0,:]", "-a[1][0] ** 2 < b[1][1] <= 3",
         "not (cost > 1 and sample % 3 == 1) or dead(1) > 50%", "norm(b[1]-$) + $3",
         "mean(abs(gW[l])) < 1e-7"]  # fmt: skip


def _garbled(rng: random.Random) -> str:
    """Pieces in any order, an expression that has been mistyped, any characters, or one thing over and over."""
    choice = rng.random()
    if choice < 0.3:
        return rng.choice(["", " "]).join(rng.choices(PIECES, k=rng.randint(0, rng.choice([4, 12, 60, 200]))))
    if choice < 0.8:
        text = rng.choice(SEEDS)
        for _ in range(rng.randint(1, 4)):
            at, to = rng.randint(0, len(text)), rng.randint(0, 3)
            text = text[:at] + rng.choice([rng.choice(PIECES), "", text[to : to + 9]]) + text[at + to :]
        return text
    if choice < 0.9:
        return "".join(
            chr(rng.choice([rng.randint(0, 127), rng.randint(0, 0x10FFFF)])) for _ in range(rng.randint(0, 40))
        )
    return (
        rng.choice(["(", "-", "not ", "norm(", "1**", "W[", "[", "1+", "t<", "$[", "prev("]) * rng.randint(1, 130) + "1"
    )


def test_whatever_is_typed_only_an_error_with_a_place_comes_of_it() -> None:
    rng, slow, read = random.Random(11), list[str](), 0
    for _ in range(20_000):
        text, began = _garbled(rng), time.process_time()
        try:
            bind(parse(text), text, SCOPE)
            read += 1
        except TuibpError as error:
            assert isinstance(error, ExpressionError), text
            assert 0 <= error.column <= len(text), text
            said = str(error).split("\n")
            assert len(said) == 3, text
            assert all(char.isprintable() for line in said for char in line), text
        if time.process_time() - began > 0.05:
            slow.append(text)
    assert read > 500
    assert not [text for text in slow if min(_seconds(text) for _ in range(3)) > 0.05]


def _seconds(text: str) -> float:
    """Of the processor, to read an expression: once more, as the collector of garbage may have been at work."""
    began = time.process_time()
    with contextlib.suppress(ExpressionError):
        bind(parse(text), text, SCOPE)
    return time.process_time() - began


def test_what_it_takes_for_a_number_is_one() -> None:
    node = bind(parse("-0.0"), "-0.0", SCOPE)
    assert isinstance(node, Const)
    assert str(node.value) == "-0.0"
