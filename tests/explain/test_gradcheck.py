"""The gradient check: against the naive loop, at kinks, in single precision, and against a gallery of wrong kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.oracle import test_gallery_of_wrongs as gallery
from tests.recipes import WIDE, Pinned, random_recipe
from tuibp.cli.files import open_recipe, samples
from tuibp.debugger.names import CellRef
from tuibp.engine import operations
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.engine.kernels import Kernel
from tuibp.engine.network import Layer, Network, Parameters
from tuibp.engine.recipe import Recipe
from tuibp.explain.gradcheck.cell import cell_check
from tuibp.explain.gradcheck.check import GradientCheck, checked, in_double
from tuibp.explain.gradcheck.differences import H, differences, forward


def first_batch(recipe: Recipe) -> GradientCheck:
    m = recipe.plan.batch
    return checked(recipe, recipe.initial, recipe.train.x[:m], recipe.train.y[:m])


@pytest.mark.parametrize("name", samples())
def test_every_sample_agrees(name: str) -> None:
    check = first_batch(open_recipe(name))
    assert check.passed
    if np.finfo(np.longdouble).nmant > 52:  # deep-sigmoid's gradients of 1e-9 want more digits than a float64 has
        assert max(line.relative_error for line in check.lines) <= 1e-8


def naive(network: Network, params: Parameters, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
    """The same differences, one perturbed forward pass after the other."""

    def cost() -> Array:
        base = forward(network, params, x, y)
        out = np.empty(x.shape[1])
        if network.fused is not None:
            network.fused.value(base.z[-1], y, out)
        else:
            network.cost.value(base.a[-1], y, out)
        return out

    found: tuple[list[Array], list[Array]] = ([], [])
    for l in range(1, network.L + 1):
        for tensor, into in ((params.W[l], found[0]), (params.b[l], found[1])):
            gradient = np.empty(tensor.shape)
            for index in np.ndindex(tensor.shape):
                value = float(tensor[index])
                h = H * max(1.0, abs(value))
                tensor[index] = value + h
                above = cost()
                tensor[index] = value - h
                gradient[index] = (above - cost()).sum() / (2.0 * h)
                tensor[index] = value
            into.append(gradient)
    return found


OUTPUTS = (
    ("identity", "squared-error"),
    ("sigmoid", "binary-cross-entropy"),
    ("softmax", "cross-entropy"),
    ("tanh", "mean-squared-error"),
    ("softmax", "half-squared-error"),
)
COMBINATIONS = [(hidden, output, cost) for hidden in ACTIVATIONS for output, cost in OUTPUTS]


@pytest.mark.parametrize(("hidden", "output", "cost"), COMBINATIONS)
def test_it_is_the_naive_loop(hidden: str, output: str, cost: str) -> None:
    rng = np.random.default_rng(3)
    layers = (Layer(4, ACTIVATIONS[hidden]), Layer(5, ACTIVATIONS[hidden]), Layer(3, ACTIVATIONS[output]))
    network = Network(3, layers, COSTS[cost])
    params = Parameters.zeros(network)
    for l in range(1, 4):
        params.W[l][...] = rng.normal(0.0, 0.7, params.W[l].shape)
        params.b[l][...] = rng.normal(0.0, 0.4, params.b[l].shape)
    x, y = rng.normal(size=(3, 6)), np.eye(3)[:, rng.integers(0, 3, 6)]
    dW, db = naive(network, params, x, y)
    skipped = 0
    for piece in differences(forward(network, params, x, y)):
        good_W, good_b = ~piece.skipped_W, ~piece.skipped_b
        np.testing.assert_allclose(piece.dW[good_W], dW[piece.layer - 1][piece.rows][good_W], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(piece.db[good_b], db[piece.layer - 1][piece.rows][good_b], rtol=1e-6, atol=1e-9)
        skipped += int(piece.skipped_W.sum() + piece.skipped_b.sum())
    assert skipped == 0 or ACTIVATIONS[hidden].kinks


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_pass(seed: int) -> None:
    recipe = random_recipe(np.random.default_rng(seed), WIDE, Pinned())
    check = first_batch(recipe)
    assert check.passed, [(str(line.tensor), line.relative_error) for line in check.lines if line.status == "fail"]
    assert check.single == (recipe.network.dtype == np.float32)


def test_a_kink_is_skipped_and_counted() -> None:
    # z[1] = W x + b = (1 * 2 - 2, 0.5 * 2 + 1) = (0, 2): unit 0 stands on the kink of relu, so its weight and its bias
    # are skipped, whatever they would give; unit 1 and the output are checked.
    network = Network(1, (Layer(2, ACTIVATIONS["relu"]), Layer(1, ACTIVATIONS["identity"])), COSTS["squared-error"])
    params = Parameters.of(network, [[[1.0], [0.5]], [[1.0, 1.0]]], [[-2.0, 1.0], [0.0]])
    pieces = list(differences(forward(network, params, np.array([[2.0]]), np.array([[1.0]]))))
    first = next(piece for piece in pieces if piece.layer == 1)
    assert first.skipped_W.tolist() == [[True], [False]] and first.skipped_b.tolist() == [True, False]
    # C = (a1 + a2 - 1)^2 = 1, dC/da = 2; dC/dW[1][1,0] = 2 * 1 * 1 * 2 = 4.
    assert first.dW[1, 0] == pytest.approx(4.0, abs=1e-8)
    assert not any(piece.skipped_W.any() for piece in pieces if piece.layer == 2)


def test_single_precision_is_checked_in_double() -> None:
    recipe = random_recipe(np.random.default_rng(1), WIDE, Pinned(dtype="float32", cost="squared-error"))
    double, params = in_double(recipe, recipe.initial, recipe.train.x, recipe.train.y)
    assert params.flat.dtype == double.train.x.dtype == np.float64
    assert first_batch(recipe).single


WRONG = {
    "db": [gallery.delta_without_slope, gallery.delta_with_the_wrong_sign],
    "dC_da": [gallery.gradient_without_transpose, gallery.gradient_through_the_layer_s_own_weights,
              gallery.half_the_cost_gradient],
    "sp": [gallery.slope_at_a_instead_of_z],
    "grad": [gallery.gradient_of_b_wrong],
}  # fmt: skip


@pytest.mark.parametrize(("op", "kernel"), [(op, kernel) for op, kernels in WRONG.items() for kernel in kernels])
def test_wrong_kernels_fail_at_their_layer(op: str, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = gallery.recipe()
    assert first_batch(recipe).passed
    monkeypatch.setitem(operations.OPERATIONS, op, operations.OPERATIONS[op]._replace(kernel=kernel))
    failed = {(line.tensor.name, line.tensor.layer) for line in first_batch(recipe).lines if line.status == "fail"}
    layers = {layer for _, layer in failed}
    if kernel in (gallery.gradient_without_transpose, gallery.gradient_through_the_layer_s_own_weights):
        assert layers == {1, 2}  # the last layer's column comes from the cost and is right
    elif kernel is gallery.delta_with_the_wrong_sign:
        assert layers == {1, 3}  # two wrong signs are a right one
    elif op == "grad":
        assert failed == {("gb", 1), ("gb", 2), ("gb", 3)}
    else:
        assert layers == {1, 2, 3}


def test_one_wrong_layer_does_not_hide_behind_the_others() -> None:
    recipe = gallery.recipe()
    double, params = in_double(recipe, recipe.initial, recipe.train.x, recipe.train.y)
    original = operations.OPERATIONS["grad"]

    def flipped(do: object, ws: object, l: int) -> None:
        original.kernel(do, ws, l)  # type: ignore[misc, arg-type]
        np.negative(ws.gW[1], ws.gW[1])  # type: ignore[attr-defined]

    try:
        operations.OPERATIONS["grad"] = original._replace(kernel=flipped)
        lines = checked(double, params, double.train.x, double.train.y).lines
    finally:
        operations.OPERATIONS["grad"] = original
    assert [(str(line.tensor), line.status) for line in lines if line.status != "pass"] == [("gW[1]", "fail")]
    assert next(line for line in lines if line.status == "fail").relative_error == pytest.approx(2.0)


def test_what_is_not_finite_is_told() -> None:
    recipe = open_recipe("xor")
    W = [w.copy() for w in recipe.initial.W[1:]]
    W[0][0, 0] = np.inf
    broken = replace(recipe, initial=Parameters.of(recipe.network, W, recipe.initial.b[1:]))
    check = first_batch(broken)
    assert not check.passed and any(line.status == "not finite" for line in check.lines)


def test_a_cell_at_a_kink_is_skipped_as_in_the_table() -> None:
    # z[1] = 0 * 1 = 0 stands on relu's kink: (C(+h) - C(-h)) / 2h is half of what it is to the right, and no slope.
    network = Network(1, (Layer(1, ACTIVATIONS["relu"]), Layer(1, ACTIVATIONS["identity"])), COSTS["squared-error"])
    params = Parameters.of(network, [[[0.0]], [[1.0]]], [[0.0], [0.0]])
    x, y = np.array([[1.0]]), np.array([[1.0]])
    for cell in (CellRef("W", 1, (0, 0)), CellRef("z", 1, (0,)), CellRef("b", 1, (0,))):
        assert cell_check(network, params, x, y, cell, 0.0, 1.0).status == "skipped"
    # dC/db[2] = 2 (0 - 1) = -2 is not at the kink.
    assert cell_check(network, params, x, y, CellRef("b", 2, (0,)), -2.0, 1.0).status == "pass"
