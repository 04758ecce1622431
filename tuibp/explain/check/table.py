"""The table of a check and its first departure: the user's numbers beside those that belong there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.catalogue import Step
from tuibp.explain.check.chain import Chain, Finding
from tuibp.explain.check.close import Tolerance, ratio, relative_error
from tuibp.explain.check.reference import Pass, activate, cost_gradient, delta_of, outer, output_delta, reference
from tuibp.explain.check.seen import Seen
from tuibp.explain.check.verdict import Departure, Judgement, Row

SEEN_IN = {
    Step.Z: ("z", "a"),
    Step.A: ("a",),
    Step.ERROR: ("dC_da", "delta", "db", "dW"),
    Step.RECURSION: ("dC_da", "delta", "db", "dW"),
    Step.SLOPE: ("delta", "db", "dW"),
    Step.DW: ("dW",),
    Step.DB: ("db",),
}
"""The tensors in which a step that is wrong may show, the nearest first."""
TELLING = 1e-3
"""A sample that departs by this much of the largest departure shows it as well."""


def factor(chain: Chain) -> float:
    """By what the whole gradient is longer than the network's, by a convention about the cost."""
    factors = [f.ratio for f in chain.findings if f.mistake is not None and f.mistake.name == "cost-factor" and f.ratio]
    return float(np.prod(factors)) if factors else 1.0


def expected(chain: Chain, name: str, l: int) -> Array | None:
    """What belongs at a tensor, given the user's own numbers of the steps before; None where these are not known.

    Returns:
        (n_l, S); of dW (S, n_l, n_{l-1}).
    """
    context = chain.context
    with np.errstate(all="ignore"):
        if name == "z":
            return context.W(l) @ context.a[l - 1] + context.b(l)
        if name == "a":
            return activate(context.network, l, context.z[l])
        if name in ("dC_da", "delta"):
            return _expected_error(chain, name, l)
        if l not in context.delta:
            return None
        return context.delta[l] if name == "db" else outer(context.delta[l], context.a[l - 1])


def _expected_error(chain: Chain, name: str, l: int) -> Array | None:
    """dC_da[l] or δ[l] as they follow from δ[l+1] of the user's, however they came by it."""
    context = chain.context
    network, L = context.network, context.L
    if l == L:
        dC_da = cost_gradient(network.cost, context.a[L], context.y)
        delta = output_delta(network, context.z[L], context.a[L], context.y, dC_da)
        return factor(chain) * (dC_da if name == "dC_da" else delta)
    if l + 1 not in context.delta:
        return None
    dC_da = context.W(l + 1).T @ context.delta[l + 1]
    return dC_da if name == "dC_da" else delta_of(network, l, context.z[l], context.a[l], dC_da)


def given(seen: Seen, name: str, l: int) -> Array | None:
    """The user's tensor as it is, whatever its shape."""
    return seen.dW.get(l) if name == "dW" else seen.vectors.get((name, l))


def departure(seen: Seen, chain: Chain, finding: Finding, limit: int | None = None) -> Departure:
    """Where a finding shows, with the two numbers that differ most.

    Args:
        limit: of how many samples, the first ones; all where it is None.
    """
    names = SEEN_IN[finding.step]
    tensor = next((name for name in names if given(seen, name, finding.layer) is not None), names[-1])
    yours = given(seen, tensor, finding.layer)
    if yours is None and tensor in ("z", "a"):  # read off dW, or assumed
        yours = getattr(chain.context, tensor).get(finding.layer)
    wanted = expected(chain, "delta" if tensor in ("db", "dW") and finding.step not in (Step.DB, Step.DW) else tensor,
                      finding.layer)  # fmt: skip
    if tensor == "dW" and finding.step not in (Step.DW, Step.DB) and wanted is not None:
        wanted = outer(wanted, chain.context.a[finding.layer - 1])
    place = Tensor(tensor, finding.layer)
    common = {"step": finding.step.tensor, "layer": finding.layer, "seen": place, "probe": seen.probe.name}
    if yours is None or wanted is None or yours.shape != wanted.shape:
        size = 0 if yours is None else yours.size
        return Departure(**common, cell=(), yours=None, expected=None, sample=seen.samples[0],  # type: ignore[arg-type]
                         relative_error=float("nan"), ratio=None, differing=size, size=size)  # fmt: skip
    if tensor != "dW":
        yours, wanted = yours.T, wanted.T
    yours, wanted = yours[:limit], wanted[:limit]
    with np.errstate(all="ignore"):
        apart = np.abs(yours - wanted)
        apart = np.where(np.isnan(apart), np.inf, apart)
        # The first sample tells, where it departs visibly: it is the one that the table shows and the app meets first.
        tells = apart[0].max(initial=0.0) >= TELLING * apart.max(initial=0.0)
        worst = np.unravel_index(int(np.argmax(apart[:1] if tells else apart)), apart.shape)
        scale = max(float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)), 1e-300)
        differs = np.any(apart > max(seen.tolerance.relative * scale, seen.tolerance.floor), axis=0)
    return Departure(
        **common,  # type: ignore[arg-type]
        cell=tuple(int(i) for i in worst[1:]),
        yours=float(yours[worst]),
        expected=float(wanted[worst]),
        sample=seen.samples[int(worst[0])],
        relative_error=relative_error(yours, wanted),
        ratio=ratio(yours, wanted, seen.tolerance),
        differing=int(differs.sum()),
        size=int(differs.size),
        pattern=_pattern(differs),
    )


def _pattern(differs: npt.NDArray[np.bool_]) -> str:
    """Which cells differ, where that is one row, one column, one cell or the diagonal."""
    count = int(differs.sum())
    if count in (0, differs.size):
        return ""
    places = np.argwhere(differs)
    if count == 1:
        return f"only cell [{','.join(map(str, places[0]))}]"
    if differs.ndim == 2:
        rows, columns = np.unique(places[:, 0]), np.unique(places[:, 1])
        if len(rows) == 1:
            return f"only row {rows[0]}"
        if len(columns) == 1:
            return f"only column {columns[0]}"
        if differs.shape[0] == differs.shape[1]:
            diagonal = np.eye(len(differs), dtype=bool)
            if np.array_equal(differs, diagonal):
                return "only the diagonal"
            if np.array_equal(differs, ~diagonal):
                return "all but the diagonal"
    return f"{count} of {differs.size} cells"


def rows(seen: Seen, chain: Chain, sample: int) -> tuple[Row, ...]:
    """The table of a sample, in the order of dataflow."""
    at = seen.samples.index(sample)
    right = reference(seen.probe, seen.samples)
    L, c = seen.probe.L, factor(chain)
    order = [(name, l) for l in range(1, L + 1) for name in ("z", "a")]
    order += [(name, l) for l in range(L, 0, -1) for name in ("dC_da", "delta", "db", "dW")]
    return tuple(row for name, l in order for row in [_row(seen, chain, right, name, l, c, at)] if row is not None)


def _row(seen: Seen, chain: Chain, right: Pass, name: str, l: int, c: float, at: int) -> Row | None:
    yours = given(seen, name, l)
    plain = {"z": right.z, "a": right.a, "dC_da": right.dC_da, "delta": right.delta, "db": right.delta, "dW": right.dW}
    reference_ = plain[name][l]
    scaled = reference_ * c if name in ("dC_da", "delta", "db", "dW") else reference_
    if yours is None:
        if name in ("dW", "db"):
            return Row(Tensor(name, l), None, _of(name, reference_, at), None, "not given")
        return None
    steps = {"z": (Step.Z,), "a": (Step.A,), "dC_da": (Step.ERROR, Step.RECURSION), "dW": (Step.DW,),
             "delta": (Step.SLOPE,), "db": (Step.DB,)}[name]  # fmt: skip
    upstream = (Step.ERROR, Step.RECURSION, Step.SLOPE)
    shows = (name in ("delta", "db") and seen.vectors.get(("delta", l)) is None) or name == "delta"
    faults = [f for f in chain.findings if f.layer == l and _counts(f)]
    wrong = any(f.step in steps for f in faults) or (shows and any(f.step in upstream for f in faults))
    agreed = any(f.layer == l and f.step in steps and not _counts(f) for f in chain.findings)
    return Row(
        Tensor(name, l),
        _of(name, yours, at),
        _of(name, reference_, at),
        relative_error(yours, scaled),
        _judgement(yours, reference_, scaled, wrong, seen.tolerance) if wrong or not agreed else "convention",
    )


def _counts(finding: Finding) -> bool:
    return finding.mistake is None or not finding.mistake.convention


def _judgement(yours: Array, reference_: Array, scaled: Array, wrong: bool, tolerance: Tolerance) -> Judgement:
    if wrong:
        return "departs"
    if tolerance.equal(yours, reference_):
        return "equal"
    return "convention" if tolerance.equal(yours, scaled) else "follows"


def _of(name: str, array: Array, at: int) -> Array:
    """That of one sample."""
    return array[at] if name == "dW" else array[:, at]
