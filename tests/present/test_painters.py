"""What the panes say at certain places: pictures as text, and the meaning of single cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.golden import assert_golden
from tests.present.scenes import PAINTERS, TABLES, recipes
from tuibp.cli.files import open_recipe
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.present import choosing
from tuibp.present.cells import Picture, Window, plain, row_text
from tuibp.present.grid import step_cursor
from tuibp.present.hints import Note, paint_hints
from tuibp.present.network import paint_network
from tuibp.present.scene import Choices, Scene

SIZES = {
    "80x24": {
        "header": (80, 1), "program": (23, 20), "network": (53, 3), "dp": (53, 7), "layer": (53, 7), "matrix": (53, 7),
        "formula": (53, 6), "curve": (53, 7), "hints": (80, 1),
    },
    "120x40": {
        "header": (120, 1), "program": (25, 36), "network": (91, 3), "dp": (44, 7), "layer": (91, 7), "matrix": (45, 7),
        "formula": (91, 7), "curve": (91, 5), "hints": (120, 1),
    },
}  # fmt: skip
"""The room that panes have on two screens."""
PLACES = {
    "xor": ("start", "e0.b0.s0.cost", "e0.b0.s0.bwd1.dC_da", "e0.b1", "e21"),
    "exploding": ("e0.b0.s0.bwd2.dC_da", "end"),
    "iris": ("e0.b0.s3.acc", "e1.b0.update"),
}
"""Samples and places of the pictures that are kept."""


def scene(sample: str, at: str, choices: Choices | None = None, came_from: str | None = None) -> Scene:
    session = Session(open_recipe(sample))
    if came_from is not None:
        session.run(came_from)
    session.run(at)
    return Scene.of(session, choices)


def text(pane: str, shown: Scene, width: int = 100, height: int = 20) -> str:
    return plain(PAINTERS[pane](shown, width, height, Window()))


def roles(picture: Picture, word: str) -> list[str]:
    """The texts of all runs whose role holds a word."""
    return [run.text.strip() for row in picture.rows for run in row if word in run.role.split()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sample", PLACES)
def test_goldens(sample: str, size: str) -> None:
    parts = []
    session = Session(open_recipe(sample))
    for place in PLACES[sample]:
        session.run(place)
        shown = Scene.of(session)
        for pane, (width, height) in SIZES[size].items():
            parts += [f"==== {place}: {pane} {width}x{height}", text(pane, shown, width, height)]
    assert_golden(Path(__file__).parent / "goldens" / f"{sample}-{size}.txt", "\n".join(parts))


def test_the_dp_table_fills_from_right_to_left() -> None:
    session = Session(open_recipe("xor"))
    session.run("e0.b0.s0.bwd2.dC_da")
    states = []
    for _ in range(3):
        first = row_text(PAINTERS["dp"](Scene.of(session), 60, 5, Window()).rows[1]).split()[1:]
        states.append(["·○".find(cell[0]) if cell in "·○" else 9 for cell in first])
        session.step()
    assert states == [[0, 0, 1], [0, 1, 9], [9, 9, 9]]


def test_what_a_step_wrote_is_lit_and_what_it_read_is_marked() -> None:
    shown = scene("xor", "e0.b0.s0.bwd1.dC_da", came_from="e0.b0.s0.bwd2.dC_da")
    lit = roles(PAINTERS["dp"](shown, 60, 5, Window()), "active")
    assert lit[0] == "l=2 out" and len(lit) == 2
    assert roles(PAINTERS["layer"](shown, 90, 5, Window()), "active")[:4] == ["σ′²", "∂C/∂a²", "δ²", "+0.2202"]
    assert roles(PAINTERS["program"](shown, 30, 30, Window()), "active") == ["∂a", "σ′", "δ", "∂W"]
    assert roles(PAINTERS["matrix"](shown, 60, 5, Window()), "read") == []


def test_the_selected_cell_is_marked_in_every_pane_that_shows_it() -> None:
    choices = Choices(cursor=CellRef("dC_da", 2, (0,)), pane="dp")
    shown = scene("xor", "e0.b0.s0.bwd1.dC_da", choices)
    assert len(roles(PAINTERS["dp"](shown, 60, 5, Window()), "cursor")) == 1
    assert roles(PAINTERS["layer"](shown, 90, 5, Window()), "same") == roles(
        PAINTERS["dp"](shown, 60, 5, Window()), "cursor"
    )
    assert roles(PAINTERS["layer"](shown, 90, 5, Window()), "cursor") == []


@pytest.mark.parametrize("name", list(recipes()))
@pytest.mark.parametrize("pane", TABLES)
def test_the_cursor_reaches_every_corner_and_stays_in_sight(pane: str, name: str) -> None:
    session = Session(recipes()[name])
    session.run("e0.b0.grad")
    choices = Choices(pane=pane)
    for dy, dx in [(0, 0), (10**6, 0), (0, 10**6), (-1, -1), (-(10**6), 0), (0, -(10**6)), (1, 1)]:
        shown = Scene.of(session, choices)
        table = TABLES[pane](shown)
        choices = choosing.move_cursor(shown, table, dy, dx)
        assert choices.cursor == step_cursor(table, shown.choices.cursor, dy, dx)
        shown = Scene.of(session, choices)
        picture = PAINTERS[pane](shown, 60, 6, Window())
        assert [hit.target for hit in picture.hits].count(choices.cursor) == 1
        assert len(roles(picture, "cursor")) == 1


def test_the_place_walks_over_the_listing() -> None:
    shown = scene("xor", "start")
    seen = []
    for dy, dx in [(1, 0), (2, 0), (0, 1), (0, 9), (1, 0), (99, 0), (-99, 0)]:
        choices = choosing.move_place(shown, dy, dx)
        shown = replace(shown, choices=choices)
        seen.append(choices.place)
        assert len(roles(PAINTERS["program"](shown, 30, 9, Window()), "cursor")) == 1
    assert seen == ["begin", "fwd1.z", "fwd1.a", "fwd1.a", "fwd2.a", "end", "shuffle"]


@pytest.mark.parametrize(
    ("at", "cell", "expected"),
    [
        ("e0.b0.s0.fwd1.a", CellRef("z", 1, (0,)), "z¹[0] = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.3775"),
        ("e0.b0.s0.fwd2.z", CellRef("a", 1, (0,)), "a¹[0] = 1 / (1 + e^-0.3775) = 0.59327"),
        ("e0.b0.s0.fwd1.a", CellRef("a", 1, (0,)), "a¹ is not computed yet: it is written at fwd1.a"),
        ("e0.b0.s0.bwd2.sp", CellRef("dC_da", 2, (0,)), "∂C/∂a²[0] = 0.75137 - 0.01 = 0.74137"),
        ("e0.b0.s0.bwd2.dW", CellRef("db", 2, (0,)), "δ²[0] = 0.18682*0.74137 = 0.1385"),
        ("e0.b0.s0.acc", CellRef("dW", 2, (0, 1)), "∂C/∂W²[0,1] = 0.1385*0.59688 = 0.082668"),
        ("e1", CellRef("W", 2, (0, 0)), "W²[0,0] = 0.4 - 0.5*0.082167 = 0.35892"),
    ],
)
def test_the_arithmetic_of_a_cell(at: str, cell: CellRef, expected: str) -> None:
    assert expected in text("formula", scene("mazur", at, Choices(cursor=cell)))


@pytest.mark.parametrize("cell", [CellRef("z", 1, (0,)), CellRef("dC_da", 1, (0,))])
def test_a_formula_says_that_it_reads_other_weights_than_are_shown(cell: CellRef) -> None:
    for at, said in (("e0.b0.update", False), ("e0.end", True), ("e1.b0.grad", False)):
        assert ("(W and b of before the update)" in text("formula", scene("mazur", at, Choices(cursor=cell)))) is said


def test_terms_come_by_size_with_their_shares() -> None:
    shown = scene("mazur", "e0.b0.s0.fwd1.a", Choices(cursor=CellRef("z", 1, (0,))))
    lines = [line.strip() for line in text("formula", shown).splitlines()]
    assert lines[2:5] == [
        "+93% b¹[0]=0.35",
        "+5% W¹[0,1]=0.2 * a⁰[1]=0.1 gives 0.02",
        "+2% W¹[0,0]=0.15 * a⁰[0]=0.05 gives 0.0075",
    ]


def test_the_mean_shows_no_factors() -> None:
    shown = scene("iris", "e0.b0.grad", Choices(look="mean", cursor=CellRef("db", 2, (0,))))
    assert "δ²[0]: mean over the samples" in text("formula", shown)
    assert "[mean]" in text("network", shown)


def test_a_sample_that_is_not_loaded_shows_nothing() -> None:
    shown = scene("iris", "e0.b0.s0.acc", Choices(look=3), came_from="e0.b0.s0.bwd1")
    assert set(text("dp", shown, 60, 4).splitlines()[1].split()[1:]) == {"·"}
    shown = scene("iris", "e0.b0.s0.bwd2.dC_da", Choices(look=3), came_from="e0.b0.s0.cost")
    assert "C: not by the sample looked at" in text("formula", shown)


def test_the_frame_stands_along_its_lines() -> None:
    session = Session(open_recipe("xor"))
    session.run("e0.b0.s0.bwd1.sp")
    marked = []
    for _ in range(6):
        lines = text("program", Scene.of(session), 30, 30).splitlines()
        marked.append([line[3:].split()[0] for line in lines if line[2:3] == "│"])
        session.select_outer()
    body = ["load", "fwd", "fwd", "cost", "bwd", "bwd", "acc"]
    assert marked[0] == ["bwd"] and marked[1] == ["bwd", "bwd"] and marked[2] == body
    assert marked[3] == ["begin", "for", *body, "grad", "update"]
    assert marked[4] == ["shuffle", "for", *marked[3], "end"]
    assert marked[5] == ["for", *marked[4]]


def test_the_curve_marks_what_is_not_finite() -> None:
    shown = scene("exploding", "end")
    assert not np.isfinite(shown.costs).all()
    picture = PAINTERS["curve"](shown, 60, 6, Window())
    assert "×" in plain(picture) and "log scale" in plain(picture)
    assert "batch 19: nan" in plain(picture)
    only = replace(shown, costs=np.full(5, np.nan))
    assert "no number" in text("curve", only, 60, 5)
    for costs in ([1e308, -1e308], [1e-320, 1e308], [0.0], [0.5, 0.5], [np.inf, 1.0]):
        lines = text("curve", replace(shown, costs=np.array(costs)), 60, 5).splitlines()
        assert "█" in lines[0]
        assert {line.find("│") for line in lines[:-2]} == {10} and lines[-2][10] == "└"


def test_a_long_network_shows_the_layer_at_hand() -> None:
    session = Session(recipes()["12 layers"])
    for _ in range(30):
        line = row_text(paint_network(Scene.of(session), 60, 3, Window()).rows[0])
        assert line.count("[") == 1 and "]" in line and len(line) <= 60
        session.step()


def test_hints_name_keys_that_exist() -> None:
    keys = {key for command in COMMANDS.values() for key in command.keys}
    for at in ("start", "e0.b0.s0.cost", "end"):
        for choices in (Choices(), Choices(cursor=CellRef("a", 1, (0,))), Choices(place="cost")):
            picture = paint_hints(scene("xor", at, choices), Note(), "", 200)
            assert set(roles(picture, "key")) <= keys
            assert roles(picture, "key")[-2:] == ["?", "q"]
    assert plain(paint_hints(scene("xor", "start"), Note(), "", 80)).startswith(" space compute it")


def test_a_long_note_is_cut_with_a_sign_and_leaves_help_and_quit() -> None:
    line = plain(paint_hints(scene("xor", "start"), Note("word " * 40), "7", 80))
    assert "7×" in line and "…" in line and line.endswith("? help  q quit") and len(line) <= 80


def test_what_went_wrong_has_the_line_to_itself_and_is_cut_before_the_remedy() -> None:
    wrong = Note(f"{'wrong ' * 20}; write bwd 1", error=True, said=True, remedy="write bwd 1")
    line = plain(paint_hints(scene("xor", "start"), wrong, "", 80))
    assert "wrong" in line and "…; write bwd 1" in line and line.endswith("10 tab reads on") and len(line) <= 80
    short = Note(f"{'wrong ' * 9}; write bwd 1", error=True, said=True, remedy="write bwd 1")
    assert short.text in plain(paint_hints(scene("xor", "start"), short, "", 80))
    narrow = plain(paint_hints(scene("xor", "start"), wrong, "", 30))
    assert "wrong" in narrow and len(narrow) <= 30
