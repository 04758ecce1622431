"""The one numeric path: every number tuibp ever shows is computed here, a whole batch at a time.

BLAS does not promise the same bits for W @ x and for the same column of W @ X, so a sample is always a column of its
batch's matrices, never computed alone; stepping, running, seeking and replaying call the very same functions on
buffers of the very same layout (design: machine.md section 2). Functions take a workspace and a layer and write into
its buffers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray, aligned_zeros
from tuibp.engine.network import Network, Parameters
from tuibp.engine.recipe import Recipe


@dataclass(frozen=True, eq=False)
class State:
    """All that one batch hands to the next: parameters and the optimizer's slots."""

    block: Array
    """(1 + slots, size): row 0 is the flat parameter vector, the others the slots; the unit that keyframes copy."""
    params: Parameters
    slots: tuple[Array, ...]

    @classmethod
    def around(cls, network: Network, block: Array) -> State:
        """Views into a block; nothing is copied."""
        return cls(block, Parameters.around(network, block[0]), tuple(block[1:]))

    @classmethod
    def empty(cls, recipe: Recipe) -> State:
        """A state of zeros."""
        rows = 1 + len(recipe.plan.optimizer.slots)
        return cls.around(recipe.network, aligned_zeros((rows, recipe.network.layout.size), recipe.network.dtype))

    @classmethod
    def initial(cls, recipe: Recipe) -> State:
        """The state at t = 0: the recipe's parameters, slots of zero."""
        state = cls.empty(recipe)
        state.block[0] = recipe.initial.flat
        return state


class Workspace:
    """The buffers of one batch. They are the record: what an operation wrote stays until the next batch.

    A buffer of layer l has shape (n_l, m), columns are samples; index 0 of Z, SP, dA, D is an empty placeholder, so
    that layers keep their number.
    """

    def __init__(self, recipe: Recipe, m: int, state: State, after: State) -> None:
        """
        Args:
            m: samples of the batch.
            state: what the batch reads.
            after: what the update writes; may be `state` itself, then the update happens in place.
        """
        network = recipe.network
        self.recipe = recipe
        self.network = network
        self.m = m
        self.state = state
        self.after = after
        sizes, dtype = network.sizes, network.dtype
        self.A = [aligned_zeros((n, m), dtype) for n in sizes]
        self.Y = aligned_zeros((sizes[-1], m), dtype)
        self.C = aligned_zeros((m,), dtype)
        hidden = (0, *sizes[1:])
        self.Z, self.SP, self.dA, self.D, self.S = ([aligned_zeros((n, m), dtype) for n in hidden] for _ in range(5))
        """Pre-activations, slopes, dC/da, delta, and delta / m for the mean."""
        self.grad = aligned_zeros((network.layout.size,), dtype)
        self.gW = network.layout.weights(self.grad)
        self.gb = network.layout.biases(self.grad)
        self.scratch = aligned_zeros((network.layout.size,), dtype)
        self.indices: IntArray = np.zeros(m, dtype=np.intp)
        """Which samples of the training set the columns are."""
        self.count = 0
        """1 for the first update of the run: Adam's t."""

    def begin(self, indices: IntArray, count: int) -> None:
        """Take the samples `indices` (m,) for the batch whose update will be number `count`."""
        self.indices = indices
        self.count = count


Kernel: TypeAlias = Callable[[Workspace, int], None]


def load(ws: Workspace, layer: int) -> None:
    """a[0] = x and y of every sample."""
    train = ws.recipe.train
    np.copyto(ws.A[0], train.x[ws.indices].T)
    np.copyto(ws.Y, train.y[ws.indices].T)


def pre_activation(ws: Workspace, layer: int) -> None:
    """z[l] = W[l] a[l-1] + b[l]."""
    z = ws.Z[layer]
    np.dot(ws.state.params.W[layer], ws.A[layer - 1], out=z)
    np.add(z, ws.state.params.b[layer][:, None], out=z)


def activation(ws: Workspace, layer: int) -> None:
    """a[l] = sigma_l(z[l])."""
    ws.network.activation(layer).forward(ws.Z[layer], ws.A[layer])


def cost(ws: Workspace, layer: int) -> None:
    """C of every sample; from z[L] where the fused form stays finite."""
    L = ws.network.L
    fused = ws.network.fused
    if fused is None:
        ws.network.cost.value(ws.A[L], ws.Y, ws.C)
    else:
        fused.value(ws.Z[L], ws.Y, ws.C)


def cost_gradient(ws: Workspace, layer: int) -> None:
    """dC_da[L] from the cost, or dC_da[l] = W[l+1]^T delta[l+1]."""
    if layer == ws.network.L:
        ws.network.cost.gradient(ws.A[layer], ws.Y, ws.dA[layer])
    else:
        np.dot(ws.state.params.W[layer + 1].T, ws.D[layer + 1], out=ws.dA[layer])


def slope(ws: Workspace, layer: int) -> None:
    """sigma_l'(z[l]); a softmax has no column of slopes, its Jacobian is formed from a[l] where it is looked at."""
    derivative = ws.network.activation(layer).derivative
    if derivative is not None:
        derivative(ws.Z[layer], ws.A[layer], ws.SP[layer])


def delta(ws: Workspace, layer: int) -> None:
    """delta[l] = db[l] = sp[l] * dC_da[l], J^T dC_da[l] for a softmax, a - y for a fused output."""
    sigma = ws.network.activation(layer)
    fused = ws.network.fused
    if fused is not None and layer == ws.network.L:
        fused.delta(ws.A[layer], ws.Y, ws.D[layer])
    elif sigma.pullback is not None:
        sigma.pullback(ws.A[layer], ws.dA[layer], ws.D[layer])
    else:
        np.multiply(ws.SP[layer], ws.dA[layer], out=ws.D[layer])


def gradient(ws: Workspace, layer: int) -> None:
    """gW[l] = D A^T and gb[l] = D 1, with D / m in the place of D for the mean: the division then costs n_l m, not
    n_l n_{l-1}.
    """
    mean = ws.network.reduction == "mean" and ws.m > 1
    for l in range(1, ws.network.L + 1):
        D = ws.D[l]
        if mean:
            D = np.divide(D, ws.m, out=ws.S[l])
        np.dot(D, ws.A[l - 1].T, out=ws.gW[l])
        np.add.reduce(D, axis=1, out=ws.gb[l])


def update(ws: Workspace, layer: int) -> None:
    """The optimizer's rule, in place on `after`, which starts as a copy of `state`."""
    if ws.after is not ws.state:
        np.copyto(ws.after.block, ws.state.block)
    plan = ws.recipe.plan
    end = None if plan.train_biases else ws.network.layout.weights_end
    plan.optimizer.step(
        ws.after.params.flat[:end],
        ws.grad[:end],
        tuple(slot[:end] for slot in ws.after.slots),
        ws.scratch[:end],
        plan.lr,
        plan.settings,
        ws.count,
    )
