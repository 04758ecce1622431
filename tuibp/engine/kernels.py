"""The one numeric path: every number tuibp ever shows is computed here, a whole batch at a time.

BLAS does not promise the same bits for W @ x and for the same column of W @ X, so a sample is always a column of its
batch's matrices, never computed alone; stepping, running, seeking and replaying make the very same calls on buffers of
the very same layout (design: machine.md section 2). A kernel says which calls those are: it passes them to `do`, which
carries them out or notes them down, and computes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do
from tuibp.engine.workspace import Workspace

Kernel: TypeAlias = Callable[[Do, Workspace, int], None]


def load(do: Do, ws: Workspace, layer: int) -> None:
    """a[0] = x and y of every sample."""
    load_inputs(do, ws, layer)
    do(ws.recipe.train.y.take, ws.indices, 0, ws.targets, "clip")
    do(np.copyto, ws.Y, ws.targets.T)


def load_inputs(do: Do, ws: Workspace, layer: int) -> None:
    """a[0] = x of every sample, and the 1 that its biases are multiplied with."""
    ws.slots.load_inputs(do, ws.indices, ws.inputs)


def load_late(do: Do, ws: Workspace, layer: int) -> None:
    """What `Slots.load` has left to the batch itself."""
    if not ws.slots.ahead:
        load_inputs(do, ws, layer)


def pre_activation(do: Do, ws: Workspace, layer: int) -> None:
    """z[l] = W[l] a[l-1] + b[l], the bias being one more weight where the layer is folded."""
    z = ws.Z[layer]
    do(ws.state.params.joint[layer].dot, ws.joint_A[layer - 1], z)
    if not ws.network.layout.folded[layer]:
        do(np.add, z, ws.state.params.b[layer][:, None], z)


def activation(do: Do, ws: Workspace, layer: int) -> None:
    """a[l] = sigma_l(z[l])."""
    ws.network.activation(layer).forward(do, ws.Z[layer], ws.A[layer])


def cost(do: Do, ws: Workspace, layer: int) -> None:
    """C of every sample."""
    network = ws.network
    if network.fused is None:
        do(network.cost.value, ws.A[network.L], ws.Y, ws.C)
    else:
        do(network.fused.value, ws.Z[network.L], ws.Y, ws.C)


def nothing(do: Do, ws: Workspace, layer: int) -> None:
    """What a run computes for many batches at once."""


def cost_gradient(do: Do, ws: Workspace, layer: int) -> None:
    """dC_da[L] from the cost, or dC_da[l] = W[l+1]^T delta[l+1]; [W|b]^T where the layer is folded, because BLAS wants
    the whole matrix.
    """
    if layer == ws.network.L:
        ws.network.cost.gradient(do, ws.A[layer], ws.Y, ws.dA[layer])
    else:
        do(ws.state.params.joint[layer + 1].T.dot, ws.D[layer + 1], ws.joint_dA[layer])


def slope(do: Do, ws: Workspace, layer: int) -> None:
    """sigma_l'(z[l]), in one call with the layers just below that have the same activation: what is ahead of the
    position stays hidden. A softmax has no column of slopes; its Jacobian is formed from a[l] where it is looked at.
    """
    network = ws.network
    derivative = network.activation(layer).derivative
    if derivative is None or (layer < network.L and network.activation(layer + 1) is network.activation(layer)):
        return
    first = layer
    while first > 1 and network.activation(first - 1) is network.activation(layer):
        first -= 1
    rows = ws.slots.stack.part(first, layer)
    derivative(do, ws.rows_Z[rows], ws.rows_A[rows], ws.rows_SP[rows])


def delta(do: Do, ws: Workspace, layer: int) -> None:
    """delta[l] = db[l] = sp[l] * dC_da[l], J^T dC_da[l] for a softmax, a - y for a fused output."""
    sigma = ws.network.activation(layer)
    fused = ws.network.fused
    if fused is not None and layer == ws.network.L:
        fused.delta(do, ws.A[layer], ws.Y, ws.D[layer])
    elif sigma.pullback is not None:
        sigma.pullback(do, ws.A[layer], ws.dA[layer], ws.D[layer])
    else:
        do(np.multiply, ws.SP[layer], ws.dA[layer], ws.D[layer])


def gradient(do: Do, ws: Workspace, layer: int) -> None:
    """D A^T and D 1 of every layer. For a mean that is not taken late there is D / m in the place of D: the division
    then costs n_l m, not n_l n_{l-1}.
    """
    D = ws.D
    if ws.slots.divides and not ws.slots.late:
        D = ws.S
        do(np.divide, ws.rows_D, float(ws.m), ws.rows_S)
    for l in range(1, ws.network.L + 1):
        do(D[l].dot, ws.joint_A[l - 1].T, ws.total_joint[l])
        if not ws.network.layout.folded[l]:
            do(np.add.reduce, D[l], 1, None, ws.total_b[l])


def update(do: Do, ws: Workspace, layer: int) -> None:
    """The optimizer's rule, in place on `after`, which starts as a copy of `state`; a tile at a time, so that a large
    network goes through memory once.
    """
    if ws.after is not ws.state:
        do(np.copyto, ws.after.block, ws.state.block)
    plan, slots, grad = ws.recipe.plan, ws.slots, ws.total
    lr = plan.lr / ws.m if slots.late else plan.lr
    if slots.weights_only is not None:
        do(np.copyto, slots.weights_only, grad, where=ws.network.layout.is_weight)
        grad = slots.weights_only
    for tile in slots.tiles:
        _gauge(do, ws, 0, ws.total, tile)
        _gauge(do, ws, 2, ws.after.params.flat, tile)
        plan.optimizer.step(
            do,
            ws.after.params.flat[tile],
            grad[tile],
            tuple(slot[tile] for slot in ws.after.slots),
            ws.scratch[tile],
            lr,
            plan.settings,
            ws.rates,
        )
        if not slots.update_follows:
            _gauge(do, ws, 1, ws.scratch, tile)


def _gauge(do: Do, ws: Workspace, kind: int, vector: Array, tile: slice) -> None:
    """The squared norms of the pieces of a tile, for the flight log, while the tile is near."""
    if ws.gauged:
        for piece, (_, part) in enumerate(ws.slots.pieces):
            if tile.start <= part.start < tile.stop:
                do(vector[part].dot, vector[part], ws.square(kind, piece))
