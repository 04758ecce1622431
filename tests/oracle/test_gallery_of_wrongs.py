"""Deliberately wrong machines, each of which the comparison must catch: an oracle that cannot fail proves nothing.

The network is square, so that a transposed matrix has the right shape, and its batches are of 2, 2 and 1 samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.oracle.comparison import faults
from tests.recipes import WIDE, Pinned, random_recipe
from tuibp.debugger.view import View
from tuibp.engine import kernels
from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.calls import Do
from tuibp.engine.dataset import Orders, epochs_of_a_draw
from tuibp.engine.kernels import Kernel
from tuibp.engine.operations import OPERATIONS
from tuibp.engine.recipe import Recipe
from tuibp.engine.workspace import Workspace


def recipe(optimizer: str = "sgd", output: str = "tanh", cost: str = "squared-error") -> Recipe:
    pinned = Pinned(
        cost, sizes=(3, 3, 3, 3), activations=("tanh", "softplus", output), N=5, batch=2, epochs=2, lr=0.05,
        optimizer=optimizer, reduction="mean", dtype="float64", shuffle=True, train_biases=True,
    )  # fmt: skip
    return random_recipe(np.random.default_rng(5), WIDE, pinned)


def test_the_right_machine_has_no_faults() -> None:
    for optimizer in ("sgd", "momentum", "adam"):
        assert faults(recipe(optimizer), 1e-9) == []


def delta_without_slope(do: Do, ws: Workspace, l: int) -> None:
    do(np.copyto, ws.D[l], ws.dA[l])


def delta_with_the_wrong_sign(do: Do, ws: Workspace, l: int) -> None:
    kernels.delta(do, ws, l)
    do(np.negative, ws.D[l], ws.D[l])


def delta_of_the_layer_below_where_it_fits(do: Do, ws: Workspace, l: int) -> None:
    do(np.multiply, ws.SP[max(1, l - 1)], ws.dA[l], ws.D[l])


def gradient_without_transpose(do: Do, ws: Workspace, l: int) -> None:
    if l == ws.network.L:
        kernels.cost_gradient(do, ws, l)
    else:
        do(np.dot, ws.state.params.W[l + 1], ws.D[l + 1], ws.dA[l])


def gradient_through_the_layer_s_own_weights(do: Do, ws: Workspace, l: int) -> None:
    """The printed slip of the notes: W[l] in the place of W[l+1]."""
    if l == ws.network.L:
        kernels.cost_gradient(do, ws, l)
    else:
        do(np.dot, ws.state.params.W[l].T, ws.D[l + 1], ws.dA[l])


def half_the_cost_gradient(do: Do, ws: Workspace, l: int) -> None:
    kernels.cost_gradient(do, ws, l)
    if l == ws.network.L:
        do(np.multiply, ws.dA[l], 0.5, ws.dA[l])


def slope_at_a_instead_of_z(do: Do, ws: Workspace, l: int) -> None:
    derivative = ws.network.activation(l).derivative
    assert derivative is not None
    again = do.scratch(ws.A[l].shape, ws.A[l].dtype)
    do(np.tanh, ws.A[l], again)
    derivative(do, ws.A[l], again, ws.SP[l])


def activation_without_bias(do: Do, ws: Workspace, l: int) -> None:
    do(np.dot, ws.state.params.W[l], ws.A[l - 1], ws.Z[l])


def forward_through_stale_weights(do: Do, ws: Workspace, l: int) -> None:
    do(np.dot, ws.recipe.initial.W[l], ws.A[l - 1], ws.Z[l])
    do(np.add, ws.Z[l], ws.recipe.initial.b[l][:, None], ws.Z[l])


def forward_through_the_transpose(do: Do, ws: Workspace, l: int) -> None:
    do(np.dot, ws.state.params.W[l].T, ws.A[l - 1], ws.Z[l])
    do(np.add, ws.Z[l], ws.state.params.b[l][:, None], ws.Z[l])


def _gradient(factors: Callable[[Workspace, int], tuple[Array, Array]], share: Callable[[Workspace], float]) -> Kernel:
    """gW[l] = share * the product of the factors, gb[l] = share * the sum of the columns of D[l]."""

    def kernel(do: Do, ws: Workspace, _: int) -> None:
        for l in range(1, ws.network.L + 1):
            product = do.scratch(ws.gW[l].shape, ws.network.dtype)
            do(np.dot, *factors(ws, l), product)
            do(np.multiply, product, share(ws), ws.gW[l])
            do(np.add.reduce, ws.D[l], 1, None, ws.gb[l])
            do(np.multiply, ws.gb[l], share(ws), ws.gb[l])

    return kernel


def _outer(ws: Workspace, l: int) -> tuple[Array, Array]:
    return ws.D[l], ws.A[l - 1].T


def _transposed(ws: Workspace, l: int) -> tuple[Array, Array]:
    return ws.A[l - 1], ws.D[l].T


def _above(ws: Workspace, l: int) -> tuple[Array, Array]:
    return ws.D[l], ws.A[l].T


def gradient_of_b_wrong(do: Do, ws: Workspace, l: int) -> None:
    kernels.gradient(do, ws, l)
    for layer in range(1, ws.network.L + 1):
        do(np.add.reduce, ws.dA[layer], 1, None, ws.gb[layer])


def update_of_the_weights_only(do: Do, ws: Workspace, l: int) -> None:
    kept = [do.scratch(b.shape, b.dtype) for b in ws.state.params.b]
    for copy, b in zip(kept, ws.state.params.b, strict=True):
        do(np.copyto, copy, b)
    kernels.update(do, ws, l)
    for b, copy in zip(ws.after.params.b, kept, strict=True):
        do(np.copyto, b, copy)


def update_uphill(do: Do, ws: Workspace, l: int) -> None:
    do(np.negative, ws.grad, ws.grad)
    kernels.update(do, ws, l)
    do(np.negative, ws.grad, ws.grad)


def update_that_forgets_its_slots(do: Do, ws: Workspace, l: int) -> None:
    kernels.update(do, ws, l)
    do(np.copyto, ws.after.block[1:], 0.0)


def load_of_the_row_not_the_column(do: Do, ws: Workspace, l: int) -> None:
    kernels.load(do, ws, l)
    rows = do.scratch(ws.A[0].shape, ws.A[0].dtype)
    do(np.copyto, rows, ws.A[0])
    do(np.copyto, ws.A[0], rows.reshape(ws.m, -1).T)


def load_of_another_label(do: Do, ws: Workspace, l: int) -> None:
    kernels.load(do, ws, l)
    right = do.scratch(ws.Y.shape, ws.Y.dtype)
    do(np.copyto, right, ws.Y)
    for s in range(ws.m):
        do(np.copyto, ws.Y[:, s], right[:, s - 1])


def cost_of_the_mean(do: Do, ws: Workspace, l: int) -> None:
    kernels.cost(do, ws, l)
    mean = do.scratch((), ws.C.dtype)
    do(np.mean, ws.C, 0, None, mean)
    do(np.copyto, ws.C, mean)


WRONG_KERNELS: list[tuple[str, Kernel, str]] = [
    ("db", delta_without_slope, "db[3]"),
    ("db", delta_with_the_wrong_sign, "db[3]"),
    ("db", delta_of_the_layer_below_where_it_fits, "db[3]"),
    ("dC_da", gradient_without_transpose, "dC_da[2]"),
    ("dC_da", gradient_through_the_layer_s_own_weights, "dC_da[2]"),
    ("dC_da", half_the_cost_gradient, "dC_da[3]"),
    ("sp", slope_at_a_instead_of_z, "sp[1]"),
    ("z", activation_without_bias, "z[1]"),
    ("z", forward_through_stale_weights, "z[1]"),
    ("z", forward_through_the_transpose, "z[1]"),
    ("grad", _gradient(_transposed, lambda ws: 1.0 / ws.m), "gW[2]"),
    ("grad", _gradient(_above, lambda ws: 1.0 / ws.m), "gW[2]"),
    ("grad", _gradient(_outer, lambda ws: 1.0), "gW[2]"),
    ("grad", _gradient(_outer, lambda ws: 0.5), "gW[2]"),
    ("grad", gradient_of_b_wrong, "gb[1]"),
    ("update", update_of_the_weights_only, "b[1]"),
    ("update", update_uphill, "W[1]"),
    ("load", load_of_the_row_not_the_column, "e0: the samples"),
    ("load", load_of_another_label, "e0: the samples"),
    ("cost", cost_of_the_mean, "cost"),
]


def caught(found: list[str], expected: str) -> bool:
    return any(expected in fault for fault in found)


@pytest.mark.parametrize(("op", "kernel", "expected"), WRONG_KERNELS)
def test_wrong_kernel(op: str, kernel: Kernel, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, op, OPERATIONS[op]._replace(kernel=kernel))
    assert caught(faults(recipe()), expected)


@pytest.mark.parametrize(
    ("optimizer", "kernel"),
    [
        ("momentum", update_that_forgets_its_slots),
        ("nesterov", update_that_forgets_its_slots),
        ("rmsprop", update_that_forgets_its_slots),
        ("adam", update_that_forgets_its_slots),
    ],
)
def test_wrong_memory_of_an_optimizer(optimizer: str, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "update", OPERATIONS["update"]._replace(kernel=kernel))
    assert caught(faults(recipe(optimizer), 1e-8), "W[1]")


def test_an_adam_that_counts_from_the_start_of_each_epoch() -> None:
    right = recipe("adam")
    batches, schedule = 3, right.plan.optimizer.schedule
    wrong = right.plan.optimizer._replace(
        schedule=lambda lr, settings, count: schedule(lr, settings, (count - 1) % batches + 1)
    )
    assert caught(faults(replace(right, plan=right.plan._replace(optimizer=wrong)), 1e-8), "W[1]")


def test_softmax_taken_for_elementwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the diagonal of its Jacobian."""

    def delta(do: Do, ws: Workspace, l: int) -> None:
        kernels.delta(do, ws, l)
        if l == ws.network.L:
            diagonal = do.scratch(ws.A[l].shape, ws.A[l].dtype)
            do(np.subtract, 1.0, ws.A[l], diagonal)
            do(np.multiply, ws.A[l], diagonal, diagonal)
            do(np.multiply, diagonal, ws.dA[l], ws.D[l])

    monkeypatch.setitem(OPERATIONS, "db", OPERATIONS["db"]._replace(kernel=delta))
    assert caught(faults(recipe(output="softmax")), "db[3]")
    assert caught(faults(recipe(output="softmax", cost="cross-entropy")), "db[3]")


def test_mean_where_the_sum_is_declared() -> None:
    """The comparison follows the declared reduction: the same run under the other name is caught."""
    right = recipe()
    wrong = replace(right, network=replace(right.network, reduction="sum"))
    assert faults(wrong) == []
    mean = OPERATIONS["grad"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPERATIONS, "grad", mean._replace(kernel=_gradient(_outer, lambda ws: 1.0 / ws.m)))
        assert caught(faults(wrong), "gW[1]")


def test_a_view_of_the_wrong_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that shows the last column of the batch, whatever sample is current."""
    monkeypatch.setattr(View, "current", property(lambda view: view.m - 1))
    assert faults(recipe())


def test_a_view_with_the_transposed_outer_product(monkeypatch: pytest.MonkeyPatch) -> None:
    right = View.get

    def get(view: View, name: str, layer: int | None = None) -> Array | None:
        value = right(view, name, layer)
        return value.T if name == "dW" and value is not None else value

    monkeypatch.setattr(View, "get", get)
    assert caught(faults(recipe()), "dW[2]")


def every_epoch(*order: int) -> Callable[[Orders, int], IntArray]:
    """In the place of `Orders.draw`: all epochs of all draws in one order."""
    return lambda orders, draw: np.tile(np.array(order, dtype=np.intp), (epochs_of_a_draw(len(order)), 1))


def test_an_epoch_that_draws_with_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Orders, "draw", every_epoch(0, 0, 1, 2, 3))
    assert caught(faults(recipe()), "e1: the samples")


def test_an_epoch_in_the_order_of_the_data_is_wrong_only_where_it_must_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    right = recipe()
    ordered = replace(right, plan=right.plan._replace(shuffle=False))
    assert faults(ordered) == []
    monkeypatch.setattr(Orders, "draw", every_epoch(1, 0, 2, 3, 4))
    assert caught(faults(ordered), "e0: the samples")


def test_the_last_digits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of 1e-9 of a value is a fault."""

    def delta(do: Do, ws: Workspace, l: int) -> None:
        kernels.delta(do, ws, l)
        do(np.multiply, ws.D[l], 1.0 + 1e-9, ws.D[l])

    monkeypatch.setitem(OPERATIONS, "db", OPERATIONS["db"]._replace(kernel=delta))
    assert caught(faults(recipe()), "db[3]")
