"""What was found, and how it is shown: as text, as Markdown, as JSON. Nothing is measured here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Target:
    """What a figure should be."""

    sense: Literal[">=", "<="]
    bound: float

    def __str__(self) -> str:
        return f"{self.sense} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One number with its target."""

    label: str
    value: float
    unit: str = ""
    target: Target | None = None
    """None for what is shown for information."""

    @property
    def verdict(self) -> Literal["ok", "missed", ""]:
        """Whether it is what it should be; empty where nothing is asked of it."""
        if self.target is None:
            return ""
        held = self.value >= self.target.bound if self.target.sense == ">=" else self.value <= self.target.bound
        return "ok" if held else "missed"


@dataclass(frozen=True)
class Grid:
    """Numbers by row and column."""

    title: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[float | None, ...]]
    """By name, a number for each column; None where nothing was measured."""


@dataclass(frozen=True)
class Section:
    """What one section found."""

    name: str
    title: str
    grids: Sequence[Grid] = ()
    figures: Sequence[Figure] = ()


def at_least(bound: float | None) -> Target | None:
    """>= bound; None where there is none."""
    return None if bound is None else Target(">=", bound)


def at_most(bound: float | None) -> Target | None:
    """<= bound; None where there is none."""
    return None if bound is None else Target("<=", bound)


def figures_of(found: Mapping[str, Any], prefix: str = "") -> Iterator[Figure]:
    """Figures of a nested dict: a number, or a dict with a value and perhaps a unit and a target such as "<= 16"."""
    for name, each in found.items():
        label = f"{prefix}{name}"
        if not isinstance(each, Mapping):
            yield Figure(label, float(each))
        elif "value" in each:
            sense, _, bound = (each.get("target") or "").partition(" ")
            target = at_least(float(bound)) if sense == ">=" else at_most(float(bound)) if sense else None
            yield Figure(label, float(each["value"]), each.get("unit", ""), target)
        else:
            yield from figures_of(each, f"{label}, ")


def number(value: float | None) -> str:
    """Three digits, as many as a measurement is good for."""
    if value is None or not math.isfinite(value):
        return "-"
    size = abs(value)
    digits = 2 if size == 0 else min(3, max(0, 2 - math.floor(math.log10(size))))
    return f"{value:,.{digits}f}"


Cells = list[tuple[str, ...]]


def _grid(grid: Grid) -> Cells:
    return [(grid.title, *grid.columns), *((name, *map(number, row)) for name, row in grid.rows.items())]


def _figures(figures: Sequence[Figure]) -> Cells:
    head = ("", "found", "", "target", "")
    return [head, *((f.label, number(f.value), f.unit, str(f.target or ""), f.verdict) for f in figures)]


def _tables(section: Section) -> Iterator[tuple[Cells, str]]:
    """The tables of a section, and how their columns lie: l(eft) or r(ight)."""
    for grid in section.grids:
        yield _grid(grid), "l" + "r" * len(grid.columns)
    if section.figures:
        yield _figures(section.figures), "lrlll"


def as_text(section: Section) -> str:
    """A heading and its tables, columns aligned."""
    lines = [section.title, "=" * len(section.title)]
    for cells, sides in _tables(section):
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines.append("")
        for row in cells:
            parts = zip(row, widths, sides, strict=True)
            lines.append("  ".join(f"{text:{'<' if side == 'l' else '>'}{width}}" for text, width, side in parts))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def as_markdown(section: Section) -> str:
    """The same as tables of Markdown."""
    lines = [f"**{section.title}**"]
    for cells, sides in _tables(section):
        head, *body = cells
        rule = ["---" if side == "l" else "---:" for side in sides]
        lines += ["", *(f"| {' | '.join(row)} |" for row in (head, rule, *body))]
    return "\n".join(lines) + "\n"


def as_json(section: Section) -> dict[str, Any]:
    """The same, unrounded; what is not a finite number is null."""

    def plain(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    return {
        "title": section.title,
        "grids": [
            {
                "title": grid.title,
                "rows": {
                    name: dict(zip(grid.columns, map(plain, row), strict=True)) for name, row in grid.rows.items()
                },
            }
            for grid in section.grids
        ],
        "figures": [
            {
                "label": figure.label,
                "value": plain(figure.value),
                "unit": figure.unit,
                "target": str(figure.target) if figure.target else None,
                "verdict": figure.verdict or None,
            }
            for figure in section.figures
        ],
    }
