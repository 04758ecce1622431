"""CATALOGUE: every mistake that the check can name, as one table (explain.md section 3)."""

from __future__ import annotations

from tuibp.explain.check.catalogue.error import ERRORS
from tuibp.explain.check.catalogue.forward import ACTIVATED, SUMS
from tuibp.explain.check.catalogue.gradients import BIASES, WEIGHTS
from tuibp.explain.check.catalogue.recursion import RECURSION
from tuibp.explain.check.catalogue.rows import Mistake, Step
from tuibp.explain.check.catalogue.slope import SLOPES

STEPS: dict[Step, tuple[Mistake, ...]] = {
    Step.Z: SUMS,
    Step.A: ACTIVATED,
    Step.ERROR: ERRORS,
    Step.RECURSION: RECURSION,
    Step.SLOPE: SLOPES,
    Step.DW: WEIGHTS,
    Step.DB: BIASES,
}
"""The mistakes of every step of backprop."""

CATALOGUE: dict[str, Mistake] = {row.name: row for rows in STEPS.values() for row in rows}
"""All of them by name."""

__all__ = ["CATALOGUE", "STEPS", "Mistake", "Step"]
