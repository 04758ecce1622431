"""How a batch's gradient may follow from those of its samples, right and wrong (explain.md section 3, step 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuibp.engine.arrays import Array


@dataclass(frozen=True, eq=False)
class Relation:
    """One row: a batch tensor from the (m, ...) tensors of its single samples."""

    name: str
    title: str
    words: str
    compute: Callable[[Array, int], Array]
    """compute(singles, m)."""
    mistake: bool = True


RELATIONS = (
    Relation("sum", "the sum over the batch", "", lambda g, m: g.sum(axis=0), mistake=False),
    Relation("mean", "the mean over the batch", "", lambda g, m: g.mean(axis=0), mistake=False),
    Relation("half-mean", "half the mean over the batch (cost 1/2m)", "", lambda g, m: g.mean(axis=0) / 2.0,
             mistake=False),
    Relation(
        "mean-taken-twice", "1/m is taken twice",
        "The gradient of the batch is divided by m two times, for instance in δ[L] and again in dW.",
        lambda g, m: g.sum(axis=0) / m**2),
    Relation(
        "last-sample-only", "only the last sample counts",
        "The sum over the batch is overwritten instead of added to: = where += belongs.",
        lambda g, m: g[-1]),
    Relation(
        "first-sample-only", "only the first sample counts",
        "The loop ends, or returns, after the first sample.",
        lambda g, m: g[0]),
    Relation(
        "last-sample-divided", "only the last sample counts, divided by m",
        "The sum over the batch is overwritten instead of added to: = where += belongs.",
        lambda g, m: g[-1] / m),
    Relation(
        "one-sample-left-out", "one sample of the batch is left out",
        "A range of the loop over the batch ends, or begins, one too late or too early.",
        lambda g, m: g[:-1].sum(axis=0)),
    Relation(
        "first-sample-left-out", "the first sample of the batch is left out",
        "A range of the loop over the batch begins one too late.",
        lambda g, m: g[1:].sum(axis=0)),
    Relation(
        "divided-by-m-minus-1", "the sum is divided by m - 1",
        "The mean over the batch divides by m.",
        lambda g, m: g.sum(axis=0) / max(m - 1, 1)),
    Relation(
        "multiplied-by-m", "the sum is multiplied by m",
        "The mean over the batch divides by m.",
        lambda g, m: g.sum(axis=0) * m),
)  # fmt: skip
"""In the order in which they are tried."""
