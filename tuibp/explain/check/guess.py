"""Which network the user's code is for, where no network file says so: the one that explains its numbers best."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.costs import COSTS
from tuibp.engine.network import Layer, Network
from tuibp.explain.check.catalogue.error import DIFFERENCES
from tuibp.explain.check.close import SINGLE
from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.forward import observed, recovered
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probes import FEW, one_of_several, sized, trial_of
from tuibp.explain.check.reference import apply
from tuibp.explain.check.seen import Seen, seen
from tuibp.explain.check.walk import walk

HIDDEN = ("sigmoid", "tanh", "relu", "leaky-relu", "softplus", "identity")
OUTPUTS = (
    ("sigmoid", "half-squared-error"),
    ("softmax", "cross-entropy"),
    ("sigmoid", "binary-cross-entropy"),
    ("identity", "half-squared-error"),
    ("tanh", "half-squared-error"),
    ("relu", "half-squared-error"),
)
"""Output activation and cost, the likeliest first."""


def _network(sizes: tuple[int, ...], hidden: str, output: str, cost: str) -> Network:
    names = [*([hidden] * (len(sizes) - 2)), output]
    return Network(
        sizes[0], tuple(Layer(n, ACTIVATIONS[a]) for n, a in zip(sizes[1:], names, strict=True)), COSTS[cost]
    )


DEFAULT = _network((4, 6, 5, 3), "sigmoid", "sigmoid", "half-squared-error")
"""What detection starts from."""


def guess(code: Handed) -> tuple[Network, str]:
    """The network that the code is taken for, and the words for it."""
    probe = trial_of(DEFAULT, code.depth or DEFAULT.L) if code.fixed is None else sized(DEFAULT, code.fixed, "a trial")
    probe, n = one_of_several(probe), probe.sizes[-1]
    singles = [one for one in code.singles(probe, range(FEW)) if isinstance(one, Observed)]
    if len(singles) < FEW:
        return DEFAULT, _words("sigmoid", "sigmoid", "half-squared-error")
    ranked = []
    side = seen(probe, singles, SINGLE)
    for rank, (hidden, (output, cost)) in enumerate(product(_hidden(side), OUTPUTS)):
        if output == "softmax" and n == 1:
            continue
        network = _network(probe.sizes, hidden, output, cost)
        measure = walk(replace(side, probe=replace(probe, network=network)), any_rate=code.any_rate, quick=True)
        ranked.append((measure[0].measure, rank, network, _words(hidden, output, cost)))
        if measure[0].measure[:2] == (0, 0):
            break
    least, _, network, words = min(ranked, key=lambda one: one[:2])
    if least[2] and network.cost.name in DIFFERENCES:  # another factor in front of the same cost
        for name in DIFFERENCES:
            other = replace(network, cost=COSTS[name])
            again = walk(replace(side, probe=replace(probe, network=other)), any_rate=code.any_rate, quick=True)
            if again[0].measure < least:
                return other, words_of(other)
    return network, words


def _hidden(side: Seen) -> tuple[str, ...]:
    """The hidden activations that may be meant: where a[1] can be read off dW[2], that which gives it."""
    a = {**observed(side), **recovered(side)}.get(("a", 1))
    if side.probe.L == 1 or a is None:
        return HIDDEN if side.probe.L > 1 else HIDDEN[:1]
    x = side.probe.X[:, list(side.samples)]
    z = side.probe.W[1] @ x + side.probe.b[1][:, None]
    return tuple(name for name in ACTIVATIONS if side.tolerance.equal(a, apply(name, z))) or HIDDEN


def _words(hidden: str, output: str, cost: str) -> str:
    return f"hidden layers {hidden}, output {output}, cost {cost}"


def words_of(network: Network) -> str:
    """The same of a network: its activations and its cost."""
    hidden = list(dict.fromkeys(layer.activation.name for layer in network.layers[:-1]))
    output, cost = network.layers[-1].activation.name, network.cost.name
    return _words(" and ".join(hidden), output, cost) if hidden else f"output {output}, cost {cost}"
