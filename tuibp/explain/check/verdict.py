"""What a check has found: plain values, for the report, for machines and for the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.catalogue import Mistake
from tuibp.explain.check.observed import Failure, Remark

Outcome: TypeAlias = Literal["right", "wrong", "failed"]
Judgement: TypeAlias = Literal["equal", "convention", "follows", "departs", "not given"]


@dataclass(frozen=True, eq=False)
class Named:
    """A mistake, or a convention, and where it is."""

    mistake: Mistake
    detail: str
    layers: tuple[int, ...]
    """Of the probe it was seen on first, from the output down."""
    L: int
    """The number of that probe's output layer."""
    probe: str
    """Its name."""
    own: str = ""
    """The activation that the network has in the first of the layers."""


@dataclass(frozen=True, eq=False)
class Departure:
    """The first place where the user's numbers leave the reference, in the order of dataflow."""

    step: str
    """The tensor whose computation is wrong: z, a, dC_da, delta, dW, db."""
    layer: int
    seen: Tensor
    """The tensor of the user's in which it shows."""
    cell: tuple[int, ...]
    """Of `seen`: where it differs most."""
    yours: float | None
    expected: float | None
    sample: int
    relative_error: float
    ratio: float | None
    """Yours is this many times the expected, everywhere; None where it is no multiple."""
    differing: int
    """Cells that differ."""
    size: int
    probe: str
    pattern: str = ""
    """Which cells differ, in words, where that says something."""


@dataclass(frozen=True, eq=False)
class Row:
    """A line of the table: one tensor of one sample of the network that is shown."""

    tensor: Tensor
    yours: Array | None
    reference: Array
    relative_error: float | None
    judgement: Judgement


@dataclass(frozen=True, eq=False)
class BatchFinding:
    """How the gradient of a batch follows from those of its samples."""

    name: str
    """Of a relation, or of a mistake."""
    title: str
    words: str
    tensors: tuple[str, ...]
    """Those that it holds for, as dW[1]; all where empty."""
    mistake: bool


@dataclass(frozen=True, eq=False)
class Probed:
    """One probe: what was run on it and what explains it."""

    name: str
    sizes: tuple[int, ...]
    failure: Failure | None = None
    unexplained: int = 0
    names: tuple[tuple[str, ...], ...] = ()
    """Every smallest set of mistakes that gives the user's numbers here."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """All of it."""

    outcome: Outcome
    explanations: tuple[tuple[Named, ...], ...] = ()
    """Each explains everything; more than one where no probe can tell: either ... or."""
    conventions: tuple[Named, ...] = ()
    batch: tuple[BatchFinding, ...] = ()
    first: Departure | None = None
    rows: tuple[Row, ...] = ()
    """Of the network that is shown, in the order of dataflow."""
    shown: str = ""
    """The probe that `rows` are of."""
    sample: int = 0
    probed: tuple[Probed, ...] = ()
    remarks: tuple[Remark, ...] = ()
    contract: tuple[str, ...] = ()
    assumed: str = ""
    """What was taken for the network where none was given."""
    mismatch: str = ""
    """What the code computes and what the network file says, where these are two things."""
    unexplained: bool = False
    """Whether something departs that no row of the catalogue gives."""
    yours: Mapping[Tensor, Array] = field(default_factory=dict)
    """The user's numbers of the sample that is shown."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Calls that gave no numbers."""
        return tuple(probed.failure for probed in self.probed if probed.failure is not None)
