"""Run mode: the calls of a batch strung together as straight-line code, made once from the table of operations.

The code is a loop over slots; its lines are the calls that the kernels make when one steps, with their functions and
buffers bound to local names, so that between two NumPy calls next to nothing happens. Whoever adds an activation, a
cost, an optimizer or an operation does not touch this module: it only knows calls.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

import numpy as np

from tuibp.engine.arrays import IntArray
from tuibp.engine.calls import Buffer, Call, Do, Shared, Tape
from tuibp.engine.kernels import Kernel
from tuibp.engine.pace import gauge_period
from tuibp.engine.program import Program
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

Key: TypeAlias = Hashable
Row: TypeAlias = tuple[Buffer, ...]
"""What a batch has that differs from slot to slot."""
Loop: TypeAlias = Callable[[Sequence[Row]], None]
"""Runs batches."""


class Aside(Protocol):
    """What somebody wants to put aside of every batch of a run: calls that read its buffers and write to others."""

    count: int
    """Batches that there is room for; no more may run at once."""

    def before(self, do: Do, ws: Workspace, slot: int) -> None:
        """Emit those that come before the update."""

    def after(self, do: Do, ws: Workspace, slot: int) -> None:
        """Emit those that come behind it."""


class Runner:
    """Runs batches of m samples, in place on one state."""

    def __init__(self, program: Program, m: int, count: int, state: State) -> None:
        """
        Args:
            m: samples of each batch.
            count: the most batches that run at once.
            state: read and written.
        """
        self.program = program
        self.period = gauge_period(program)
        self.slots = Slots(program.recipe, m, count, running=self.period)
        self._state = state
        self._shared = Shared(program.recipe.network.dtype)
        self._kernels = [(op.kind.running or op.kind.kernel, op.layer) for op in program.batch_ops]
        self._codes: dict[bool, Code] = {}
        """How a batch runs that is gauged, and one that is not."""
        self._tables: dict[tuple[int, bool], list[list[Call]]] = {}
        """The calls of each operation of the batch in a slot, likewise."""
        self._at = 0
        """The global batch in the first slot."""
        self._aside: Aside | None = None
        self._count = count
        self._plain = self._codes, self._tables
        self._armed: tuple[Aside | None, dict[bool, Code], dict[tuple[int, bool], list[list[Call]]]] = (None, {}, {})
        """What was put aside last, and the code that does it."""

    def arm(self, aside: Aside | None, count: int) -> None:
        """From now on put aside what somebody wants, as well; None puts nothing aside.

        Args:
            count: the most batches that run at once meanwhile; no more than ever.
        """
        if aside is not self._aside:
            self._aside, self._count = aside, count
            if aside is not None and aside is not self._armed[0]:
                self._armed = aside, {}, {}
            self._codes, self._tables = self._plain if aside is None else self._armed[1:]

    def load(self, indices: IntArray, at: int) -> None:
        """Take the samples (n, m) of n batches, the first of which is global batch `at`."""
        self.slots.begin(0, indices, range(at + 1, at + len(indices) + 1))
        self.slots.load(len(indices))
        self._at = at

    def run(self, first: int, stop: int) -> None:
        """The batches in slots first..stop-1, whole."""
        for gauged in range(first + -(self._at + first) % self.period, stop, self.period):
            if first < gauged:
                self._code(False).run(first, gauged)
            self._code(True).run_one(gauged)
            self.slots.keep_gauges(gauged // self.period)
            first = gauged + 1
        if first < stop:
            self._code(False).run(first, stop)

    def source(self, gauged: bool) -> str:
        """The text of the code that runs a batch."""
        return self._code(gauged).source

    def _code(self, gauged: bool) -> Code:
        code = self._codes.get(gauged)
        if code is None:
            # Two slots tell what differs from slot to slot.
            one, other = (self._tape(slot, gauged) for slot in (0, min(1, self._count - 1)))
            labels = _labels(self._workspace(0, gauged))
            code = self._codes[gauged] = Code(one, other, labels, self._count)
        return code

    def operations(self, slot: int) -> list[Callable[[], None]]:
        """The operations of the batch in a slot one by one, the update being the last: for those that take long."""
        gauged = (self._at + slot) % self.period == 0
        if (slot, gauged) not in self._tables:
            calls = self._noted(slot, gauged)
            calls[-2:] = [calls[-2] + calls[-1]]  # what is put aside belongs to the update
            self._tables[slot, gauged] = calls
        stepper = Stepper(self._tables[slot, gauged])

        def update() -> None:
            stepper.step()
            if gauged:
                self.slots.keep_gauges(slot // self.period)

        return [*[stepper.step] * (stepper.count - 1), update]

    def _tape(self, slot: int, gauged: bool) -> list[Call]:
        """The calls of a batch, but for those that `Slots` makes for many at once."""
        return [call for some in self._noted(slot, gauged) for call in some]

    def _noted(self, slot: int, gauged: bool) -> list[list[Call]]:
        """By operation; what the batch keeps comes last."""
        keeping, ws = Tape(self._shared), self._workspace(slot, gauged)
        self.slots.keep(keeping, slot)
        calls = [*noted(self._kernels, ws, self._shared), keeping.calls]
        if self._aside is not None:
            before, after = Tape(self._shared), Tape(self._shared)
            self._aside.before(before, ws, slot)
            self._aside.after(after, ws, slot)
            calls[-2], calls[-1] = before.calls + calls[-2], calls[-1] + after.calls
        return calls

    def _workspace(self, slot: int, gauged: bool) -> Workspace:
        return Workspace(self.slots, slot, self._state, self._state, gauged=gauged)


class Stepper:
    """A batch operation by operation: a counter over a table of calls."""

    def __init__(self, table: Sequence[Sequence[Call]]) -> None:
        """
        Args:
            table: the calls of every operation.
        """
        self._table = [[partial(call.function, *call.operands, **call.options) for call in calls] for calls in table]
        self.count = len(table)
        """Operations of the batch."""
        self.done = 0
        """Those that have been carried out."""

    def step(self) -> None:
        """Carry out the next operation, for all samples of the batch."""
        for call in self._table[self.done]:
            call()
        self.done += 1

    def advance(self, count: int) -> None:
        """Carry out operations until `count` have been."""
        table = self._table
        while self.done < count:
            for call in table[self.done]:
                call()
            self.done += 1


def noted(kernels: Iterable[tuple[Kernel | None, int]], ws: Workspace, shared: Shared) -> list[list[Call]]:
    """The calls of each of some (kernel, layer); none where the kernel only moves the clock."""
    tape = Tape(shared)
    result = []
    for kernel, layer in kernels:
        tape.operation()
        if kernel is not None:
            kernel(tape, ws, layer)
        result.append(tape.calls)
    return result


class Code:
    """The loop over slots that makes the calls of a tape."""

    def __init__(self, one: Sequence[Call], other: Sequence[Call], labels: Mapping[Key, str], count: int) -> None:
        """
        Args:
            one, other: the tapes of two slots, equal but for the buffers that belong to a slot.
            labels: names of the buffers of the first slot and of those that all share.
            count: how many slots there are.
        """
        names = _Names(labels)
        self._buffers: list[Buffer] = []
        """What differs, each (count, ...)."""
        varying: list[str] = []
        for part, elsewhere in zip(_parts(one), _parts(other), strict=True):
            if names.new(part) and _key(part) != _key(elsewhere):
                assert isinstance(part, np.ndarray) and isinstance(elsewhere, np.ndarray)
                self._buffers.append(_of_all(part, elsewhere, count))
                varying.append(names.name(part))
        lines = [names.call(call) for call in one]
        fixed = {name: value for name, value in names.values.items() if name not in varying}
        self.source = _SOURCE.format(
            names="".join(f", {name}={name}" for name in fixed),
            slot="".join(f"{name}, " for name in varying) or "_",
            lines="\n        ".join(lines),
        )
        exec(compile(self.source, "<run of a batch>", "exec"), fixed)
        self._loop = cast(Loop, fixed["run"])
        self._rows: list[Row] = []

    def run(self, first: int, stop: int) -> None:
        """Run the batches in slots first..stop-1."""
        while len(self._rows) < stop:
            self._rows.append(self._row(len(self._rows)))
        self._loop(self._rows[first:stop])

    def run_one(self, slot: int) -> None:
        """Run the batch in a slot, which is not done often."""
        self._loop([self._row(slot)])

    def _row(self, slot: int) -> Row:
        return tuple([buffer[slot, ...] for buffer in self._buffers])


def _of_all(one: Buffer, other: Buffer, count: int) -> Buffer:
    """(count, ...) the buffers of all slots, from those of the first two."""
    memory = one if one.base is None else one.base
    assert isinstance(memory, np.ndarray)
    offset, step = _address(one) - _address(memory), _address(other) - _address(one)
    return np.ndarray((count, *one.shape), one.dtype, memory, offset, (step, *one.strides))


def _address(buffer: Buffer) -> int:
    return cast(int, buffer.__array_interface__["data"][0])


_SOURCE = """\
def run(slots{names}):
    for {slot} in slots:
        {lines}
"""


def _parts(calls: Sequence[Call]) -> Iterator[object]:
    """Functions, operands and options of all calls, counted through."""
    for call in calls:
        yield call.function
        yield from call.operands
        yield from call.options.values()


def _key(part: object) -> Key:
    """Equal for two parts of which one may stand for the other: the same function, the same view of the same memory."""
    if isinstance(part, np.ndarray):
        return _address(part), part.shape, part.strides, part.dtype.str
    owner = getattr(part, "__self__", None)  # of a bound method, of which every look at it makes another one
    if owner is not None:
        return getattr(part, "__name__", ""), _key(owner)
    return id(part)


class _Names:
    """A local name for every part that is not written as it is."""

    def __init__(self, labels: Mapping[Key, str]) -> None:
        self._labels = labels
        self._by_key: dict[Key, str] = {}
        self._counts: dict[str, int] = {}
        """How many parts of a stem there are."""
        self.values: dict[str, Any] = {}

    def new(self, part: object) -> bool:
        """Name a part; whether it has no name yet and needs one."""
        if part is None or isinstance(part, int | str | tuple):
            return False
        key = _key(part)
        if key in self._by_key:
            return False
        stem = re.sub(r"\W", "_", self._stem(part))
        count = self._counts.get(stem, int(keyword.iskeyword(stem)))
        name = f"{stem}_{count}" if count else stem
        while name in self.values:
            count += 1
            name = f"{stem}_{count}"
        self._counts[stem] = count + 1
        self._by_key[key] = name
        self.values[name] = part
        return True

    def _stem(self, part: object) -> str:
        if isinstance(part, np.ndarray):
            known = self._labels.get(_key(part)) or self._labels.get(_key(part.T))
            return known or (f"c{part.item():g}" if part.ndim == 0 and part.base is None else "v")
        owner = getattr(part, "__self__", None)
        if isinstance(owner, np.ndarray | np.ufunc):
            return f"{getattr(part, '__name__', 'f')}_{self._stem(owner)}"
        return str(getattr(part, "__name__", "f"))

    def name(self, part: object) -> str:
        """How a part is written."""
        return repr(part) if part is None or isinstance(part, int | str | tuple) else self._by_key[_key(part)]

    def call(self, call: Call) -> str:
        """How a call is written."""
        if call.function is np.copyto and not call.options:
            # Half the time of the call, which first asks whether its operands are arrays of another kind.
            return "{}[...] = {}".format(*map(self.name, call.operands))
        operands = [self.name(operand) for operand in call.operands]
        options = [f"{word}={self.name(value)}" for word, value in call.options.items()]
        return f"{self.name(call.function)}({', '.join([*operands, *options])})"


def _labels(ws: Workspace) -> dict[Key, str]:
    """The notes' symbols for the buffers of a workspace, so that the code can be read."""
    tables = {"Z": ws.Z, "A": ws.A, "SP": ws.SP, "dA": ws.dA, "D": ws.D, "S": ws.S, "gb": ws.total_b}
    tables |= {"W": ws.state.params.W, "b": ws.state.params.b, "Wb": ws.state.params.joint, "gWb": ws.total_joint}
    tables |= {"A1": ws.joint_A}
    found = {_key(buffer): f"{name}{layer}" for name, table in tables.items() for layer, buffer in enumerate(table)}
    single = {"y": ws.Y, "x": ws.inputs, "theta": ws.state.params.flat, "g": ws.total, "u": ws.scratch}
    single |= {"Ds": ws.rows_D, "Ss": ws.rows_S, "As": ws.rows_A, "SPs": ws.rows_SP, "Zs": ws.rows_Z}
    return found | {_key(buffer): name for name, buffer in single.items()}
