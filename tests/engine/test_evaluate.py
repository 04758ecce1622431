"""Evaluation against a forward pass written out with plain numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tuibp.engine import evaluate as module
from tuibp.engine.build import build
from tuibp.engine.dataset import dataset
from tuibp.engine.evaluate import evaluate


@pytest.mark.parametrize("N", [1, 6, 7, 13])
def test_mean_cost_and_accuracy(N: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 6)
    rng = np.random.default_rng(3)
    recipe = build(
        rng.normal(size=(4, 3)), np.eye(2)[[0, 1, 1, 0]], layers=[(5, "tanh"), (2, "softmax")], cost="cross-entropy"
    )
    x, y = rng.normal(size=(N, 3)), np.eye(2)[rng.integers(0, 2, N)]
    W, b = recipe.initial.W, recipe.initial.b
    z = np.tanh(x @ W[1].T + b[1]) @ W[2].T + b[2]
    a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    cost, accuracy = evaluate(recipe, recipe.initial, dataset(x, y))
    assert cost == pytest.approx(-np.log((a * y).sum(axis=1)).mean(), rel=1e-12)
    assert accuracy == (a.argmax(axis=1) == y.argmax(axis=1)).mean()


def test_numbers_have_no_accuracy() -> None:
    recipe = build([[1.0], [2.0]], [[0.5], [1.5]], layers=[([[2.0]], [1.0], "identity")], cost="squared-error")
    # a = 2x + 1 = 3, 5: the costs are 2.5^2 = 6.25 and 3.5^2 = 12.25
    assert evaluate(recipe, recipe.initial, recipe.train) == (9.25, None)


def test_the_training_part_says_how_answers_are_judged() -> None:
    recipe = build([[1.0], [2.0]], [[1.0], [-1.0]], layers=[([[1.0]], [-1.5], "identity")], cost="squared-error")
    # Judged by its own targets, which are all 1, this part would want outputs above 1/2; the training part has signs.
    part = dataset(np.array([[1.7], [1.3]]), np.array([[1.0], [1.0]]))
    assert evaluate(recipe, recipe.initial, part)[1] == 0.5


def test_overflow_is_an_infinite_cost_and_no_warning() -> None:
    recipe = build([[1e200], [1e200]], [[0.0], [1.0]], layers=[([[1.0]], [0.0], "identity")], cost="squared-error")
    assert evaluate(recipe, recipe.initial, recipe.train)[0] == np.inf


def test_nothing_is_written_to() -> None:
    recipe = build([[1.0], [2.0]], [[0.5], [1.5]], layers=[(2, "tanh"), (1, "identity")])
    before = recipe.initial.flat.copy()
    evaluate(replace(recipe), recipe.initial, recipe.train)
    np.testing.assert_array_equal(recipe.initial.flat, before)
