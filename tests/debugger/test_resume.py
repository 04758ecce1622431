"""Running on to the next stop, and back: counts, logpoints, several stops at one place, and what comes in between."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Generator
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import pytest

from tests.debugger.conditions import random_case
from tests.debugger.interrupted import broken_off
from tests.debugger.some_edits import some_edit
from tests.debugger.straight import difference, seen
from tests.debugger.test_search_on_forks import forked
from tests.recipes import TINY, Pinned, random_recipe, sized
from tuibp.debugger import head
from tuibp.debugger.breakpoints import KINDS
from tuibp.debugger.hunt import Hit
from tuibp.debugger.resume import Arrival
from tuibp.debugger.search import Search
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View

T = TypeVar("T")
RECIPE = sized(6, 2, 4, (2, 3, 2))


def armed(*lines: str) -> Session:
    """A session with stops."""
    session = Session(RECIPE)
    for line in lines:
        stop(session, line)
    return session


def stop(session: Session, line: str) -> int:
    """One more, by its line; its number."""
    word, _, text = line.partition(" ")
    kind = next(kind for kind in KINDS if kind == word)
    return session.stops.add(kind, text, session.clock, session.t).number


def ended(steps: Generator[tuple[int, int], None, T]) -> T:
    """What a journey comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def run(
    session: Session, direction: int = 1, count: int = 1, log: list[tuple[int, list[Hit]]] | None = None
) -> Arrival:
    """Go on."""
    noted = None if log is None else (lambda hits: log.append((session.t, hits)))
    arrival = ended(session.resume(direction, count, noted))
    assert arrival.t == session.t
    return arrival


def before(session: Session, name: str) -> list[int]:
    """The positions at which an operation is next."""
    return [t for t in range(session.clock.total) if (op := session.clock.at(t).op) and op.name == name]


def test_continue_and_back_stop_at_the_same_places() -> None:
    session = armed("break update", "watch cost > 0")
    there, back = [], []
    while (arrival := run(session)).hits:
        there.append((arrival.t, [hit.stop.number for hit in arrival.hits]))
    assert session.t == session.clock.total
    while (arrival := run(session, -1)).hits:
        back.append((arrival.t, [hit.stop.number for hit in arrival.hits]))
    assert session.t == 0
    assert there == back[::-1]
    assert len(there) == len(before(session, "update")) + len(before(session, "cost"))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 24, 25, 1000])
def test_continue_n_is_continue_n_times(count: int) -> None:
    for line in ("break load", "watch norm(W[1]) > 0", "break at +40"):
        for direction, start in ((1, 0), (-1, RECIPE_TOTAL), (1, 50), (-1, 50)):
            one, many = armed(line), armed(line)
            for session in (one, many):
                session.go(start)
            arrival = run(one, direction, count)
            for _ in range(count):
                last = run(many, direction)
            assert (arrival.t, len(arrival.hits)) == (last.t, len(last.hits)), (line, direction, start)


RECIPE_TOTAL = Session(RECIPE).clock.total


def test_a_count_beyond_the_last_stop_ends_at_the_end() -> None:
    session = armed("break shuffle")
    assert run(session, count=3).t == session.clock.epoch_start(3)
    assert run(session, count=1).hits == ()
    assert session.t == session.clock.total


def test_several_stops_at_one_place_are_all_told() -> None:
    session = armed("break update", "break update if epoch == 1", "watch gW[1]", "catch rise bcost > -1", "break at e1",
                    "watch norm(gW[l]) >= 0")  # fmt: skip
    run(session, count=len(before(session, "update")) // 4)
    found = {}
    while (arrival := run(session)).hits:
        found[session.position.name] = [hit.stop.number for hit in arrival.hits]
    assert found["e1.shuffle"] == [5]
    assert found["e1.b0.update"] == [1, 2, 3, 6]
    assert found["e1.b0.grad"] == [4]
    assert found["e2.b0.update"] == [1, 3, 6]


def test_a_hit_has_the_numbers_that_made_it_hold() -> None:
    session = armed("watch cost > 0", "watch W[2][1,0]", "break update if norm(gW[l]) > 0 and bcost > 0")
    arrival = run(session)
    (hit,) = arrival.hits
    assert [(name, float(value)) for name, value in hit.values] == [("cost", session["cost"])]
    session.stops.delete(1)
    arrival = run(session)
    assert [name for name, _ in arrival.hits[0].values] == ["norm(gW[1])", "bcost", "norm(gW[2])"]
    values = dict(arrival.hits[0].values)
    np.testing.assert_allclose(float(values["norm(gW[2])"]), np.linalg.norm(np.asarray(session["gW[2]"])))
    session.stops.delete(3)
    old = session["W[2][1,0]"]
    arrival = run(session)
    (hit,) = arrival.hits
    assert [(name, float(value)) for name, value in hit.values] == [
        ("W[2][1,0] before", old), ("W[2][1,0]", session["W[2][1,0]"]),
    ]  # fmt: skip


def test_logpoints_do_not_stop() -> None:
    session = armed("watch cost > 0 do print cost", "break at e1")
    log = list[tuple[int, list[Hit]]]()
    arrival = run(session, log=log)
    assert [hit.stop.number for hit in arrival.hits] == [2]
    assert [t - 1 for t, _ in log] == [t for t in before(session, "cost") if t < arrival.t]
    for t, hits in log:
        assert [hit.stop.number for hit in hits] == [1]
        assert float(hits[0].values[0][1]) == View(session.timeline, t).scalar("cost")
    back = list[tuple[int, list[Hit]]]()
    assert run(session, -1, log=back).t == 0
    assert [t for t, _ in back] == [t for t, _ in log][::-1]
    assert [hits[0].values for _, hits in back] == [hits[0].values for _, hits in log][::-1]


def test_a_logpoint_where_another_stops_is_told_with_it() -> None:
    session = armed("break update do print cost", "break update if epoch == 1")
    log = list[tuple[int, list[Hit]]]()
    arrival = run(session, log=log)
    assert session.position.name == "e1.b0.update"
    assert [hit.stop.number for hit in arrival.hits] == [1, 2]
    assert len(log) == 3


def test_logpoints_do_not_count() -> None:
    session = armed("watch cost > 0 do print cost", "break update")
    assert run(session, count=2).t == before(session, "update")[1]
    assert run(session, -1).t == before(session, "update")[0]


def test_a_logpoint_does_not_fill_the_places_that_back_leads_to() -> None:
    session = armed("watch cost > 0 do print cost", "break at e1")
    run(session, log=[])
    assert session.visited(-1) == 0


def test_without_stops_it_runs_to_the_end_and_back() -> None:
    session = armed()
    assert run(session) == run(session) or session.t == session.clock.total
    assert run(session, -1).t == 0
    assert run(session, -1).hits == ()


def test_what_is_disabled_or_gone_does_not_stop() -> None:
    session = armed("break load", "break update")
    session.stops.enable(1, enabled=False)
    assert run(session).t == before(session, "update")[0]
    session.stops.enable(1, enabled=True)
    assert run(session).t == before(session, "load")[2]
    session.stops.delete(1)
    assert run(session).t == before(session, "update")[1]
    session.stops.enable(2, enabled=False)
    assert run(session).t == session.clock.total


@pytest.mark.parametrize("line", ["break at end", "break at t=0", "break shuffle", "watch ecost > 0", "watch W[1]"])
def test_stops_at_either_end_of_the_run(line: str) -> None:
    session = armed(line)
    while run(session).hits:
        pass
    assert session.t == session.clock.total
    arrivals = []
    while (arrival := run(session, -1)).hits:
        arrivals.append(arrival.t)
    assert session.t == 0 or arrivals[-1] == 0
    if line in ("break shuffle", "break at t=0"):
        assert arrivals[-1] == 0
        assert run(session, -1).hits == ()
        assert run(session, -1).t == 0


def test_the_end_is_reached_with_what_stops_there() -> None:
    session = armed("break at end", "watch ecost > 0")
    session.go(session.clock.epoch_start(3) + 5)
    arrival = run(session)
    while arrival.t < session.clock.total:
        arrival = run(session)
    assert [hit.stop.number for hit in arrival.hits] == [1, 2]
    assert run(session).hits == ()


@pytest.mark.parametrize("seed", range(8))
def test_a_stop_on_another_timeline_is_what_it_is_there(seed: int) -> None:
    """The same stops, on the timeline where one stands."""
    session, rng = armed("watch norm(gW[l]) > 0.05", "break update if lr > 0.09"), random.Random(seed)
    session.go(rng.randrange(session.clock.total))
    edit = some_edit(rng, session.timeline, session.t)
    session.set(edit.ref, edit.value)
    for number in (1, 0, 1):
        session.switch(number)
        session.go(0)
        alone = armed("watch norm(gW[l]) > 0.05", "break update if lr > 0.09")
        alone.timelines[0] = Timeline(RECIPE, edits=session.timeline.edits)
        for _ in range(6):
            assert run(session).t == run(alone).t


def slowly(patch: pytest.MonkeyPatch) -> None:
    """Two batches between one pause and the next."""
    patch.setattr(head, "slots_of_a_run", lambda *_: 2)


def test_a_view_may_be_taken_while_it_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    for direction, start in ((1, 0), (-1, RECIPE_TOTAL)):
        quiet, session = armed("watch W[1][0,0] == 99", "break at e2"), armed("watch W[1][0,0] == 99", "break at e2")
        for one in (quiet, session):
            one.go(start)
        want, rng = run(quiet, direction).t, random.Random(0)
        steps = session.resume(direction)
        for number, _ in enumerate(steps):
            assert session.t == start
            if number < 6:
                View(session.timeline, rng.randrange(session.clock.total))
        assert session.t == want


def test_another_timeline_may_run_while_it_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    session = armed("watch cost > 1e9", "break at e3")
    other = Timeline(RECIPE)
    elsewhere = other.travel(other.clock.total)
    for _ in session.resume(1):
        next(elsewhere, None)
    assert session.t == session.clock.epoch_start(3)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_search_that_is_called_off_may_be_gone_on_with(direction: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slowly(monkeypatch)
    whole = Session(RECIPE)
    for pauses in range(12):
        session = armed("watch cost > 1e9")
        start = session.clock.total // 3
        session.go(start)
        steps = session.resume(direction)
        if len(list(islice(steps, pauses))) < pauses:
            break  # it has come to its end
        steps.close()
        session.interrupt(session.clock.total if direction > 0 else 0)
        assert session.t >= start if direction > 0 else session.t == start
        assert seen(session.view()) == seen(View(whole.timeline, session.t))
        assert run(session, direction).t == (session.clock.total if direction > 0 else 0)
        assert seen(session.view()) == seen(View(whole.timeline, session.t))


def test_a_command_in_between_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drives the session begins another movement; the one before does not arrive any more."""
    slowly(monkeypatch)
    session = armed("watch cost > 1e9")
    steps = session.resume(1)
    next(steps)
    session.step()
    here = session.t
    steps.close()
    assert session.t == here
    assert run(session).t == session.clock.total


FILES = ("debugger/sweep.py", "debugger/search.py", "expressions/past.py", "debugger/head.py", "debugger/probing.py",
         "debugger/nonfinite.py", "debugger/resume.py", "debugger/timeline.py", "expressions/atoms.py")  # fmt: skip
LINES = ("watch avg(cost, 3) > 0.25", "watch W[1][0,0]", "catch dead dead(l) > -1", "catch nan")


@pytest.mark.parametrize("path", FILES)
def test_an_interrupt_anywhere_in_a_search_leaves_every_number_right(path: str) -> None:
    want = armed(*LINES)
    there = [run(want).t for _ in range(4)]
    end, struck, rng = seen(View(want.timeline, RECIPE_TOTAL)), 0, random.Random(path)
    for after in sorted(rng.sample(range(80 if path.endswith("resume.py") else 3000), 7)):
        session = armed(*LINES)
        direction = rng.choice([1, -1])
        session.go(0 if direction > 0 else RECIPE_TOTAL)
        struck += broken_off(path, lambda: run(session, direction), after)  # noqa: B023
        assert seen(View(session.timeline, session.t)) == seen(View(want.timeline, session.t)), after
        session.go(0)
        assert [run(session).t for _ in range(4)] == there, after
        assert seen(View(session.timeline, RECIPE_TOTAL)) == end, after
    assert struck > 1


@pytest.mark.parametrize("path", ["debugger/edited_record.py", "debugger/edited_batch.py", "debugger/timeline.py",
                                  "debugger/session.py", "debugger/head.py", "debugger/sweep.py"])  # fmt: skip
def test_an_interrupt_anywhere_in_a_fork_leaves_every_number_right(path: str) -> None:
    rng, struck = random.Random(path), 0
    recipe = random_recipe(np.random.default_rng(5), TINY, Pinned(N=4, batch=2, epochs=3))
    trunk = Timeline(recipe)
    plain = [seen(View(trunk, t)) for t in range(trunk.clock.total + 1)]
    t = trunk.clock.batch_start(1, 0) + 4
    edit = some_edit(rng, trunk, t)
    fork = trunk.fork(edit)
    wanted = [seen(View(fork, t)) for t in range(trunk.clock.total + 1)]
    for after in sorted(rng.sample(range(2500), 12)):
        session = Session(recipe)
        stop(session, "watch cost > -1")
        session.go(t)
        struck += broken_off(path, lambda: (session.set(edit.ref, edit.value), run(session), run(session, -1)), after)  # noqa: B023
        check(session, 0, plain, rng)
        if len(session.timelines) == 1:
            session.go(t)
            session.set(edit.ref, edit.value)
        check(session, 1, wanted, rng)
    assert struck > 1


def check(session: Session, number: int, wanted: list[dict[str, bytes]], rng: random.Random) -> None:
    """A timeline at some positions."""
    timeline = session.timelines[number]
    for t in rng.sample(range(len(wanted)), 12):
        got = seen(View(timeline, t))
        assert got == wanted[t], (number, t, difference(got, wanted[t]))


@pytest.mark.parametrize("seed", range(6))
def test_a_search_on_a_fork_may_be_struck(seed: int) -> None:
    """With the oracle: what is found after an interrupt is what looking everywhere finds."""
    brute, rng = forked(seed), random.Random(seed)
    chance = np.random.default_rng(seed)
    for _ in range(2):
        one = random_case(chance, brute)
        timeline = Timeline(brute.recipe, edits=brute.timeline.edits)
        search = Search(timeline, [one.condition])
        for after in rng.sample(range(600), 3):
            for path in ("debugger/sweep.py", "expressions/past.py", "debugger/timeline.py"):
                with contextlib.suppress(StopIteration):
                    broken_off(path, partial(ended, search.forward(0)), after)
        want = min((p for p in one.positions if p > 0), default=None)
        assert ended(search.forward(0)) == want, one.text
