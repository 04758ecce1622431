"""A check of numbers instead of code: for C++, Java, a spreadsheet, paper (`tuibp check --values`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tuibp.engine.recipe import Recipe
from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.explain.check.batches import relate
from tuibp.explain.check.close import Tolerance
from tuibp.explain.check.contract.found import Form
from tuibp.explain.check.contract.layout import Layout
from tuibp.explain.check.contract.reading import read
from tuibp.explain.check.contract.roles import NAMED, result_role
from tuibp.explain.check.diagnose import Walked, conclude
from tuibp.explain.check.observed import Observed
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import from_recipe
from tuibp.explain.check.reference import reference
from tuibp.explain.check.seen import seen, tensor_of
from tuibp.explain.check.verdict import Verdict
from tuibp.explain.check.walk import walk

DIGITS_TYPED = 1e-4
"""Numbers that people copy by hand have few digits."""


def check_values(values: Mapping[str, Any], recipe: Recipe, sample: int = 0) -> Verdict:
    """Hold given numbers against the network's first parameters.

    Args:
        values: by name, as dW1, db[1], "delta": [...], z, a; arrays and lists of arrays.
        sample: row of the training data that they are of.

    Raises:
        InputError: there is no such sample, or nothing in them can be read.
    """
    probe = from_recipe(recipe)
    train = recipe.train
    if not 0 <= sample < train.N:
        raise InputError(f"there is no sample {sample}", hint=f"the data have samples 0 to {train.N - 1}")
    probe = replace(probe, X=train.x.astype(np.float64).T[:, : max(probe.N, sample + 1)],
                    Y=train.y.astype(np.float64).T[:, : max(probe.N, sample + 1)])  # fmt: skip
    for key, value in values.items():
        _refuse(key, value, probe.L)
    found = read(dict(values), Form(probe.sizes, 1, False))
    layout = Layout()
    given = [tensor for tensor in found.arrays if tensor.name == "dW" and tensor.layer]
    turned = [found.arrays[t].shape == (probe.sizes[t.layer - 1], probe.sizes[t.layer]) for t in given if t.layer]
    straight = [found.arrays[t].shape == (probe.sizes[t.layer], probe.sizes[t.layer - 1]) for t in given if t.layer]
    if given and all(turned) and not all(straight):
        layout = Layout(in_out=True)
    observed = layout.observed(found, probe, (sample,), probe, 1.0)
    if not observed.tensors:
        raise InputError("no gradient can be read from these values", hint="name them dW1, db1, ... or dW, db as lists")
    with np.errstate(all="ignore"):
        whole = _as_batch(probe, observed, recipe)
        if whole is not None:
            return whole
        tolerance = Tolerance(relative=_precision(observed))
        side = seen(probe, [observed], tolerance)
        chains = walk(side)
        distinct = {chain.names: chain for chain in reversed(chains)}
        walked = Walked(probe, side, tuple(reversed(distinct.values())))
        return replace(conclude([walked]), sample=sample)


def _refuse(key: str, value: object, L: int) -> None:
    """What was meant as a number must not be passed over in silence.

    Raises:
        InputError: a name that is none, a layer that is none, or rows of different lengths.
    """
    shown, role = safe(key, 40), None if "-" in key else result_role(key)
    if role is None:
        raise InputError(
            f'"{shown}" names no tensor', hint="names are dW1, db1, delta1, dC_da1, z1, a1, or dW, db, ... with a list"
        )
    if role.number is None or role.number >= NAMED:
        return
    if not (role.number > 0 or role.name == "a") or role.number > L:
        raise InputError(f"{shown}: there is no layer {role.number}", hint=f"the network has layers 1 to {L}")
    if isinstance(value, list):
        raise InputError(f"the rows of {shown} have different lengths", hint="a matrix is a list of rows of one length")


def _precision(observed: Observed) -> float:
    """The relative error that the digits of the numbers allow: 1e-9 of full ones."""
    numbers = np.concatenate([value.ravel() for value in observed.tensors.values()])
    numbers = numbers[np.isfinite(numbers) & (numbers != 0.0)]
    for digits in (4, 5, 6, 7, 8):
        rounded = np.array([float(f"{number:.{digits - 1}e}") for number in numbers.tolist()])
        decimals = np.array([round(number, digits) for number in numbers.tolist()])
        if np.array_equal(rounded, numbers) or np.array_equal(decimals, numbers):
            return float(5.0 * 10.0**-digits * (1.0 if np.array_equal(rounded, numbers) else 10.0))
    return 1e-9


def _as_batch(probe: Probe, observed: Observed, recipe: Recipe) -> Verdict | None:
    """Whether these are the gradients of the first batch, or of all data; None where they are not."""
    m, N = min(recipe.plan.batch, recipe.train.N), recipe.train.N
    tolerance = Tolerance(relative=max(_precision(observed), 1e-9))
    for count in dict.fromkeys((m, N)):
        if count < 2 or count > 100_000:
            continue
        data = replace(
            probe, X=recipe.train.x[:count].astype(np.float64).T, Y=recipe.train.y[:count].astype(np.float64).T
        )
        right = reference(data, tuple(range(count)))
        singles = [
            Observed((s,), {tensor_of("dW", l): right.dW[l][s] for l in right.dW}
                     | {tensor_of("db", l): right.delta[l][:, s] for l in right.delta})
            for s in range(count)
        ]  # fmt: skip
        relations = relate(data, observed, singles, tolerance)
        if relations and not any(relation.mistake for relation in relations):
            which = "all data" if count == N else f"the first {count} samples"
            return Verdict("right", batch=tuple(relations), shown=f"{which} of your network")
    return None
