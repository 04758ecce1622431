"""Entries of matrices that are formed where they are looked at, and that nothing else is formed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.present.scenes import recipes
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.debugger.view import Look, View
from tuibp.engine.arrays import Array
from tuibp.present import entries, tables
from tuibp.present.cell_formula import Terms
from tuibp.present.cells import Window
from tuibp.present.entries import entry, hottest, reader
from tuibp.present.formula import _largest_first
from tuibp.present.numbers import largest
from tuibp.present.scene import MATRICES, Choices, Scene


@pytest.mark.parametrize("name", ["iris", "exploding", "float32", "huge", "one unit"])
@pytest.mark.parametrize("at", ["start", "e0.b0.s1.acc", "e0.b0.grad", "e0.b0.update", "e1.shuffle"])
def test_entries_have_the_bits_of_the_whole(name: str, at: str) -> None:
    session = Session(recipes()[name])
    session.run(at)
    looks: tuple[Look, ...] = (None, 0, "mean")
    for look in looks:
        view = session.view(look)
        for layer in range(1, view.network.L + 1):
            for tensor in MATRICES[1:]:
                whole, read = view.get(tensor, layer), reader(view, tensor, layer)
                assert (whole is None) == (read is None)
                if whole is None or read is None:
                    assert hottest(view, tensor, layer) == 0 and entry(view, CellRef(tensor, layer, (0, 0))) is None
                    continue
                for j in range(whole.shape[1]):
                    np.testing.assert_array_equal(read(j), whole[:, j])
                    value = entry(view, CellRef(tensor, layer, (len(whole) - 1, j)))
                    np.testing.assert_equal(value, float(whole[-1, j]))
                np.testing.assert_allclose(hottest(view, tensor, layer), largest([whole]), rtol=1e-6)


def test_of_a_huge_matrix_the_hottest_is_told_from_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "ENOUGH", 100)
    view = Session(recipes()["784 units"]).view()
    whole = view.get("W", 1)
    assert whole is not None and 0 < hottest(view, "W", 1) <= largest([whole])


def test_only_visible_columns_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    session, asked = Session(recipes()["784 units"]), set[int]()
    session.run("e0.b0.grad")

    def spying(view: View, name: str, layer: int) -> Callable[[int], Array] | None:
        read = reader(view, name, layer)
        assert read is not None
        return lambda j: asked.add(j) or read(j)  # type: ignore[func-returns-value]

    monkeypatch.setattr(tables, "reader", spying)
    for cursor, seen in ((None, 0), (CellRef("W", 1, (0, 700)), 700)):
        asked.clear()
        scene = Scene.of(session, Choices(cursor=cursor, matrix="W", pane="matrix"))
        scene.__dict__["matrix_layer"] = 1
        picture = tables.paint_matrix(scene, 60, 8, Window())
        assert seen in asked and len(asked) <= 6 and asked == set(range(picture.left, picture.left + len(asked)))


def test_summands_come_by_magnitude() -> None:
    values = np.array([1.0, -3.0, np.nan, 3.0, 0.0, np.inf, 2.0])
    assert _largest_first(values, 7) == [2, 5, 1, 3, 6, 0, 4]
    assert _largest_first(values, 3) == [2, 5, 1]
    assert _largest_first(np.zeros(5), 2) == [0, 1]
    rng = np.random.default_rng(0)
    many = rng.integers(-50, 50, 10_000).astype(float)
    assert _largest_first(many, 30) == sorted(range(len(many)), key=lambda k: -abs(many[k]))[:30]


def test_terms_are_products_and_one_more() -> None:
    one, two = np.array([1.5, 2.0], np.float32), np.array([0.1, 3.0], np.float32)
    terms = Terms((one, two), lambda k: (f"a{k}", f"b{k}"), (("c", "d"), (2.0, 5.0)))
    assert len(terms) == 3 and terms.names(1) == ("a1", "b1") and terms.names(2) == ("c", "d")
    assert terms.factors(0) == (1.5, float(np.float32(0.1))) and terms.factors(2) == (2.0, 5.0)
    assert terms.values().tolist() == [1.5 * float(np.float32(0.1)), 6.0, 10.0]
    assert len(Terms()) == 0 and not Terms() and Terms(last=(("c",), (4.0,))).values().tolist() == [4.0]
