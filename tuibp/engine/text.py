"""Words that come from outside, made safe to show.

Titles, labels, headers and quoted input are data: a name in a file must not move the cursor, recolour the
screen, reorder a line or fill two columns. Every such text passes `safe` once, where it enters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

TITLE = 200
"""Longest title, in characters."""
NAME = 40
"""Longest name of a feature or class, and of a word quoted in a message."""
_DROPPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that are removed: C0, C1, ESC, direction marks, zero-width joiners, lone surrogates,
line separators.
"""
_MARKS = {"Mn", "Me", "Mc"}
"""Categories that share a cell with the character before them."""


def safe(text: str, limit: int = NAME) -> str:
    """`text` with every character exactly one column wide and at most `limit` characters.

    Control and direction characters go, white space becomes a blank, wide and combining characters become
    "?"; a text that is too long ends in "…".

    >>> safe("a\\x1b[31mb\\tc")
    'a[31mb c'
    >>> safe("abcdef", 4)
    'abc…'
    """
    shown = "".join(_cell(character) for character in text[: 4 * limit + 1])
    shown = shown.strip()
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + "…"


def words(text: str, limit: int) -> str:
    """What somebody has written, in their own script, on one line and at most `limit` characters: what would move a
    cursor goes, all else stays. Where every character has to be one column wide, `safe` is for showing it.

    >>> words("\u9055\u3044\x1b[2J", 20)
    '\u9055\u3044[2J'
    """
    shown = "".join(" " if character.isspace() else character for character in text[: 4 * limit + 1])
    shown = "".join(character for character in shown if unicodedata.category(character) not in _DROPPED).strip()
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + "…"


def _cell(character: str) -> str:
    """What one character becomes: itself, a blank, "?" or nothing."""
    if character.isascii() and character.isprintable():
        return character
    if character in "\t\n\r\x0b\x0c" or unicodedata.category(character) == "Zs":
        return " "
    category = unicodedata.category(character)
    if category in _DROPPED:
        return ""
    wide = category in _MARKS or unicodedata.east_asian_width(character) in "WF"
    return "?" if wide or category in {"Cn", "Co"} else character


def quoted(value: object) -> str:
    """A value of the user's as a message quotes it: short, safe, texts in double quotes.

    >>> quoted("tanhh"), quoted(True), quoted(1.5), quoted([1, 2])
    ('"tanhh"', 'true', '1.5', 'a list')
    """
    if isinstance(value, str):
        return f'"{safe(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**24:
        return "a number of more than 24 digits"
    kinds: list[tuple[type, str]] = [(list, "a list"), (tuple, "a list"), (dict, "a table")]
    for kind, words in kinds:
        if isinstance(value, kind):
            return words
    return safe(str(value))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The remedy for a word that is not known: the closest one, or the list of all.

    >>> suggestion("tanhh", ["tanh", "relu"])
    'did you mean "tanh"?'
    >>> suggestion("zzz", ["tanh", "relu"])
    'known are tanh, relu'
    """
    import difflib  # only where something is wrong: it is a tenth of what the engine takes to be imported

    names = list(known)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(safe(word).lower().replace("_", "-"), folded, n=1)
    return f'did you mean "{folded[close[0]]}"?' if close else f"known are {', '.join(names)}"
