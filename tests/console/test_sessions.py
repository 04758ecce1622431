"""Sessions put away and taken up: a session that goes on answers as one that has never stopped, and one that does not
fit the network is refused with the place in it.
"""

from __future__ import annotations

import dataclasses
import io
import json
import random
import re
import sys
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from tests.console.some_lines import RECIPE, console_of, small, some_line, tried
from tests.console.test_commands import run
from tests.formats.test_session_file import opened as archive_of
from tests.recipes import sized
from tuibp.console import sessions
from tuibp.console.console import Console
from tuibp.console.sessions import compared, restored, restoring, saved
from tuibp.debugger.saved import (
    Saved,
    SavedDisplay,
    SavedEdit,
    SavedMark,
    SavedName,
    SavedNote,
    SavedStop,
    SavedTimeline,
    SavedValue,
)
from tuibp.debugger.session import Session
from tuibp.errors import InputError
from tuibp.formats.session_file import dump, load

_RUN = re.compile(r"\d+ of \d+ batches run(, last cost \S+)?")
"""How far a timeline has been run is not kept: what has been computed is computed again when it is asked for."""


def comparable(answer: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_RUN.sub("", line) for line in answer)


def fields(session: Saved) -> dict[str, str]:
    """In a form that finds nan equal to itself."""
    found = {field.name: repr(getattr(session, field.name)) for field in dataclasses.fields(session)}
    return {name: text for name, text in found.items() if name not in ("digests", "network_text")}


@pytest.mark.parametrize("seed", range(40))
def test_a_session_goes_on_as_if_it_had_never_stopped(seed: int) -> None:
    rng, console = random.Random(seed), small()
    for _ in range(rng.randrange(3, 40)):
        tried(console, some_line(rng))
    away = load(dump(saved(console, with_digests=seed % 3 == 0)), "s.tuibp")
    again = restored(away, RECIPE)
    assert fields(saved(again)) == fields(away)
    console._last = None
    for _ in range(25):
        line = some_line(rng)
        assert comparable(tried(console, line)) == comparable(tried(again, line)), line


def test_everything_is_kept() -> None:
    console = small()
    run(console, "goto e1.b0", "p W[1]", "p t", "set $x = W[2][0,1]", "set digits 9", "display/3 lr", "display t",
        "undisplay 1", "mark a", "note why", "break update if cost > 1 do print t", "watch cost", "break grad",
        "delete 3",
        "disable 2", "set W[1][0,0] = nan", "set b[1] = b[1] * 2", "run with lr=0.25 seed=3", "sample 2",
        "run with batch=1",
        "set lr = 3", "timeline 1", "batch", "up")  # fmt: skip
    again = restored(load(dump(saved(console)), "s"), RECIPE)
    for line in ("info stops", "info displays", "info marks", "info notes", "info values", "info timelines",
    "show", "when",
                 "info frames", "back", "back", "p $x", "p $1", "break load", "set z[1] = 1", "timeline 4",
                 "p lr"):  # fmt: skip
        assert comparable(tried(console, line)) == comparable(tried(again, line)), line
    assert [timeline.changes for timeline in again.session.timelines] == [{}, {}, *([{"lr": 0.25, "seed": 3}]), *(
        [{"lr": 0.25, "seed": 3, "batch": 1}]
    ), {}, *([{}] * (len(again.session.timelines) - 5))]  # fmt: skip


def test_a_long_value_is_computed_when_it_is_asked_for() -> None:
    recipe = sized(5, 2, 6, (12, 9, 2))
    console = Console(Session(recipe), origin=small().origin)
    run(console, "goto e1.b1.s0.bwd1.dW", "p W[l]", "p $ * 2", "set lr = 0.1", "batch 3")
    away = saved(console)
    assert away.values[0].value is None
    assert away.values[1].value is not None
    again = restored(away, recipe)
    assert again.values[1].value is None
    assert again.values[1].place == console.values[1].place
    assert run(again, "p/a $1") == run(console, "p/a $1")
    assert run(again, "goto $1") == run(console, "goto $1")


def test_a_set_goes_on_with_the_fork_that_was_just_made() -> None:
    console = small()
    run(console, "batch 2", "set lr = 0.1")
    again = restored(saved(console), RECIPE)
    run(again, "set b[1] = 0")
    assert len(again.session.timelines) == 2
    assert again.session.timeline.label == "lr = 0.1, b[1] = 0 at e0.b2.begin"


def test_a_session_from_python_cannot_be_saved() -> None:
    with pytest.raises(InputError, match="no network file, so it cannot be saved"):
        saved(Console(Session(RECIPE)))


def test_nothing_is_run_but_the_way_to_where_one_stands() -> None:
    console = small()
    run(console, "goto end", "goto e3", "set lr = 1", "goto end", "timeline 0", "goto e1")
    again = restored(saved(console), RECIPE)
    assert again.session.timelines[1].log.filled == 0
    assert again.session.timelines[0].log.filled < 6
    steps = restoring(saved(console), RECIPE)
    assert all(isinstance(step, tuple) for step in steps)


GOOD = replace(saved(small()), t=30)
EDIT = SavedEdit(3, "lr", 0.5)
MISFITS: list[tuple[dict[str, Any], str]] = [
    ({"t": 517}, "t: timeline 0 has no position t = 517"),
    ({"current": 1}, "t: there is no timeline 1"),
    ({"selected": 99}, "selected: there is no frame"),
    ({"visited": ((0, 3), (0, 999))}, "visited[1]: timeline 0 has no position"),
    ({"visited": ((0, 3),), "place": 1}, "place: there is no place 1"),
    ({"came_from": 999}, "came_from: timeline 0"),
    ({"timelines": ()}, "timelines: there are 0 timelines"),
    ({"timelines": (SavedTimeline(None),) * 251}, "timelines: there are 251"),
    ({"timelines": (SavedTimeline(None, (EDIT,)),)}, "timelines[0]: the trunk"),
    ({"timelines": (SavedTimeline(None), SavedTimeline(1, (EDIT,)))}, "timelines[1]: it is forked from 1"),
    ({"timelines": (SavedTimeline(None), SavedTimeline(0))}, "timelines[1]: a fork has edits"),
    ({"timelines": (SavedTimeline(None), SavedTimeline(None))}, "timelines[1].changes: nothing is to be different"),
    (
        {"timelines": (SavedTimeline(None), SavedTimeline(None, (), {"zz": 1}))},
        "timelines[1].changes: a run has no setting",
    ),
    (
        {"timelines": (SavedTimeline(None), SavedTimeline(None, (), {"lr": -1.0}))},
        "timelines[1].changes: lr cannot be -1.0",
    ),
    (
        {"timelines": (SavedTimeline(None), SavedTimeline(0, (EDIT, SavedEdit(4, "lr", 1.0))))},
        "edits[1]: the edits of a fork",
    ),
    *(
        ({"timelines": (SavedTimeline(None), SavedTimeline(0, (edit,)))}, f"timelines[1].edits[0]: {said}")
        for edit, said in (
            (SavedEdit(516, "lr", 1.0), "lr cannot be set at the end"),
            (SavedEdit(999, "lr", 1.0), "there is no position 999"),
            (SavedEdit(3, "Q[1]", 1.0), "no variable"),
            (SavedEdit(3, "W[9]", 1.0), "W[9] does not exist"),
            (SavedEdit(3, "a[1]", 1.0), "a[1] cannot be set"),
            (SavedEdit(3, "W[1]", [1.0, 2.0]), "W[1] cannot be set to 2"),
            (SavedEdit(3, "W[1]", [[1.0], [2.0, 3.0]]), "lists of different lengths"),
            (SavedEdit(3, "lr", [1.0]), "lr cannot be"),
        )
    ),
    *(
        ({"stops": (SavedStop(1, "break update"), SavedStop(2, line))}, f"stops[1]: {said}")
        for line, said in (
            ("brake update", '"brake" makes no stop'),
            ("break zz", '"zz": no operation'),
            ("break at t=999", '"t=999": there is no position'),
            ("watch cots > 1", "no variable"),
            ("watch W[1] > 0", "this is a test for every entry"),
            ("catch naan", "no catch"),
            ("watch cost > 1 do run with lr=1", "a logpoint cannot do"),
            ("watch cost > 1 do source x", "a logpoint cannot do"),
        )
    ),
    ({"stops": (SavedStop(1, "break update"),) * 2}, "stops[1]: the number 1 is given twice"),
    ({"marks": (SavedMark("a", 0, 999),)}, "marks[0]: timeline 0"),
    ({"marks": (SavedMark("a b", 0, 3),)}, "marks[0].name: "),
    ({"notes": (SavedNote("n", 3, 0),)}, "notes[0]: there is no timeline 3"),
    ({"displays": (SavedDisplay(1, "cots"),)}, "displays[0]: no variable"),
    ({"displays": (SavedDisplay(1, "cost", "99z"),)}, "displays[0]: "),
    ({"displays": (SavedDisplay(1, "cost"),) * 2}, "displays[1]: the number 1"),
    ({"values": (SavedValue(1, "W[1]", 0, 999),)}, "values[0]: timeline 0"),
    ({"values": (SavedValue(1, "W[9]", 0, 9),)}, "values[0]: W[9] does not exist"),
    ({"values": (SavedValue(1, "$x", 0, 9),)}, "values[0]: $x has no value"),
    ({"values": (SavedValue(1, "((", 0, 9, 1.0),)}, "values[0]: "),
    ({"values": (SavedValue(1, "x", 0, 9, [[1.0], 2.0]),)}, "values[0]: lists of different"),
    ({"names": (SavedName("a b", 1.0),)}, "names[0]: "),
    ({"settings": {"digits": 99}}, "settings.digits: "),
    ({"settings": {"depth": 3}}, "settings.depth: "),
]


@pytest.mark.parametrize(("change", "said"), MISFITS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_fit_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    restored(GOOD, RECIPE)
    with pytest.raises(InputError) as caught:
        restored(replace(GOOD, **change), RECIPE)
    assert said in str(caught.value)
    assert caught.value.hint
    assert str(caught.value).isprintable()


def test_a_whole_number_may_be_a_learning_rate() -> None:
    session = Session(RECIPE)
    session.run_with(lr=2)
    assert session.view().scalar("lr") == 2.0
    with pytest.raises(InputError):
        session.run_with(lr=10**400)


def test_a_stop_may_belong_to_one_timeline_only() -> None:
    console = small()
    run(console, "run with epochs=20", "break at e15", "watch norm(W[l])", "goto e1.b0.s0.fwd1.a", "display z[l]")
    again = restored(saved(console), RECIPE)
    assert run(again, "info stops") == run(console, "info stops")
    assert run(again, "timeline 0") == run(console, "timeline 0")
    assert tried(again, "c") == tried(console, "c")


def test_digests_tell_another_machine() -> None:
    console = console_of("xor")
    run(console, "goto e20", "set lr = 0.3", "goto e25")
    away = replace(saved(console), machine="there")
    assert away.digests[0].batch == 0
    assert len(away.digests) == 3
    recipe = console.session.timelines[0].recipe
    again = restored(away, recipe)
    assert compared(again, away, alike=True) == ""
    assert compared(again, away, alike=False) == "Computed here as there, bit for bit (3 places compared)."
    other = replace(away.digests[1], digest="0" * 32, norms=(1.0, 2.0))
    told = compared(again, replace(away, digests=(away.digests[0], other)), alike=True)
    assert told.startswith("Computed on another machine: at e")
    assert "relative difference" in told
    strange = replace(away.digests[0], batch=10**6)
    assert "belongs to another run" in compared(again, replace(away, digests=(strange,)), alike=True)


def test_digests_cost_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CHEAP", 0.0)
    console = console_of("xor")
    run(console, "goto e20")
    away = saved(console)
    assert away.digests == ()
    assert saved(console, with_digests=False) == away


ODD: list[Any] = [0, -1, 1, 3, 515, 516, 517, 10**9, 2**62, 0.5, -0.0, float("nan"), float("inf"), "", "W[1]",
"lr", "cost",
                  "break update", "watch cost > 1 do save x", "x" * 1999, "$1",
                  "a", None, True, [], [1.0], [[1.0], 2.0],
                  {}, {"lr": 2}, "W[9][0]", "nan", "\u202e"]  # fmt: skip


def changed(rng: random.Random, value: object, top: bool = True) -> object:
    """A document, or a part of it, with something in it changed."""
    if isinstance(value, dict) and value and (top or rng.random() < 0.9):
        key = rng.choice(sorted(value))
        return value | {key: changed(rng, value[key], False)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        return [*value[:at], changed(rng, value[at], False), *value[at + 1 :]]
    return rng.choice(ODD)


def opened_or_refused(count: int, seed: int) -> int:
    """How many of so many strange sessions can be opened; those are gone on with."""
    rng, good, opened = random.Random(seed), small(), 0
    run(good, "goto e1.b0", "p W[1]", "p t", "set $x = W[2]", "display/3 lr", "mark a", "note why",
        "watch cost do print t", "break at e2", "set W[1] = W[1] * 2", "set lr = 3", "run with lr=0.25 seed=3",
        "sample 2", "set b[1][0] = 1")  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(dump(saved(good)))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(parts["session.json"])
    for _ in range(count):
        strange = changed(rng, document)
        strange = changed(rng, strange) if rng.random() < 0.3 else strange
        raw = archive_of(parts | {"session.json": json.dumps(strange).encode()})
        try:
            again = restored(load(raw, "s"), RECIPE)
        except InputError as error:
            assert all(part.isprintable() for part in str(error).split("\n"))
            continue
        opened += 1
        for line in ("info values", "info stops", "timeline", "batch 2", "back", "info displays", "p $1", "timeline 1"):
            tried(again, line)
    return opened


def test_whatever_a_session_holds_it_opens_or_is_refused() -> None:
    """`python -m tests.console.test_sessions 20000 7` tries as many by hand."""
    assert 10 < opened_or_refused(400, 1) < 390


if __name__ == "__main__":
    sys.stdout.write(f"{opened_or_refused(int(sys.argv[1]), int(sys.argv[2]))}\n")


def test_a_note_keeps_its_script() -> None:
    console = small()
    run(console, "note \u9055\u3044 caf\u00e9")
    assert "\u9055\u3044 caf\u00e9" in run(console, "notes")[0]
    away = load(dump(saved(console)), "s")
    assert run(restored(away, RECIPE), "notes") == run(console, "notes")
    hostile = replace(away, notes=(SavedNote("\x1b[2J\u202etext\n", 0, 0),))
    assert run(restored(load(dump(hostile), "s"), RECIPE), "notes") == ["*1  e0.shuffle (t=0)  [2Jtext"]
