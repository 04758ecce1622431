"""The check of the user's own backprop, from their file to the verdict (explain.md section 3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuibp.engine.network import Network
from tuibp.engine.recipe import Recipe
from tuibp.errors import InputError
from tuibp.explain.check.catalogue import CATALOGUE
from tuibp.explain.check.close import DOUBLE, HALF, SINGLE, Tolerance
from tuibp.explain.check.contract.calls import Caller
from tuibp.explain.check.contract.describe import describe
from tuibp.explain.check.contract.detect import detect
from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.diagnose import Walked, conclude, examine
from tuibp.explain.check.guess import DEFAULT, guess, words_of
from tuibp.explain.check.observed import Failure
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import built_in, from_recipe, of_the_last_class, one_of_several, sized
from tuibp.explain.check.verdict import Named, Probed, Verdict


def check(caller: Caller, recipe: Recipe | None, name: str = "", own: list[Walked] | None = None) -> Verdict:
    """Run the user's code on their network and on the built-in probes, and name what is wrong with it.

    Args:
        recipe: of the network file; None takes the activations and the cost that fit the code best.
        name: what the user has named of their file.
        own: gets the walk over the user's own network.

    Raises:
        InputError: nothing in the file looks like backprop, or it cannot have the network's sizes.
    """
    like = DEFAULT if recipe is None else recipe.network
    with np.errstate(all="ignore"):
        code = detect(caller, like, name, free=recipe is None)
        if isinstance(code, Failure):
            return Verdict("failed", probed=(Probed("your network" if recipe else "a trial", like.sizes, code),))
        like, assumed, probes, walked = _examined(code, like, recipe)
        if code.layout.label and not any(one.chains for one in walked):
            # `np.zeros((m, Y.max() + 1))` fails wherever the last class is not in the batch.
            again = replace(code, last_class=True, answers=[])
            other = _examined(again, like, recipe)
            if any(one.chains for one in other[-1]):
                code, (like, assumed, probes, walked) = again, other
        if own is not None and recipe is not None:
            own.append(walked[0])
        verdict = conclude(walked)
        if recipe is not None and _puzzling(verdict):
            verdict = _of_another_network(code, recipe, verdict)
        if code.biased and not code.layout.inside and verdict.rows:
            verdict = _with_biases(verdict)
        if not code.biased:
            verdict = replace(verdict, rows=tuple(row for row in verdict.rows if row.tensor.name != "db"))
    remarks = tuple(code.remarks(probes[0]))
    return replace(verdict, remarks=remarks, contract=tuple(describe(code)), assumed=assumed)


def _examined(code: Handed, like: Network, recipe: Recipe | None) -> tuple[Network, str, list[Probe], list[Walked]]:
    """The network that the code is taken for, the words for it, the probes and the walks over them."""
    assumed = ""
    if recipe is None:
        like, assumed = guess(code) or (DEFAULT, words_of(DEFAULT))
    probes = _probes(code, like, recipe)
    return like, assumed, probes, _walked(code, probes)


def _walked(code: Handed, probes: list[Probe]) -> list[Walked]:
    """The probes one after the other; a name that one has given is tried first on the next."""
    tolerance = _precision(code, probes[0])
    walked: list[Walked] = []
    for probe in probes:
        known = frozenset(n for one in walked for chain in one.chains for n in chain.names)
        walked.append(examine(code, probe, tolerance, known))
        if walked[-1].failure is not None and walked[-1].failure.kind == "timeout":
            break
    return walked


def _with_biases(verdict: Verdict) -> Verdict:
    """Code that computes with biases and gives no gradient for any of them has forgotten them."""
    silent = [row for row in verdict.rows if row.tensor.name == "db"]
    if any(row.yours is not None for row in verdict.rows if row.tensor.name in ("db", "delta")):
        return verdict  # δ of one sample is the gradient of b
    layers = tuple(row.tensor.layer or 0 for row in silent)
    forgotten = Named(CATALOGUE["bias-forgotten"], "", layers, max(layers), verdict.shown)
    explanations = verdict.explanations or ((),)
    return replace(verdict, outcome="wrong", explanations=tuple((*one, forgotten) for one in explanations))


def _puzzling(verdict: Verdict) -> bool:
    """Whether a mistake or two do not explain it."""
    return verdict.unexplained or _everywhere(verdict) or any(len(one) > 1 for one in verdict.explanations)


def _everywhere(verdict: Verdict) -> bool:
    """Whether every layer has another activation than the network's: that is another network rather than a mistake."""
    every = (named for explanation in verdict.explanations for named in explanation)
    return any(named.mistake.name == "another-activation" and len(named.layers) == named.L > 1 for named in every)


def _names(verdict: Verdict) -> int:
    return len(verdict.explanations[0]) if verdict.explanations else 0


def _of_another_network(code: Handed, recipe: Recipe, verdict: Verdict) -> Verdict:
    """The verdict on the network that the code seems to be for, where that explains more than the file's."""
    found, own = guess(code, whole=True), recipe.network
    if found is None:
        return verdict
    like, words = found
    if {words_of(like), words_of(own)} == {words}:
        return verdict
    other = conclude(_walked(code, _probes(code, like, None)))
    if other.outcome == "failed" or other.unexplained:
        return verdict
    needed = _names(other) + (not _everywhere(verdict))
    if not verdict.unexplained and needed >= _names(verdict):
        return verdict
    mismatch = f"your code computes {words}; the network file has {words_of(own)}"
    failed = tuple(probed for probed in verdict.probed if probed.name == "your network" and probed.failure)
    return replace(other, outcome="wrong", mismatch=mismatch, probed=(*failed, *other.probed))


def _probes(code: Handed, like: Network, recipe: Recipe | None) -> list[Probe]:
    """Those that the code can be run on, the user's own network first."""
    found = _probes_of(code, like, recipe)
    own = recipe is not None
    # A class by its number wants targets that are one.
    found = [one_of_several(probe) if code.layout.label and not (own and k == 0) else probe
             for k, probe in enumerate(found)]  # fmt: skip
    if code.last_class:
        found = [of_the_last_class(probe) for probe in found]
    rate = code.own_rate(found[0])
    return found if rate is None else [replace(probe, lr=rate) for probe in found]


def _probes_of(code: Handed, like: Network, recipe: Recipe | None) -> list[Probe]:
    biased = code.biased
    if code.fixed is not None:
        words = "a network of your sizes"
        if recipe is not None and recipe.network.sizes != code.fixed:
            given, own = ("-".join(map(str, sizes)) for sizes in (recipe.network.sizes, code.fixed))
            raise InputError(
                f"your code builds a {own} network, the network file has {given}",
                hint="make the two agree, or leave --network away",
            )
        own_sizes = sized(like, code.fixed, f"{words} {'-'.join(map(str, code.fixed))}", biased=biased)
        return [own_sizes] if recipe is None else [from_recipe(recipe, biased), own_sizes]
    if recipe is None:
        return built_in(like, biased=biased, depth=code.depth, outputs=code.outputs)
    if code.depth is not None and code.depth != like.L:
        raise InputError(
            f"your code is written for {_many(code.depth, 'layer')}, the network file has {like.L}",
            hint="give a network file of as many layers",
        )
    if code.outputs is not None and code.outputs != like.sizes[-1]:
        raise InputError(
            f"your code is written for {_many(code.outputs, 'output')}, the network file has {like.sizes[-1]}",
            hint="give a network file of as many outputs",
        )
    return [from_recipe(recipe, biased), *built_in(like, biased=biased, depth=code.depth, outputs=code.outputs)]


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _precision(code: Handed, probe: Probe) -> Tolerance:
    code.singles(probe, (0,))
    kinds = {kind for answer in code.answers for kind in answer.types}
    return HALF if "float16" in kinds else SINGLE if "float32" in kinds else DOUBLE
