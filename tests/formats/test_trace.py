"""The trace says what a view shows, operation by operation, and every parser can read it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import pytest

from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.build import build
from tuibp.engine.recipe import Recipe
from tuibp.formats.strict_json import Value, dumps, number_text
from tuibp.formats.trace import CSV_COLUMNS, Entry, csv_lines, entries, header, json_lines

KEYS = ["t", "at", "op", "layer", "epoch", "batch", "sample", "writes"]


def _recipe(
    layers: tuple[tuple[int, str], ...] = ((3, "tanh"), (2, "softmax")),
    *,
    N: int = 5,
    cost: str = "cross-entropy",
    labels: bool = True,
    batch: int = 2,
    epochs: int = 2,
    lr: float = 0.5,
    optimizer: str = "sgd",
    reduction: str = "mean",
    train_biases: bool = True,
    dtype: str = "float64",
) -> Recipe:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, 2))
    width = layers[-1][0]
    y = np.eye(width)[rng.integers(0, width, N)] if labels else rng.normal(size=(N, width))
    return build(
        x, y, layers=list(layers), cost=cost, title="a title", batch=batch, epochs=epochs, lr=lr, optimizer=optimizer,
        reduction=reduction, train_biases=train_biases, dtype=dtype,
    )  # fmt: skip


RECIPES = {
    "fused softmax, short last batch": _recipe(),
    "softmax in the middle": _recipe(((3, "softmax"), (2, "sigmoid")), cost="squared-error"),
    "one layer, batch of one": _recipe(((1, "sigmoid"),), cost="squared-error", batch=1),
    "numbers, no biases": _recipe(((4, "relu"), (3, "gelu"), (2, "identity")), cost="half-squared-error", labels=False,
                                  train_biases=False, batch=5),
    "float32, adam, sum": _recipe(dtype="float32", optimizer="adam", reduction="sum"),
    "to nan": _recipe(((3, "identity"), (3, "identity"), (2, "identity")), cost="squared-error", lr=1e6, epochs=12),
}  # fmt: skip


@pytest.fixture(params=list(RECIPES.values()), ids=list(RECIPES))
def timeline(request: pytest.FixtureRequest) -> Timeline:
    recipe: Recipe = request.param
    return Timeline(recipe)


def _shown(view: View, label: str) -> Array | float | None:
    """What a view shows under a label of the trace."""
    if label in ("C", "bcost", "ecost"):
        return view.scalar("cost" if label == "C" else label)
    name, _, layer = label.rstrip("]").partition("[")
    return view.get(name, int(layer) if layer else None)


def test_every_value_is_the_one_that_a_view_shows(timeline: Timeline) -> None:
    other = Timeline(timeline.recipe)
    for entry in entries(timeline, 0, timeline.clock.total):
        assert entry.at == timeline.clock.at(entry.t).name
        place = timeline.clock.at(entry.t)
        assert place.op is not None
        assert (entry.op, entry.epoch, entry.batch, entry.sample) == (
            place.op.kind.name, place.epoch, place.batch, place.sample)  # fmt: skip
        assert entry.layer == (place.op.layer or None)
        assert set(entry.writes) - {"accuracy"} == {"C" if t.name == "cost" else str(t) for t in place.op.writes}
        view = View(other, entry.t + 1)
        for label, value in entry.writes.items():
            if label not in ("order", "accuracy"):
                np.testing.assert_array_equal(value, _shown(view, label), strict=isinstance(value, np.ndarray))


def test_every_operation_comes_once(timeline: Timeline) -> None:
    assert [entry.t for entry in entries(timeline, 0, timeline.clock.total)] == list(range(timeline.clock.total))


def _texts(part: Iterator[Entry]) -> list[str]:
    return [repr(entry) for entry in part]


def test_a_part_is_that_part_of_the_whole(timeline: Timeline) -> None:
    total = timeline.clock.total
    whole = _texts(entries(timeline, 0, total))
    cuts = sorted(np.random.default_rng(1).integers(0, total + 1, 16).tolist())
    for start, stop in zip([0, *cuts], [*cuts, total], strict=True):
        assert _texts(entries(Timeline(timeline.recipe, budget=0), start, stop)) == whole[start:stop]


def test_order_and_accuracy_of_an_epoch() -> None:
    timeline = Timeline(RECIPES["fused softmax, short last batch"])
    epoch = list(entries(timeline, 0, timeline.program.ops_per_epoch))
    order = epoch[0].writes["order"]
    assert isinstance(order, np.ndarray)
    assert sorted(order.tolist()) == [0, 1, 2, 3, 4]
    loads = [entry for entry in epoch if entry.op == "load"]
    for row, entry in zip(order.tolist(), loads, strict=True):
        np.testing.assert_array_equal(entry.writes["a[0]"], timeline.recipe.train.x[row])
        np.testing.assert_array_equal(entry.writes["y"], timeline.recipe.train.y[row])
    outputs = [np.argmax(entry.writes["a[2]"]) for entry in epoch if "a[2]" in entry.writes]
    right = [np.argmax(entry.writes["y"]) == answer for entry, answer in zip(loads, outputs, strict=True)]
    assert epoch[-1].writes["accuracy"] == sum(right) / 5
    costs = [entry.writes["C"] for entry in epoch if entry.op == "cost"]
    assert epoch[-1].writes["ecost"] == pytest.approx(np.asarray(costs).mean(), rel=1e-14)


def test_numeric_targets_have_no_accuracy() -> None:
    timeline = Timeline(RECIPES["numbers, no biases"])
    end = list(entries(timeline, 0, timeline.program.ops_per_epoch))[-1]
    assert list(end.writes) == ["ecost"]


def test_an_update_without_biases_writes_no_b() -> None:
    timeline = Timeline(RECIPES["numbers, no biases"])
    update = next(entry for entry in entries(timeline, 0, timeline.clock.total) if entry.op == "update")
    assert list(update.writes) == ["W[1]", "W[2]", "W[3]"]


def _refuse(word: str) -> NoReturn:
    raise AssertionError(f"{word} is not JSON")


def _parse(line: str) -> dict[str, Any]:
    assert line.endswith("\n")
    assert line.isascii()
    document: dict[str, Any] = json.loads(line, parse_constant=_refuse)
    return document


def _back(value: object) -> Array:
    """A value of the file as floats; the words are read as float() reads them."""
    return np.array(value, dtype=np.str_).astype(np.float64)


def test_json_lines_carry_every_bit(timeline: Timeline) -> None:
    total = timeline.clock.total
    first, *lines = map(_parse, json_lines(timeline, 0, total))
    assert list(first) == ["tuibp", "title", "sizes", "program", "W", "b"]
    assert len(lines) == total
    for line, entry in zip(lines, entries(timeline, 0, total), strict=True):
        assert list(line) == KEYS
        assert [line[key] for key in KEYS[:-1]] == list(entry[:-1])
        assert list(line["writes"]) == list(entry.writes)
        for label, value in entry.writes.items():
            np.testing.assert_array_equal(_back(line["writes"][label]), np.asarray(value, dtype=np.float64))


def test_a_line_looks_like_this() -> None:
    recipe = build([[0.05, 0.1]], [[0.01, 0.99]], cost="half-squared-error", epochs=1, lr=0.5, layers=[
        ([[0.15, 0.2], [0.25, 0.3]], [0.35, 0.35], "sigmoid"), ([[0.4, 0.45], [0.5, 0.55]], [0.6, 0.6], "sigmoid"),
    ])  # fmt: skip
    lines = list(json_lines(Timeline(recipe), 0, 5))
    assert lines[4] == (
        '{"t": 3, "at": "e0.b0.s0.fwd1.z", "op": "z", "layer": 1, "epoch": 0, "batch": 0, "sample": 0, '
        '"writes": {"z[1]": [0.3775, 0.39249999999999996]}}\n'
    )
    assert lines[2] == (
        '{"t": 1, "at": "e0.b0.begin", "op": "begin", "layer": null, "epoch": 0, "batch": 0, "sample": null, '
        '"writes": {}}\n'
    )
    program = _parse(lines[0])["program"]
    assert program == {
        "L": 2, "N": 1, "batch": 1, "epochs": 1, "T": 20, "seed": 0, "dtype": "float64", "cost": "half-squared-error",
        "reduction": "mean", "activations": ["sigmoid", "sigmoid"], "optimizer": "sgd", "settings": {}, "lr": 0.5,
        "train_biases": True,
    }  # fmt: skip


def test_the_header_holds_the_parameters_at_its_start(timeline: Timeline) -> None:
    total = timeline.clock.total
    updates = [entry for entry in entries(timeline, 0, total) if entry.op == "update"]
    for entry in (updates[0], updates[-1]):
        after = header(timeline, entry.t + 1)["W"]
        assert isinstance(after, dict)
        for layer in range(1, timeline.program.L + 1):
            np.testing.assert_array_equal(_back(after[str(layer)]), entry.writes[f"W[{layer}]"])
    before = header(timeline, updates[0].t)["W"]
    assert isinstance(before, dict)
    np.testing.assert_array_equal(before["1"], timeline.recipe.initial.W[1].tolist())


def test_csv_says_the_same(timeline: Timeline) -> None:
    total = timeline.clock.total
    lines = list(csv_lines(timeline, 0, total))
    assert lines[0] == CSV_COLUMNS + "\n"
    rows = list(csv.DictReader(lines))
    wanted: list[tuple[str, ...]] = []
    for entry in entries(timeline, 0, total):
        place = tuple("" if part is None else str(part) for part in entry[:-1])
        if not entry.writes:
            wanted.append((*place, "", "", "", ""))
        for label, value in entry.writes.items():
            array = np.asarray(value)
            for index in np.ndindex(array.shape):
                i, j, *_ = (*map(str, index), "", "")
                wanted.append((*place, label, i, j, repr(array[index].item())))
    assert [tuple(row.values()) for row in rows] == wanted


def test_a_run_to_nan_writes_words() -> None:
    lines = list(json_lines(Timeline(RECIPES["to nan"]), 0, Timeline(RECIPES["to nan"]).clock.total))
    assert any('"nan"' in line for line in lines)
    assert any('"inf"' in line or '"-inf"' in line for line in lines)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([0.1, -0.0, 1e-300, 1e22]), "[0.1, -0.0, 1e-300, 1e+22]"),
        (np.array([[math.inf, -math.inf], [math.nan, 1.0]]), '[["inf", "-inf"], ["nan", 1.0]]'),
        (np.array([3, 1, 2]), "[3, 1, 2]"),
        (math.nan, '"nan"'),
        (-math.inf, '"-inf"'),
        (7, "7"),
    ],
)
def test_number_text(value: Value, text: str) -> None:
    assert number_text(value) == text


def test_dumps_is_strict_at_every_depth() -> None:
    text = dumps({"a": (math.inf, [np.float32(0.5), {"b": np.array([math.nan])}]), "c": None, "d": True})
    assert text == '{"a": ["inf", [0.5, {"b": ["nan"]}]], "c": null, "d": true}'
