"""What is stale: numbers that are shown although a number they were computed from has been edited since.

An edit recomputes nothing. Whoever sets W[1] in the middle of a batch still sees the z[1] that the old W[1] gave, and
what the run goes on to compute from that z[1]. Such a number is no mistake, but it is not what its formula gives of the
numbers beside it, and the screen says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tuibp.debugger.edited_record import Applied, EditedRecord
from tuibp.debugger.names import TENSORS
from tuibp.engine.operations import Tensor

if TYPE_CHECKING:
    from tuibp.debugger.view import View


def is_stale(view: View, name: str, layer: int | None) -> bool:
    """Whether a tensor or a cost, as a view shows it, was computed from a number that has been edited since. A tensor
    that is edited in all its cells is not, nor is one that is not computed yet.
    """
    if not isinstance(view.record, EditedRecord):
        return False
    trace = _Trace(view, view.record.applied)
    if name in ("bcost", "ecost"):
        joined = view.executed_samples(view.program.written_at[Tensor("bcost")])
        return any(trace.stale(Tensor("cost"), sample) for sample in range(joined))
    if name == "cost":
        if view.scalar(name) is None:
            return False
    elif name not in TENSORS or not view.defined(name, layer):
        return False
    if name in _OF_BATCH:
        return trace.stale_of_batch(name, layer or 0)
    if name in ("x", "y"):
        return False
    tensor = Tensor(name, layer)
    return any(trace.stale(tensor, sample) for sample in _shown(view, tensor))


_OF_BATCH = {"W": "gW", "b": "gb", "gW": "gW", "gb": "gb", "uW": "gW", "ub": "gb"}
"""Tensors of the whole batch, and the gradient that they are or follow from."""


def _shown(view: View, tensor: Tensor) -> Iterable[int]:
    """The samples whose values are shown."""
    if view.look == "mean":
        at = view.program.written_at
        return range(view.executed_samples(at[Tensor("db", 1) if tensor == Tensor("dC_da", 0) else tensor]))
    return () if view.sample is None else (view.sample,)


class _Trace:
    """Follows the numbers of one batch back to those they were computed from."""

    def __init__(self, view: View, applied: tuple[Applied, ...]) -> None:
        program = view.program
        self._program, self._network, self._m = program, view.network, view.m
        full = len(program.batch_ops)
        self._updated = view.timeline.executed(view.t) == full
        self._within = [one for one in applied if one.site.executed < full]
        self._behind = [one for one in applied if one.site.executed == full]
        """Edits behind the update: of what the next batch finds. Nothing here has been computed from it."""
        self._known: dict[tuple[Tensor, int], bool] = {}

    def stale(self, tensor: Tensor, sample: int) -> bool:
        """Whether a tensor of one sample, which has been computed, was computed from a number edited since."""
        if tensor.name in ("W", "b", "y") or tensor == Tensor("a", 0):
            return False
        key = tensor, sample
        if key not in self._known:
            self._known[key] = not self._given(tensor, sample, self._within) and any(
                self._edited_since(read, sample, self._at(tensor)) or self.stale(read, sample)
                for read in self._reads(tensor)
            )
        return self._known[key]

    def stale_of_batch(self, name: str, layer: int) -> bool:
        """Of a tensor that belongs to the batch, not to a sample."""
        gradient = _OF_BATCH[name]
        if name in ("W", "b"):
            trained = name == "W" or self._program.recipe.plan.train_biases
            if not self._updated or not trained or self._given(Tensor(name, layer), None, self._behind):
                return False
        if name == "ub" and not self._program.recipe.plan.train_biases:
            return False
        if self._given(Tensor(gradient, layer), None, self._within):
            return False
        if gradient == "gW":
            return any(self.stale(Tensor("dW", layer), sample) for sample in range(self._m))
        delta, joined = Tensor("db", layer), self._program.written_at[Tensor("bcost")]
        return any(self.stale(delta, sample) or self._edited_since(delta, sample, joined) for sample in range(self._m))

    def _at(self, tensor: Tensor) -> int:
        """The index in `batch_ops` of the operation behind which a tensor is there."""
        return self._program.written_at[Tensor("db", 1) if tensor == Tensor("dC_da", 0) else tensor]

    def _reads(self, tensor: Tensor) -> tuple[Tensor, ...]:
        if tensor == Tensor("dC_da", 0):
            return Tensor("W", 1), Tensor("db", 1)
        return self._program.batch_ops[self._at(tensor)].reads

    def _edited_since(self, tensor: Tensor, sample: int, index: int) -> bool:
        """Whether a tensor has been edited, to another value, after a sample had seen operation `index`."""
        own = 1 + self._program.ops_per_sample
        return any(
            one.changed and self._is(one, tensor, sample) and one.site.seen(sample, own) > index for one in self._within
        )

    def _given(self, tensor: Tensor, sample: int | None, edits: list[Applied]) -> bool:
        """Whether every cell of a tensor has been set by hand."""
        mask = np.zeros(TENSORS[tensor.name].shape(self._network, tensor.layer or 0) if tensor.name in TENSORS else 1)
        for one in edits:
            if self._is(one, tensor, sample):
                mask[one.edit.ref.index or ...] = 1.0
        return bool(mask.all())

    @staticmethod
    def _is(one: Applied, tensor: Tensor, sample: int | None) -> bool:
        """Whether an edit is one of a tensor, and where that belongs to a sample, of this sample's."""
        ref = one.edit.ref
        edited = Tensor("a", 0) if ref.name == "x" else Tensor(ref.name, ref.layer)
        return edited == tensor and (ref.name in _OF_BATCH or one.site.current == sample)
