"""Toy problems: one table of small data sets, each a pure function of a random generator and its options.

A new problem is one row of `GENERATORS`; files, help and tests read the table. Where a problem has two
classes its target is a single 0-1 column, with more classes it is one-hot. The rows alternate between the
classes, so that a run without shuffling does not meet them one class after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray
from tuibp.engine.dataset import Dataset, dataset, one_hot

Options: TypeAlias = Mapping[str, float]


class Option(NamedTuple):
    """One number that shapes a problem."""

    default: float
    low: float
    high: float
    """The bounds, both allowed; the option is a whole number where its default is an int."""
    doc: str


class Generator(NamedTuple):
    """One toy problem."""

    name: str
    doc: str
    """What it asks of a network."""
    options: Mapping[str, Option]
    make: Callable[[np.random.Generator, Options], Dataset]
    """make(rng, options) -> float64 data; options holds every option."""


_N = Option(200, 1, 1_000_000, "samples in all")
_CLASSES = Option(2, 2, 10, "classes")


def _noise(default: float, of: str) -> Option:
    return Option(default, 0.0, 10.0, f"standard deviation of the normal noise added to {of}")


def _bits(count: int) -> Array:
    """(2^count, count): the rows of a truth table in their usual order, 00, 01, 10, 11."""
    places = np.arange(count - 1, -1, -1)
    return ((np.arange(2**count)[:, None] >> places) & 1).astype(np.float64)


def _truth(function: Callable[[IntArray], IntArray], count: int) -> Dataset:
    """The truth table of a function of the number of ones (rows,) -> 0 or 1 (rows,)."""
    x = _bits(count)
    y = function(x.sum(axis=1).astype(np.intp)).astype(np.float64)
    return dataset(x, y[:, None], classes=("0", "1"))


def _logic(function: Callable[[IntArray], IntArray]) -> Callable[[np.random.Generator, Options], Dataset]:
    """A maker of the four rows of a two-input function."""
    return lambda rng, options: _truth(function, 2)


def _parity(rng: np.random.Generator, options: Options) -> Dataset:
    return _truth(lambda ones: ones % 2, int(options["bits"]))


def _labelled(rng: np.random.Generator, x: Array, labels: IntArray, count: int, noise: float) -> Dataset:
    """Points x (N, 2) with noise, and labels (N,) as the targets."""
    y = labels[:, None].astype(np.float64) if count == 2 else one_hot(labels, count)
    return dataset(x + noise * rng.standard_normal(x.shape), y, classes=[str(k) for k in range(count)])


def _turns(options: Options) -> tuple[int, IntArray, Array]:
    """Classes, the class of each sample, and how far along its class each sample lies, in 0..1."""
    n, count = int(options["n"]), int(options.get("classes", 2))
    k = np.arange(n, dtype=np.intp)
    return count, k % count, (k // count + 0.5) / -(-n // count)


def _polar(radius: Array, angle: Array) -> Array:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _circle(rng: np.random.Generator, options: Options) -> Dataset:
    _, labels, _ = _turns(options)
    u = rng.random(labels.size)
    # Class 1 is the disc up to radius 0.5, class 0 the ring from 0.7 to 1; the root makes points uniform by
    # area.
    radius = np.sqrt(np.where(labels == 1, 0.25 * u, 0.49 + 0.51 * u))
    angle = 2 * np.pi * rng.random(labels.size)
    return _labelled(rng, _polar(radius, angle), labels, 2, options["noise"])


def _gauss(rng: np.random.Generator, options: Options) -> Dataset:
    count, labels, _ = _turns(options)
    centres = _polar(np.ones(labels.size), 2 * np.pi * labels / count + np.pi / 4)
    return _labelled(rng, centres, labels, count, options["noise"])


def _spiral(rng: np.random.Generator, options: Options) -> Dataset:
    count, labels, along = _turns(options)
    angle = 2 * np.pi * options["turns"] * along + 2 * np.pi * labels / count
    return _labelled(rng, _polar(along, angle), labels, count, options["noise"])


def _moons(rng: np.random.Generator, options: Options) -> Dataset:
    _, labels, along = _turns(options)
    angle = np.pi * (along + labels)
    shift = np.where((labels == 1)[:, None], [1.0, 0.5], [0.0, 0.0])
    return _labelled(rng, _polar(np.ones(labels.size), angle) + shift, labels, 2, options["noise"])


def _sine(rng: np.random.Generator, options: Options) -> Dataset:
    x = np.linspace(-np.pi, np.pi, int(options["n"]))[:, None]
    return dataset(x, np.sin(x) + options["noise"] * rng.standard_normal(x.shape))


def _plane(rng: np.random.Generator, options: Options) -> Dataset:
    x = rng.uniform(-1.0, 1.0, (int(options["n"]), 2))
    y = x.mean(axis=1, keepdims=True)
    return dataset(x, y + options["noise"] * rng.standard_normal(y.shape))


def _and_n(noise: Option, **more: Option) -> dict[str, Option]:
    return {"n": _N, "noise": noise, **more}


GENERATORS: dict[str, Generator] = {
    row.name: row
    for row in (
        Generator("xor", "one input or the other, not both: no single line parts it", {}, _logic(lambda k: k % 2)),
        Generator("and", "both inputs: one line parts it", {}, _logic(lambda k: k // 2)),
        Generator("or", "at least one input: one line parts it", {}, _logic(lambda k: (k + 1) // 2)),
        Generator(
            "parity",
            "an odd number of ones; 2^bits rows",
            {"bits": Option(3, 1, 16, "inputs")},
            _parity,
        ),
        Generator("circle", "a disc within a ring", _and_n(_noise(0.05, "the points")), _circle),
        Generator(
            "gauss",
            "one normal cloud a class, on a circle",
            _and_n(_noise(0.5, "the points"), classes=_CLASSES),
            _gauss,
        ),
        Generator(
            "spiral",
            "arms wound around each other: hard without hidden layers",
            _and_n(
                _noise(0.03, "the points"),
                classes=_CLASSES,
                turns=Option(1.5, 0.1, 10.0, "turns of each arm"),
            ),
            _spiral,
        ),
        Generator("moons", "two half circles that interlock", _and_n(_noise(0.1, "the points")), _moons),
        Generator("sine", "y = sin x on -pi..pi, a curve to fit", _and_n(_noise(0.0, "y")), _sine),
        Generator("plane", "y = (x0 + x1) / 2, a plane to fit", _and_n(_noise(0.0, "y")), _plane),
    )
}
"""Every toy problem by the name it has in files."""
