"""The scene: everything that painters look at, made once for every stop.

A scene is a value. Every pane is painted from the same scene, so no two panes can disagree about where we are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tuibp.debugger.names import CellRef
from tuibp.debugger.position import Frame
from tuibp.debugger.session import Session
from tuibp.debugger.view import Look, View
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Level, Tensor
from tuibp.engine.program import Op
from tuibp.present.board import EMPTY, Board
from tuibp.present.numbers import DIGITS

MATRICES = ("auto", "W", "dW", "gW", "uW")
"""What the matrix pane can show; auto follows the program."""
_AUTO = {"z": "W", "a": "W", "grad": "gW", "update": "W"}
_BACKWARD = {"dC_da": "W", "sp": "W", "db": "dW", "dW": "dW"}


@dataclass(frozen=True)
class Choices:
    """What the user has chosen to look at; none of it changes a number."""

    look: Look = None
    """The column of the batch; None follows the program."""
    cursor: CellRef | None = None
    """The selected cell."""
    place: str | None = None
    """The selected line of the program, by the name of its operation; None follows the program counter."""
    matrix: str = "auto"
    """One of `MATRICES`."""
    digits: int = DIGITS
    """Significant digits of a number in a table."""
    entry: str = ""
    """The entry picked in a list: "stop:2", "timeline:1", "mark:a"."""
    pane: str = "dp"
    """The pane that has the keys: its cell is under the cursor, the same cell elsewhere is only marked."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One stop, ready to be painted."""

    view: View
    frame: Frame
    """The selected frame."""
    choices: Choices
    just: tuple[Op, ...]
    """The operations that the last movement ran, the latest last; after a movement back those of the step before it."""
    costs: Array
    """Mean cost of every row of the flight log."""
    title: str
    cost_stride: int = 1
    """Batches that a row of `costs` stands for; the last one may stand for fewer."""
    board: Board = EMPTY
    """Stops, timelines, marks and what else is beside the numbers."""
    ran_so_far: int = -1
    """Batches that had been run when `costs` was copied."""

    @classmethod
    def of(cls, session: Session, choices: Choices | None = None, since: int | None = None, board: Board = EMPTY,
           before: Scene | None = None) -> Scene:  # fmt: skip
        """The scene at the session's position.

        Args:
            since: the position from which on operations count as just done; None for where the last movement came from.
            before: another scene of this session, whose costs are taken over while no further batch has been run.
        """
        choices = choices or Choices()
        view = session.view(choices.look)
        just = done_since(session, view, session.came_from if since is None else since)
        log = session.timeline.log
        same = before is not None and before.view.timeline is session.timeline and before.ran_so_far == log.filled
        costs = before.costs if before is not None and same else log.mean_costs()
        return cls(view, session.frame, choices, just, costs, session.recipe.title, log.stride, board, log.filled)

    @property
    def done(self) -> Op | None:
        """The operation just executed: t-1."""
        return self.just[-1] if self.just else None

    @cached_property
    def ran(self) -> frozenset[str]:
        """The names of the operations that the last movement ran."""
        return frozenset(op.name for op in self.just)

    @cached_property
    def lit(self) -> frozenset[Tensor]:
        """What the last movement wrote."""
        return frozenset(tensor for op in self.just for tensor in op.writes)

    @property
    def next(self) -> Op | None:
        """The operation at the program counter; None at the end."""
        return self.view.position.op

    @cached_property
    def read(self) -> frozenset[Tensor]:
        """What the answer on the board reads; without one what the operation just executed read."""
        if self.board.reads:
            return frozenset(Tensor(name, layer) for name, layer in self.board.reads)
        return frozenset(self.done.reads) if self.done is not None else frozenset()

    def is_stale(self, tensor: Tensor) -> bool:
        """Whether it was computed from a number that has been set by hand since."""
        if tensor not in self._stale:
            self._stale[tensor] = self.view.defined(*tensor) and self.view.stale(*tensor)
        return self._stale[tensor]

    @cached_property
    def _stale(self) -> dict[Tensor, bool]:
        return {}

    @cached_property
    def ready(self) -> frozenset[Tensor]:
        """What the next operation will write."""
        return frozenset(self.next.writes) if self.next is not None else frozenset()

    @cached_property
    def layer(self) -> int:
        """The layer that the layer and matrix panes show: the cursor's, or that of the operation at hand."""
        if self.choices.cursor is not None and self.choices.cursor.layer is not None:
            return self.choices.cursor.layer
        for op in (self.done, self.next):
            if op is not None and op.layer:
                return op.layer
        return self.view.network.L if self.done is not None and self.done.kind.name == "cost" else 1

    @cached_property
    def matrix_layer(self) -> int:
        """The layer of the matrix pane: a column of the DP table comes from the weights of the layer above."""
        done, layer = self.done, max(1, self.layer)
        above = done is not None and done.kind.name == "dC_da" and self.matrix == "W" and self.choices.cursor is None
        return min(layer + above, self.view.network.L)

    @cached_property
    def matrix(self) -> str:
        """The tensor that the matrix pane shows: W, dW, gW or uW."""
        if self.choices.matrix != "auto":
            return self.choices.matrix
        cursor = self.choices.cursor
        if cursor is not None and cursor.name in MATRICES:
            return cursor.name
        if self.done is None:
            return "W"
        if self.done.kind.name == "acc":
            return "dW"
        return (_AUTO | _BACKWARD).get(self.done.kind.name, "W")


def done_since(session: Session, view: View, since: int) -> tuple[Op, ...]:
    """The operations between `since` and here, oldest first.

    After a jump, which is a movement over more than a pass, only those of the last line: to light all that it wrote
    would light everything. After a movement back, when `since` lies ahead, only the one before t.
    """
    clock, t = session.clock, session.t
    first = t - 1
    if since < t:
        first = since if since >= clock.move(t, -1, Level.PASS) else clock.move(t, -1, Level.LAYER)
    return tuple(op for at in range(max(first, 0), t) if (op := clock.at(at).op) is not None)
