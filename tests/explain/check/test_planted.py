"""The whole catalogue, planted one line at a time: named uniquely where a probe can tell, else told as either ... or.

`python -m tests.explain.check.test_planted` goes through four shapes and three activations; the suite has a share.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from tests.explain.check.planted import RIGHT, Line, Planted, Run
from tests.explain.check.plants import PLANTS, Plant
from tuibp.explain.check.catalogue import CATALOGUE
from tuibp.explain.check.diagnose import diagnose
from tuibp.explain.check.observed import Failure, Observed
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import built_in, made
from tuibp.explain.check.verdict import Verdict

SHAPES = ((3, 3, 3, 3), (4, 5, 3, 2), (2, 4, 1), (5, 5, 5, 5, 5))
ACTIVATIONS = ("sigmoid", "tanh", "relu")


class Fragile(Planted):
    """Code whose shapes may not fit."""

    def singles(self, probe: Probe, samples: Sequence[int]) -> list[Observed | Failure]:
        try:
            return super().singles(probe, samples)
        except (ValueError, KeyError) as error:
            return [Failure("exception", str(error))] * len(samples)

    def batch(self, probe: Probe, samples: tuple[int, ...]) -> Observed | None:
        try:
            return super().batch(probe, samples)
        except (ValueError, KeyError):
            return None


def verdict_of(plant: Plant, sizes: tuple[int, ...], activation: str) -> Verdict:
    """What the check says of a plant on a network of its own and on the built-in probes."""
    output, cost = plant.output or ("identity" if activation == "relu" else activation, "squared-error")
    probe = made("your network", sizes, (activation,), output, cost)
    return diagnose(Fragile(plant.lines), [probe, *built_in(probe.network)])


def names_of(verdict: Verdict) -> list[set[str]]:
    return [{f"{one.mistake.name} {one.detail}".strip() for one in some} for some in verdict.explanations]


def is_named(plant: Plant, verdict: Verdict) -> bool:
    """Whether it is among at most two explanations, and none has another mistake beside it."""
    found = names_of(verdict)
    return len(found) <= 2 and any(len(some) == 1 and next(iter(some)).startswith(plant.name) for some in found)


def cases(
    shapes: Sequence[tuple[int, ...]], activations: Sequence[str]
) -> Iterator[tuple[Plant, tuple[int, ...], str]]:
    for plant in PLANTS:
        for sizes in shapes:
            for activation in activations:
                if plant.only and activation not in plant.only:
                    continue
                if plant.output is not None and plant.output[0] == "softmax" and sizes[-1] == 1:
                    continue
                yield plant, sizes, activation


FEW = [
    (plant, sizes, activation)
    for k, (plant, sizes, activation) in enumerate(cases(SHAPES[:2], ACTIVATIONS[:2]))
    if k % 3 == 0
]


@pytest.mark.parametrize(("plant", "sizes", "activation"), FEW, ids=lambda one: getattr(one, "name", str(one)))
def test_every_mistake_is_named(plant: Plant, sizes: tuple[int, ...], activation: str) -> None:
    verdict = verdict_of(plant, sizes, activation)
    assert verdict.outcome == "wrong" and not verdict.unexplained
    assert is_named(plant, verdict), names_of(verdict)


@pytest.mark.parametrize("cost", ["half-squared-error", "squared-error", "mean-squared-error"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_right_is_called_right(activation: str, cost: str) -> None:
    for gives in (("dW", "db"), ("dW",), ("dW", "db", "z", "a", "dC_da", "delta")):
        probe = made("your network", (4, 5, 3, 2), (activation,), "sigmoid", cost)
        verdict = diagnose(Fragile({}, gives), [probe, *built_in(probe.network)])
        assert verdict.outcome == "right" and not verdict.conventions and not verdict.explanations


@pytest.mark.parametrize("factor", [0.5, 2.0, 1.0 / 3.0])
def test_a_factor_of_the_cost_is_a_convention(factor: float) -> None:
    def error(r: Run, l: int) -> np.ndarray:
        found = RIGHT["G"](r, l)
        return np.asarray(factor * found if l == r.L else found)

    probe = made("your network", (3, 3, 3, 3), ("tanh",), "sigmoid", "squared-error")
    verdict = diagnose(Fragile({"G": error}), [probe])
    assert verdict.outcome == "right"
    assert [one.mistake.name for one in verdict.conventions] == ["cost-factor"]


def test_several_mistakes_are_all_found() -> None:
    by_name = {plant.name: plant for plant in PLANTS}
    pairs = (
        ("raw-error-propagated", "wrong-activations-in-dW x"),
        ("slope-twice", "db-from-dW the row sums of dW[l]"),
        ("weights-not-transposed", "outer-product-transposed"),
        ("own-weights", "bias-forgotten"),
    )
    for pair in pairs:
        lines: dict[str, Line] = {}
        for name in pair:
            lines |= by_name[name].lines
        probe = made("your network", (3, 3, 3, 3), ("sigmoid",), "sigmoid", "half-squared-error")
        verdict = diagnose(Fragile(lines), [probe, *built_in(probe.network)])
        wanted = {name.split()[0] for name in pair}
        assert wanted in [{name.split()[0] for name in some} for some in names_of(verdict)], names_of(verdict)


def perturbed(seed: int) -> Fragile:
    """Code with a fault that is no mistake of the catalogue: one entry of one tensor is off by some per cent."""
    rng = np.random.default_rng(seed)
    line = str(rng.choice(["G", "d", "dW", "db", "a", "z"]))
    layer, factor = int(rng.integers(1, 4)), 1.0 + float(rng.uniform(0.02, 0.4)) * float(rng.choice([-1.0, 1.0]))

    def off(r: Run, l: int) -> np.ndarray:
        found = np.array(RIGHT[line](r, l), np.float64)
        if l == min(layer, r.L):
            found[(0,) * found.ndim] *= factor
        return found

    return Fragile({line: off})


def test_what_is_in_no_catalogue_gets_no_name() -> None:
    for seed in range(12):
        verdict = _of_perturbed(seed)
        assert verdict.outcome == "wrong" and verdict.unexplained and not any(names_of(verdict)), (
            seed,
            names_of(verdict),
        )
        assert verdict.first is not None


def _of_perturbed(seed: int) -> Verdict:
    probe = made(
        "your network", SHAPES[seed % 2], ("tanh", "sigmoid")[seed % 2 : seed % 2 + 1], "sigmoid", "squared-error"
    )
    return diagnose(perturbed(seed), [probe, *built_in(probe.network)])


def test_every_row_of_the_catalogue_is_planted() -> None:
    planted = {plant.name.split()[0] for plant in PLANTS}
    conventions = {name for name, row in CATALOGUE.items() if row.convention}
    elsewhere = {
        "wrong-input-forward", "wrong-parameters-forward", "elementwise-product-forward", "cost-propagated",
        "error-averaged-over-units", "recursion-of-the-wrong-layer", "wrong-delta-in-dW", "wrong-delta-in-db",
        "aliased-dW", "aliased-db",
    }  # fmt: skip
    assert set(CATALOGUE) - planted - conventions <= elsewhere


def main() -> None:
    """All of it, with a count."""
    unique = either = wrong = 0
    for plant, sizes, activation in cases(SHAPES, ACTIVATIONS):
        verdict = verdict_of(plant, sizes, activation)
        named = is_named(plant, verdict)
        unique += named and len(verdict.explanations) == 1
        either += named and len(verdict.explanations) == 2
        wrong += not named
        if not named:
            sys.stdout.write(f"{plant.name} {sizes} {activation}: {names_of(verdict)}\n")
    names = sum(bool(any(names_of(_of_perturbed(seed)))) for seed in range(200))
    sys.stdout.write(
        f"{unique} unique, {either} either ... or, {wrong} not named; {names} names of 200 perturbations\n"
    )


if __name__ == "__main__":
    main()
