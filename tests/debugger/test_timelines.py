"""Timelines of a session: edits make them, one switches between them, and what was visited knows where it was."""

from __future__ import annotations

import numpy as np
import pytest

from tests.debugger.straight import StraightRun, seen
from tests.recipes import sized
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.debugger.view import View
from tuibp.errors import InputError, TuibpError


@pytest.fixture
def session() -> Session:
    """2-2-1, four samples in two batches, three epochs; at e1.b0.s1.load."""
    session = Session(sized(N=4, batch=2, epochs=3))
    session.run("e1.b0.s1.load")
    return session


def test_an_edit_makes_a_timeline_and_goes_there(session: Session) -> None:
    t = session.t
    assert session.set("W[2][0,1]", 0.5) == 1
    assert (session.current, session.t, len(session.timelines)) == (1, t, 2)
    assert session["W[2][0,1]"] == 0.5
    assert session.timeline.label == "W[2][0,1] = 0.5 at e1.b0.s1.load"
    assert session.timelines[0].label == "trunk"
    assert session.timeline.parent is session.timelines[0]
    assert session.timeline.forked_at == t
    assert View(session.timelines[0], t).get("W", 2) is not None
    run = StraightRun(session.recipe)
    assert seen(View(session.timelines[0], t)) == run.snapshots[t]
    assert session.clock is session.timeline.clock


def test_edits_at_one_stop_are_one_timeline(session: Session) -> None:
    session.set("W[2][0,1]", 0.5)
    assert session.set(CellRef("b", 1), np.array([1.0, 2.0])) == 1
    assert session.set("W[2][0,1]", 0.25) == 1
    assert len(session.timelines) == 2
    assert session["W[2][0,1]"] == 0.25
    assert session["b[1][1]"] == 2.0
    assert session.timeline.label == "W[2][0,1] = 0.5, b[1] = an array of 2, W[2][0,1] = 0.25 at e1.b0.s1.load"
    assert session.timeline.parent is session.timelines[0]
    session.step()
    session.back()
    assert session.set("lr", 0.5) == 2  # one has moved, so this is a fork of the fork
    assert session.timeline.parent is session.timelines[1]
    assert [str(edit) for edit in session.timeline.own] == ["lr = 0.5"]
    assert session["lr"] == 0.5
    session.switch(1)
    assert session.set("b[1]", 0) == 3
    assert session.timelines[1].label.startswith("W[2][0,1] = 0.5, b[1]")


def test_a_refused_edit_changes_nothing(session: Session) -> None:
    for name in ("dW[1]", "t", "W[3]", "what", "a[1]" * 100):
        with pytest.raises(TuibpError):
            session.set(name, 0.5)
    session.set("b[1]", 0.5)
    with pytest.raises(InputError):
        session.set("dW[1]", 0.5)
    assert (session.current, len(session.timelines)) == (1, 2)
    assert session.timeline.label == "b[1] = 0.5 at e1.b0.s1.load"


def test_switching_stays_at_the_position(session: Session) -> None:
    t = session.t
    session.set("W[1]", 0.0)
    after = session.run("end")
    assert after.reason.startswith("End of the run")
    edited = session["W[1]"]
    stop = session.switch(0)
    assert stop.t == session.clock.total
    assert session.current == 0
    assert not np.array_equal(np.asarray(session["W[1]"]), np.asarray(edited))
    session.switch(1)
    np.testing.assert_array_equal(np.asarray(session["W[1]"]), np.asarray(edited))
    for number in (-1, 2, "trunk"):
        with pytest.raises(InputError, match="0 to 1"):
            session.switch(number)  # type: ignore[arg-type]
    assert session.current == 1
    session.run(str(t))
    assert session["W[1][0,0]"] == 0.0


def test_visited_places_know_their_timeline(session: Session) -> None:
    t = session.t
    session.set("b[1]", 0.5)  # 0 of the trunk, t of the trunk, t of the fork
    session.step()
    here = session.t
    session.switch(0)
    assert session.visited(-1) == here
    assert session.visited_timeline(-1) is session.timelines[1]
    assert [_back(session) for _ in range(4)] == [(1, here), (1, t), (0, t), (0, 0)]
    assert session.visited(-1) is None
    assert session.step_visited(+1, 2).t == t
    assert session.current == 1
    session.execute("forward 2")
    assert (session.current, session.t) == (0, here)


def _back(session: Session) -> tuple[int, int]:
    session.execute("back")
    return session.current, session.t


def test_a_run_with_another_plan_begins_beside(session: Session) -> None:
    old = session.recipe
    assert session.run_with(lr=0.5, epochs=1) == 1
    assert (session.current, session.t) == (1, 0)
    assert session.timeline.label == "lr = 0.5, epochs = 1 from start"
    assert session.clock.total == session.timelines[0].clock.total // 3
    assert session["lr"] == 0.5
    assert session.recipe.initial is old.initial
    assert session.timeline.parent is None
    session.run("end")
    session.switch(0)
    session.run("end")
    assert session.switch(1).t == session.clock.total
    session.run_with(seed=3)
    assert session.recipe.plan.seed == 3
    assert session.recipe.plan.lr == 0.5
    assert session.timelines[0].recipe is old


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({}, "lr=0.1"),
        ({"lr": -1.0}, "from 0 on"),
        ({"lr": float("nan")}, "from 0 on"),
        ({"epochs": 0}, "from 1 on"),
        ({"batch": 5}, "samples"),
        ({"seed": 1.5}, "whole"),
        ({"shuffle": 1}, "True or False"),
        ({"momentum": 0.5}, "lr, epochs, batch, seed, shuffle, train_biases"),
        ({"optimizer": "adam"}, "those of this one"),
    ],
)
def test_what_a_run_cannot_have_is_refused(session: Session, changes: dict[str, object], hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        session.run_with(**changes)
    assert len(session.timelines) == 1


def test_a_journey_that_is_left_behind_does_not_arrive(session: Session) -> None:
    """It was begun on a timeline that is not the current one any more."""
    on_its_way = session.travel(session.clock.total)
    next(on_its_way, None)
    t = session.t
    session.set("b[1]", 0.5)
    for _ in on_its_way:
        pass
    assert (session.current, session.t) == (1, t)
