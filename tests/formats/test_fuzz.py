"""Damaged files: whatever the bytes, the answer is a recipe or an error with a sentence."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.files import GOOD
from tuibp.errors import InputError, TuibpError
from tuibp.formats.network_file import load
from tuibp.formats.starter import starter

CSV = b'a,b,label\n1,2,yes\n"3",4,no\n5,,yes\n6,7,"no"\n'
WITH_CSV = GOOD.replace(
    next(line for line in GOOD.split("\n") if line.startswith("inline")),
    'csv = { path = "a.csv", target = "label", missing = "mean" }',
)
BASES = [GOOD, starter("a.toml"), WITH_CSV]
WORDS = [
    b"",
    b"1e999",
    b"-1",
    b"true",
    b'""',
    b"nan",
    b"[]",
    b"{}",
    b"\x1b[2J",
    b"\xff",
    b"\0",
    b"9" * 30,
    b"a.b",
    b"\n",
    b'"',
]


def open_it(raw: bytes, csv: bytes = CSV) -> None:
    """Load; an error must be one of ours, in safe and short lines."""

    def read(path: str) -> bytes:
        if path != "a.csv":
            raise InputError("there is no such file")
        return csv

    try:
        load(raw, "net.toml", read)
    except TuibpError as error:
        assert str(error).replace("\n", "").isprintable()
        assert max(map(len, str(error).split("\n"))) < 1000
        assert error.exit_code in {2, 3}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    open_it(raw)
    open_it(WITH_CSV.encode(), raw)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_random_text(text: str) -> None:
    with suppress(UnicodeEncodeError):
        open_it(text.encode())
        open_it(f'title = "x"\n{text}'.encode())


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        raw = bytearray(rng.choice(BASES).encode())
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(raw) + 1)
            end = min(len(raw), at + rng.choice([0, 1, 2, 5, 40]))
            raw[at:end] = rng.choice(WORDS)
        open_it(bytes(raw))
        open_it(bytes(raw[: rng.randrange(len(raw) + 1)]))


@pytest.mark.parametrize("seed", range(4))
def test_values_swapped(seed: int) -> None:
    rng = random.Random(seed)
    values = [
        b"0",
        b"-1",
        b"1e300",
        b"inf",
        b'"x"',
        b"[[]]",
        b"{a=1}",
        b"1979-05-27",
        b"[1, [2]]",
        b"true",
        b"'''\x1b'''",
    ]
    for base in BASES:
        lines = base.encode().split(b"\n")
        for i, line in enumerate(lines):
            if b" = " in line and not line.startswith(b"#"):
                broken = line.split(b" = ")[0] + b" = " + rng.choice(values)
                open_it(b"\n".join([*lines[:i], broken, *lines[i + 1 :]]))


@pytest.mark.parametrize("seed", range(4))
def test_mutated_csv(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        raw = bytearray(CSV)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(raw) + 1)
            raw[at : at + rng.choice([0, 1, 5])] = rng.choice([*WORDS, b",", b"\r", b"\t", b"1_0"])
        open_it(WITH_CSV.encode(), bytes(raw))
