"""The user's numbers for the debugger: beside the reference's in the tables, and the places where they depart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuibp.debugger.names import CellRef
from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue import Step
from tuibp.explain.check.diagnose import Walked
from tuibp.explain.check.table import departure
from tuibp.explain.check.verdict import Named

_OPERATIONS = {
    Step.Z: "fwd{l}.z", Step.A: "fwd{l}.a", Step.ERROR: "bwd{l}.dC_da", Step.RECURSION: "bwd{l}.dC_da",
    Step.SLOPE: "bwd{l}.db", Step.DB: "bwd{l}.db", Step.DW: "bwd{l}.dW",
}  # fmt: skip
"""The operation that computes rightly what a step of the user's computes wrongly."""
_CELLS = {Step.Z: "z", Step.A: "a", Step.ERROR: "dC_da", Step.RECURSION: "dC_da", Step.SLOPE: "db", Step.DB: "db"}


@dataclass(frozen=True, eq=False)
class Place:
    """One departure."""

    at: str
    """The position just before the operation: e0.b0.s2.bwd1.dC_da."""
    words: str
    cell: CellRef
    named: Named | None = None
    """The mistake; None where no row of the catalogue gives the numbers."""


@dataclass(frozen=True, eq=False)
class Yours:
    """What the user's code has computed for the samples of the first batch."""

    title: str
    samples: Mapping[int, Mapping[tuple[str, int], Array]]
    """By sample, by (tensor, layer), tensors as the debugger names them."""
    places: tuple[Place, ...]
    """In the order of dataflow."""

    def at(self, batch: int, sample: int | None, name: str, layer: int | None) -> Array | None:
        """A tensor of theirs; None where they have none there."""
        if batch != 0 or sample is None or layer is None:
            return None
        return self.samples.get(sample, {}).get((name, layer))


def yours(walked: Walked, title: str, m: int) -> Yours | None:
    """The user's numbers on their own network; None where it could not be run there.

    Args:
        m: samples of the first batch.
    """
    side, chains = walked.seen, walked.chains
    if side is None or not chains:
        return None
    context = chains[0].context
    samples: dict[int, dict[tuple[str, int], Array]] = {}
    for column, s in enumerate(side.samples[:m]):
        own: dict[tuple[str, int], Array] = {}
        # What they do not return is what explains the rest: the numbers that their code must have had.
        for name, layers in (("z", context.z), ("a", context.a), ("dC_da", context.dC_da), ("db", context.delta)):
            own |= {(name, l): value[:, column] for l, value in layers.items()}
        for (name, l), value in side.vectors.items():
            if len(value) == side.probe.sizes[l]:
                own["db" if name == "delta" else name, l] = value[:, column]
        samples[s] = own
    places = []
    for finding in sorted(chains[0].findings, key=lambda one: one.place):
        if finding.mistake is not None and finding.mistake.convention:
            continue
        found = departure(side, chains[0], finding, m)
        operation = _OPERATIONS[finding.step].format(l=finding.layer)
        name, index = _CELLS.get(finding.step, "dW"), found.cell
        size = 2 if name == "dW" else 1
        index = index if len(index) == size else (0,) * size
        words = "no row of the catalogue gives this" if finding.mistake is None else finding.mistake.title
        words = words.replace("{detail}", finding.detail)
        own_here = side.probe.network.activation(finding.layer).name
        named = None if finding.mistake is None else Named(
            finding.mistake, finding.detail, (finding.layer,), side.probe.L, side.probe.name, own_here)  # fmt: skip
        at = f"e0.b0.s{found.sample}.{operation}"
        places.append(Place(at, words.replace("{own}", own_here), CellRef(name, finding.layer, index), named))
    return Yours(title, samples, tuple(places))
