"""Every tensor of every sample of generated networks, against an automatic differentiation that knows no network."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.comparison import Comparison, TraceText, Views, faults, model_of
from tests.oracle.duals import ACTIVATION_NAMES, COSTS, RULES, differentiate
from tests.recipes import WIDE, Bounds, Pinned, legal_outputs, random_recipe
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine import activations, costs, optimizers
from tuibp.engine.recipe import Recipe
from tuibp.formats.trace import json_lines

PAIRS = [(cost, name) for cost in costs.COSTS for name in activations.ACTIVATIONS]
STEADY = ("sgd", "momentum", "nesterov")
"""Optimizers that do not divide by the gradient, and so do not enlarge its last bit."""


def _recipe(cost: str, name: str) -> Recipe:
    """A network with that activation in a hidden layer, and every other time on top where the cost allows it."""
    seed = PAIRS.index((cost, name))
    output = name if name in legal_outputs(cost) and seed % 2 else None
    pinned = Pinned(cost=cost, hidden=name, output=output, dtype="float64", optimizer=STEADY[seed % 3])
    return random_recipe(np.random.default_rng(seed), WIDE, pinned)


def test_the_oracle_knows_every_row() -> None:
    assert set(ACTIVATION_NAMES) == set(activations.ACTIVATIONS)
    assert set(COSTS) == set(costs.COSTS)
    assert set(RULES) == set(optimizers.OPTIMIZERS)


@pytest.mark.parametrize(("cost", "name"), PAIRS)
def test_view(cost: str, name: str) -> None:
    recipe = _recipe(cost, name)
    comparison = Comparison(recipe, Views(Timeline(recipe)))
    assert comparison.faults == []
    assert comparison.compared >= recipe.train.N * recipe.plan.epochs * (6 * recipe.network.L + 3)


@pytest.mark.parametrize(("cost", "name"), PAIRS)
def test_trace(cost: str, name: str) -> None:
    recipe = _recipe(cost, name)
    timeline = Timeline(recipe)
    lines = list(json_lines(timeline, 0, timeline.clock.total))
    comparison = Comparison(recipe, TraceText(lines))
    assert comparison.faults == []
    assert comparison.compared >= recipe.train.N * recipe.plan.epochs * (6 * recipe.network.L + 2)


@pytest.mark.parametrize("cost", list(costs.COSTS))
def test_output_activation(cost: str) -> None:
    bounds = Bounds(depth=(1, 2), width=(1, 5), N=(1, 5), epochs=(1, 2))
    for seed, output in enumerate(legal_outputs(cost)):
        pinned = Pinned(cost=cost, output=output, dtype="float64", optimizer="sgd")
        assert faults(random_recipe(np.random.default_rng(500 + seed), bounds, pinned)) == []


@pytest.mark.parametrize("seed", range(15))
def test_free_network(seed: int) -> None:
    pinned = Pinned(dtype="float64", optimizer=STEADY[seed % 3], scale=1.5)
    assert faults(random_recipe(np.random.default_rng(1000 + seed), WIDE, pinned)) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_optimizers_that_divide_by_the_gradient(optimizer: str, seed: int) -> None:
    bounds = Bounds(depth=(1, 3), width=(2, 6), N=(3, 8), batch=(1, 4), epochs=(2, 3))
    pinned = Pinned(cost="half-squared-error", output="tanh", hidden="tanh", dtype="float64", optimizer=optimizer)
    assert faults(random_recipe(np.random.default_rng(seed), bounds, pinned), relative=1e-8) == []


@pytest.mark.parametrize("seed", range(8))
def test_float32_is_the_same_mathematics(seed: int) -> None:
    """Only as exactly as 24 bits allow, and with functions that have no kink at which the last bit decides."""
    bounds = Bounds(depth=(1, 3), width=(1, 8), N=(1, 6), epochs=(1, 2))
    pinned = Pinned(cost=list(costs.COSTS)[seed % 5], hidden="tanh", output="softmax", dtype="float32", optimizer="sgd")
    assert faults(random_recipe(np.random.default_rng(seed), bounds, pinned), relative=2e-3) == []


def test_the_oracle_itself_against_differences() -> None:
    """The record and the chain rule, against the definition of a derivative."""
    bounds = Bounds(depth=(3, 3), width=(3, 3), N=(1, 1))
    for seed in range(5):
        pinned = Pinned(cost="binary-cross-entropy", hidden="softmax", dtype="float64")
        recipe = random_recipe(np.random.default_rng(seed), bounds, pinned)
        model, (x,), (y,) = model_of(recipe), recipe.train.x.tolist(), recipe.train.y.tolist()
        truth, h = differentiate(model, x, y), 1e-6
        for l, matrix in enumerate(model.W, start=1):
            for i, row in enumerate(matrix):
                for j, w in enumerate(row):
                    row[j] = w + h
                    above = differentiate(model, x, y).cost
                    row[j] = w - h
                    below = differentiate(model, x, y).cost
                    row[j] = w
                    assert truth.dW[l][i][j] == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-8)


def test_torch_agrees() -> None:
    torch = pytest.importorskip("torch")
    sizes, names = (3, 4, 2), ("gelu", "sigmoid")
    pinned = Pinned(
        "mean-squared-error", sizes=sizes, activations=names, N=5, batch=5, dtype="float64", reduction="mean"
    )
    recipe = random_recipe(np.random.default_rng(11), WIDE, pinned)
    W = [torch.tensor(recipe.initial.W[l], requires_grad=True) for l in (1, 2)]
    b = [torch.tensor(recipe.initial.b[l], requires_grad=True) for l in (1, 2)]
    hidden = torch.nn.functional.gelu(torch.tensor(recipe.train.x) @ W[0].T + b[0])
    output = torch.sigmoid(hidden @ W[1].T + b[1])
    torch.nn.functional.mse_loss(output, torch.tensor(recipe.train.y)).backward()
    timeline = Timeline(recipe)
    view = View(timeline, timeline.clock.batch_start(0, 1) - 1)
    for l in (1, 2):
        for name, leaf in (("gW", W[l - 1]), ("gb", b[l - 1])):
            got = view.get(name, l)
            assert got is not None
            np.testing.assert_allclose(got, leaf.grad.numpy(), rtol=1e-10, atol=1e-14)
