"""The forward pass of the user's code, layer by layer: what z and a they had in their hands.

Where the code returns z or a, these are judged; where it does not, the right-hand factor of dW[l] = δ[l] a[l-1]ᵀ tells
which a[l-1] was used, for dW of one sample has rank one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue import STEPS, Mistake, Step
from tuibp.explain.check.chain import Chain, Finding, best
from tuibp.explain.check.context import Context
from tuibp.explain.check.reference import activate
from tuibp.explain.check.seen import Seen

Given = dict[tuple[str, int], Array]
"""z and a by (name, layer)."""


def begin(seen: Seen, kink: float | None = None) -> Chain:
    """Nothing explained yet."""
    columns = list(seen.samples)
    probe = seen.probe
    db = {layer: value for (name, layer), value in seen.vectors.items() if name == "db"}
    x = probe.X[:, columns]
    return Chain(Context(probe, x, probe.Y[:, columns], a={0: x}, dW=dict(seen.dW), db=db, kink=kink))


def observed(seen: Seen) -> Given:
    """What the user gives of the forward pass."""
    found = ((name, l, seen.vector(name, l)) for name in ("z", "a") for l in range(1, seen.probe.L + 1))
    return {(name, l): value for name, l, value in found if value is not None}


def recovered(seen: Seen) -> Given:
    """The same, with the hidden activations read off dW; empty where there are none to be read."""
    given = observed(seen)
    more: Given = {}
    for l in range(2, seen.probe.L + 1):
        factor = _right_factor(seen, l)
        if factor is not None and ("a", l - 1) not in given:
            more["a", l - 1] = factor
    return {**given, **more} if more else {}


def _right_factor(seen: Seen, l: int) -> Array | None:
    """(n_{l-1}, S) the v of dW[l] = db[l] vᵀ; None where dW[l] is no such product."""
    delta, dW = seen.vector("db", l), seen.dW.get(l)
    if delta is None or dW is None or dW.shape[1:] != seen.probe.W[l].shape:
        return None
    size = np.einsum("is,is->s", delta, delta)
    if not (size > 0.0).all():
        return None
    v: Array = np.einsum("sij,is->js", dW, delta) / size
    return v if seen.tolerance.equal(dW, delta.T[:, :, None] * v.T[:, None, :]) else None


def forwards(seen: Seen, start: Chain, given: Given, *, open_end: bool = False) -> list[Chain]:
    """The ways in which the given z and a may have come about; what is not given is taken to be right.

    Args:
        open_end: whether the output, where it is not given, may be wrong as well.
    """
    chains, L = [start], seen.probe.L
    for l in range(1, L + 1):
        free = open_end and l == L and ("a", l) not in given
        chains = best(new for chain in chains for new in _layer(seen, chain, l, given, free))
    return chains


def wrong_z(seen: Seen) -> list[Array]:
    """z[1] in each of its wrong forms: no activation needs to be known for it."""
    return [value for _, value in _variants(begin(seen, None).context, Step.Z, 1)]


def _layer(seen: Seen, chain: Chain, l: int, given: Given, free: bool) -> Iterator[Chain]:
    z, a = given.get(("z", l)), given.get(("a", l))
    right = chain.context.W(l) @ chain.context.a[l - 1] + chain.context.b(l)
    options = [((), right), *_variants(chain.context, Step.Z, l)]
    if z is not None:
        options = [(findings, z) for findings, value in options if seen.tolerance.equal(z, value)]
        options = options or [((Finding(Step.Z, l),), z)]
    elif a is None and not free:
        options = options[:1]
    reached = False
    for findings, value in options:
        with_z = chain.found(findings, z=(l, value))
        for more, result in _activated(seen, with_z.context, l, a, free and not findings):
            reached = True
            yield with_z.found(more, a=(l, result))
    if not reached and a is not None:
        first = chain.found(options[0][0], z=(l, options[0][1]))
        yield first.found((Finding(Step.A, l),), a=(l, a))


def _activated(
    seen: Seen, context: Context, l: int, a: Array | None, free: bool
) -> Iterator[tuple[tuple[Finding, ...], Array]]:
    right = activate(seen.probe.network, l, context.z[l])
    if a is None:
        yield (), right
        yield from _variants(context, Step.A, l) if free else ()
        return
    for findings, value in [((), right), *_variants(context, Step.A, l)]:
        if seen.tolerance.equal(a, value):
            yield findings, a


def _variants(context: Context, step: Step, l: int) -> list[tuple[tuple[Finding, ...], Array]]:
    """All wrong forms of a step."""
    return [
        ((Finding(step, l, mistake, detail),), value)
        for mistake in STEPS[step]
        for detail, value in mistake.compute(context, l)
        if value is not None and value.shape == (context.n(l), context.x.shape[1])
    ]


def suspected(seen: Seen, start: Chain, known: frozenset[str] = frozenset()) -> Iterator[Chain]:
    """Forward passes that have one mistake, in every layer, the hidden ones, or the last: to be tried where nothing is
    given and the rest cannot be explained.

    Args:
        known: names that have been found elsewhere: these come first.
    """
    rows = [(step, mistake) for step in (Step.Z, Step.A) for mistake in STEPS[step]]
    rows.sort(key=lambda row: not any(name.partition(" ")[0] == row[1].name for name in known))
    L = seen.probe.L
    scopes: Sequence[range] = (range(1, L + 1), range(1, L), range(L, L + 1), range(1, 2))
    for step, mistake in rows:
        for scope in {tuple(scope): scope for scope in scopes if len(scope)}.values():
            yield from _with(seen, start, step, mistake, scope)


def _with(seen: Seen, start: Chain, step: Step, mistake: Mistake, scope: range) -> Iterator[Chain]:
    """Chains with one mistake in the layers of a scope, in each of its forms."""
    details = [detail for detail, _ in _details(seen, start, step, mistake)]
    for detail in dict.fromkeys(details):
        chain: Chain | None = start
        for l in range(1, seen.probe.L + 1):
            chain = None if chain is None else _step(seen, chain, l, step, mistake, detail, l in scope)
        if chain is not None and chain.findings:
            yield chain


def _details(seen: Seen, start: Chain, step: Step, mistake: Mistake) -> Iterator[tuple[str, object]]:
    """The forms of a mistake, read off the right forward pass."""
    for chain in forwards(seen, start, {}):
        for l in range(1, seen.probe.L + 1):
            yield from mistake.compute(chain.context, l)


def _step(seen: Seen, chain: Chain, l: int, step: Step, mistake: Mistake, detail: str, wrong: bool) -> Chain | None:
    """One layer further, wrong or right; None where the mistake cannot be made there."""

    def value(context: Context) -> Array | None:
        for form, result in mistake.compute(context, l):
            if form == detail and result is not None and result.shape == (context.n(l), context.x.shape[1]):
                return result
        return None

    finding = (Finding(step, l, mistake, detail),)
    z: Array | None = chain.context.W(l) @ chain.context.a[l - 1] + chain.context.b(l)
    if wrong and step is Step.Z:
        z = value(chain.context)
    if z is None:
        return None
    chain = chain.found(finding if wrong and step is Step.Z else (), z=(l, z))
    a: Array | None = activate(seen.probe.network, l, z)
    if wrong and step is Step.A:
        a = value(chain.context)
    if a is None:
        return None
    return chain.found(finding if wrong and step is Step.A else (), a=(l, a))
