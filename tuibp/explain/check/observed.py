"""What the user's code gave for one call, turned into our orientation and our names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor

NAMES = ("z", "a", "dC_da", "delta", "dW", "db")
"""What can be observed, in the order of dataflow. `db` is what the user returns for the biases, `delta` an
intermediate value that is returned beside it.
"""


@dataclass(frozen=True, eq=False)
class Observed:
    """The numbers of one call."""

    samples: tuple[int, ...]
    """Columns of the probe's X that the call was given; one for a single sample."""
    tensors: Mapping[Tensor, Array] = field(default_factory=dict)
    """float64. z, a, dC_da, delta of layer l: (n_l, m), samples are columns. dW: (n_l, n_{l-1}); db: (n_l,), or
    (n_l, m) where the user keeps the samples apart. Of another shape only where the user's number has no place in ours:
    the diagnosis then says so. Absent where the code does not give it.
    """
    cost: float | None = None
    shapes: Mapping[Tensor, tuple[int, ...]] = field(default_factory=dict)
    """The shapes of the user's own arrays, for messages."""


@dataclass(frozen=True, eq=False)
class Failure:
    """A call that gave no numbers."""

    kind: str
    """"exception", "timeout", "died", "returned" (None, or nothing that could be read)."""
    message: str
    """One sentence for the user, safe to print."""
    line: int | None = None
    """Of the user's file: the innermost line of theirs."""
    code: str = ""
    """The text of that line."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes of the arrays that stand on that line, by name."""
    reached: tuple[int, ...] = ()
    """How far it came: the calls before, then lines of the user's file from the outermost in. Compares in that order.
    """


@dataclass(frozen=True, eq=False)
class Remark:
    """Something about the way the code behaves that is no number: it prints, mutates its arguments, is random."""

    kind: str
    """"prints", "mutates", "random", "state", "float32", "lists", "shape", "nothing"."""
    message: str
    """One sentence, safe to print."""
