"""Random numbers as a pure function of (seed, purpose, index): no state is kept anywhere.

Time travel rests on this: the permutation of epoch e is computed from (seed, e) whenever it is wanted, and changing
how the data are split does not change how the weights start.
"""

from __future__ import annotations

import numpy as np

STREAMS = {"split": 1, "shuffle": 2, "init": 3, "data": 4}
"""Number of each independent child stream; a number is never reused, or old runs would change."""


class Stream:
    """The generators of one purpose, one after the other. Made anew each would take ten times as long, and a hundred
    times where that has not been done for a while.
    """

    def __init__(self, seed: int, name: str) -> None:
        """
        Args:
            seed: 0 <= seed < 2**63.
            name: a key of `STREAMS`.
        """
        self._bits = np.random.Philox(key=[seed, STREAMS[name]])
        self._fresh = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def at(self, index: int) -> np.random.Generator:
        """The generator at the beginning of draw `index`; good until another one is asked for.

        Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011): Philox, keyed by (seed, purpose),
            its counter starting at a block that belongs to `index` alone.
        """
        self._fresh["state"]["counter"][2] = index
        self._bits.state = self._fresh
        return self._generator


def stream(seed: int, name: str, index: int = 0) -> np.random.Generator:
    """The generator of one purpose.

    Args:
        seed: 0 <= seed < 2**63.
        name: a key of `STREAMS`.
        index: which draw of that purpose: the epoch of a shuffle, the layer of an initialisation.
    """
    return Stream(seed, name).at(index)
