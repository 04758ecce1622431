"""Frames outside of memory: what was written is read, and a disk that is full or broken ends nothing."""

from __future__ import annotations

import errno
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.recipes import sized
from tuibp.cli import main, spill
from tuibp.cli.spill import BUDGET, SMALLEST, SpillFile
from tuibp.debugger.history import Keyframes
from tuibp.debugger.timeline import Timeline
from tuibp.engine.arrays import Array

RNG = np.random.default_rng(0)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpillFile]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = SpillFile()
    yield made
    made.close()


def frame(seed: float = 0.0, dtype: str = "float64") -> Array:
    """A frame that is worth spilling."""
    return np.full((2, SMALLEST // 8), seed, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_was_written_is_read(file: SpillFile, dtype: str) -> None:
    blocks: dict[int, Array] = {}
    out = frame(dtype=dtype)
    for slot in (0, 7, 3, 7, 1, 0):
        blocks[slot] = RNG.normal(size=out.shape).astype(dtype)
        assert file.write(slot, blocks[slot])
        for known, block in blocks.items():
            assert file.read(known, out)
            np.testing.assert_array_equal(out, block)


def test_the_file_is_made_late_and_leaves_no_trace(file: SpillFile, tmp_path: Path) -> None:
    assert file.capacity(SMALLEST) > 0
    assert not file.read(0, frame())
    assert file._file is None
    assert file.write(0, frame())
    assert os.name == "nt" or list(tmp_path.iterdir()) == []
    file.close()
    assert not file.read(0, frame())
    file.close()


@pytest.mark.parametrize(
    ("free", "frame_bytes", "frames"),
    [
        (2**50, SMALLEST, BUDGET // SMALLEST),
        (2**50, SMALLEST - 1, 0),
        (2**50, 2**31, 0),
        (10 * SMALLEST, SMALLEST, 5),
        (2 * SMALLEST - 1, SMALLEST, 0),
        (0, SMALLEST, 0),
    ],
)
def test_half_of_what_is_free_at_most(
    file: SpillFile, free: int, frame_bytes: int, frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert file.capacity(frame_bytes) == frames


def test_without_a_place_for_temporary_files_there_is_no_room(file: SpillFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert file.capacity(SMALLEST) == 0
    assert not file.write(0, frame())
    assert not file.read(0, frame())


class SmallDisk(FileIO):
    """A file on a disk that takes little at once, and soon no more."""

    room = 5 * frame().nbytes

    def write(self, data: object) -> int:
        assert isinstance(data, memoryview)
        taken = min(len(data), 100_000, self.room - self.tell())
        if taken <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data[:taken])

    def readinto(self, out: object) -> int:
        assert isinstance(out, memoryview)
        return super().readinto(out[:70_001])


def test_a_full_disk_ends_nothing(file: SpillFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_temporary_file", lambda: SmallDisk(tmp_path / "disk", "w+"))
    keyframes = Keyframes(frame(), budget=0, spill=file)
    assert keyframes.capacity > 500
    for batch in range(1, 60):
        keyframes.offer(batch, frame(batch), (0.5 * batch, batch, batch))
        assert len(keyframes) <= 2 + 5
        for target in range(batch + 1):
            at, block, spent = keyframes.nearest(target)
            assert target - at < 2 * keyframes.stride
            assert (block == at).all()
            assert spent == (0.5 * at, at, at)
    assert keyframes.stride == 16


@pytest.mark.parametrize("spilt", [False, True])
def test_a_wide_network_comes_back_from_the_file(file: SpillFile, spilt: bool) -> None:
    recipe = sized(8, 1, 20, (300, 110, 2))
    whole, narrow = Timeline(recipe), Timeline(recipe, budget=0, spill=file if spilt else None)
    for _ in narrow.travel(narrow.clock.total):
        pass
    assert (file._file is not None) == spilt
    rng = random.Random(1)
    for _ in range(12):
        t = rng.randrange(whole.clock.total)
        one, other = whole.record(t), narrow.record(t)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.spent == other.spent
            np.testing.assert_array_equal(one.ws.state.block, other.ws.state.block)


def test_commands_make_no_file_for_small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_temporary_file", lambda: pytest.fail("a file was made"))
    assert main(["run", "xor"]) == 0
    assert main(["print", "xor", "cost", "--at", "end"]) == 0
