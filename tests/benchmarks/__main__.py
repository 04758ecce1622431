"""Measure this machine: `python -m tests.benchmarks --help`.

Figures are ratios within one run wherever they can be, and are reported, never asserted: what is compared is measured
in turn, so that a busy moment of the machine hits all of it, and medians are shown.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuibp.cli.environment import prepare

if TYPE_CHECKING:
    from tests.benchmarks.report import Section

SECTIONS = ("run", "engine", "history", "stops", "gradcheck", "start", "screen")
"""Modules of this package, each with `measure(quick)`."""
ONE_THREAD = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
"""What the peers are told before they are loaded; BLAS is told by `prepare`."""
SCREEN = "Screen, 120x40, through a pseudo-terminal"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print it."""
    chosen = _parser().parse_args(arguments)
    prepare_environment()
    from tests.benchmarks.machine import machine
    from tests.benchmarks.report import as_json, as_markdown, as_text

    start = time.perf_counter()
    found: dict[str, Any] = {"machine": machine(), "quick": chosen.quick, "sections": {}}
    silent = chosen.json == "-"
    lines = [
        f"- {name}: {value}" if chosen.markdown else f"{name:<8}{value}" for name, value in found["machine"].items()
    ]
    _say(silent, "\n".join(lines) + "\n")
    for name in chosen.only or SECTIONS:
        section = measured(name, chosen.quick)
        found["sections"][name] = as_json(section)
        _say(silent, (as_markdown if chosen.markdown else as_text)(section))
    found["seconds"] = time.perf_counter() - start
    _say(silent, f"{found['seconds']:.0f} s in all; medians of interleaved rounds where nothing else is said\n")
    if chosen.json is not None:
        text = json.dumps(found, indent=2, allow_nan=False) + "\n"
        if silent:
            sys.stdout.write(text)
        else:
            Path(chosen.json).write_text(text, encoding="utf-8")
    return 0


def prepare_environment() -> None:
    """One thread for everybody; it must be said before numpy is loaded."""
    prepare()
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)


def measured(name: str, quick: bool) -> Section:
    """What a section found."""
    from tests.benchmarks.report import Section, figures_of

    found = importlib.import_module(f"tests.benchmarks.{name}").measure(quick)
    return found if isinstance(found, Section) else Section(name, SCREEN, (), list(figures_of(found)))


def _say(silent: bool, text: str) -> None:
    if not silent:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds and short: whether it runs, not how fast")
    parser.add_argument("--markdown", action="store_true", help="print tables of Markdown")
    parser.add_argument("--json", metavar="FILE", help="write all that was found to a file; - prints nothing else")
    return parser


if __name__ == "__main__":
    sys.exit(main())
