"""Training sample by sample and operation by operation, with edits in between: what a fork has to come to.

It knows neither batches of columns nor records. Every tensor is computed where the program has its operation, from what
stands there, and an edit overwrites what stands there. The last bits are other ones than the engine's.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field

import numpy as np

from tuibp.debugger.edits import Edit
from tuibp.debugger.position import Clock
from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.dataset import partition
from tuibp.engine.operations import Tensor
from tuibp.engine.program import Op, Program
from tuibp.engine.recipe import Recipe

Tensors = dict[tuple[str, int | None], Array]
"""By name and layer."""


@dataclass
class Sample:
    """What has been computed of one sample."""

    tensors: Tensors = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    """The operations that it has seen."""
    joined: Tensors | None = None
    """δ as it was when the sample joined the batch's sum."""
    edits: list[Edit] = field(default_factory=list)


@dataclass
class Batch:
    """What has been computed of one batch."""

    samples: list[Sample] = field(default_factory=list)
    tensors: Tensors = field(default_factory=dict)
    """gW, gb, uW, ub."""
    before: tuple[Tensors, dict[str, Tensors]] | None = None
    """Parameters and slots as the update found them; None before it."""
    lr: float = 0.0
    """As the update found it."""
    edits: list[Edit] = field(default_factory=list)
    """Of gradients, and of parameters behind the update."""


class ByHand:
    """A run, gone through once from t = 0 on."""

    def __init__(self, recipe: Recipe, edits: tuple[Edit, ...]) -> None:
        self.recipe, self.network, self.edits = recipe, recipe.network, edits
        self.program = Program(recipe)
        self.clock = Clock(self.program)
        layers = range(1, self.network.L + 1)
        self.layers = layers
        initial = recipe.initial
        self.params: Tensors = {("W", l): initial.W[l].copy() for l in layers}
        self.params |= {("b", l): initial.b[l].copy() for l in layers}
        self.slots: dict[str, Tensors] = {
            name: {key: np.zeros_like(value) for key, value in self.params.items()}
            for name in recipe.plan.optimizer.slots
        }
        self.lr, self.count, self.t = recipe.plan.lr, 0, 0
        self.batch: Batch | None = None
        self._edit()

    def step(self) -> None:
        """The operation at t, and the edits behind it."""
        place = self.clock.at(self.t)
        op = place.op
        assert op is not None
        if op is self.program.begin:
            self.batch = Batch()
        elif op.kind.name == "load":
            assert self.batch is not None and place.batch is not None and place.sample is not None
            self.batch.samples.append(Sample())
            order = partition(self.recipe.plan.seed, place.epoch, self.program.N, self.recipe.plan.shuffle)
            row = order[place.batch * self.program.m + place.sample]
            self.sample.tensors[("a", 0)] = self.recipe.train.x[row].copy()
            self.sample.tensors[("y", None)] = self.recipe.train.y[row].copy()
            self.sample.ops.append(op)
        elif place.sample is not None:
            self.operation(self.sample, op)
            self.sample.ops.append(op)
        elif op is self.program.grad:
            assert self.batch is not None
            self.batch.tensors |= self.gradient(self.batch.samples)
        elif op is self.program.update:
            self.update()
        self.t += 1
        self._edit()

    @property
    def sample(self) -> Sample:
        """The one loaded last."""
        assert self.batch is not None
        return self.batch.samples[-1]

    def _edit(self) -> None:
        for edit in self.edits:
            if edit.t == self.t:
                self._set(edit)

    def _set(self, edit: Edit) -> None:
        key = edit.ref.name, edit.ref.layer
        if edit.ref.name == "lr":
            self.lr = float(edit.value)
        elif edit.ref.name in ("W", "b"):
            self.params = dict(self.params)
            self.params[key] = changed(self.params[key], edit)
            if self.batch is not None and self.batch.before is not None:
                self.batch.edits.append(edit)
        elif edit.ref.name in ("gW", "gb"):
            assert self.batch is not None
            self.batch.tensors[key] = changed(self.batch.tensors[key], edit)
            self.batch.edits.append(edit)
        else:
            key = ("a", 0) if edit.ref.name == "x" else key
            self.sample.tensors[key] = changed(self.sample.tensors[key], edit)
            self.sample.edits.append(edit)

    def operation(self, sample: Sample, op: Op) -> None:
        """One operation of one sample, as the table of operations says what it reads."""
        name, l, tensors = op.kind.name, op.layer, sample.tensors
        sigma = self.network.activation(l) if l else None
        if name == "z":
            tensors[("z", l)] = self.params[("W", l)] @ tensors[("a", l - 1)] + self.params[("b", l)]
        elif name == "a":
            tensors[("a", l)] = self.sigma(l, tensors[("z", l)])
        elif name == "cost":
            cost = np.empty(1, self.network.dtype)
            output, y = tensors[("a", self.network.L)][:, None], tensors[("y", None)][:, None]
            self.network.cost.value(output, y, cost)
            tensors[("cost", None)] = cost
        elif name == "dC_da" and l == self.network.L:
            out = np.empty((len(tensors[("a", l)]), 1), self.network.dtype)
            self.network.cost.gradient(now, tensors[("a", l)][:, None], tensors[("y", None)][:, None], out)
            tensors[("dC_da", l)] = out[:, 0]
        elif name == "dC_da":
            tensors[("dC_da", l)] = self.params[("W", l + 1)].T @ tensors[("db", l + 1)]
        elif name == "sp":
            assert sigma is not None
            z = tensors[("z", l)][:, None]
            a, out = self.sigma(l, z[:, 0])[:, None], np.empty_like(z)
            if sigma.derivative is not None:
                sigma.derivative(now, z, a, out)
            tensors[("sp", l)] = out[:, 0] if sigma.jacobian is None else sigma.jacobian(a[:, 0])
        elif name == "db":
            tensors[("db", l)] = self.delta(tensors, l)
            if l == 1:
                tensors[("dC_da", 0)] = self.params[("W", 1)].T @ tensors[("db", 1)]
        elif name == "dW":
            tensors[("dW", l)] = np.outer(tensors[("db", l)], tensors[("a", l - 1)])
        elif name == "acc":
            sample.joined = {key: value for key, value in tensors.items() if key[0] == "db"}

    def sigma(self, layer: int, z: Array) -> Array:
        """(n_l,) the activations."""
        out = np.empty((len(z), 1), self.network.dtype)
        self.network.activation(layer).forward(now, z[:, None].copy(), out)
        return out[:, 0]

    def delta(self, tensors: Tensors, layer: int) -> Array:
        """(n_l,) δ[l]."""
        if self.network.fused is not None and layer == self.network.L:
            a, y = tensors[("a", layer)], tensors[("y", None)]
            return a * y.sum() - y if not self.network.activation(layer).elementwise else a - y
        sp, dC_da = tensors[("sp", layer)], tensors[("dC_da", layer)]
        product: Array = sp * dC_da if sp.ndim == 1 else sp.T @ dC_da
        return product

    def gradient(self, samples: list[Sample]) -> Tensors:
        """gW and gb of samples that have joined."""
        scale = 1.0 / len(samples) if self.network.reduction == "mean" else 1.0
        result: Tensors = {}
        for l in self.layers:
            result[("gW", l)] = np.asarray(sum(one.tensors[("dW", l)] for one in samples) * scale)
            result[("gb", l)] = np.asarray(sum((one.joined or {})[("db", l)] for one in samples) * scale)
        return result

    def update(self) -> None:
        """The optimizer's rule, as its formula says it."""
        assert self.batch is not None
        self.count += 1
        self.batch.before, self.batch.lr = (dict(self.params), copy.deepcopy(self.slots)), self.lr
        before = self.params
        self.params = self.updated(self.params, self.slots, self.batch.tensors)
        for l in self.layers:
            for name in ("W", "b"):
                self.batch.tensors[(f"u{name}", l)] = self.params[(name, l)] - before[(name, l)]

    def updated(self, params: Tensors, slots: dict[str, Tensors], gradients: Tensors) -> Tensors:
        """Parameters after the update; slots are written to."""
        settings, lr, t, result = self.recipe.plan.settings, self.lr, self.count, dict(params)
        rule = self.recipe.plan.optimizer.name
        for key, theta in params.items():
            if key[0] == "b" and not self.recipe.plan.train_biases:
                continue
            g = gradients[(f"g{key[0]}", key[1])]
            if rule == "sgd":
                step = g
            elif rule in ("momentum", "nesterov"):
                v = slots["v"][key] = settings["momentum"] * slots["v"][key] + g
                step = v if rule == "momentum" else g + settings["momentum"] * v
            elif rule == "rmsprop":
                v = slots["v"][key] = settings["rho"] * slots["v"][key] + (1 - settings["rho"]) * g * g
                step = g / (np.sqrt(v) + settings["eps"])
            else:
                one, two = settings["beta1"], settings["beta2"]
                m = slots["m"][key] = one * slots["m"][key] + (1 - one) * g
                v = slots["v"][key] = two * slots["v"][key] + (1 - two) * g * g
                step = m / (1 - one**t) / (np.sqrt(v / (1 - two**t)) + settings["eps"])
            result[key] = theta - lr * step
        return result

    def shown(self) -> Tensors:
        """Everything that is to be seen at t, of the sample loaded last."""
        result = dict(self.params)
        if self.batch is not None:
            result |= self.batch.tensors
            if self.batch.samples:
                result |= self.sample.tensors
                result[("x", None)] = self.sample.tensors[("a", 0)]
            costs = [one.tensors[("cost", None)][0] for one in self.batch.samples if one.joined is not None]
            if costs:
                result[("bcost", None)] = np.array([math.fsum(costs) / len(costs)])
        return result

    def recomputed(self) -> Tensors:
        """The same, if all that has been computed in this batch were computed again from the numbers that were set:
        what is stale is what differs.
        """
        if self.batch is None or not self.batch.samples:
            return self.shown()
        again, batch = copy.copy(self), copy.deepcopy(self.batch)
        params = dict(batch.before[0]) if batch.before is not None else self.params
        again.params, again.batch, again.lr = params, Batch(), batch.lr
        for old in batch.samples:
            new = Sample({key: old.tensors[key] for key in (("a", 0), ("y", None))})
            again.batch.samples.append(new)
            for op in old.ops:
                if op.kind.name == "load":
                    continue
                again.operation(new, op)
                for edit in old.edits:
                    key = edit.ref.name, edit.ref.layer
                    if Tensor(*key) in op.writes:
                        new.tensors[key] = changed(new.tensors[key], edit)
                if op.kind.name == "db" and op.layer == 1:  # formed by no operation, but of δ as it stands
                    new.tensors[("dC_da", 0)] = params[("W", 1)].T @ new.tensors[("db", 1)]
        if ("gW", 1) in batch.tensors:
            again.batch.tensors |= again.gradient(again.batch.samples)
            _again(again.batch.tensors, batch.edits)
        if batch.before is not None:
            again.params = again.updated(params, copy.deepcopy(batch.before[1]), again.batch.tensors)
            for l in self.layers:
                for name in ("W", "b"):
                    again.batch.tensors[(f"u{name}", l)] = again.params[(name, l)] - params[(name, l)]
            _again(again.params, batch.edits)
        return again.shown()


def _again(tensors: Tensors, edits: list[Edit]) -> None:
    for edit in edits:
        key = edit.ref.name, edit.ref.layer
        if key in tensors:
            tensors[key] = changed(tensors[key], edit)


def changed(tensor: Array, edit: Edit) -> Array:
    """A copy with the edit made."""
    result = tensor.copy()
    result[edit.ref.index or ...] = edit.value
    return result
