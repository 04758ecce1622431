"""Atoms: what an expression wants of every batch of a run, put aside while the batch's buffers still hold it.

A small tensor is copied; a large one is reduced to a number on the spot. The calls are emitted like those of the
kernels, so a run has them strung into its code and a single record carries them out, with the same bits. Everything
else an expression does is worked out afterwards, for many batches at once (`evaluate`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from tuibp.debugger.expressions.functions import FUNCTIONS
from tuibp.debugger.expressions.typed import BATCHWISE, Dead, Leaf, Op, Past, Reduce, Scalar, Typed
from tuibp.debugger.names import TENSORS
from tuibp.engine.network import Network
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Program

SMALL = 4096
"""Bytes of a tensor up to which it is copied: a copy of that costs less than a reduction."""
FLOAT = np.dtype(np.float64)
"""What expressions are worked out in, whatever the network's type."""
PRINT = "fingerprint"
"""The function that a watch on a whole array is: equal only for equal bits, but for one case in 2^64."""
UFUNCS: dict[str, np.ufunc] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.remainder,
    "**": np.power,
    "neg": np.negative,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    **{name: row.call for name, row in FUNCTIONS.items() if row.kind == "map" and isinstance(row.call, np.ufunc)},
}
"""What the operators and the functions entry by entry are."""


class Keep(NamedTuple):
    """A leaf, copied."""

    leaf: Leaf
    after: bool
    """Whether parameters are taken after the update."""


class Loop(NamedTuple):
    """A reduction of large leaves."""

    node: Reduce
    after: bool


class Flat(NamedTuple):
    """(n_l,) which units of a layer are flat for every sample of the batch."""

    layer: int
    after: bool = False


class Finite(NamedTuple):
    """One number that is finite where all numbers of a kind in the batch are, and are not too large to be squared."""

    kind: Literal["x", "Z", "A", "D", "dC_da"]
    """Inputs, pre-activations, activations, δ, or the gradient of the cost in a[L] where no run computes it; that may
    be too large to be squared.
    """
    after: bool = False


Atom: TypeAlias = Keep | Loop | Flat | Finite


def index_of(name: str, layer: int | None, program: Program) -> int:
    """The index in `batch_ops` of the operation that makes a tensor or a cost defined; -1 for W and b."""
    if name in ("W", "b"):
        return -1
    if name in ("cost", "bcost", "ecost"):
        return program.written_at[Tensor("cost" if name == "cost" else "bcost")]
    if name == "x":
        return program.written_at[Tensor("a", 0)]
    if name == "dC_da" and layer == 0:
        return program.written_at[Tensor("db", 1)]
    return program.written_at[Tensor(name, layer if TENSORS[name].first is not None else None)]


def leaves(node: Typed) -> Iterator[Leaf | Scalar | Dead]:
    """What a tree reads, but for what lies in the past."""
    if isinstance(node, Leaf | Scalar | Dead):
        yield node
    for part in node.args if isinstance(node, Op) else (node.arg,) if isinstance(node, Reduce) else ():
        yield from leaves(part)


def is_defined(leaf: Leaf | Scalar | Dead, executed: int, program: Program) -> bool:
    """Whether it has been written where so many operations have been executed."""
    if isinstance(leaf, Dead):
        return executed > len(program.batch_ops)
    if isinstance(leaf, Scalar) and leaf.name not in ("cost", "bcost", "ecost"):
        return True
    return executed > index_of(leaf.name, leaf.layer if isinstance(leaf, Leaf) else None, program)


def is_per_sample(leaf: Leaf) -> bool:
    """Whether each sample of a batch has its own."""
    return leaf.name not in BATCHWISE


def varies(node: Typed) -> bool:
    """Whether it differs from sample to sample."""
    return any(isinstance(leaf, Leaf) and is_per_sample(leaf) for leaf in leaves(node))


def is_matrix(leaf: Leaf, network: Network) -> bool:
    """Whether each sample has a matrix of it, of which none lies in a buffer."""
    return leaf.name == "dW" or (leaf.name == "sp" and not network.activation(leaf.layer or 0).elementwise)


def reads_parameters(node: Typed) -> bool:
    """Whether it matters if it is looked at before or after the update."""
    return any(isinstance(leaf, Leaf) and leaf.name in ("W", "b") for leaf in leaves(node))


def atoms_of(node: Typed, executed: int, program: Program, m: int) -> Iterator[Atom]:
    """What a tree wants of a batch of m samples at a site where so many operations have been executed."""
    if isinstance(node, Dead):
        yield Flat(node.layer)
    elif isinstance(node, Leaf):
        if is_defined(node, executed, program):
            yield Keep(node, reads_parameters(node) and executed >= len(program.batch_ops))
    elif isinstance(node, Reduce):
        if is_loop(node, program.recipe.network, m):
            if all(is_defined(leaf, executed, program) for leaf in leaves(node)):
                yield Loop(node, reads_parameters(node) and executed >= len(program.batch_ops))
        else:
            yield from atoms_of(node.arg, executed, program, m)
    elif isinstance(node, Op):
        for part in node.args:
            yield from atoms_of(part, executed, program, m)


def is_loop(node: Reduce, network: Network, m: int) -> bool:
    """Whether a reduction is taken on the spot: its leaves are large, and nothing in it is known only later."""
    tensors = [leaf for leaf in leaves(node) if isinstance(leaf, Leaf)]
    size = sum(math.prod(leaf.shape) * (m if is_per_sample(leaf) else 1) for leaf in tensors)
    return size * network.dtype.itemsize > SMALL and _is_at_hand(node.arg)


def _is_at_hand(node: Typed) -> bool:
    if isinstance(node, Past | Dead | Scalar):
        return False
    if isinstance(node, Op) and node.function in ("and", "or") and not node.shape:
        return False  # one side may decide where the other is not defined
    return all(map(_is_at_hand, node.args if isinstance(node, Op) else (node.arg,) if isinstance(node, Reduce) else ()))
