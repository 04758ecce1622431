"""The curve speaks of batches, also where the flight log has one row for several of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.present.scenes import PAINTERS
from tests.recipes import sized
from tuibp.cli.files import open_recipe
from tuibp.debugger.session import Session
from tuibp.present.cells import Run, Window
from tuibp.present.scene import Scene


def lines(scene: Scene, width: int) -> list[list[Run]]:
    return [list(row) for row in PAINTERS["curve"](scene, width, 5, Window()).rows]


def text(row: list[Run]) -> str:
    return "".join(run.text for run in row)


def marked(row: list[Run]) -> list[int]:
    """The columns of the plot that are those of the batch on the screen."""
    roles = [run.role for run in row[1:] for _ in run.text]
    return [x for x, role in enumerate(roles) if role == "curve2"]


@pytest.fixture(scope="module")
def session() -> Session:
    """A run of 20 batches."""
    made = Session(open_recipe("exploding"))
    made.run("end")
    assert made.timeline.log.filled == 20
    return made


@pytest.mark.parametrize(
    ("stride", "place", "legend"),
    [
        (1, "end", "batches 0..19  batch 19: 19"),
        (1, "e1.b1", "batches 0..19  batch 4: 4"),
        (4, "end", "batches 0..19  batches 16..19: 4"),
        (4, "e1.b1", "batches 0..19  batches 4..7: 1"),
        (8, "end", "batches 0..19  batches 16..19: 2"),
        (19, "end", "batches 0..19  batch 19: 1"),
        (32, "e0.b1", "batches 0..19  batches 0..19: 0"),
        (4, "start", "batches 0..19"),
    ],
)
def test_rows_of_several_batches(session: Session, stride: int, place: str, legend: str) -> None:
    session.run(place)
    costs = np.arange(-(-20 // stride), dtype=np.float64)
    scene = replace(Scene.of(session), costs=costs, cost_stride=stride)
    for width in (12, 40, 60, 111):
        painted = lines(scene, width)
        assert len(legend) > width - 11 or text(painted[-1])[11:].rstrip() == legend
        assert text(painted[-2]).startswith("      time└")
        here = marked(painted[-3])
        record = scene.view.record
        if record is None:
            assert not here
            continue
        # The column in which the row's cost is drawn, or all of them.
        row, rows, room = record.batch // stride, len(costs), width - 11
        owners = [x * rows // room for x in range(room)]
        own = [x for x, owner in enumerate(owners) if owner == row]
        assert here == own or (rows > room and len(here) == 1)


def test_the_scene_takes_both_from_the_log(session: Session) -> None:
    scene = Scene.of(session)
    assert scene.cost_stride == session.timeline.log.stride == 1
    np.testing.assert_array_equal(scene.costs, session.timeline.log.mean_costs())


def test_a_column_says_how_many_batches_it_stands_for() -> None:
    session = Session(sized(100, 1, 3))
    session.run("end")
    for width, said in ((400, ""), (311, ""), (160, ", ~2 a column"), (111, ", ~3 a column"), (80, ", ~4 a column")):
        assert f"           batches 0..299{said}  batch 299: " in text(lines(Scene.of(session), width)[-1])
