"""Sessions saved with keyframes: they go on with the same bits and the same past, and run nothing again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.console.some_lines import small, some_line, tried
from tests.console.test_commands import run
from tests.recipes import Bounds, random_recipe, sized
from tuibp.console.console import Console
from tuibp.console.sessions import restored, saved
from tuibp.debugger.saved import Keyframe, Saved, SavedLog
from tuibp.debugger.session import Session
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import IntArray
from tuibp.engine.recipe import Recipe
from tuibp.engine.straight import Runner
from tuibp.errors import InputError
from tuibp.formats.session_file import dump, load


def through_a_file(console: Console) -> Saved:
    """The session with keyframes, written and read."""
    return load(dump(saved(console, with_keyframes=True)), "s.tuibp")


def console_on(recipe: Recipe) -> Console:
    """A console that can be saved."""
    return Console(Session(recipe), origin=small().origin)


def same_past(one: Timeline, other: Timeline) -> None:
    """What two timelines have in their logs is the same."""
    np.testing.assert_array_equal(one.log.mean_costs(), other.log.mean_costs())
    assert one.log.filled == other.log.filled and one.log.stride == other.log.stride
    assert one.epochs.filled == other.epochs.filled
    assert one.log.first_not_finite() == other.log.first_not_finite()
    for epoch in range(one.epochs.filled):
        assert repr(one.epochs.row(epoch)) == repr(other.epochs.row(epoch))
    for batch in range(one.log.filled):
        assert repr(one.log.at(batch)) == repr(other.log.at(batch))


def same_bits(one: Timeline, other: Timeline, t: int) -> None:
    """The states at a position are."""
    records = one.record(t), other.record(t)
    if records[0] is None or records[1] is None:
        assert records == (None, None)
        return
    assert records[0].state.block.tobytes() == records[1].state.block.tobytes()
    assert records[0].spent == records[1].spent


@pytest.mark.parametrize("seed", range(30))
def test_it_goes_on_with_the_same_bits_and_the_same_past(seed: int) -> None:
    rng = random.Random(seed)
    recipe = random_recipe(np.random.default_rng(seed), Bounds(depth=(1, 3), width=(1, 5)))
    console = console_on(recipe)
    for _ in range(rng.randrange(3, 25)):
        tried(console, some_line(rng))
    again = restored(through_a_file(console), recipe)
    assert len(again.session.timelines) == len(console.session.timelines)
    pairs = list(zip(console.session.timelines, again.session.timelines, strict=True))
    for one, other in pairs:
        if one.log.filled:
            same_past(one, other)
        for _ in range(6):
            same_bits(one, other, rng.randrange(one.clock.total + 1))
    console._last = None
    for _ in range(15):
        line = some_line(rng)
        assert tried(console, line) == tried(again, line), line


def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the batches that run from now on."""
    counted: list[int] = []
    real = Runner.load

    def load_counted(self: Runner, indices: IntArray, at: int) -> None:
        counted.append(len(indices))
        real(self, indices, at)

    monkeypatch.setattr(Runner, "load", load_counted)
    return counted


def test_nothing_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = sized(40, 4, 3000, (2, 6, 1))
    console = console_on(recipe)
    run(console, "goto e2900.b3", "set lr = 0.3", "goto e2950")
    away = through_a_file(console)
    counted = runs(monkeypatch)
    again = restored(away, recipe)
    strides = [timeline.keyframes.stride for timeline in console.session.timelines]
    assert sum(counted) <= 2 * max(strides) + 4 < 29_500
    assert again.session.timeline.log.filled == console.session.timeline.log.filled > 29_000
    plain = restored(load(dump(saved(console)), "s"), recipe)
    assert sum(counted) > 29_000
    for one in (again, plain):
        same_bits(one.session.timeline, console.session.timeline, console.session.t)


def test_a_plain_save_has_none() -> None:
    console = small()
    run(console, "goto e3")
    assert not saved(console).keyframes and not saved(console).logs
    assert len(saved(console, with_keyframes=True).logs) == 3
    assert not saved(small(), with_keyframes=True).logs


def test_of_many_keyframes_some_are_kept_and_the_one_that_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuibp.console.sessions.MOST_FRAMES", 5)
    recipe = sized(40, 4, 3000, (2, 6, 1))
    console = console_on(recipe)
    run(console, "goto e2000.b3")
    away = through_a_file(console)
    assert 1 <= len(away.keyframes) <= 5
    here = console.session.timeline.owner(console.session.t)
    assert max(frame.batch for frame in away.keyframes) == console.session.timeline.keyframes.nearest(here)[0]
    same_bits(restored(away, recipe).session.timeline, console.session.timeline, console.session.t)


def _log(change: Callable[[SavedLog], SavedLog], kind: str = "batches") -> Callable[[Saved], dict[str, Any]]:
    return lambda away: {"logs": tuple(change(log) if log.kind == kind else log for log in away.logs)}


def _frame(change: Callable[[Keyframe], Keyframe]) -> Callable[[Saved], dict[str, Any]]:
    return lambda away: {"keyframes": tuple(map(change, away.keyframes))}


DAMAGE: dict[str, Callable[[Saved], dict[str, Any]]] = {
    "the log of batches is missing": lambda away: {"logs": away.logs[1:]},
    "the log of gauges is missing": lambda away: {"logs": (away.logs[0], away.logs[2])},
    "the log of epochs is missing": lambda away: {"logs": away.logs[:2]},
    "a log is there twice": lambda away: {"logs": (*away.logs, away.logs[0])},
    "more batches than there are": _log(lambda log: replace(log, filled=10**12)),
    "fewer gauges": _log(lambda log: replace(log, filled=0, rows=log.rows[:0]), "gauges"),
    "fewer epochs": _log(lambda log: replace(log, filled=0, rows=log.rows[:0]), "epochs"),
    "fewer rows": _log(lambda log: replace(log, rows=log.rows[:-1])),
    "other columns": _log(lambda log: replace(log, rows=log.rows[:, :2])),
    "no stride": _log(lambda log: replace(log, stride=3)),
    "a state ahead": _frame(lambda frame: replace(frame, batch=10**9)),
    "a small state": _frame(lambda frame: replace(frame, block=frame.block[:, :-1])),
    "another type": _frame(lambda frame: replace(frame, block=frame.block.astype(np.float32))),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_does_not_fit_the_network_is_refused(name: str) -> None:
    recipe = sized(40, 4, 300, (2, 6, 1))
    console = console_on(recipe)
    run(console, "goto e200.b3")
    away = through_a_file(console)
    assert away.keyframes
    with pytest.raises(InputError) as told:
        restored(replace(away, **DAMAGE[name](away)), recipe)
    assert told.value.where == "logs of timeline 0" and told.value.hint == "the session was not saved by this tuibp"
