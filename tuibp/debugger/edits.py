"""Edits: numbers that somebody sets by hand at a position, and which of them are possible there.

An edit holds from its position on. What was computed before it stays as it is; what is computed later sees the new
number. So only what a later operation reads can be set, and a number that follows from others is refused with the name
of those that it follows from. Nothing is computed here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tuibp.debugger.names import SCALARS, TENSORS, CellRef, parse_cell
from tuibp.debugger.position import Clock
from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.engine.text import safe
from tuibp.errors import InputError, PositionError

if TYPE_CHECKING:
    from tuibp.debugger.timeline import Timeline
    from tuibp.engine.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Edit:
    """One number, or all of a tensor, set by hand."""

    t: int
    """The position at which it is made: it holds from there on, and t itself shows it."""
    ref: CellRef
    """What is set: a tensor, a cell of it, or lr."""
    value: Array | float
    """A number, which a whole tensor takes in all its cells, or an array of the tensor's shape."""

    def __str__(self) -> str:
        if isinstance(self.value, np.ndarray):
            first = self.value.flat[0]
            if self.value.tobytes() == np.full_like(self.value, first).tobytes():
                return f"{self.ref} = {float(first):g}"
            return f"{self.ref} = an array of {'x'.join(map(str, self.value.shape))}"
        return f"{self.ref} = {self.value:g}"


class Site(NamedTuple):
    """Where in its batch a position lies. Operations are counted as in the program's `batch_ops`."""

    batch: int
    """The global batch whose values are visible; -1 before the first."""
    executed: int
    """How many operations the first sample has seen, with grad and update of the batch."""
    current: int | None
    """The sample loaded last; None where none is."""
    edge: int
    """The sample that is under way or next; all before it have seen all of their operations. m when there is none."""
    done: int
    """How many operations sample `edge` has seen: 1, `begin`, where it is not loaded yet."""

    def seen(self, sample: int, ops: int) -> int:
        """How many operations a sample has seen, `ops` being the number of all up to the last of its own."""
        return ops if sample < self.edge else self.done if sample == self.edge else 1


def site(clock: Clock, t: int) -> Site:
    """Where position t lies in its batch."""
    batch, executed = clock.begun(t)
    place = clock.at(t)
    m = clock.program.batch_size(max(batch, 0) % clock.program.K)
    if batch < 0:
        return Site(batch, executed, None, 0, 0)
    if place.sample is not None:
        current = place.sample if place.index > 0 else place.sample - 1
        return Site(batch, executed, None if current < 0 else current, place.sample, 1 + place.index)
    if executed == 1:
        return Site(batch, executed, None, 0, 1)
    return Site(batch, executed, m - 1, m, 1)


_FOLLOWS = {
    "dW": ("is formed from δ and a", "set db or a before it, or gW before the update"),
    "uW": ("is what the update makes of the gradient", "set gW before the update, or W after it"),
    "ub": ("is what the update makes of the gradient", "set gb before the update, or b after it"),
    "cost": ("follows from the output and y", "set a[L] or y before the cost is taken"),
    "bcost": ("is the mean of the samples' costs", "set a[L] or y before a cost is taken"),
    "ecost": ("is the mean of the samples' costs", "set a[L] or y before a cost is taken"),
    "epoch": ("follows from the position", "go to another place with goto"),
    "batch": ("follows from the position", "go to another place with goto"),
    "sample": ("follows from the position", "go to another place with goto"),
    "t": ("is the position itself", "go to another place with goto"),
    "L": ("is the network's depth", "edit the network file and start a new run"),
    "m": ("is the size of the batch", "start a run with another one: run with batch=..."),
}
"""What cannot be set because it follows from other numbers, and what can be set instead."""
INSTEAD = {"dW": "W", "uW": "W", "ub": "b"}
"""Tensors that cannot be set, and the parameter that their cells belong to."""


def check(timeline: Timeline, edit: Edit) -> Edit:
    """The edit with its value in the network's type: a float for a cell and for lr, else an array of the tensor's shape
    that cannot be written to.

    Raises:
        PositionError: this run has no such position.
        NameInputError: this network has no such tensor or cell.
        InputError: it cannot be set there, or not to that value; the hint says what can be.
    """
    clock, t = timeline.clock, edit.t
    if not isinstance(t, int) or not 0 <= t <= clock.total:
        raise PositionError(f"there is no position {safe(repr(t), 40)}", hint=f"they are 0 to {clock.total}")
    ref = parse_cell(str(edit.ref), timeline.recipe.network)
    if t == clock.total:
        raise InputError(
            f"{ref} cannot be set at the end of the run: nothing follows that would read it",
            hint="go back to a place before the end",
        )
    if ref.name in _FOLLOWS:
        why, remedy = _FOLLOWS[ref.name]
        raise InputError(f"{ref} cannot be set: it {why}", hint=remedy.replace("[L]", f"[{timeline.program.L}]"))
    _check_read(timeline.recipe, ref)
    if ref.name not in ("W", "b", "lr"):
        _check_now(timeline, ref, t)
    value = _rate(edit.value) if ref.name == "lr" else _value(timeline.recipe, ref, edit.value)
    return Edit(t, ref, value)


def _check_read(recipe: Recipe, ref: CellRef) -> None:
    """Refuse what no operation of this network reads."""
    network, name, layer = recipe.network, ref.name, ref.layer
    if name == "dC_da" and layer == 0:
        raise InputError("no operation reads dC_da[0], so setting it would change nothing", hint="set x or db[1]")
    if name == "sp" and not network.activation(layer or 0).elementwise:
        raise InputError(
            f"σ′ of a {network.activation(layer or 0).name} is a matrix, formed of z[{layer}] where it is read",
            hint=f"set z[{layer}] before it, or db[{layer}] after it",
        )
    if network.fused is not None and layer == network.L and name in ("sp", "dC_da"):
        raise InputError(
            f"no operation reads {name}[{layer}]: here δ[{layer}] is taken from a[{layer}] and y directly",
            hint=f"set db[{layer}]",
        )
    if name == "gb" and not recipe.plan.train_biases:
        raise InputError("no operation reads gb: the biases of this run are not trained", hint="set b itself")


def _check_now(timeline: Timeline, ref: CellRef, t: int) -> None:
    """Refuse what is not computed at t, or of what nothing is read any more."""
    program, where = timeline.program, site(timeline.clock, t)
    name, layer, place = ref.name, ref.layer, timeline.clock.at(t).name
    at = program.written_at[Tensor("a", 0) if name == "x" else Tensor(name, layer)]
    full, own = len(program.batch_ops), 1 + program.ops_per_sample
    if where.batch >= 0 and where.executed == full:
        parameter = "b" if name == "gb" else "W"
        raise InputError(
            f"{ref} cannot be set at {place}: the update is done, and nothing reads it any more",
            hint=f"set {parameter} here, or go back to before the update",
        )
    if name in ("gW", "gb"):
        defined = where.batch >= 0 and where.executed > at
    else:
        defined = where.current is not None and where.seen(where.current, own) > at
    if not defined:
        raise InputError(
            f"{ref} cannot be set at {place}: it is not computed yet",
            hint=f"go on until {program.batch_ops[at].name} is done",
        )


def _number(value: object) -> float | None:
    """A real number as a float; None where it is something else."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf":
        return float(value)
    return None


def _rate(value: object) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number) or number < 0.0:
        raise InputError(f"lr cannot be {safe(repr(value), 40)}", hint="a learning rate is a finite number from 0 on")
    return number


def _value(recipe: Recipe, ref: CellRef, value: object) -> Array | float:
    """In the network's type."""
    shape, dtype = TENSORS[ref.name].shape(recipe.network, ref.layer or 0), recipe.network.dtype
    number = _number(value)
    if number is None and ref.index:
        raise InputError(f"{ref} cannot be {safe(repr(value), 40)}", hint="a cell takes one number")
    try:
        wide = np.asarray(value if number is None else number)
    except ValueError:  # lists of different lengths
        wide = np.asarray(None)
    if wide.dtype.kind not in "iuf" or (number is None and wide.shape != shape):
        given = "x".join(map(str, wide.shape)) if wide.dtype.kind in "iuf" else safe(repr(value), 40)
        raise InputError(
            f"{ref} cannot be set to {given}", hint=f"it takes one number, or an array of {'x'.join(map(str, shape))}"
        )
    with np.errstate(all="ignore"):
        narrow = wide.astype(dtype)
    if (np.isinf(narrow) & np.isfinite(wide)).any():
        raise InputError(f"{ref} cannot be set to a number that large", hint=f"{dtype} ends at {np.finfo(dtype).max:g}")
    if ref.index:
        return float(narrow)
    whole: Array = np.empty(shape, dtype)
    whole[...] = narrow
    whole.flags.writeable = False
    return whole


def label(edits: tuple[Edit, ...], clock: Clock) -> str:
    """Edits that were made at one position, for a list of timelines: "W[2][3,1] = 0.5 at e1.b0.begin"."""
    return f"{', '.join(map(str, edits))} at {clock.at(edits[-1].t).name}"


assert _FOLLOWS.keys() <= TENSORS.keys() | SCALARS.keys()
