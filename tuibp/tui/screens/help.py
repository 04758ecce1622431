"""The help: what the focused pane shows, and every key. Any key that closes things closes it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tuibp.present.help import paint_help
from tuibp.tui.widgets.picture import PictureView


class HelpView(PictureView):
    """The text, scrolled by the screen around it."""


class HelpScreen(ModalScreen[None]):
    """Explains a pane."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen HelpView {
        width: 90%; max-width: 96; height: 90%;
        border: round $border; padding: 0 1; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close"),
        Binding("down,j", "scroll(1)"),
        Binding("up,k", "scroll(-1)"),
        Binding("pagedown,space", "scroll(10)"),
        Binding("pageup,backspace", "scroll(-10)"),
        Binding("home", "scroll(-1000)"),
        Binding("end", "scroll(1000)"),
    ]

    def __init__(self, pane: str) -> None:
        super().__init__()
        self._pane = pane
        self._top = 0

    def compose(self) -> ComposeResult:
        yield HelpView()

    def on_mount(self) -> None:
        view = self.query_one(HelpView)
        view.entitle("help: arrows scroll, esc closes")
        view.focus()
        self.call_after_refresh(self._paint)

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        view = self.query_one(HelpView)
        picture = paint_help(self._pane, view.content_size.width, view.content_size.height, self._top)
        self._top = picture.top
        view.show(picture)

    def on_picture_view_scrolled(self, event: PictureView.Scrolled) -> None:
        self.action_scroll(event.dy)

    def action_scroll(self, lines: int) -> None:
        """Scroll by some lines."""
        self._top = max(0, self._top + lines)
        self._paint()
