"""Completion."""

from __future__ import annotations

from tuibp.console.console import Console


def completed(console: Console, line: str, cursor: int) -> tuple[str, list[str]]:
    """The line up to the cursor with as much completed as is certain, and what may follow where it is not."""
    return line[:cursor], []
