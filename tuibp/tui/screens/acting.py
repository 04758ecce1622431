"""What keys do that act on the console: stops, displays, marks, notes, edits, and the command line itself.

Every one of them is a command line that somebody could have typed; the transcript shows it as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from textual import events

from tuibp.console.console import Console
from tuibp.console.reply import Reply
from tuibp.debugger.names import CellRef
from tuibp.errors import TuibpError
from tuibp.present.hints import Note
from tuibp.present.listing import at_hand, places
from tuibp.present.side import ENTRIES, next_entry
from tuibp.tui.helm import Helm
from tuibp.tui.screens.looking import LookingScreen
from tuibp.tui.widgets.prompt import Prompt

SELECT_CELL = "Select a cell first: the arrows in a table, or the mouse."
EXAMPLES = {
    "goto": ("go to ", "e2.b17.s4.bwd1.dW   t=500   41%   -3b   +1e   start   end   'a   $3"),
    "note": ("note ", "what is to be remembered about this place"),
    "find": ("find ", "cost > 0.3   norm(gW[1]) < 1e-6   any(isnan(z[2]))"),
    "set": ("set ", "W[2][0,1] = 0.5   lr = 0.1   a[1][0] = 0"),
    "line": (":", "break bwd 1 if norm(delta[1]) < 0.05   print W[1]   catch nan   help   watch cost > 1"),
}
"""By command: what stands before the prompt, and in it."""
ANSWERED = "The answer stands in the console: 10 tab goes there, the arrows scroll."
EXPLAINED = "Arrows pick, enter follows, backspace returns, pgdn reads on."
COVERED = "Arrows, pgdn, pgup, home, end scroll; esc goes back."
BESIDE = "The answer stands in the why pane: 11 tab goes there, pgdn reads on."
PENDING = {"mark": "Press a letter: this place gets it as its name.", "go-mark": "Press the letter of a mark."}
WORDS = 24
"""Candidates of a completion that are shown."""
MOST_SAID = 5000
"""Lines of the transcript that are kept."""


class Keeper(Protocol):
    """What saves a session as it goes on."""

    tell: Callable[[str], None]
    """Who is told what goes wrong."""

    def keep(self, console: Console) -> None:
        """Save it, if anything has been done since."""


class ActingScreen(LookingScreen):
    """A screen with a console; how it is painted is not known here."""

    keeper: Keeper | None

    console: Console
    helm: Helm
    prompt: Prompt
    again: Callable[[], None] | None = None
    """Does once more what moved last."""
    _line = ""
    """What has been carried out last, as it was typed."""
    _asks = False
    """Whether a key has asked why: then the answer gets the keys."""
    _pending = ""
    """The command that waits for a letter."""

    # -- lines

    def carry_out(self, line: str) -> None:
        """Carry out a command line; the transcript shows it with its answer."""
        if self.is_busy():
            return
        try:
            meant = self.console.meant(line)
            if meant.command is None:  # an empty line with nothing to repeat, a comment
                self.show("")
                return
            self._line = line if line.strip() else f"{meant.command.name} {meant.argument}".strip()
            self._said([f": {self._line}"])
            if meant.command.moves:
                self.again = partial(self.carry_out, self._line)
            self.helm.carry_out(line)
        except TuibpError as error:
            if self._line != line and line.strip():  # it could not even be read
                self._said([f": {line}"])
            self._line = line
            self.failed(error)

    def _said(self, lines: Sequence[str]) -> None:
        self.console.said.extend(lines)
        del self.console.said[:-MOST_SAID]
        self.layout_of.panes["console"].follow()

    def failed(self, error: TuibpError) -> None:
        """A command could not be carried out: the last line says where the line that was typed goes wrong, and why."""
        lines = str(error).split("\n")
        self._said([f"! {line}" for line in lines])
        self._asks = False
        told = lines[0]
        from tuibp.debugger.expressions.syntax import ExpressionError

        if isinstance(error, ExpressionError) and error.text in self._line:
            told = f"column {self._line.index(error.text) + error.column + 1}: {told}"
        if not self.layout_of.covers("console", self.choices.pane):  # there it points at the place
            self.front("console")
        remedy = error.hint if error.hint and told.endswith(error.hint) else ""
        self.show(Note(told, error=True, said=True, remedy=remedy))

    def keep(self) -> None:
        """Save the session, once what has changed is painted."""
        if self.keeper is not None:
            self.call_after_refresh(self.keeper.keep, self.console)

    def answered(self, reply: Reply) -> None:
        """A command has been carried out: its answer goes to the transcript, and what is short to the last line."""
        self.keep()
        if reply.quit or self.console.next:
            self.app.exit(return_code=0)
            return
        self._said(reply.lines)
        if reply.values.get("explained"):
            self._explained(reply)
            return
        if len(reply.lines) > 1 and not reply.moved:
            self.front("console")
            self.show(COVERED if self.choices.pane == "console" else ANSWERED)
            return
        told, hits = reply.lines[0] if reply.lines else "", reply.values.get("stops")
        if isinstance(hits, list) and hits:
            from tuibp.present.stopped import hit_note

            hit = hits[0]
            told = hit_note(hit["number"], hit["stop"], hit["values"], self.console.digits)
            told = f"and {len(hits) - 1} more: {told}" if len(hits) > 1 else told
        self.show(Note(told, error=reply.failed, said=True))

    def _explained(self, reply: Reply) -> None:
        """An answer with links: whoever has asked by key gets it under the keys, the first link picked."""
        self.layout_of.panes["why"].add_class("-explains")  # from now on it is worth more lines
        self.layout_of.panes["why"].follow()
        before, known = self.choices.pane, self.console.explained
        if self._asks and before != "why":
            self.to_pane("why")
            self._covered = before
        else:
            self.front("why")
        self._asks = False
        if self.choices.pane == "why" and known is not None and known.links:
            self.choices = replace(self.choices, entry="link:1")
        told = EXPLAINED if known is not None and known.links else COVERED
        if self.choices.pane != "why":
            told = BESIDE
        self.show(Note(reply.lines[0] if reply.moved else told, error=reply.failed, said=True))

    def do_line(self) -> None:
        """The command line."""
        self.ask("line")

    def do_note(self) -> None:
        """Write something down about this place."""
        self.ask("note")

    def do_find(self) -> None:
        """Look for where something held."""
        self.ask("find")

    def ask(self, name: str, text: str = "") -> None:
        """Ask for what a command wants."""
        label, example = EXAMPLES[name]
        self.prompt.ask(name, label, example, text)

    def on_prompt_answered(self, event: Prompt.Answered) -> None:
        """What has been typed is a line, or the argument of a command."""
        self.carry_out(event.text if event.command == "line" else f"{event.command} {event.text}")

    def on_prompt_candidates(self, event: Prompt.Candidates) -> None:
        """What may follow on the command line."""
        more = " …" if len(event.words) > WORDS else ""
        self.show("  ".join(event.words[:WORDS]) + more)

    # -- keys

    def takes(self, event: events.Key) -> bool:
        """Whether a key is the letter that a command has been waiting for."""
        name, self._pending = self._pending, ""
        if not name or self.prompt.asking:
            return False
        if event.character is not None and event.character.isalpha() and event.character.isascii():
            self.carry_out(f"mark {event.character}" if name == "mark" else f"goto '{event.character}")
        else:
            self.show("")
        return True

    def do_mark(self) -> None:
        """Mark this place with the letter that comes next."""
        self._wait("mark")

    def do_go_mark(self) -> None:
        """Go to the mark whose letter comes next."""
        self._wait("go-mark")

    def _wait(self, name: str) -> None:
        self.show(PENDING[name])
        self._pending = name

    def do_last_change(self) -> None:
        """Go back to where the selected cell was changed."""
        cell = self._cell()
        if cell is not None:
            self.carry_out(f"last {cell}")

    def do_enter(self) -> None:
        """Do what the picked entry is there for."""
        if self.choices.entry:
            self.act_on(self.choices.entry)
        elif self.choices.cursor is not None and self.choices.pane != "console":
            self._asks = True
            self.carry_out(f"why {self.choices.cursor}")

    def do_gradcheck(self) -> None:
        """Hold the gradient of the selected cell against differences of the cost; without one, that of the batch."""
        cell = self.choices.cursor
        self._asks = True
        self.carry_out("gradcheck" if cell is None else f"gradcheck {cell}")

    def do_forget(self) -> None:
        """Delete the picked stop or display."""
        if self.choices.entry:
            self.forget(self.choices.entry)

    def do_break_here(self) -> None:
        """Stop before the selected line, or no longer."""
        name = self.choices.place or at_hand(self.scene)
        if name is None:
            self.show(Note("Nothing comes next here: select a line of the program.", error=True))
            return
        self._toggle(name, [name])

    def _toggle(self, name: str, line: Sequence[str]) -> None:
        """Break before an operation, or forget the breaks that stand on its line."""
        there = [str(stop.number) for stop in self.scene.board.stops if set(line) & set(stop.ops)]
        self.carry_out(f"delete {' '.join(there)}" if there else f"break {name}")

    def do_watch_cell(self) -> None:
        """Stop where the selected cell changes."""
        cell = self._cell()
        if cell is not None:
            self.carry_out(f"watch {cell}")

    def do_display_cell(self) -> None:
        """Show the selected cell at every stop."""
        cell = self._cell()
        if cell is not None:
            self.carry_out(f"display {cell}")

    def do_edit(self) -> None:
        """Edit the selected cell, or the parameter that it belongs to; without one, whatever is typed."""
        from tuibp.debugger.edits import INSTEAD

        cell = self.choices.cursor
        if cell is not None and cell.name in INSTEAD:
            self.show(f"{cell} follows from other numbers; {INSTEAD[cell.name]} is what can be set.")
            cell = replace(cell, name=INSTEAD[cell.name])
        self.ask("set", "" if cell is None else f"{cell} = ")

    def _cell(self) -> CellRef | None:
        if self.choices.cursor is None:
            self.show(Note(SELECT_CELL, error=True))
        return self.choices.cursor

    def act_on(self, target: str) -> None:
        """Do what an entry of a list is there for."""
        kind, _, name = target.partition(":")
        if kind == "stop":
            enabled = any(str(stop.number) == name and stop.enabled for stop in self.scene.board.stops)
            self.carry_out(f"{'disable' if enabled else 'enable'} {name}")
        elif kind == "timeline":
            self.carry_out(f"timeline {name}")
        elif kind == "mark":
            self.carry_out(f"goto '{name}")
        elif kind == "at":
            self.carry_out(f"goto t={name}")
        elif kind == "note":
            self.carry_out(f"goto *{name}")
        elif kind == "link":
            self.carry_out(f"follow {name}")
        elif kind == "gutter":
            self._toggle(name, next(line for line in places(self.scene.view.program) if name in line))

    def forget(self, target: str) -> None:
        """Delete the picked entry, if that can be; the one behind it is picked then."""
        kind, _, name = target.partition(":")
        below = next_entry(self.scene, self.choices.pane, +1) if self.choices.pane in ENTRIES else None
        next_to = below if below is not None and below != target else ""
        if kind == "stop":
            self.carry_out(f"delete {name}")
        elif kind == "display":
            self.carry_out(f"undisplay {name}")
        else:
            return
        self.choices = replace(self.choices, entry=next_to)
        self.show()
