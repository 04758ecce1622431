"""The activation functions: forward, derivative, formula, kinks and source of each in ONE row of one table.

Whoever adds a row gets the program listing, the fast path, the formula on the screen and the tests for it. A row emits
its NumPy calls through `do` (`engine.calls`); it never writes to its inputs, keeps the dtype of `out`, and never looks
at more than the batch it is given.

Conventions:

* z and out are (n, m): neurons by samples, one sample a column. They are distinct and C-contiguous.
* An elementwise row gives an element the same bits wherever in an array it lies. So it may be handed a block of several
  layers at once; rows between them, which hold z = 0 and a = 1, must do no harm. This goes for NaN, too: which of two
  a sum takes its sign from depends on the place, so no call may meet two of different sign; fmax and fmin stop one.
* At a kink the derivative is a choice, and it is PyTorch's, so that students may compare: relu′(0) = 0,
  leaky-relu′(0) = 0.01, selu′(0) = λα (the limit from the left), hard-tanh′(±1) = 0. `kinks` names the places; elu has
  none, as α = 1 makes its slope 1 on both sides.
* NaN stays NaN, in the derivative too (but identity′ = 1 everywhere). An infinite z gives the limit where there is one:
  sigmoid(-inf) = 0, gelu(-inf) = 0. Softmax of +inf has none and gives NaN.
* Nothing overflows on the way to a result, but for e^-z of a sigmoid that is 0 to within the smallest normal number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.calls import Do
from tuibp.engine.erf import BEYOND, DENSITY, bell, normal_cdf


class Activation(NamedTuple):
    """One row: a = σ(z) of one layer."""

    name: str
    """As spelled in files, for instance "leaky-relu"."""
    forward: Callable[[Do, Array, Array], None]
    """forward(do, z, out): out = σ(z)."""
    derivative: Callable[[Do, Array, Array, Array], None] | None
    """derivative(do, z, a, out): out = σ′(z), where a = σ(z) is at hand; None if σ is not elementwise."""
    formula: str
    derivative_formula: str
    source: str
    kinks: tuple[float, ...] = ()
    """The z at which σ′ jumps; a finite difference across one of them proves nothing."""
    pullback: Callable[[Do, Array, Array, Array], None] | None = None
    """pullback(do, a, dC_da, out): out = Jᵀ dC_da of each column; None if σ is elementwise."""
    jacobian: Callable[[Array], Array] | None = None
    """jacobian(a): ∂a_i/∂z_j of one sample, (n,) -> (n, n); None if σ is elementwise."""
    flat: float = 0.05
    """The |σ′| at or below which a unit is called saturated: a twentieth of the steepest slope; -1 where none is."""
    monotone: bool = True
    """Whether σ′ is nowhere negative."""
    bounded: bool = False
    """Whether σ stays between two values, so that it saturates on both sides."""

    @property
    def elementwise(self) -> bool:
        """Whether a_i depends on z_i alone, so that δ = σ′(z) * ∂C/∂a."""
        return self.pullback is None


LEAK = 0.01
SELU_ALPHA = 1.6732632423543772
SELU_LAMBDA = 1.0507009873554805
GELU_SCALE = math.sqrt(2.0 / math.pi)
GELU_CUBIC = 0.044715


def _identity(do: Do, z: Array, out: Array) -> None:
    do(np.copyto, out, z)


def _identity_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.copyto, out, 1.0)


def _sigmoid(do: Do, z: Array, out: Array) -> None:
    """For z and out that are one and the same, too."""
    # Full digits on both sides: 1 + e^-z is e^-z where that is large. Where it overflows, a is 0 and
    # no normal number would be nearer.
    do(np.negative, z, out)
    do(np.exp, out, out)
    do(np.add, out, 1.0, out)
    do(np.reciprocal, out, out)


def _sigmoid_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.subtract, 1.0, a, out)
    do(np.multiply, out, a, out)


def _tanh(do: Do, z: Array, out: Array) -> None:
    do(np.tanh, z, out)


def _tanh_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.multiply, a, a, out)
    do(np.subtract, 1.0, out, out)


def _relu(do: Do, z: Array, out: Array) -> None:
    do(np.maximum, z, 0.0, out=out)


def _relu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.sign, a, out)  # np.heaviside says the same, ten times as slowly


def _leaky_relu(do: Do, z: Array, out: Array) -> None:
    do(np.multiply, z, LEAK, out)
    do(np.maximum, z, out, out=out)


def _leaky_relu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.sign, z, out)
    do(np.maximum, out, LEAK, out=out)


def _elu(do: Do, z: Array, out: Array) -> None:
    do(np.minimum, z, 0.0, out=out)
    do(np.expm1, out, out)
    do(np.maximum, z, out, out=out)  # e^z - 1 >= z


def _elu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.minimum, z, 0.0, out=out)  # not a + 1, which has no digits left where a is near -1
    do(np.exp, out, out)


def _selu(do: Do, z: Array, out: Array) -> None:
    right = do.scratch(z.shape, z.dtype)
    do(np.maximum, z, -0.0, out=right)  # -0 leaves the sign of a zero beside it
    do(np.multiply, right, SELU_LAMBDA, right)
    do(np.minimum, z, 0.0, out=out)
    do(np.expm1, out, out)
    do(np.multiply, out, SELU_LAMBDA * SELU_ALPHA, out)
    do(np.add, out, right, out)  # one of the two is 0


def _selu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    positive = do.scratch(z.shape, np.bool_)
    do(np.minimum, z, 0.0, out=out)
    do(np.exp, out, out)
    do(np.multiply, out, SELU_LAMBDA * SELU_ALPHA, out)
    do(np.greater, z, 0.0, positive)
    do(np.putmask, out, positive, SELU_LAMBDA)


def _softplus(do: Do, z: Array, out: Array) -> None:
    right = do.scratch(z.shape, z.dtype)
    do(np.copysign, z, -1.0, out)
    do(np.exp, out, out)
    do(np.log1p, out, out)
    do(np.fmax, z, 0.0, right)
    do(np.add, out, right, out)  # ln(1 + e^z) = ln(1 + e^-|z|) + max(0, z)


def _softplus_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.negative, a, out)
    do(np.expm1, out, out)
    do(np.negative, out, out)


def _silu(do: Do, z: Array, out: Array) -> None:
    bounded = do.scratch(z.shape, z.dtype)
    _sigmoid(do, z, out)
    do(np.fmax, z, -1000.0, bounded)  # σ is 0 from there on, and 0 times -inf would be NaN
    do(np.multiply, out, bounded, out)


def _silu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    slope = do.scratch(z.shape, z.dtype)
    gates = do.scratch((2, *z.shape), z.dtype)
    _clip_all(do, z, 1000.0, slope)  # z g′ for g = z
    do(np.copyto, gates[0], z)
    _gated_derivative(do, gates, slope, out)


def _gelu(do: Do, z: Array, out: Array) -> None:
    bounded = do.scratch(z.shape, z.dtype)
    bell(do, z, bounded)
    normal_cdf(do, z, bounded, out)
    do(np.fmax, z, -BEYOND, bounded)
    do(np.multiply, out, bounded, out)


def _gelu_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    density, bounded = (do.scratch(z.shape, z.dtype) for _ in range(2))
    bell(do, z, density)
    normal_cdf(do, z, density, out)
    do(np.multiply, density, DENSITY, density)
    _clip_all(do, z, BEYOND, bounded)
    do(np.multiply, bounded, density, bounded)
    do(np.add, out, bounded, out)


def _gelu_tanh(do: Do, z: Array, out: Array) -> None:
    # (1 + tanh u) / 2 = sigmoid(2u), which keeps its digits where tanh u is near -1.
    bounded, square = (do.scratch(z.shape, z.dtype) for _ in range(2))
    _clip(do, z, BEYOND, bounded)
    _gelu_square(do, bounded, square)
    _gelu_gate(do, bounded, square, out)
    _sigmoid(do, out, out)
    do(np.fmax, z, -BEYOND, bounded)
    do(np.multiply, out, bounded, out)


def _gelu_tanh_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    bounded, square = (do.scratch(z.shape, z.dtype) for _ in range(2))
    gates = do.scratch((2, *z.shape), z.dtype)
    _clip(do, z, BEYOND, bounded)
    _gelu_square(do, bounded, square)
    _gelu_gate(do, bounded, square, gates[0])
    do(np.multiply, square, 3.0, square)
    do(np.add, square, 1.0, square)
    do(np.multiply, square, 2.0 * GELU_SCALE, square)
    do(np.multiply, bounded, square, bounded)
    do(np.fmax, bounded, -math.inf, bounded)
    _gated_derivative(do, gates, bounded, out)


def _gelu_square(do: Do, z: Array, out: Array) -> None:
    """out = 0.044715 z²."""
    do(np.multiply, z, GELU_CUBIC, out)
    do(np.multiply, out, z, out)


def _gelu_gate(do: Do, z: Array, square: Array, out: Array) -> None:
    """out = 2 √(2/π) (z + 0.044715 z^3) for square = 0.044715 z^2; out may be neither of them."""
    cubic = do.scratch(z.shape, z.dtype)
    do(np.add, square, 1.0, cubic)
    do(np.multiply, z, 2.0 * GELU_SCALE, out)
    do(np.multiply, out, cubic, out)


def _gated_derivative(do: Do, gates: Array, slope: Array, out: Array) -> None:
    """out = d/dz [z s(g)] = s(g) (1 + z g′ s(-g)) for s = sigmoid, g = gates[0], slope = z g′.

    gates (2, n, m) and slope, which holds no NaN, are spent.
    """
    opened, closed = gates
    do(np.subtract, 0.0, opened, closed)  # np.negative would flip the sign of NaN
    _sigmoid(do, gates, gates)
    do(np.multiply, slope, closed, slope)
    do(np.add, slope, 1.0, slope)
    do(np.multiply, opened, slope, out)


def _clip(do: Do, z: Array, bound: float, out: Array) -> None:
    """out = z, held within ±bound; NaN stays."""
    do(np.maximum, z, -bound, out=out)
    do(np.minimum, out, bound, out=out)


def _clip_all(do: Do, z: Array, bound: float, out: Array) -> None:
    """out = z, held within ±bound; NaN becomes -bound."""
    do(np.fmax, z, -bound, out)
    do(np.fmin, out, bound, out)


def _hard_tanh(do: Do, z: Array, out: Array) -> None:
    do(np.maximum, z, -1.0, out=out)
    do(np.minimum, out, 1.0, out=out)


def _hard_tanh_derivative(do: Do, z: Array, a: Array, out: Array) -> None:
    do(np.abs, a, out)
    do(np.subtract, 1.0, out, out)
    do(np.sign, out, out)  # |a| = 1 from the kinks on


def _softmax(do: Do, z: Array, out: Array) -> None:
    column = do.scratch(z.shape[1:], z.dtype)
    do(np.maximum.reduce, z, 0, None, column)
    do(np.subtract, z, column, out)  # the same a, and no e^z above 1
    do(np.exp, out, out)
    do(np.add.reduce, out, 0, None, column)
    do(np.divide, out, column, out)


def _softmax_pullback(do: Do, a: Array, dC_da: Array, out: Array) -> None:
    column = do.scratch(a.shape[1:], a.dtype)
    do(np.multiply, a, dC_da, out)
    do(np.add.reduce, out, 0, None, column)
    do(np.subtract, dC_da, column, out)
    do(np.multiply, out, a, out)


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
        flat=-1.0,
    ),
    Activation(
        "sigmoid",
        _sigmoid,
        _sigmoid_derivative,
        "σ(z) = 1 / (1 + e^-z)",
        "σ′(z) = a (1 - a)",
        "Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (1986)",
        flat=0.0125,
        bounded=True,
    ),
    Activation(
        "tanh",
        _tanh,
        _tanh_derivative,
        "σ(z) = tanh z",
        "σ′(z) = 1 - a^2",
        "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.4",
        bounded=True,
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
        flat=0.005,
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
        monotone=False,
    ),
    Activation(
        "gelu",
        _gelu,
        _gelu_derivative,
        "σ(z) = z Φ(z)",
        "σ′(z) = Φ(z) + z φ(z)",
        "Hendrycks, Gimpel, Gaussian error linear units (2016), section 2, the exact form",
        monotone=False,
    ),
    Activation(
        "gelu-tanh",
        _gelu_tanh,
        _gelu_tanh_derivative,
        "σ(z) = z/2 (1 + t), t = tanh(√(2/π) (z + 0.044715 z^3))",
        "σ′(z) = (1 + t)/2 + z/2 (1 - t^2) √(2/π) (1 + 0.134145 z^2)",
        "Hendrycks, Gimpel, Gaussian error linear units (2016), section 2, the tanh approximation",
        monotone=False,
    ),
    Activation(
        "hard-tanh",
        _hard_tanh,
        _hard_tanh_derivative,
        "σ(z) = max(-1, min(1, z))",
        "σ′(z) = 1 if |z| < 1 else 0",
        "Collobert, Large scale machine learning (2004)",
        kinks=(-1.0, 1.0),
        bounded=True,
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
        flat=-1.0,
    ),
)

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
"""Every activation by the name that files use."""
