"""Keyframes: the states from which any place of the past is replayed.

A keyframe is the state at the `begin` of a batch: parameters and optimizer slots, nothing else. Frames lie in a pool
with a byte budget, what does not fit there in a spill; when both are full every other frame is dropped and the stride
doubles (design: machine.md section 4). What the spill is made of is not known here.

A KeyboardInterrupt may strike between any two bytecodes. Therefore a frame is listed only when its copy is complete,
a slot is taken off the free ones before it is written to, and a new stride comes with a whole new listing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, SupportsIndex

import numpy as np
import numpy.typing as npt

from tuibp.engine.arrays import Array, aligned_empty

BUDGET = 64 * 2**20
"""Bytes of keyframes by default."""
_SPENT = np.dtype([("cost", np.float64), ("samples", np.int64), ("correct", np.int64)])
_SLOT = np.dtype(np.int32)
BESIDE = _SPENT.itemsize + 3 * _SLOT.itemsize
"""Bytes that are kept beside every frame and count as part of it: a slot is listed, soon to be listed anew, or free."""


class Spill(Protocol):
    """Room for frames outside of memory, in slots of equal size."""

    def capacity(self, frame_bytes: int) -> int:
        """How many frames of `frame_bytes` there is room for."""

    def write(self, slot: int, block: Array) -> bool:
        """Whether `block` now lies in the slot; where it does not, the slot holds nothing."""

    def read(self, slot: int, out: Array) -> bool:
        """Whether `out` now is the block written to the slot last."""


class _Listing:
    """Which frame lies in which slot, at one stride. Doubling makes a new one, to be seen whole or not at all."""

    __slots__ = ("free", "last", "slots", "stride")

    def __init__(self, stride: int, slots: npt.NDArray[np.int32], free: Iterator[SupportsIndex], last: int) -> None:
        self.stride = stride
        self.slots = slots
        """(capacity,) the slot of the frame at batch index * stride, counted from 1; 0 where there is no frame."""
        self.free = free
        """Slots without a frame. One that was handed out and never listed is free again after the next doubling."""
        self.last = last
        """No frame has a larger index."""

    def halved(self) -> _Listing:
        """Every other frame, at twice the stride; all frames stay in their slots."""
        capacity = len(self.slots)
        slots = np.zeros(capacity, _SLOT)
        slots[: (capacity + 1) // 2] = self.slots[::2]
        taken = np.zeros(capacity + 1, np.bool_)
        taken[slots] = taken[0] = True
        free = iter(np.flatnonzero(~taken).astype(_SLOT))
        return _Listing(2 * self.stride, slots, free, self.last // 2)


class Keyframes:
    """States at the beginning of batches 0, stride, 2 stride, ... as far as the run has come; that of 0 for ever."""

    def __init__(
        self,
        first: Array,
        budget: int = BUDGET,
        stride: int = 1,
        spill: Spill | None = None,
        spent: tuple[float, int, int] = (0.0, 0, 0),
    ) -> None:
        """
        Args:
            first: the state block at batch 0; every frame has its shape and type.
            budget: bytes that frames may take in memory; at least two are kept whatever it says.
            stride: batches from one frame to the next as long as there is room, a power of two.
            spill: where further frames go.
            spent: what the epoch has come to before batch 0, where that is not the run's first.
        """
        self._frame_bytes = first.nbytes + BESIDE
        self._room = max(2, budget // self._frame_bytes)
        self.capacity = self._room + (0 if spill is None else spill.capacity(first.nbytes))
        """Frames that there is room for, the spill's included."""
        self._pool: Array = aligned_empty((self._room, *first.shape), first.dtype)
        self._spill = spill
        self._loaded: Array = aligned_empty(first.shape, first.dtype)
        """The frame that was read from the spill last."""
        self._spent = np.empty(self.capacity, _SPENT)
        self._listing = _Listing(stride, np.zeros(self.capacity, _SLOT), iter(range(1, self.capacity + 1)), 0)
        self.offer(0, first, spent)

    @property
    def stride(self) -> int:
        """Batches from one frame to the next; a power of two that only ever grows."""
        return self._listing.stride

    def next_due(self, at: int) -> int:
        """The first batch behind `at` whose state is asked for."""
        stride = self._listing.stride
        return at - at % stride + stride

    def offer(self, batch: int, block: Array, spent: tuple[float, int, int]) -> None:
        """Keep a copy of `block`, the state at the beginning of global batch `batch`, if the stride asks for it.

        Args:
            spent: what the batch's epoch has come to before it, summed over its samples: cost, samples, correct.
        """
        listing = self._listing
        while not batch % listing.stride:
            index = batch // listing.stride
            if index < self.capacity:
                if listing.slots[index]:
                    return
                slot = int(next(listing.free, 0))
                if slot and self._put(slot - 1, block, spent):
                    # In this order: a frame behind the last one would never be found.
                    listing.last = max(listing.last, index)
                    listing.slots[index] = slot
                    return
            self._listing = listing = listing.halved()

    def nearest(self, batch: int) -> tuple[int, Array, tuple[float, int, int]]:
        """The last frame at or before global batch `batch`.

        Returns:
            Its batch, its block and what its epoch had come to before it. The block is to be read only, and only until
            the next call of `offer` or `nearest`.
        """
        listing = self._listing
        index = min(batch // listing.stride, listing.last)
        while True:
            slot = int(listing.slots[index])
            if slot:
                block = self._get(slot - 1)
                if block is not None:
                    return index * listing.stride, block, self._spent[slot - 1].item()
                listing.slots[index] = 0
            index = int(np.flatnonzero(listing.slots[:index])[-1])

    def frames(self) -> Iterator[tuple[int, Array, tuple[float, int, int]]]:
        """All frames in order, as `nearest` gives them: each is to be read before the next one."""
        listing = self._listing
        for index in np.flatnonzero(listing.slots).tolist():
            slot = int(listing.slots[index])
            block = self._get(slot - 1)
            if block is not None:
                yield index * listing.stride, block, self._spent[slot - 1].item()

    def copy_nearest(self, batch: int, out: Array) -> tuple[int, tuple[float, int, int]]:
        """As `nearest`, for a thread that is not the owner's: the frame, one in memory, is copied to `out`."""
        while True:
            listing = self._listing
            slots = listing.slots[: min(batch // listing.stride, listing.last) + 1]
            index = int(np.flatnonzero((slots > 0) & (slots <= self._room))[-1])
            slot = int(slots[index])
            out[...] = self._pool[slot - 1]
            spent = self._spent[slot - 1].item()
            # A slot is written to only after a new listing has taken it off, so what has been copied is whole.
            if self._listing is listing:
                return index * listing.stride, spent

    def _put(self, slot: int, block: Array, spent: tuple[float, int, int]) -> bool:
        """Whether the frame now lies in the slot, counted from 0: first those of the pool, then the spill's."""
        if slot < self._room:
            self._pool[slot] = block
        elif self._spill is None or not self._spill.write(slot - self._room, block):
            return False
        self._spent[slot] = spent
        return True

    def _get(self, slot: int) -> Array | None:
        """The block in a slot; None where the spill has lost it."""
        if slot < self._room:
            frame: Array = self._pool[slot]
            return frame
        assert self._spill is not None
        return self._loaded if self._spill.read(slot - self._room, self._loaded) else None

    @property
    def bytes(self) -> int:
        """Bytes of the frames that lie in memory, with what is kept beside them."""
        slots = self._listing.slots
        return int(np.count_nonzero((slots > 0) & (slots <= self._room))) * self._frame_bytes

    def __len__(self) -> int:
        return int(np.count_nonzero(self._listing.slots))
