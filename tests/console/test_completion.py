"""Completion: the words for where the cursor stands."""

from __future__ import annotations

import pytest

from tests.console.some_lines import small
from tests.console.test_commands import Scripts
from tests.recipes import sized
from tuibp.console.completion import complete
from tuibp.console.console import Console
from tuibp.debugger.session import Session

CASES = [
    ("st", ["step", "stepi"]), ("reverse-c", ["reverse-continue"]), ("wa", ["watch"]), ("W", ["W["]),
    ("W[", ["1]", "2]"]), ("a[", ["0]", "1]", "2]"]), ("W[2][", ["0,", "1,", ":,"]),
    ("W[2][0,", ["0]", "1]", "2]", ":]"]),
    ("W[L][", ["0,", "1,", ":,"]), ("x[", ["0]", "1]"]), ("delta[2][", ["0]", "1]"]), ("W[9][", []), ("W[2][0,0,", []),
    ("cost[", []), ("print norm(g", ["gW[", "gb["]), ("p/6 gW[", ["1]", "2]"]), ("cost-W", ["cost-W["]),
    ("cost + ec", ["ecost"]), ("bwd", []), ("break bw", ["bwd", *(f"bwd{l}{op}" for l in "12"
     for op in ("", ".dC_da", ".dW", ".db", ".sp"))]), ("break bwd ", ["1", "2", "do", "if"]),
    ("break bwd 1 i", ["if"]), ("break bwd 1 if ec", ["ecost"]), ("break at st", ["start"]), ("until gr", ["grad"]),
    ("advance upd", ["update"]), ("list beg", ["begin"]), ("watch ec", ["ecost"]),
    ("watch cost d", ["db[", "dC_da[", "dW[",
     "dC/dW[", "dC/da[", "dC/db[", "dead(", "delta[", "do"]), ("watch cost > 3 do pr", ["prev(", "print"]),
    ("watch cost > 3 do when; inf", ["info"]), ("watch cost > 3 do print W[", ["1]", "2]"]),
    ("goto '", ["'here"]), ("goto $", ["$1", "$2"]), ("goto e", ["e1", "e1.b1.begin", "end"]),
    ("p $", ["$1", "$2", "$x"]),
    ("timeline ", ["0", "1"]), ("diff 0 ", ["0", "1"]), ("delete ", ["1"]), ("enable ", ["1"]), ("undisplay ", ["1"]),
    ("catch ", ["dead", "explode", "nan", "ratio", "rise", "saturate", "vanish"]),
    ("catch vanish no", ["norm(", "not"]),
    ("info n", ["net", "notes"]), ("info net ", []), ("help st", ["step", "stepi"]), ("help norm", ["norm"]),
    ("set di", ["digits"]), ("set $", ["$1", "$2", "$x"]), ("run ", ["with"]),
    ("run with ", ["batch=", "epochs=", "lr=", "seed="]), ("source ", ["one", "two"]), ("save o", ["one"]),
    ("note c", []), ("zz", []), ("step ", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def console() -> Console:
    console = small()
    console.files = Scripts(one="", two="")
    for line in (
        "goto e1.b1",
        "p bcost",
        "p 2",
        "mark here",
        "break update",
        "set $x = 3",
        "display cost",
        "set lr = 0.1",
    ):
        console.execute(line)
    return console


@pytest.mark.parametrize(("line", "words"), CASES)
def test_words(line: str, words: list[str], console: Console) -> None:
    assert complete(console, line, len(line)) == sorted(words)


def test_the_cursor_may_stand_anywhere(console: Console) -> None:
    assert complete(console, "print norm(W[2][0,1])", 10) == ["norm("]
    assert complete(console, "pri cost", 3) == ["print"]


def test_an_empty_line_offers_every_command(console: Console) -> None:
    words = complete(console, "", 0)
    assert "step" in words
    assert "W[" not in words
    assert "zoom" not in words


def test_of_many_numbers_the_range_is_shown(console: Console) -> None:
    wide = Console(Session(sized(2, 1, 1, (30, 20, 2))))
    assert complete(wide, "W[1][", 5) == ["0,", "19,", ":,"]
    assert complete(wide, "W[1][3,", 7) == ["0]", "29]", ":]"]
