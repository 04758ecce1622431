"""Where keyframes of wide networks go that find no room in memory: a temporary file without a name.

It vanishes with the process, however that ends. A disk that is full or fails never ends a run: what cannot be written
or read is said, and the run goes on with the frames that it has.
"""

from __future__ import annotations

from io import FileIO

from tuibp.engine.arrays import Array

BUDGET = 2**30
"""Bytes that the file may take up; never more than half of what is free when it is first asked for."""
SMALLEST = 2**18
"""Bytes of a frame from which on it spills: of smaller ones memory holds so many that replay is short anyway."""


class SpillFile:
    """Frames of one size in one file, which is made when the first of them is written."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._file: FileIO | None = None

    def capacity(self, frame_bytes: int) -> int:
        """How many frames of `frame_bytes` there is room for; none that are small."""
        if frame_bytes < SMALLEST:
            return 0
        # Both cost milliseconds at the start, which small networks need not pay.
        import shutil
        import tempfile

        try:
            free = shutil.disk_usage(tempfile.gettempdir()).free
        except OSError:
            return 0
        return min(self._budget, free // 2) // frame_bytes

    def write(self, slot: int, block: Array) -> bool:
        """Whether `block`, C-contiguous, now lies in the slot."""
        rest = block.data.cast("B")
        try:
            if self._file is None:
                self._file = _temporary_file()
            self._file.seek(slot * block.nbytes)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            return False
        return True

    def read(self, slot: int, out: Array) -> bool:
        """Whether `out`, C-contiguous, now is what was written to the slot last."""
        rest = out.data.cast("B")
        if self._file is None:
            return False
        try:
            self._file.seek(slot * out.nbytes)
            while rest:
                count = self._file.readinto(rest)
                if not count:
                    return False
                rest = rest[count:]
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Give the room back; the frames are lost."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _temporary_file() -> FileIO:
    import tempfile

    return tempfile.TemporaryFile(buffering=0)
