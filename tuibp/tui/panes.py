"""PANES: every pane a row: its number, its name, its title, its painter, and what its cursor walks over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuibp.present.cells import Picture, Window
from tuibp.present.curve import paint_curve
from tuibp.present.formula import paint_formula
from tuibp.present.grid import Table
from tuibp.present.listing import paint_listing
from tuibp.present.network import paint_network
from tuibp.present.scene import Scene
from tuibp.present.side import paint_explained, paint_said, paint_stops, paint_timelines
from tuibp.present.tables import (
    dp_table,
    layer_table,
    layer_title,
    matrix_table,
    matrix_title,
    paint_dp,
    paint_layer,
    paint_matrix,
)

Painter = Callable[[Scene, int, int, Window], Picture]


@dataclass(frozen=True, eq=False)
class PaneRow:
    """A row of the table."""

    name: str
    number: int
    title: Callable[[Scene], str]
    paint: Painter
    table: Callable[[Scene], Table] | None = None
    """The cells that the cursor walks over; None where a pane has none."""
    tabbed: bool = False
    """Whether it shares one place with others where the screen is small."""
    bottom: bool = False
    """Whether it shares the place at the bottom with others on every screen."""
    listed: bool = False
    """Whether it is a list whose entries can be picked."""
    read: bool = False
    """Whether it is a text that is read page by page: there the keys for pages turn pages and run no batch."""


def _fixed(title: str) -> Callable[[Scene], str]:
    return lambda _: title


_ROWS = (
    PaneRow("program", 1, _fixed("program"), paint_listing),
    PaneRow("network", 2, _fixed("network"), paint_network),
    PaneRow("dp", 3, _fixed("DP table ∂C/∂a"), paint_dp, dp_table, tabbed=True),
    PaneRow("layer", 4, layer_title, paint_layer, layer_table, tabbed=True),
    PaneRow("matrix", 5, matrix_title, paint_matrix, matrix_table, tabbed=True),
    PaneRow("formula", 6, _fixed("formula"), paint_formula),
    PaneRow("curve", 7, _fixed("cost curve"), paint_curve, tabbed=True, bottom=True),
    PaneRow("stops", 8, _fixed("stops"), paint_stops, tabbed=True, bottom=True, listed=True),
    PaneRow("timelines", 9, _fixed("timelines"), paint_timelines, tabbed=True, bottom=True, listed=True),
    PaneRow("console", 10, _fixed("console"), paint_said, tabbed=True, bottom=True, read=True),
    PaneRow("why", 11, _fixed("why"), paint_explained, tabbed=True, bottom=True, listed=True, read=True),
)

PANES: dict[str, PaneRow] = {row.name: row for row in _ROWS}
"""Every pane by name, in the order of their numbers."""
