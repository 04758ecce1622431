"""Which network the user's code is for, where no network file says so: the one that explains its numbers best."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.engine.costs import COSTS
from tuibp.engine.network import Layer, Network
from tuibp.explain.check.backward import left_factor
from tuibp.explain.check.catalogue.error import DIFFERENCES
from tuibp.explain.check.close import SINGLE
from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.contract.passed import wants
from tuibp.explain.check.forward import observed, wrong_z
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probes import FEW, one_of_several, sized, square_of, trial_of
from tuibp.explain.check.reference import apply, reference
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
EXACT = (*OUTPUTS, *((output, cost) for output in ("sigmoid", "identity", "tanh", "relu") for cost in DIFFERENCES))
"""The same with every factor in front of the cost."""


def _network(sizes: tuple[int, ...], hidden: str, output: str, cost: str) -> Network:
    names = [*([hidden] * (len(sizes) - 2)), output]
    return Network(
        sizes[0], tuple(Layer(n, ACTIVATIONS[a]) for n, a in zip(sizes[1:], names, strict=True)), COSTS[cost]
    )


DEFAULT = _network((4, 6, 5, 3), "sigmoid", "sigmoid", "half-squared-error")
"""What detection starts from."""


def guess(code: Handed) -> tuple[Network, str]:
    """The network that the code is taken for, and the words for it."""
    depth = code.depth or DEFAULT.L
    trials = [make(DEFAULT, depth) for make in (trial_of, square_of)]
    if code.fixed is not None:
        trials = [sized(DEFAULT, code.fixed, "a trial")]
    singles: list[Observed] = []
    for trial in trials:
        probe, n = code.suited(one_of_several(trial)), trial.sizes[-1]
        singles = [one for one in code.singles(probe, range(FEW)) if isinstance(one, Observed)]
        if len(singles) == FEW:
            break
    else:
        return DEFAULT, _words("sigmoid", "sigmoid", "half-squared-error")
    ranked: list[tuple[tuple[int, int, int], int, Network, str]] = []
    side = seen(probe, singles, SINGLE)
    handed = wants(code.target)

    def under(network: Network) -> Seen:
        """The code's numbers beside another network; run again where its z and a are handed over."""
        other = replace(probe, network=network)
        again = [one for one in code.singles(other, range(FEW)) if isinstance(one, Observed)] if handed else singles
        return seen(other, again, SINGLE) if handed and again else replace(side, probe=other)

    # A forward pass that is handed over says nothing of σ: that it is none would explain away a σ′ that is missing.
    able = tuple(name for name in HIDDEN if name != "identity") if handed else HIDDEN
    for hidden, (output, cost) in product(able, EXACT):
        network = _network(probe.sizes, hidden, output, cost)
        if (output != "softmax" or n > 1) and _right(under(network)):
            return network, _words(hidden, output, cost)
    likely = able if handed else _hidden(side)
    if _ones(side):
        network = _network(probe.sizes, likely[0], "softmax", "cross-entropy")
        return network, words_of(network)
    for rank, (hidden, (output, cost)) in enumerate(product(likely, OUTPUTS)):
        if output == "softmax" and n == 1:
            continue
        network = _network(probe.sizes, hidden, output, cost)
        least = min((measure for measure, *_ in ranked), default=None)
        chains = walk(
            under(network), any_rate=code.any_rate, quick=True, bound=None if least is None else least[:2],
        )  # fmt: skip
        if chains:
            ranked.append((chains[0].measure, rank, network, _words(hidden, output, cost)))
            if chains[0].measure[:2] == (0, 0):
                break
    least, _, network, words = min(ranked, key=lambda one: one[:2])
    if least[2] and network.cost.name in DIFFERENCES:  # another factor in front of the same cost
        for name in DIFFERENCES:
            other = replace(network, cost=COSTS[name])
            again = walk(under(other), any_rate=code.any_rate, quick=True)
            if again[0].measure < least:
                return other, words_of(other)
    return network, words


def _right(side: Seen) -> bool:
    """Whether all that is given is exactly right for a network: told at once, where a walk takes its time."""
    right, equal = reference(side.probe, side.samples), side.tolerance.equal
    vectors = {"z": right.z, "a": right.a, "dC_da": right.dC_da, "delta": right.delta, "db": right.delta}
    return all(equal(value, right.dW[l]) for l, value in side.dW.items()) and all(
        equal(value, vectors[name][l]) for (name, l), value in side.vectors.items()
    )


def _ones(side: Seen) -> bool:
    """Whether every output is 1, as those of a softmax are that is summed over the samples, of which there is one."""
    L = side.probe.L
    delta, y = side.vector("db", L), side.probe.Y[:, list(side.samples)]
    return delta is not None and len(delta) > 1 and side.tolerance.equal(delta, 1.0 - y)


def _hidden(side: Seen) -> tuple[str, ...]:
    """The hidden activations that may be meant: where dW[2] has one for its right-hand factor, that."""
    probe = side.probe
    if probe.L == 1:
        return HIDDEN[:1]
    x = probe.X[:, list(side.samples)]
    z = probe.W[1] @ x + probe.b[1][:, None]
    dW, a = side.dW.get(2), {**observed(side)}.get(("a", 1))
    if a is None and (dW is None or dW.ndim != 3):
        return HIDDEN

    def meant(h: Array) -> bool:
        return side.tolerance.equal(a, h) if a is not None else dW is not None and left_factor(side, dW, h) is not None

    for form in (z, *wrong_z(side)):  # with its bias forgotten, say
        found = tuple(name for name in ACTIVATIONS if meant(apply(name, form)))
        if found:
            return found
    return HIDDEN


def _words(hidden: str, output: str, cost: str) -> str:
    return f"hidden layers {hidden}, output {output}, cost {cost}"


def words_of(network: Network) -> str:
    """The same of a network: its activations and its cost."""
    hidden = list(dict.fromkeys(layer.activation.name for layer in network.layers[:-1]))
    output, cost = network.layers[-1].activation.name, network.cost.name
    return _words(" and ".join(hidden), output, cost) if hidden else f"output {output}, cost {cost}"
