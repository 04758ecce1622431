"""Random small recipes for tests: every part can be pinned, what is not pinned is drawn.

A recipe is a pure function of the generator it is drawn from, so that a failing test names its seed and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.engine.dataset import dataset
from tuibp.engine.network import Layer, Network, Parameters, Reduction
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Plan, Recipe

T = TypeVar("T")

PROBABILITIES = ("sigmoid", "softmax")
"""Output activations that a cost which takes logarithms can be fed with."""
DTYPES = ("float64", "float32")
REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum")


@dataclass(frozen=True)
class Bounds:
    """Inclusive ranges of the sizes that are drawn."""

    depth: tuple[int, int] = (1, 6)
    width: tuple[int, int] = (1, 32)
    N: tuple[int, int] = (1, 12)
    batch: tuple[int, int] = (1, 16)
    epochs: tuple[int, int] = (1, 3)


WIDE = Bounds()
TINY = Bounds(depth=(1, 2), width=(1, 4), N=(1, 4), batch=(1, 4), epochs=(1, 3))


@dataclass(frozen=True)
class Pinned:
    """What is not drawn; None leaves it to the generator."""

    cost: str | None = None
    output: str | None = None
    """Activation of layer L."""
    hidden: str | None = None
    """Activation of one hidden layer, which then exists."""
    sizes: tuple[int, ...] | None = None
    """(n_0, ..., n_L)."""
    activations: tuple[str, ...] | None = None
    """Of all layers, with `sizes`."""
    N: int | None = None
    batch: int | None = None
    epochs: int | None = None
    optimizer: str | None = None
    reduction: Reduction | None = None
    dtype: str | None = None
    shuffle: bool | None = None
    train_biases: bool | None = None
    lr: float | None = None
    scale: float = 1.0
    """Factor of the weights: 1 keeps the spread of values from layer to layer."""


FREE = Pinned()


def legal_outputs(cost: str) -> tuple[str, ...]:
    """The activations that layer L may have under a cost."""
    return PROBABILITIES if "entropy" in cost else tuple(ACTIVATIONS)


def _choose(rng: np.random.Generator, items: Sequence[T], pinned: T | None = None) -> T:
    """One of the items, always drawing, so that pinning one thing leaves the others as they were."""
    drawn = items[int(rng.integers(len(items)))]
    return drawn if pinned is None else pinned


def _between(rng: np.random.Generator, bounds: tuple[int, int], pinned: int | None = None) -> int:
    drawn = int(rng.integers(bounds[0], bounds[1] + 1))
    return drawn if pinned is None else pinned


def _width(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    """Small widths are likelier: the largest is drawn first."""
    return int(rng.integers(bounds[0], int(rng.integers(bounds[0], bounds[1] + 1)) + 1))


def _shape(rng: np.random.Generator, bounds: Bounds, pinned: Pinned, cost: str) -> tuple[list[int], list[str]]:
    """(n_0, ..., n_L) and the activations of layers 1..L."""
    depth = _between(rng, bounds.depth)
    if pinned.hidden is not None:
        depth = max(2, depth)
    sizes = [_width(rng, bounds.width) for _ in range(depth + 1)]
    if pinned.sizes is not None:
        sizes = list(pinned.sizes)
    names = [_choose(rng, tuple(ACTIVATIONS)) for _ in sizes[2:]]
    names.append(_choose(rng, legal_outputs(cost), pinned.output))
    if names[-1] == "softmax" and pinned.sizes is None:
        sizes[-1] = max(2, sizes[-1])  # a softmax of one unit is always 1, and 1 - a has no logarithm
    if pinned.hidden is not None:
        names[int(rng.integers(len(names) - 1))] = pinned.hidden
    return sizes, list(pinned.activations or names)


def targets(rng: np.random.Generator, cost: str, N: int, n: int) -> Array:
    """(N, n) targets that the cost can be fed with: one-hot, shares that add up to 1 or do not, or free."""
    soft = rng.random((N, n)) < 0.5
    if cost == "cross-entropy":
        hot: Array = np.eye(n)[rng.integers(n, size=N)]
        shares = rng.random((N, n)) + 0.1
        choice = rng.random()
        return hot if choice < 0.5 else shares / shares.sum(axis=1, keepdims=True) if choice < 0.75 else shares / 1.1
    if cost == "binary-cross-entropy":
        return soft.astype(np.float64) if rng.random() < 0.6 else rng.random((N, n))
    return soft.astype(np.float64) if rng.random() < 0.3 else rng.normal(size=(N, n))


def random_recipe(rng: np.random.Generator, bounds: Bounds = WIDE, pinned: Pinned = FREE) -> Recipe:
    """A recipe drawn within bounds; what is pinned is as pinned."""
    cost = _choose(rng, tuple(COSTS), pinned.cost)
    sizes, names = _shape(rng, bounds, pinned, cost)
    dtype = np.dtype(_choose(rng, DTYPES, pinned.dtype))
    layers = tuple(Layer(n, ACTIVATIONS[name]) for n, name in zip(sizes[1:], names, strict=True))
    network = Network(sizes[0], layers, COSTS[cost], _choose(rng, REDUCTIONS, pinned.reduction), dtype)
    W = [rng.normal(size=(n, m)) * pinned.scale / np.sqrt(m) for m, n in pairwise(sizes)]
    b = [0.3 * rng.normal(size=n) for n in sizes[1:]]
    N = _between(rng, bounds.N, pinned.N)
    data = dataset(rng.normal(size=(N, sizes[0])), targets(rng, cost, N, sizes[-1]))
    data = replace(data, x=data.x.astype(dtype), y=data.y.astype(dtype))
    optimizer = OPTIMIZERS[_choose(rng, tuple(OPTIMIZERS), pinned.optimizer)]
    plan = Plan(
        optimizer,
        optimizer.defaults,
        lr=float(rng.uniform(0.005, 0.1)) if pinned.lr is None else pinned.lr,
        epochs=_between(rng, bounds.epochs, pinned.epochs),
        batch=min(N, _between(rng, bounds.batch, pinned.batch)),
        shuffle=_choose(rng, (True, False), pinned.shuffle),
        train_biases=_choose(rng, (True, True, False), pinned.train_biases),
        seed=int(rng.integers(2**31)),
    )
    return Recipe("random", network, Parameters.of(network, W, b), data, plan)


def sized(N: int, batch: int, epochs: int, sizes: tuple[int, ...] = (2, 2, 1), seed: int = 0) -> Recipe:
    """A sigmoid recipe of which only the program matters."""
    pinned = Pinned(
        cost="squared-error", sizes=sizes, activations=("sigmoid",) * (len(sizes) - 1), N=N, batch=batch, epochs=epochs,
        optimizer="sgd", reduction="mean", dtype="float64", shuffle=True, train_biases=True,
    )  # fmt: skip
    return random_recipe(np.random.default_rng(seed), WIDE, pinned)
