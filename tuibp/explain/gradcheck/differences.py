"""Central differences of the cost, all parameters of a layer at once.

(C(θ + h) - C(θ - h)) / 2h for every θ. To move W[l][i,j] by h moves z[l][i] of sample s by h a[l-1][j], and nothing
else below; so the forward pass is taken up again at layer l, for a stack of such moves side by side, and never from the
input. It stays a difference of the cost: no number of the backward pass is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.network import Network, Parameters

H = 1e-5
"""h = H * max(1, |θ|)."""
NEAR = 10.0
"""A z within NEAR * h of a kink of σ says nothing about the derivative: such a parameter is skipped."""
CHUNK = 1 << 15
"""Numbers of the widest layer in flight at once: they should stay in the cache."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pass:
    """The forward pass of a batch, float64."""

    network: Network
    params: Parameters
    z: tuple[Array, ...]
    """z[l] (n_l, m); z[0] is empty."""
    a: tuple[Array, ...]
    """a[l] (n_l, m)."""
    y: Array
    """(n_L, m)"""

    @property
    def m(self) -> int:
        """Samples."""
        return int(self.y.shape[1])


@dataclass(frozen=True, eq=False)
class Differences:
    """Of some rows of one layer."""

    layer: int
    rows: slice
    dW: Array
    """(rows, n_{l-1}) the numeric gradient of the SUM over the samples."""
    db: Array
    """(rows,)"""
    skipped_W: Mask
    """Where a perturbation crosses a kink."""
    skipped_b: Mask


def extended(base: Pass) -> Pass:
    """The same pass in the widest type of the machine: 64 bits of mantissa on x86, no more than 53 elsewhere."""
    wide = np.longdouble
    params = base.params
    W, b = ([array.astype(wide) for array in arrays] for arrays in (params.W, params.b))
    again = Parameters(params.flat.astype(wide), tuple(W), tuple(b), ())
    return forward(base.network, again, base.a[0].astype(wide), base.y.astype(wide))


def forward(network: Network, params: Parameters, x: Array, y: Array) -> Pass:
    """z and a of all layers.

    Args:
        x: (n_0, m), y: (n_L, m).
    """
    z, a = [np.empty((0, 0))], [x]
    for l in range(1, network.L + 1):
        z.append(params.W[l] @ a[-1] + params.b[l][:, None])
        out = np.empty_like(z[-1])
        network.activation(l).forward(now, z[-1], out)
        a.append(out)
    return Pass(network, params, tuple(z), tuple(a), y)


def differences(base: Pass, scale: float = H, layers: Sequence[int] = ()) -> Iterator[Differences]:
    """The numeric gradient, some units at a time, from the first layer on; whoever takes them may stop in between.

    Args:
        scale: h = scale * max(1, |θ|).
        layers: those that are wanted; all where empty.
    """
    sizes, tiles = base.network.sizes, _Tiles(base, scale)
    for l in layers or range(1, base.network.L + 1):
        inputs = sizes[l - 1] + 1
        widest = max(sizes[l + 1 :], default=1)
        widest = widest if base.network.activation(l).elementwise else max(widest, sizes[l])
        columns = 2 * inputs * base.m * widest
        count = max(1, CHUNK // columns)
        parts = -(-columns // CHUNK)
        for start in range(0, sizes[l], count):
            yield _rows(tiles, l, slice(start, min(start + count, sizes[l])), parts)


class _Tiles:
    """The samples of a pass, repeated side by side: short rows would cost more than what is computed with them."""

    def __init__(self, base: Pass, scale: float) -> None:
        self.base, self.scale = base, scale
        self._kept: dict[tuple[str, int, int], Array] = {}
        self._scratch: dict[tuple[str, tuple[int, ...]], Array] = {}

    def scratch(self, name: str, *shape: int) -> Array:
        """Memory that is used again and again: taking new memory would cost more than what is computed in it."""
        key = name, shape
        if key not in self._scratch:
            self._scratch[key] = np.empty(shape, self.base.y.dtype)
        return self._scratch[key]

    def activate(self, l: int, z: Array) -> Array:
        """σ_l of (n_l, ...)."""
        out = self.scratch("a", *z.shape)
        self.base.network.activation(l).forward(now, z, out)
        return out

    def __call__(self, name: str, l: int, count: int) -> Array:
        """(n_l, count m) of z[l], a[l] or y."""
        key = name, l, count
        if key not in self._kept:
            source = self.base.y if name == "y" else (self.base.z if name == "z" else self.base.a)[l]
            self._kept[key] = np.tile(source, count)
        return self._kept[key]


def _rows(tiles: _Tiles, l: int, rows: slice, parts: int) -> Differences:
    """All weights and biases of some units of layer l."""
    base = tiles.base
    W, b, m = base.params.W[l][rows], base.params.b[l][rows], base.m
    n, k = W.shape
    h = tiles.scale * np.maximum(1.0, np.abs(np.concatenate((W, b[:, None]), axis=1)))  # (n, k + 1), the bias last
    inputs = np.concatenate(
        (base.a[l - 1], np.ones((1, m), base.y.dtype))
    )  # what a parameter is multiplied with, (k + 1, m)
    if parts == 1:
        numeric, skipped = _moved(tiles, l, rows, h, inputs)
    else:
        numeric, skipped = np.empty((n, k + 1), base.y.dtype), np.empty((n, k + 1), np.bool_)
        for part in (slice(at, at + -(-(k + 1) // parts)) for at in range(0, k + 1, -(-(k + 1) // parts))):
            numeric[:, part], skipped[:, part] = _moved(tiles, l, rows, h[:, part], inputs[part])
    return Differences(l, rows, numeric[:, :k], numeric[:, k], skipped[:, :k], skipped[:, k])


def _moved(tiles: _Tiles, l: int, rows: slice, h: Array, inputs: Array) -> tuple[Array, Mask]:
    """The differences of parameters (n, J), of n units and J inputs each: (n, J), and where they cross a kink."""
    base, network = tiles.base, tiles.base.network
    n, J = h.shape
    step = (h[:, :, None] * inputs[None]).reshape(n, J * base.m)
    z = tiles("z", l, J)[rows]
    moved = tiles.scratch("moved", 2, *step.shape)
    np.add(z, step, moved[0])
    np.subtract(z, step, moved[1])
    crossed = _near_kink(base, l, rows, h, inputs)
    if l == network.L:
        return _cost_of_output(tiles, rows, moved, h), crossed
    above = _next(tiles, l, rows, moved, J)
    for layer in range(l + 1, network.L):
        crossed |= _crosses(network, layer, above, base.m)
        above = _through(tiles, layer, above)
    crossed |= _crosses(network, network.L, above, base.m)
    return _difference(tiles, above, h), crossed


def _near_kink(base: Pass, l: int, rows: slice, h: Array, inputs: Array) -> Mask:
    """(n, J) where z of some sample, as far as the parameter moves it, lies at a kink."""
    crossed = np.zeros(h.shape, np.bool_)
    for kink in base.network.activation(l).kinks:
        gap = np.abs(base.z[l][rows] - kink)[:, None, :]
        near = gap <= NEAR * h[:, :, None] * np.maximum(1.0, np.abs(inputs[None]))
        crossed |= np.any(near & (inputs[None] != 0.0), axis=2)
    return crossed


def _next(tiles: _Tiles, l: int, rows: slice, moved: Array, J: int) -> Array:
    """z[l+1] (n_{l+1}, 2, n, J m) for every move of z[l]."""
    base = tiles.base
    W = base.params.W[l + 1]
    if base.network.activation(l).elementwise:
        change = tiles.activate(l, moved)
        change -= tiles("a", l, J)[rows]
        z = tiles.scratch("z", len(W), *change.shape)
        np.multiply(W[:, rows].copy()[:, None, :, None], change[None], z)
        z += tiles("z", l + 1, J)[:, None, None, :]
        return z
    a = tiles.activate(l, _whole(tiles, l, rows, moved))
    return _product(W, a) + base.params.b[l + 1][:, None, None, None]


def _whole(tiles: _Tiles, l: int, rows: slice, moved: Array) -> Array:
    """(n_l, 2, n, J m) all of z[l], one unit of it moved."""
    base = tiles.base
    z = tiles("z", l, moved.shape[2] // base.m)[:, None, None, :]
    whole = np.broadcast_to(z, (len(base.z[l]), *moved.shape)).copy()
    for k, i in enumerate(range(rows.start, rows.stop)):
        whole[i, :, k] = moved[:, k]
    return whole


def _product(W: Array, a: Array) -> Array:
    """W a for a (n, ...)."""
    product: Array = (W @ a.reshape(len(a), -1)).reshape(len(W), *a.shape[1:])
    return product


def _through(tiles: _Tiles, l: int, z: Array) -> Array:
    """z[l+1] from z[l], (n, 2, rows, J m)."""
    params = tiles.base.params
    result = _product(params.W[l + 1], tiles.activate(l, z))
    result += params.b[l + 1].reshape(-1, 1, 1, 1)
    return result


def _crosses(network: Network, l: int, z: Array, m: int) -> Mask:
    """(n, J) where the two sides of a move stand on different sides of a kink of layer l."""
    n = z.shape[2]
    crossed = np.zeros((n, z.shape[3] // m), np.bool_)
    for kink in network.activation(l).kinks:
        apart = np.any((z[:, 0] > kink) != (z[:, 1] > kink), axis=0)
        crossed |= np.any(apart.reshape(n, -1, m), axis=2)
    return crossed


def _difference(tiles: _Tiles, z: Array, h: Array) -> Array:
    """(C(+h) - C(-h)) / 2h summed over the samples: sample by sample, so that large costs do not drown small ones.

    Args:
        z: z[L] (n_L, 2, n, J m), or of one unit only.
    """
    return _slope_of(tiles, z, tiles("y", 0, z[0].size // tiles.base.m), h)


def _slope_of(tiles: _Tiles, z: Array, y: Array, h: Array) -> Array:
    network, m = tiles.base.network, tiles.base.m
    costs = np.empty(z.shape[1:], z.dtype)
    value = network.cost.value if network.fused is None else network.fused.value
    a = z if network.fused is not None else tiles.activate(network.L, z)
    # The functions of the engine take units on the last axis but one.
    units = a.reshape(len(a), -1)
    value(units, y.reshape(len(a), -1), costs.reshape(-1))
    change = costs[0] - costs[1]
    result: Array = change.reshape(*h.shape, m).sum(axis=2) / (2.0 * h)
    return result


def _cost_of_output(tiles: _Tiles, rows: slice, moved: Array, h: Array) -> Array:
    """The same for parameters of layer L: a unit's part of the cost moves, and no other's, unless it is a softmax."""
    base, network = tiles.base, tiles.base.network
    if not network.activation(network.L).elementwise:
        return _difference(tiles, _whole(tiles, network.L, rows, moved), h)
    y = tiles("y", 0, moved.shape[2] // base.m)[rows]
    result = _slope_of(tiles, moved[None], np.broadcast_to(y, moved.shape), h)
    # n in the formula of a mean over units is the number of all of them.
    return result / len(base.y) if network.cost.name == "mean-squared-error" else result
