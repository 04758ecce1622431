"""Pane: a bordered PictureView that paints itself from the scene, at whatever size it has been given.

It paints when the screen hands it a new scene, and on the first line drawn after its size has changed: so the very
first frame is already complete.
"""

from __future__ import annotations

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tuibp.present.cells import Window, cut
from tuibp.present.scene import Scene
from tuibp.tui.framework import forget_repaint
from tuibp.tui.panes import PANES, PaneRow
from tuibp.tui.widgets.picture import PictureView

TABS = (" · ", "·")
"""Stands between the names of panes that share a place; the second where there is little room."""
LEAST_NAME = 3
"""Letters that are left at least of the name of another pane, where there is little room."""
TITLE_X = 3
"""The column of the border in which its title begins."""


class Pane(PictureView):
    """One pane of the debugger."""

    class Focused(Message):
        """The pane has been given the focus."""

    class TabClicked(Message):
        """The name of another pane, which shares the place, has been clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, row: PaneRow) -> None:
        super().__init__(id=row.name, classes=" ".join(["-tabbed"] * row.tabbed + ["-bottom"] * row.bottom))
        self.row = row
        self.window = Window()
        self.tabs: tuple[str, ...] = ()
        """The names of the other panes that share this place, if this one is in front of them."""
        self._spans: list[tuple[int, str]] = []
        """Where the title's parts end, each with the pane that it names."""
        self._scene: Scene | None = None
        self._painted: tuple[int, int] | None = None

    @property
    def is_on_screen(self) -> bool:
        """Whether it has a place at the moment."""
        return bool(self.size) and self.display

    def paint(self, scene: Scene) -> None:
        """Show a scene."""
        self._scene = scene
        self._painted = None
        if self.is_on_screen:
            self._repaint()

    def _repaint(self) -> None:
        scene = self._scene
        if scene is None:
            return
        width, height = self.size
        picture = self.row.paint(scene, width, height, self.window)
        self._painted = (width, height)
        self.entitle(self._titled(scene, max(1, width - TITLE_X - 1)))
        self.show(picture)

    def _titled(self, scene: Scene, room: int) -> str:
        """The title, and the other panes that share the place: their names shortened as far as there is no room."""
        mark = "▸ " if scene.choices.pane == self.row.name else ""
        title = self.row.title(scene)
        gap, short, letters = TABS[0], title, max(map(len, self.tabs), default=0)

        def words() -> list[str]:
            return [f"{mark}{self.row.number} {short}", *(f"{PANES[tab].number} {tab[:letters]}" for tab in self.tabs)]

        while self.tabs and len(gap.join(words())) > room and letters > LEAST_NAME:
            gap, letters = TABS[1], letters - 1
        # Of a title that is too long the first words stay: they name the tensor, or the layer.
        for brief in (" ".join(title.split()[:2]).rstrip(","), title.split()[0], self.row.name):
            if self.tabs and len(gap.join(words())) > room:
                short = brief
        self._spans, end = [], 0
        for name, word in zip((self.row.name, *self.tabs), words(), strict=True):
            end += len(word) + len(gap)
            self._spans.append((end, name))
        return cut(gap.join(words()), room)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint first if the size has changed since; what that changes is drawn now and need not be drawn again."""
        if self._painted != tuple(self.size):
            self._repaint()
            if crop == self.outer_size.region:
                forget_repaint(self)
        return super().render_lines(crop)

    def scroll_by(self, dy: int, dx: int) -> None:
        """Move the window over what does not fit; it stays within it when painted."""
        self.window = Window(max(0, self.picture.top + dy), max(0, self.picture.left + dx))
        self._repaint()
        self.window = Window(self.picture.top, self.picture.left)

    def follow(self) -> None:
        """Let the window follow the cursor and the program again."""
        self.window = Window()

    def on_focus(self) -> None:
        self.post_message(self.Focused())

    def on_click(self, event: events.Click) -> None:
        """In the border's title, the names of the panes behind this one can be clicked."""
        if event.y or not self.tabs:
            return
        name = next((name for end, name in self._spans if event.x - TITLE_X < end), None)
        if name is not None:
            self.post_message(self.TabClicked(name))


def panes() -> dict[str, Pane]:
    """All panes by name."""
    return {name: Pane(row) for name, row in PANES.items()}
