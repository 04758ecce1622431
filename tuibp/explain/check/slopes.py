"""All forms of σ′ that a layer may have been given, as factors of dC_da: computed once, tried on many dC_da.

A walk holds each δ[l] against every dC_da[l] that may be behind it, times every form of σ′. Almost all forms are a
factor that does not depend on dC_da, so the factors of a layer are kept, and one product makes all candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.catalogue import CATALOGUE, STEPS, Mistake, Step
from tuibp.explain.check.context import Context

Form = tuple[int, Mistake, str]
"""Which dC_da it is made of, a row of the catalogue, and what a variant says of itself."""

STRAIGHT = tuple(mistake for mistake in STEPS[Step.SLOPE] if not mistake.bends)
BENT = tuple(mistake for mistake in STEPS[Step.SLOPE] if mistake.bends)


def sloped(contexts: Sequence[Context], l: int) -> tuple[list[Form], Array]:
    """Every wrong δ[l] that the catalogue makes of some dC_da[l] (n_l, S), and the values, (forms, n_l, S).

    Args:
        contexts: alike but for their dC_da[l].
    """
    errors = np.stack([context.dC_da[l] for context in contexts])
    straight, factors = _factors(contexts[0], l, errors[0])
    forms = [(of, mistake, detail) for of in range(len(errors)) for mistake, detail in straight]
    values = (factors * errors[:, None]).reshape(-1, *errors[0].shape)
    bent = [
        ((of, mistake, detail), value)
        for of, error in enumerate(errors)
        for mistake in BENT
        for detail, value in mistake.compute(contexts[of], l, error)
        if value is not None and value.shape == error.shape
    ]
    if not bent:
        return forms, values
    return [*forms, *(form for form, _ in bent)], np.concatenate([values, np.stack([value for _, value in bent])])


def _factors(context: Context, l: int, like: Array) -> tuple[list[tuple[Mistake, str]], Array]:
    """The forms that are a factor: what the catalogue makes of ones."""
    of = tuple(array for array in (context.z.get(l - 1), context.z.get(l), context.z.get(l + 1), context.a.get(l)))
    key = (l, *like.shape, *map(id, of))
    if key not in context.factors:
        ones = np.ones_like(like)
        found = [
            (mistake.name, detail, value)
            for mistake in STRAIGHT
            for detail, value in mistake.compute(context, l, ones)
            if value is not None and value.shape == like.shape
        ]
        names = [(name, detail) for name, detail, _ in found]
        # The arrays are kept beside it, so that no other can have the identity of one of them.
        context.factors[key] = of, names, np.stack([value for *_, value in found])
    _, names, factors = context.factors[key]
    return [(CATALOGUE[name], detail) for name, detail in names], factors
