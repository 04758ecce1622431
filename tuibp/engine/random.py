"""Random numbers as a pure function of (seed, purpose, index): no state is kept anywhere.

Time travel rests on this: the permutation of epoch e is computed from (seed, e) whenever it is wanted, and changing
how the data are split does not change how the weights start.
"""

from __future__ import annotations

import numpy as np

STREAMS = {"split": 1, "shuffle": 2, "init": 3, "data": 4}
"""Number of each independent child stream; a number is never reused, or old runs would change."""


def stream(seed: int, name: str, index: int = 0) -> np.random.Generator:
    """The generator of one purpose.

    Args:
        seed: 0 <= seed < 2**63.
        name: a key of `STREAMS`.
        index: which draw of that purpose: the epoch of a shuffle, the layer of an initialisation.

    Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011): Philox, keyed by (seed, purpose), its
        counter starting at a block that belongs to `index` alone.
    """
    bits = np.random.Philox(key=[seed, STREAMS[name]], counter=[0, 0, index, 0])
    return np.random.Generator(bits)
