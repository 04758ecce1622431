"""The session file: a session as a small sealed zip (design: machine.md section 4).

`session.json` holds what was done, `network.toml` the network file as it was, `keyframes/0.npy`, ... whole states where
they were asked for, `logs/0.npy`, ... the logs that belong to them. The same session always gives the same bytes.
Nothing in it is executed and nothing is unpickled,
no entry's name is ever used as a path, and sizes are bounded before memory is taken.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields, replace
from functools import partial
from typing import NoReturn

import numpy as np

from tuibp.debugger.remembered import KINDS
from tuibp.debugger.saved import Keyframe, Saved, SavedLog
from tuibp.engine.arrays import Array
from tuibp.engine.checks import Report
from tuibp.engine.text import quoted, safe
from tuibp.errors import InputError
from tuibp.formats import network_file
from tuibp.formats.npy import read_array
from tuibp.formats.sealed import AGAIN, check, damaged, is_zip, member, seal, unseal
from tuibp.formats.session_schema import (
    COUNT,
    INDEX,
    SESSION,
    TIME,
    Exact,
    Maybe,
    Record,
    check_references,
    dotted,
    encode,
    faults,
    lists,
    spent,
)

__all__ = ["MOST_BYTES", "dump", "is_zip", "load"]

VERSION = 1
MOST_JSON = 8 * 2**20
"""Bytes of `session.json`."""
MOST_LISTS = 400_000
"""Lists and tables in it: each takes far more memory than its two bytes."""
MOST_STATES = 64 * 2**20
"""Bytes of all keyframes and logs together."""
MOST_KEYFRAMES = 1000
MOST_BYTES = MOST_JSON + network_file.MOST_BYTES + MOST_STATES + 2**20
"""Bytes of a session file."""
_JSON, _NETWORK = "session.json", "network.toml"
_BESIDE = {"network_text", "keyframes", "logs"}
"""Fields of a session that are not in `session.json`, or not as they are."""
_OLD = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: a clock would make two copies of one session differ."""


_NONE: Array = np.empty((0, 0))
"""In the place of the numbers, which lie in entries of their own."""
_KEYFRAMES = lists(Record(partial(Keyframe, block=_NONE), {"timeline": INDEX, "batch": TIME, "spent": spent}))
_LOGS = lists(
    Record(
        partial(SavedLog, rows=_NONE),
        {
            "timeline": INDEX,
            "kind": Exact("|".join(KINDS), "the name of a log"),
            "stride": COUNT,
            "filled": TIME,
            "bad": Maybe(TIME),
        },
    )
)


def dump(saved: Saved) -> bytes:
    """The bytes of the session file.

    Raises:
        InputError: the session is larger than what `load` would read.
    """
    document: dict[str, object] = {"tuibp": VERSION}
    document |= {field.name: getattr(saved, field.name) for field in fields(saved) if field.name not in _BESIDE}
    document["keyframes"] = [
        {"timeline": one.timeline, "batch": one.batch, "spent": list(one.spent)} for one in saved.keyframes
    ]
    document["logs"] = [
        {"timeline": one.timeline, "kind": one.kind, "stride": one.stride, "filled": one.filled, "bad": one.bad}
        for one in saved.logs
    ]
    text, network = encode(document).encode("ascii"), saved.network_text.encode()
    if len(text) > MOST_JSON or _lists(text) > MOST_LISTS or len(network) > network_file.MOST_BYTES:
        raise _grown("start a new one")
    states = [_npy(frame.block) for frame in saved.keyframes]
    logs = [_npy(log.rows) for log in saved.logs]
    if len(states) > MOST_KEYFRAMES or len(logs) > MOST_KEYFRAMES or sum(map(len, [*states, *logs])) > MOST_STATES:
        raise _grown("save it without keyframes, or with fewer")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in ((_JSON, text), (_NETWORK, network)):
            # The fastest level: a session is saved after every command.
            archive.writestr(zipfile.ZipInfo(name, _OLD), content, zipfile.ZIP_DEFLATED, 1)
        for name, content in zip(_names(len(states), len(logs)), [*states, *logs], strict=True):
            archive.writestr(zipfile.ZipInfo(name, _OLD), content)
    return seal(out.getvalue())


def load(raw: bytes, name: str) -> Saved:
    """The session of a session file.

    Args:
        name: of the file, for messages.

    Raises:
        InputError: the file is damaged, of a later version, or not one that tuibp has written.
    """
    name = safe(name, 200)
    if len(raw) > MOST_BYTES:
        raise InputError(f"the file has {len(raw) / 2**20:.1f} MiB", hint=AGAIN, where=name)
    with unseal(raw, name) as archive:
        document = _document(member(archive, name, _JSON, MOST_JSON), name)
        report = Report()
        frames = _KEYFRAMES(report, ("keyframes",), document.pop("keyframes", None))
        logs = _LOGS(report, ("logs",), document.pop("logs", None))
        if frames is None or logs is None or faults(report):
            _fail(report, name)
        beside = _names(len(frames), len(logs))
        names = [_JSON, _NETWORK, *beside]
        too_many = max(len(frames), len(logs)) > MOST_KEYFRAMES
        if too_many or sorted(archive.namelist()) != sorted(names):
            raise damaged(name, "it has other entries than it should")
        network = member(archive, name, _NETWORK, network_file.MOST_BYTES)
        arrays = _arrays(archive, name, beside)
    saved = SESSION(report, (), document)
    if saved is None or faults(report):
        _fail(report, name)
    try:
        text = network.decode()
    except UnicodeDecodeError as error:
        raise damaged(name, f"{_NETWORK} is not UTF-8 text") from error
    keyframes = tuple(replace(one, block=array) for one, array in zip(frames, arrays, strict=False))
    rows = tuple(replace(one, rows=array) for one, array in zip(logs, arrays[len(frames) :], strict=True))
    saved = replace(saved, network_text=text, keyframes=keyframes, logs=rows)
    check_references(report, saved)
    if faults(report):
        _fail(report, name)
    return saved


def _document(text: bytes, name: str) -> dict[str, object]:
    """The table that `session.json` is, without its version, which is ours.

    Raises:
        InputError: it is none, or of another version.
    """
    if _lists(text) > MOST_LISTS:
        raise damaged(name, f"{_JSON} has more than {MOST_LISTS:,} lists")
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise damaged(name, f"{_JSON} is not JSON") from error
    if not isinstance(document, dict):
        raise damaged(name, f"{_JSON} is not a table")
    version = document.pop("tuibp", None)
    if version != VERSION or isinstance(version, bool):
        words = f"the session is of format {quoted(version)}, this tuibp reads format {VERSION}"
        raise InputError(words, hint="open it with the tuibp that saved it, or with a newer one", where=name)
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A table; a key that is given twice is refused."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is given twice")
    return table


def _fail(report: Report, name: str) -> NoReturn:
    """Raise the first fault: nobody mends such a file by hand, so that the others would help nobody."""
    problem = report.problems[0]
    raise InputError(problem.message, hint=problem.hint or AGAIN, where=f"{name}:{_JSON}: {dotted(problem.path)}")


def _arrays(archive: zipfile.ZipFile, name: str, entries: list[str]) -> list[Array]:
    """The keyframes' blocks and the logs' rows, read-only.

    Raises:
        InputError: one of them is no array of two axes, or together they are too large.
    """
    infos = [archive.getinfo(entry) for entry in entries]
    if sum(info.file_size for info in infos) > MOST_STATES:
        raise damaged(name, f"its keyframes have more than {MOST_STATES >> 20} MiB")
    blocks: list[Array] = []
    for info, entry in zip(infos, entries, strict=True):
        check(info, name, entry)
        try:
            values = read_array(archive, info, entry, MOST_STATES)
        except InputError as error:  # its hints are meant for whoever wrote the array
            raise damaged(name, f"{entry}: {error.message}") from error
        if values.dtype.str not in ("<f8", "<f4") or values.ndim != 2:
            raise damaged(name, f"{entry} holds no state")
        blocks.append(values.astype(values.dtype.newbyteorder("="), copy=False))
        blocks[-1].flags.writeable = False
    return blocks


def _npy(block: Array) -> bytes:
    """The npy file of a block."""
    out = io.BytesIO()
    ordered = np.ascontiguousarray(block).astype(block.dtype.newbyteorder("<"), copy=False)
    np.lib.format.write_array(out, ordered, allow_pickle=False)
    return out.getvalue()


def _names(keyframes: int, logs: int) -> list[str]:
    return [*(f"keyframes/{i}.npy" for i in range(keyframes)), *(f"logs/{i}.npy" for i in range(logs))]


def _lists(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _grown(hint: str) -> InputError:
    return InputError("the session has grown too large to be saved", hint=hint)
