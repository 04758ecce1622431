"""The one comparison of the machine with the independent differentiation; the gallery of wrongs proves it can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tests.oracle.duals import RULES, Matrix, Model, Sample, Vector, combine, differentiate
from tuibp.debugger.timeline import Timeline
from tuibp.debugger.view import View
from tuibp.engine.arrays import Array
from tuibp.engine.recipe import Recipe

RELATIVE = 1e-10
FLOOR = 1e-2
"""Times RELATIVE times the largest number of its kind: what may be off where values vanish."""

Reader: TypeAlias = Callable[[str, int | None], npt.ArrayLike | None]
"""reader(name, layer): a tensor, or the scalar `cost`."""


class Source(Protocol):
    """Where the machine's numbers are taken from."""

    absent: frozenset[str]
    """What it does not show."""

    def sample(self, epoch: int, batch: int, s: int) -> Reader:
        """The transients of one sample, all computed."""

    def batch(self, epoch: int, batch: int) -> tuple[Reader, Reader]:
        """Before the update (gW, gb, W, b) and after it (W, b, uW, ub)."""


class Views:
    """The numbers as `View` shows them."""

    absent: frozenset[str] = frozenset()

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline

    def sample(self, epoch: int, batch: int, s: int) -> Reader:
        clock = self.timeline.clock
        # Half the samples are looked at as they are computed, half from the end of their batch.
        if s % 2 == 0:
            return self._reader(View(self.timeline, clock.sample_start(epoch, batch, s + 1) - 1))
        return self._reader(View(self.timeline, clock.batch_start(epoch, batch + 1) - 2, s))

    def batch(self, epoch: int, batch: int) -> tuple[Reader, Reader]:
        update = self.timeline.clock.batch_start(epoch, batch + 1) - 1
        return self._reader(View(self.timeline, update)), self._reader(View(self.timeline, update + 1))

    @staticmethod
    def _reader(view: View) -> Reader:
        return lambda name, layer: view.scalar(name) if name == "cost" else view.get(name, layer)


class TraceText:
    """The numbers as the lines of a trace give them; W and b before an update are those after the one before it."""

    absent = frozenset({"uW", "ub", "dC_da[0]"})

    def __init__(self, lines: Sequence[str]) -> None:
        header = json.loads(lines[0])
        kept = {f"{name}[{layer}]": value for name in ("W", "b") for layer, value in header[name].items()}
        self.written: dict[tuple[int, int, int | None], dict[str, npt.ArrayLike]] = {}
        self.before: dict[tuple[int, int], dict[str, npt.ArrayLike]] = {}
        for text in lines[1:]:
            line = json.loads(text)
            place = (line["epoch"], line["batch"], line["sample"])
            if line["op"] == "update":
                self.before[place[:2]] = dict(kept)
                kept |= line["writes"]
            self.written.setdefault(place, {}).update(line["writes"])

    def sample(self, epoch: int, batch: int, s: int) -> Reader:
        return self._reader(self.written[epoch, batch, s])

    def batch(self, epoch: int, batch: int) -> tuple[Reader, Reader]:
        after = self.written[epoch, batch, None]
        gradients = {label: value for label, value in after.items() if label.startswith("g")}
        before = self.before[epoch, batch]
        return self._reader(before | gradients), self._reader(before | after)

    @staticmethod
    def _reader(values: Mapping[str, npt.ArrayLike]) -> Reader:
        names = {"x": "a[0]", "y": "y", "cost": "C"}
        return lambda name, layer: values.get(names.get(name, f"{name}[{layer}]"))


def model_of(recipe: Recipe) -> Model:
    """The recipe's network as it starts, in plain numbers."""
    layers = range(1, recipe.network.L + 1)
    return Model(
        [recipe.initial.W[l].tolist() for l in layers],
        [recipe.initial.b[l].tolist() for l in layers],
        [recipe.network.activation(l).name for l in layers],
        recipe.network.cost.name,
    )


def largest(*parts: npt.ArrayLike) -> float:
    """The largest magnitude among arrays, some of which may be empty."""
    return max((float(np.abs(np.asarray(part)).max()) for part in parts if np.size(part)), default=0.0)


def _flat(vector: npt.ArrayLike | None) -> Vector:
    """A vector in plain numbers."""
    assert vector is not None
    return [float(number) for number in np.asarray(vector, dtype=np.float64)]


class Comparison:
    """A whole run, compared: `faults` names every tensor that disagrees, with its place."""

    def __init__(self, recipe: Recipe, source: Source, relative: float = RELATIVE) -> None:
        self.recipe = recipe
        self.source = source
        self.relative = relative
        self.faults: list[str] = []
        self.compared = 0
        self.model = model_of(recipe)
        self.slots: dict[tuple[str, int, int], Vector] = {}
        self._run()

    def check(
        self, place: str, reader: Reader, name: str, layer: int | None, want: npt.ArrayLike, floor: float
    ) -> None:
        """Note a fault unless every number agrees."""
        label = name if layer is None else f"{name}[{layer}]"
        if name in self.source.absent or label in self.source.absent:
            return
        self.compared += 1
        got, wanted = reader(name, layer), np.asarray(want)
        if got is None or np.shape(got) != wanted.shape:
            self.faults.append(f"{place} {label}: {'undefined' if got is None else np.shape(got)}")
            return
        error = np.abs(np.asarray(got, dtype=np.float64) - wanted)
        if not bool(np.all(error <= self.relative * (np.abs(wanted) + FLOOR * floor))):
            self.faults.append(f"{place} {label}: off by {float(error.max())!r}")

    def _run(self) -> None:
        plan, train = self.recipe.plan, self.recipe.train
        rows = [[*x, *y] for x, y in zip(train.x.tolist(), train.y.tolist(), strict=True)]
        count = 0
        for epoch in range(plan.epochs):
            met: list[Vector] = []
            for batch, first in enumerate(range(0, train.N, plan.batch)):
                count += 1
                samples = [self._sample((epoch, batch, s), met) for s in range(min(plan.batch, train.N - first))]
                self._batch((epoch, batch), samples, count)
            if met != rows and (not plan.shuffle or sorted(met) != sorted(rows)):
                self.faults.append(f"e{epoch}: the samples come in another order, or not once each")

    def _sample(self, at: tuple[int, int, int], met: list[Vector]) -> Sample:
        reader, place = self.source.sample(*at), "e{}.b{}.s{}".format(*at)
        x, y = (_flat(reader(name, None)) for name in ("x", "y"))
        met.append([*x, *y])
        truth = differentiate(self.model, x, y)
        values = largest(*truth.a, *truth.z)
        slopes = largest(*truth.dC_da, *truth.db, *truth.dW)
        self.check(place, reader, "cost", None, truth.cost, 1.0)
        for l in range(self.recipe.network.L + 1):
            self.check(place, reader, "a", l, truth.a[l], values)
            self.check(place, reader, "dC_da", l, truth.dC_da[l], slopes)
        for l in range(1, self.recipe.network.L + 1):
            sp: Array = np.array(truth.sp[l])
            elementwise = self.recipe.network.activation(l).elementwise
            self.check(place, reader, "sp", l, sp.diagonal() if elementwise else sp, 1.0)
            self.check(place, reader, "z", l, truth.z[l], values)
            self.check(place, reader, "db", l, truth.db[l], slopes)
            self.check(place, reader, "dW", l, truth.dW[l], slopes)
        return truth

    def _batch(self, at: tuple[int, int], samples: Sequence[Sample], count: int) -> None:
        """The gradient of the batch, and what the update makes of the parameters."""
        (before, after), place = self.source.batch(*at), "e{}.b{}".format(*at)
        layers, reduction = range(1, self.recipe.network.L + 1), self.recipe.network.reduction
        gW = [[combine(rows, reduction) for rows in zip(*(s.dW[l] for s in samples), strict=True)] for l in layers]
        gb = [combine([s.db[l] for s in samples], reduction) for l in layers]
        old: dict[str, Sequence[npt.ArrayLike]] = {"W": self.model.W, "b": self.model.b}
        self._update(gW, gb, count)
        new: dict[str, Sequence[npt.ArrayLike]] = {"W": self.model.W, "b": self.model.b}
        slope, size = largest(*gW, *gb), largest(*self.model.W, *self.model.b)
        for l in layers:
            self.check(place, before, "gW", l, gW[l - 1], slope)
            self.check(place, before, "gb", l, gb[l - 1], slope)
            for name in ("W", "b"):
                was, now = np.asarray(old[name][l - 1]), np.asarray(new[name][l - 1])
                self.check(f"{place}.update", before, name, l, was, size)
                self.check(place, after, name, l, now, size)
                # A difference of the two: it can only be as exact as they are.
                self.check(place, after, f"u{name}", l, now - was, size)

    def _update(self, gW: Sequence[Matrix], gb: Sequence[Vector], count: int) -> None:
        plan = self.recipe.plan
        rule = RULES[plan.optimizer.name]

        def new(kind: str, layer: int, values: Vector, gradient: Vector) -> Vector:
            result = []
            for i, (value, g) in enumerate(zip(values, gradient, strict=True)):
                slots = self.slots.setdefault((kind, layer, i), [0.0, 0.0])
                result.append(value - plan.lr * rule(g, slots, count, plan.settings))
            return result

        self.model.W = [
            [new(f"W{i}", l, row, g) for i, (row, g) in enumerate(zip(matrix, gradients, strict=True))]
            for l, (matrix, gradients) in enumerate(zip(self.model.W, gW, strict=True))
        ]
        if plan.train_biases:
            self.model.b = [new("b", l, *both) for l, both in enumerate(zip(self.model.b, gb, strict=True))]


def faults(recipe: Recipe, relative: float = RELATIVE) -> list[str]:
    """What a `View` shows wrong in the run of a recipe: nothing, unless the engine is wrong."""
    return Comparison(recipe, Views(Timeline(recipe)), relative).faults
