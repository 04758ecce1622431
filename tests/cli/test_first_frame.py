"""What the first frame waits for: of the language of conditions, of sessions and of commands nothing is loaded yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = (
    "tuibp.console.actions", "tuibp.console.completion", "tuibp.console.language", "tuibp.console.sessions",
    "tuibp.debugger.expressions", "tuibp.debugger.hunt", "tuibp.debugger.search", "tuibp.debugger.saved",
    "tuibp.formats.session_file", "tuibp.present.values", "tuibp.present.info",
)  # fmt: skip

OPENED = """
import os, sys
from tuibp.tui.terminal import prepare_environment
prepare_environment(os.environ)
import tuibp.cli.screen
from tuibp.cli.files import open_source
from tuibp.cli.opening import of_network
from tuibp.tui.app import WANTED_LATER, TuibpApp, settle
app = TuibpApp(*of_network(open_source("xor"), None))
print(*sorted(sys.modules))
settle()
assert all(name in sys.modules for name in WANTED_LATER)
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that are loaded where the app is about to start."""
    found = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


@pytest.mark.parametrize("name", LATER)
def test_it_is_loaded_later(loaded: set[str], name: str) -> None:
    assert "tuibp.tui.screens.debugger" in loaded
    assert not [module for module in loaded if module == name or module.startswith(f"{name}.")]
