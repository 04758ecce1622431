"""The lists beside the numbers and the time line: what they say, that they fit, and that a board costs no more than
what has changed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.present.scenes import Painter
from tests.present.test_promises import SIZES, check
from tuibp.cli.files import open_recipe
from tuibp.console.board import BoardMaker, board
from tuibp.console.console import Console
from tuibp.debugger.arming import Armed, arm
from tuibp.debugger.breakpoints import Breakpoint
from tuibp.debugger.flight_log import FlightLog
from tuibp.debugger.position import Clock
from tuibp.debugger.session import Session
from tuibp.engine.arrays import Array
from tuibp.present.board import Board
from tuibp.present.cells import Window, plain
from tuibp.present.choosing import pick
from tuibp.present.curve import paint_curve
from tuibp.present.listing import paint_listing
from tuibp.present.scene import Choices, Scene
from tuibp.present.side import ENTRIES, next_entry, paint_said, paint_stops, paint_timelines, spark

PAINTED: dict[str, Painter] = {
    "stops": paint_stops, "timelines": paint_timelines, "console": paint_said, "curve": paint_curve,
    "program": paint_listing,
}  # fmt: skip
LINES = (
    "break bwd 1 if norm(delta[1]) < 1e-3", "watch W[1][0,0]", "catch nan", "disable 2", "display cost", "display W[2]",
    "epoch", "mark a", "note the first epoch has ended [/nope] [bold]", "set lr = 0.5", "epoch", "step 3",
    "set W[1][0,0] = 0.25", "mark somewhere", "note " + "long " * 40, "run with lr=0.1", "timeline 1",
)  # fmt: skip


@pytest.fixture(scope="module")
def console() -> Console:
    """A session with something of everything."""
    made = Console(Session(open_recipe("xor")))
    for line in LINES:
        made.said += [f": {line}", *made.execute(line).lines]
    made.said += ["! no command", "  a column    " + "word " * 60, "x" * 300]
    made.stopped.append((made.session.current, made.session.t - 9))
    return made


@pytest.fixture(scope="module")
def scene(console: Console) -> Scene:
    return Scene.of(console.session, board=board(console))


@pytest.mark.parametrize("pane", PAINTED)
def test_they_fit_at_every_size(pane: str, scene: Scene) -> None:
    for width, height in [*SIZES, *((width, 6) for width in range(10, 121, 3))]:
        for window in (Window(), Window(0, 0), Window(3, 0), Window(10**6, 0)):
            picture = PAINTED[pane](scene, width, height, window)
            check(picture, width, height)
            taken: set[tuple[int, int]] = set()
            for hit in picture.hits:
                cells = {(hit.y, x) for x in range(hit.x, hit.x + hit.width)}
                assert hit.y < len(picture.rows) and hit.x + hit.width <= width and not cells & taken
                taken |= cells


@pytest.mark.parametrize("pane", ["stops", "timelines", "console"])
def test_nothing_is_cut(pane: str, scene: Scene) -> None:
    """Whatever the width: what does not fit goes on below."""

    def letters(width: int) -> str:
        return "".join(plain(PAINTED[pane](scene, width, 500, Window())).split())

    assert letters(53) == letters(91) == letters(1000)


def test_a_place_to_begin_is_named_where_there_is_nothing() -> None:
    empty = Scene.of(Session(open_recipe("xor")), board=Board())
    assert "b stops before" in plain(paint_stops(empty, 91, 5, Window()))
    assert "m and a letter" in plain(paint_timelines(empty, 91, 5, Window()))
    assert "Type : and a command" in plain(paint_said(empty, 91, 5, Window()))


def test_what_the_lists_say(scene: Scene) -> None:
    text = plain(paint_stops(scene, 91, 20, Window()))
    assert "● 1 break bwd 1 if norm(delta[1]) < 1e-3" in text and "○ 2 watch W[1][0,0]" in text
    assert "display 1: cost" in text
    text = plain(paint_timelines(scene, 91, 20, Window()))
    assert "▶ 1   lr = 0.5 at e1.shuffle" in text and "  2     W[1][0,0] = 0.25" in text
    assert "  'a e1.shuffle on timeline 0" in text or "  'a " in text
    assert " *1 " in text and "[/nope] [bold]" in text


def test_the_time_line_names_what_lies_on_it(scene: Scene) -> None:
    line = plain(paint_curve(scene, 91, 5, Window())).splitlines()[3]
    assert line.startswith("      time└") and "▲" in line


def test_the_cursor_walks_over_what_can_be_picked(scene: Scene) -> None:
    for pane in ("stops", "timelines"):
        seen = []
        for _ in range(12):
            entry = next_entry(scene, pane, +1)
            assert entry is not None
            scene = replace(scene, choices=pick(scene, entry))
            seen.append(entry)
            picture = PAINTED[pane](scene, 60, 2, Window())
            assert any("cursor" in run.role for row in picture.rows for run in row), "it is in sight"
        assert seen[-1] == seen[-2] and len(set(seen)) == len({t for t, _ in ENTRIES[pane](scene.board) if t})


def test_a_long_answer_begins_at_its_first_line() -> None:
    made = Console(Session(open_recipe("xor")))
    made.said += ["old"] * 9 + [": help"] + [f"line {n}" for n in range(20)]
    shown = Scene.of(made.session, board=board(made))
    assert plain(paint_said(shown, 60, 5, Window())).splitlines()[0] == ": help"
    made.said += [": echo x", "x"]
    shown = Scene.of(made.session, board=board(made))
    assert plain(paint_said(shown, 60, 5, Window())).splitlines()[-2:] == [": echo x", "x"]


def test_a_spark_marks_what_is_not_finite() -> None:
    assert spark(np.array([1.0, np.nan, 0.0, np.inf]), 4) == "█×▁×"
    assert spark(np.array([]), 4) == "" and spark(np.array([2.0]), 3) == "▁▁▁"


def test_a_board_is_cheap(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is armed, copied or evaluated twice, and curves are copied only for the pane that shows them."""
    copied: list[FlightLog] = []
    armed: list[Clock] = []
    costs = FlightLog.mean_costs

    def mean_costs(log: FlightLog) -> Array:
        copied.append(log)
        return costs(log)

    def counted(stop: Breakpoint, clock: Clock) -> Armed:
        armed.append(clock)
        return arm(stop, clock)

    monkeypatch.setattr(FlightLog, "mean_costs", mean_costs)
    monkeypatch.setattr("tuibp.debugger.arming.arm", counted)
    maker = BoardMaker(console)
    first = maker.now(())
    assert not copied and len(armed) == 1 and not first.displays and not first.said
    full = maker.now()
    assert len(copied) == len(console.session.timelines) and len(armed) == 1 and full.displays and full.said
    again = maker.now()
    assert len(copied) == len(console.session.timelines) and again.displays[0] is full.displays[0]
    assert all(one is other for one, other in zip(again.timelines, full.timelines, strict=True))


def test_choices_of_lists_are_no_cells(scene: Scene) -> None:
    assert pick(scene, "stop:1").entry == "stop:1" and Choices().entry == ""


def test_the_stop_that_has_stopped_us_is_marked() -> None:
    console = Console(Session(open_recipe("xor")))
    for line in ("break grad", "break update", "continue 2"):
        console.execute(line)
    assert [entry.held for entry in board(console).stops] == [False, True]
    scene = Scene.of(console.session, Choices(), board=board(console))
    shown = plain(paint_stops(scene, 60, 6, Window())).splitlines()
    assert shown[0].startswith("● 1 break grad") and shown[1].startswith("● 2 ▶ break update")
    console.execute("step")
    assert not any(entry.held for entry in board(console).stops)
    console.execute("back")
    assert [entry.held for entry in board(console).stops] == [False, True]
