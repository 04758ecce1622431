"""CATCHES: watches with a name and a default, a row each. The expression is shown, and may be replaced by one's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Catch:
    """A row."""

    name: str
    expression: str
    """The default; empty for the one that no expression says. l is every layer that has what it reads."""
    help: str
    source: str
    place: str = ""
    """Where it is looked at; empty for wherever something it reads is written."""
    bounded: bool = False
    """Whether only layers count whose activation is bounded on both sides."""


_ROWS = (
    Catch("nan", "", "the first operation that writes nan or an infinity: the producer, not what it infected",
          "tfdbg, has_inf_or_nan"),
    Catch("vanish", "mean(abs(gW[l])) < 1e-7", "a gradient that is next to nothing",
          "SageMaker Debugger, VanishingGradient"),
    Catch("explode", "norm(gW[l]) > 100 * prev(avg(norm(gW[l]), 100))", "a gradient a hundred times its usual size",
          "tuibp"),
    Catch("dead", "dead(l) > 50%", "a layer of which more than half was flat for every sample of an epoch",
          "SageMaker Debugger, DeadRelu"),
    Catch("saturate", "sat(l) > 50%", "a layer of which more than half is flat for a sample",
          "SageMaker Debugger, SaturatedActivation", bounded=True),
    Catch("ratio", "ratio(l) < 1e-6 or ratio(l) > 0.1", "an update too small or too large beside its weights",
          "CS231n: somewhere around 1e-3"),
    Catch("rise", "avg(bcost, 10) > prev(avg(bcost, 10), 10)", "a cost that has risen over ten batches",
          "SageMaker Debugger, LossNotDecreasing", place="grad"),
)  # fmt: skip

CATCHES: dict[str, Catch] = {row.name: row for row in _ROWS}
"""Every catch by name."""
