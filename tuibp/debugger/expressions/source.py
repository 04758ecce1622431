"""Where a probe takes the numbers of a batch from, and the parts of them that a leaf names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from tuibp.debugger.expressions.typed import Index
from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do
from tuibp.engine.network import Parameters
from tuibp.engine.workspace import Workspace


class Source:
    """Where the numbers of a batch are taken from: its buffers."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def params(self, *, after: bool) -> Parameters:
        """Before the update or after it."""
        return (self.ws.after if after else self.ws.state).params

    def factors(self, layer: int) -> tuple[Array, Array]:
        """(n_l, m) δ[l] and (n_{l-1}, m) a[l-1], of which dW[l] is formed."""
        return self.ws.D[layer], self.ws.A[layer - 1]

    def gradient(self, name: str, layer: int) -> Array | None:
        """gW or gb of a layer where it is not what is in the sum's buffer, or the mean that follows from that."""
        return None

    def softmax(self, layer: int) -> Array:
        """(n_l, m) the activations that a Jacobian is made of."""
        return self.ws.A[layer]

    def input_gradient(self, do: Do, out: Array) -> None:
        """dC_da[0] (n_0, m), which no operation forms."""
        do(np.dot, self.ws.state.params.W[1].T, self.ws.D[1], out)


def parameter(params: Parameters, name: str, layer: int) -> Array:
    """W or b of a layer."""
    return (params.W if name == "W" else params.b)[layer]


def picked(cell: Index) -> tuple[int | slice, ...]:
    """The index of a cell, a row, a column, or all of it."""
    return tuple(slice(None) if at is None else at for at in cell) or (slice(None),)


@cache
def jacobian_part(jacobian: Callable[[Array], Array], cell: Index) -> Callable[[Array, Array], None]:
    """put(a, out): a part of a sample's matrix of slopes. The same function for the same part: what two slots of a run
    call must be one and the same.
    """
    place = picked(cell)

    def put(a: Array, out: Array) -> None:
        out[...] = jacobian(a)[place]

    return put
