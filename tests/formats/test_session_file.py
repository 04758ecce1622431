"""The session file: what is saved comes back, and whatever the bytes, the answer is a session or one sentence."""

from __future__ import annotations

import io
import json
import random
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuibp.debugger.saved import (
    Digest,
    Keyframe,
    Saved,
    SavedDisplay,
    SavedEdit,
    SavedLog,
    SavedMark,
    SavedName,
    SavedNote,
    SavedStop,
    SavedTimeline,
    SavedValue,
    Value,
)
from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.formats import sealed, session_file
from tuibp.formats.session_file import dump, is_zip, load

SOME = Saved(
    "nets/my.toml",
    "title = 'δ'\r\n",
    "/home/u/nets",
    {"d.csv": "0" * 64, "\udc80é.npz": "a1" * 32},
    (
        SavedTimeline(None),
        SavedTimeline(
            0, (SavedEdit(7, "W[2][3,1]", 0.5), SavedEdit(9, "b[1]", [0.1, -0.0, float("inf")])), {}, "knock"
        ),
        SavedTimeline(None, changes={"lr": 0.25, "epochs": 3}),
    ),
    current=1,
    t=1234,
    selected=4,
    stops=(SavedStop(1, "break bwd 1 if cost > 1"), SavedStop(3, "watch δ[1][0]", False)),
    marks=(SavedMark("here", 1, 5),),
    notes=(SavedNote("why?", 0, 0),),
    values=(SavedValue(1, "norm(dW[2])", 2, 8), SavedValue(2, "b[1] > 0", 2, 8, [0.0, 1.0], True)),
    names=(SavedName("x", 0.5), SavedName("y", [float("inf"), 1.0], False)),
    displays=(SavedDisplay(1, "cost"), SavedDisplay(4, "η", "3e")),
    settings={"digits": 8},
    next_stop=9,
    came_from=1230,
    joins=True,
    visited=((0, 0), (1, 1234)),
    place=1,
    digests=(Digest(0, 0, "0" * 32, None, (1.5, 2.5)), Digest(1, 3, "f" * 32, 0.1, (float("nan"), 1e-320))),
    machine="numpy 2.4, openblas, x86_64",
    commands=17,
    keyframes=(
        Keyframe(1, 3, np.arange(6.0).reshape(2, 3), (0.1, 3, -1)),
        Keyframe(0, 1, np.ones((1, 4), np.float32)),
    ),
    logs=(SavedLog(1, "batches", 2, 5, np.arange(9.0).reshape(3, 3), 4),),
)
RAW = dump(SOME)
LIMIT = 1.0
"""Seconds that the refusal of a file may take at most, however busy the machine."""


def opened(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A sealed archive of entries as given: what an enemy would send."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return sealed.seal(out.getvalue())


def entries() -> dict[str, bytes]:
    """The entries of the good file."""
    with zipfile.ZipFile(io.BytesIO(RAW)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(change: Callable[[dict[str, object]], object]) -> bytes:
    """The good file with another `session.json`, sealed."""
    parts = entries()
    document = json.loads(parts["session.json"])
    change(document)
    return opened(parts | {"session.json": json.dumps(document).encode()})


def message(raw: bytes) -> str:
    """What is said about a file that is refused: one short, safe sentence, and soon."""
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        load(raw, "s.tuibp")
    assert time.perf_counter() - start < LIMIT
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 600
    assert text.startswith("s.tuibp:")
    assert caught.value.hint
    return text


def survives(raw: bytes, want: bytes = RAW) -> None:
    """Refused, or read as what it was."""
    try:
        saved = load(raw, "s.tuibp")
    except InputError as error:
        assert str(error).isprintable()
        return
    assert dump(saved) == want


def test_what_is_saved_comes_back() -> None:
    saved = load(RAW, "s.tuibp")
    assert dump(saved) == RAW
    assert replace(saved, digests=()) == replace(SOME, digests=())  # nan is not equal to itself
    for frame, want in zip(saved.keyframes, SOME.keyframes, strict=True):
        assert (frame.timeline, frame.batch, frame.block.dtype) == (want.timeline, want.batch, want.block.dtype)
        np.testing.assert_array_equal(frame.block, want.block)
        assert not frame.block.flags.writeable
        assert frame.spent == want.spent
    (log,), (wanted,) = saved.logs, SOME.logs
    assert (log.timeline, log.kind, log.stride, log.filled, log.bad) == (1, "batches", 2, 5, 4)
    np.testing.assert_array_equal(log.rows, wanted.rows)
    assert type(saved.timelines[2].changes["epochs"]) is int
    assert is_zip(RAW)
    assert not is_zip(b"tuibp = 1\n")


def test_a_session_is_small() -> None:
    assert len(dump(replace(SOME, keyframes=()))) < 2000
    assert len(dump(replace(SOME, visited=tuple((0, 1000 * i) for i in range(1000))))) < 10_000


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
WORDS = st.text(max_size=30)
CLEAN = WORDS.map(safe)
TIMES = st.integers(0, 2**62)
VALUES = cast(
    "st.SearchStrategy[Value]",
    st.one_of(FLOATS, st.lists(FLOATS, max_size=4), st.lists(st.lists(FLOATS, max_size=3), max_size=3)),
)
EDITS = st.builds(SavedEdit, TIMES, CLEAN, VALUES)
CHANGES = st.dictionaries(CLEAN, st.one_of(FLOATS, st.integers(0, 10**9)), max_size=3)


@st.composite
def sessions(draw: st.DrawFn) -> Saved:
    """Any session."""
    timelines = tuple(
        SavedTimeline(
            draw(st.one_of(st.none(), st.integers(0, i - 1))) if i else None,
            tuple(draw(st.lists(EDITS, max_size=3))),
            draw(CHANGES),
            draw(CLEAN),
        )
        for i in range(draw(st.integers(1, 3)))
    )
    index = st.integers(0, len(timelines) - 1)
    digest = st.text("0123456789abcdef", min_size=32, max_size=32)
    visited = tuple(draw(st.lists(st.tuples(index, TIMES), max_size=5)))
    norms = st.lists(FLOATS, max_size=3).map(tuple)
    digests = st.builds(Digest, index, TIMES, digest, st.one_of(st.none(), FLOATS), norms)
    return Saved(
        draw(WORDS),
        draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)),
        draw(WORDS),
        draw(st.dictionaries(WORDS, digest.map(lambda text: 2 * text), max_size=3)),
        timelines,
        draw(index),
        draw(TIMES),
        draw(st.integers(0, 6)),
        stops=tuple(SavedStop(n, draw(CLEAN), draw(st.booleans())) for n in draw(st.sets(st.integers(1, 99)))),
        marks=tuple(draw(st.lists(st.builds(SavedMark, CLEAN, index, TIMES), max_size=3))),
        notes=tuple(draw(st.lists(st.builds(SavedNote, CLEAN, index, TIMES), max_size=3))),
        values=tuple(
            SavedValue(
                n, draw(CLEAN), draw(index), draw(TIMES), draw(st.one_of(st.none(), VALUES)), draw(st.booleans())
            )
            for n in draw(st.sets(st.integers(1, 9)))
        ),
        names=tuple(draw(st.lists(st.builds(SavedName, CLEAN, VALUES, st.booleans()), max_size=3))),
        displays=tuple(SavedDisplay(n, draw(CLEAN), draw(CLEAN)) for n in draw(st.sets(st.integers(1, 9)))),
        settings=draw(st.dictionaries(CLEAN, st.integers(0, 99), max_size=2)),
        next_stop=draw(st.integers(1, 99)),
        came_from=draw(TIMES),
        joins=draw(st.booleans()),
        visited=visited,
        place=draw(st.integers(0, max(0, len(visited) - 1))),
        digests=tuple(draw(st.lists(digests, max_size=3))),
        machine=draw(CLEAN),
        commands=draw(TIMES),
    )


def bits(value: object) -> object:
    """A session in a form that tells -0.0 from 0.0, 1 from 1.0, and finds nan equal to itself."""
    return repr(value)


@settings(max_examples=150, deadline=None)
@given(sessions())
def test_any_session_comes_back(saved: Saved) -> None:
    raw = dump(saved)
    again = load(raw, "s.tuibp")
    assert bits(again) == bits(saved)
    assert dump(again) == raw


def test_every_single_byte_counts() -> None:
    for at in range(len(RAW)):
        message(RAW[:at] + bytes([RAW[at] ^ (1 << at % 8)]) + RAW[at + 1 :])
    for length in range(0, len(RAW), 3):
        message(RAW[:length])
    message(RAW + b"\0")
    message(RAW[:100] + RAW[101:])


def test_twenty_thousand_ways_of_damage() -> None:
    """Half of them are sealed again, so that what is behind the seal is met as well."""
    rng = random.Random(0)
    small = dump(replace(SOME, keyframes=SOME.keyframes[:1]))
    slowest = 0.0
    for i in range(20_000):
        raw = bytearray(small)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(raw))
            kind = rng.randrange(4)
            if kind == 0:
                raw[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                raw[at : at + rng.randint(1, 40)] = rng.randbytes(rng.randint(0, 40))
            elif kind == 2:
                raw[at : at + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"PK\5\6", b"PK\1\2"])
            elif i % 4 == 3:
                del raw[at:]
                break
        start = time.perf_counter()
        if i % 2 and len(raw) > 100:
            body = bytes(raw[: -sealed._COMMENT]) if kind != 3 else bytes(raw)
            try:
                load(sealed.seal(body), "s.tuibp")
            except InputError as error:
                assert str(error).isprintable()
        else:
            survives(bytes(raw), small)
        slowest = max(slowest, time.perf_counter() - start)
    assert slowest < LIMIT


SCRAPS: list[object] = [
    None, True, -1, 0, 1, 2**63, 10**400, 0.5, 1e300, "", "x", "nan", "\x1b[2J", "\ud800", "x" * 5000, [], {}, [[]],
    [0], [0, 0], [None], {"t": 0}, [{"t": -1}], [[[[[[[[0]]]]]]]],
]  # fmt: skip


def test_any_value_may_be_wrong() -> None:
    """Everything in the document is replaced by everything else."""

    def places(value: object) -> list[tuple[dict[str, object] | list[object], str | int]]:
        found: list[tuple[dict[str, object] | list[object], str | int]] = []
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
        for key in keys:
            found.append((cast("dict[str, object]", value), cast(str, key)))
            found += places(cast("dict[str, object]", value)[cast(str, key)])
        return found

    parts = entries()
    document = json.loads(parts["session.json"])
    count = len(places(document))
    assert count > 80
    for which in range(count):
        holder, key = places(document)[which]
        table = cast("dict[str | int, object]", holder)
        kept = table[key]
        for scrap in SCRAPS:
            table[key] = scrap
            raw = opened(parts | {"session.json": json.dumps(document).encode()}, zipfile.ZIP_STORED)
            try:
                again = load(raw, "s.tuibp")
            except InputError as error:
                assert str(error).isprintable()
                assert len(str(error)) < 600
            else:
                dump(again)
        table[key] = kept


def _set(*path: str | int, to: object) -> Callable[[dict[str, object]], None]:
    def change(document: dict[str, object]) -> None:
        holder: dict[str | int, object] = cast("dict[str | int, object]", document)
        for key in path[:-1]:
            holder = cast("dict[str | int, object]", holder[key])
        holder[path[-1]] = to

    return change


def _later(document: dict[str, object]) -> None:
    document.clear()
    document["tuibp"] = 9


WRONG: dict[str, tuple[Callable[[dict[str, object]], object], str]] = {
    "an edit before the start": (
        _set("timelines", 1, "edits", 0, "t", to=-1),
        "s.tuibp:session.json: timelines[1].edits[0].t: t = -1 is out of range; give a whole number from 0",
    ),
    "no number": (_set("timelines", 1, "edits", 0, "value", to="much"), 'timelines[1].edits[0].value must be a number'),
    "a value that is null": (_set("timelines", 1, "edits", 0, "value", to=None), "must be a number"),
    "deep": (_set("timelines", 1, "edits", 0, "value", to=[[[[[[1]]]]]]), "is nested too deeply"),
    "a level": (_set("selected", to=7), "session.json: selected: selected = 7 is out of range"),
    "a truth value": (_set("t", to=True), "t must be a whole number, not true"),
    "missing": (lambda document: document.pop("notes"), "has no notes"),
    "unknown": (_set("extra", to=1), 'key "extra" is not known'),
    "unknown inside": (_set("stops", 0, "code", to="x"), 'stops[0].code: key "code" is not known in stops[0]'),
    "parents": (_set("timelines", 1, "parent", to=1), "timelines[1] is forked from 1, a later one"),
    "a timeline": (_set("marks", 0, "timeline", to=3), "marks[0].timeline: there is no timeline 3; there are 3"),
    "a frame's timeline": (_set("keyframes", 0, "timeline", to=5), "keyframes[0].timeline: there is no timeline 5"),
    "current": (_set("current", to=3), "current: there is no timeline 3"),
    "no timeline": (_set("timelines", to=[]), "timelines is empty"),
    "place": (_set("place", to=2), "there is no place 2"),
    "visited": (_set("visited", 0, to=[1]), "visited[0] must be [timeline, t]"),
    "visited timeline": (_set("visited", 0, 0, to=9), "visited[0][0]: there is no timeline 9"),
    "twice": (_set("stops", 1, "number", to=1), "a number of stops is given twice"),
    "digest": (_set("digests", 0, "digest", to="0" * 31), "digests[0].digest must be 32 hexadecimal digits"),
    "digest line": (_set("digests", 0, "digest", to="0" * 32 + "\n"), "must be 32 hexadecimal digits"),
    "data": (_set("data", "d.csv", to="00"), "must be 64 hexadecimal digits"),
    "path": (_set("folder", to="x" * 5000), "folder must be a text of at most 4096 characters"),
    "frames": (lambda document: cast("list[object]", document["keyframes"]).pop(), "it has other entries"),
    "later": (_set("tuibp", to=2), "the session is of format 2, this tuibp reads format 1; open it with the tuibp"),
    "later and other": (_later, "is of format 9"),
    "nan": (_set("t", to=float("nan")), "session.json: t: t must be a whole number, not nan"),
    "spent": (_set("keyframes", 0, "spent", to=[1, 2]), "keyframes[0].spent must be [cost, samples, correct]"),
    "samples": (_set("keyframes", 0, "spent", 1, to=0.5), "keyframes[0].spent[1]"),
    "a log's timeline": (_set("logs", 0, "timeline", to=5), "logs[0].timeline: there is no timeline 5"),
    "a log's kind": (_set("logs", 0, "kind", to="x"), "logs[0].kind must be the name of a log"),
    "a log's stride": (_set("logs", 0, "stride", to=0), "logs[0].stride"),
    "a log": (lambda document: cast("list[object]", document["logs"]).pop(), "it has other entries"),
    "a frame": (_set("keyframes", 0, "batch", to="x"), "keyframes[0].batch: batch must be a whole number"),
    "no version": (lambda document: document.pop("tuibp"), "is of format None"),
    "version true": (_set("tuibp", to=True), "is of format true"),
    "escape sequences": (_set("timelines", 1, "\x1b[2J\u202e", to=0), 'key "[2J" is not known'),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_place(case: str) -> None:
    change, words = WRONG[case]
    assert words in message(changed(change))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[" * 300_000, "is not JSON"),
        (b"[" * 500_000, "has more than 400,000 lists"),
        (b'{"a":' * 100_000, "is not JSON"),
        (b"[1]", "is not a table"),
        (b'{"tuibp": 1, "tuibp": 1}', "is not JSON"),
        (b'{"tuibp": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"tuibp": ' + b"9" * 4000 + b"}", "is of format a number of more than 24 digits"),
        (b'{"tuibp": 1, "t": NaN}', "session.json: keyframes: keyframes must be a list"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"__import__('os').system('x')", "is not JSON"),
        (b"", "is not JSON"),
        (b" " * (9 * 2**20), "has more than 8 MiB"),
    ],
)
def test_documents_that_are_none(text: bytes, words: str) -> None:
    assert words in message(opened(entries() | {"session.json": text}))


ZEROS = np.lib.format.magic(1, 0) + struct.pack("<H", 118)


def npy(descr: str, shape: str, content: bytes = b"") -> bytes:
    """An npy file as given."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return ZEROS + header + content


FRAME = "keyframes/0.npy"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"../../etc/passwd": b"x"}, "it has other entries"),
        ({"/etc/passwd": b"x"}, "it has other entries"),
        ({"code.py": b"x"}, "it has other entries"),
        ({"keyframes/2.npy": npy("'<f8'", "(1, 1)", bytes(8))}, "it has other entries"),
        ({"network.toml": b"\xff\xfe"}, "network.toml is not UTF-8"),
        ({"network.toml": bytes(5 * 2**20)}, "network.toml has more than 4 MiB"),
        ({FRAME: b"cos\nsystem\n(S'x'\ntR."}, "is not an npy array"),
        ({FRAME: npy("'|O'", "(1, 1)", bytes(8))}, "Python objects"),
        ({FRAME: npy("'<f8'", "(1000000, 1000000)")}, "has shape"),
        ({FRAME: npy("'<f8'", "(2, 2)", bytes(8))}, "should have"),
        ({FRAME: npy("'<i8'", "(1, 1)", bytes(8))}, "holds no state"),
        ({FRAME: npy("'<f2'", "(1, 4)", bytes(8))}, "holds no state"),
        ({FRAME: npy("'<f8'", "(1,)", bytes(8))}, "holds no state"),
        ({FRAME: npy("'<f8'", "(1, 8388609)", bytes(8 * 8388609))}, "its keyframes have more than 64 MiB"),
    ],
)
def test_hostile_entries(more: dict[str, bytes], words: str) -> None:
    assert words in message(opened(entries() | more))


def test_bombs() -> None:
    parts = entries()
    assert "is packed in a way" in message(opened(parts, zipfile.ZIP_LZMA))
    assert "is packed in a way" in message(opened(parts, zipfile.ZIP_BZIP2))
    many = opened({f"{i}": b"" for i in range(5000)}, zipfile.ZIP_STORED)
    assert "its directory is not one" in message(many)
    # An entry that says it is short and is long: no more is unpacked than it says, and the sum is wrong.
    raw = bytearray(opened(parts | {"network.toml": bytes(3 * 2**20)}))
    at = raw.rfind(b"network.toml") - 46 + 24
    raw[at : at + 4] = (100).to_bytes(4, "little")
    body = bytes(raw[: -sealed._COMMENT])
    assert "network.toml" in message(sealed.seal(body))
    end = body.rfind(b"PK\5\6")
    assert "its directory is not one" in message(sealed.seal(body[:end] + b"PK\6\7" + bytes(16) + body[end:]))
    assert message(bytes(session_file.MOST_BYTES + 1)).startswith("s.tuibp: the file has 77.0 MiB")


def test_twice_the_same_entry() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name, content in [*entries().items(), ("network.toml", b"other")]:
            archive.writestr(name, content)
    assert "it has other entries" in message(sealed.seal(out.getvalue()))


def test_names_of_files_are_safe_to_show() -> None:
    with pytest.raises(InputError) as caught:
        load(b"x", "a\x1b[31mb\u202e.tuibp")
    assert str(caught.value).startswith("a[31mb.tuibp: the file is not a session file")
    with pytest.raises(InputError) as caught:
        load(RAW[:-9], "\ud800")
    assert str(caught.value).isprintable()


def test_what_users_wrote_is_made_safe_and_paths_stay_paths() -> None:
    evil = "a\x1b]0;x\x07b\u202ec\nd"
    saved = replace(
        SOME,
        notes=(SavedNote(evil, 0, 0), SavedNote("x" * 9000, 0, 0)),
        marks=(SavedMark(evil, 0, 0),),
        displays=(SavedDisplay(1, evil),),
        stops=(SavedStop(1, evil),),
        machine=evil,
        folder="/home/\udce9 \u202e",
        timelines=(SavedTimeline(None, label=evil), *SOME.timelines[1:]),
    )
    read = load(dump(saved), "s.tuibp")
    shown = "a]0;xbc d"
    assert (
        read.notes[0].text
        == read.marks[0].name
        == read.displays[0].expression
        == read.stops[0].line
        == read.machine
        == shown
    )
    assert read.timelines[0].label == shown
    assert len(read.notes[1].text) == 2000
    assert read.folder == saved.folder


def test_what_would_not_be_read_is_not_written() -> None:
    for much in (
        replace(SOME, network_text="x" * (4 * 2**20 + 1)),
        replace(SOME, notes=(SavedNote("x" * 900, 0, 0),) * 10_000),
        replace(SOME, visited=((0, 0),) * 400_001),
        replace(SOME, keyframes=(Keyframe(0, 0, np.zeros((1, 8 * 2**20))),)),
        replace(SOME, keyframes=(Keyframe(0, 0, np.zeros((1, 1))),) * 1001),
    ):
        with pytest.raises(InputError, match="has grown too large to be saved"):
            dump(much)
    most = replace(SOME, keyframes=(Keyframe(0, 0, np.zeros((1, 1))),) * 1000)
    assert len(load(dump(most), "s").keyframes) == 1000


def test_blocks_of_any_layout_and_byte_order() -> None:
    block = np.arange(12.0).reshape(3, 4)
    for given_ in (block.astype(">f8"), np.asfortranarray(block), block[::-1][::-1], block.astype("<f4")):
        saved = replace(SOME, keyframes=(Keyframe(0, 0, given_),))
        read = load(dump(saved), "s").keyframes[0].block
        np.testing.assert_array_equal(read, block)
        assert read.dtype == given_.dtype.newbyteorder("=")
