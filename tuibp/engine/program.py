"""The program of one recipe: straight-line, so that everything about it follows from (L, N, batch, epochs).

Which operation stands at which position is arithmetic (design: machine.md section 1; `debugger.position` does it); what
an operation is stands in the table of `operations`.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from tuibp.engine.operations import OPERATIONS, Level, Operation, Tensor, Tensors
from tuibp.engine.recipe import Recipe


class Op(NamedTuple):
    """One operation of a given program: a row of the table and the layer it works on."""

    kind: Operation
    layer: int
    """1..L in a pass, 0 elsewhere."""
    direction: str
    """"fwd" or "bwd" in a pass, "" elsewhere."""
    level: Level
    reads: Tensors
    writes: Tensors
    formula: str

    @property
    def name(self) -> str:
        """Its last part of a position's name: fwd1.z, cost, update."""
        return f"{self.direction}{self.layer}.{self.kind.name}" if self.direction else self.kind.name


class Program:
    """The operations of one recipe and the sizes that its clock follows from."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.L = recipe.network.L
        self.N = recipe.train.N
        self.m = min(recipe.plan.batch, self.N)
        """Samples of a full batch."""
        self.epochs = recipe.plan.epochs
        self.K = -(-self.N // self.m)
        """Batches of an epoch; the last may be short."""
        self.shuffle, self.begin, self.grad, self.update, self.end = (
            self._op(name) for name in ("shuffle", "begin", "grad", "update", "end")
        )

    def _op(self, name: str, layer: int = 0, direction: str = "", first: int = 0) -> Op:
        kind = OPERATIONS[name]
        level = kind.opens if kind.opens is not None and layer == first else kind.level
        recipe = self.recipe
        return Op(
            kind,
            layer,
            direction,
            level,
            kind.reads(recipe, layer),
            kind.writes(recipe, layer),
            kind.formula(recipe, layer),
        )

    @cached_property
    def sample_ops(self) -> tuple[Op, ...]:
        """The 6L+3 operations of one sample in order."""
        forward = [self._op(name, l, "fwd", 1) for l in range(1, self.L + 1) for name in ("z", "a")]
        backward = [
            self._op(name, l, "bwd", self.L) for l in range(self.L, 0, -1) for name in ("dC_da", "sp", "db", "dW")
        ]
        return (self._op("load"), *forward, self._op("cost"), *backward, self._op("acc"))

    @cached_property
    def batch_ops(self) -> tuple[Op, ...]:
        """What one batch runs, each for all its samples at once: begin, the operations of a sample, grad, update."""
        return (self.begin, *self.sample_ops, self.grad, self.update)

    @cached_property
    def written_at(self) -> dict[Tensor, int]:
        """The index in `batch_ops` of the one operation that writes a tensor; W and b are read before they are
        written.
        """
        table = {tensor: index for index, op in enumerate(self.batch_ops) for tensor in op.writes}
        for layer in range(1, self.L + 1):
            table[Tensor("uW", layer)] = table[Tensor("ub", layer)] = len(self.batch_ops) - 1
        return table

    def batch_size(self, batch: int) -> int:
        """m of batch `batch` of an epoch: a last short batch is a batch."""
        return min(self.m, self.N - batch * self.m)

    @property
    def ops_per_sample(self) -> int:
        """6L+3."""
        return 6 * self.L + 3

    @property
    def ops_per_epoch(self) -> int:
        """N (6L+3) + 3K + 2."""
        return self.N * self.ops_per_sample + 3 * self.K + 2

    @property
    def total(self) -> int:
        """T: the position after the last operation."""
        return self.epochs * self.ops_per_epoch
