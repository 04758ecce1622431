"""Run mode: the calls of a batch strung together as straight-line code, made once from the table of operations.

The code is a loop over slots; its lines are the calls that the kernels make when one steps, with their functions and
buffers bound to local names, so that between two NumPy calls next to nothing happens. Whoever adds an activation, a
cost, an optimizer or an operation does not touch this module: it only knows calls.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from tuibp.engine.arrays import IntArray
from tuibp.engine.calls import Buffer, Call, Shared, Tape
from tuibp.engine.kernels import Kernel
from tuibp.engine.program import Program
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

Key: TypeAlias = Hashable
Loop: TypeAlias = Callable[[Iterable[tuple[Any, ...]]], None]
"""Runs batches, each given as the tuple of what differs from slot to slot."""
MOST = 256
"""Batches that run at most before the numbers of the flight log are taken."""
KEPT = 512 * 1024
"""Bytes that may be kept of them."""


def first_stride(program: Program) -> int:
    """How many batches lie between two keyframes so that taking them costs about a fiftieth of the time: a power of
    two. Nanoseconds of a present-day core; only the order of magnitude counts.
    """
    network, m = program.recipe.network, program.m
    size = network.layout.size * network.dtype.itemsize
    frame = 2_500 + (1 + len(program.recipe.plan.optimizer.slots)) * size / 10
    batch = 300 * 8 * network.L + 3 * network.layout.count * m * 2 / 40 + 5 * size / 10
    return 1 << max(0, math.ceil(math.log2(frame / batch * 50)))


def slots_of_a_run(program: Program) -> int:
    """How many batches run before the numbers of the flight log are taken: a power of two."""
    network = program.recipe.network
    columns = (2 + (network.fused is not None)) * sum(network.sizes[1:])
    each = columns * program.m * network.dtype.itemsize
    return min(MOST, 1 << max(0, (KEPT // each).bit_length() - 1))


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
        self.slots = Slots(program.recipe, m, count, records=False)
        self._state = state
        self._shared = Shared(program.recipe.network.dtype)
        self._kernels = [(op.kind.running or op.kind.kernel, op.layer) for op in program.batch_ops]
        self._rows: list[tuple[Any, ...]] = []
        """What differs, by slot."""
        self._code: Code | None = None

    def load(self, indices: IntArray, first: int) -> None:
        """Take the samples (n, m) of n batches, the first of which is global batch `first`."""
        self.slots.begin(0, indices, range(first + 1, first + len(indices) + 1))
        self.slots.load(len(indices))
        if self._code is None:
            # Two slots tell what differs from slot to slot.
            one, other = (self._tape(slot) for slot in (0, min(1, self.slots.count - 1)))
            self._code = Code(one, other, _labels(self._workspace(0)))
        while len(self._rows) < len(indices):
            self._rows.append(self._code.row(len(self._rows)))

    def run(self, first: int, stop: int) -> None:
        """The loaded batches first..stop-1, whole."""
        assert self._code is not None
        self._code.loop(self._rows[first:stop])

    @property
    def source(self) -> str:
        """The text of the code; empty before the first batch is loaded."""
        return "" if self._code is None else self._code.source

    def _tape(self, slot: int) -> list[Call]:
        """The calls of a batch, but for those that `Slots` makes for many at once."""
        calls = noted(self._kernels, self._workspace(slot), self._shared)
        return [call for some in [*calls, self._keeping(slot)] for call in some]

    def _keeping(self, slot: int) -> list[Call]:
        tape = Tape(self._shared)
        self.slots.keep(tape, slot)
        return tape.calls

    def _workspace(self, slot: int) -> Workspace:
        return Workspace(self.slots, slot, self._state, self._state)

    def operations(self) -> list[Callable[[], None]]:
        """The operations of the first loaded batch one by one, the update being the last: for those that take long."""
        calls = noted(self._kernels, self._workspace(0), self._shared)
        calls[-1] += self._keeping(0)
        stepper = Stepper(calls)
        return [stepper.step] * stepper.count


class Stepper:
    """A batch operation by operation: a counter over a table of calls."""

    def __init__(self, table: Sequence[Sequence[Call]]) -> None:
        """
        Args:
            table: the calls of every operation.
        """
        self._table = [[(call.function, call.operands, call.options) for call in calls] for calls in table]
        self.count = len(table)
        """Operations of the batch."""
        self.done = 0
        """Those that have been carried out."""

    def step(self) -> None:
        """Carry out the next operation, for all samples of the batch."""
        for function, operands, options in self._table[self.done]:
            function(*operands, **options)
        self.done += 1

    def advance(self, count: int) -> None:
        """Carry out operations until `count` have been."""
        while self.done < count:
            self.step()


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

    def __init__(self, one: Sequence[Call], other: Sequence[Call], labels: Mapping[Key, str]) -> None:
        """
        Args:
            one, other: the tapes of two slots, equal but for the buffers that belong to a slot.
            labels: names of the buffers of the first slot and of those that all share.
        """
        names = _Names(labels)
        self._varying: list[tuple[Buffer, int]] = []
        """What differs: the buffer of the first slot, and the bytes from one slot's to the next."""
        varying: list[str] = []
        for part, elsewhere in zip(_parts(one), _parts(other), strict=True):
            if names.new(part) and _key(part) != _key(elsewhere):
                assert isinstance(part, np.ndarray) and isinstance(elsewhere, np.ndarray)
                self._varying.append((part, _address(elsewhere) - _address(part)))
                varying.append(names.name(part))
        lines = [names.call(call) for call in one]
        fixed = {name: value for name, value in names.values.items() if name not in varying}
        self.source = _SOURCE.format(
            names="".join(f", {name}={name}" for name in fixed),
            slot="".join(f"{name}, " for name in varying) or "_",
            lines="\n        ".join(lines),
        )
        exec(compile(self.source, "<run of a batch>", "exec"), fixed)
        self.loop = cast(Loop, fixed["run"])

    def row(self, slot: int) -> tuple[Buffer, ...]:
        """The buffers of a slot that differ, in the order in which the loop wants them."""
        return tuple(_moved(buffer, slot * step) for buffer, step in self._varying)


def _moved(buffer: Buffer, by: int) -> Buffer:
    """The view of the same kind that lies `by` bytes further on in the same memory."""
    memory = buffer if buffer.base is None else buffer.base
    assert isinstance(memory, np.ndarray)
    offset = _address(buffer) - _address(memory) + by
    return np.ndarray(buffer.shape, buffer.dtype, memory, offset, buffer.strides)


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
        self.values: dict[str, Any] = {}

    def new(self, part: object) -> bool:
        """Name a part; whether it has no name yet and needs one."""
        if part is None or isinstance(part, int | str):
            return False
        key = _key(part)
        if key in self._by_key:
            return False
        stem = re.sub(r"\W", "_", self._stem(part))
        name, count = stem, 1
        while name in self.values or keyword.iskeyword(name):
            name, count = f"{stem}_{count}", count + 1
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
        return repr(part) if part is None or isinstance(part, int | str) else self._by_key[_key(part)]

    def call(self, call: Call) -> str:
        """How a call is written."""
        operands = [self.name(operand) for operand in call.operands]
        options = [f"{word}={self.name(value)}" for word, value in call.options.items()]
        return f"{self.name(call.function)}({', '.join([*operands, *options])})"


def _labels(ws: Workspace) -> dict[Key, str]:
    """The notes' symbols for the buffers of a workspace, so that the code can be read."""
    tables = {"Z": ws.Z, "A": ws.A, "SP": ws.SP, "dA": ws.dA, "D": ws.D, "S": ws.S, "gW": ws.gW, "gb": ws.gb}
    tables |= {"W": ws.state.params.W, "b": ws.state.params.b, "Wb": ws.state.params.joint, "gWb": ws.joint_g}
    tables |= {"A1": ws.joint_A}
    found = {_key(buffer): f"{name}{layer}" for name, table in tables.items() for layer, buffer in enumerate(table)}
    single = {"y": ws.Y, "x": ws.inputs, "theta": ws.state.params.flat, "g": ws.grad, "u": ws.scratch}
    single |= {"Ds": ws.rows_D, "Ss": ws.rows_S, "As": ws.rows_A, "SPs": ws.rows_SP, "Zs": ws.rows_Z}
    return found | {_key(buffer): name for name, buffer in single.items()}
