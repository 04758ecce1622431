"""Built-in probes: small networks on which mistakes tell themselves apart (explain.md section 3, step 5).

The user's own 2-2-1 network cannot tell many mistakes from each other. A square probe lets every transposed or
misplaced matrix fit, one without equal sizes lets none; both are deep enough that layers can be mixed up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuibp.debugger.timeline import Timeline
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS, Cost
from tuibp.engine.network import Layer, Network
from tuibp.engine.random import stream
from tuibp.engine.recipe import Recipe
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.reference import reference

SAMPLES = 7
"""m of the batch of a built-in probe; differs from all sizes, so that an axis cannot be taken for another."""
SQUARE = (3, 3, 3, 3, 3)
OBLONG = (4, 6, 5, 3)
UNEQUAL = (4, 6, 5, 7, 8, 9)
SEED = 20200
FEW = 4
"""Samples that are looked at one by one: these alone must tell mistakes apart."""
TRIES = 200


def from_recipe(recipe: Recipe, biased: bool = True) -> Probe:
    """The user's own network, with the parameters it starts from and the first samples that its run meets."""
    network, initial, train = recipe.network, recipe.initial, recipe.train
    m = min(max(recipe.plan.batch, FEW), train.N, 32)
    first = Timeline(recipe, budget=0).order(0)[:m]
    double = Network(network.inputs, network.layers, network.cost, network.reduction)
    W = tuple(W.astype(np.float64) for W in initial.W)
    b = tuple(b.astype(np.float64) if biased else np.zeros(b.shape) for b in initial.b)
    X, Y = (array[first].astype(np.float64).T.copy() for array in (train.x, train.y))
    return Probe("your network", double, W, b, X, Y, recipe.plan.lr)


def made(
    name: str, sizes: tuple[int, ...], hidden: tuple[str, ...], output: str, cost: str, *, biased: bool = True
) -> Probe:
    """A probe with drawn numbers: mixed signs of z, no dead unit, no target that is met.

    Args:
        sizes: (n_0, ..., n_L).
        hidden: activations of the hidden layers; the last is repeated where there are too few.
    """
    L = len(sizes) - 1
    names = [*(hidden[min(l, len(hidden) - 1)] if hidden else output for l in range(L - 1)), output]
    layers = tuple(Layer(n, ACTIVATIONS[a]) for n, a in zip(sizes[1:], names, strict=True))
    network = Network(sizes[0], layers, COSTS[cost])
    probe = None
    for attempt in range(TRIES):
        probe = _draw(name, network, attempt, biased)
        if _telling(probe):
            break
    assert probe is not None
    return probe


def _draw(name: str, network: Network, attempt: int, biased: bool) -> Probe:
    sizes = network.sizes
    rng = stream(SEED, "init", attempt)
    W, b = [np.empty((0, 0))], [np.empty(0)]
    for l in range(1, network.L + 1):
        W.append(rng.normal(0.0, 1.7 / np.sqrt(sizes[l - 1]), (sizes[l], sizes[l - 1])))
        b.append(rng.uniform(0.1, 0.6, sizes[l]) * np.where(rng.uniform(size=sizes[l]) < 0.5, -1.0, 1.0))
    if not biased:
        b = [np.zeros_like(one) for one in b]
    X = rng.uniform(0.2, 1.4, (sizes[0], SAMPLES)) * np.where(rng.uniform(size=(sizes[0], SAMPLES)) < 0.4, -1.0, 1.0)
    return Probe(name, network, tuple(W), tuple(b), X, _targets(rng, network.cost, sizes[-1]))


def _targets(rng: np.random.Generator, cost: Cost, n: int) -> Array:
    if cost.name == "binary-cross-entropy":
        return (rng.uniform(size=(n, SAMPLES)) < 0.5).astype(np.float64)
    if cost.name == "cross-entropy":
        return np.eye(n)[:, rng.integers(0, n, SAMPLES)]
    return rng.uniform(0.05, 0.95, (n, SAMPLES))


def _telling(probe: Probe) -> bool:
    """Whether every layer has small and large z of both signs, and neither unit nor sample is cut off."""
    right = reference(probe, tuple(range(probe.N)))
    for l in range(1, probe.L + 1):
        z, slopes = right.z[l], right.delta[l]
        few = z[:, :FEW]
        if not ((few > 0.05).any() and (few < -0.05).any() and (np.abs(few) > 1.1).any() and (np.abs(z) > 1e-3).all()):
            return False
        if not (np.abs(slopes).max(axis=0) > 1e-6).all() or (l < probe.L and not (few > 0.0).any(axis=1).all()):
            return False
    return True


def sized(like: Network, sizes: tuple[int, ...], name: str, *, biased: bool = True) -> Probe:
    """A probe of some sizes with the activations and the cost of a network."""
    hidden = tuple(layer.activation.name for layer in like.layers[:-1])
    return made(name, sizes, hidden, like.layers[-1].activation.name, like.cost.name, biased=biased)


def trial_of(like: Network, depth: int, outputs: int = 3) -> Probe:
    """Of as many layers as are asked for, no two of one size: for telling layouts apart. One unit is no softmax."""
    sizes = (*UNEQUAL[:depth], outputs)
    if outputs == 1 and not like.layers[-1].activation.elementwise:
        hidden = tuple(layer.activation.name for layer in like.layers[:-1])
        return made("a trial", sizes, hidden, "sigmoid", "binary-cross-entropy")
    return sized(like, sizes, "a trial")


def square_of(like: Network, depth: int) -> Probe:
    """The same with all layers of one size."""
    return sized(like, (3,) * (depth + 1), "a square trial")


def one_of_several(probe: Probe) -> Probe:
    """The same with targets that suit every cost: one class of several, or yes and no."""
    n = probe.sizes[-1]
    if n == 1:
        return replace(probe, Y=(np.arange(probe.N) % 2)[None, :].astype(np.float64))
    return replace(probe, Y=np.eye(n)[:, np.arange(probe.N) * 2 % n])


def of_the_last_class(probe: Probe) -> Probe:
    """The same with every sample of the last class, for code that makes as many columns as its labels count to."""
    return replace(probe, Y=np.eye(probe.sizes[-1])[:, [probe.sizes[-1] - 1] * probe.N])


def built_in(
    like: Network, *, biased: bool = True, depth: int | None = None, outputs: int | None = None
) -> list[Probe]:
    """The square and the oblong probe with the activations and the cost of a network.

    Args:
        depth: of code that takes no other number of layers.
        outputs: the same of output units.
    """
    square = SQUARE if depth is None else (3,) * (depth + 1)
    oblong = OBLONG if depth is None else (*UNEQUAL[:depth], 3)
    if outputs is not None:
        square, oblong = (*square[:-1], outputs), (*oblong[:-1], outputs)
    return [
        sized(like, sizes, f"{words} {'-'.join(map(str, sizes))}", biased=biased)
        for words, sizes in (("a square probe", square), ("a probe of unequal layers", oblong))
    ]
