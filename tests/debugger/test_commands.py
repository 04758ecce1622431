"""The table of commands, and how a line becomes a command: names, prefixes, counts, errors that change nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes import sized
from tuibp.debugger.commands import COMMANDS, GROUPS, find_command
from tuibp.debugger.session import Session
from tuibp.errors import TuibpError

RECIPE = sized(5, 2, 2, (2, 3, 2))


@pytest.fixture
def session() -> Session:
    return Session(RECIPE)


WRONG = [
    ("", "no command"), ("xyzzy", "the movements are"), ("step 0", "not a count"), ("step -1", "not a count"),
    ("step 1.5", "write step 3"),
    ("step two", "write step 3"), ("step " + "9" * 5000, "not a count"),
    ("step 0000000000000000000" + "9" * 5000, "not a count"),
    ("step ²", "not a count"), ("goto", "needs a place"), ("until", "write until LOC"), ("goto e9", "no epoch"),
    ("advance zz", "no operation"),
    ("reverse-s", "may be"), ("r", "may be"), ("zoom", "on the screen only"), ("quit", "on the screen only"),
    ("step 3 4", "not a count"),
    ("\x1b[31m", "no command"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), WRONG)
def test_a_wrong_command_changes_nothing(line: str, words: str, session: Session) -> None:
    session.execute("step 6")
    there = session.t
    with pytest.raises(TuibpError) as caught:
        session.execute(line)
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert (session.t, session.came_from) == (there, 0)
    assert (session.visited(+1), session.visited(-1)) == (None, 0)


FUZZED = Session(RECIPE)
WORDS = st.sampled_from(
    [*COMMANDS, *(alias for row in COMMANDS.values() for alias in row.aliases), "e0", "+1b", "5", "cost", "-", "0"]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=20), st.lists(WORDS, max_size=3).map(" ".join)))
def test_only_a_tuibp_error_ever(line: str) -> None:
    try:
        FUZZED.execute(line)
    except TuibpError as error:
        assert str(error)
    assert 0 <= FUZZED.t <= FUZZED.clock.total


def test_prefixes_and_aliases() -> None:
    for word, name in [("st", None), ("step", "step"), ("stepi", "stepi"), ("fin", "finish"), ("go", "goto"),
    ("unt", "until"),
                       ("reverse-c", "reverse-continue"), ("s", "step"), ("rn", "reverse-next"), ("ba", None),
                       ("bac", "back")]:  # fmt: skip
        if name is None:
            with pytest.raises(TuibpError, match="may be"):
                find_command(word)
        else:
            assert find_command(word).name == name


MOVEMENTS = [name for name, row in COMMANDS.items() if row.target is not None]


def test_every_movement_has_its_reverse() -> None:
    forward = {name for name in MOVEMENTS if not name.startswith("reverse-")} - {"goto"}
    assert {name.removeprefix("reverse-") for name in MOVEMENTS if name.startswith("reverse-")} == forward
    for name in forward:
        row, back = COMMANDS[name], COMMANDS[f"reverse-{name}"]
        assert (row.group, row.argument) == (back.group, back.argument)
        pairs = dict(zip("({[", ")}]", strict=True)) | {"backspace": "space", "pgup": "pgdn"}
        for key, mirrored in zip(row.keys, back.keys, strict=True):
            assert key == pairs.get(mirrored, mirrored.lower()), name


def test_the_table_of_commands() -> None:
    keys = [key for row in COMMANDS.values() for key in row.keys if row.name not in ("times", "pane")]
    words = [word for row in COMMANDS.values() for word in (row.name, *row.aliases)]
    assert len(set(keys)) == len(keys)
    assert len(set(words)) == len(words)
    for name, row in COMMANDS.items():
        assert name == row.name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert row.group in GROUPS
        assert re.fullmatch(r"[A-Z].*[^.]\.", row.help), name
        assert 0 < len(row.label) <= 16
        assert row.target is not None or row.screen or row.verb, name
        assert row.target is None or not (row.screen or row.verb), name
        assert row.typed or row.screen, "it can be typed, or the screen does it"
        assert row.keys or row.typed, "it has a key, or it can be typed"
        assert row.typed or not (row.aliases or row.argument)
