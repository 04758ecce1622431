"""An independent automatic differentiation: reverse mode over scalars, written from `math` alone.

It knows no backpropagation: a number remembers how it was made, and the chain rule goes back over that record. It never
looks at the engine, so that the two can only agree by both being right. Activations and costs are textbook definitions;
their derivatives are nowhere written down, they follow from those of exp, ln, tanh, erfc.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Vector = list[float]
Matrix = list[Vector]


class Number:
    """A value and the numbers it was made of, each with the partial derivative."""

    __slots__ = ("adjoint", "edges", "value")

    def __init__(self, value: float, *edges: tuple[Number, float]) -> None:
        self.value = value
        self.edges: Sequence[tuple[Number, float]] = edges
        self.adjoint = 0.0

    def __add__(self, other: Number | float) -> Number:
        if isinstance(other, Number):
            return Number(self.value + other.value, (self, 1.0), (other, 1.0))
        return Number(self.value + other, (self, 1.0))

    def __mul__(self, other: Number | float) -> Number:
        if isinstance(other, Number):
            return Number(self.value * other.value, (self, other.value), (other, self.value))
        return Number(self.value * other, (self, other))

    def __neg__(self) -> Number:
        return self * -1.0

    def __sub__(self, other: Number | float) -> Number:
        return self + (-other)

    def __rsub__(self, other: float) -> Number:
        return -self + other

    def __truediv__(self, other: Number) -> Number:
        return self * inverse(other)

    __radd__ = __add__
    __rmul__ = __mul__


def inverse(x: Number) -> Number:
    return Number(1.0 / x.value, (x, -1.0 / (x.value * x.value)))


def exp(x: Number) -> Number:
    e = math.exp(x.value)
    return Number(e, (x, e))


def expm1(x: Number) -> Number:
    return Number(math.expm1(x.value), (x, math.exp(x.value)))


def log(x: Number) -> Number:
    return Number(math.log(x.value), (x, 1.0 / x.value))


def log1p(x: Number) -> Number:
    return Number(math.log1p(x.value), (x, 1.0 / (1.0 + x.value)))


def tanh(x: Number) -> Number:
    return Number(math.tanh(x.value), (x, 1.0 / math.cosh(x.value) ** 2))


def erfc(x: Number) -> Number:
    return Number(math.erfc(x.value), (x, -2.0 / math.sqrt(math.pi) * math.exp(-x.value * x.value)))


def total(terms: Sequence[Number]) -> Number:
    return Number(math.fsum(t.value for t in terms), *((t, 1.0) for t in terms))


def affine(weights: Sequence[Number], inputs: Sequence[Number], bias: Number) -> Number:
    """Σ w x + b, summed without rounding in between."""
    value = math.fsum([*(w.value * x.value for w, x in zip(weights, inputs, strict=True)), bias.value])
    edges = [(bias, 1.0)]
    for w, x in zip(weights, inputs, strict=True):
        edges += [(w, x.value), (x, w.value)]
    return Number(value, *edges)


def chain_rule(root: Number) -> None:
    """Put d root / d x into the adjoint of every number x that root was made of."""
    order: list[Number] = []
    seen: set[int] = set()
    stack: list[tuple[Number, bool]] = [(root, False)]
    while stack:
        number, done = stack.pop()
        if done:
            order.append(number)
        elif id(number) not in seen:
            seen.add(id(number))
            stack.append((number, True))
            stack += [(part, False) for part, _ in number.edges]
    for number in order:
        number.adjoint = 0.0
    root.adjoint = 1.0
    for number in reversed(order):
        for part, slope in number.edges:
            part.adjoint += slope * number.adjoint


def _sigmoid(z: Number) -> Number:
    return inverse(exp(-z) + 1.0)


def _normal_cdf(z: Number) -> Number:
    return erfc(z * (-1.0 / math.sqrt(2.0))) * 0.5


def _gelu_tanh(z: Number) -> Number:
    return z * 0.5 * (tanh((z + z * z * z * 0.044715) * math.sqrt(2.0 / math.pi)) + 1.0)


def _selu(z: Number) -> Number:
    scale, alpha = 1.0507009873554804934, 1.6732632423543772848
    return z * scale if z.value > 0.0 else expm1(z) * (scale * alpha)


def _clip(z: Number) -> Number:
    return z * 1.0 if -1.0 < z.value < 1.0 else Number(math.copysign(1.0, z.value), (z, 0.0))


_ELEMENTWISE: dict[str, Callable[[Number], Number]] = {
    "identity": lambda z: z * 1.0,
    "sigmoid": _sigmoid,
    "tanh": tanh,
    "relu": lambda z: z * (1.0 if z.value > 0.0 else 0.0),
    "leaky-relu": lambda z: z * (1.0 if z.value > 0.0 else 0.01),
    "elu": lambda z: z * 1.0 if z.value > 0.0 else expm1(z),
    "selu": _selu,
    "softplus": lambda z: log1p(exp(z)),
    "silu": lambda z: z * _sigmoid(z),
    "gelu": lambda z: z * _normal_cdf(z),
    "gelu-tanh": _gelu_tanh,
    "hard-tanh": _clip,
}
ACTIVATION_NAMES = (*_ELEMENTWISE, "softmax")


def activate(name: str, z: Sequence[Number]) -> list[Number]:
    """a = σ(z) of one layer and one sample."""
    if name != "softmax":
        return [_ELEMENTWISE[name](number) for number in z]
    top = max(number.value for number in z)
    powers = [exp(number - top) for number in z]
    return [power / total(powers) for power in powers]


def _squares(a: Sequence[Number], y: Vector) -> Number:
    return total([(p - q) * (p - q) for p, q in zip(a, y, strict=True)])


def _bernoulli(a: Sequence[Number], y: Vector) -> Number:
    return -total([log(p) * q + log(1.0 - p) * (1.0 - q) for p, q in zip(a, y, strict=True)])


COSTS: dict[str, Callable[[Sequence[Number], Vector], Number]] = {
    "squared-error": _squares,
    "half-squared-error": lambda a, y: _squares(a, y) * 0.5,
    "mean-squared-error": lambda a, y: _squares(a, y) * (1.0 / len(y)),
    "binary-cross-entropy": _bernoulli,
    "cross-entropy": lambda a, y: -total([log(p) * q for p, q in zip(a, y, strict=True)]),
}


@dataclass
class Model:
    """A network in plain numbers; index 0 of W and b is layer 1."""

    W: list[Matrix]
    b: list[Vector]
    activations: list[str]
    cost: str


@dataclass
class Sample:
    """All that one sample gives; index l is layer l, and what layer 0 does not have is empty."""

    cost: float
    z: list[Vector]
    a: list[Vector]
    sp: list[Matrix]
    """∂a_i/∂z_j."""
    dC_da: list[Vector]
    db: list[Vector]
    dW: list[Matrix]


def differentiate(model: Model, x: Vector, y: Vector) -> Sample:
    """The cost of one sample and its derivative with respect to everything."""
    W = [[[Number(w) for w in row] for row in matrix] for matrix in model.W]
    b = [[Number(v) for v in vector] for vector in model.b]
    a = [[Number(v) for v in x]]
    z: list[list[Number]] = [[]]
    for weights, biases, name in zip(W, b, model.activations, strict=True):
        z.append([affine(row, a[-1], bias) for row, bias in zip(weights, biases, strict=True)])
        a.append(activate(name, z[-1]))
    cost = COSTS[model.cost](a[-1], y)
    chain_rule(cost)
    return Sample(
        cost.value,
        [[n.value for n in layer] for layer in z],
        [[n.value for n in layer] for layer in a],
        [[], *(jacobian(name, [n.value for n in layer]) for name, layer in zip(model.activations, z[1:], strict=True))],
        [[n.adjoint for n in layer] for layer in a],
        [[n.adjoint for n in layer] for layer in z],
        [[], *([[n.adjoint for n in row] for row in matrix] for matrix in W)],
    )


def jacobian(name: str, values: Vector) -> Matrix:
    """∂a_i/∂z_j of a layer's activation at z."""
    z = [Number(v) for v in values]
    rows = []
    for a in activate(name, z):
        for number in z:
            number.adjoint = 0.0
        chain_rule(a)
        rows.append([number.adjoint for number in z])
    return rows


def combine(parts: Sequence[Vector], reduction: str) -> Vector:
    """The sum or the mean of equally long vectors, element by element."""
    share = 1.0 / len(parts) if reduction == "mean" else 1.0
    return [math.fsum(column) * share for column in zip(*parts, strict=True)]


def _momentum(g: float, slots: Vector, count: int, settings: Mapping[str, float]) -> float:
    slots[0] = settings["momentum"] * slots[0] + g
    return slots[0]


def _nesterov(g: float, slots: Vector, count: int, settings: Mapping[str, float]) -> float:
    return g + settings["momentum"] * _momentum(g, slots, count, settings)


def _rmsprop(g: float, slots: Vector, count: int, settings: Mapping[str, float]) -> float:
    slots[0] = settings["rho"] * slots[0] + (1.0 - settings["rho"]) * g * g
    return g / (math.sqrt(slots[0]) + settings["eps"])


def _adam(g: float, slots: Vector, count: int, settings: Mapping[str, float]) -> float:
    beta1, beta2 = settings["beta1"], settings["beta2"]
    slots[0] = beta1 * slots[0] + (1.0 - beta1) * g
    slots[1] = beta2 * slots[1] + (1.0 - beta2) * g * g
    corrected = slots[1] / (1.0 - beta2**count)
    return slots[0] / (1.0 - beta1**count) / (math.sqrt(corrected) + settings["eps"])


RULES: dict[str, Callable[[float, Vector, int, Mapping[str, float]], float]] = {
    "sgd": lambda g, slots, count, settings: g,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
}
"""What lr is multiplied with before it is subtracted from one parameter; slots is that parameter's own memory."""
