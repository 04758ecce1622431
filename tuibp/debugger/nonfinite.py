"""The first operation of a timeline that writes a nan or an infinity: the producer, not what it has infected.

Where z, a, δ and the inputs of a batch can be squared, and its costs be summed, nothing in it is infinite but perhaps a
sum over samples: σ′ of a number is one, a dC/da that is not has made a δ that is not (inf * 0 is nan), and dW is made
of two numbers no larger than the root of the largest. Where δ[L] is fused, nothing is made of dC/da[L], so that is
looked at itself. And an infinite sum is in the parameters after the update, whatever the optimizer and the learning
rate, and so in z of the next batch. So a look at those blocks of every batch tells within one batch where the first one
is, and there every operation is looked at.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from tuibp.debugger.expressions.atoms import Finite
from tuibp.debugger.probing import Armed, Batch
from tuibp.debugger.record import Record
from tuibp.debugger.sites import Truths
from tuibp.debugger.sweep import OvertakenError
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor


class FirstNonFinite:
    """Remembers how far a timeline is known to be clean."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        kinds: tuple[Finite, ...] = (Finite("x"), Finite("Z"), Finite("A"), Finite("D"))
        if timeline.recipe.network.fused is not None:
            kinds += (Finite("dC_da"),)
        self._armed = Armed(timeline.program, lambda m: kinds)
        self._clean = 0
        """Batches from the first on in which everything is finite."""
        self._found: int | None = None

    def up_to(self, t: int) -> Generator[tuple[int, int], None, int | None]:
        """The position behind that operation, if it lies at or before t.

        Yields:
            (batches run, batches to run).

        Raises:
            OvertakenError: another journey of the timeline has begun.
        """
        last = self._timeline.clock.begun(t)[0]
        while self._found is None and self._clean <= last:
            suspect = yield from self._suspect(last + 1)
            while self._found is None and self._clean <= suspect:
                self._found = self._producer(self._clean)
                self._clean += self._found is None
                yield self._clean, last + 1
        return self._found if self._found is not None and self._found <= t else None

    def _suspect(self, stop: int) -> Generator[tuple[int, int], None, int]:
        """The first batch from the clean ones on that may hold one; else the last before `stop`. All between it and
        the batch before it are clean.
        """
        timeline, first, at = self._timeline, self._clean, self._clean
        while at < stop:
            plain = timeline.unedited(at, stop)
            if plain == at:
                return at
            for progress in timeline.watch(at, plain, self._armed):
                taken, self._armed.taken = self._armed.taken, None
                if taken is not None:
                    fine = _fine(taken)
                    if not fine.all():
                        suspect = taken.first + int(fine.argmin())
                        self._clean = max(first, suspect - 1)
                        return suspect
                    at = taken.first + taken.count
                    self._clean = max(first, at - 1)
                yield progress
            if at < plain:
                raise OvertakenError
        return stop - 1

    def _producer(self, batch: int) -> int | None:
        """The position behind the first operation of a batch that writes one."""
        timeline, program = self._timeline, self._timeline.program
        clock, ops = timeline.clock, self._timeline.program.batch_ops
        epoch, k = divmod(batch, program.K)
        end = clock.batch_start(epoch, k + 1)
        last = timeline.record(end)
        assert last is not None
        # What was set by hand at a position was not written by the operation before it.
        cuts = [edit.t for edit in timeline.edits_of(batch)]
        stages = [last.stage(n) for n in range(len(cuts) + 1)] if cuts else [last]
        m = program.batch_size(k)
        tables = [np.array([_bad_columns(record, op.writes, m) for op in ops[1:-2]]).T for record in stages]
        own = len(ops) - 3
        behind = 1 + clock.sample_start(epoch, k, 0) + np.arange(m)[:, None] * own + np.arange(own)
        bad = np.choose(np.searchsorted(cuts, behind), tables) if cuts else tables[0]
        if bad.any():
            return int(behind[bad].min())
        for back, op in ((1, ops[-2]), (0, ops[-1])):
            record = stages[int(np.searchsorted(cuts, end - back))] if cuts else last
            if any(not np.isfinite(_whole(record, tensor)).all() for tensor in op.writes):
                return end - back
        return None


def _fine(taken: Batch) -> Truths:
    """(count,) the batches in which nothing is infinite or nan, but perhaps what the next ones find."""
    with np.errstate(all="ignore"):
        fine: Truths = np.isfinite(np.add.reduce(taken.costs, 1))
        for numbers in taken.results.values():
            fine &= np.isfinite(numbers)
    return fine


def _bad_columns(record: Record, writes: tuple[Tensor, ...], m: int) -> list[bool]:
    """Which samples have one in what an operation writes."""
    ws, bad = record.ws, np.zeros(m, np.bool_)
    tables = {"a": ws.A, "z": ws.Z, "dC_da": ws.dA, "db": ws.D}
    for name, layer in writes:
        if name in tables:
            bad |= ~np.isfinite(tables[name][layer or 0]).all(0)
        elif name == "sp" and ws.network.activation(layer or 0).elementwise:
            bad |= ~np.isfinite(ws.SP[layer or 0]).all(0)
        elif name == "sp":
            bad |= ~np.isfinite(ws.A[layer or 0]).all(0)
        elif name == "y":
            bad |= ~np.isfinite(ws.Y).all(0)
        elif name == "dW":
            # The largest product is that of the largest factors, and rounding keeps the order of numbers.
            with np.errstate(all="ignore"):
                largest = abs(ws.D[layer or 0]).max(0) * abs(ws.A[(layer or 0) - 1]).max(0)
            bad |= ~np.isfinite(largest)
        elif name == "cost":
            bad |= ~np.isfinite(ws.C)
        elif name == "bcost":
            with np.errstate(all="ignore"):
                bad |= ~np.isfinite(np.add.accumulate(ws.C, dtype=np.float64))
    found: list[bool] = bad.tolist()
    return found


def _whole(record: Record, tensor: Tensor) -> Array:
    ws, layer = record.ws, tensor.layer or 0
    after = ws.after.params
    return {"gW": ws.gW, "gb": ws.gb, "W": after.W, "b": after.b}[tensor.name][layer]
