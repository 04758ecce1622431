"""How long a start takes, in processes of their own: the engine's imports, and the command that needs none of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tuibp.engine
from tests.benchmarks.report import Figure, Section, at_most
from tests.benchmarks.rounds import in_turn, median, ratio, timed

ROOT = Path(__file__).parents[2]
ENGINE = sorted(f"tuibp.engine.{path.stem}" for path in Path(tuibp.engine.__path__[0]).glob("[a-z]*.py"))
"""Every module of the engine."""
SCRIPT = Path(sys.executable).with_name("tuibp")
TUIBP = [str(SCRIPT)] if SCRIPT.is_file() else [sys.executable, "-m", "tuibp"]


def measure(quick: bool) -> Section:
    """Imports are timed from within, processes from without."""
    with tempfile.TemporaryDirectory() as cache:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPYCACHEPREFIX"] = cache

        def child(command: Sequence[str]) -> str:
            done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
            return done.stdout

        def importing(modules: str) -> float:
            code = f"from time import perf_counter as now; start = now(); import {modules}; print(now() - start)"
            return float(child([sys.executable, "-c", code]))

        contestants = {
            "numpy": lambda: importing("numpy"),
            "engine": lambda: importing(", ".join(ENGINE)),
            "python": lambda: timed(lambda: child([sys.executable, "-c", "pass"])),
            "tuibp": lambda: timed(lambda: child([*TUIBP, "--version"])),
        }
        in_turn(contestants, 1)  # compiles what is imported
        samples = in_turn(contestants, 3 if quick else 15)
    added = statistics.median(one - other for one, other in zip(samples["tuibp"], samples["python"], strict=True))
    share = ratio(samples, "engine", "numpy")
    assert share is not None
    return Section(
        "start",
        "Start",
        (),
        [
            Figure("import tuibp.engine, all of it / import numpy", share, "x", at_most(1.25)),
            Figure("import numpy", 1e3 * (median(samples, "numpy") or 0.0), "ms"),
            Figure("tuibp --version, more than python -c pass", 1e3 * added, "ms", at_most(60.0)),
            Figure("python -c pass", 1e3 * (median(samples, "python") or 0.0), "ms"),
        ],
    )
