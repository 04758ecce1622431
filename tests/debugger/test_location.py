"""Names of positions and places: every form, every error with its remedy, and never anything but a PositionError."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.debugger.conftest import MakeClock
from tests.debugger.listing import listing
from tests.recipes import sized
from tuibp.debugger.location import LEVEL_LETTERS, location, parse_location, parse_position
from tuibp.debugger.position import Clock
from tuibp.engine.operations import OPERATIONS, Level
from tuibp.engine.program import Program
from tuibp.errors import PositionError

SIZE = (2, 5, 2, 3)
NAMES = [line.name for line in listing(*SIZE)]
TOTAL = len(NAMES)


@pytest.fixture
def clock(make_clock: MakeClock) -> Clock:
    return make_clock(*SIZE)


def at(name: str) -> int:
    return NAMES.index(name)


HERE = at("e1.b1.s1.bwd2.db")

ABSOLUTE = [
    ("start", 0), ("end", TOTAL), ("T", TOTAL), ("  start ", 0), ("e3", TOTAL), ("e3.shuffle", TOTAL),
    ("0", 0), ("17", 17), ("t=17", 17), ("t = 17", 17), ("t= 017", 17), (f"t={TOTAL}", TOTAL),
    ("0%", 0), ("100%", TOTAL), ("100.0 %", TOTAL), ("50%", TOTAL // 2), ("12.5%", TOTAL // 8),
    ("33%", TOTAL * 33 // 100),
    ("e1", at("e1.shuffle")), ("e1.shuffle", at("e1.shuffle")), ("e2.end", at("e2.end")),
    ("e1.b2", at("e1.b2.begin")), ("e1.b2.begin", at("e1.b2.begin")), ("e1.b2.grad", at("e1.b2.grad")),
    ("e1.b2.update", at("e1.b2.update")), ("e1.b0.s1", at("e1.b0.s1.load")), ("e1.b0.s1.load", at("e1.b0.s1.load")),
    ("e0.b1.s1.bwd1.dW", at("e0.b1.s1.bwd1.dW")), ("e0 b1 s1 bwd 1 dW", at("e0.b1.s1.bwd1.dW")),
    ("e 0 . b 1 . s 1 . bwd 1 . dW", at("e0.b1.s1.bwd1.dW")), ("e0.b1.s1.bwd1", at("e0.b1.s1.bwd1.dC_da")),
    ("e0.b1.s1.fwd2", at("e0.b1.s1.fwd2.z")), ("e0.b1.s1.bwd2.delta", at("e0.b1.s1.bwd2.db")),
    ("e0.b1.s1.bwd2.δ", at("e0.b1.s1.bwd2.db")), ("e0.b1.s1.bwd2.dC/da", at("e0.b1.s1.bwd2.dC_da")),
    ("e0.b1.s1.C", at("e0.b1.s1.cost")), ("e0.b0.s1.acc", at("e0.b0.s1.acc")),
]  # fmt: skip

FROM_HERE = [
    ("cost", "e1.b1.s1.cost"), ("fwd1", "e1.b1.s1.fwd1.z"), ("fwd1.a", "e1.b1.s1.fwd1.a"), ("s0", "e1.b1.s0.load"),
    ("s0.cost", "e1.b1.s0.cost"), ("b0", "e1.b0.begin"), ("b2", "e1.b2.begin"), ("update", "e1.b1.update"),
    ("begin", "e1.b1.begin"), ("shuffle", "e1.shuffle"), ("e0", "e0.shuffle"), (".end", "e1.end"),
    ("b2.cost", "e1.b2.s0.cost"),
    ("e0.cost", "e0.b0.s0.cost"), ("e2.update", "e2.b0.update"), ("b0.s1", "e1.b0.s1.load"),
    ("b1.cost", "e1.b1.s1.cost"),
]  # fmt: skip
"""What a name leaves out is taken from where we are; it is 0 in another epoch or batch."""


@pytest.mark.parametrize(("text", "t"), ABSOLUTE)
def test_absolute(text: str, t: int, clock: Clock) -> None:
    for here in (0, HERE, TOTAL):
        assert parse_position(text, clock, here) == t


@pytest.mark.parametrize(("text", "name"), FROM_HERE)
def test_what_is_left_out_is_taken_from_here(text: str, name: str, clock: Clock) -> None:
    assert parse_position(text, clock, HERE) == at(name)


def test_every_short_name_from_everywhere(clock: Clock) -> None:
    """The full name gives the same position as what it leaves out, wherever one stands in the same sample."""
    lines = listing(*SIZE)
    for t in range(0, TOTAL, 5):
        for other in range(max(0, t - 20), min(TOTAL, t + 20)):
            line, here = lines[other], lines[t]
            if (line.epoch, line.batch, line.sample) == (here.epoch, here.batch, here.sample) and line.op != "end":
                assert parse_position(line.op, clock, t) == other


def test_relative(clock: Clock) -> None:
    for t in range(0, TOTAL + 1, 3):
        for letter, level in [("", Level.OP), *LEVEL_LETTERS.items()]:
            for count in (1, 2, 5, 10**17):
                for sign, text in ((+1, f"+{count}{letter}"), (-1, f"- {count} {letter}")):
                    batches = letter == "b"
                    to = clock.move_batches(t, sign, count) if batches else clock.move(t, sign, level, count)
                    assert parse_position(text, clock, t) == to
            assert parse_position(f"+0{letter}", clock, t) == parse_position(f"-00{letter}", clock, t) == t
    assert set(LEVEL_LETTERS) == set("olpsbe")


@settings(deadline=None)
@given(st.decimals(0, 100, places=3))
def test_percent(share: object) -> None:
    clock = Clock(Program(sized(5, 2, 3)))
    t = parse_position(f"{share}%", clock)
    assert abs(t - Fraction(str(share)) * clock.total / 100) < 1 + 1e-9
    assert 0 <= t <= clock.total


BAD = [
    ("", "not a position"), ("   ", "not a position"), (".", "not a position"), ("x" * 500, "not a position"),
    (f"t={TOTAL + 1}", f"last is {TOTAL}"), ("999999", f"last is {TOTAL}"), ("101%", "0% to 100%"),
    ("100.1%", "0% to 100%"),
    ("-1%", "41%"), ("t=-1", "t=500"), ("1e3", "t=500"), ("e4", "epoch 4"), ("e3.b0", "no epoch 3"),
    ("e3.end", "no epoch 3"),
    ("e0.b3", "no batch 3"), ("e0.b2.s1", "no sample 1"), ("e0.b0.s2", "no sample 2"),
    ("b0.e0", "the order is e, b, s"),
    ("e0.e1", "the order is e, b, s"), ("s0.b0", "the order is e, b, s"), ("e0.b0.s0.fwd0.z", "the layers are 1..2"),
    ("e0.b0.s0.fwd3.z", "the layers are 1..2"), ("fwd1.dW", "it has z a"), ("bwd1.z", "it has dC_da sp db dW"),
    ("bwd1.dW.x", "it has"), ("z", "fwd2.z"), ("dW", "bwd2.dW"), ("costt", "did you mean cost"),
    ("updat", "did you mean update"),
    ("e0.b0.end", "belongs to an epoch"), ("e0.b0.shuffle", "write e0.shuffle"),
    ("e0.b0.s0.update", "write e0.b0.update"),
    ("+", "+3b"), ("+3x", "+3b"), ("+1000000000000000000000", "+3b"), ("'mark", "start or end"), ("e", "start or end"),
    ("cost.x", "did you mean cost"), ("e0.b0.s0.bwd", "start or end"), ("nan%", "41%"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD)
def test_errors_say_what_is_wrong_and_what_to_do(text: str, words: str, clock: Clock) -> None:
    with pytest.raises(PositionError) as caught:
        parse_position(text, clock, HERE)
    assert words in str(caught.value)
    assert caught.value.hint


def test_an_error_repeats_no_escape_sequence(clock: Clock) -> None:
    for text in ("\x1b[31mred", "e0.\x1b]0;title\x07", "bwd1.\x1b[2J", "\x9b31m", "cost\x1b"):
        for parse in (lambda text: parse_position(text, clock), lambda text: parse_location(text, clock)):
            with pytest.raises(PositionError) as caught:
                parse(text)
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in str(caught.value))


PIECES = st.sampled_from(
    ["e", "b", "s", "fwd", "bwd", "0", "1", "2", "9", "99999999999999999999", ".", " ", "+", "-", "%", "t=", "z",
    "a", "dW", "cost",
     "update", "end", "start", "δ", "\n", "\x00", "\x1b[", "²", "٣", "e1", "b0", "s0", "x", "=", "'", "/", "dC/da",
     "fwd1", "bwd2"]
)  # fmt: skip
GARBAGE = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=8).map("".join))
FUZZED = Clock(Program(sized(5, 2, 3)))


@settings(max_examples=1500, deadline=None)
@given(GARBAGE, st.integers(0, FUZZED.total))
@example("e٣", 0)
@example("+²", 0)
@example("9" * 4000, 0)
@example("e" + "9" * 18, 3)
@example("bwd٢.dW", 5)
def test_only_a_position_error_ever(text: str, t: int) -> None:
    try:
        assert 0 <= parse_position(text, FUZZED, t) <= FUZZED.total
    except PositionError as error:
        assert error.hint
    try:
        place = parse_location(text, FUZZED)
    except PositionError as error:
        assert error.hint
    else:
        assert FUZZED.at(place.at(0)).name.endswith(place.name)


@pytest.mark.parametrize("size", [(1, 1, 1, 1), (1, 3, 2, 2), (2, 5, 2, 3), (3, 4, 4, 1), (2, 5, 5, 2)])
def test_coming_round(size: tuple[int, int, int, int], make_clock: MakeClock) -> None:
    """after and before of every operation from everywhere, against the list of all its positions."""
    clock, lines = make_clock(*size), listing(*size)
    for name in {line.op for line in lines}:
        place = location(name, clock)
        where = [t for t, line in enumerate(lines) if line.op == name]
        assert (place.name, place.count, [place.at(n) for n in range(place.count)]) == (name, len(where), where)
        for t in range(clock.total + 1):
            later, earlier = [x for x in where if x > t], [x for x in reversed(where) if x < t]
            for n in (1, 2, 4, 10**18):
                assert place.after(t, n) == (later[n - 1] if n <= len(later) else None)
                assert place.before(t, n) == (earlier[n - 1] if n <= len(earlier) else None)


def test_locations_by_their_names(clock: Clock) -> None:
    for text, name in [("bwd 1", "bwd1.dC_da"), ("fwd2", "fwd2.z"), ("fwd 2 a", "fwd2.a"), ("bwd2.δ", "bwd2.db"),
                       ("C", "cost"), ("end", "end"), (" update ", "update"), ("shuffle", "shuffle")]:  # fmt: skip
        assert parse_location(text, clock).name == name
    for name in OPERATIONS:
        if OPERATIONS[name].frame is not Level.LAYER:
            assert parse_location(name, clock).name == name
    for text in ("", "e0", "b0.cost", "17", "fwd", "z", "y" * 300):
        with pytest.raises(PositionError) as caught:
            parse_location(text, clock)
        assert caught.value.hint
