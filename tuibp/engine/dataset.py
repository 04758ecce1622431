"""Data as the engine sees them: rows, split, scale, and the order an epoch visits them in.

Everything here is a pure function of its arguments; randomness comes from `engine.random` by seed and
purpose. Nothing the test part contains may ever reach the statistics of the training part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array, DType, IntArray
from tuibp.engine.random import Stream, stream
from tuibp.errors import InputError

COPIED = 8 * 2**20
"""Bytes of inputs that are worth a second copy, from which samples are loaded with one call less."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """N samples with their targets. Both arrays are read-only and C-contiguous."""

    x: Array
    """(N, n_0): row s is sample s."""
    y: Array
    """(N, n_L): row s is the target of sample s."""
    features: tuple[str, ...]
    """n_0 names, one a column of x."""
    classes: tuple[str, ...]
    """Class names: n_L where y is one-hot, 2 where y is a single 0-1 column, none for numeric targets."""
    notes: tuple[str, ...] = ()
    """What was done to the data on their way in, such as how many rows were dropped; sentences."""

    @property
    def N(self) -> int:
        """The number of samples."""
        return int(self.x.shape[0])

    @cached_property
    def labels(self) -> IntArray | None:
        """(N,) class numbers where y is one-hot or a single 0-1 column; None where targets are numbers."""
        return class_numbers(self.y)

    @cached_property
    def x_and_one(self) -> Array | None:
        """(N, n_0 + 1) x, then a column of ones that biases are multiplied with; None where the copy would be large."""
        if self.x.nbytes > COPIED:
            return None
        return _frozen(np.hstack([self.x, np.ones((self.N, 1), self.x.dtype)]))

    def take(self, rows: IntArray) -> Dataset:
        """The data set of some rows, in the order given."""
        return replace(self, x=_frozen(self.x[rows]), y=_frozen(self.y[rows]))


def class_numbers(y: Array) -> IntArray | None:
    """(N,) class numbers of targets y (N, n_L) that are one-hot or a 0-1 column; None for all others."""
    if not bool(np.all((y == 0) | (y == 1))):
        return None
    if y.shape[1] == 1:
        return y[:, 0].astype(np.intp)
    return y.argmax(axis=1) if bool(np.all(y.sum(axis=1) == 1)) else None


def one_hot(numbers: IntArray, count: int) -> Array:
    """(N, count) targets with a single 1 a row, from (N,) class numbers."""
    y = np.zeros((numbers.size, count))
    y[np.arange(numbers.size), numbers] = 1.0
    return y


def dataset(x: Array, y: Array, features: Sequence[str] = (), classes: Sequence[str] = ()) -> Dataset:
    """A data set of copies of x (N, n_0) and y (N, n_L), with default names where none are given."""
    if not classes and class_numbers(y) is not None:
        classes = tuple(str(k) for k in range(max(2, y.shape[1])))
    names = tuple(features) or tuple(f"x{j}" for j in range(x.shape[1]))
    return Dataset(_frozen(np.array(x)), _frozen(np.array(y)), names, tuple(classes))


BLOCK = 4096
"""Samples whose order is drawn at once: several epochs of a small data set, because a draw costs as much as a batch."""


def epochs_of_a_draw(N: int) -> int:
    """How many epochs of N samples one draw orders."""
    return max(1, BLOCK // N)


class Orders:
    """The orders in which the epochs of a run visit N samples, many at a time."""

    def __init__(self, seed: int, N: int, shuffle: bool) -> None:
        self._in_turn = np.tile(np.arange(N, dtype=np.intp), (epochs_of_a_draw(N), 1))
        self._in_turn.flags.writeable = False
        self._stream = Stream(seed, "shuffle") if shuffle else None

    def draw(self, draw: int) -> IntArray:
        """(B, N) the orders of epochs draw B .. draw B + B - 1, where B = `epochs_of_a_draw(N)`; each row is a random
        partition of its own.
        """
        return self._in_turn if self._stream is None else self._stream.at(draw).permuted(self._in_turn, axis=1)


def partition(seed: int, epoch: int, N: int, shuffle: bool) -> IntArray:
    """(N,) the rows in the order in which one epoch visits them; its slices are the epoch's batches.

    Source: notes, stochastic gradient descent: every epoch draws a random partition of the training set.
    """
    draw, row = divmod(epoch, epochs_of_a_draw(N))
    order: IntArray = Orders(seed, N, shuffle).draw(draw)[row]
    return order


def split_rows(N: int, train: float, seed: int, labels: IntArray | None = None) -> tuple[IntArray, IntArray]:
    """Rows of the training part and of the test part, each in the order of the data; neither is ever empty.

    Args:
        N: number of samples, at least 2.
        train: share of the training part, 0 < train < 1; it gets round(train * N) samples.
        seed: of the random stream "split".
        labels: (N,) class numbers for a stratified split: every class keeps its share to within one sample.
    """
    order = stream(seed, "split").permutation(N)
    groups = np.zeros(N, dtype=np.intp) if labels is None else np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(groups)
    count = min(max(round(train * N), 1), N - 1)
    # Largest remainders: every class gets its share rounded down, those that lost most by that get one more.
    taken, lost = np.divmod(count * sizes, N)
    taken[np.argsort(-lost, kind="stable")[: count - taken.sum()]] += 1
    shuffled = groups[order]
    chosen = [order[shuffled == group][:quota] for group, quota in enumerate(taken)]
    rows = np.sort(np.concatenate(chosen))
    return rows, np.setdiff1d(np.arange(N), rows)


class Scaling(NamedTuple):
    """The affine map x -> (x - shift) / scale of each feature."""

    shift: Array
    """(n_0,)."""
    scale: Array
    """(n_0,); 1 for a constant column, which so becomes 0."""

    def __call__(self, x: Array) -> Array:
        """x (N, n_0) scaled, as a new array."""
        return (x - self.shift) / self.scale


def _zscore(x: Array) -> Scaling:
    """Mean 0 and standard deviation 1 (of the population: divided by N)."""
    return Scaling(x.mean(axis=0), x.std(axis=0))


def _minmax(x: Array) -> Scaling:
    """Smallest value 0 and largest value 1."""
    return Scaling(x.min(axis=0), x.max(axis=0) - x.min(axis=0))


NORMALISATIONS: dict[str, Callable[[Array], Scaling] | None] = {
    "none": None,
    "zscore": _zscore,
    "minmax": _minmax,
}
"""How the scaling is fitted to the training part (N, n_0), by the name it has in files."""


def fit(x: Array, method: str) -> Scaling | None:
    """The scaling that `method`, a key of NORMALISATIONS, fits to the training part x (N, n_0)."""
    fitted = NORMALISATIONS[method]
    if fitted is None:
        return None
    scaling = fitted(x)
    # A constant column is told by its values: its computed deviation may be a rounding error instead of 0.
    constant = x.max(axis=0) == x.min(axis=0)
    return Scaling(np.where(constant, x[0], scaling.shift), np.where(constant, 1.0, scaling.scale))


def prepare(
    data: Dataset,
    *,
    normalize: str = "none",
    train: float | None = None,
    stratify: bool = True,
    seed: int = 0,
    dtype: DType | None = None,
) -> tuple[Dataset, Dataset | None]:
    """The training part and the test part, filled, normalised and in the network's number type.

    Args:
        data: float64; NaN in x stands for a missing value and becomes the mean of the training part's column.
        normalize: a key of NORMALISATIONS.
        train: share of the training part; None keeps all samples in it and returns no test part.
        stratify: keep the shares of the classes, where there are classes.

    Raises:
        InputError: one sample cannot be split, or a column cannot be filled or leaves the range of `dtype`.
    """
    parts = [data]
    if train is not None:
        if data.N < 2:
            raise InputError("a single sample cannot be split", hint="give more samples or leave `split` out")
        labels = data.labels if stratify else None
        parts = [data.take(rows) for rows in split_rows(data.N, train, seed, labels)]
    with np.errstate(all="ignore"):
        means = _means(parts[0])
        filled = [np.where(np.isnan(part.x), means, part.x) for part in parts]
        scaling = fit(filled[0], normalize)
        result = [
            _cast(replace(part, x=x if scaling is None else scaling(x)), np.dtype(dtype or np.float64))
            for part, x in zip(parts, filled, strict=True)
        ]
    return result[0], result[1] if train is not None else None


def _means(part: Dataset) -> Array:
    """(n_0,) means of the values that are there."""
    missing = np.isnan(part.x)
    present = part.N - missing.sum(axis=0)
    if not bool(present.all()):
        name = part.features[int(np.argmin(present))]
        raise InputError(f'feature "{name}" has no value in the training part', hint="leave that column out")
    means: Array = np.where(missing, 0.0, part.x).sum(axis=0) / present
    return means


def _cast(part: Dataset, dtype: DType) -> Dataset:
    """The part in `dtype`, all finite."""
    x, y = part.x.astype(dtype), part.y.astype(dtype)
    finite = np.isfinite(x).all(axis=0)
    if not bool(finite.all()):
        name = part.features[int(np.argmin(finite))]
        raise InputError(f'feature "{name}" leaves the range of {dtype}', hint="scale it or leave it out")
    if not bool(np.isfinite(y).all()):
        raise InputError(f"a target leaves the range of {dtype}", hint="scale the targets down")
    return replace(part, x=_frozen(x), y=_frozen(y))


def _frozen(array: Array) -> Array:
    """The array, C-contiguous and read-only."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
