"""Pane: a bordered PictureView that paints itself from the scene, at whatever size it has been given.

It paints when the screen hands it a new scene, and on the first line drawn after its size has changed: so the very first frame is
already complete.
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tuibp.present.cells import Picture, Run
from tuibp.present.grid import Window
from tuibp.present.numbers import ASCII
from tuibp.present.scene import Scene
from tuibp.tui.panes import PANES, PaneRow
from tuibp.tui.widgets.picture import PictureView


def in_ascii(picture: Picture) -> Picture:
    """The picture with a plain character for every glyph that a font may lack."""
    rows = tuple(tuple(Run(run.text.translate(ASCII), run.role) for run in row) for row in picture.rows)
    return Picture(rows, picture.hits, picture.top, picture.left, picture.more)


class Pane(PictureView):
    """One pane of the debugger."""

    class Focused(Message):
        """The pane has been given the focus."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, row: PaneRow, *, ascii: bool) -> None:
        super().__init__(id=row.name, classes="-tabbed" if row.tabbed else "")
        self.row = row
        self.window = Window()
        self._scene: Scene | None = None
        self._ascii = ascii
        self._painted: tuple[int, int] | None = None
        self._title = ""
        self._tabs = ""

    def paint(self, scene: Scene) -> None:
        """Show a scene."""
        self._scene = scene
        if self.size and self.display:
            self._repaint()

    def _repaint(self) -> None:
        scene = self._scene
        if scene is None:
            return
        width, height = self.size
        picture = self.row.paint(scene, width, height, self.window)
        self._painted = (width, height)
        self._set_title(scene)
        self.show(in_ascii(picture) if self._ascii else picture)

    def set_tabs(self, tabs: str) -> None:
        """What stands behind the title: the panes that share this place."""
        self._tabs = tabs

    def _set_title(self, scene: Scene) -> None:
        title = f"{self.row.number} {self.row.title(scene)}{self._tabs}"
        if self._ascii:
            title = title.translate(ASCII)
        if title != self._title:
            self._title = title
            self.border_title = Content(title)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint first if the size has changed since."""
        if self._painted != tuple(self.size):
            self._repaint()
        return super().render_lines(crop)

    def scroll_by(self, dy: int, dx: int) -> None:
        """Move the window over what does not fit; it stays within it when painted."""
        self.window = Window(max(0, self.picture.top + dy), max(0, self.picture.left + dx))
        self._repaint()
        if dy or dx:
            self.window = Window(self.picture.top, self.picture.left)

    def follow(self) -> None:
        """Let the window follow the cursor and the program again."""
        self.window = Window()

    def on_focus(self) -> None:
        self.post_message(self.Focused(self))


def panes(*, ascii: bool) -> dict[str, Pane]:
    """All panes by name."""
    return {name: Pane(row, ascii=ascii) for name, row in PANES.items()}
