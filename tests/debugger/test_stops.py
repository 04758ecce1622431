"""Stops as somebody writes them: what every form means, what each line makes of itself, and what is refused how."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.formats.files import GOOD, opened
from tests.recipes import Bounds, Pinned, random_recipe
from tuibp.debugger.arming import arm
from tuibp.debugger.breakpoints import KINDS, LONGEST, Breakpoint, read
from tuibp.debugger.debug_table import of_debug
from tuibp.debugger.hunt import Hunt, ended
from tuibp.debugger.nonfinite import FirstNonFinite
from tuibp.debugger.session import Session
from tuibp.debugger.stops import Stops
from tuibp.debugger.timeline import Timeline
from tuibp.errors import CombinedError, InputError, TuibpError

PINNED = Pinned(cost="squared-error", sizes=(2, 3, 2), activations=("sigmoid", "identity"), N=5, batch=2, epochs=2,
                optimizer="sgd", reduction="mean", dtype="float64", shuffle=True, lr=0.1)  # fmt: skip
RECIPE = random_recipe(np.random.default_rng(4), Bounds(), PINNED)
TIMELINE = Timeline(RECIPE)
CLOCK = TIMELINE.clock


def made(line: str, t: int = 0) -> Breakpoint:
    """From a whole line."""
    word, _, text = line.partition(" ")
    kind = next(kind for kind in KINDS if kind == word)
    stop = read(kind, text, 1, CLOCK, t)
    arm(stop, CLOCK)
    return stop


def where(line: str, t: int = 0) -> list[int]:
    """Every position where it stops, from the start of the run to its end."""
    hunt = Hunt(TIMELINE, [made(line, t)], FirstNonFinite(TIMELINE))
    found, at = [], 0
    if hunt.hits(0):
        found.append(0)
    while (place := ended(hunt.next(at, +1))) is not None:
        found.append(at := place)
    back, at = [], CLOCK.total
    if hunt.hits(at):
        back.append(at)
    while (place := ended(hunt.next(at, -1))) is not None:
        back.append(at := place)
    assert found == back[::-1], line
    return found


def before(*names: str) -> list[int]:
    """The positions at which one of these operations is next."""
    return [t for t in range(CLOCK.total) if (op := CLOCK.at(t).op) and op.name in names]


def named(t: int) -> str:
    """The position, in words."""
    return CLOCK.at(t).name


PLACES = [
    ("break bwd 1", ["bwd1.dC_da"]), ("break bwd1", ["bwd1.dC_da"]), ("break fwd 2", ["fwd2.z"]),
    ("break fwd2.a", ["fwd2.a"]), ("break fwd 2 .a", ["fwd2.a"]), ("break bwd1.dW", ["bwd1.dW"]),
    ("break bwd 2 .delta", ["bwd2.db"]), ("break bwd2.δ", ["bwd2.db"]), ("break bwd", ["bwd1.dC_da", "bwd2.dC_da"]),
    ("break fwd", ["fwd1.z", "fwd2.z"]), ("break bwd.dW", ["bwd1.dW", "bwd2.dW"]), ("break fwd.a", ["fwd1.a",
    "fwd2.a"]),
    ("break bwd .dW", ["bwd1.dW", "bwd2.dW"]), ("break bwd dW", ["bwd1.dW", "bwd2.dW"]),
    ("break cost", ["cost"]), ("break C", ["cost"]), ("break update", ["update"]), ("break shuffle", ["shuffle"]),
    ("break begin", ["begin"]), ("break load", ["load"]), ("break acc", ["acc"]), ("break grad", ["grad"]),
    ("break end", ["end"]), ("tbreak update", ["update"]), ("break  update ", ["update"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "names"), PLACES)
def test_a_break_stops_before_its_place_each_time(line: str, names: list[str]) -> None:
    assert where(line) == before(*names)


@pytest.mark.parametrize(
    ("line", "t", "name"),
    [
        ("break at e1.b1", 0, "e1.b1.begin"), ("break at e0.b2.s0.bwd1.dW", 0, "e0.b2.s0.bwd1.dW"),
        ("break at t=7", 3, named(7)), ("break at 7", 3, named(7)), ("break at +2b", 1, "e0.b2.begin"),
        ("break at +1e", 0, "e1.shuffle"), ("break at -3", 10, named(7)), ("break at end", 0, "end"),
        ("break at start", 9, "e0.shuffle"), ("break at cost", CLOCK.batch_start(1, 0) + 1, "e1.b0.s0.cost"),
        ("break at 50%", 0, named(CLOCK.total // 2)), ("tbreak at  e1", 0, "e1.shuffle"),
    ],
)  # fmt: skip
def test_a_break_at_a_position_stops_there_once(line: str, t: int, name: str) -> None:
    assert list(map(named, where(line, t))) == [name]


def test_a_break_at_a_position_may_have_a_test() -> None:
    assert where("break at e1 if epoch == 1") == [CLOCK.epoch_start(1)]
    assert where("break at e1 if epoch == 0") == []
    assert where("break at e1 if cost > 1e9") == []
    assert where("break at e1 if isfinite(ecost)") == [CLOCK.epoch_start(1)]
    assert where("break at start if norm(W[1]) > 0") == [0]


def test_a_test_narrows_a_break() -> None:
    assert where("break update if epoch == 1") == [t for t in before("update") if CLOCK.at(t).epoch == 1]
    assert where("break load if sample == 1") == [t for t in before("load") if CLOCK.at(t).sample == 1]
    assert where("break load if(sample == 1)") == where("break load if sample == 1")


def test_l_is_the_layer_of_the_place() -> None:
    every = where("break bwd .dW if l == 1")
    assert every == before("bwd1.dW")
    assert where("break bwd.dW if norm(db[l]) >= 0") == before("bwd1.dW", "bwd2.dW")
    assert where("break bwd2.dW if max(W[l][0,:]) == max(W[2][0,:])") == before("bwd2.dW")


def test_elsewhere_l_is_any_layer() -> None:
    assert where("break update if norm(gW[l]) >= 0 and l == 2") == before("update")
    assert where("break update if l > 2") == []
    assert where("watch norm(W[l]) > 0") == where("watch norm(W[1]) > 0 or norm(W[2]) > 0")
    assert where("watch W[l]") == sorted({*where("watch W[1]"), *where("watch W[2]")})


def test_a_line_looks_where_it_has_computed_what_the_test_reads() -> None:
    for line, name in (
        ("break bwd 1 if norm(delta[1]) >= 0", "bwd1.dW"),
        ("break bwd 1 if norm(dC_da[1]) >= 0", "bwd1.sp"),
        ("break bwd 1 if norm(δ[2]) >= 0", "bwd1.dC_da"),
        ("break fwd 2 if max(z[2]) > -1e9", "fwd2.a"),
        ("break fwd 2 if max(a[1]) > -1e9", "fwd2.z"),
    ):
        (condition,) = arm(made(line), CLOCK).conditions
        assert condition.next is not None
        assert condition.next.name == name
        assert where(line) == before(name)
    assert where("break bwd if norm(delta[l]) >= 0") == before("bwd1.dW", "bwd2.dW")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("break fwd 2 if cost > 1", "computed at cost; write break bwd2.dC_da if cost > 1, or watch cost > 1"),
        ("break fwd2.z if a[2][0] > 1", "computed at fwd2.a; write break cost if"),
        ("break bwd 1 if norm(dW[1]) > 1", "computed at bwd1.dW; write break acc if"),
        ("break bwd1.db if norm(delta[1]) > 1", "computed at bwd1.db; write break bwd1.dW if"),
        ("break cost if norm(gW[1]) > 1", "computed at grad; write break update if"),
        ("break grad if norm(uW[1]) > 1", "computed at update; write break end if"),
        ("tbreak fwd 1 if dead(1) > 1", "computed at end; write tbreak shuffle if"),
        ("break shuffle if cost > 1 and dC_da[0][0] > 1", None),
    ],
)  # fmt: skip
def test_a_test_that_can_never_be_true_is_refused(line: str, told: str | None) -> None:
    if told is None:
        made(line)
        return
    with pytest.raises(InputError) as caught:
        made(line)
    assert told in str(caught.value)
    remedy = (caught.value.hint or "").removeprefix("write ").partition(", or watch")[0]
    made(remedy)  # the remedy does


def test_watches() -> None:
    assert where("watch cost > -1") == [t + 1 for t in before("cost")]
    assert where("watch W[2]") == [t + 1 for t in before("update")]
    assert where("watch sample == 1 and cost > -1") == [t + 1 for t in before("cost") if CLOCK.at(t).sample == 1]


def test_catches_take_an_expression_of_ones_own() -> None:
    assert where("catch rise bcost > -1") == before("grad")
    assert where("catch dead dead(l) > -1") == [t + 1 for t in before("end")]
    assert made("catch dead").title == "catch dead: dead(l) > 50%"
    assert made("catch dead dead(1) > 10%").title == "catch dead dead(1) > 10%"
    assert made("catch nan do print cost").title.endswith(" do print cost")


LINES = [
    *(line for line, _ in PLACES), "break at e1", "tbreak at t=9 if cost > 1 do print cost",
    "break bwd 1 if delta[1][0] > 1",
    "watch cost", "watch cost > 3 do print y; print a[2]", "watch W[2][1,0]", "watch norm(gW[l]) > 1", "catch nan",
    "catch nan do print t", "catch dead", "catch vanish norm(gW[l]) < 1", "catch rise do print bcost",
    "break update if epoch == 2", "break cost do print cost", "break load if sample % 2 == 1 do print sample; print y",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_stop_is_read_from_its_own_line_again(line: str) -> None:
    stop = made(line, t=5)
    word, _, text = stop.line.partition(" ")
    again = read(stop.kind, text, stop.number, CLOCK, 77)
    assert word == stop.kind
    assert replace(again, place=stop.place) == stop
    assert again.place == stop.place or stop.fixed is not None
    assert again.line == stop.line


REFUSED = [
    ("break", "where?", "break bwd 1"), ("break if cost > 1", "where?", "break bwd 1"),
    ("break bwd 9", "no layer 9", "layers are 1..2"), ("break bwd9.dW", "no layer 9", "layers are 1..2"),
    ("break bwd1.q", 'no operation "q"', "it has dC_da sp db dW"), ("break bwd.q", 'no operation "q"', "it has dC_da"),
    ("break updte", 'no operation "updte"', "did you mean update?"), ("break update if", "if what?", "break update if"),
    ("break update if cost", "a condition is a test", "cost > 0"), ("break dW", "belongs to a layer", "bwd2.dW"),
    ("break update if W[1] > 0", "a test for every entry", "any(...) or all(...)"),
    ("break update if W[9][0,0] > 0", "W[9] does not exist", "1..2"),
    ("break update if cots > 1", "no variable 'cots'", "did you mean cost?"),
    ("break update do", "do what?", "do print cost"), ("break update do ; ;", "do what?", "do print cost"),
    ("break at", "at which position?", "write break at e2.b17"), ("break at nowhere", 'no operation "nowhere"',
    "e2.b17"),
    ("break at e9", "no epoch 9", "the last is 1"), ("break at t=999999", "no position t=999999", "the last is"),
    ("break at e1 if l == 1", "l stands for no layer here", "1..2"),
    ("watch", "watch what?", "watch cost > 3"), ("watch lr", "no operation writes", "watch what an operation writes"),
    ("watch epoch == 1", "no operation writes", "break update if epoch == 1"), ("watch 1 > 0",
    "no operation writes", ""),
    ("watch cost >", "the expression ends here", "write a name"), ("watch W[1] > 0", "a test for every entry", "any("),
    ("watch $3 > 1", "$3 has no value here", "write the number itself"), ("catch", "catch what?", "there are nan"),
    ("catch nam", 'no catch "nam"', "did you mean nan?"), ("catch qqqqqqq", 'no catch "qqqqqqq"', "there are nan, van"),
    ("catch nan cost > 1", "takes no expression", "write watch"), ("catch dead cost", "a condition is a test",
    "cost > 0"),
    ("catch dead lr > 0", "no operation writes", "break update if"), ("watch a[l][2] > 0 and l > 9 and (",
    "ends here", ""),
    (f"watch {'1 + ' * 400}cost > 1", f"at most {LONGEST} characters", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told", "hint"), REFUSED, ids=[line[:40] for line, _, _ in REFUSED])
def test_what_is_refused_is_refused_with_its_remedy(line: str, told: str, hint: str) -> None:
    with pytest.raises(TuibpError) as caught:
        made(line)
    assert told in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.hint or len(line) > LONGEST


def test_a_layer_for_which_it_means_nothing_is_left_out() -> None:
    assert where("watch a[l][2] > -1e9") == [t + 1 for t in before("fwd1.a")]
    with pytest.raises(TuibpError, match="no place 3"):
        made("watch a[l][3] > 0")


def test_saturation_is_looked_for_where_an_activation_is_bounded() -> None:
    assert [condition.layer for condition in arm(made("catch saturate"), CLOCK).conditions] == [1]
    relu = random_recipe(np.random.default_rng(4), Bounds(), replace(PINNED, activations=("relu", "identity")))
    with pytest.raises(InputError, match="has no layer to look at"):
        arm(made("catch saturate"), Timeline(relu).clock)


def test_numbers_are_never_given_twice() -> None:
    stops = Stops()
    one, two = stops.add("break", "update", CLOCK, 0), stops.add("watch", "cost", CLOCK, 0)
    assert (one.number, two.number) == (1, 2)
    assert stops.delete(2) is two
    with pytest.raises(InputError, match="there is no stop 2; there are 1"):
        stops.get(2)
    assert stops.add("catch", "nan", CLOCK, 0).number == 3
    with pytest.raises(TuibpError):
        stops.add("watch", "lr", CLOCK, 0)
    assert stops.add("catch", "dead", CLOCK, 0).number == 4
    stops.put(replace(one, number=9))
    assert stops.add("watch", "bcost", CLOCK, 0).number == 10
    assert list(stops.all) == [1, 3, 4, 9, 10]
    stops.enable(3, enabled=False)
    assert [stop.number for stop in stops.enabled] == [1, 4, 9, 10]
    stops.enable(3, enabled=True)
    assert [stop.number for stop in stops.enabled] == [1, 3, 4, 9, 10]
    with pytest.raises(InputError, match="there is no stop 77"):
        stops.enable(77, enabled=True)
    with pytest.raises(InputError, match="break, watch and catch make one"):
        Stops().get(1)


def test_the_debug_table_makes_stops() -> None:
    breaks = ("bwd 2", "cost > 1.0", "at e1", "update if epoch == 1")
    table = {"break": breaks, "watch": ("norm(dW[2])",), "catch": ("nan",)}
    kinds = [(place, kind) for place, kind, _ in of_debug(table)]
    assert kinds == [
        (("break", 0), "break"), (("break", 1), "watch"), (("break", 2), "break"), (("break", 3), "break"),
        (("watch", 0), "watch"), (("catch", 0), "catch"),
    ]  # fmt: skip
    session = Session(replace(RECIPE, debug=table))
    assert [stop.line for stop in session.stops.enabled] == [
        "break bwd 2", "watch cost > 1.0", f"break at t={CLOCK.epoch_start(1)}", "break update if epoch == 1",
        "watch norm(dW[2])", "catch nan",
    ]  # fmt: skip
    assert list(session.stops.all) == [1, 2, 3, 4, 5, 6]


def test_what_is_wrong_with_the_debug_table_is_said_with_its_place() -> None:
    plain = GOOD.partition("[debug]")[0]
    line = plain.count("\n") + 2
    table = '[debug]\nbreak = ["bwd 2", "bwd 7",\n  "update if cots > 1"]\nwatch = ["lr", "cost"]\ncatch = ["nam"]\n'
    with pytest.raises(CombinedError) as caught:
        opened(plain + table)
    assert [str(error) for error in caught.value.errors] == [
        f'net.toml:{line}:19: "bwd 7": there is no layer 7; the layers are 1..2',
        f"net.toml:{line + 1}:3: \"update if cots > 1\": no variable 'cots'; did you mean cost?",
        f'net.toml:{line + 2}:10: "lr": no operation writes anything that this reads; watch what an operation writes',
        f'net.toml:{line + 3}:10: no catch "nam"; did you mean nan?',
    ]
    with pytest.raises(InputError, match=rf"net\.toml:{line}:10: at fwd1\.z cost > 1 is not known yet"):
        opened(plain + '[debug]\nbreak = ["fwd 1 if cost > 1"]\n')


def test_a_file_with_stops_opens_with_them() -> None:
    session = Session(opened(GOOD))
    assert [stop.line for stop in session.stops.enabled] == ["break bwd 2", "watch cost > 1.0", "watch norm(dW[2])"]
