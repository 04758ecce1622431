"""Every position of a run looked at, one after the other: what the oracle of conditions reads.

It shares the views with the product, and nothing else: no sites, no batches at once, no memory of the past but a list.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.debugger.edits import Edit
from tuibp.debugger.names import SCALARS, TENSORS
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.recipe import Recipe

Shape: TypeAlias = tuple[int, ...]
Value: TypeAlias = npt.NDArray[Any]


class Undefined:
    """What has no value yet; its shape is known all the same."""

    def __init__(self, shape: Shape = ()) -> None:
        self.shape = shape


Answer: TypeAlias = Value | Undefined
Key: TypeAlias = tuple[str, int | None]
"""A tensor with its layer, a scalar, or `dead` with its layer."""


def value_of(x: object) -> Value:
    """A number, a truth or an array as an array in float64 or bool."""
    array = np.asarray(x)
    return array if array.dtype == np.bool_ else array.astype(np.float64)


class Brute:
    """One run, all of whose positions are looked at."""

    def __init__(self, recipe: Recipe, edits: tuple[Edit, ...] = ()) -> None:
        """
        Args:
            edits: numbers that are set by hand, in the order of their positions.
        """
        self.timeline = Timeline(recipe, edits=edits)
        self.recipe, self.network, self.program = recipe, recipe.network, self.timeline.program
        self.clock = self.timeline.clock
        self.total = self.clock.total
        self.ops = [op for t in range(self.total) if (op := self.clock.at(t).op)]
        self._seen: dict[tuple[int, Key], Answer] = {}
        self._views: dict[int, View] = {}
        self._count_periods()

    def _count_periods(self) -> None:
        """What has begun at each position, and where each epoch, batch and sample has come how far."""
        begun = [-1, -1, -1]
        self.owner: list[tuple[int, ...]] = [tuple(begun)]
        """(epoch, batch, sample) by position: the last ones that have begun, counted through the run."""
        self.done: list[dict[tuple[int, str], int]] = [{}, {}, {}]
        """By rhythm: for (period, operation) the position behind the last time it has run in it."""
        for t, op in enumerate(self.ops):
            begun[0] += op.name == "begin" and self.clock.at(t).batch == 0
            begun[1] += op.name == "begin"
            begun[2] += op.name == "load"
            self.owner.append(tuple(begun))
            for rhythm in range(3):
                if rhythm < 2 or self.clock.at(t).sample is not None:
                    self.done[rhythm][begun[rhythm], op.name] = t + 1

    # -- what is there at a position

    def view(self, t: int) -> View:
        """What the debugger shows there, which other tests have compared with a straight run."""
        if t not in self._views:
            self._views[t] = View(self.timeline, t)
        return self._views[t]

    def shape(self, key: Key) -> Shape:
        """Of a tensor; () of a number."""
        return TENSORS[key[0]].shape(self.network, key[1] or 0) if key[0] in TENSORS else ()

    def look(self, key: Key, t: int) -> Answer:
        """A tensor or a number at a position."""
        if (t, key) not in self._seen:
            found: object
            if key[0] == "dead":
                found = self._dead(key[1] or 0, t)
            else:
                found = self.view(t).scalar(key[0]) if key[0] in SCALARS else self.view(t).get(*key)
            self._seen[t, key] = Undefined(self.shape(key)) if found is None else value_of(found)
        return self._seen[t, key]

    def _dead(self, layer: int, t: int) -> float | None:
        """The share of units that have been flat for every sample of the epoch that has just ended, each sample as it
        stood at the end of its batch.
        """
        epoch = self.owner[t][0]
        if epoch < 0 or t < self.done[0].get((epoch, "end"), self.total + 1):
            return None
        flat = np.ones(self.network.sizes[layer], np.bool_)
        for (batch, name), behind in self.done[1].items():
            if name == "update" and self.owner[behind][0] == epoch:
                last = max((p for p, own in enumerate(self.owner) if own[1] == batch), default=behind)
                for sample in range(self.view(last).m):
                    slopes = View(self.timeline, last, sample).get("sp", layer)
                    assert slopes is not None
                    flat &= np.abs(slopes) <= self.network.activation(layer).flat
        return float(flat.mean())
