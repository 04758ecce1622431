"""The probe: the calls that put atoms aside, emitted like those of the kernels.

A large tensor is reduced in float64, for all samples at once, or for one after the other where each has a matrix of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import (
    FLOAT,
    PRINT,
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
from tuibp.debugger.expressions.reducer import Reducer
from tuibp.debugger.expressions.source import Source, jacobian_part, parameter, picked
from tuibp.debugger.expressions.typed import Const, Given, Leaf
from tuibp.debugger.names import TENSORS
from tuibp.engine.arrays import Array, aligned_empty
from tuibp.engine.calls import Do
from tuibp.engine.network import Network
from tuibp.engine.program import Program
from tuibp.engine.workspace import Workspace


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
            do(np.copyto, stash, parameter(source.ws.state.params, name[1:], layer))
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
            Reducer(self, do, source, atom.after).put(atom.node, out)

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
            whole = parameter(source.params(after=after), name, layer)
        elif name in ("uW", "ub"):
            whole = do.scratch(self._stash[name, layer].shape, self._network.dtype)
            do(np.subtract, parameter(ws.after.params, name[1:], layer), self._stash[name, layer], whole)
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
        return whole[(*picked(leaf.cell), ...)] if leaf.cell else whole

    def total(self, source: Source, leaf: Leaf) -> Array | None:
        """The sum over the samples, of which gW or gb is the mean, where that is taken late (`Slots.late`)."""
        layer = leaf.layer or 0
        if leaf.name not in ("gW", "gb") or not source.ws.slots.late or source.gradient(leaf.name, layer) is not None:
            return None
        layout = self._network.layout
        whole: Array = (layout.weights if leaf.name == "gW" else layout.biases)(source.ws.total)[layer]
        return whole[(*picked(leaf.cell), ...)] if leaf.cell else whole

    @property
    def network(self) -> Network:
        """Whose batches they are."""
        return self._network

    @property
    def m(self) -> int:
        """Samples of a batch."""
        return self._m
