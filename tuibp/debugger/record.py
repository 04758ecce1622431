"""Records: batches whose every buffer is kept, so that any of their operations can be looked at again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tuibp.debugger.gauges import Gauges
from tuibp.engine.arrays import Array
from tuibp.engine.calls import Shared
from tuibp.engine.metrics import Judge, count_correct
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Program
from tuibp.engine.quiet import quiet
from tuibp.engine.state import State
from tuibp.engine.straight import Stepper, noted
from tuibp.engine.workspace import Workspace


class Spent(NamedTuple):
    """What the batches of an epoch have come to so far."""

    cost: float = 0.0
    """Summed over the samples, batch by batch."""
    samples: int = 0
    correct: int = 0
    """-1 a batch where targets are no labels."""

    @classmethod
    def of(cls, row: Array) -> Spent:
        """From (cost, samples, correct)."""
        cost, samples, correct = row.tolist()
        return cls(cost, int(samples), int(correct))


class Record:
    """One batch, computed as far as somebody has looked; its buffers are never reused, so a view of it stays true."""

    def __init__(
        self,
        program: Program,
        batch: int,
        state: State,
        workspace: Callable[[], Workspace],
        shared: Shared,
        spent: Spent,
    ) -> None:
        """
        Args:
            workspace: makes the buffers, around `state`.
        """
        self.batch = batch
        """Global number of the batch: epoch * K + batch of the epoch."""
        self.m = program.batch_size(batch % program.K)
        """Samples of it."""
        self.state = state
        """As the batch finds it."""
        self.spent = spent
        """Of its epoch, before it."""
        # Buffers and calls are made when they are asked for: whoever seeks may only want to know how a batch begins.
        self._workspace = workspace
        self._ws: Workspace | None = None
        self._program, self._shared = program, shared
        self._stepper: Stepper | None = None
        self._input_gradient: Array | None = None
        self._quiet = quiet()

    @property
    def ws(self) -> Workspace:
        """Its buffers."""
        # No cached_property: that would write to __dict__, and every attribute of a step would be slower from then on.
        if self._ws is None:
            self._ws = self._workspace()
        return self._ws

    @property
    def done(self) -> int:
        """Operations of the program's `batch_ops` that have been computed; `begin`, the first, computes nothing."""
        return 1 if self._stepper is None else self._stepper.done

    @property
    def complete(self) -> bool:
        """Whether all its operations have been computed."""
        return self._stepper is not None and self._stepper.done == self._stepper.count

    def ensure(self, count: int) -> None:
        """Compute the first `count` operations of the batch, each for all its samples."""
        stepper = self._stepper
        if stepper is None:
            if count <= 1:
                return
            kernels = [(op.kind.kernel, op.layer) for op in self._program.batch_ops]
            stepper = self._stepper = Stepper(noted(kernels, self.ws, self._shared))
        if stepper.done < count:
            self._quiet.run(stepper.advance, count)

    def spent_with(self, judge: Judge | None) -> Spent:
        """What its epoch has come to with this batch, which is complete.

        Args:
            judge: how answers are judged; None where targets are no labels.
        """
        ws, (cost, samples, correct) = self.ws, self.spent
        cost += float(self._quiet.run(np.add.accumulate, ws.C, dtype=np.float64)[-1])
        right = -1 if judge is None else int(self._quiet.run(count_correct, judge, ws.A[-1], ws.Y))
        return Spent(cost, samples + ws.m, correct + right)

    @property
    def after(self) -> State:
        """What the next batch finds, once all is computed."""
        return self.ws.after

    def stage(self, count: int) -> Record:
        """The batch after the first `count` of the edits in it; here there are none."""
        return self

    def gauges(self, judge: Judge | None) -> Gauges:
        """What the logs ask of it is read off its buffers."""
        return Gauges(self.ws.slots, judge)

    def softmax(self, layer: int) -> Array:
        """(n_l, m) the activations that the Jacobian of a layer without a column of slopes is made of."""
        return self.ws.A[layer]

    def factors(self, layer: int) -> tuple[Array, Array]:
        """(n_l, m) δ[l] and (n_{l-1}, m) a[l-1], of which dW[l] is formed."""
        return self.ws.D[layer], self.ws.A[layer - 1]

    @property
    def input_gradient(self) -> Array:
        """(n_0, m) dC/da of the inputs, no operation of the program; without meaning before δ of layer 1 is computed,
        and kept only from then on.
        """
        if self._input_gradient is not None:
            return self._input_gradient
        with np.errstate(all="ignore"):
            product: Array = np.dot(self.state.params.W[1].T, self.ws.D[1])
        if self.done > self._program.written_at[Tensor("db", 1)]:
            self._input_gradient = product
        return product
