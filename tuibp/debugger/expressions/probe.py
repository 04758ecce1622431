"""The probe: the calls that put atoms aside, emitted like those of the kernels.

A large tensor is reduced in float64, for all samples at once, or for one after the other where each has a matrix of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import (
    FLOAT,
    PRINT,
    UFUNCS,
    Atom,
    Finite,
    Flat,
    Keep,
    Loop,
    is_matrix,
    is_per_sample,
    leaves,
    varies,
)
from tuibp.debugger.expressions.reducing import aligned, reduce_into
from tuibp.debugger.expressions.typed import Const, Given, Index, Leaf, Op, Reduce, Typed
from tuibp.debugger.names import TENSORS
from tuibp.engine.arrays import Array, aligned_empty
from tuibp.engine.calls import Do
from tuibp.engine.network import Network, Parameters
from tuibp.engine.program import Program
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


class Probe:
    """What is put aside of the batches in some slots."""

    def __init__(self, program: Program, atoms: Sequence[Atom], m: int, count: int) -> None:
        self._program, self._m = program, m
        self._network = program.recipe.network
        self.count = count
        """Batches that there is room for."""
        self._fixed: dict[int, npt.NDArray[Any]] = {}
        self.results: dict[Atom, npt.NDArray[Any]] = {atom: self._room(atom, count) for atom in dict.fromkeys(atoms)}
        """By atom, (count, ...): a leaf's axes and then its samples, if each has its own."""
        self._stash = {
            (name, layer): aligned_empty(TENSORS[name].shape(self._network, layer), self._network.dtype)
            for name, layer in self._differences(self.results)
        }
        """By update (name, layer): the parameters before it."""

    def _differences(self, atoms: Sequence[Atom] | dict[Atom, Any]) -> set[tuple[str, int]]:
        """The updates that some atom reads."""
        nodes = [atom.leaf if isinstance(atom, Keep) else atom.node for atom in atoms if isinstance(atom, Keep | Loop)]
        found = (leaf for node in nodes for leaf in leaves(node) if isinstance(leaf, Leaf))
        return {(leaf.name, leaf.layer or 0) for leaf in found if leaf.name in ("uW", "ub")}

    def _room(self, atom: Atom, count: int) -> npt.NDArray[Any]:
        if isinstance(atom, Flat):
            return aligned_empty((count, self._network.sizes[atom.layer]), np.dtype(np.bool_))
        if isinstance(atom, Finite):
            return aligned_empty((count,), self._network.dtype)
        if isinstance(atom, Keep):
            samples = (self._m,) if is_per_sample(atom.leaf) else ()
            return aligned_empty((count, *atom.leaf.shape, *samples), self._network.dtype)
        dtype = np.dtype(np.uint64) if atom.node.function == PRINT else FLOAT
        many = varies(atom.node)
        return aligned_empty((count, self._m if many else 1), np.dtype(np.bool_) if atom.node.boolean else dtype)

    def fixed(self, node: Const | Given) -> npt.NDArray[Any]:
        """What never changes, in the same memory for every slot: another place would pass for another slot's."""
        if id(node) not in self._fixed:
            self._fixed[id(node)] = np.asarray(node.value, np.bool_ if node.boolean else FLOAT)[..., np.newaxis]
        return self._fixed[id(node)]

    @property
    def bytes(self) -> int:
        """Of all that is put aside."""
        return sum(result.nbytes for result in self.results.values())

    def before(self, do: Do, ws: Workspace, slot: int) -> None:
        """Emit what is put aside before the update."""
        self.put_before(do, Source(ws), slot)

    def after(self, do: Do, ws: Workspace, slot: int) -> None:
        """Emit what is put aside after it."""
        self.put_after(do, Source(ws), slot)

    def put_before(self, do: Do, source: Source, slot: int) -> None:
        """As `before`, from a source."""
        for (name, layer), stash in self._stash.items():
            do(np.copyto, stash, _parameter(source.ws.state.params, name[1:], layer))
        for atom, result in self.results.items():
            if not atom.after and not self._waits(atom):
                self._put(do, source, atom, result[slot, ...])

    def put_after(self, do: Do, source: Source, slot: int) -> None:
        """As `after`, from a source."""
        for atom, result in self.results.items():
            if atom.after or self._waits(atom):
                self._put(do, source, atom, result[slot, ...])

    def _waits(self, atom: Atom) -> bool:
        return bool(self._differences([atom]))

    def _put(self, do: Do, source: Source, atom: Atom, out: npt.NDArray[Any]) -> None:
        if isinstance(atom, Flat):
            slopes = source.ws.SP[atom.layer]
            magnitudes, flat = do.scratch(slopes.shape, slopes.dtype), do.scratch(slopes.shape, np.bool_)
            do(np.absolute, slopes, magnitudes)
            do(np.less_equal, magnitudes, float(self._network.activation(atom.layer).flat), flat)
            do(np.logical_and.reduce, flat, 1, None, out)
        elif isinstance(atom, Finite):
            self._put_finite(do, source.ws, atom, out)
        elif isinstance(atom, Keep):
            self._copy(do, source, atom, out)
        else:
            _Reducer(self, do, source, atom.after).put(atom.node, out)

    def _put_finite(self, do: Do, ws: Workspace, atom: Finite, out: npt.NDArray[Any]) -> None:
        if atom.kind == "dC_da":
            y, a = ws.Y, ws.A[self._network.L]
            slopes = do.scratch(a.shape, a.dtype)
            self._network.cost.gradient(do, a, y, slopes)
            do(np.multiply, slopes, 0.0, slopes)
            do(np.add.reduce, slopes.reshape(-1), 0, None, out)
        else:
            block = {"x": ws.inputs, "Z": ws.rows_Z, "A": ws.rows_A, "D": ws.rows_D}[atom.kind].reshape(-1)
            do(np.dot, block, block, out)

    def _copy(self, do: Do, source: Source, atom: Keep, out: npt.NDArray[Any]) -> None:
        leaf = atom.leaf
        if leaf.name == "dW":
            i, j = leaf.cell or (None, None)
            D, A = source.factors(leaf.layer or 0)
            rows = D[:, np.newaxis] if i is None and j is None else D if i is None else D[i]
            do(np.multiply, rows, A if j is None else A[j], out)
        elif is_matrix(leaf, self._network):
            jacobian = self._network.activation(leaf.layer or 0).jacobian
            for s in range(self._m):
                assert jacobian is not None
                do(jacobian_part(jacobian, leaf.cell), source.softmax(leaf.layer or 0)[:, s], out[..., s])
        else:
            do(np.copyto, out, self.buffer(do, source, leaf, atom.after))

    def buffer(self, do: Do, source: Source, leaf: Leaf, after: bool) -> Array:
        """A leaf that lies in a buffer, or is made in one: its axes, then the samples, if each has its own."""
        name, layer, ws = leaf.name, leaf.layer or 0, source.ws
        if name in ("W", "b"):
            whole = _parameter(source.params(after=after), name, layer)
        elif name in ("uW", "ub"):
            whole = do.scratch(self._stash[name, layer].shape, self._network.dtype)
            do(np.subtract, _parameter(ws.after.params, name[1:], layer), self._stash[name, layer], whole)
        elif name in ("gW", "gb"):
            total = self.total(source, leaf)
            if total is not None:
                mean = do.scratch(total.shape, self._network.dtype)
                do(np.divide, total, ws.m, mean)
                return mean
            layout, shown = self._network.layout, source.gradient(name, layer)
            whole = (layout.weights if name == "gW" else layout.biases)(ws.total)[layer] if shown is None else shown
        elif name == "dC_da" and layer == 0:
            whole = do.scratch((self._network.inputs, self._m), self._network.dtype)
            source.input_gradient(do, whole)
        else:
            tables = {"a": ws.A, "z": ws.Z, "sp": ws.SP, "dC_da": ws.dA, "db": ws.D}
            whole = tables[name][layer] if name in tables else {"x": ws.A[0], "y": ws.Y}[name]
        return whole[(*_picked(leaf), ...)] if leaf.cell else whole

    def total(self, source: Source, leaf: Leaf) -> Array | None:
        """The sum over the samples, of which gW or gb is the mean, where that is taken late (`Slots.late`)."""
        layer = leaf.layer or 0
        if leaf.name not in ("gW", "gb") or not source.ws.slots.late or source.gradient(leaf.name, layer) is not None:
            return None
        layout = self._network.layout
        whole: Array = (layout.weights if leaf.name == "gW" else layout.biases)(source.ws.total)[layer]
        return whole[(*_picked(leaf), ...)] if leaf.cell else whole

    @property
    def network(self) -> Network:
        """Whose batches they are."""
        return self._network

    @property
    def m(self) -> int:
        """Samples of a batch."""
        return self._m


def _parameter(params: Parameters, name: str, layer: int) -> Array:
    return (params.W if name == "W" else params.b)[layer]


def _picked(leaf: Leaf) -> tuple[int | slice, ...]:
    return _place(leaf.cell)


def _place(cell: Index) -> tuple[int | slice, ...]:
    return tuple(slice(None) if at is None else at for at in cell) or (slice(None),)


@cache
def _all_but_last(ndim: int) -> tuple[int, ...]:
    """The axes along which is reduced; the same object each time, as two slots of a run call with the same."""
    return tuple(range(ndim - 1))


@cache
def jacobian_part(jacobian: Callable[[Array], Array], cell: Index) -> Callable[[Array, Array], None]:
    """put(a, out): a part of a sample's matrix of slopes. The same function for the same part: what two slots of a run
    call must be one and the same.
    """
    place = _place(cell)

    def put(a: Array, out: Array) -> None:
        out[...] = jacobian(a)[place]

    return put


class _Reducer:
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
            buffer: npt.NDArray[Any] = whole[(*_picked(leaf), ...)][..., np.newaxis]
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
