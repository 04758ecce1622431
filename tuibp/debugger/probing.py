"""Running with something put aside of every batch: what conditions are worked out from, many batches at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tuibp.debugger.expressions.atoms import Atom
from tuibp.debugger.expressions.probe import Probe
from tuibp.debugger.expressions.source import Source
from tuibp.debugger.record import Record, Spent
from tuibp.engine.arrays import Array, aligned_empty
from tuibp.engine.calls import Buffer, Do, Function
from tuibp.engine.network import Parameters
from tuibp.engine.program import Program
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots

ROOM = 4 * 2**20
"""Bytes that may be put aside before it is looked at."""


class Batch:
    """What has been put aside of some batches in a row, m samples each."""

    def __init__(self, first: int, count: int, m: int, results: dict[Atom, npt.NDArray[Any]], costs: Array,
                 spent: Array) -> None:  # fmt: skip
        self.first, self.count, self.m = first, count, m
        self.results = results
        """By atom, (count, ...)."""
        self.costs = costs
        """(count, m) float64."""
        self.spent = spent
        """(count, 2) cost and samples of the epoch before each batch."""


class _AtOnce:
    """Carries every call out at once, on buffers that lie as those of a run do."""

    def __call__(self, function: Function, *operands: object, **options: object) -> None:
        function(*operands, **options)

    def scratch(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Buffer:
        return aligned_empty(shape, np.dtype(dtype))


AT_ONCE: Do = _AtOnce()


class Recorded(Source):
    """The numbers of a record: where some of them have been edited, what was formed of them before is known to it."""

    def __init__(self, record: Record, state: State | None) -> None:
        super().__init__(record.ws)
        self._record, self._state = record, state

    def params(self, *, after: bool) -> Parameters:
        return (self._record.after if after else self._state or self._record.state).params

    def factors(self, layer: int) -> tuple[Array, Array]:
        return self._record.factors(layer)

    def gradient(self, name: str, layer: int) -> Array | None:
        # A mean that was set by hand need not be that of any sum. Before the batch is whole there is none to be read.
        if not self._record.complete:
            return None
        ws, layout = self._record.ws, self._record.ws.network.layout
        shown, total = (ws.gW, layout.weights) if name == "gW" else (ws.gb, layout.biases)
        follows = ws.slots.late and np.array_equal(total(ws.total)[layer] / ws.m, shown[layer], equal_nan=True)
        return None if follows else shown[layer]

    def softmax(self, layer: int) -> Array:
        return self._record.softmax(layer)

    def input_gradient(self, do: Do, out: Array) -> None:
        do(np.copyto, out, self._record.input_gradient)


class Armed:
    """What is put aside, by the size of a batch."""

    def __init__(self, program: Program, wanted: Callable[[int], Sequence[Atom]]) -> None:
        """
        Args:
            wanted: the atoms of batches of so many samples.
        """
        self._program = program
        self._wanted = wanted
        self._probes: dict[int, Probe] = {}
        self._most: dict[int, int] = {}
        self.taken: Batch | None = None
        """Of the last stretch."""

    def most(self, m: int) -> int:
        """Batches of m samples that may run at once."""
        if m not in self._most:
            each = Probe(self._program, self._wanted(m), m, 1).bytes
            self._most[m] = 1 << max(0, (ROOM // max(each, 1)).bit_length() - 1)
        return self._most[m]

    def probe(self, m: int, count: int) -> Probe:
        """What emits it."""
        if m not in self._probes:
            self._probes[m] = Probe(self._program, self._wanted(m), m, count)
        return self._probes[m]

    def take(self, first: int, count: int, slots: Slots, table: Array, before: Spent) -> None:
        """A stretch has run.

        Args:
            table: (count, 3) what the epochs had come to with each batch.
            before: what the epoch had come to before the first.
        """
        results = {atom: result[:count] for atom, result in self._probes[slots.m].results.items()}
        spent = np.empty((count, 2))
        spent[0] = before[:2]
        spent[1:] = table[:-1, :2]
        spent[-first % self._program.K :: self._program.K] = 0.0
        self.taken = Batch(first, count, slots.m, results, slots.C[:count].astype(np.float64), spent)

    def of_record(self, record: Record, state: State | None = None) -> Batch:
        """The same of one batch whose record has been computed as far as anybody looks.

        Args:
            state: the parameters where they are other ones than it begins with.
        """
        m = record.m
        probe = Probe(self._program, self._wanted(m), m, 1)
        source = Recorded(record, state)
        with np.errstate(all="ignore"):  # what is not computed yet is any bits, also such as no number has
            probe.put_before(AT_ONCE, source, 0)
            probe.put_after(AT_ONCE, source, 0)
            costs = record.ws.C[np.newaxis].astype(np.float64)
        return Batch(record.batch, 1, m, probe.results, costs, np.array([record.spent[:2]]))
