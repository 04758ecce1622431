"""The prompt: one line at the bottom that asks for a position, then gives the focus back.

The input field is made when it is first wanted: most sessions of stepping never ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.widgets import Input

EXAMPLES = "e2.b17.s4.bwd1.dW   t=500   41%   -3b   +1e   start   end"


class Prompt(Horizontal):
    """Hidden until `ask`."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $panel; }
    Prompt Input { border: none; height: 1; padding: 0 1; width: 1fr; background: $panel; }
    Prompt Input:focus { border: none; }
    """

    class Answered(Message):
        """Enter was pressed on some text."""

        def __init__(self, command: str, text: str) -> None:
            super().__init__()
            self.command = command
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._field: Input | None = None
        self._command = ""
        self._return_to: Widget | None = None

    def ask(self, command: str) -> None:
        """Ask for the argument of a command; an answer comes as `Answered`."""
        from textual.widgets import Input

        self._command = command
        self._return_to = self.screen.focused
        if self._field is None:
            self._field = Input(placeholder=f"{command}  {EXAMPLES}", max_length=200)
            self._field.cursor_blink = False
            self.mount(self._field)
        self._field.placeholder = f"{command}  {EXAMPLES}"
        self._field.value = ""
        self.display = True
        # At once: keys that have been typed ahead are the field's.
        self.screen.set_focus(self._field)

    def on_key(self, event: Key) -> None:
        """Esc leaves without an answer; every other key belongs to the field."""
        if event.key == "escape":
            event.stop()
            self.close()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        text = event.value.strip()
        if text:
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
