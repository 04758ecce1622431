"""The backward pass of the user's code: every step judged against their own numbers of the step before.

δ[L] is sought among {costs} x {forms of σ′}, δ[l] among {forms of the recursion, applied to the user's δ[l+1]} x {forms
of σ′}, and dW and db are made from the user's δ[l] (explain.md section 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue import STEPS, Step
from tuibp.explain.check.catalogue.special import COST_FACTOR, SIGN, SIGN_OF, factor_words
from tuibp.explain.check.chain import Chain, Finding, best
from tuibp.explain.check.close import ratio, ratios
from tuibp.explain.check.reference import cost_gradient, delta_of, outer, output_delta
from tuibp.explain.check.seen import Seen
from tuibp.explain.check.slopes import sloped

Candidate = tuple[tuple[Finding, ...], Array]
TOGETHER = 20_000
"""Numbers of δ[l], times as many dC_da[l] as are held against it at once: what bounds the memory for wide layers."""


class Effort:
    """Steps of chains that may still be tried: a count, and no time, so that a verdict never depends on the machine."""

    def __init__(self, left: int) -> None:
        self.left = left


def backwards(
    seen: Seen,
    chains: list[Chain],
    *,
    any_rate: bool = False,
    bound: tuple[int, int] | None = None,
    effort: Effort | None = None,
) -> list[Chain]:
    """All ways to explain the backward pass behind some forward passes.

    Args:
        any_rate: whether the whole gradient may have any positive factor, as where the rate of a step is not known.
        bound: chains that explain no more than this, (unknown, names), are given up.
        effort: what is spent from; all are given up where nothing is left.
    """
    for l in range(seen.probe.L, 0, -1):
        if effort is not None:
            effort.left -= len(chains)
            chains = chains if effort.left >= 0 else []
        chains = best(new for chain in _within(chains, bound) for new in _layer(seen, chain, l, any_rate, bound))
    return _within(chains, bound)


def _within(chains: list[Chain], bound: tuple[int, int] | None) -> list[Chain]:
    return chains if bound is None else [chain for chain in chains if chain.measure[:2] < bound]


def _layer(seen: Seen, chain: Chain, l: int, any_rate: bool, bound: tuple[int, int] | None) -> Iterator[Chain]:
    errors = _within(_errors(seen, chain, l), bound)
    if not errors:
        return
    for delta in _sources(seen, chain, l, errors):
        # Where little is given, much explains it: what is made of δ[l] is looked at for the best of it only.
        reached = best(_deltas(seen, errors, l, delta, any_rate))
        for with_delta in reached:
            yield from _gradients(seen, with_delta, l)
        if not reached:
            kept = errors[0] if seen.vector("dC_da", l) is not None else chain
            lost = kept.found((_unknown(seen, errors[0], l, delta),), delta=(l, delta))
            yield from _gradients(seen, lost, l)


def _unknown(seen: Seen, chain: Chain, l: int, delta: Array) -> Finding:
    """δ[l] that nothing gives; with its ratio to the right one where there is one."""
    right = _right_delta(chain, l)
    return Finding(Step.SLOPE, l, ratio=None if right is None else ratio(delta, right, seen.tolerance))


# -- dC_da


def _errors(seen: Seen, chain: Chain, l: int) -> list[Chain]:
    """Chains with each dC_da[l] that the user may have had."""
    context = chain.context
    step = Step.ERROR if l == context.L else Step.RECURSION
    if l < context.L and l + 1 not in context.delta:
        return [chain]
    right = cost_gradient(context.network.cost, context.a[l], context.y) if l == context.L else (
        context.W(l + 1).T @ context.delta[l + 1])  # fmt: skip
    options: list[Candidate] = [((), right)]
    for mistake in STEPS[step]:
        for detail, value in mistake.compute(context, l):
            if value is not None and value.shape == right.shape:
                options.append(((Finding(step, l, mistake, detail),), value))
    given = seen.vector("dC_da", l)
    if given is not None:
        matching = list(_matching(seen, [value for _, value in options], given, step, l))
        options = [((*options[k][0], *more), given) for k, more in matching]
        options = options or [((Finding(step, l, ratio=ratio(given, right, seen.tolerance)),), given)]
    return [chain.found(findings, dC_da=(l, value)) for findings, value in options]


def _matching(
    seen: Seen, values: Sequence[Array] | Array, given: Array, step: Step, l: int, any_rate: bool = False
) -> Iterator[tuple[int, tuple[Finding, ...]]]:
    """(k, more) for those that are the given numbers, or more, a sign or a factor of the cost, away from them."""
    if float(np.abs(given).max(initial=0.0)) <= seen.tolerance.floor:  # a ratio of rounding errors says nothing
        yield from ((k, ()) for k, value in enumerate(values) if seen.tolerance.equal(given, value))
        return
    for k, c in enumerate(ratios(given, values, seen.tolerance)):
        more = None if c is None else _scale(seen, c, step, l, any_rate)
        if more is not None:
            yield k, more


def _scale(seen: Seen, c: float, step: Step, l: int, any_rate: bool) -> tuple[Finding, ...] | None:
    """What a ratio stands for: nothing, a sign, or at the output a factor of the cost; None for what it may not be."""
    found = [Finding(step, l, SIGN)] if c < 0.0 else []
    size = abs(c)
    if abs(size - 1.0) <= 10.0 * seen.tolerance.relative:
        return tuple(found)
    output = l == seen.probe.L and step in (Step.ERROR, Step.SLOPE)
    words = (
        factor_words(size, seen.probe.sizes[-1], seen.probe.network.cost.name, max(1e-7, seen.tolerance.relative))
        if output
        else ""
    )
    if not words and not (any_rate and output):
        return None
    return (*found, Finding(step, l, COST_FACTOR, words or f"{size:.6g}", ratio=size))


# -- delta


def _right_delta(chain: Chain, l: int) -> Array | None:
    """σ′(z[l]) * dC_da[l] of the user's dC_da[l]."""
    context = chain.context
    dC_da = context.dC_da.get(l)
    if dC_da is None:
        return None
    right_error = l == context.L and not any(f.step is Step.ERROR for f in chain.findings)
    if right_error and context.network.fused is not None:
        return output_delta(context.network, context.z[l], context.a[l], context.y, dC_da)
    slope = context.slope_here(l)
    if slope is not None:
        return slope * dC_da
    return delta_of(context.network, l, context.z[l], context.a[l], dC_da)


def _right_deltas(chain: Chain, l: int) -> list[Array]:
    """The same, and where their forward pass has another activation, with the slope of that one, which goes with it."""
    right, context = _right_delta(chain, l), chain.context
    taken = [_ACTIVATION.get(f.name, f.detail) for f in chain.findings if f.layer == l and f.step is Step.A]
    slope = context.slope_named(taken[0], context.z[l]) if taken and taken[0] in ACTIVATIONS else None
    found = [] if right is None else [right]
    if slope is not None and l in context.dC_da:
        found.append(slope * context.dC_da[l])
    return found


_ACTIVATION = {"activation-missing": "identity"}
"""What some mistakes come to; of another activation, the detail is its name."""


def _sources(seen: Seen, chain: Chain, l: int, errors: list[Chain]) -> list[Array]:
    """What the user's δ[l] may be: as returned, as db[l], as the left-hand factor of dW[l]; without these the right
    one.
    """
    context, dW = chain.context, seen.dW.get(l)
    found = [value for value in (seen.vector("delta", l), seen.vector("db", l)) if value is not None]
    if dW is not None and dW.ndim == 3:
        below = [context.a[l - 1], context.a[l], *((context.z[l - 1],) if l > 1 else ()), context.a[0]]
        for v in below:
            found += [d for d in (left_factor(seen, dW, v), left_factor(seen, dW.transpose(0, 2, 1), v))
                      if d is not None and d.shape == context.z[l].shape]  # fmt: skip
    right = _right_delta(errors[0], l)
    if right is not None and (len(found) > 1 or not found):
        found.append(right)
    distinct: list[Array] = []
    for value in found:
        if not any(seen.tolerance.equal(value, other) for other in distinct):
            distinct.append(value)
    return distinct


def left_factor(seen: Seen, dW: Array, v: Array) -> Array | None:
    """(n, S) the δ of dW = δ vᵀ; None where dW is no such product."""
    if dW.shape[2] != v.shape[0]:
        return None
    size = np.einsum("js,js->s", v, v)
    if not (size > 0.0).all():
        return None
    delta: Array = np.einsum("sij,js->is", dW, v) / size
    return delta if seen.tolerance.equal(dW, outer(delta, v)) else None


def _deltas(seen: Seen, errors: list[Chain], l: int, delta: Array, any_rate: bool) -> Iterator[Chain]:
    """The forms of σ′ that make this δ[l] of one of these dC_da[l]."""
    told = [chain for chain in errors if l in chain.context.dC_da]
    rights = [(chain, right) for chain in told for right in _right_deltas(chain, l)]
    for k, more in _matching(seen, [right for _, right in rights], delta, Step.SLOPE, l, any_rate):
        yield _with_delta(rights[k][0], l, more, delta)
    at_once = max(1, TOGETHER // max(delta.size, 1))
    for some in (told[k : k + at_once] for k in range(0, len(told), at_once)):
        forms, values = sloped([chain.context for chain in some], l)
        for k, more in _matching(seen, values, delta, Step.SLOPE, l, any_rate):
            of, mistake, detail = forms[k]
            yield _with_delta(some[of], l, (Finding(Step.SLOPE, l, mistake, detail), *more), delta)


def _with_delta(chain: Chain, l: int, findings: tuple[Finding, ...], delta: Array) -> Chain:
    """A factor or a sign that shows in δ was in dC_da already: what is propagated from it has it, too."""
    scale = math.prod(
        -1.0 if f.mistake is SIGN else f.ratio or 1.0 for f in findings if f.mistake in (SIGN, COST_FACTOR)
    )
    return chain.found(findings, delta=(l, delta), dC_da=(l, scale * chain.context.dC_da[l]))


# -- dW and db


def _gradients(seen: Seen, chain: Chain, l: int) -> Iterator[Chain]:
    """dW[l] and db[l], made of the user's δ[l]."""
    context = chain.context
    given = seen.vectors.get(("db", l))
    right = context.delta[l]
    for with_db in _judged(seen, chain, Step.DB, l, given, right):
        yield from _judged(seen, with_db, Step.DW, l, seen.dW.get(l), outer(right, context.a[l - 1]))


def _judged(seen: Seen, chain: Chain, step: Step, l: int, given: Array | None, right: Array) -> Iterator[Chain]:
    if given is None or seen.tolerance.equal(given, right):
        yield chain
        return
    reached = False
    own = ratio(given, right, seen.tolerance)
    if own is not None and abs(own + 1.0) <= 1e-7:
        yield chain.found((Finding(step, l, SIGN_OF[step]),))
        return
    options = [
        (Finding(step, l, mistake, detail), value)
        for mistake in STEPS[step]
        for detail, value in mistake.compute(chain.context, l)
        if value is not None
    ]
    cs = ratios(given, [value for _, value in options], seen.tolerance)
    nothing = float(np.abs(given).max(initial=0.0)) <= seen.tolerance.floor
    for (finding, value), c in zip(options, cs, strict=True):
        if nothing:  # a ratio of rounding errors says nothing
            c = 1.0 if seen.tolerance.equal(given, value) else None
        if c is not None and abs(abs(c) - 1.0) <= 10.0 * seen.tolerance.relative:
            reached = True
            yield chain.found((finding, *(() if c > 0.0 else (Finding(step, l, SIGN_OF[step]),))))
    if not reached:
        yield chain.found((Finding(step, l, ratio=own),))
