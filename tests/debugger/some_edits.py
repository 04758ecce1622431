"""Random edits for tests: what is possible at a position is drawn, with the number that is there or with another."""

from __future__ import annotations

import random

import numpy as np

from tests.debugger.straight import labels
from tuibp.debugger.edits import Edit, check
from tuibp.debugger.names import TENSORS, CellRef
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.errors import InputError


def possible(timeline: Timeline, t: int) -> list[CellRef]:
    """The tensors, and lr, that can be set at t."""
    found = []
    for ref in [CellRef("lr"), *(CellRef(name, layer) for _, name, layer in labels(timeline.recipe))]:
        try:
            check(timeline, Edit(t, ref, 0.0))
        except InputError:
            continue
        found.append(ref)
    return found


def some_cell(rng: random.Random, timeline: Timeline, ref: CellRef) -> CellRef:
    """The tensor itself, or one of its cells."""
    if ref.name == "lr" or rng.random() < 0.5:
        return ref
    shape = TENSORS[ref.name].shape(timeline.recipe.network, ref.layer or 0)
    return CellRef(ref.name, ref.layer, tuple(rng.randrange(n) for n in shape))


def some_edit(rng: random.Random, timeline: Timeline, t: int, *, same: bool = False) -> Edit:
    """An edit at t, 0 <= t < T.

    Args:
        same: whether to set what is there already.
    """
    refs = possible(timeline, t)
    names = sorted({ref.name for ref in refs})  # by name first: deep networks have many W
    name = rng.choice(names)
    ref = some_cell(rng, timeline, rng.choice([ref for ref in refs if ref.name == name]))
    view = View(timeline, t)
    if ref.name == "lr":
        rate = view.recipe.plan.lr
        return Edit(t, ref, rate if same else rate * rng.choice([0.0, 0.5, 2.0]))
    tensor = view.get(ref.name, ref.layer)
    assert tensor is not None, (t, ref)
    now = tensor[ref.index or ...]
    value = now if same else now + np.random.default_rng(rng.randrange(2**31)).normal(size=now.shape)
    return Edit(t, ref, float(value) if ref.index else value.copy())
