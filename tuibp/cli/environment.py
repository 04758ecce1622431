"""What the process is told before numpy is loaded. It must run first: BLAS reads these variables once.

One thread, because a second one slows down networks of the size one steps through, and because the last bit of a
product may depend on how many threads share it: the same file shows the same numbers on every run.
"""

from __future__ import annotations

import os

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)
"""Variables by which a BLAS library is told its number of threads."""


def prepare() -> None:
    """Give BLAS one thread, unless the user has said otherwise."""
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
