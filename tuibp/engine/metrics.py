"""How many answers are right, where the targets are labels.

Kept apart from the costs: accuracy is never differentiated, it is only reported.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array, IntArray

Judge: TypeAlias = Literal["argmax", "half", "sign"]
"""How an output becomes a label: the largest unit; above 1/2; above 0."""


def judge_of(y: Array) -> Judge | None:
    """How to judge outputs for targets y (N, n_L): one-hot rows, one column of 0 and 1, one column of -1 and 1; None
    otherwise.
    """
    if y.shape[1] > 1:
        one_hot = bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1))
        return "argmax" if one_hot else None
    if np.all((y == 0) | (y == 1)):
        return "half"
    return "sign" if np.all(np.abs(y) == 1) else None


def count_correct(judge: Judge, a: Array, y: Array) -> IntArray:
    """How many of m samples are right.

    Args:
        a: outputs (..., n_L, m).
        y: targets (..., n_L, m).

    Returns:
        (...) one number for each of the leading axes. A column that holds a nan is never right.
    """
    if judge == "argmax":
        right = a.argmax(axis=-2) == y.argmax(axis=-2)
    else:
        threshold = 0.5 if judge == "half" else 0.0
        right = ((a > threshold) == (y > threshold))[..., 0, :]
    # One sum asks for all of them; only where it is not finite are the columns looked at one by one.
    if not math.isfinite(float(np.add.reduce(a, axis=None, dtype=np.float64))):
        right &= np.isfinite(a).all(axis=-2)
    counts: IntArray = np.add.reduce(right, axis=-1, dtype=np.intp)
    return counts
