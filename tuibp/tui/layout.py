"""Where the panes stand: which of those that share a place is in front, and which one has the whole screen.

Sizes stand in debugger.tcss; this module only sets the classes that it selects by. It paints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen

from tuibp.present.numbers import column_width
from tuibp.present.scene import Scene
from tuibp.tui.panes import PANES
from tuibp.tui.widgets.pane import Pane

TABBED = tuple(name for name, row in PANES.items() if row.tabbed)
"""Panes that share one place where the screen is small."""
BOTTOM = tuple(name for name, row in PANES.items() if row.bottom)
"""Panes that share the place at the bottom."""
PROGRAM = 27
"""Columns of the program's pane."""
BORDER = 2
"""Columns of a pane's border."""
LABELS = 8
"""Columns that a table takes beside its cells: the names of the rows and the border."""
PAIRED = ("dp", "matrix")
"""Panes that stand side by side where there is room."""


class Layout:
    """The panes of one screen."""

    def __init__(self, screen: Screen[None], panes: Mapping[str, Pane]) -> None:
        self.panes = panes
        self._screen = screen
        self._right, self._pair = Vertical(id="right"), Container(id="pair")
        self._front, self._bottom = "dp", "curve"

    def compose(self) -> ComposeResult:
        """The panes in their containers."""
        pane = self.panes
        with Horizontal(id="body"):
            yield pane["program"]
            with self._right:
                yield pane["network"]
                with self._pair:
                    yield pane["dp"]
                    yield pane["matrix"]
                yield pane["layer"]
                yield pane["formula"]
                for name in BOTTOM:
                    yield pane[name]

    def share(self, scene: Scene, width: int) -> None:
        """Part the room of the DP table and the matrix: half and half, or all its columns to the table.

        Args:
            width: of the screen.
        """
        room, sizes = width - PROGRAM, scene.view.network.sizes
        cell = column_width(scene.choices.digits) + 1
        table, matrix = len(sizes) * cell + LABELS, max(sizes[:-1]) * cell + LABELS
        least = min(matrix, room // 3)
        dp = max(room // 2, min(table, room - least))
        self.panes["dp"].styles.width = f"{dp}fr"
        self.panes["matrix"].styles.width = f"{max(1, room - dp)}fr"

    @staticmethod
    def bottom_width(width: int) -> int:
        """Columns within a pane at the bottom, on a screen of this width."""
        return width - PROGRAM - BORDER

    @property
    def listed(self) -> frozenset[str]:
        """The panes with lists that may be seen, whatever becomes of the size of the screen."""
        return frozenset((self._front, self._bottom))

    @property
    def zoomed(self) -> bool:
        """Whether one pane has the whole screen."""
        return self._screen.has_class("-zoomed")

    def zoom(self, name: str | None) -> None:
        """Give one pane the whole screen; None gives it back to all."""
        self._screen.set_class(name is not None, "-zoomed")
        self._right.set_class(name == "program", "-away")
        self._pair.set_class(name in PAIRED, "-zoom")
        for pane in self.panes.values():
            pane.set_class(pane.row.name == name, "-zoom")

    def bring(self, name: str) -> None:
        """Make a pane visible, whatever has hidden it."""
        if name in TABBED:
            self._front = name
        if name in BOTTOM:
            self._bottom = name
        for other in BOTTOM:
            self.panes[other].set_class(other == self._bottom, "-shown")
        for other in TABBED:
            self.panes[other].set_class(other == self._front, "-front")
        self._pair.set_class(self._front in PAIRED, "-front")
        # Where tables share one place an answer, which writes its own formula out, takes lines of the formula's pane.
        self._screen.set_class(self._front == "why" and self.panes["why"].has_class("-explains"), "-explaining")
        if self.zoomed:
            self.zoom(name)

    def covers(self, name: str, other: str) -> bool:
        """Whether bringing a pane would hide another one."""
        if name == other:
            return False
        group = TABBED if self.shared else BOTTOM
        return self.zoomed or (name in group and other in group)

    @property
    def in_front(self) -> str:
        """The pane that `bring` would hide."""
        return self._front if self.shared else self._bottom

    @property
    def shared(self) -> bool:
        """Whether the screen is so small that tables share one place."""
        screen = self._screen
        low = screen.has_class("-low") or screen.has_class("-short")
        return low or (screen.has_class("-narrow") and screen.has_class("-tall"))

    def name_tabs(self) -> None:
        """Where panes share a place, the one in front names the others."""
        shared = self.shared
        for name in TABBED:
            group = TABBED if shared else BOTTOM if name in BOTTOM else ()
            front = name == (self._front if shared else self._bottom)
            self.panes[name].tabs = (
                tuple(other for other in group if other != name) if front and not self.zoomed else ()
            )
