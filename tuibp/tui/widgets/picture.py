"""PictureView: paints a Picture on the screen, and repaints only the rows that changed.

Every pane of the screen is one of these. It draws lines itself instead of composing widgets, because one
widget of two thousand cells costs a fraction of what a table of cells costs, and it never parses markup. It
knows nothing of what the picture shows and has no keys: the mouse posts messages, and whoever owns the pane
decides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, zip_longest

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuibp.present.cells import Hit, Picture, Row, Run, row_text
from tuibp.present.numbers import in_ascii
from tuibp.tui.framework import TerminalApp, write_border
from tuibp.tui.palette import depth_of, palette_for

WHOLE = 0.7
"""Above this share of changed rows one repaint of all is cheaper than a list of regions."""

_EMPTY = Picture(rows=())


def one_cell_each(text: str) -> str:
    """The text with every character that is not exactly one printable cell replaced by "?".

    Painters promise such text already. This is the last door before the terminal: an escape sequence from a
    file must not pass even if a painter forgot.
    """
    if text.isprintable() and (text.isascii() or cell_len(text) == len(text)):
        return text
    return "".join(char if char.isprintable() and cell_len(char) == 1 else "?" for char in text)


def paint_row(row: Row, width: int, styles: Mapping[str, Style],
              clean: Callable[[str], str] = one_cell_each) -> Strip:  # fmt: skip
    """A row as a strip of `width` cells, cropped or padded; neighbours of one style become one segment.

    Args:
        clean: makes every character fit for the terminal; it keeps the length.
    """
    segments: list[Segment] = []
    room, whole = width, row_text(row)
    fit = whole.isascii() and whole.isprintable()
    for run in (*row, Run(" " * width)):
        text = (run.text if fit else clean(run.text))[:room]
        if not text:
            continue
        room -= len(text)
        style = styles[run.role]
        if segments and segments[-1].style is style:
            segments[-1] = Segment(segments[-1].text + text, style)
        else:
            segments.append(Segment(text, style))
    return Strip(segments, width)


def changed_rows(old: Sequence[Row], new: Sequence[Row]) -> list[int]:
    """The numbers of the rows that differ, in order; a row that only one of the two has differs."""
    return [y for y, (before, after) in enumerate(zip_longest(old, new)) if before != after]


def bands(rows: Iterable[int], width: int) -> list[Region]:
    """Full-width regions that cover the given rows, one region for each run of neighbouring rows."""
    regions = []
    for _, group in groupby(enumerate(rows), key=lambda item: item[1] - item[0]):
        ys = [y for _, y in group]
        regions.append(Region(0, ys[0], width, len(ys)))
    return regions


class PictureView(Widget, can_focus=True):
    """Shows a Picture. The border's subtitle says what does not fit (`Picture.more`)."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PictureView { width: 1fr; height: 1fr; background: $background; }
    """

    class Clicked(Message):
        """A cell was clicked: `button` 1 left, 2 middle, 3 right; `count` 2 for a double click."""

        def __init__(self, view: PictureView, hit: Hit, button: int, count: int) -> None:
            super().__init__()
            self.view = view
            self.hit = hit
            self.button = button
            self.count = count

        @property
        def control(self) -> PictureView:
            """The view, so that `on()` can select by it."""
            return self.view

    class Scrolled(Message):
        """The wheel was turned: `dx` columns to the right or `dy` rows down, one per notch."""

        def __init__(self, view: PictureView, dx: int, dy: int) -> None:
            super().__init__()
            self.view = view
            self.dx = dx
            self.dy = dy

        @property
        def control(self) -> PictureView:
            """The view, so that `on()` can select by it."""
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.title = ""
        """What `entitle` has written in the border."""
        self._picture = _EMPTY
        self._ascii = False
        self._styles: Mapping[str, Style] = {}

    @property
    def picture(self) -> Picture:
        """What is shown."""
        return self._picture

    def show(self, picture: Picture) -> None:
        """Show a picture; only the rows that differ from those on the screen are painted again."""
        old, self._picture = self._picture, picture
        if picture.more != old.more:
            write_border(self, "subtitle", self._clean(picture.more))
        changed = changed_rows(old.rows, picture.rows)
        if len(changed) > WHOLE * max(self.size.height, 1):
            self.refresh()
        elif changed:
            self.refresh(*bands(changed, self.size.width))

    def entitle(self, title: str) -> None:
        """Write a title in the border."""
        title = self._clean(title)
        if title != self.title:
            self.title = title
            write_border(self, "title", title)

    def _clean(self, text: str) -> str:
        """Only characters that this terminal is to get."""
        return in_ascii(one_cell_each(text)) if self._ascii else one_cell_each(text)

    def hit(self, x: int, y: int) -> Hit | None:
        """What stands at column x of row y of the picture, or None."""
        there = (each for each in self._picture.hits if each.y == y and each.x <= x < each.x + each.width)
        return next(there, None)

    def on_mount(self) -> None:
        self._ascii = isinstance(self.app, TerminalApp) and self.app.ascii
        self._take_palette()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._take_palette())

    def _take_palette(self) -> None:
        depth = depth_of(os.environ, self.app.console)
        self._styles = palette_for(depth, self.app.current_theme.dark).styles
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Row y of the picture. Textual keeps the strip until the row is refreshed or the width changes."""
        rows = self._picture.rows
        return paint_row(rows[y] if y < len(rows) else (), self.size.width, self._styles, self._clean)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters of the app but the one from ANSI colours to true colour.

        It costs a quarter of a full repaint, no palette uses the terminal's own sixteen colours, and at 256
        colours the entries chosen must stay what they are.
        """
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        hit = None if offset is None else self.hit(offset.x, offset.y)
        if hit is not None:
            event.stop()
            self.post_message(self.Clicked(self, hit, event.button, event.chain))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scrolled(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scrolled(event, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._scrolled(event, -1, sideways=True)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._scrolled(event, 1, sideways=True)

    def _scrolled(self, event: events.MouseEvent, step: int, sideways: bool = False) -> None:
        """Shift or control turns the wheel sideways, as everywhere in textual."""
        event.stop()
        dx, dy = (step, 0) if sideways or event.shift or event.ctrl else (0, step)
        self.post_message(self.Scrolled(self, dx, dy))
