"""The prompt: one line at the bottom that asks for a position, a name, or any command, then gives the focus back.

The input field is made when it is first wanted: most sessions of stepping never ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.widgets import Input

GAP = "   "
"""Stands between two examples."""
LONGEST = 2000
"""Characters that may be typed."""
REMEMBERED = 500
"""Lines that the arrows bring back."""

Complete = Callable[[str, int], tuple[str, list[str]]]
"""(line, cursor) to the line with as much completed as is certain, and what may follow where it is not."""


def _whole(examples: str, room: int) -> str:
    """As many examples as there is room for."""
    shown = ""
    for example in examples.split(GAP):
        longer = f"{shown}{GAP}{example}" if shown else example
        if len(longer) > room:
            break
        shown = longer
    return shown


class Prompt(Horizontal):
    """Hidden until `ask`."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $panel; }
    Prompt #asks { width: auto; padding: 0 0 0 1; background: $panel; color: $accent; }
    Prompt Input { border: none; height: 1; padding: 0; width: 1fr; background: $panel; }
    Prompt Input:focus { border: none; }
    """

    class Answered(Message):
        """Enter was pressed on some text."""

        def __init__(self, command: str, text: str) -> None:
            super().__init__()
            self.command = command
            self.text = text

    class Candidates(Message):
        """Tab was pressed, and several words may follow."""

        def __init__(self, words: list[str]) -> None:
            super().__init__()
            self.words = words

    def __init__(self, complete: Complete | None = None) -> None:
        super().__init__(id="prompt")
        self.history: dict[str, list[str]] = {}
        """Lines that have been answered, by command, the latest last."""
        self._complete = complete
        self._field: Input | None = None
        self._asks = Static("", id="asks", markup=False)
        self._command = ""
        self._at = 0
        self._return_to: Widget | None = None

    def ask(self, command: str, label: str, example: str, text: str = "") -> None:
        """Ask for the argument of a command; an answer comes as `Answered`.

        Args:
            label: what stands before the field.
            example: what stands in it while it is empty: examples with three blanks between them, as many as fit.
            text: what it holds at first.
        """
        from textual.widgets import Input

        self._command = command
        self._return_to = self.screen.focused
        if self._field is None:
            self._field = Input(max_length=LONGEST, select_on_focus=False)
            self._field.cursor_blink = False
            self.mount(self._asks, self._field)
        self._asks.update(label)
        self._field.placeholder = _whole(example, self.screen.size.width - len(label) - 3)
        self._field.value = text
        self._field.cursor_position = len(text)
        self._at = len(self.history.get(command, []))
        self.display = True
        # At once: keys that have been typed ahead are the field's.
        self.screen.set_focus(self._field)

    def on_key(self, event: Key) -> None:
        """Tab completes, up and down bring lines back; all else is the field's; the screen sees to esc."""
        actions = {"tab": self._tab, "up": self._older, "down": self._newer}
        action = actions.get(event.key)
        if action is not None:
            event.stop()
            event.prevent_default()
            action()

    def _tab(self) -> None:
        if self._field is None or self._complete is None or self._command != "line":
            return
        line, words = self._complete(self._field.value, self._field.cursor_position)
        behind = self._field.value[self._field.cursor_position :]
        self._field.value = line + behind
        self._field.cursor_position = len(line)
        if words:
            self.post_message(self.Candidates(words))

    def _older(self) -> None:
        self._bring(self._at - 1)

    def _newer(self) -> None:
        self._bring(self._at + 1)

    def _bring(self, at: int) -> None:
        lines = self.history.get(self._command, [])
        if self._field is None or not 0 <= at <= len(lines):
            return
        self._at = at
        self._field.value = lines[at] if at < len(lines) else ""
        self._field.cursor_position = len(self._field.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        text = event.value.strip()
        if text:
            lines = self.history.setdefault(self._command, [])
            if not lines or lines[-1] != text:
                lines.append(text)
                del lines[:-REMEMBERED]
        if text or self._command == "line":
            self.post_message(self.Answered(self._command, text))

    @property
    def asking(self) -> bool:
        """Whether keys belong to the field."""
        return self.display and self._field is not None and self.screen.focused is self._field

    def on_descendant_blur(self) -> None:
        """A click elsewhere takes the focus: the question is dropped. When the window loses it, nobody has it."""
        if self.screen.focused is not None and not self.asking:
            self.display = False

    def close(self) -> None:
        """Give the focus back."""
        if self.display:
            self.display = False
            self.screen.set_focus(self._return_to)
