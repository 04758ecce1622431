"""The records of an edited batch: what it looks like after 0, 1, ... n of its edits is one each.

Each has buffers of its own, so that a view of what was there before an edit stays true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tuibp.debugger.edited_batch import Numbers, differs, parameter, put, put_gradient
from tuibp.debugger.edits import Edit, Site
from tuibp.debugger.gauges import Gauges
from tuibp.debugger.record import Record, Spent
from tuibp.engine.arrays import Array, IntArray, Memory
from tuibp.engine.calls import Shared
from tuibp.engine.metrics import Judge
from tuibp.engine.program import Program
from tuibp.engine.quiet import quiet
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State


class Applied(NamedTuple):
    """An edit that has been made."""

    edit: Edit
    site: Site
    changed: bool
    """Whether it changed any bit."""


class EditedRecord(Record):
    """A batch after the first n of its edits, computed whole."""

    def __init__(
        self, program: Program, batch: int, numbers: Numbers, spent: Spent, shared: Shared, applied: tuple[Applied, ...]
    ) -> None:
        """
        Args:
            applied: the edits that have been made.
        """
        super().__init__(program, batch, numbers.ws.state, lambda: numbers.ws, shared, spent)
        self.numbers = numbers
        self.applied = applied
        self.stages: tuple[EditedRecord, ...] = (self,)
        """The batch after 0, 1, ... of its edits."""

    @property
    def done(self) -> int:
        """All operations."""
        return len(self._program.batch_ops)

    @property
    def complete(self) -> bool:
        """It always is."""
        return True

    def ensure(self, count: int) -> None:
        """Nothing is left to compute."""

    @property
    def after(self) -> State:
        """What the next batch finds."""
        return self.numbers.after

    def stage(self, count: int) -> Record:
        """The batch after the first `count` of its edits."""
        return self.stages[count]

    def gauges(self, judge: Judge | None) -> Gauges:
        """Reads its buffers, and leaves the costs as they were when they were taken."""
        return _Standing(self.ws.slots, judge)

    @property
    def input_gradient(self) -> Array:
        """(n_0, m) dC/da of the inputs, as it was formed with δ[1]."""
        return self.numbers.input_gradient

    def softmax(self, layer: int) -> Array:
        """(n_l, m) what the Jacobian of a layer without a column of slopes was made of."""
        return self.numbers.softmax[layer]

    def factors(self, layer: int) -> tuple[Array, Array]:
        """(n_l, m) δ[l] and (n_{l-1}, m) a[l-1] as they were when dW[l] was formed of them."""
        D, A = super().factors(layer)
        formed = self.numbers.formed
        if not formed:
            return D, A
        D, A = D.copy(), A.copy()
        for (name, of, sample), column in formed.items():
            if (name, of) == ("db", layer):
                D[:, sample] = column
            elif (name, of) == ("a", layer - 1):
                A[:, sample] = column
        return D, A


class _Standing(Gauges):
    def costs(self, count: int) -> Array:
        costs: Array = np.add.reduce(self._slots.C[:count], 1, np.float64)
        return costs


class Editor:
    """Makes the records of one edited batch."""

    def __init__(self, program: Program, memory: Memory, shared: Shared) -> None:
        """
        Args:
            program: with the learning rate that the batch begins with.
        """
        self._program, self._memory, self._shared = program, memory, shared
        self._recipe = program.recipe

    def records(
        self, batch: int, indices: IntArray, state: State, spent: Spent, edits: Sequence[tuple[Edit, Site]]
    ) -> EditedRecord:
        """The batch after all of its edits, which knows what it was after fewer of them.

        Args:
            indices: (m,) its samples.
            state: as it finds it; kept.
            spent: of its epoch, before it.
        """
        record: EditedRecord = quiet().run(self._first, batch, indices, state, spent)
        stages = [record]
        for edit, where in edits:
            record = quiet().run(self._next, record, edit, where)
            stages.append(record)
        for stage in stages:
            stage.stages = tuple(stages)
        return record

    def _first(self, batch: int, indices: IntArray, state: State, spent: Spent) -> EditedRecord:
        numbers = Numbers.empty(self._recipe, state, indices, batch, self._memory)
        numbers.run(self._program, 0, 0, 0)
        return EditedRecord(self._program, batch, numbers, spent, self._shared, ())

    def _next(self, record: EditedRecord, edit: Edit, where: Site) -> EditedRecord:
        """The batch after a further edit."""
        before, program = record.numbers, self._program
        over = where.executed == len(program.batch_ops)
        if over:
            numbers, changed = self._afterwards(before, edit)
        else:
            numbers, changed = self._within(record, edit, where)
            numbers.run(program, where.edge, where.done, where.executed)
        applied = (*record.applied, Applied(edit, where, changed))
        return EditedRecord(program, record.batch, numbers, record.spent, self._shared, applied)

    def _afterwards(self, before: Numbers, edit: Edit) -> tuple[Numbers, bool]:
        """Behind the update only what the next batch finds is edited."""
        if edit.ref.name == "lr":
            return before, False
        after = self._copied(before.after)
        return replace(before, after=after), put(parameter(after, edit), edit)

    def _within(self, record: EditedRecord, edit: Edit, where: Site) -> tuple[Numbers, bool]:
        """Other buffers, the edit being made and nothing computed of it yet."""
        name, layer, before = edit.ref.name, edit.ref.layer, record.numbers
        recipe, state, changed = before.ws.recipe, record.state, False
        if name == "lr":
            recipe = with_rate(recipe, edit)
        elif name in ("W", "b"):
            state = self._copied(state)
            changed = put(parameter(state, edit), edit)
        numbers = before.copy(recipe, state, record.batch, self._memory)
        if where.executed == len(self._program.batch_ops) - 1 and numbers.ws.slots.late:
            numbers.ws.grad = before.ws.grad  # a mean that was set by hand need not be that of any sum
        if name in ("gW", "gb"):
            changed = put_gradient(numbers.ws, edit)
        elif name not in ("W", "b", "lr"):
            assert where.current is not None
            name, layer = ("a", 0) if name == "x" else (name, layer or 0)
            seen = where.seen(where.current, 1 + self._program.ops_per_sample)
            column = numbers.column(name, layer, where.current)
            if differs(column, edit):
                if name in ("a", "db"):
                    numbers.seal(name, layer, where.current, seen, self._program)
                numbers.part(self._program, name, layer, where.current, seen)
            changed = put(column, edit)
        return numbers, changed

    def _copied(self, state: State) -> State:
        copy = State.empty(self._recipe, self._memory)
        np.copyto(copy.block, state.block)
        return copy


def with_rate(recipe: Recipe, edit: Edit) -> Recipe:
    """The recipe with the learning rate of an edit."""
    assert isinstance(edit.value, float)
    return replace(recipe, plan=recipe.plan._replace(lr=edit.value))
