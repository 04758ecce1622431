"""A timeline: the run of one recipe, of which any position can be had, exactly.

The state is a pure function of (recipe, t). Going somewhere means taking the nearest known state at or before it and
running whole batches on the one numeric path; what has been gone to is kept. Nothing here knows of screens, clocks or
files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from tuibp.debugger.branch import Frames, Origin
from tuibp.debugger.edited_batch import parameter, put
from tuibp.debugger.edited_record import EditedRecord, Editor, with_rate
from tuibp.debugger.edits import Edit, Site, check, label, site
from tuibp.debugger.flight_log import EpochLog, FlightLog
from tuibp.debugger.head import Head
from tuibp.debugger.history import BUDGET, Spill
from tuibp.debugger.position import Clock
from tuibp.debugger.record import Record
from tuibp.engine.arrays import IntArray, Memory
from tuibp.engine.calls import Shared
from tuibp.engine.metrics import Judge
from tuibp.engine.pace import batch_time
from tuibp.engine.program import Program
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

if TYPE_CHECKING:
    from tuibp.debugger.probing import Armed

LONG = 1_000_000
"""Products of the largest operation of a batch from which on a journey pauses after every operation of a record."""
BRIEF = 3e6
"""Nanoseconds that a batch may take for somebody who has called a journey off to wait for its end."""
RECORDS = 2
"""Records that are kept at least, so that crossing a batch's border back and forth computes nothing."""
STRETCH = 16
"""Records that are made at once where one goes back: those before are asked for next."""
RECORD_BYTES = 12 * 2**20
"""Bytes that records may take up."""
FORK_SHARE = 8
"""A fork has this part of the trunk's keyframes for its own."""


class Timeline:
    """Every state of one run, computed on demand. A fork is a run of the same recipe with numbers set by hand."""

    def __init__(
        self,
        recipe: Recipe,
        budget: int = BUDGET,
        spill: Spill | None = None,
        *,
        parent: Timeline | None = None,
        edits: tuple[Edit, ...] = (),
        alone: bool = False,
    ) -> None:
        """
        Args:
            budget: bytes of keyframes in memory.
            spill: where keyframes of a large network go when that is used up; without it they are thinned out.
            parent: a timeline of the same recipe, with which this one has all in common up to the first edit that is
                not an edit of both.
            edits: as `check` gives them, in the order of their positions; those at one position as they were made.
            alone: begin where the run begins and take nothing over from the parent, which then need not run first.
        """
        self.parent = parent
        self._alone = alone
        self.changes: Mapping[str, float] = {}
        """What `run with` has changed of the first recipe, by name; empty for the trunk and for forks."""
        self.edits = edits
        self._budget: int = budget if parent is None else parent._budget
        """Bytes of keyframes of the trunk."""
        self.recipe = recipe
        self.program = Program(recipe)
        self.clock = Clock(self.program)
        self.batches = self.program.epochs * self.program.K
        """Batches of the whole run."""
        self.label = label(self.own, self.clock) if self.own else "trunk"
        """What makes it another than its parent, in a few words."""
        self._edited: dict[int, list[tuple[Edit, Site]]] = {}
        """Edits by the batch whose values are visible where they are made."""
        for edit in edits:
            where = site(self.clock, edit.t)
            self._edited.setdefault(where.batch, []).append((edit, where))
        self._programs = {recipe.plan.lr.hex(): self.program}
        """By learning rate."""
        self._head = Head(self.program, budget, spill, self._origin())
        self.log: FlightLog = self._head.log
        self.epochs: EpochLog = self._head.epochs
        self.keyframes: Frames = self._head.keyframes
        self.judge: Judge | None = self._head.judge
        widest = max(one * other for one, other in pairwise(recipe.network.sizes))
        self._pauses = self.program.m * widest > LONG
        self._shared = Shared(recipe.network.dtype)
        self._memory = Memory()
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._capacity = max(RECORDS, RECORD_BYTES // record_bytes(self.program))
        self._asked = 0
        """The batch that was last asked for."""
        self._steps: Generator[tuple[int, int], None, None] | None = None
        """The journey that was last begun; there is one head, so a new one ends it."""

    @property
    def own(self) -> tuple[Edit, ...]:
        """The edits that the parent does not have."""
        return self.edits[self._common :]

    @property
    def _common(self) -> int:
        """How many edits, from the first on, are the parent's as well."""
        pairs = zip(self.edits, self.parent.edits if self.parent else (), strict=False)
        return len(list(takewhile(lambda pair: pair[0] is pair[1], pairs)))

    @property
    def forked_at(self) -> int | None:
        """The position from which on the parent may be another; None for one that is no fork."""
        return self.own[0].t if self.parent is not None and self.own else None

    def edited(self, batch: int) -> bool:
        """Whether a number is set by hand where the values of a global batch are visible."""
        return batch in self._edited

    def fork(self, edit: Edit) -> Timeline:
        """A timeline that differs from this one from an edit on. Edits of this one that lie behind it are not made.

        Raises:
            TuibpError: the edit is not possible.
        """
        edit = check(self, edit)
        before = tuple(one for one in self.edits if one.t <= edit.t)
        return self._sibling(self, (*before, edit))

    def also(self, edit: Edit) -> Timeline:
        """This timeline, which is a fork, with a further edit at the position of its own: a fork of the same parent.

        Raises:
            TuibpError: the edit is not possible.
        """
        assert self.parent is not None and edit.t == self.forked_at == self.edits[-1].t
        return self._sibling(self.parent, (*self.edits, check(self, edit)))

    def _sibling(self, parent: Timeline, edits: tuple[Edit, ...]) -> Timeline:
        return Timeline(self.recipe, self._budget // FORK_SHARE, parent=parent, edits=edits)

    def _origin(self) -> Origin:
        """Where this timeline begins: with the first batch that may be another than the parent's."""
        initial, parent, common = self._initial(self.edits), self.parent, self._common
        if parent is None or self._alone:
            return Origin(initial)
        places = [edit.t for edit in (*self.edits[common : common + 1], *parent.edits[common : common + 1])]
        place = min(places, default=self.clock.total)
        batch = self.owner(place)
        # One that is there will do as far as it is computed: the parent may be running on in another thread.
        record = (parent._records.get(batch) or parent.record(place)) if batch >= 0 else None
        if record is None:
            return Origin(initial)
        first = record.stage(0)
        head = parent._head
        return Origin(initial, head.keyframes, batch, first.state.block, first.spent, head.log, head.epochs)

    def _initial(self, edits: Iterable[Edit]) -> State:
        """The state before the first batch, after some edits."""
        state = State.initial(self.recipe)
        for edit in edits:
            if edit.ref.name != "lr" and self.owner(edit.t) < 0:
                put(parameter(state, edit), edit)
        return state

    def initial(self, t: int) -> State:
        """The state as it stands at a position before the first batch."""
        return self._initial(edit for edit in self.edits if edit.t <= t)

    def recipe_at(self, t: int) -> Recipe:
        """The recipe with the learning rate that holds at t."""
        return self._program(lambda edit: edit.t <= t).recipe

    def _program_of(self, batch: int) -> Program:
        """With the learning rate that a batch begins with."""
        return self._program(lambda edit: self.owner(edit.t) < batch)

    def _program(self, made: Callable[[Edit], bool]) -> Program:
        """With the learning rate that holds when some edits have been made."""
        recipe = self.recipe
        for edit in self.edits:
            if edit.ref.name == "lr" and made(edit):
                recipe = with_rate(recipe, edit)
        key = recipe.plan.lr.hex()
        if key not in self._programs:
            self._programs[key] = Program(recipe)
        return self._programs[key]

    def order(self, epoch: int) -> IntArray:
        """(N,) the order in which epoch `epoch` meets the samples."""
        return self._head.order(epoch)

    def owner(self, t: int) -> int:
        """The global batch whose values are visible at t: the last one begun; -1 before the first."""
        return self.clock.begun(t)[0]

    def executed(self, t: int) -> int:
        """How many operations of the owner's `batch_ops` its first sample has seen at t."""
        return self.clock.begun(t)[1]

    def travel(self, t: int) -> Generator[tuple[int, int], None, None]:
        """Compute what position t needs.

        Yields:
            (batches run, batches to run) every few milliseconds, and within a batch whose operations take long.
            Closing the generator half-way is safe: what has been run is kept, and `reached` says how far that is.
            So is leaving it lying: the first step of another journey, or a view that has to run, closes it.
        """
        batch, executed = self.clock.begun(t)
        if self._steps is not None:
            self._steps.close()
        self._steps = self._journey(batch, executed) if batch >= 0 else None
        if self._steps is not None:
            yield from self._steps

    def _journey(self, batch: int, executed: int) -> Generator[tuple[int, int], None, None]:
        """Compute the first operations of a batch."""
        record = self._records.get(batch)
        if record is None:
            yield from self._go(batch)
            record = self._records[batch]
        if record.done < executed or record.complete:
            yield from self._finish(record, executed)
        self._records.move_to_end(batch)
        self._asked = batch
        self._forget(self._capacity)

    def watch(self, first: int, stop: int, armed: Armed) -> Generator[tuple[int, int], None, None]:
        """Run batches first .. stop-1, none of them edited, and put aside of each what is asked for; a journey like any
        other.

        Yields:
            (batches run, batches to run) every few milliseconds; what has been put aside is then in `armed`, and has
            to be taken from there before the next step.
        """
        if self._steps is not None:
            self._steps.close()
        self._steps = self._watch(first, stop, armed)
        yield from self._steps

    def _watch(self, first: int, stop: int, armed: Armed) -> Generator[tuple[int, int], None, None]:
        head = self._head
        head.back_up(first)
        yield from self._run_to(first)
        head.use(self._program_of(first))
        yield from head.watch_to(stop, armed)

    def unedited(self, first: int, stop: int) -> int:
        """Up to which batch, `stop` at most, none from `first` on has been edited."""
        return min((batch for batch in self._edited if first <= batch < stop), default=stop)

    def edits_of(self, batch: int) -> list[Edit]:
        """The edits that are made where the values of a global batch are visible, in their order; -1 is before all."""
        return [edit for edit, _ in self._edited.get(batch, [])]

    @property
    def rates(self) -> list[tuple[int, int, float]]:
        """(low, high, lr): the learning rates one after the other, each at the positions low <= p < high."""
        cuts = sorted({edit.t for edit in self.edits if edit.ref.name == "lr"})
        pairs = zip([-1, *cuts], [*cuts, self.clock.total + 1], strict=True)
        return [(low, high, self.recipe_at(low).plan.lr) for low, high in pairs]

    def lr(self, batch: int) -> float:
        """The learning rate that a batch begins with."""
        return self._program_of(batch).recipe.plan.lr

    def computed(self, t: int) -> bool:
        """Whether all is there that position t needs, so that going there takes no time."""
        batch, executed = self.clock.begun(t)
        record = self._records.get(batch)
        return batch < 0 or (record is not None and record.done >= executed)

    def record(self, t: int) -> Record | None:
        """The record that holds the values visible at t, computed as far as t; None before the first batch."""
        batch, executed = self.clock.begun(t)
        record = self._records.get(batch)
        if record is None or record.done < executed or batch == self.log.filled:
            for _ in self.travel(t):
                pass
            record = self._records.get(batch)
        else:
            self._records.move_to_end(batch)
            self._asked = batch
        if record is None or batch not in self._edited:
            return record
        return record.stage(sum(edit.t <= t for edit, _ in self._edited[batch]))

    def pause_more_often(self) -> None:
        """From now on a journey pauses twice as often: for whoever finds that this machine is slow."""
        self._head.pause_more_often()

    @property
    def swept(self) -> int:
        """The beginning of the batch that is next: up to there the last journey has run, and been looked through."""
        return self.clock.batch_start(*divmod(min(max(self._head.at, 0), self.batches - 1), self.program.K))

    @property
    def reached(self) -> int:
        """A position up to which the last journey has run: the end of the batch that is next, where there is something
        to see, or behind its `begin`, where going costs nothing, if batches take long.
        """
        at = self._head.at if self._head.at >= 0 else self.log.filled
        epoch, batch = divmod(min(at, self.batches - 1), self.program.K)
        if batch_time(self.program) < BRIEF:
            return self.clock.batch_start(epoch, batch + 1)
        return self.clock.batch_start(epoch, batch) + 1

    def _finish(self, record: Record, count: int) -> Iterator[tuple[int, int]]:
        """Compute the first `count` operations of a record; a pause after each where one takes long."""
        if self._pauses:
            for some in range(record.done + 1, count + 1):
                record.ensure(some)
                yield 0, 1
        record.ensure(count)
        if record.complete:
            self._head.enter(record)

    def _go(self, batch: int) -> Iterator[tuple[int, int]]:
        """Make the record of `batch`; of those before it as well where one goes back, because they are next."""
        head = self._head
        behind = self._records.get(batch - 1)
        if behind is not None and head.at != batch:
            yield from self._finish(behind, len(self.program.batch_ops))
            head.put(batch, behind.after.block, head.after(behind))
        first = batch
        if 0 < self._asked - batch <= STRETCH and batch not in self._edited:
            first = max(self.keyframes.nearest(batch)[0], batch + 1 - min(STRETCH, self._capacity))
            first = max(first, 1 + max((one for one in self._edited if one < batch), default=-1))
        head.back_up(first)
        yield from self._run_to(first)
        if batch in self._edited:
            self._keep(self._edit(batch))
        else:
            yield from self._make(first, batch)

    def _run_to(self, batch: int) -> Iterator[tuple[int, int]]:
        """Bring the head to the beginning of `batch`, which lies ahead: fast but for the batches that are edited."""
        head, start = self._head, self._head.at
        for edited in sorted(one for one in self._edited if start <= one < batch):
            yield from self._run_fast(edited, start, batch)
            record = self._edit(edited)
            head.put(edited + 1, record.after.block, head.after(record))
            self._keep(record)
            yield edited + 1 - start, batch - start + 1
        yield from self._run_fast(batch, start, batch)

    def _run_fast(self, stop: int, start: int, last: int) -> Iterator[tuple[int, int]]:
        """The head runs to batch `stop` on a way from `start` to `last`, on which nothing is edited in between."""
        before = self._head.at - start
        self._head.use(self._program_of(self._head.at))
        for done, _ in self._head.run_to(stop):
            yield before + done, last - start + 1

    def _edit(self, batch: int) -> EditedRecord:
        """The record of an edited batch, at whose beginning the head stands; whole, and in the log."""
        head, state = self._head, State.empty(self.recipe, self._memory)
        state.block[...] = head.state.block
        editor = Editor(self._program_of(batch), self._memory, self._shared)
        record = editor.records(batch, head.samples(batch, 1)[0], state, head.spent, self._edited[batch])
        head.enter(record)
        return record

    def _make(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Records of the batches first..last, the head standing at the first; whole, but for the last."""
        head, state, spent, batch = self._head, State.empty(self.recipe, self._memory), self._head.spent, first
        state.block[...] = head.state.block
        while batch <= last:
            count = min(last + 1 - batch, head.equal(batch))
            program = self._program_of(batch)
            slots = cache(partial(self._slots, program.recipe, batch, head.samples(batch, count)))
            for slot in range(count):
                workspace = partial(self._workspace, slots, slot, state)
                record = Record(program, batch, state, workspace, self._shared, spent)
                if batch < last:
                    record.ensure(len(self.program.batch_ops))
                    spent, state = head.after(record), record.after
                    yield batch - first + 1, last - first + 1
                self._keep(record)
                batch += 1

    def _slots(self, recipe: Recipe, batch: int, samples: IntArray) -> Slots:
        """Buffers for as many batches from `batch` on as there are rows (n, m) of samples."""
        count, m = samples.shape
        slots = Slots(recipe, m, count, memory=self._memory)
        slots.begin(0, samples, range(batch + 1, batch + count + 1))
        return slots

    def _workspace(self, slots: Callable[[], Slots], slot: int, state: State) -> Workspace:
        return Workspace(slots(), slot, state, State.empty(self.recipe, self._memory))

    def _keep(self, record: Record) -> None:
        """Keep a record on the way, beside that of the batch last asked for: if the journey is called off, one still
        stands there.
        """
        self._records[record.batch] = record
        self._forget(self._capacity + (self._asked in self._records))

    def _forget(self, capacity: int) -> None:
        """Keep no more than so many records: the one last asked for, and the newest of the others."""
        while len(self._records) > capacity:
            del self._records[next(batch for batch in self._records if batch != self._asked)]


def record_bytes(program: Program) -> int:
    """About how much memory a record takes up."""
    recipe, sizes = program.recipe, program.recipe.network.sizes
    columns = 6 * (sum(sizes[1:]) + program.L) + 2 * (sizes[0] + sizes[-1])
    vectors = 3 + len(recipe.plan.optimizer.slots)
    numbers = columns * program.m + vectors * recipe.network.layout.size
    return numbers * recipe.network.dtype.itemsize + 20_000
