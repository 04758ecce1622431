"""What keys and clicks change of what is looked at: from a scene to new choices.

Pure; no number of the run changes here, and nothing is painted.
"""

from __future__ import annotations

from dataclasses import replace

from tuibp.debugger.names import CellRef
from tuibp.present.grid import Table, step_cursor
from tuibp.present.listing import places
from tuibp.present.scene import MATRICES, Choices, Scene
from tuibp.present.side import next_entry

DIGITS = (4, 6, 8)
"""The numbers of significant digits to choose from."""
ENTRY_KINDS = ("stop", "display", "timeline", "mark", "note", "at", "link")
"""What can be picked in the lists and on the time line."""
LOOK = "look:"
"""Before a sample's number or "mean": what a click on the strip of samples means."""


def move_cursor(scene: Scene, table: Table, dy: int, dx: int) -> Choices:
    """The cell cursor, `dy` rows down and `dx` columns right in a table."""
    return pick(scene, step_cursor(table, scene.choices.cursor, dy, dx))


def move_entry(scene: Scene, step: int) -> Choices:
    """The entry `step` lines further down in the list of the focused pane."""
    return replace(scene.choices, entry=next_entry(scene, scene.choices.pane, step) or "", cursor=None, place=None)


def move_place(scene: Scene, dy: int, dx: int) -> Choices:
    """The selected operation, `dy` lines of the listing down or `dx` operations to the right on its line."""
    lines = places(scene.view.program)
    now = scene.choices.place or (scene.next.name if scene.next is not None else "end")
    y, x = next((y, line.index(now)) for y, line in enumerate(lines) if now in line)
    line = lines[max(0, min(y + dy, len(lines) - 1))]
    return pick(scene, line[max(0, min(x + dx if dy == 0 else x, len(line) - 1))])


def pick(scene: Scene, target: CellRef | str) -> Choices:
    """Select a cell, an operation of the listing, or the column of the batch that a word of the sample strip names."""
    if isinstance(target, CellRef):
        return replace(scene.choices, cursor=target, place=None, entry="")
    if target.partition(":")[0] in ENTRY_KINDS:
        return replace(scene.choices, entry=target)
    if target.startswith(LOOK):
        column = target.removeprefix(LOOK)
        return look_at(scene, scene.view.m if column == "mean" else int(column))
    return replace(scene.choices, place=target, cursor=None, entry="")


def look_beside(scene: Scene, step: int) -> Choices:
    """Look at another sample of the batch; after the last one comes the mean."""
    view = scene.view
    now = view.m if scene.choices.look == "mean" else (view.sample or 0)
    return look_at(scene, now + step)


def look_at(scene: Scene, column: int) -> Choices:
    """Look at a column of the batch, at the mean where it is m; as before while no sample is loaded."""
    view = scene.view
    if view.record is None or view.current is None:
        return scene.choices
    column = max(0, min(column, view.m))
    return replace(scene.choices, look="mean" if column == view.m else column)


def next_matrix(scene: Scene) -> Choices:
    """The next tensor for the matrix pane; from following the program W, or what comes after it where W is shown.

    A cell of the matrix that was selected becomes the same cell of the new one.
    """
    choices = scene.choices
    shown = "W" if choices.matrix == "auto" and scene.matrix == "W" else choices.matrix
    now = MATRICES.index(shown)
    matrix = MATRICES[(now + 1) % len(MATRICES)]
    cursor = choices.cursor
    if cursor is not None and cursor.name in MATRICES:
        cursor = None if matrix == "auto" else replace(cursor, name=matrix)
    return replace(choices, matrix=matrix, cursor=cursor)


def next_digits(choices: Choices) -> Choices:
    """More significant digits, then the fewest again."""
    return replace(choices, digits=DIGITS[(DIGITS.index(choices.digits) + 1) % len(DIGITS)])
