"""Other people's trainers, each used as its own documentation does, each only where it is installed, on one thread.

All of them get their batches laid out beforehand. scikit-learn has no sigmoid at the output of its regressor and draws
its own weights, so that it trains a slightly easier network; the others compute the very same updates.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from tests.benchmarks.nets import Array, Prepared, Problem, Trainer

Foreign: TypeAlias = Any
"""Something of a peer's, which is perhaps not installed."""
Layers: TypeAlias = list[tuple[Foreign, Foreign]]
"""W and b of layers 1..L."""


class PyTorch:
    """nn.Sequential, autograd and the SGD optimizer, eager."""

    grain = 1

    def __init__(self, problem: Problem) -> None:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        nn, sizes = torch.nn, problem.net.sizes
        layers = [(nn.Linear(before, n, dtype=torch.float64), nn.Sigmoid()) for before, n in pairwise(sizes)]
        self._model = nn.Sequential(*(part for layer in layers for part in layer))
        self._linear = [linear for linear, _ in layers]
        with torch.no_grad():
            for linear, (W, b) in zip(self._linear, problem.parameters, strict=True):
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.copy_(torch.from_numpy(b))
        # MSELoss is the mean over the outputs too, and not halved.
        self._loss = nn.MSELoss()
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=problem.lr * sizes[-1] / 2)
        self._prepared = Prepared([(torch.from_numpy(x), torch.from_numpy(y)) for x, y in problem.batches()])

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self._train, self._prepared.take(batches))

    def learnt(self) -> list[tuple[Array, Array]]:
        return [(each.weight.detach().numpy().copy(), each.bias.detach().numpy().copy()) for each in self._linear]

    def _train(self, batches: list[tuple[Foreign, Foreign]]) -> None:
        for x, y in batches:
            self._optimizer.zero_grad()
            self._loss(self._model(x), y).backward()
            self._optimizer.step()


class Jax:
    """One compiled step, called for every batch."""

    grain = 1

    def __init__(self, problem: Problem) -> None:
        jax = importlib.import_module("jax")
        jax.config.update("jax_enable_x64", True)

        def cost(params: Layers, x: Foreign, y: Foreign) -> Foreign:
            for W, b in params:
                x = jax.nn.sigmoid(x @ W.T + b)
            return 0.5 * ((x - y) ** 2).sum() / len(y)

        def step(params: Layers, x: Foreign, y: Foreign) -> Layers:
            gradient = jax.grad(cost)(params, x, y)
            return [
                (W - problem.lr * gW, b - problem.lr * gb) for (W, b), (gW, gb) in zip(params, gradient, strict=True)
            ]

        put = jax.device_put
        self._step = jax.jit(step)
        self._wait = jax.block_until_ready
        self._params: Layers = [(put(W), put(b)) for W, b in problem.parameters]
        self._prepared = Prepared([(put(x), put(y)) for x, y in problem.batches()])

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self._train, self._prepared.take(batches))

    def learnt(self) -> list[tuple[Array, Array]]:
        return [(np.array(W), np.array(b)) for W, b in self._params]

    def _train(self, batches: list[tuple[Foreign, Foreign]]) -> None:
        for x, y in batches:
            self._params = self._step(self._params, x, y)
        self._wait(self._params)


class ScikitLearn:
    """MLPRegressor.fit, whole epochs with its own shuffle."""

    def __init__(self, problem: Problem) -> None:
        regressor = importlib.import_module("sklearn.neural_network").MLPRegressor
        self._net, self._samples = problem.net, problem.samples
        self.grain = problem.net.K
        self._new = partial(
            regressor, hidden_layer_sizes=problem.net.sizes[1:-1], activation="logistic", solver="sgd", alpha=0.0,
            momentum=0.0, batch_size=problem.net.m, learning_rate_init=problem.lr, tol=0.0, n_iter_no_change=10**9,
            random_state=0,
        )  # fmt: skip

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self._train, self._new(max_iter=batches // self.grain))

    def learnt(self) -> list[tuple[Array, Array]]:
        """It starts from weights of its own, so that there is nothing to compare."""
        return []

    def _train(self, model: Foreign) -> None:
        x, y = self._samples
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model.fit(x, y if y.shape[1] > 1 else y[:, 0])


PEERS: dict[str, tuple[str, Callable[[Problem], Trainer]]] = {
    "PyTorch": ("torch", PyTorch),
    "jax.jit": ("jax", Jax),
    "scikit-learn": ("sklearn", ScikitLearn),
}
"""By name: the module that it needs, and how it is made."""


def installed() -> Iterator[tuple[str, Callable[[Problem], Trainer]]]:
    """The peers that this machine has."""
    for name, (module, make) in PEERS.items():
        if find_spec(module) is not None:
            yield name, make


def versions() -> list[str]:
    """What is installed of them, such as "torch 2.13.0"."""
    modules = [module for module, _ in PEERS.values() if find_spec(module) is not None]
    return [f"{module} {importlib.import_module(module).__version__}" for module in modules]
