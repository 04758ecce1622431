"""The user's numbers in the debugger: a column beside the reference's, and a way from departure to departure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.explain.test_why import made
from tests.tui.conftest import Driver
from tuibp.cli.user_code.process import UserProcess
from tuibp.console.console import Console
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.explain.check.check import check
from tuibp.explain.check.diagnose import Walked
from tuibp.explain.check.yours import yours
from tuibp.present.scene import Choices, Scene
from tuibp.present.tables import dp_table, layer_table

SAMPLES = Path(__file__).parents[3] / "samples" / "check"


@pytest.fixture
def console() -> Console:
    recipe = made(("sigmoid",) * 3, (3, 3, 3, 3), "squared-error")
    own: list[Walked] = []
    with UserProcess(SAMPLES / "wrong_notes_recursion.py", 20.0) as process:
        check(process, recipe, own=own)
    console = Console(Session(recipe))
    console.yours = yours(own[0], "wrong_notes_recursion.py", 3)
    return console


def scene(console: Console) -> Scene:
    from tuibp.console.board import board

    return Scene.of(console.session, Choices(), board=board(console))


def test_every_departure_is_gone_to(console: Console) -> None:
    assert console.yours is not None
    assert [place.words for place in console.yours.places] == ["the notes' recursion taken literally"] * 2
    first = console.execute("departure")
    assert "Departure 1 of 2" in first.lines[0] and console.session.position.name.endswith("bwd2.sp")
    assert str(first.values["cell"]).startswith("dC_da[2]")
    assert "Departure 2 of 2" in console.execute("departure").lines[0]
    assert console.session.position.name.endswith("bwd1.sp")
    assert "Departure 1 of 2" in console.execute("departure").lines[0]  # and round again


def test_the_numbers_stand_beside_the_reference(console: Console) -> None:
    console.execute("departure")
    console.execute("departure")
    layer, table = layer_table(scene(console)).columns, dp_table(scene(console)).columns
    titles = [layer[x].title for x in range(len(layer))]
    assert titles.count("yours") == 2 and titles.count("yours ≠") == 1  # z and a are right, dC_da is not
    dp = [table[x] for x in range(len(table)) if table[x].title.startswith("yours")]
    assert [column.title for column in dp] == ["yours ≠", "yours ≠", "yours"]
    # By the notes' recursion: dC_da[2] = W[2] (σ′(z[2]) * dC_da[3]), from the numbers of the reference above it.
    view = console.session.view()
    W, sp, above = view.state.params.W[2], view.get("sp", 2), view.get("dC_da", 3)
    assert sp is not None and above is not None
    assert dp[1].values is not None
    np.testing.assert_allclose(dp[1].values, W @ (sp * above), rtol=1e-9)
    console.execute("goto e0.b1.update")
    layer = layer_table(scene(console)).columns
    assert not any(layer[x].title.startswith("yours") for x in range(len(layer)))


async def test_n_goes_from_departure_to_departure(console: Console) -> None:
    from tuibp.tui.app import TuibpApp

    app = TuibpApp(console)
    async with app.run_test(size=(120, 40)) as pilot:
        driver = Driver(app, pilot)
        await driver.press("n")
        assert console.session.position.name.endswith("bwd2.sp")
        assert "yours ≠" in driver.text()
        assert driver.screen.choices.cursor is not None and driver.screen.choices.cursor.name == "dC_da"
        await driver.press("n")
        assert console.session.position.name.endswith("bwd1.sp")


def test_a_place_is_a_cell(console: Console) -> None:
    assert console.yours is not None
    assert all(isinstance(place.cell, CellRef) and place.cell.index for place in console.yours.places)
