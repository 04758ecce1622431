"""The reference of a check: forward and backward of single samples, written out plainly beside the notes.

mathematics.md sections 2 and 3. Columns are samples, and each column is a sample of its own: nothing is summed here.
The suite holds these few lines against the engine's kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.costs import COSTS, Cost
from tuibp.engine.network import Network
from tuibp.explain.check.probe import Probe

Layers = dict[int, Array]
"""By layer: (n_l, S)."""


@dataclass(frozen=True, eq=False)
class Pass:
    """All numbers of S samples."""

    z: Layers
    """1..L."""
    a: Layers
    """0..L."""
    cost: Array
    """(S,)"""
    dC_da: Layers
    """1..L."""
    delta: Layers
    """1..L; db of a sample is its column."""
    dW: Layers
    """1..L, (S, n_l, n_{l-1})."""


def activate(network: Network, layer: int, z: Array) -> Array:
    """σ_l(z), (n_l, S)."""
    return apply(network.activation(layer).name, z)


def apply(name: str, z: Array) -> Array:
    """σ(z) of the activation of a name."""
    from tuibp.engine.activations import ACTIVATIONS

    out = np.empty(z.shape)
    ACTIVATIONS[name].forward(now, np.ascontiguousarray(z), out)
    return out


def slope_of(name: str, z: Array, a: Array | None = None) -> Array | None:
    """σ′(z) of the activation of a name, from a = σ(z) where that is given; None for softmax, which has a Jacobian."""
    from tuibp.engine.activations import ACTIVATIONS

    derivative = ACTIVATIONS[name].derivative
    if derivative is None:
        return None
    out = np.empty(z.shape)
    derivative(now, np.ascontiguousarray(z), np.ascontiguousarray(apply(name, z) if a is None else a), out)
    return out


def cost_gradient(cost: Cost, a: Array, y: Array) -> Array:
    """∂C/∂a[L], (n_L, S)."""
    out = np.empty(a.shape)
    cost.gradient(now, np.ascontiguousarray(a), np.ascontiguousarray(y), out)
    return out


def cost_value(cost: Cost, a: Array, y: Array) -> Array:
    """C of each sample, (S,)."""
    out = np.empty(a.shape[1])
    cost.value(np.ascontiguousarray(a), np.ascontiguousarray(y), out)
    return out


def delta_of(network: Network, layer: int, z: Array, a: Array, dC_da: Array) -> Array:
    """δ[l] = σ′(z) * dC_da, Jᵀ dC_da for softmax."""
    sigma = network.activation(layer)
    out = np.empty(z.shape)
    if sigma.pullback is not None:
        sigma.pullback(now, np.ascontiguousarray(a), np.ascontiguousarray(dC_da), out)
        return out
    slope = slope_of(sigma.name, z, a)
    assert slope is not None
    return slope * dC_da


def output_delta(network: Network, z: Array, a: Array, y: Array, dC_da: Array) -> Array:
    """δ[L]: by the fused form where the network has one, which stays finite where ∂C/∂a does not."""
    if network.fused is None:
        return delta_of(network, network.L, z, a, dC_da)
    out = np.empty(a.shape)
    network.fused.delta(now, np.ascontiguousarray(a), np.ascontiguousarray(y), out)
    return out


def outer(delta: Array, a: Array) -> Array:
    """(S, n_l, n_{l-1}) δ aᵀ of every sample."""
    product: Array = delta.T[:, :, None] * a.T[:, None, :]
    return product


def reference(probe: Probe, samples: tuple[int, ...]) -> Pass:
    """Forward and backward of some samples of a probe."""
    network, W, b, L = probe.network, probe.W, probe.b, probe.L
    columns = list(samples)
    x, y = probe.X[:, columns], probe.Y[:, columns]
    with np.errstate(all="ignore"):
        a: Layers = {0: x}
        z: Layers = {}
        for l in range(1, L + 1):
            z[l] = W[l] @ a[l - 1] + b[l][:, None]
            a[l] = activate(network, l, z[l])
        dC_da: Layers = {L: cost_gradient(network.cost, a[L], y)}
        delta: Layers = {L: output_delta(network, z[L], a[L], y, dC_da[L])}
        for l in range(L - 1, 0, -1):
            dC_da[l] = W[l + 1].T @ delta[l + 1]
            delta[l] = delta_of(network, l, z[l], a[l], dC_da[l])
        dW = {l: outer(delta[l], a[l - 1]) for l in range(1, L + 1)}
        return Pass(z, a, cost_value(COSTS[network.cost.name], a[L], y), dC_da, delta, dW)
