"""npz: good archives, and archives that lie, are damaged or hold what must never be loaded."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import numpy.typing as npt
import pytest

from tests.formats.files import opened
from tuibp.errors import InputError
from tuibp.formats.npz_data import read_npz

MOST = 1000
X = np.arange(6, dtype=np.float64).reshape(3, 2)
Y = np.array([0, 1, 1])


def packed(**arrays: npt.ArrayLike) -> bytes:
    """The bytes of an archive as NumPy writes it."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=True, **{key: np.asarray(value) for key, value in arrays.items()})
    return out.getvalue()


def zipped(**entries: bytes) -> bytes:
    """An archive of entries whose bytes are given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return out.getvalue()


def npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    """An npy file with a header as given."""
    text = header.encode("latin-1") + b"\n"
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "<i4", ">i8", "u2", "u8", "b1"])
def test_number_types(dtype: str) -> None:
    x = np.array([[0, 1], [1, 1]]).astype(dtype)
    raw = read_npz(packed(x=x, y=x), "d.npz", "x", "y", MOST)
    assert raw.data.x.dtype == np.float64
    np.testing.assert_array_equal(raw.data.x, [[0, 1], [1, 1]])


def test_shapes() -> None:
    images = np.arange(12).reshape(3, 2, 2)
    np.testing.assert_array_equal(read_npz(packed(x=images, y=Y), "d", "x", "y", MOST).data.x, images.reshape(3, 4))
    turned = np.asfortranarray(X)
    np.testing.assert_array_equal(read_npz(packed(x=turned, y=turned), "d", "x", "y", MOST).data.y, X)
    raw = read_npz(packed(x=Y, y=Y), "d", "x", "y", MOST)
    assert raw.data.x.shape == raw.data.y.shape == (3, 1)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_header_versions_and_spellings(version: int) -> None:
    header = '{"shape": (2,1,), "descr": "<f8", "fortran_order": False}'
    entry = npy(header, np.array([1.0, 2.0]).tobytes(), version)
    np.testing.assert_array_equal(read_npz(zipped(x=entry, y=entry), "d", "x", "y", MOST).data.x, [[1], [2]])


def test_texts_are_classes() -> None:
    raw = read_npz(packed(data=X, label=["no", "yes", "no"]), "d", "data", "label", MOST)
    assert raw.text
    assert raw.data.classes == ("no", "yes")
    np.testing.assert_array_equal(raw.data.y, [[0], [1], [0]])
    network = 'layer = [{ units = 2, activation = "softmax" }]\n[data]\nnpz = { path = "d.npz", y = "label" }'
    recipe = opened(network, {"d.npz": packed(x=X, label=["no", "yes", "no"])})
    np.testing.assert_array_equal(recipe.train.y, [[1, 0], [0, 1], [1, 0]])


FULL = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }"
GOOD = packed(x=X, y=Y)
BROKEN = {
    "no zip": (b"x" * 100, "not an npz archive"),
    "empty": (b"", "not an npz archive"),
    "cut": (GOOD[: len(GOOD) // 2], "not an npz archive"),
    "damaged": (GOOD.replace(GOOD[60:90], b"\xff" * 30), "damaged"),
    "no y": (packed(x=X), 'there is no array "y"; known are x'),
    "no arrays": (zipped(), "the archive is empty"),
    "objects": (packed(x=np.array([[object()]]), y=Y), "the array holds Python objects"),
    "records": (packed(x=np.zeros(3, dtype=[("a", "f8")]), y=Y), "record"),
    "complex": (packed(x=X + 1j, y=Y), "the array holds c16 values"),
    "dates": (packed(x=np.zeros(3, dtype="M8[s]"), y=Y), "the array holds"),
    "texts as features": (packed(x=["a", "b", "c"], y=Y), "the array holds texts"),
    "nan": (packed(x=np.array([[0, 1], [np.nan, 0]]), y=[0, 1]), "d.npz:x: element [1, 0] is nan"),
    "inf in y": (packed(x=X, y=[0, np.inf, 0]), "d.npz:y: element [1] is inf"),
    "lengths": (packed(x=X, y=[0, 1]), '"x" has 3 rows, "y" has 2'),
    "no samples": (packed(x=np.zeros((0, 2)), y=Y), "from 1 to 1000 values"),
    "one number": (packed(x=3.0, y=Y), "has shape ()"),
    "y has three axes": (packed(x=X, y=np.zeros((3, 1, 1))), "samples are rows"),
    "too big": (packed(x=np.zeros((1001, 1)), y=Y), "shape (1001, 1)"),
    "a bomb": (zipped(x=npy(FULL.replace("3, 2", "10" + "0" * 9 + ", 8")), y=b""), "values are read"),
    "a bomb of digits": (zipped(x=npy(FULL.replace("3, 2", "9" * 500)), y=b""), "shape is too big"),
    "says more than it has": (zipped(x=npy(FULL, b"1234"), y=b""), "the archive holds"),
    "has more than it says": (zipped(x=npy(FULL, bytes(800)), y=b""), "the archive holds"),
    "long header": (zipped(x=npy(FULL + " " * 50_000), y=b""), "header is damaged"),
    "endless header": (zipped(x=b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + FULL.encode(), y=b""), "header is damaged"),
    "code in the header": (zipped(x=npy("__import__('os').system('x')"), y=b""), "header is damaged"),
    "negative shape": (zipped(x=npy(FULL.replace("3, 2", "-3, 2")), y=b""), "header is damaged"),
    "no npy": (zipped(x=b"hello", y=b""), "not an npy array"),
    "damaged text": (packed(x=X, y=np.array([0xFFFFFFFF] * 3, dtype="<u4").view("<U1")), "text of the array"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_archives(case: str) -> None:
    raw, words = BROKEN[case]
    with pytest.raises(InputError) as caught:
        read_npz(raw, "d.npz", "x", "y", MOST)
    assert words in str(caught.value)
    assert str(caught.value).startswith("d.npz")


def test_any_byte_may_be_wrong() -> None:
    for at in range(len(GOOD)):
        raw = bytearray(GOOD)
        raw[at] ^= 0x5A
        try:
            read_npz(bytes(raw), "d.npz", "x", "y", MOST)
        except InputError as error:
            assert str(error).isprintable()
