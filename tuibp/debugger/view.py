"""The tensors as they stand at (timeline, t), looked at for one sample: what has not been executed yet is undefined.

Showing the number of the sample before, or one that the program computes only later, would be the worst lie a
debugger can tell (design: machine.md sections 1 and 2). A view is a value: it stays true while its timeline travels
on.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from tuibp.debugger.names import SCALARS, TENSORS
from tuibp.debugger.position import Position
from tuibp.debugger.record import Record
from tuibp.debugger.stale import is_stale
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Op
from tuibp.engine.state import State

Look: TypeAlias = int | Literal["mean"] | None
"""Which column of the batch is looked at: a sample, the mean of all that have been executed, or (None) the current
one.
"""


class View:
    """All values at one position. Arrays are views into records and must not be written to."""

    def __init__(self, timeline: Timeline, t: int, look: Look = None) -> None:
        self.timeline = timeline
        self.recipe = timeline.recipe_at(t)
        """With the learning rate that holds here."""
        self.network = timeline.recipe.network
        self.program = timeline.program
        self.position: Position = timeline.clock.at(t)
        self.t = self.position.t
        self.record: Record | None = timeline.record(self.t)
        self._executed = timeline.executed(self.t)
        self.look = look

    @cached_property
    def m(self) -> int:
        """Samples of the batch that is visible; before the first batch those of batch 0."""
        return self.program.batch_size(0) if self.record is None else self.record.m

    @cached_property
    def current(self) -> int | None:
        """The sample loaded last in this batch; None where none is."""
        place = self.position
        if self.record is None or (self._executed == 1 and (place.sample or 0) == 0):
            return None
        if place.sample is None:
            return self.m - 1
        return place.sample if place.index > 0 else place.sample - 1

    @cached_property
    def sample(self) -> int | None:
        """The sample whose column is shown; None for the mean, and where none is loaded."""
        if self.look == "mean":
            return None
        return self.current if self.look is None else min(self.look, self.m - 1)

    def progress(self, sample: int) -> int:
        """How many operations of `batch_ops` a sample of the batch has seen: all of its own, some, or only `begin`."""
        if self.current is None or sample > self.current:
            return 1
        own = 1 + self.program.ops_per_sample
        if sample < self.current or self.position.sample is None or self.position.index == 0:
            return own
        return 1 + self.position.index

    @cached_property
    def state(self) -> State:
        """Parameters and slots as they stand here."""
        if self.record is None:
            return self.timeline.initial(self.t)
        updated = self._executed == len(self.program.batch_ops)
        return self.record.after if updated else self.record.state

    @property
    def _written_at(self) -> dict[Tensor, int]:
        return self.program.written_at

    def defined(self, name: str, layer: int | None = None) -> bool:
        """Whether the tensor has been written where we look."""
        if name in ("W", "b"):
            return True
        if self.record is None:
            return False
        at = self._written_at[_writer_key(name, layer)]
        if name in ("gW", "gb", "uW", "ub"):
            return self._executed > at
        if self.look == "mean":
            return self.executed_samples(at) > 0
        return self.sample is not None and self.progress(self.sample) > at

    def executed_samples(self, at: int) -> int:
        """How many samples of the batch have seen operation `at` of `batch_ops`."""
        if self.current is None:
            return 0
        return self.current + (self.progress(self.current) > at)

    def get(self, name: str, layer: int | None = None) -> Array | None:
        """A tensor, its shape as in `names.TENSORS`, not to be written to; None where it is not computed yet."""
        if not self.defined(name, layer):
            return None
        # A view of its own, so that the record stays writable for the engine and for nobody else.
        array = self._tensor(name, layer).view()
        array.flags.writeable = False
        return array

    def _tensor(self, name: str, layer: int | None) -> Array:
        if name in ("W", "b"):
            return (self.state.params.W if name == "W" else self.state.params.b)[layer or 0]
        assert self.record is not None
        ws = self.record.ws
        if name in ("gW", "gb"):
            return (ws.gW if name == "gW" else ws.gb)[layer or 0]
        if name in ("uW", "ub"):
            after, before = ws.after.params, ws.state.params
            with np.errstate(all="ignore"):
                difference: Array = (
                    after.W[layer or 0] - before.W[layer or 0]
                    if name == "uW"
                    else after.b[layer or 0] - before.b[layer or 0]
                )
            return difference
        if self.look == "mean":
            return self._mean(name, layer)
        assert self.sample is not None
        return self._column(name, layer, self.sample)

    def _columns(self, name: str, layer: int | None) -> Array | None:
        """(n, m) the values of all samples of the batch; None for what is formed for one sample where it is wanted."""
        assert self.record is not None
        ws, l = self.record.ws, layer or 0
        if name == "dC_da" and l == 0:
            return self.record.input_gradient
        if name == "dW" or (name == "sp" and not self.network.activation(l).elementwise):
            return None
        tables = {"a": ws.A, "z": ws.Z, "sp": ws.SP, "dC_da": ws.dA, "db": ws.D}
        return tables[name][l] if name in tables else {"x": ws.A[0], "y": ws.Y}[name]

    def _column(self, name: str, layer: int | None, s: int) -> Array:
        """The values of sample s, which has computed them."""
        columns = self._columns(name, layer)
        if columns is not None:
            return columns[:, s]
        assert self.record is not None
        l = layer or 0
        with np.errstate(all="ignore"):
            jacobian = self.network.activation(l).jacobian
            if name == "sp" and jacobian is not None:
                return jacobian(self.record.softmax(l)[:, s])
            D, A = self.record.factors(l)
            product: Array = np.multiply.outer(D[:, s], A[:, s])
            return product

    def _mean(self, name: str, layer: int | None) -> Array:
        """The mean over the samples that have computed it; for dW the batch's gradient so far."""
        assert self.record is not None
        l = layer or 0
        count = self.executed_samples(self._written_at[_writer_key(name, layer)])
        columns = self._columns(name, layer)
        with np.errstate(all="ignore"):
            if columns is not None:
                total: Array = np.add.reduce(columns[:, :count], axis=1)
            elif name == "dW":
                D, A = self.record.factors(l)
                total = np.dot(D[:, :count], A[:, :count].T)
            else:
                total = self._column(name, layer, 0).copy()
                for s in range(1, count):
                    total += self._column(name, layer, s)
            mean: Array = total / count
        return mean

    def scalar(self, name: str) -> float | int | None:
        """A scalar of `names.SCALARS`; None where it is not computed yet, or where no such frame is open."""
        place = self.position
        fixed: dict[str, float | int | None] = {
            "lr": self.recipe.plan.lr,
            "L": self.network.L,
            "t": self.t,
            "m": self.m,
            "epoch": min(place.epoch, self.program.epochs - 1),
            "batch": place.batch,
            "sample": place.sample,
        }
        if name in fixed:
            return fixed[name]
        return {"cost": self._cost, "bcost": self._batch_cost, "ecost": self._epoch_cost}[name]()

    @cached_property
    def _cost_at(self) -> int:
        return self._written_at[Tensor("cost")]

    def _cost(self) -> float | None:
        if self.record is None:
            return None
        if self.look == "mean":
            return self._batch_cost(self.executed_samples(self._cost_at))
        if self.sample is None or self.progress(self.sample) <= self._cost_at:
            return None
        return float(self.record.ws.C[self.sample])

    def _samples_in(self) -> int:
        """Samples of the batch that have joined its sum."""
        return self.executed_samples(self._written_at[Tensor("bcost")])

    def _batch_cost(self, count: int | None = None) -> float | None:
        count = self._samples_in() if count is None else count
        if self.record is None or count == 0:
            return None
        with np.errstate(all="ignore"):
            return float(np.add.accumulate(self.record.ws.C[:count], dtype=np.float64)[-1]) / count

    def _epoch_cost(self) -> float | None:
        if self.record is None:
            return None
        cost, samples, _ = self.record.spent
        count = self._samples_in()
        with np.errstate(all="ignore"):
            cost += float(np.add.accumulate(self.record.ws.C[:count], dtype=np.float64)[-1]) if count else 0.0
        return cost / (samples + count) if samples + count else None

    def stale(self, name: str, layer: int | None = None) -> bool:
        """Whether a tensor or a cost, as it is shown, was computed from a number that has been edited since."""
        return is_stale(self, name, layer)

    def why_undefined(self, name: str, layer: int | None = None, written: str = "") -> str:
        """One sentence that says when an undefined tensor or scalar is written.

        Args:
            written: another name for it, by which it was asked for.
        """
        label = (written or name) if layer is None else f"{written or name}[{layer}]"
        op = self.writer(name, layer)
        if op is None:
            return f"{label} is not defined here: no {name} is open"
        return f"{label} is not computed yet: it is written at {op.name}"

    def writer(self, name: str, layer: int | None = None) -> Op | None:
        """The operation of a batch that writes a tensor or a cost; None for a scalar that no operation writes."""
        if name in SCALARS and name not in ("cost", "bcost", "ecost"):
            return None
        key = Tensor("bcost") if name == "ecost" else Tensor(name) if name in SCALARS else _writer_key(name, layer)
        return self.program.batch_ops[self._written_at[key]]


def _writer_key(name: str, layer: int | None) -> Tensor:
    """The tensor whose writing makes `name` defined: for most itself."""
    if name == "x":
        return Tensor("a", 0)
    if name == "dC_da" and layer == 0:
        return Tensor("db", 1)
    return Tensor(name, layer if TENSORS[name].first is not None else None)
