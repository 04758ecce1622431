"""The user's own numbers, as far as a walk has come: what every step is judged against (explain.md section 3).

A consequence must never be reported as a cause. So a variant of a step is computed from what the USER's code had in
its hands there, be it right or wrong, and not from the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.network import Network
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.reference import Layers, apply, slope_of


@dataclass(frozen=True, eq=False)
class Context:
    """S single samples of a probe; columns are samples."""

    probe: Probe
    x: Array
    """(n_0, S)"""
    y: Array
    """(n_L, S)"""
    z: Layers = field(default_factory=dict)
    a: Layers = field(default_factory=dict)
    dC_da: Layers = field(default_factory=dict)
    """What the user's code propagated; a layer is absent where that could not be told."""
    delta: Layers = field(default_factory=dict)
    dW: Layers = field(default_factory=dict)
    """(S, n_l, n_{l-1}), or whatever shape the user's have, as far as they gave them."""
    db: Layers = field(default_factory=dict)
    """(n_l, S), likewise."""
    kink: float | None = None
    """What σ′ is at a kink of it, where the user's choice is another than PyTorch's."""
    slopes: dict[tuple[str, int], tuple[Array, Array | None]] = field(default_factory=dict)
    """σ′ that have been computed, by name and identity of z, which is kept beside it."""
    factors: dict[tuple[int, ...], tuple[object, list[tuple[str, str]], Array]] = field(default_factory=dict)
    """Forms of σ′ that are factors of dC_da, by layer and identity of what they are made of: see `slopes`."""

    @property
    def network(self) -> Network:
        """Of the probe."""
        return self.probe.network

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return self.probe.L

    def n(self, l: int) -> int:
        """Units of a layer; -1 where there is no such layer."""
        return self.probe.sizes[l] if 0 <= l <= self.L else -1

    def W(self, l: int) -> Array:
        """W[l]."""
        return self.probe.W[l]

    def b(self, l: int) -> Array:
        """(n_l, 1)."""
        return self.probe.b[l][:, None]

    def sigma(self, l: int, z: Array) -> Array:
        """σ_l at any z of its shape."""
        return apply(self.network.activation(l).name, z)

    def slope(self, l: int, z: Array) -> Array | None:
        """σ_l′ at any z; None for softmax."""
        return self.slope_named(self.network.activation(l).name, z)

    def slope_named(self, name: str, z: Array) -> Array | None:
        """σ′ of the activation of a name, with the user's choice at its kinks."""
        key = name, id(z)
        if key not in self.slopes:
            slope = slope_of(name, z)
            kinks = ACTIVATIONS[name].kinks
            if slope is not None and self.kink is not None and kinks:
                slope = np.where(np.isin(z, kinks), self.kink, slope)
            self.slopes[key] = z, slope
        return self.slopes[key][1]

    def slope_here(self, l: int) -> Array | None:
        """σ_l′(z[l])."""
        return self.slope(l, self.z[l])

    def a_right(self, l: int) -> Array:
        """σ_l(z[l]), whatever the user took for a[l]."""
        return self.sigma(l, self.z[l])
