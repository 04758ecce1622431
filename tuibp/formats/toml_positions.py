"""Where keys and values stand in a TOML text that `tomllib` has accepted.

tomllib gives values without places. This scanner walks the same text once, only when there is something to
report, and remembers the places of the wanted paths alone, so that a big file costs no more memory than it
has faults. It never judges the text: what it would do with a text that tomllib refuses is not defined, except
that it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tuibp.engine.checks import Path

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'  # the quotes that end it may follow up to two that belong to it
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*"  # a date and a time may be parted by a blank
    r"|[^\s,\]}#=]+",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Place:
    """Lines and columns count from 1, columns in characters."""

    key: tuple[int, int] | None
    """Where the key starts; None for elements of arrays."""
    value: tuple[int, int]
    """Where the value starts; for tables, where their header or first key starts."""


def find(text: str, wanted: Iterable[Path]) -> dict[Path, Place]:
    """The places of those wanted paths that the text has.

    Args:
        text: as given to `tomllib.loads`.
        wanted: paths of keys and of indices, such as ("layer", 0, "W", 1, 0).
    """
    scanner = _Scanner(text.replace("\r\n", "\n"), set(wanted))
    scanner.run()
    return {
        path: Place(None if key is None else scanner.point(key), scanner.point(value))
        for path, (key, value) in scanner.found.items()
    }


class _Scanner:
    def __init__(self, text: str, wanted: set[Path]) -> None:
        self.text = text
        self.wanted = wanted
        self.above = {path[:n] for path in wanted for n in range(len(path))}
        """Paths that have a wanted one beneath them; what lies under others is skipped without building
        paths.
        """
        self.found: dict[Path, tuple[int | None, int]] = {}
        """Offsets of key and value."""
        self.last_key = 0
        """Offset of the key that was read last."""
        self.lengths: dict[Path, int] = {}
        """Tables so far in each array of tables."""

    def point(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def note(self, path: Path, key: int | None, value: int) -> None:
        """Remember the first place of a wanted path."""
        if path in self.wanted:
            self.found.setdefault(path, (key, value))

    def run(self) -> None:
        """Read statement by statement: a header, or a key with its value."""
        at = self.blank(0)
        table: Path = ()
        while at < len(self.text) and len(self.found) < len(self.wanted):
            if self.text[at] == "[":
                table, at = self.header(at)
            else:
                path, at = self.keys(at, table)
                at = self.value(self.space(at + 1), path)
            after = self.blank(at)
            at = after if after > at or after >= len(self.text) else self.line_end(at)

    def blank(self, at: int) -> int:
        """Past white space, line ends and comments."""
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def space(self, at: int) -> int:
        """Past blanks and tabs."""
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def line_end(self, at: int) -> int:
        """Past the end of the line: progress, whatever the text."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def header(self, at: int) -> tuple[Path, int]:
        """The path of [a.b] or [[a.b]], and the offset behind it."""
        many = self.text.startswith("[[", at)
        starts, names, at = self.dotted(self.space(at + 1 + many))
        path: Path = ()
        for i, (start, name) in enumerate(zip(starts, names, strict=True)):
            path = (*path, name)
            self.note(path, start, start)
            if many and i == len(names) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
                self.note(path, start, start)
        return path, at + 1 + many

    def keys(self, at: int, table: Path) -> tuple[Path, int]:
        """The path of a dotted key within a table, and the offset of its equals sign."""
        starts, names, at = self.dotted(at)
        path = table
        for start, name in zip(starts, names, strict=True):
            path = (*path, name)
            if len(path) < len(table) + len(names):
                self.note(path, start, start)
        self.last_key = starts[-1] if starts else at
        return path, at

    def dotted(self, at: int) -> tuple[list[int], list[str], int]:
        """Offsets and names of the parts of a key, and the offset behind it."""
        starts: list[int] = []
        names: list[str] = []
        while True:
            at = self.space(at)
            quote = self.text[at : at + 1]
            match = (_SCALAR if quote in {'"', "'"} else _BARE_KEY).match(self.text, at)
            if match is None:
                return starts, names, at
            starts.append(at)
            names.append(_unquoted(match.group()))
            at = self.space(match.end())
            if self.text[at : at + 1] != ".":
                return starts, names, at
            at += 1

    def value(self, at: int, path: Path) -> int:
        """Past the value at an offset; notes the value and all that lies within it."""
        self.note(path, self.last_key, at)
        # Open brackets, each with the path of its container and the index of the element that comes next;
        # index None: a table.
        stack: list[tuple[Path, int | None]] = []
        while True:
            mark = self.text[at : at + 1]
            if mark in {"[", "{"}:
                stack.append((path, 0 if mark == "[" else None))
                at += 1
            elif mark not in {"]", "}", ","} or not stack:
                match = _SCALAR.match(self.text, at)
                at = match.end() if match else at + 1
            if not stack or at >= len(self.text) or len(self.found) == len(self.wanted):
                return at
            at, path = self.next(self.blank(at), stack)
            if not stack:
                return at

    def next(self, at: int, stack: list[tuple[Path, int | None]]) -> tuple[int, Path]:
        """Close brackets and step over commas up to the next value; its offset and its path."""
        while stack and at < len(self.text):
            mark = self.text[at]
            if mark in "]}":
                stack.pop()
                at += 1
                if not stack:
                    break
            elif mark == ",":
                at += 1
            else:
                return self.element(at, stack)
            at = self.blank(at) if stack else at
        return at, ()

    def element(self, at: int, stack: list[tuple[Path, int | None]]) -> tuple[int, Path]:
        """The offset and the path of an element of the innermost container, which starts at `at`."""
        container, index = stack[-1]
        seen = container in self.above
        if index is not None:
            stack[-1] = (container, index + 1)
            path = (*container, index) if seen else container
            if seen:
                self.note(path, None, at)
            return at, path
        path, at = self.keys(at, container)
        at = self.blank(at + 1)
        self.note(path, self.last_key, at)
        return at, path if seen else container


def _unquoted(key: str) -> str:
    """The name that a bare or quoted key spells."""
    if key.startswith("'"):
        return key[1:-1]
    if not key.startswith('"'):
        return key
    return _ESCAPE.sub(_escaped, key[1:-1])


def _escaped(match: re.Match[str]) -> str:
    code = match.group(1) or match.group(2)
    return chr(int(code, 16)) if code else _ESCAPED.get(match.group(3), match.group(3))
