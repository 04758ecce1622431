"""Rows of the catalogue that belong to no single step: a sign, and a factor of the cost."""

from __future__ import annotations

import math

from tuibp.explain.check.catalogue.rows import Mistake, Step

SIGN = Mistake(
    "sign-flipped",
    Step.SLOPE,
    "the sign is flipped",
    "y - a where a - y belongs, or a step added that should be subtracted: this is the negative of the gradient. It is "
    "right only where it is added to the weights.",
    "the negative of the right line",
    "dC_da[L] with the sign of a[L] - y, and W -= lr * dW",
    2,
    lambda *_: (),
)
SIGN_OF = {
    Step.DW: Mistake(
        "sign-flipped", Step.DW, "the sign of dW is flipped",
        "This tensor alone is the negative of its gradient: a minus too many, or a step that is added to W where the "
        "others are subtracted.",
        "dW[l] = -δ[l] a[l-1]ᵀ", "dW[l] = δ[l] a[l-1]ᵀ, and W[l] -= lr * dW[l]", 2, lambda *_: ()),
    Step.DB: Mistake(
        "sign-flipped", Step.DB, "the sign of db is flipped",
        "This tensor alone is the negative of its gradient: a minus too many, or a step that is added to b where the "
        "others are subtracted.",
        "db[l] = -δ[l]", "db[l] = δ[l], and b[l] -= lr * db[l]", 2, lambda *_: ()),
}  # fmt: skip
"""The same of one tensor, behind a δ of the right sign."""

COST_FACTOR = Mistake(
    "cost-factor", Step.ERROR, "another factor in the cost: {detail}",
    "The factor in front of the cost is a convention: it changes the length of the step, not its direction.",
    "dC_da[L] times a constant", "dC_da[L] times another constant", 3, lambda *_: (), convention=True)  # fmt: skip


def factor_words(c: float, n: int, cost: str, precision: float = 1e-7) -> str:
    """What a factor of the cost is, for n output units: "1/2"; empty where it is none that people write.

    Args:
        cost: the network's: a factor n makes a sum of a mean over the units, and of nothing else.
        precision: relative, that c is known to.
    """
    known = {
        f"1/{n}": 1.0 / n, f"2/{n}": 2.0 / n, f"1/{2 * n}": 0.5 / n,
        "2": 2.0, "1/2": 0.5, "4": 4.0, "1/4": 0.25, "1/ln 2 (bits)": 1.0 / math.log(2.0),
    }  # fmt: skip
    if cost == "mean-squared-error":
        known = {f"{n}": 1.0 * n, f"{2 * n}": 2.0 * n, f"{n}/2": 0.5 * n, **known}
    return next((words for words, value in reversed(known.items()) if math.isclose(c, value, rel_tol=precision)), "")
