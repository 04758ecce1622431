"""A reduction of large leaves, taken on the spot: the calls that put one number a batch, or a sample, aside."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import FLOAT, UFUNCS, is_matrix, is_per_sample, leaves, varies
from tuibp.debugger.expressions.reducing import aligned, reduce_into
from tuibp.debugger.expressions.source import Source, jacobian_part, picked
from tuibp.debugger.expressions.typed import Const, Given, Leaf, Op, Reduce, Typed
from tuibp.debugger.names import TENSORS
from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do

if TYPE_CHECKING:
    from tuibp.debugger.expressions.probe import Probe


class Reducer:
    """Emits the reduction of large leaves, for all samples at once, or for one after the other where each has a
    matrix. Every buffer has the axes of its shape and then one for the samples, of length 1 where all share it.
    """

    def __init__(self, probe: Probe, do: Do, source: Source, after: bool) -> None:
        self._probe, self._do, self._source, self._after = probe, do, source, after
        self._sample: int | None = None

    def put(self, node: Reduce, out: npt.NDArray[Any]) -> None:
        """The reduction into (m or 1,)."""
        matrices = any(isinstance(leaf, Leaf) and is_matrix(leaf, self._probe.network) for leaf in leaves(node))
        if not matrices:
            self._reduce(node, out)
            return
        for s in range(self._probe.m):
            self._sample = s
            self._reduce(node, out[s : s + 1])

    def _reduce(self, node: Reduce, out: npt.NDArray[Any]) -> None:
        arg, function, size = node.arg, node.function, math.prod(node.arg.shape)
        total = self._total(arg) if function == "norm" else None
        if total is not None:
            # |s / m| = |s| / m: one number is divided in the place of all.
            self._reduce_into(function, total, size, out)
            self._do(np.divide, out, self._probe.m, out)
        elif function == "max" and (joint := self._joint(arg)) is not None:
            self._largest(joint, arg.shape[-1], out)
        else:
            self._reduce_into(function, self._value(arg), size, out)

    def _reduce_into(self, function: str, x: npt.NDArray[Any], size: int, out: npt.NDArray[Any]) -> None:
        reduce_into(self._do, function, x, _all_but_last(x.ndim), size, out)

    def _joint(self, node: Typed) -> npt.NDArray[Any] | None:
        """[W|b], one piece of memory, where a tree is abs(W[l])."""
        leaf = node.args[0] if isinstance(node, Op) and node.function == "abs" else None
        if not isinstance(leaf, Leaf) or leaf.name != "W" or leaf.cell:
            return None
        joint: Array = self._source.params(after=self._after).joint[leaf.layer or 0]
        return joint if joint.shape[1] > leaf.shape[1] else None

    def _largest(self, joint: npt.NDArray[Any], columns: int, out: npt.NDArray[Any]) -> None:
        """The largest magnitude in the first columns: to pass over all of it, and the others as 0, takes half the time
        of one row after the other.
        """
        do, magnitudes = self._do, self._do.scratch(joint.shape, FLOAT)
        do(np.absolute, joint.reshape(-1), magnitudes.reshape(-1))
        do(np.copyto, magnitudes[:, columns:], 0.0)
        do(np.maximum.reduce, magnitudes.reshape(-1), 0, None, out.reshape(()))

    def _total(self, node: Typed) -> npt.NDArray[Any] | None:
        total = self._probe.total(self._source, node) if isinstance(node, Leaf) else None
        return None if total is None else self._wide(total[..., np.newaxis])

    def _value(self, node: Typed) -> npt.NDArray[Any]:
        do = self._do
        if isinstance(node, Const | Given):
            return self._probe.fixed(node)
        if isinstance(node, Leaf):
            return self._leaf(node)
        if isinstance(node, Reduce):
            sampled = self._sample is None and varies(node)
            out = do.scratch((self._probe.m if sampled else 1,), np.bool_ if node.boolean else FLOAT)
            self._reduce(node, out)
            return out
        assert isinstance(node, Op)
        args = aligned([self._value(arg) for arg in node.args], [arg.shape for arg in node.args], 0)
        out = do.scratch(np.broadcast_shapes(*(arg.shape for arg in args)), np.bool_ if node.boolean else FLOAT)
        do(UFUNCS[node.function], *args, out)
        return out

    def _leaf(self, leaf: Leaf) -> npt.NDArray[Any]:
        do, source, probe, s = self._do, self._source, self._probe, self._sample
        if is_matrix(leaf, probe.network):
            assert s is not None
            layer = leaf.layer or 0
            whole = do.scratch(TENSORS[leaf.name].shape(probe.network, layer), probe.network.dtype)
            if leaf.name == "dW":
                D, A = source.factors(layer)
                do(np.multiply.outer, D[:, s], A[:, s], out=whole)
            else:
                jacobian = probe.network.activation(layer).jacobian
                assert jacobian is not None
                do(jacobian_part(jacobian, ()), source.softmax(layer)[:, s], whole)
            buffer: npt.NDArray[Any] = whole[(*picked(leaf.cell), ...)][..., np.newaxis]
        else:
            buffer = probe.buffer(do, source, leaf, self._after)
            if not is_per_sample(leaf):
                buffer = buffer[..., np.newaxis]
            elif s is not None:
                buffer = buffer[..., s : s + 1]
        return self._wide(buffer)

    def _wide(self, buffer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if buffer.dtype == FLOAT:
            return buffer
        wide = self._do.scratch(buffer.shape, FLOAT)
        self._do(np.copyto, wide, buffer)
        return wide


@cache
def _all_but_last(ndim: int) -> tuple[int, ...]:
    """The axes along which is reduced; the same object each time, as two slots of a run call with the same."""
    return tuple(range(ndim - 1))
