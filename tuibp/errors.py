"""The errors that tuibp shows its user, and the exit code of each.

Anything else that escapes is a bug and is reported as one. An error is a sentence: what is wrong, where it stands and
what to do about it; it never carries a traceback, and raising one never leaves a half-done change behind.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNSUPPORTED = 3
EXIT_INTERRUPTED = 130


class TuibpError(Exception):
    """Something the user can mend.

    Args:
        message: what is wrong, one sentence without a final full stop.
        hint: the remedy, one sentence; None where the message already is one.
        where: the place, such as "xor.toml:9:14"; None where there is none.
    """

    exit_code = EXIT_USAGE

    def __init__(self, message: str, *, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"; {self.hint}" if self.hint else ""
        return f"{place}{self.message}{remedy}"


class InputError(TuibpError):
    """A file, a value or a name that cannot be used."""


class PositionError(TuibpError):
    """A position or a location that this program does not have."""


class NameInputError(TuibpError):
    """A tensor or cell name that this network does not have."""


class UnsupportedError(TuibpError):
    """A well-formed request for something tuibp does not do."""

    exit_code = EXIT_UNSUPPORTED


class CombinedError(TuibpError):
    """Several errors of one input, reported together in the order of their places.

    Args:
        errors: the single errors, at least one.
    """

    def __init__(self, errors: list[TuibpError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


def placed(error: TuibpError, where: str) -> TuibpError:
    """The error with the place where it came up in front of what it says: the line of a script."""
    found = TuibpError(str(error), where=where)
    found.exit_code = error.exit_code
    return found
