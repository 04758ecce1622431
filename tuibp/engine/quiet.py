"""Arithmetic of which NumPy does not warn: what is infinite or nan is shown as such."""

from __future__ import annotations

from contextvars import Context

import numpy as np


def quiet() -> Context:
    """A context where NumPy warns of nothing: entered a good deal faster than `np.errstate`, and left behind by whoever
    pauses in between. One thread at a time may be in it.
    """
    context = Context()
    context.run(np.seterr, all="ignore")
    return context
