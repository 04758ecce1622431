"""Digests: by a few numbers one machine learns whether another has computed the same.

BLAS does not promise the same bits on every machine (design: machine.md section 2). Where they differ a session still
opens; how large the difference is, is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from tuibp.debugger.saved import Digest
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array


def digest(block: Array) -> str:
    """128 bits of a state block's bytes, in hexadecimal: the same on machines of either byte order."""
    ordered = np.ascontiguousarray(block, block.dtype.newbyteorder("<"))
    return blake2b(ordered.view(np.uint8).data, digest_size=16).hexdigest()


def take(timeline: Timeline, number: int, batch: int) -> Digest:
    """The digest of the state at the beginning of a global batch; going there may take a while.

    Args:
        number: of the timeline, among those of the session.
        batch: 0 .. batches - 1.
    """
    start = timeline.clock.batch_start(*divmod(batch, timeline.program.K))
    cost = None if batch == 0 else View(timeline, start).scalar("bcost")
    record = timeline.record(start + 1)
    assert record is not None
    assert record.batch == batch
    with np.errstate(all="ignore"):
        norms = tuple(math.sqrt(float(np.sum(np.square(W, dtype=np.float64)))) for W in record.state.params.W[1:])
    return Digest(number, batch, digest(record.state.block), cost, norms)


def compare(timeline: Timeline, digests: Iterable[Digest], *, say_equal: bool = True) -> list[str]:
    """Hold digests of a timeline, which another machine may have taken, against what is computed here.

    Args:
        say_equal: whether it is said that everything is equal.

    Returns:
        One sentence: everything is equal, or where the first difference is and how large; another for digests of
        places that this run does not have. Nothing where there are no digests.
    """
    said: list[str] = []
    equal = 0
    for there in sorted(digests, key=lambda one: one.batch):
        if there.batch >= timeline.batches or len(there.norms) != timeline.program.L:
            said.append(f"The digest of batch {there.batch} belongs to another run.")
            break
        here = take(timeline, there.timeline, there.batch)
        if here.digest != there.digest:
            epoch, k = divmod(there.batch, timeline.program.K)
            said.append(f"Computed on another machine: at e{epoch}.b{k} {_difference(here, there)}.")
            break
        equal += 1
    if equal and not said and say_equal:
        said.append(f"Computed here as there, bit for bit ({equal} {'place' if equal == 1 else 'places'} compared).")
    return said


def _difference(here: Digest, there: Digest) -> str:
    """The largest difference between two digests of one place, in words."""
    pairs = [(f"W[{l}] has norm", *both) for l, both in enumerate(zip(here.norms, there.norms, strict=True), start=1)]
    if here.cost is not None and there.cost is not None:
        pairs.append(("the batch before has cost", here.cost, there.cost))
    name, one, other = max(pairs, key=lambda pair: _relative(pair[1], pair[2]))
    size = _relative(one, other)
    if size == 0.0:
        return "some last digits differ, but no norm of W and no cost"
    digits = next((n for n in range(6, 17) if f"{one:.{n}g}" != f"{other:.{n}g}"), 17)
    amount = f" (relative difference {size:.1g})" if math.isfinite(size) else ""
    return f"{name} {one:.{digits}g} here, {other:.{digits}g} there{amount}"


def _relative(one: float, other: float) -> float:
    """The difference of two numbers over the larger; infinite where only one of them is a number."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    size = max(abs(one), abs(other))
    return abs(one - other) / size if math.isfinite(size) and math.isfinite(one - other) else math.inf
