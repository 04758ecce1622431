"""How many threads BLAS has: one, however tuibp is started, unless it is asked for more.

One, because a second one slows down networks of the size one steps through, and because the last bit of a product may
depend on how many threads share it: the same file shows the same numbers on every run. Before numpy is loaded the
environment says so, which costs nothing and starts no threads; later only threadpoolctl can.
"""

from __future__ import annotations

import os
import sys

from tuibp.errors import InputError

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)
"""Variables by which a BLAS library is told its number of threads: once, when it is loaded."""
THREADS = "TUIBP_THREADS"
"""Environment variable: threads where nothing else is said."""
MOST = 256


def prepare(threads: int | None = None) -> None:
    """Give BLAS so many threads, for the whole process; call it before numpy is loaded, if you can.

    Args:
        threads: None takes `TUIBP_THREADS`, or one where that is not set. What other variables say is not looked at:
            machines with many cores set them for everybody.

    Raises:
        InputError: that is no number of threads.
    """
    count = checked(os.environ.get(THREADS) or 1, f"{THREADS} in the environment") if threads is None else threads
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=count, user_api="blas")
        return
    for name in BLAS_THREADS:
        os.environ[name] = str(count)


def checked(value: int | str, name: str) -> int:
    """A number of threads.

    Raises:
        InputError: it is none.
    """
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= MOST):
        raise InputError(
            f"{name} is {text[:40]!r}, not a number of threads", hint=f"give a whole number from 1 to {MOST}"
        )
    return int(text)
