"""From samples to a batch: is the gradient the sum, the mean, or something else (explain.md section 3, step 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.catalogue.batch import RELATIONS, Relation
from tuibp.explain.check.close import Tolerance, ratio
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.verdict import BatchFinding

UNSUMMED = Relation(
    "db-not-summed-over-the-batch", "db is not summed over the batch",
    "There is one bias a unit, whatever the number of samples: add the δ of all samples up.",
    lambda g, m: g)  # fmt: skip
BROADCAST = Relation(
    "N-against-N-1-broadcast", "(N,) against (N, 1): the error became a matrix",
    "Outputs of shape (N, 1) minus targets of shape (N,) give every output minus every target, (N, N). Reshape the "
    "targets to (N, 1).", lambda g, m: g)  # fmt: skip
INTERACT = Relation(
    "samples-interact", "the samples of a batch act on each other",
    "The gradient of the batch is no combination of those of its samples: somewhere a sum, a mean, a softmax or a "
    "broadcast runs over the samples.", lambda g, m: g)  # fmt: skip
UNEQUAL = Relation(
    "batch-factors-differ", "the tensors are not reduced alike",
    "Sum or mean is a convention, but it must be the same for all tensors: otherwise they step at different rates.",
    lambda g, m: g)  # fmt: skip


def relate(probe: Probe, batch: Observed, singles: Sequence[Observed], tolerance: Tolerance) -> list[BatchFinding]:
    """How each gradient of the batch follows from the gradients of its samples, as the user's code gives both."""
    m = len(singles)
    found: dict[str, tuple[Relation, list[Tensor]]] = {}
    for tensor in sorted(set(batch.tensors) & set(singles[0].tensors), key=lambda one: (-(one.layer or 0), one.name)):
        if tensor.name not in ("dW", "db"):
            continue
        relation = _relation(probe, tensor, batch, singles, tolerance)
        if relation is not None:
            found.setdefault(relation.name, (relation, []))[1].append(tensor)
    if len(found) == 2 and not any(relation.mistake for relation, _ in found.values()):
        words = "; ".join(f"{relation.title} for {_list(tensors)}" for relation, tensors in found.values())
        tensors = [str(tensor) for _, some in found.values() for tensor in some]
        return [BatchFinding(UNEQUAL.name, f"{UNEQUAL.title}: {words}", UNEQUAL.words, tuple(tensors), True)]
    whole = len(found) == 1
    return [
        BatchFinding(
            relation.name, relation.title.replace("m - 1", f"m - 1 = {m - 1}"), relation.words,
            () if whole else tuple(map(str, tensors)), relation.mistake,
        )
        for relation, tensors in found.values()
    ]  # fmt: skip


def _list(tensors: Sequence[Tensor]) -> str:
    return ", ".join(dict.fromkeys(tensor.name for tensor in tensors))


def _relation(
    probe: Probe, tensor: Tensor, batch: Observed, singles: Sequence[Observed], tolerance: Tolerance
) -> Relation | None:
    given, m = batch.tensors[tensor], len(singles)
    parts = [one.tensors[tensor] for one in singles]
    if len({part.shape for part in parts}) > 1 or not all(np.isfinite(part).all() for part in parts):
        return None
    stacked = np.stack([part.reshape(_shape(probe, tensor, part)) for part in parts])
    if tensor.name == "db" and given.shape == (probe.sizes[tensor.layer or 0], m) and m > 1:
        columns = stacked.reshape(m, -1).T
        return UNSUMMED if _some_multiple(given, columns, tolerance) else INTERACT
    if tensor.name == "db" and stacked[0].size == 1 and _some_multiple(given.ravel(), stacked.ravel(), tolerance):
        return None  # summed over the units: each sample says so by itself
    if given.size != stacked[0].size:
        output_alone = probe.sizes[-1] == 1 and m in given.shape
        return BROADCAST if output_alone else INTERACT
    given = given.reshape(stacked[0].shape)
    if not stacked.any() and not given.any():
        return None
    for relation in RELATIONS:
        value = relation.compute(stacked, m)
        if tolerance.equal(given, np.asarray(value)):
            return relation
    c = ratio(given, stacked.sum(axis=0), tolerance)
    if c is not None:
        return _wrong_count(probe, c, m)
    return INTERACT


def _shape(probe: Probe, tensor: Tensor, part: Array) -> tuple[int, ...]:
    return (part.size,) if tensor.name == "db" else part.shape


def _some_multiple(given: Array, columns: Array, tolerance: Tolerance) -> bool:
    return tolerance.equal(given, columns) or ratio(given, columns, tolerance) is not None


def _wrong_count(probe: Probe, c: float, m: int) -> Relation:
    """The sum over the batch times a constant that is neither 1 nor 1/m."""
    sizes = {f"n[{l}] = {n}": float(n) for l, n in enumerate(probe.sizes)}
    sizes |= {f"m n[{l}] = {m * n}": float(m * n) for l, n in enumerate(probe.sizes)}
    sizes |= {f"2 m = {2 * m}": 2.0 * m, f"m + 1 = {m + 1}": m + 1.0, "2": 2.0}
    for (words, size), inverse in product(sizes.items(), (True, False)):
        if np.isclose(c, 1.0 / size if inverse else size, rtol=1e-7):
            how = "divided" if inverse else "multiplied"
            return Relation(
                "wrong-m", f"the sum over the batch is {how} by {words}",
                f"The mean over the batch divides by m = {m}, the number of its samples.", lambda g, m: g)  # fmt: skip
    return Relation(
        "wrong-m", f"the sum over the batch is multiplied by {c:.6g}",
        f"The sum has the factor 1, the mean 1/m = {1.0 / m:.6g}.", lambda g, m: g)  # fmt: skip
