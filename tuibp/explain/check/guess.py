"""Which network the user's code is for, where no network file says so: the one that explains its numbers best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import FEW, of_the_last_class, one_of_several, sized, square_of, trial_of
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

PLAUSIBLE = (0, 4)
"""A guess that needs as many names explains nothing."""


def _network(sizes: tuple[int, ...], hidden: str, output: str, cost: str) -> Network:
    names = [*([hidden] * (len(sizes) - 2)), output]
    return Network(
        sizes[0], tuple(Layer(n, ACTIVATIONS[a]) for n, a in zip(sizes[1:], names, strict=True)), COSTS[cost]
    )


DEFAULT = _network((4, 6, 5, 3), "sigmoid", "sigmoid", "half-squared-error")
"""What detection starts from."""


@dataclass(frozen=True, eq=False)
class _Case:
    """The code's numbers on one probe, to be held against one network after the other."""

    code: Handed
    probe: Probe
    singles: list[Observed]

    @property
    def handed(self) -> bool:
        """Whether z and a are handed over: they are another network's then, and the code is run again."""
        return wants(self.code.target)

    def beside(self, network: Network) -> Seen:
        """The numbers beside a network."""
        probe, singles = replace(self.probe, network=network), self.singles
        if self.handed:
            again = [one for one in self.code.singles(probe, range(FEW)) if isinstance(one, Observed)]
            singles = again or singles
        return seen(probe, singles, SINGLE)

    def measure(self, network: Network, bound: tuple[int, int] | None = None) -> tuple[int, int, int] | None:
        """How well a network explains them; None where not better than the bound."""
        chains = walk(self.beside(network), any_rate=self.code.any_rate, quick=True, bound=bound)
        return chains[0].measure if chains else None

    def networks(self, hidden: Sequence[str], outputs: Sequence[tuple[str, str]]) -> Iterator[Network]:
        """Those that may be meant, the likeliest first."""
        for name, (output, cost) in product(hidden, outputs):
            if output != "softmax" or self.probe.sizes[-1] > 1:
                yield _network(self.probe.sizes, name, output, cost)


def guess(code: Handed, *, whole: bool = False) -> tuple[Network, str] | None:
    """The network that the code is taken for, and the words for it.

    Args:
        whole: whether it must explain everything; None where none does.
    """
    case = _case(code)
    if case is None:
        return None if whole else (DEFAULT, words_of(DEFAULT))
    network = _exact(case) or _likeliest(case, whole)
    return None if network is None else (network, words_of(network))


def _case(code: Handed) -> _Case | None:
    """Numbers of the code; None where it gives none."""
    trials = [make(DEFAULT, code.depth or DEFAULT.L) for make in (trial_of, square_of)]
    if code.outputs is not None:
        trials = [trial_of(DEFAULT, code.depth or DEFAULT.L, code.outputs)]
    if code.fixed is not None:
        trials = [sized(DEFAULT, code.fixed, "a trial")]
    for trial in trials:
        probe = code.suited((of_the_last_class if code.last_class else one_of_several)(trial))
        singles = [one for one in code.singles(probe, range(FEW)) if isinstance(one, Observed)]
        if len(singles) == FEW:
            return _Case(code, probe, singles)
    return None


def _able(case: _Case) -> tuple[str, ...]:
    """Hidden activations that may be meant. A forward pass that is handed over says nothing of σ: that it is none would
    explain away a σ′ that is missing.
    """
    return tuple(name for name in HIDDEN if name != "identity") if case.handed else HIDDEN


def _exact(case: _Case) -> Network | None:
    """The network for which everything is right."""
    return next((one for one in case.networks(_able(case), EXACT) if _right(case.beside(one))), None)


def _likeliest(case: _Case, whole: bool) -> Network | None:
    """The network that leaves least unexplained, with the fewest mistakes."""
    side = seen(case.probe, case.singles, SINGLE)
    if not side.finite:
        return None if whole else replace(DEFAULT)
    likely = _able(case) if case.handed else _hidden(side)
    if _ones(side):
        return _network(case.probe.sizes, likely[0], "softmax", "cross-entropy")
    found = _least(case, case.networks(likely, OUTPUTS), PLAUSIBLE)
    if found is None and not whole:
        found = _least(case, case.networks(likely[:2], OUTPUTS[:3]), None)
    if found is None:
        return None
    network, least = found
    if least[2] and network.cost.name in DIFFERENCES:  # another factor in front of the same cost
        others = (replace(network, cost=COSTS[name]) for name in DIFFERENCES)
        return next((one for one in others if (case.measure(one) or least) < least), network)
    return network


def _least(
    case: _Case, networks: Iterable[Network], bound: tuple[int, int] | None
) -> tuple[Network, tuple[int, int, int]] | None:
    found: tuple[Network, tuple[int, int, int]] | None = None
    for network in networks:
        measure = case.measure(network, bound)
        if measure is not None and (found is None or measure < found[1]):
            found, bound = (network, measure), measure[:2]
            if bound == (0, 0):
                break
    return found


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
        if found and found != ("identity",):  # which z in the place of a shows as well
            return found
    return HIDDEN


def words_of(network: Network) -> str:
    """The same of a network: its activations and its cost."""
    hidden = list(dict.fromkeys(layer.activation.name for layer in network.layers[:-1]))
    output, cost = network.layers[-1].activation.name, network.cost.name
    told = f"output {output}, cost {cost}"
    return f"hidden layers {' and '.join(hidden)}, {told}" if hidden else told
