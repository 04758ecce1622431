"""The answer to `why small` and `why big`: the gains step by step, in decades, and the verdict.

A row is no wider than the pane at the bottom of a screen of 80 columns: one that wraps cannot be read as a table.
"""

from __future__ import annotations

import math

from tuibp.explain.why.gains import Gains
from tuibp.present.numbers import short

DIGITS = 4
"""Of a gain: `--json` has all of them."""
WORST = "> "
"""Stands before the step that shrinks it most, or makes it grow most."""


def gain_lines(table: Gains) -> list[str]:
    """The table in decades, with a mark on its worst step, then the verdict."""
    lines = [f"|{table.target.replace('db', 'δ')}| = {short(table.product, 6)}, as a product of gains:"]
    labels = [step.label for step in table.steps]
    gains = [short(step.value, DIGITS) for step in table.steps]
    width, columns = max(map(len, labels)), max(6, *map(len, gains))
    lines.append(f"  {'':<{width}}  {'gain':>{columns}} decades  the norm so far")
    for k, (step, label, gain) in enumerate(zip(table.steps, labels, gains, strict=True)):
        decades = math.log10(step.value) if step.value > 0.0 else -math.inf
        mark = WORST if k == table.worst else "  "
        norm = f"|{step.of}| = {short(step.norm, DIGITS)}"
        lines.append(f"{mark}{label:<{width}}  {gain:>{columns}} {decades:+7.2f}  {norm}")
    return [*lines, table.verdict]
