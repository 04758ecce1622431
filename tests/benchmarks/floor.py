"""The floor: the fastest that NumPy, tuned by hand, is known to train these networks. tuibp is measured against it.

It computes one update after the other and nothing else: no cost, no log, no past, and by default not even a shuffle.
All that is known to pay is in it: every buffer is made once, starts on a cache line and is written through a positional
`out`; `dot` is bound to its matrix; the bias of a narrow layer is one more column of its weights; parameters lie in one
vector, so that the update is two calls; the slopes of all layers are two calls; the mean over the batch is part of the
learning rate; and the calls stand one below the other in generated code. `Floor.source` shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count, islice, pairwise
from typing import Any, TypeAlias

import numpy as np

from tests.benchmarks.nets import Array, Net, Order, Prepared, Problem

FOLD = 256
"""Units up to which a layer's biases are a column of its weights; wider layers add them in a call of its own."""
LINE = 64
"""Bytes of a cache line."""
Batch: TypeAlias = tuple[Array, Array, Array]
"""x (m, n_0), with a column of ones where layer 1 is folded; the same transposed; y (n_L, m)."""

_CALLS = {
    "exp": np.exp, "neg": np.negative, "inv": np.reciprocal, "add": np.add, "sub": np.subtract, "mul": np.multiply,
    "total": np.add.reduce,
}  # fmt: skip


class Floor:
    """Trains a problem."""

    grain = 1

    def __init__(self, problem: Problem, order: Callable[[int], Order] | None = None) -> None:
        """
        Args:
            order: (N,) the order in which an epoch visits the samples; None has the batches laid out beforehand, in the
                order of the data: then nothing but arithmetic is left.
        """
        self._net = problem.net
        self._problem = problem
        self._buffers = _buffers(problem)
        names = "".join(f", {name}={name}" for name in self._buffers)
        lines = "\n        ".join(_lines(problem.net))
        self.source = f"def run(batches{names}):\n    for x, xT, y in batches:\n        {lines}\n"
        made: dict[str, Any] = dict(self._buffers)
        exec(compile(self.source, "<floor>", "exec"), made)
        self._run: Callable[[Iterable[Batch]], None] = made["run"]
        self._prepared = Prepared(self._laid_out() if order is None else [])
        self._drawn = self._draw(order) if order is not None else None

    def ready(self, batches: int) -> Callable[[], None]:
        return partial(self._run, self._prepared.take(batches) if self._drawn is None else islice(self._drawn, batches))

    def learnt(self) -> list[tuple[Array, Array]]:
        found = []
        for l, before in enumerate(self._net.sizes[:-1], start=1):
            W: Array = self._buffers[f"W{l}"]
            b: Array = W[:, before] if _folded(self._net, l) else self._buffers[f"b{l}"][:, 0]
            found.append((W[:, :before].copy(), b.copy()))
        return found

    def _laid_out(self) -> list[Batch]:
        x, y = _inputs(self._problem), self._problem.samples[1]
        return [
            (x[at : at + self._net.m], x[at : at + self._net.m].T, np.ascontiguousarray(y[at : at + self._net.m].T))
            for at in range(0, self._net.N, self._net.m)
        ]

    def _draw(self, order: Callable[[int], Order]) -> Iterator[Batch]:
        """The batches of epochs 0, 1, ... without end, each gathered into the same buffers."""
        m = self._net.m
        samples, targets = _inputs(self._problem), self._problem.samples[1]
        x, y = _zeros(m, samples.shape[1]), _zeros(m, targets.shape[1])
        batch = x, x.T, y.T
        for epoch in count():
            rows = order(epoch)
            for at in range(0, self._net.N, m):
                samples.take(rows[at : at + m], 0, x, "clip")
                targets.take(rows[at : at + m], 0, y, "clip")
                yield batch


def random_order(N: int, seed: int = 0) -> Callable[[int], Order]:
    """A new permutation for every epoch."""
    rng = np.random.default_rng(seed)
    return lambda epoch: rng.permutation(N)


def _lines(net: Net) -> Iterator[str]:
    """The calls of one batch, by the names of `_buffers`."""
    L = net.L
    for l in range(1, L + 1):
        yield f"W{l}_dot({'xT' if l == 1 else f'i{l}'}, z{l})"
        if not _folded(net, l):
            yield f"add(z{l}, b{l}, z{l})"
        yield f"neg(z{l}, a{l})"
        yield f"exp(a{l}, a{l})"
        yield f"add(a{l}, one, a{l})"
        yield f"inv(a{l}, a{l})"
    yield "sub(one, A, S)"
    yield "mul(S, A, S)"
    yield f"sub(a{L}, y, e{L})"
    for l in range(L, 0, -1):
        yield f"mul(s{l}, e{l}, d{l})"
        if l > 1:
            yield f"W{l}T_dot(d{l}, e{l - 1})"
        yield f"d{l}_dot({'x' if l == 1 else f'i{l}T'}, gW{l})"
        if not _folded(net, l):
            yield f"total(d{l}, 1, None, gb{l})"
    yield "mul(g, lr, u)"
    yield "sub(theta, u, theta)"


def _buffers(problem: Problem) -> dict[str, Any]:
    """Every buffer and bound call by its name: z, a, slope s, error e = dC/da and d = dC/dz of each layer; the input i
    of a layer, with a row of ones where its biases are folded; theta and its gradient g; A and S, all a and all s.
    """
    net = problem.net
    flat = {"theta": _zeros(_length(net)), "g": _zeros(_length(net)), "u": _zeros(_length(net))}
    rows = sum(net.sizes[1:]) + net.L - 1
    blocks = {name: _zeros(rows, net.m) for name in ("z", "a", "s", "e", "d")}
    blocks["a"].fill(1.0)
    found: dict[str, Any] = _CALLS | flat | {"A": blocks["a"], "S": blocks["s"]}
    found |= {"one": np.array(1.0), "lr": np.array(problem.lr / net.m)}
    at = row = 0
    for l, (before, n) in enumerate(pairwise(net.sizes), start=1):
        fold = _folded(net, l)
        columns = before + fold
        if l > 1:
            found[f"i{l}"] = blocks["a"][row - before - 1 : row - 1 + fold]
            found[f"i{l}T"] = found[f"i{l}"].T
        for name, block in blocks.items():
            found[f"{name}{l}"] = block[row : row + n]
        W = found[f"W{l}"] = flat["theta"][at : at + n * columns].reshape(n, columns)
        found[f"gW{l}"] = flat["g"][at : at + n * columns].reshape(n, columns)
        W[:, :before], b = problem.parameters[l - 1]
        at += _padded(n * columns)
        if fold:
            W[:, before] = b
        else:
            found[f"b{l}"] = flat["theta"][at : at + n].reshape(n, 1)
            found[f"b{l}"][:, 0] = b
            found[f"gb{l}"] = flat["g"][at : at + n]
            at += _padded(n)
        found |= {f"W{l}_dot": W.dot, f"W{l}T_dot": W[:, :before].T.dot, f"d{l}_dot": found[f"d{l}"].dot}
        row += n + 1
    return found


def _folded(net: Net, l: int) -> bool:
    """Whether the biases of layer l are a column of its weights."""
    return net.sizes[l] <= FOLD


def _length(net: Net) -> int:
    """Entries of the parameter vector, every part padded to a cache line."""
    return sum(
        _padded(n * (before + 1)) if _folded(net, l) else _padded(n * before) + _padded(n)
        for l, (before, n) in enumerate(pairwise(net.sizes), start=1)
    )


def _padded(count: int) -> int:
    line = LINE // 8
    return -(-count // line) * line


def _zeros(*shape: int) -> Array:
    """Zeros that start on a cache line."""
    size = 8 * math.prod(shape)
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(np.float64).reshape(shape)


def _inputs(problem: Problem) -> Array:
    """The samples (N, n_0), with a column of ones where layer 1 is folded."""
    net = problem.net
    x = _zeros(net.N, net.sizes[0] + _folded(net, 1))
    x.fill(1.0)
    x[:, : net.sizes[0]] = problem.samples[0]
    return x
