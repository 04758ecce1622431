"""The operations of SGD as ONE table.

The table is the listing on the screen, the places where one can stop, the formulas, the step functions and the trace:
whoever adds an operation adds a row here and a function in `kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from tuibp.engine import kernels
from tuibp.engine.kernels import Kernel
from tuibp.engine.recipe import Recipe


class Level(IntEnum):
    """How deep a boundary lies; also the frames, which nest run > epoch > batch > sample > pass > layer."""

    OP = 0
    LAYER = 1
    PASS = 2
    SAMPLE = 3
    BATCH = 4
    EPOCH = 5
    RUN = 6


class Tensor(NamedTuple):
    """A tensor of one layer, or a scalar or vector that belongs to none (layer None)."""

    name: str
    layer: int | None = None

    def __str__(self) -> str:
        return self.name if self.layer is None else f"{self.name}[{self.layer}]"


Tensors = tuple[Tensor, ...]


class Operation(NamedTuple):
    """A row of the table: one kind of operation."""

    name: str
    """As in positions: e0.b0.s0.fwd1.z."""
    title: str
    """What it does, in a few words."""
    frame: Level
    """The innermost frame that holds it."""
    level: Level
    """Level of the boundary before it."""
    reads: Callable[[Recipe, int], Tensors]
    writes: Callable[[Recipe, int], Tensors]
    formula: Callable[[Recipe, int], str]
    """In the names of commands and files, with the layer's number filled in: z[2] = W[2] a[1] + b[2]."""
    source: str
    kernel: Kernel | None
    """What it computes for all samples of its batch at once; None where it only moves the clock."""
    running: Kernel | None = None
    """What is left of it for the single batch of a run, where `Slots` does the rest for many batches at once."""
    opens: Level | None = None
    """Level of the boundary where it is the first of its pass, if that differs."""


def _all(*names: str) -> Callable[[Recipe, int], Tensors]:
    """Tensors of every layer, or of none for names that have no layer."""

    def tensors(recipe: Recipe, _: int) -> Tensors:
        return tuple(Tensor(name, layer) for layer in range(1, recipe.network.L + 1) for name in names)

    return tensors


def _at(*names: str) -> Callable[[Recipe, int], Tensors]:
    """Tensors of the operation's own layer ("z"), the layer below ("a-") or above ("W+"), or of none ("y.")."""
    shift = {"-": -1, "+": 1}

    def tensors(_: Recipe, layer: int) -> Tensors:
        return tuple(
            Tensor(name[:-1]) if name.endswith(".") else Tensor(name.rstrip("+-"), layer + shift.get(name[-1], 0))
            for name in names
        )

    return tensors


def _output(*names: str) -> Callable[[Recipe, int], Tensors]:
    """Tensors of layer L ("a") or of none ("y.")."""
    return lambda recipe, _: _at(*names)(recipe, recipe.network.L)


def _text(text: str) -> Callable[[Recipe, int], str]:
    return lambda recipe, layer: (
        text.replace("[l]", f"[{layer}]")
        .replace("[l-1]", f"[{layer - 1}]")
        .replace("[l+1]", f"[{layer + 1}]")
        .replace("[L]", f"[{recipe.network.L}]")
    )


def _activation_formula(recipe: Recipe, layer: int) -> str:
    return f"a[{layer}] = σ(z[{layer}]),  {recipe.network.activation(layer).formula}"


def _derivative_formula(recipe: Recipe, layer: int) -> str:
    return f"σ′(z[{layer}]),  {recipe.network.activation(layer).derivative_formula}"


def _cost_formula(recipe: Recipe, _: int) -> str:
    return recipe.network.cost.formula


def _dC_da_reads(recipe: Recipe, layer: int) -> Tensors:
    return _at("a", "y.")(recipe, layer) if layer == recipe.network.L else _at("W+", "db+")(recipe, layer)


def _dC_da_formula(recipe: Recipe, layer: int) -> str:
    if layer == recipe.network.L:
        return f"dC_da[{layer}] = {recipe.network.cost.gradient_formula.partition(' = ')[2]}"
    return _text("dC_da[l] = W[l+1]ᵀ δ[l+1]")(recipe, layer)


def _delta_reads(recipe: Recipe, layer: int) -> Tensors:
    fused = layer == recipe.network.L and recipe.network.fused
    return _at("a", "y.")(recipe, layer) if fused else _at("sp", "dC_da")(recipe, layer)


def fused_delta(recipe: Recipe, a: str = "a", y: str = "y") -> str:
    """The fused δ[L] in symbols: a - y; a Σy - y for a softmax whose targets do not all sum to 1.

    Args:
        a: what stands for the output.
        y: what stands for the target.
    """
    softmax = not recipe.network.activation(recipe.network.L).elementwise
    unlike_one = softmax and not np.allclose(recipe.train.y.sum(axis=1), 1.0, rtol=0.0, atol=1e-9)
    return f"{a} Σy - {y}" if unlike_one else f"{a} - {y}"


def _delta_formula(recipe: Recipe, layer: int) -> str:
    network = recipe.network
    sigma = network.activation(layer)
    if layer == network.L and network.fused:
        return f"δ[{layer}] = {fused_delta(recipe, f'a[{layer}]')}   (fused: {sigma.name} with {network.cost.name})"
    if not sigma.elementwise:
        return _text("δ[l] = Jᵀ dC_da[l],  J = σ′(z[l])")(recipe, layer)
    return _text("δ[l] = σ′(z[l]) ⊙ dC_da[l]")(recipe, layer)


def _grad_formula(recipe: Recipe, _: int) -> str:
    verb = "mean" if recipe.network.reduction == "mean" else "sum"
    return f"gW[l] = {verb} of dW[l],  gb[l] = {verb} of δ[l] over the batch"


def _update_writes(recipe: Recipe, _: int) -> Tensors:
    return _all("W", "b")(recipe, 0) if recipe.plan.train_biases else _all("W")(recipe, 0)


def _update_formula(recipe: Recipe, _: int) -> str:
    return recipe.plan.optimizer.formula


def _order_formula(recipe: Recipe, _: int) -> str:
    return "order = permutation(seed, epoch)" if recipe.plan.shuffle else "order = that of the data: shuffle is off"


_NOTHING: Callable[[Recipe, int], Tensors] = lambda _recipe, _layer: ()

OPERATIONS: dict[str, Operation] = {
    row.name: row
    for row in (
        Operation(
            "shuffle",
            "draw this epoch's random partition",
            Level.EPOCH,
            Level.EPOCH,
            _NOTHING,
            lambda _recipe, _layer: (Tensor("order"),),
            _order_formula,
            "notes: Stochastic Gradient Descent",
            None,
        ),
        Operation(
            "begin",
            "begin a batch: nothing is computed yet",
            Level.BATCH,
            Level.BATCH,
            _NOTHING,
            _NOTHING,
            _text("the sums of the batch start at 0"),
            "notes: Stochastic Gradient Descent",
            None,
        ),
        Operation(
            "load",
            "load a sample",
            Level.SAMPLE,
            Level.SAMPLE,
            _NOTHING,
            lambda _recipe, _layer: (Tensor("a", 0), Tensor("y")),
            _text("a[0] = x,  y = its label"),
            "notes: Neural Network Structure",
            kernels.load,
            running=kernels.load_late,
        ),
        Operation(
            "z",
            "pre-activations",
            Level.LAYER,
            Level.LAYER,
            _at("W", "a-", "b"),
            _at("z"),
            _text("z[l] = W[l] a[l-1] + b[l]"),
            "notes: Neural Network Structure",
            kernels.pre_activation,
            opens=Level.PASS,
        ),
        Operation(
            "a",
            "activations",
            Level.LAYER,
            Level.OP,
            _at("z"),
            _at("a"),
            _activation_formula,
            "notes: Neural Network Structure",
            kernels.activation,
        ),
        Operation(
            "cost",
            "cost of this sample",
            Level.SAMPLE,
            Level.PASS,
            _output("a", "y."),
            lambda _recipe, _layer: (Tensor("cost"),),
            _cost_formula,
            "notes: Cost Gradients",
            kernels.cost,
            running=kernels.nothing,
        ),
        Operation(
            "dC_da",
            "column of the DP table",
            Level.LAYER,
            Level.LAYER,
            _dC_da_reads,
            _at("dC_da"),
            _dC_da_formula,
            "notes: The Backpropagation Algorithm",
            kernels.cost_gradient,
            opens=Level.PASS,
        ),
        Operation(
            "sp",
            "slope of the activation",
            Level.LAYER,
            Level.OP,
            _at("z"),
            _at("sp"),
            _derivative_formula,
            "notes: Computing Partial Derivatives",
            kernels.slope,
        ),
        Operation(
            "db",
            "delta, the gradient of the biases",
            Level.LAYER,
            Level.OP,
            _delta_reads,
            _at("db"),
            _delta_formula,
            "notes: Computing Partial Derivatives",
            kernels.delta,
        ),
        Operation(
            "dW",
            "gradient of the weights",
            Level.LAYER,
            Level.OP,
            _at("db", "a-"),
            _at("dW"),
            _text("dW[l] = δ[l] a[l-1]ᵀ"),
            "notes: Computing Partial Derivatives",
            None,
        ),
        Operation(
            "acc",
            "the sample joins the batch's sum",
            Level.SAMPLE,
            Level.PASS,
            _all("dW", "db"),
            lambda _recipe, _layer: (Tensor("bcost"),),
            _text("the sums of the batch += dW, δ of this sample"),
            "notes: Stochastic Gradient Descent",
            None,
        ),
        Operation(
            "grad",
            "gradient of the batch",
            Level.BATCH,
            Level.SAMPLE,
            _all("dW", "db"),
            _all("gW", "gb"),
            _grad_formula,
            "notes: Stochastic Gradient Descent",
            kernels.gradient,
        ),
        Operation(
            "update",
            "step down the gradient",
            Level.BATCH,
            Level.SAMPLE,
            _all("gW", "gb"),
            _update_writes,
            _update_formula,
            "notes: Stochastic Gradient Descent",
            kernels.update,
        ),
        Operation(
            "end",
            "end of the epoch",
            Level.EPOCH,
            Level.BATCH,
            _NOTHING,
            lambda _recipe, _layer: (Tensor("ecost"),),
            _text("cost of the epoch = mean of its samples' costs"),
            "notes: Cost Gradients",
            None,
        ),
    )
}
"""Every operation by name, in the order in which the program first meets it."""
