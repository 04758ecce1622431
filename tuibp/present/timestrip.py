"""The time line under the cost curve: where we are on it, marks, notes, stops and forks."""

from __future__ import annotations

from tuibp.present.board import Board
from tuibp.present.cells import Hit, Run
from tuibp.present.scene import Scene

HERE, FORK, STOPPED, NOTE, LINE = "▲", "┬", "●", "*", "─"


def time_strip(scene: Scene, room: int, batches: int) -> tuple[list[Run], list[tuple[int, str]]]:
    """One line of `room` columns, as wide as the curve above it, which covers so many batches.

    Returns:
        The line, and by column what can be picked there.
    """
    board, clock = scene.board, scene.view.timeline.clock
    signs: dict[int, tuple[str, str, str]] = {}

    def put(t: int, sign: str, role: str, target: str = "") -> None:
        owner = max(0, clock.begun(t)[0])
        # A batch that has not ended has no column yet: it stands at the end.
        signs[min(owner * room // max(1, batches), room - 1)] = (sign, role, target)

    for t in board.stopped:
        put(t, STOPPED, "bad", f"at:{t}")
    for entry in board.timelines:
        if entry.forked_at is not None and _on_our_way(board, entry.number):
            put(entry.forked_at, FORK, "accent", f"timeline:{entry.number}")
    for note in board.notes:
        if note.timeline == board.current:
            put(note.t, NOTE, "key", f"note:{note.number}")
    for mark in board.marks:
        if mark.timeline == board.current:
            put(mark.t, mark.name[0], "key", f"mark:{mark.name}")
    put(scene.view.t, HERE, "pc")
    runs: list[Run] = []
    for x in range(room):
        sign, role, _ = signs.get(x, (LINE, "dim", ""))
        if runs and runs[-1].role == role == "dim":
            runs[-1] = Run(runs[-1].text + sign, role)
        else:
            runs.append(Run(sign, role))
    return runs, [(x, target) for x, (_, _, target) in signs.items() if target]


def _on_our_way(board: Board, number: int) -> bool:
    """Whether a timeline forks off the current one, or is it."""
    order = [entry.number for entry in board.timelines]
    at, current = order.index(number), order.index(board.current)
    if number == board.current:
        return True
    depth = board.timelines[at].depth
    parent = next((e.number for e in reversed(board.timelines[:at]) if e.depth == depth - 1), None)
    return parent == board.timelines[current].number


def strip_hits(targets: list[tuple[int, str]], y: int, x: int) -> list[Hit]:
    """What can be clicked on it, on row y, from column x on."""
    return [Hit(y, x + column, 1, target) for column, target in targets]
