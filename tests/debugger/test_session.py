"""A session as its user meets it: movements by name, counts, frames, visited places, errors that change nothing."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pytest

from tests.debugger.listing import listing
from tests.recipes import sized
from tuibp.debugger import head, timeline
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.session import Session
from tuibp.debugger.trail import VISITED
from tuibp.debugger.view import View
from tuibp.engine import pace
from tuibp.engine.operations import Level
from tuibp.errors import NameInputError, TuibpError

LINES = listing(2, 5, 2, 2)
NAMES = [line.name for line in LINES]
RECIPE = sized(5, 2, 2, (2, 3, 2))
TOTAL = len(LINES)


@pytest.fixture
def session() -> Session:
    return Session(RECIPE)


def walk(session: Session, command: str, times: int) -> list[str]:
    """Where a command repeated leads."""
    names = []
    for _ in range(times):
        session.execute(command)
        names.append(session.position.name)
    return names


def test_step_goes_by_layers_and_lines(session: Session) -> None:
    first = ["e0.b0.begin", "e0.b0.s0.load", "e0.b0.s0.fwd1.z", "e0.b0.s0.fwd2.z",
    "e0.b0.s0.cost", "e0.b0.s0.bwd2.dC_da",
             "e0.b0.s0.bwd1.dC_da", "e0.b0.s0.acc", "e0.b0.s1.load"]  # fmt: skip
    assert walk(session, "step", 9) == first
    assert walk(session, "reverse-step", 9) == [*reversed(first[:-1]), "e0.shuffle"]


MOVES = [
    ("stepi", "e0.b0.s1.fwd1.z", "e0.b0.s1.fwd1.a"), ("si", "e0.b0.s1.bwd1.dW", "e0.b0.s1.acc"),
    ("reverse-stepi", "e0.b0.s1.acc", "e0.b0.s1.bwd1.dW"), ("rsi", "e0.b0.begin", "e0.shuffle"),
    ("s", "e0.b0.s1.fwd1.a", "e0.b0.s1.fwd2.z"), ("rs", "e0.b0.s1.fwd2.a", "e0.b0.s1.fwd2.z"),
    ("sample", "e0.b0.s0.bwd2.db", "e0.b0.s1.load"), ("sample", "e0.b0.s1.load", "e0.b0.grad"),
    ("sample", "e0.b0.grad", "e0.b0.update"), ("sample", "e0.b0.update", "e0.b1.begin"),
    ("reverse-sample", "e0.b0.s1.cost", "e0.b0.s1.load"), ("reverse-sample", "e0.b0.s1.load", "e0.b0.s0.load"),
    ("batch", "e0.b0.s1.cost", "e0.b1.begin"), ("batch", "e0.b2.s0.cost", "e0.end"),
    ("batch 2", "e0.b0.s1.cost", "e0.b2.begin"),
    ("reverse-batch", "e0.b1.s1.cost", "e0.b1.begin"), ("reverse-batch", "e0.b2.begin", "e0.b1.begin"),
    ("batch", "e0.shuffle", "e0.b1.begin"), ("reverse-batch", "e0.b1.begin", "e0.shuffle"),
    ("batch", "e0.end", "e1.b1.begin"), ("reverse-batch", "e1.b1.begin", "e0.end"),
    ("epoch", "e0.b1.s1.cost", "e1.shuffle"), ("epoch", "e0.end", "e1.shuffle"), ("epoch 2", "e0.b1.begin", "end"),
    ("reverse-epoch", "e1.b1.s1.cost", "e1.shuffle"), ("reverse-epoch", "e1.shuffle", "e0.shuffle"),
    ("continue", "e0.b1.s1.cost", "end"), ("c", "e1.end", "end"), ("reverse-continue", "e1.b1.s1.cost", "e0.shuffle"),
    ("goto e1.b2", "e0.b1.s1.cost", "e1.b2.begin"), ("goto +2b", "e0.b0.s1.cost", "e0.b2.begin"),
    ("goto cost", "e1.b1.s1.load", "e1.b1.s1.cost"),
    ("advance update", "e0.b0.s0.cost", "e0.b0.update"), ("advance cost", "e0.b0.s0.cost", "e0.b0.s1.cost"),
    ("advance end", "e1.b0.s0.cost", "e1.end"), ("reverse-advance bwd 1", "e0.b1.s0.fwd1.z", "e0.b0.s1.bwd1.dC_da"),
    ("reverse-advance shuffle", "e1.b0.s0.cost", "e1.shuffle"), ("step 3", "e0.b0.s0.load", "e0.b0.s0.cost"),
    ("stepi 999999", "e0.b0.begin", "end"), ("reverse-sample 999999999999999999", "e1.b0.begin", "e0.shuffle"),
    ("next", "e0.b0.s0.fwd1.z", "e0.b0.s0.fwd1.a"), ("next", "e0.b0.s0.load", "e0.b0.s0.fwd1.z"),
    ("next", "e0.b0.s0.cost", "e0.b0.s0.bwd2.dC_da"), ("next", "e0.b0.begin", "e0.b0.s0.load"),
    ("next", "e0.shuffle", "e0.b0.begin"),
    ("finish", "e0.b0.s0.fwd1.z", "e0.b0.s0.fwd2.z"), ("finish", "e0.b0.s0.bwd1.sp", "e0.b0.s0.acc"),
    ("finish", "e0.b0.s0.cost", "e0.b0.s1.load"), ("finish", "e0.b0.grad", "e0.b1.begin"),
    ("finish", "e0.end", "e1.shuffle"),
    ("finish 2", "e0.b0.s0.fwd1.z", "e0.b0.s0.cost"), ("finish 3", "e0.b0.s0.fwd1.a", "e0.b0.s1.load"),
    ("finish 99", "e1.b0.begin", "end"),
    ("reverse-finish", "e0.b0.s0.bwd1.db", "e0.b0.s0.bwd1.dC_da"),
    ("reverse-finish", "e0.b0.s0.bwd1.dC_da", "e0.b0.s0.bwd2.dC_da"),
    ("reverse-finish", "e0.b0.s0.bwd2.dC_da", "e0.b0.s0.load"), ("reverse-finish", "e0.b0.s0.load", "e0.b0.begin"),
    ("reverse-finish", "e0.b0.begin", "e0.shuffle"), ("reverse-finish 4", "e1.b0.s0.bwd1.db", "e1.b0.begin"),
    ("reverse-finish 99", "e1.b0.s0.bwd1.db", "e0.shuffle"), ("reverse-finish", "e0.shuffle", "e0.shuffle"),
    ("finish", "end", "end"),
]  # fmt: skip


def index(name: str) -> int:
    return TOTAL if name == "end" else NAMES.index(name)


@pytest.mark.parametrize(("line", "start", "stop"), MOVES)
def test_movement(line: str, start: str, stop: str, session: Session) -> None:
    session.go(index(start))
    result = session.execute(line)
    assert session.position.name == stop
    assert (result.t, result.came_from) == (session.t, index(start))
    assert session.came_from == index(start)


COUNTED = [name for name, row in COMMANDS.items() if row.target and not row.argument and "next" not in name]
"""`next 3` is apart: it keeps to the level of the frame that was selected when it was given."""


@pytest.mark.parametrize("name", COUNTED)
def test_a_count_is_so_many_single_movements(name: str) -> None:
    """For every selected frame, from places drawn at random."""
    rng = random.Random(name)
    one, many = Session(RECIPE), Session(RECIPE)
    for level in Level:
        for t in rng.sample(range(TOTAL + 1), 12):
            one.selected = many.selected = level
            count = rng.randint(1, 4)
            one.go(t)
            many.go(t)
            for _ in range(count):
                one.execute(name)
            many.execute(f"{name} {count}")
            assert many.t == one.t, (level, t, count)
            assert many.selected == level


@pytest.mark.parametrize("level", list(Level))
def test_finish_leaves_exactly_its_frame(level: Level, session: Session) -> None:
    for t, line in enumerate(LINES):
        session.go(t)
        session.selected = level
        own = min(each for each in line.inside if each >= level)
        outside = [later for later in range(t, TOTAL) if LINES[later].inside.get(own) != line.inside[own]]
        assert session.frame.level == own
        start = min(earlier for earlier in range(t + 1) if LINES[earlier].inside.get(own) == line.inside[own])
        session.execute("finish")
        assert session.t == (outside[0] if outside else TOTAL)
        session.go(t)
        session.execute("reverse-finish")
        assert session.t == start if start < t else session.t < t or t == 0


def test_finish_says_its_result(session: Session) -> None:
    for start, label, name in [
        ("e0.b1.s0.cost", "sample 0", "cost"), ("e0.b1.s1.cost", "sample 1", "cost"),
        ("e0.b1.grad", "batch 1", "bcost"),
        ("e0.end", "epoch 0", "ecost"), ("e1.end", "epoch 1", "ecost"),
    ]:  # fmt: skip
        session.go(index(start))
        stop = session.execute("finish")
        assert stop.reason == f"Finished {label}: {name} = {session.view().scalar(name):.6g}."
    session.go(index("e0.b1.s0.cost"))
    session.execute("stepi")
    session.selected = Level.SAMPLE
    cost = session.view().scalar("cost")
    assert session.execute("finish").reason == f"Finished sample 0: cost = {cost:.6g}."
    session.selected = Level.OP
    for start, label, tensor in [("e0.b0.s1.fwd1.z", "fwd 1", "a[1]"), ("e0.b0.s1.bwd2.sp", "bwd 2", "db[2]")]:
        session.go(index(start))
        name, layer = tensor[:-3], int(tensor[-2])
        reason = session.execute("finish").reason
        value = session.view().get(name, layer)
        assert value is not None
        assert reason == f"Finished {label}: largest |{tensor}| = {np.abs(value).max():.6g}."
    session.selected = Level.PASS
    session.go(index("e0.b0.s1.bwd2.sp"))
    assert session.execute("finish").reason.startswith("Finished bwd pass: largest |db[1]| =")
    session.selected = Level.RUN
    assert session.execute("finish").reason.startswith("Finished run: ecost =")


def test_ends_of_the_run_say_so(session: Session) -> None:
    assert session.execute("continue").reason == "End of the run."
    assert session.execute("step").reason == "End of the run."
    assert session.execute("reverse-continue").reason == "Start of the run: nothing is computed yet."
    assert session.execute("step").reason == ""


def test_frames_are_selected_outwards_and_inwards(session: Session) -> None:
    session.go(index("e0.b1.s0.bwd1.sp"))
    levels = [Level.LAYER, Level.PASS, Level.SAMPLE, Level.BATCH, Level.EPOCH, Level.RUN]
    assert session.frame.level == levels[0]
    assert [session.select_outer().level for _ in range(7)] == [*levels[1:], Level.RUN, Level.RUN]
    assert [session.select_inner().level for _ in range(7)] == [*reversed(levels[:-1]), Level.LAYER, Level.LAYER]
    session.select_outer()
    session.select_outer()
    assert session.frame.label == "sample 0"
    session.execute("batch")
    assert session.frame.label == "batch 2"  # no sample is open: the innermost frame that is not deeper
    session.execute("goto e0.b2.s0.fwd1.a")
    assert session.frame.label == "sample 0"


def test_next_keeps_to_the_selected_frame(session: Session) -> None:
    session.go(index("e0.b0.s0.load"))
    session.selected = Level.BATCH
    assert walk(session, "next", 4) == ["e0.b0.s1.load", "e0.b0.grad", "e0.b0.update", "e0.b1.begin"]
    session.selected = Level.EPOCH
    assert walk(session, "next", 3) == ["e0.b2.begin", "e0.end", "e1.shuffle"]
    assert walk(session, "reverse-next", 2) == ["e0.end", "e0.b2.begin"]
    session.selected = Level.SAMPLE
    session.go(index("e0.b0.s0.fwd2.a"))
    assert walk(session, "next 2", 1) == ["e0.b0.s0.bwd2.dC_da"]


def test_until_never_leaves_the_frame(session: Session) -> None:
    cases = [
        (Level.SAMPLE, "e0.b0.s0.fwd1.z", "until cost", "e0.b0.s0.cost"),
        (Level.SAMPLE, "e0.b0.s0.acc", "until cost", "e0.b0.s1.load"),
        (Level.SAMPLE, "e0.b0.s0.cost", "until update", "e0.b0.s1.load"),
        (Level.BATCH, "e0.b0.s0.cost", "until update", "e0.b0.update"),
        (Level.BATCH, "e0.b2.s0.acc", "until cost", "e0.end"), (Level.RUN, "e1.b2.s0.acc", "until cost", "end"),
        (Level.SAMPLE, "e0.b0.s1.acc", "reverse-until cost", "e0.b0.s1.cost"),
        (Level.SAMPLE, "e0.b0.s1.cost", "reverse-until cost", "e0.b0.s1.load"),
        (Level.BATCH, "e0.b1.s0.cost", "reverse-until cost", "e0.b1.begin"),
        (Level.OP, "e0.b0.s0.fwd1.z", "until bwd 1", "e0.b0.s0.fwd2.z"),
        (Level.OP, "e0.b0.s0.fwd1.z", "until fwd1.a", "e0.b0.s0.fwd1.a"),
    ]  # fmt: skip
    for level, start, line, stop in cases:
        session.go(index(start))
        session.selected = level
        session.execute(line)
        assert session.position.name == stop, line
    rng = random.Random(0)
    for _ in range(200):
        session.go(rng.randrange(TOTAL))
        session.selected = rng.choice(list(Level))
        frame, line = session.frame, rng.choice(["until ", "reverse-until "]) + rng.choice(LINES).op
        session.execute(line)
        assert frame.start <= session.t <= frame.stop


def test_advance_goes_wherever_its_place_comes_next() -> None:
    session, rng = Session(RECIPE), random.Random(1)
    for _ in range(200):
        start, op = rng.randrange(TOTAL + 1), rng.choice(LINES).op
        session.go(start)
        later = [t for t in range(start + 1, TOTAL) if LINES[t].op == op]
        if later:
            assert session.execute(f"advance {op}").t == later[0]
        else:
            with pytest.raises(TuibpError, match="does not come after"):
                session.execute(f"advance {op}")
            assert session.t == start


def test_back_and_forward_through_visited_places(session: Session) -> None:
    assert "before" in session.execute("back").reason
    places = [0]
    for line in ("step 4", "epoch", "reverse-step", "goto 41%"):
        places.append(session.execute(line).t)
    session.execute("goto 41%")  # nowhere new: not visited twice
    assert [session.execute("back").t for _ in range(4)] == places[-2::-1]
    assert session.execute("back").t == 0
    assert "No place before" in session.execute("back").reason
    assert [session.execute("forward").t for _ in range(4)] == places[1:]
    assert "No place after" in session.execute("forward").reason
    assert session.execute("back 2").t == places[2]
    assert session.execute("forward 99").t == places[4]
    assert session.execute("back 999999").t == 0
    assert session.visited(-1) is None
    assert session.visited(+1) == places[1]
    session.execute("forward")
    session.execute("continue")  # what lay in front is gone
    assert "No place after" in session.execute("forward").reason
    assert session.execute("back").t == places[1]


def test_the_visited_places_are_bounded(session: Session) -> None:
    for i in range(VISITED + 50):
        session.go(5 + i % 2)
    for _ in range(VISITED - 1):
        assert session.visited(-1) is not None
        session.step_visited(-1)
    assert session.visited(-1) is None
    assert "No place" in session.execute("back").reason


def test_a_journey_that_is_broken_off_leaves_the_session_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST", 1)  # so that a run of a few batches pauses at all
    session = Session(RECIPE)
    session.execute("step 5")
    start = session.t
    assert list(islice(session.travel(TOTAL), 2)) == [(1, 6), (2, 6)]
    assert session.t == start
    assert session.visited(+1) is None
    stop = session.interrupt(TOTAL)
    assert stop.t == session.t == index("e0.end")
    assert session.execute("back").t == start


def test_a_journey_that_another_has_overtaken_never_arrives() -> None:
    session = Session(sized(4000, 1, 2))
    end = session.clock.total
    old = session.travel(end)
    next(old)
    session.run("e0.b5")
    assert list(old) == [] and session.position.name == "e0.b5.begin"
    old = session.travel(end)
    next(old)
    View(
        session.timeline, session.clock.batch_start(0, 3) + 4
    )  # somebody looks elsewhere and ends its way, not its aim
    assert list(old) and session.t == end and session.timeline.computed(end)


@pytest.mark.parametrize("back", (1, 2, 10, 16, 17, 25))
def test_a_journey_back_that_is_called_off_computes_nothing_to_stay(back: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on wide networks, of which two records are kept: that of the batch where one stands is one of them."""
    monkeypatch.setattr(timeline, "RECORD_BYTES", 0)
    monkeypatch.setattr(timeline, "LONG", 0)
    recipe, taken, going = sized(60, 1, 1), 0, True
    while going:
        session = Session(recipe)
        start, target = (session.clock.batch_start(0, batch) + 5 for batch in (40, 40 - back))
        session.go(start)
        journey = session.travel(target)
        going = len(list(islice(journey, taken))) == taken
        journey.close()
        assert session.timeline.computed(session.t)
        assert session.interrupt(target).t == (start if going else target)
        taken += 1
    assert taken > 4


def test_a_run_that_is_stopped_shows_a_batch_that_has_ended_unless_one_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(sized(4000, 1, 2))
    next(session.travel(session.clock.total))
    session.interrupt(session.clock.total)
    assert session.position.name == "e0.b2049.begin" and session["bcost"] is not None
    monkeypatch.setattr(timeline, "BRIEF", 0.0)
    next(session.travel(session.clock.total))
    session.interrupt(session.clock.total)
    assert session.position.op is not None and session.position.op.name == "load"


def test_a_journey_may_change_threads_and_leaves_no_trace_in_the_one_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins on the event loop and goes on beside it, within a batch too where operations take long."""
    monkeypatch.setattr(head, "LONG", 0)
    session, before = Session(RECIPE), np.geterr()
    journey = session.travel(TOTAL)
    for _ in range(7):
        next(journey)
    assert np.geterr() == before
    with ThreadPoolExecutor(1) as pool:
        pool.submit(list, journey).result()
    assert session.t == TOTAL
    assert np.geterr() == before


def test_an_interrupted_journey_back_stays() -> None:
    session = Session(RECIPE, budget=0)
    end = session.execute("continue").t
    assert list(islice(session.travel(index("e0.b1.s0.cost")), 1)) == [(1, 2)]
    assert session.interrupt(index("e0.b1.s0.cost")).t == end


def test_an_interrupt_never_goes_back_nor_too_far() -> None:
    """Even where the journey has to begin at a keyframe far behind."""
    session, rng = Session(sized(6, 1, 3), budget=0), random.Random(3)
    total = session.clock.total
    for _ in range(100):
        session.go(rng.randrange(total + 1))
        start, target = session.t, rng.randrange(total + 1)
        if not list(islice(session.travel(target), 1)):
            assert session.t == target
            continue
        reached = session.interrupt(target).t
        assert start <= reached <= max(start, target)


def test_values_by_their_names(session: Session) -> None:
    """What a student writes: the same numbers as the view's, as copies that cannot be written to."""
    with pytest.raises(NameInputError, match="written at load"):
        session["a[0]"]
    assert session.run("e0.b1.s1.acc").t == index("e0.b1.s1.acc")
    W, view = session["W[2]"], session.view()
    assert isinstance(W, np.ndarray)
    np.testing.assert_array_equal(W, view.state.params.W[2])
    assert session["W[2][0,1]"] == W[0, 1]
    assert session["cost"] == view.scalar("cost")
    assert session["lr"] == RECIPE.plan.lr
    with pytest.raises(ValueError, match="read-only"):
        W[0, 0] = 1.0
    for name, words in [("gW[1]", "written at grad"), ("q", "no variable"), ("W[3]", "layers of W")]:
        with pytest.raises(NameInputError, match=words):
            session[name]
    assert session.step(2).t == index("e0.b1.update")
    assert session.back(2).t == index("e0.b1.s1.acc")
    np.testing.assert_array_equal(W, session["W[2]"])
