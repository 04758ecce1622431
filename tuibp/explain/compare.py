"""Where two runs part: their first operation that writes different numbers, and how the difference grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array
from tuibp.formats.trace import entries


class Step(Protocol):
    """An operation with what it writes."""

    @property
    def t(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def layer(self) -> int | None: ...
    @property
    def writes(self) -> Mapping[str, npt.ArrayLike]: ...


@dataclass(frozen=True, eq=False)
class Parting:
    """The first operation where two runs differ."""

    t: int
    at: str
    op: str
    layer: int | None
    tensor: str
    index: tuple[int, ...]
    """The cell that differs most; empty for a single number."""
    a: float
    b: float
    differing: int
    """Cells of the tensor that differ."""
    size: int
    relative: float
    """||a - b|| / max of the two norms."""
    ulps: float
    """How many last places of a float64 the cell's two numbers lie apart."""
    last: str
    """The last position at which all was equal; empty where there is none."""
    compared: int
    """Operations that were equal."""
    reason: str = ""
    """Where it is no number that differs: what does."""


class Ended(NamedTuple):
    """All that both have is equal."""

    compared: int
    longer: str
    """"a" or "b" where that goes on; empty where both end together."""


def compare(a: Iterator[Step], b: Iterator[Step], tolerance: float = 0.0) -> Iterator[int | Parting | Ended]:
    """Walk two runs in step; yields now and then how many operations were equal, and at last what was found.

    Args:
        tolerance: relative, of the norm of a tensor; 0 compares bit for bit, nan being equal to nan.
    """
    count, last = 0, ""
    while True:
        one, two = next(a, None), next(b, None)
        if one is None or two is None:
            yield Ended(count, "" if one is two else "a" if two is None else "b")
            return
        found = _differ(one, two, tolerance, last, count)
        if found is not None:
            yield found
            return
        count, last = count + 1, one.at
        if count % 1000 == 0:
            yield count


def _differ(one: Step, two: Step, tolerance: float, last: str, count: int) -> Parting | None:
    if (one.t, one.op, one.layer) != (two.t, two.op, two.layer):
        reason = f"A has {one.at} at t={one.t} there, B has {two.at} at t={two.t}"
        return _reason(one, last, count, reason)
    if set(one.writes) != set(two.writes):
        only = sorted(set(one.writes) ^ set(two.writes))
        return _reason(one, last, count, f"only one of them writes {', '.join(only)}")
    for label, value in one.writes.items():
        left, right = np.asarray(value, np.float64), np.asarray(two.writes[label], np.float64)
        if left.shape != right.shape:
            reason = f"{label} has shape {left.shape} in A, {right.shape} in B"
            return _reason(one, last, count, reason)
        if not _equal(left, right, tolerance):
            return _parting(one, label, left, right, last, count)
    return None


def _equal(left: Array, right: Array, tolerance: float) -> bool:
    if np.array_equal(left, right, equal_nan=True):
        return True
    if not tolerance:
        return False
    with np.errstate(all="ignore"):
        apart = float(np.linalg.norm(left - right))
        return bool(apart <= tolerance * max(float(np.linalg.norm(left)), float(np.linalg.norm(right))))


def _reason(step: Step, last: str, count: int, reason: str) -> Parting:
    nan = float("nan")
    return Parting(step.t, step.at, step.op, step.layer, "", (), nan, nan, 0, 0, nan, nan, last, count, reason)


def _parting(step: Step, label: str, left: Array, right: Array, last: str, count: int) -> Parting:
    with np.errstate(all="ignore"):
        apart = np.abs(left - right)
        apart = np.where(np.isnan(apart) & ~(np.isnan(left) & np.isnan(right)), np.inf, apart)
        worst = np.unravel_index(int(np.argmax(np.nan_to_num(apart, nan=-1.0, posinf=np.inf))), apart.shape)
        norms = float(np.linalg.norm(left)), float(np.linalg.norm(right))
        relative = float(np.linalg.norm(left - right)) / max(*norms, 1e-300)
        a, b = float(left[worst]), float(right[worst])
        spacing = float(np.spacing(max(abs(a), abs(b), 1e-300)))
        same = (left == right) | (np.isnan(left) & np.isnan(right))
    return Parting(
        step.t, step.at, step.op, step.layer, label, tuple(int(i) for i in worst), a, b, int((~same).sum()),
        int(left.size), relative, abs(a - b) / spacing, last, count,
    )  # fmt: skip


# -- two timelines


def same_program(a: Timeline, b: Timeline) -> bool:
    """Whether two runs go through the same operations."""
    one, two = a.program, b.program
    return (one.L, one.N, one.m, one.epochs) == (two.L, two.N, two.m, two.epochs)


def equal_until(a: Timeline, b: Timeline) -> Iterator[tuple[int, int]]:
    """How many batches from the first on are equal, bit for bit; yields (batches compared, of how many) as it goes on
    and ends behind the last one that is.
    """
    program, clock = a.program, a.clock
    total = program.K * program.epochs
    for batch in range(total):
        end = clock.batch_start(batch // program.K, batch % program.K + 1)
        one, two = a.record(end), b.record(end)
        assert one is not None and two is not None
        same = all(
            np.array_equal(left, right, equal_nan=True)
            for left, right in (
                (one.ws.after.block, two.ws.after.block), (one.ws.C, two.ws.C), (one.ws.grad, two.ws.grad),
                (one.ws.inputs, two.ws.inputs), (one.ws.rows_D, two.ws.rows_D), (one.ws.rows_A, two.ws.rows_A),
                (one.ws.rows_dA, two.ws.rows_dA), (one.ws.rows_Z, two.ws.rows_Z),
            )
        )  # fmt: skip
        if not same:
            return
        yield batch + 1, total


def steps(timeline: Timeline, start: int = 0) -> Iterator[Step]:
    """All operations of a run from a position on."""
    return entries(timeline, start, timeline.clock.total)


def differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """What two headers of traces say differently."""
    return [f"{key}: {a.get(key)} and {b.get(key)}" for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key)]
