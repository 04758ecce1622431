"""Everything we have to know about textual's and the terminal's quirks, each with its reason.

Nothing here knows what tuibp shows. The module itself imports no textual, because `prepare_environment` must
run before textual is imported; what needs it imports it inside.
"""

from __future__ import annotations

import gc
from collections.abc import MutableMapping

ENVIRONMENT = {
    # A second frame within 1/60 s of the first waits for the next tick of textual's clock: 16 ms a key can
    # feel.
    "TEXTUAL_FPS": "240",
    # Nothing slides: a stepping debugger shows states.
    "TEXTUAL_ANIMATIONS": "none",
    # Smooth scrolling asks modern terminals for the mouse in pixels, and textual never turns that off again.
    "TEXTUAL_SMOOTH_SCROLL": "0",
    # Escape stops a long run within 50 ms. Without the kitty protocol it is told from an arrow key by waiting;
    # a terminal sends a key's bytes together and ssh keeps them so, hence tmux waits 10 ms and fish 30. Where a
    # line tears them apart (a serial one below 2400 baud), ESCDELAY=100 in the environment mends it.
    "ESCDELAY": "25",
}
"""What the screen wants unless the user has said otherwise."""


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Set what textual reads once, on import. Call it before importing it; what is set already stays.

    An empty NO_COLOR means colour (no-color.org), while textual takes any NO_COLOR for a wish: the empty one
    is removed.
    """
    # A shell may have exported the size that its window once had; the terminal knows the true one.
    environ.pop("COLUMNS", None)
    environ.pop("LINES", None)
    for name, value in ENVIRONMENT.items():
        environ.setdefault(name, value)
    if environ.get("NO_COLOR") == "":
        del environ["NO_COLOR"]


def pause_garbage_collector() -> None:
    """No collection while modules are imported and the first screen is built: 20-25 ms of the start."""
    gc.disable()


def calm_garbage_collector() -> None:
    """Call once, after the first paint: what lives now lives to the end and is never scanned again.

    A full collection over textual's and numpy's modules takes longer than a frame and owned the slowest five
    per cent of key presses (50 ms against 22). Collections go on, rarely, over what is allocated later.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
