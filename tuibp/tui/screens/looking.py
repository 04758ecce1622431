"""What keys and the mouse change of what is looked at: the focused pane, the cell, the line, the entry, the sample.

Nothing here moves in the run or changes a number; what acts is in `acting`, what paints in `debugger`.
"""

from __future__ import annotations

from dataclasses import replace

from tuibp.present import choosing
from tuibp.present.hints import Note
from tuibp.present.listing import GUTTER
from tuibp.present.numbers import symbol
from tuibp.present.scene import Choices, Scene
from tuibp.tui.framework import QuietScreen
from tuibp.tui.layout import Layout
from tuibp.tui.panes import PANES
from tuibp.tui.widgets.pane import Pane
from tuibp.tui.widgets.picture import PictureView

COUNT_DIGITS = 9
"""Longest count that can be typed."""
OVERLAP = 1
"""Lines of a text that stay in sight when a page is turned."""
END = 1_000_000_000
"""Lines that no text has."""


class LookingScreen(QuietScreen):
    """A screen with panes around one scene; how it is painted, and what can be done on it, is not known here."""

    choices: Choices
    scene: Scene
    layout_of: Layout
    _count = ""
    """The digits typed so far."""
    _covered = ""
    """The pane that an answer has covered: esc brings it back."""

    def show(self, note: Note | str | None = None) -> None:
        """Paint everything."""
        raise NotImplementedError

    def is_busy(self) -> bool:
        """Whether a long run is under way; if so, that is said."""
        raise NotImplementedError

    def act_on(self, target: str) -> None:
        """Do what an entry of a list is there for."""
        raise NotImplementedError

    def action_command(self, name: str) -> None:
        """Carry out a command by its name."""
        raise NotImplementedError

    def choose(self, choices: Choices, note: str = "") -> None:
        """Change what is looked at, and paint."""
        if choices.look != self.choices.look and self.is_busy():
            return
        self.choices = choices
        self.show(note)

    # -- panes

    def action_digit(self, digit: str) -> None:
        """Digits before a movement are its count."""
        if (self._count or digit != "0") and len(self._count) < COUNT_DIGITS:
            self._count += digit
            self.show("")

    def action_pane(self, direction: int) -> None:
        """Go to the next pane, or to the one whose number has been typed."""
        names, count = list(PANES), self._count
        self._count = ""
        if count:
            self.to_pane(names[min(int(count), len(names)) - 1])
        else:
            self.to_pane(names[(names.index(self.choices.pane) + direction) % len(names)])

    def to_pane(self, name: str) -> None:
        """Focus a pane, and make it visible: at once, so that the next key is already its own."""
        self._covered = ""
        # An entry belongs to its list: enter and delete mean nothing to it elsewhere.
        self.choices = replace(self.choices, pane=name, entry=self.choices.entry if name == self.choices.pane else "")
        self.layout_of.bring(name)
        self.set_focus(self.layout_of.panes[name])
        self.show()

    def front(self, name: str) -> None:
        """Make a pane visible; it gets the keys only where it covers the one that has them."""
        layout, focused = self.layout_of, self.choices.pane
        covers = layout.covers(name, focused)
        covered = self._covered or (focused if covers else layout.in_front)
        if covers:
            self.to_pane(name)
        else:
            layout.bring(name)
        self._covered = covered if covered != name else ""

    def back(self) -> None:
        """Bring back the pane that an answer has covered, with the keys where it had taken them."""
        covered, self._covered = self._covered, ""
        if self.layout_of.covers(covered, self.choices.pane):
            self.to_pane(covered)
        else:
            self.layout_of.bring(covered)
        self.show("")

    def on_pane_focused(self) -> None:
        """Focus by mouse; what a key has focused is known already."""
        if isinstance(self.focused, Pane) and self.focused.row.name != self.choices.pane:
            self.to_pane(self.focused.row.name)

    def on_pane_tab_clicked(self, event: Pane.TabClicked) -> None:
        """A click on the name of a pane brings it to the front."""
        self.to_pane(event.name)

    def do_zoom(self) -> None:
        """Give the focused pane the whole screen, and back."""
        self.layout_of.zoom(None if self.layout_of.zoomed else self.choices.pane)
        self.call_after_refresh(self.show)

    # -- cells, lines, entries

    def action_arrow(self, dy: int, dx: int) -> None:
        """The arrows: the cell cursor, the line of the program, another sample, or scrolling, as the pane has it."""
        pane = self.layout_of.panes[self.choices.pane]
        count, self._count = int(self._count or 1), ""
        dy, dx = count * dy, count * dx
        if pane.row.table is not None:
            pane.follow()
            self.choose(choosing.move_cursor(self.scene, pane.row.table(self.scene), dy, dx))
        elif pane.row.name == "program":
            pane.follow()
            self.choose(choosing.move_place(self.scene, dy, dx))
        elif pane.row.listed and dy and (choices := choosing.move_entry(self.scene, dy)).entry != self.choices.entry:
            pane.follow()
            self.choose(choices)
        elif pane.row.name == "network" and dx:
            self.look(dx)
        else:
            pane.scroll_by(dy, dx)  # also of a list with nothing to pick, and behind its last entry

    def action_page(self, direction: int, name: str) -> None:
        """A page up or down where the focused pane is a text; elsewhere the key's own command."""
        pane = self.layout_of.panes[self.choices.pane]
        if not pane.row.read:
            self.action_command(name)
            return
        pages, self._count = int(self._count or 1), ""
        pane.scroll_by(direction * pages * max(1, pane.size.height - OVERLAP), 0)
        self.show()

    def action_text_end(self, direction: int) -> None:
        """To the beginning or the end of a text; elsewhere these keys are nothing."""
        pane = self.layout_of.panes[self.choices.pane]
        if pane.row.read:
            self._count = ""
            pane.scroll_by(direction * END, 0)
            self.show()

    def on_picture_view_clicked(self, event: PictureView.Clicked) -> None:
        """A click selects a cell, a line or an entry; a second one goes there."""
        target = event.hit.target
        if isinstance(target, str) and target.startswith(GUTTER):
            self.act_on(target)
            return
        self.choose(choosing.pick(self.scene, target))
        if event.count == 2 and isinstance(target, str) and target == self.choices.entry:
            self.act_on(target)
        elif event.count == 2 and target == self.choices.place:
            self.action_command("advance")

    def on_picture_view_scrolled(self, event: PictureView.Scrolled) -> None:
        """The wheel scrolls the pane under it."""
        if isinstance(event.view, Pane):
            event.view.scroll_by(event.dy, event.dx)

    # -- columns, matrices, digits

    def do_look_left(self) -> None:
        """Look at the sample before."""
        self.look(-1)

    def do_look_right(self) -> None:
        """Look at the sample after, then at the mean."""
        self.look(+1)

    def look(self, step: int) -> None:
        """Look at another column of the batch."""
        loaded = self.scene.view.current is not None
        self.choose(choosing.look_beside(self.scene, step), "" if loaded else "No sample is loaded yet.")

    def do_matrix(self) -> None:
        """Change what the matrix pane shows, and bring it forward where another covers it."""
        if not self.layout_of.panes["matrix"].is_on_screen:
            self.layout_of.panes["matrix"].focus()
        choices = choosing.next_matrix(self.scene)
        follows = "follows the program" if choices.matrix == "auto" else f"shows {symbol(choices.matrix)}"
        self.choose(choices, f"The matrix pane {follows}.")

    def do_digits(self) -> None:
        """Show more significant digits, then the usual four again."""
        self.choose(choosing.next_digits(self.choices))
        self.layout_of.share(self.scene, self.app.size.width)

    def let_go(self) -> bool:
        """Drop the count; else what covers a pane; else the cell, the line or the entry; else the zoom.

        Returns:
            Whether there was anything of it.
        """
        if self._count:
            self._count = ""
            self.show("")
        elif self._covered:
            self.back()
        elif self.choices.cursor is not None or self.choices.place is not None or self.choices.entry:
            self.choose(replace(self.choices, cursor=None, place=None, entry=""))
        elif self.layout_of.zoomed:
            self.do_zoom()
        else:
            return False
        return True
