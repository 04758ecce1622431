"""A zip archive with a seal: the digest of all its bytes, so that a single wrong or missing one is noticed.

zip's own sums cover the contents only; the seal is the archive's comment and covers everything, itself included. It is
looked at before anything else, so that damaged bytes never reach a parser. Whoever writes files to do harm can seal
them too: what is unsealed is still read as if an enemy had written it.
"""

from __future__ import annotations

import io
import zipfile
from hashlib import blake2b

from tuibp.errors import InputError
from tuibp.formats.npy import DAMAGE

_TAG = b"tuibp seal "
_DIGITS = 32
_COMMENT = len(_TAG) + _DIGITS
_END = 22
"""Bytes of a zip's end record, in front of the comment: the signature, ..., the directory's size at 12, ..., the
comment's length at 20.
"""
_LOCATOR = 20
"""Bytes of the record before it in archives of more than 4 GiB, which may say another size for the directory."""
MOST_DIRECTORY = 2**17
"""Bytes of the directory that are read: zipfile takes half a kilobyte of memory for 46 of them."""
AGAIN = "the file is damaged or comes from elsewhere; take a copy that is whole"


def seal(archive: bytes) -> bytes:
    """The archive, which has no comment, with its seal."""
    head = archive[:-2] + _COMMENT.to_bytes(2, "little") + _TAG
    return head + _digest(head)


def unseal(raw: bytes, name: str) -> zipfile.ZipFile:
    """The archive that `seal` has made.

    Args:
        name: of the file, safe to show.

    Raises:
        InputError: that is none, or not all of it.
    """
    if not is_zip(raw):
        raise InputError("the file is not a session file", hint=AGAIN, where=name)
    if raw[-_COMMENT:-_DIGITS] != _TAG:
        raise InputError("the file is damaged: its end is missing", hint=AGAIN, where=name)
    if raw[-_DIGITS:] != _digest(raw[:-_DIGITS]):
        raise InputError("the file is damaged: its bytes are not those that were saved", hint=AGAIN, where=name)
    start = len(raw) - _COMMENT - _END
    end = raw[max(0, start) : start + _END]
    large = int.from_bytes(end[12:16], "little") > MOST_DIRECTORY
    if start < 0 or end[:4] != b"PK\5\6" or large or raw[max(0, start - _LOCATOR) : start].startswith(b"PK\6\7"):
        raise damaged(name, "its directory is not one that tuibp writes")
    try:
        return zipfile.ZipFile(io.BytesIO(raw))
    except DAMAGE as error:
        raise damaged(name, "its directory cannot be read") from error


def is_zip(raw: bytes) -> bool:
    """Whether bytes, of which the first four will do, may be such a file; a network file never is."""
    return raw.startswith(b"PK\3\4")


def member(archive: zipfile.ZipFile, name: str, entry: str, most: int) -> bytes:
    """The bytes of one entry.

    Args:
        name: of the file, safe to show.
        most: largest number of bytes.

    Raises:
        InputError: it is not there, damaged or too long.
    """
    try:
        info = archive.getinfo(entry)
    except KeyError:
        raise damaged(name, f"{entry} is missing") from None
    check(info, name, entry)
    if info.file_size > most:
        raise damaged(name, f"{entry} has more than {most >> 20} MiB")
    try:
        with archive.open(info) as stream:
            content = stream.read(most + 1)
    except DAMAGE as error:
        raise damaged(name, f"{entry} cannot be unpacked") from error
    if len(content) != info.file_size:
        raise damaged(name, f"{entry} has not the length that is stated")
    return content


def check(info: zipfile.ZipInfo, name: str, entry: str) -> None:
    """See that an entry is packed in a way that unpacks in bounded memory.

    Raises:
        InputError: it is not.
    """
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise damaged(name, f"{entry} is packed in a way that tuibp does not use")


def damaged(name: str, how: str) -> InputError:
    """The error for a file of which something is wrong although its seal is whole."""
    return InputError(f"the file is not one that tuibp has saved: {how}", hint=AGAIN, where=name)


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=_DIGITS // 2).hexdigest().encode()
