"""What every test needs before the first import of textual: one terminal, whatever terminal the tests are run in."""

from __future__ import annotations

import os

for _name in [name for name in os.environ if name.startswith("TEXTUAL") or name == "NO_COLOR"]:
    del os.environ[_name]
os.environ.update(
    TERM="xterm-256color",
    COLORTERM="truecolor",
    TEXTUAL_ANIMATIONS="none",
    TEXTUAL_FPS="240",
    TEXTUAL_SMOOTH_SCROLL="0",
    ESCDELAY="50",
)
