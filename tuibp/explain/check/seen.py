"""The user's single samples side by side: what a walk is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.close import DOUBLE, Tolerance
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probe import Probe


@dataclass(frozen=True, eq=False)
class Seen:
    """S single samples."""

    probe: Probe
    samples: tuple[int, ...]
    vectors: dict[tuple[str, int], Array]
    """z, a, dC_da, delta, db by (name, layer): (n_l, S); db may have another number of rows."""
    dW: dict[int, Array]
    """(S, ...), whatever shape the user's have."""
    costs: Array | None
    """(S,) where the code gives them."""
    tolerance: Tolerance

    @property
    def finite(self) -> bool:
        """Whether all of them are numbers: nothing explains those that are none."""
        return all(np.isfinite(array).all() for array in (*self.vectors.values(), *self.dW.values()))

    def vector(self, name: str, layer: int) -> Array | None:
        """(n_l, S) of a tensor; None where the user does not give it, or not in this shape."""
        found = self.vectors.get((name, layer))
        return found if found is not None and len(found) == self.probe.sizes[layer] else None


def seen(probe: Probe, singles: Sequence[Observed], tolerance: Tolerance = DOUBLE) -> Seen:
    """Put single samples side by side; what only some of them have is left out."""
    vectors: dict[tuple[str, int], Array] = {}
    dW: dict[int, Array] = {}
    common = set.intersection(*(set(one.tensors) for one in singles)) if singles else set()
    for tensor in common:
        given = [one.tensors[tensor] for one in singles]
        if len({array.shape for array in given}) > 1:
            continue
        if tensor.name == "dW":
            dW[tensor.layer or 0] = np.stack(given)
        else:
            vectors[tensor.name, tensor.layer or 0] = np.stack([array.ravel() for array in given], axis=1)
    costs = [one.cost for one in singles]
    told = None if any(cost is None for cost in costs) else np.array(costs, np.float64)
    samples = tuple(one.samples[0] for one in singles)
    return Seen(probe, samples, vectors, dW, told, _with_floor(tolerance, vectors, dW))


def _with_floor(tolerance: Tolerance, vectors: dict[tuple[str, int], Array], dW: dict[int, Array]) -> Tolerance:
    gradients = [*dW.values(), *(value for (name, _), value in vectors.items() if name in ("delta", "db"))]
    with np.errstate(all="ignore"):
        norms = [float(np.linalg.norm(array)) for array in gradients]
    largest = max((norm for norm in norms if np.isfinite(norm)), default=0.0)
    return Tolerance(tolerance.relative, max(1e-12, tolerance.relative * 1e-3) * largest)


def tensor_of(name: str, layer: int) -> Tensor:
    """The name of a tensor of a layer."""
    return Tensor(name, layer)
