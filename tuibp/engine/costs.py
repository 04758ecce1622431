"""The cost functions: value, gradient, formula and source of each in one row; the fused forms are rows of their own.

The cost is that of ONE sample, column by column; taking the mean or the sum over a batch is the network's reduction and
never happens here. A row never writes to a or y and keeps the dtype of `out`. Gradients, which every batch needs, are
emitted through `do` (`engine.calls`); values are plain functions, which take many batches at once.

Conventions:

* a = a[L] and y are (n, m), one sample a column; gradient fills (n, m) with ∂C/∂a[L].
* value takes any leading axes, (..., n, m), and fills (..., m). A batch has the same bits alone and among others, if
  all are C-contiguous, however far apart they lie.
* 0 ln 0 = 0, and in cross-entropy a unit with y = 0 takes no part, whatever its a (NaN too).
* An infinite cost or gradient that the formula asks for (-ln 0, -1/0) is given as infinity.
* δ = a - y of softmax with cross-entropy holds for targets that sum to 1; the row computes what holds for all of them,
  δ = a Σy - y, which is the same number where Σy = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do


class Cost(NamedTuple):
    """One row: C(a, y) of one sample."""

    name: str
    """As spelled in files."""
    value: Callable[[Array, Array, Array], None]
    """value(a, y, out): out (..., m) = C of each sample."""
    gradient: Callable[[Do, Array, Array, Array], None]
    """gradient(do, a, y, out): out (n, m) = ∂C/∂a."""
    formula: str
    gradient_formula: str
    source: str


class Fused(NamedTuple):
    """Output activation and cost taken together: δ[L] without the quotient that may be infinite."""

    activation: str
    """Name in ACTIVATIONS."""
    cost: str
    """Name in COSTS."""
    formula: str
    delta: Callable[[Do, Array, Array, Array], None]
    """delta(do, a, y, out): out (n, m) = ∂C/∂z."""
    value: Callable[[Array, Array, Array], None]
    """value(z, y, out): out (..., m) = C of each sample from z, finite where ln a is not."""


def _sum(terms: Array, out: Array) -> None:
    """out (..., m) = the sum over the units of terms (..., n, m)."""
    if terms.shape[-2] == 1:
        np.add(terms[..., 0, :], 0.0, out)
    elif terms.ndim == 3 and terms.shape[-1] > 1:  # the same sums, unit by unit, of all batches together
        np.add.reduce(terms.transpose(1, 0, 2).copy(), axis=0, out=out)
    else:
        np.add.reduce(terms, axis=-2, out=out)
    if np.isnan(np.maximum.reduce(out, axis=None)):
        np.copyto(out, np.nan, where=np.isnan(out))  # the sign of NaN would tell where among others a batch lies


def _squared_error(a: Array, y: Array, out: Array) -> None:
    error = a - y
    np.multiply(error, error, error)
    _sum(error, out)


def _squared_error_gradient(do: Do, a: Array, y: Array, out: Array) -> None:
    do(np.subtract, a, y, out)
    do(np.multiply, out, 2.0, out)


def _half_squared_error(a: Array, y: Array, out: Array) -> None:
    _squared_error(a, y, out)
    np.multiply(out, 0.5, out)


def _difference(do: Do, a: Array, y: Array, out: Array) -> None:
    do(np.subtract, a, y, out)


def _mean_squared_error(a: Array, y: Array, out: Array) -> None:
    _squared_error(a, y, out)
    np.divide(out, a.shape[-2], out)


def _mean_squared_error_gradient(do: Do, a: Array, y: Array, out: Array) -> None:
    do(np.subtract, a, y, out)
    do(np.multiply, out, 2.0, out)
    do(np.divide, out, float(len(a)), out)


def _binary_cross_entropy(a: Array, y: Array, out: Array) -> None:
    on, off = np.zeros_like(a), np.zeros_like(a)
    np.log(a, on, where=y != 0.0)
    np.negative(a, off, where=y != 1.0)
    np.log1p(off, off)
    _sum(-y * on - (1.0 - y) * off, out)


def _binary_cross_entropy_gradient(do: Do, a: Array, y: Array, out: Array) -> None:
    rest, below = (do.scratch(a.shape, a.dtype) for _ in range(2))
    certain = do.scratch(a.shape, np.bool_)
    do(np.subtract, 1.0, a, rest)
    do(np.multiply, a, rest, below)
    do(np.subtract, a, y, out)
    for label, numerator, denominator in ((1.0, -1.0, a), (0.0, 1.0, rest)):  # cancelled, so that a = y is not 0 / 0
        do(np.equal, y, label, certain)
        do(np.putmask, out, certain, numerator)
        do(np.putmask, below, certain, denominator)
    do(np.divide, out, below, out)


def _cross_entropy(a: Array, y: Array, out: Array) -> None:
    terms = np.zeros_like(a)
    np.log(a, terms, where=y != 0.0)
    _sum(-y * terms, out)


def _cross_entropy_gradient(do: Do, a: Array, y: Array, out: Array) -> None:
    takes_part = do.scratch(a.shape, np.bool_)
    do(np.not_equal, y, 0.0, takes_part)
    do(np.copyto, out, 0.0)
    do(np.divide, y, a, out, where=takes_part)
    do(np.subtract, 0.0, out, out)  # 0, not -0, where y = 0


def _logistic_value(z: Array, y: Array, out: Array) -> None:
    # softplus(z) - y z = |z| w + ln(1 + e^-|z|), where w = 1 - y or y by the sign of z: no large numbers to subtract.
    size = np.abs(z)
    weight = np.where(z > 0.0, 1.0 - y, y)
    terms = np.log1p(np.exp(-size))
    linear = np.zeros_like(size)
    np.multiply(size, weight, linear, where=weight != 0.0)  # inf at the right label costs nothing
    _sum(np.add(terms, linear, terms), out)


def _softmax_delta(do: Do, a: Array, y: Array, out: Array) -> None:
    total = do.scratch(y.shape[1:], y.dtype)
    do(np.add.reduce, y, 0, None, total)
    do(np.multiply, a, total, out)
    do(np.subtract, out, y, out)


def _softmax_value(z: Array, y: Array, out: Array) -> None:
    # -Σ y_i ln a_i with -ln a_i = (z_top - z_i) + ln(1 + Σ_{j != top} e^(z_j - z_top)): no term is negative.
    top = np.argmax(z, axis=-2, keepdims=True)
    gap = np.take_along_axis(z, top, axis=-2) - z
    others = np.exp(-gap)
    np.put_along_axis(others, top, 0.0, axis=-2)
    gap += np.log1p(np.add.reduce(others, axis=-2, keepdims=True))
    terms = np.zeros_like(gap)
    np.multiply(y, gap, terms, where=y != 0.0)
    _sum(terms, out)


_COSTS = (
    Cost(
        "squared-error",
        _squared_error,
        _squared_error_gradient,
        "C = Σ (a - y)^2",
        "∂C/∂a = 2 (a - y)",
        "the lecture notes, section Cost Gradients",
    ),
    Cost(
        "half-squared-error",
        _half_squared_error,
        _difference,
        "C = 1/2 Σ (a - y)^2",
        "∂C/∂a = a - y",
        "Nielsen, Neural Networks and Deep Learning (2015), chapter 2; Mazur's worked example (2015)",
    ),
    Cost(
        "mean-squared-error",
        _mean_squared_error,
        _mean_squared_error_gradient,
        "C = 1/n Σ (a - y)^2",
        "∂C/∂a = 2 (a - y) / n",
        "PyTorch's MSELoss of one sample: n is the number of output units",
    ),
    Cost(
        "binary-cross-entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_gradient,
        "C = -Σ [y ln a + (1 - y) ln(1 - a)]",
        "∂C/∂a = (a - y) / (a (1 - a))",
        "Bishop, Pattern Recognition and Machine Learning (2006), section 5.2, several binary labels",
    ),
    Cost(
        "cross-entropy",
        _cross_entropy,
        _cross_entropy_gradient,
        "C = -Σ y ln a",
        "∂C/∂a = -y / a",
        "Bishop, Pattern Recognition and Machine Learning (2006), section 5.2, one of several classes",
    ),
)

COSTS: dict[str, Cost] = {row.name: row for row in _COSTS}
"""Every cost by the name that files use."""

_FUSED = (
    Fused("sigmoid", "binary-cross-entropy", "δ = a - y", _difference, _logistic_value),
    Fused("softmax", "cross-entropy", "δ = a - y", _softmax_delta, _softmax_value),
)

FUSED: dict[tuple[str, str], Fused] = {(row.activation, row.cost): row for row in _FUSED}
"""The fused forms by (activation of layer L, cost)."""
