"""Ctrl+c between any two bytecodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def broken_off(path: str, action: Callable[[], object], after: int) -> bool:
    """Call `action` and let a KeyboardInterrupt strike.

    Args:
        path: how the name of the file whose code is struck ends.
        after: bytecodes of that file that are carried out before.

    Returns:
        Whether it struck; if not, `action` has come to its end.
    """
    left = after

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal left
        if not frame.f_code.co_filename.endswith(path):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False
