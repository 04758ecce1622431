"""How many answers are right, where the targets are labels.

Kept apart from the costs: accuracy is never differentiated, it is only reported.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from tuibp.engine.arrays import Array

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


def count_correct(judge: Judge, a: Array, y: Array) -> int:
    """How many of m samples are right.

    Args:
        a: outputs (n_L, m).
        y: targets (n_L, m).

    A column that holds a nan is never right.
    """
    finite = np.isfinite(a).all(axis=0)
    if judge == "argmax":
        right = a.argmax(axis=0) == y.argmax(axis=0)
    else:
        threshold = 0.5 if judge == "half" else 0.0
        right = ((a > threshold) == (y > threshold))[0]
    return int(np.count_nonzero(right & finite))
