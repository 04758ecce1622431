"""The activation functions: forward, derivative, formula, kinks and source of each in ONE row of one table.

Whoever adds a row gets the program listing, the fast path, the formula on the screen and the tests for it. A row
never writes to its inputs, keeps the dtype of `out`, and never looks at more than the batch it is given.

Conventions:

* z and out are (n, m): neurons by samples, one sample a column. They are distinct and C-contiguous.
* At a kink the derivative is a choice, and it is PyTorch's, so that students may compare: relu′(0) = 0,
  leaky-relu′(0) = 0.01, selu′(0) = λα (the limit from the left), hard-tanh′(±1) = 0. `kinks` names the places; elu has
  none, as α = 1 makes its slope 1 on both sides.
* NaN stays NaN, in the derivative too (but identity′ = 1 everywhere). An infinite z gives the limit where there is one:
  sigmoid(-inf) = 0, gelu(-inf) = 0. Softmax of +inf has none and gives NaN.
* Nothing overflows that has a finite result: e^z is taken only where z is bounded above.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.erf import BEYOND, normal_cdf, normal_pdf


@dataclass(frozen=True, eq=False)
class Activation:
    """One row: a = σ(z) of one layer."""

    name: str
    """As spelled in files, for instance "leaky-relu"."""
    forward: Callable[[Array, Array], None]
    """forward(z, out): out = σ(z)."""
    derivative: Callable[[Array, Array, Array], None] | None
    """derivative(z, a, out): out = σ′(z), where a = σ(z) is at hand; None if σ is not elementwise."""
    formula: str
    derivative_formula: str
    source: str
    kinks: tuple[float, ...] = ()
    """The z at which σ′ jumps; a finite difference across one of them proves nothing."""
    pullback: Callable[[Array, Array, Array], None] | None = None
    """pullback(a, dC_da, out): out = Jᵀ dC_da of each column; None if σ is elementwise."""
    jacobian: Callable[[Array], Array] | None = None
    """jacobian(a): ∂a_i/∂z_j of one sample, (n,) -> (n, n); None if σ is elementwise."""

    @property
    def elementwise(self) -> bool:
        """Whether a_i depends on z_i alone, so that δ = σ′(z) * ∂C/∂a."""
        return self.pullback is None


LEAK = 0.01
SELU_ALPHA = 1.6732632423543772
SELU_LAMBDA = 1.0507009873554805
GELU_SCALE = math.sqrt(2.0 / math.pi)
GELU_CUBIC = 0.044715


def _identity(z: Array, out: Array) -> None:
    np.copyto(out, z)


def _identity_derivative(z: Array, a: Array, out: Array) -> None:
    out.fill(1.0)


def _sigmoid(z: Array, out: Array) -> None:
    # e^z / (1 + e^z) keeps its digits on both sides. From 40 on it is 1 in either dtype, so e^z need not grow further.
    np.minimum(z, 40.0, out=out)
    np.exp(out, out)
    np.divide(out, out + 1.0, out)


def _sigmoid_derivative(z: Array, a: Array, out: Array) -> None:
    np.subtract(1.0, a, out)
    np.multiply(out, a, out)


def _tanh(z: Array, out: Array) -> None:
    np.tanh(z, out)


def _tanh_derivative(z: Array, a: Array, out: Array) -> None:
    np.multiply(a, a, out)
    np.subtract(1.0, out, out)


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, 0.0, out=out)


def _relu_derivative(z: Array, a: Array, out: Array) -> None:
    np.heaviside(z, 0.0, out)


def _leaky_relu(z: Array, out: Array) -> None:
    np.multiply(z, LEAK, out)
    np.maximum(z, out, out=out)


def _leaky_relu_derivative(z: Array, a: Array, out: Array) -> None:
    np.heaviside(z, 0.0, out)
    np.maximum(out, LEAK, out=out)


def _elu(z: Array, out: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.maximum(z, out, out=out)  # e^z - 1 >= z


def _elu_derivative(z: Array, a: Array, out: Array) -> None:
    np.minimum(z, 0.0, out=out)  # not a + 1, which has no digits left where a is near -1
    np.exp(out, out)


def _selu(z: Array, out: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.multiply(out, SELU_LAMBDA * SELU_ALPHA, out)
    np.multiply(z, SELU_LAMBDA, out, where=z > 0.0)


def _selu_derivative(z: Array, a: Array, out: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.exp(out, out)
    np.multiply(out, SELU_LAMBDA * SELU_ALPHA, out)
    np.copyto(out, SELU_LAMBDA, where=z > 0.0)


def _softplus(z: Array, out: Array) -> None:
    np.copysign(z, -1.0, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.add(out, np.maximum(z, 0.0), out)  # ln(1 + e^z) = ln(1 + e^-|z|) + max(0, z)


def _softplus_derivative(z: Array, a: Array, out: Array) -> None:
    np.negative(a, out)
    np.expm1(out, out)
    np.negative(out, out)


def _silu(z: Array, out: Array) -> None:
    _sigmoid(z, out)
    np.multiply(out, np.maximum(z, -1000.0), out)  # σ is 0 from there on, and 0 times -inf would be NaN


def _silu_derivative(z: Array, a: Array, out: Array) -> None:
    z = np.clip(z, -1000.0, 1000.0)
    _gated_derivative(z, z, 1.0, out)


def _gelu(z: Array, out: Array) -> None:
    normal_cdf(z, out)
    np.multiply(out, np.maximum(z, -BEYOND), out)


def _gelu_derivative(z: Array, a: Array, out: Array) -> None:
    normal_cdf(z, out)
    np.add(out, np.clip(z, -BEYOND, BEYOND) * normal_pdf(z), out)


def _gelu_tanh(z: Array, out: Array) -> None:
    # (1 + tanh u) / 2 = sigmoid(2u), which keeps its digits where tanh u is near -1.
    bounded = np.clip(z, -BEYOND, BEYOND)
    _sigmoid(2.0 * GELU_SCALE * bounded * (1.0 + GELU_CUBIC * bounded * bounded), out)
    np.multiply(out, np.maximum(z, -BEYOND), out)


def _gelu_tanh_derivative(z: Array, a: Array, out: Array) -> None:
    z = np.clip(z, -BEYOND, BEYOND)
    square = GELU_CUBIC * z * z
    _gated_derivative(z, 2.0 * GELU_SCALE * z * (1.0 + square), 2.0 * GELU_SCALE * (1.0 + 3.0 * square), out)


def _gated_derivative(z: Array, g: Array, dg: Array | float, out: Array) -> None:
    """out = d/dz [z s(g)] = s(g) (1 + z g′ s(-g)) for s = sigmoid, g = g(z), dg = g′(z) and finite z."""
    closed = np.empty_like(out)
    _sigmoid(-g, closed)
    _sigmoid(g, out)
    np.multiply(out, 1.0 + z * dg * closed, out)


def _hard_tanh(z: Array, out: Array) -> None:
    np.maximum(z, -1.0, out=out)
    np.minimum(out, 1.0, out=out)


def _hard_tanh_derivative(z: Array, a: Array, out: Array) -> None:
    np.abs(z, out)
    np.subtract(1.0, out, out)
    np.heaviside(out, 0.0, out)


def _softmax(z: Array, out: Array) -> None:
    np.subtract(z, np.maximum.reduce(z, axis=0), out)  # the same a, and no e^z above 1
    np.exp(out, out)
    np.divide(out, np.add.reduce(out, axis=0), out)


def _softmax_pullback(a: Array, dC_da: Array, out: Array) -> None:
    np.multiply(a, dC_da, out)
    np.subtract(dC_da, np.add.reduce(out, axis=0), out)
    np.multiply(out, a, out)


def _softmax_jacobian(a: Array) -> Array:
    return np.diag(a) - np.outer(a, a)


_ROWS = (
    Activation(
        "identity",
        _identity,
        _identity_derivative,
        "σ(z) = z",
        "σ′(z) = 1",
        "the linear unit; Bishop, Pattern Recognition and Machine Learning (2006), section 5.1",
    ),
    Activation(
        "sigmoid",
        _sigmoid,
        _sigmoid_derivative,
        "σ(z) = 1 / (1 + e^-z)",
        "σ′(z) = a (1 - a)",
        "Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (1986)",
    ),
    Activation(
        "tanh",
        _tanh,
        _tanh_derivative,
        "σ(z) = tanh z",
        "σ′(z) = 1 - a^2",
        "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.4",
    ),
    Activation(
        "relu",
        _relu,
        _relu_derivative,
        "σ(z) = max(0, z)",
        "σ′(z) = 1 if z > 0 else 0",
        "Nair, Hinton, Rectified linear units improve restricted Boltzmann machines (2010)",
        kinks=(0.0,),
    ),
    Activation(
        "leaky-relu",
        _leaky_relu,
        _leaky_relu_derivative,
        "σ(z) = max(0.01 z, z)",
        "σ′(z) = 1 if z > 0 else 0.01",
        "Maas, Hannun, Ng, Rectifier nonlinearities improve neural network acoustic models (2013)",
        kinks=(0.0,),
    ),
    Activation(
        "elu",
        _elu,
        _elu_derivative,
        "σ(z) = z if z > 0 else e^z - 1",
        "σ′(z) = 1 if z > 0 else e^z",
        "Clevert, Unterthiner, Hochreiter, Exponential linear units (2016), section 3, with α = 1",
    ),
    Activation(
        "selu",
        _selu,
        _selu_derivative,
        "σ(z) = λ z if z > 0 else λ α (e^z - 1), λ = 1.0507, α = 1.6733",
        "σ′(z) = λ if z > 0 else λ α e^z",
        "Klambauer, Unterthiner, Mayr, Hochreiter, Self-normalizing neural networks (2017), equation 2",
        kinks=(0.0,),
    ),
    Activation(
        "softplus",
        _softplus,
        _softplus_derivative,
        "σ(z) = ln(1 + e^z)",
        "σ′(z) = 1 - e^-a",
        "Dugas, Bengio, Bélisle, Nadeau, Garcia, Incorporating second-order functional knowledge (2000)",
    ),
    Activation(
        "silu",
        _silu,
        _silu_derivative,
        "σ(z) = z s, s = 1 / (1 + e^-z)",
        "σ′(z) = s (1 + z (1 - s))",
        "Elfwing, Uchibe, Doya, Sigmoid-weighted linear units (2018), section 2",
    ),
    Activation(
        "gelu",
        _gelu,
        _gelu_derivative,
        "σ(z) = z Φ(z)",
        "σ′(z) = Φ(z) + z φ(z)",
        "Hendrycks, Gimpel, Gaussian error linear units (2016), section 2, the exact form",
    ),
    Activation(
        "gelu-tanh",
        _gelu_tanh,
        _gelu_tanh_derivative,
        "σ(z) = z/2 (1 + t), t = tanh(√(2/π) (z + 0.044715 z^3))",
        "σ′(z) = (1 + t)/2 + z/2 (1 - t^2) √(2/π) (1 + 0.134145 z^2)",
        "Hendrycks, Gimpel, Gaussian error linear units (2016), section 2, the tanh approximation",
    ),
    Activation(
        "hard-tanh",
        _hard_tanh,
        _hard_tanh_derivative,
        "σ(z) = max(-1, min(1, z))",
        "σ′(z) = 1 if |z| < 1 else 0",
        "Collobert, Large scale machine learning (2004)",
        kinks=(-1.0, 1.0),
    ),
    Activation(
        "softmax",
        _softmax,
        None,
        "σ(z)_i = e^z_i / Σ_j e^z_j",
        "σ′(z) = diag(a) - a aᵀ",
        "Bridle, Probabilistic interpretation of feedforward classification network outputs (1990)",
        pullback=_softmax_pullback,
        jacobian=_softmax_jacobian,
    ),
)

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
"""Every activation by the name that files use."""
