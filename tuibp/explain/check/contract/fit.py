"""How well a layout fits: what tells one from another on a trial."""

from __future__ import annotations

import numpy as np

from tuibp.engine.operations import Tensor
from tuibp.explain.check.close import Tolerance, ratio
from tuibp.explain.check.contract.handed import fits
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.reference import reference

LOOSE = Tolerance(relative=1e-4)
"""For telling layouts apart, float32 included."""
Score = tuple[float, ...]
ALIKE = 4
"""Entries of a score up to the tensors that are right."""


def score(observed: Observed, probe: Probe) -> Score:
    """How well an observation fits: tensors of the right shape, and those that are right up to a factor."""
    right = reference(probe, observed.samples)
    weights, biases = fits(observed, probe)
    given = sum(tensor.name == "dW" for tensor in observed.tensors)
    alike = 0.0
    for tensor, value in observed.tensors.items():
        l = tensor.layer or 0
        table = {"z": right.z, "a": right.a, "dC_da": right.dC_da, "delta": right.delta, "db": right.delta}
        wanted = right.dW[l][0] if tensor.name == "dW" else table[tensor.name].get(l)
        if wanted is None:
            continue
        value = value if tensor.name == "dW" else value.reshape(-1, 1)
        with np.errstate(all="ignore"):
            alike += ratio(value, wanted, LOOSE) is not None
    whole = float(given == probe.L)
    some = float(given > 0 or biases > 0)
    return some, whole, float(weights == probe.L), alike, consistent(observed, probe), float(weights), float(biases)


def consistent(observed: Observed, probe: Probe) -> float:
    """How much is as it is for one sample, whatever σ and C: dW[l] is db[l] times something, dW[1] is db[1] times x."""
    count = 0
    for tensor, dW in observed.tensors.items():
        if tensor.name != "dW" or dW.ndim != 2 or not dW.any():
            continue
        x = probe.X[:, observed.samples[0]]
        factor = x if tensor.layer == 1 else dW[np.abs(dW).max(axis=1).argmax()]
        if factor.shape != dW.shape[1:]:
            continue
        with np.errstate(all="ignore"):
            delta, db = dW @ factor / (factor @ factor), observed.tensors.get(Tensor("db", tensor.layer))
            count += LOOSE.equal(dW, np.outer(delta, factor))
            count += db is not None and ratio(db, delta, LOOSE) is not None
    return float(count)
