"""The rooms of the house: who may import whom, and who may touch the world.

Once by reading the code, which finds imports that hide in functions, and once by looking at what is loaded, which
finds a package that drags in another.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tuibp

PACKAGE = Path(tuibp.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "errors": set(),
    "engine": {"errors"},
    "debugger": {"errors", "engine"},
    "formats": {"errors", "engine", "debugger"},
    "explain": {"errors", "engine", "debugger", "formats"},
    "present": {"errors", "engine", "debugger", "formats", "explain"},
    "console": {"errors", "engine", "debugger", "explain", "present"},
    "tui": {"errors", "engine", "debugger", "formats", "explain", "present", "console"},
    "cli": {"", "errors", "engine", "debugger", "formats", "explain", "present", "console", "tui"},
    "api": {"errors", "engine", "debugger", "formats", "console", "cli"},
    "": {"api"},
    "__main__": {"cli"},
}
"""The rooms that a room may import, beside itself; "" is the package itself, which holds the version."""

SANS_IO = {"errors", "engine", "debugger", "formats", "explain", "present", "console"}
WORLD = {
    "datetime", "getpass", "importlib", "logging", "multiprocessing", "os", "pathlib", "pickle", "random", "shutil",
    "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
"""Modules that reach for files, clocks, processes or global state."""
TOUCHING = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}
"""Built-in functions that do."""
OWN_CODE = {"engine/straight.py": {"exec"}}
"""Where one of them is wanted: run mode is text made from the table of operations, nothing of it given by a user."""


def _room(path: Path) -> str:
    """The room that a file of the package belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from tuibp import api` counts as tuibp.api."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            if node.module == "tuibp":
                yield from (f"tuibp.{alias.name}" for alias in node.names)
            else:
                yield node.module


def _rooms(path: Path) -> Iterator[str]:
    for module in _imports(path):
        head, _, rest = module.partition(".")
        if head == "tuibp":
            yield rest.partition(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows(path: Path) -> None:
    room = _room(path)
    assert set(_rooms(path)) <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_screen_imports_textual(path: Path) -> None:
    heads = {module.partition(".")[0] for module in _imports(path)}
    assert _room(path) == "tui" or not heads & {"textual", "rich"}


@pytest.mark.parametrize(
    "path", [path for path in FILES if _room(path) in SANS_IO], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_the_screen_and_the_command_line_touch_the_world(path: Path) -> None:
    heads = {module.partition(".")[0] for module in _imports(path)}
    assert not heads & WORLD
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & TOUCHING - OWN_CODE.get(str(path.relative_to(PACKAGE)), set())
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {chain for chain in chains if chain.startswith("np.random.") and not chain.startswith(_RANDOM_TYPES)}


_RANDOM_TYPES = ("np.random.Generator", "np.random.Philox", "np.random.SeedSequence")
"""What of numpy's random module has no global state."""


def test_every_file_says_why_it_exists() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not text or ast.get_docstring(ast.parse(text)), path


ROOMS = ("engine", "debugger", "formats", "explain", "present", "console")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tuibp", ("numpy", "textual", "rich", "argparse", "tuibp.api")),
        ("tuibp.cli", ("numpy", "textual", "rich")),
        ("tuibp.api", ("textual", "rich", "argparse")),
        *((f"tuibp.{room}", ("textual", "rich", "argparse")) for room in ROOMS),
    ],
)
def test_what_an_import_loads(module: str, absent: tuple[str, ...]) -> None:
    folder = PACKAGE / module.partition(".")[2]
    inside = [f"{module}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"]
    modules = (
        [module, *inside] if module.startswith("tuibp.") and folder.is_dir() and module != "tuibp.cli" else [module]
    )
    code = f"import sys, {', '.join(modules)}; print(sorted(set(sys.modules) & set({absent!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "[]\n"
