"""How long the screen takes, seen from outside through a pseudo-terminal: `python -m tests.benchmarks.screen --help`.

Reported, never asserted: the numbers mean something only beside each other. Whatever is compared is measured in turn,
so that a busy moment of the machine hits all of it, and medians are shown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from typing import NamedTuple

from tests.terminal.pty_driver import PYTHON, PtyProgram

EMPTY = "from textual.app import App\nclass Empty(App): pass\nEmpty().run()"
CELLS = r"""
import os, sys
from tuibp.tui.terminal import calm_garbage_collector, pause_garbage_collector, prepare_environment
prepare_environment(os.environ)
pause_garbage_collector()
from tuibp.present.cells import Picture, Run
from tuibp.tui.framework import QuietScreen, TerminalApp
from tuibp.tui.widgets.picture import PictureView

def row(y, count, width):
    return tuple(Run(chr(97 + (x + count) % 26), f"heat{(x + y + count) % 8 + 1:+d}") for x in range(width))

class Main(QuietScreen):
    BINDINGS = [("a", "all"), ("r", "row"), ("tab", "app.focus_next")]
    count = 0
    def compose(self):
        yield PictureView()
    def on_mount(self):
        self.rows = [row(y, 0, 120) for y in range(40)]
        self.show()
        self.call_after_refresh(calm_garbage_collector)
    def show(self):
        self.query_one(PictureView).show(Picture(tuple(self.rows)))
    def action_all(self):
        self.count += 1
        self.rows = [row(y, self.count, 120) for y in range(40)]
        self.show()
    def action_row(self):
        self.count += 1
        self.rows[20] = row(20, self.count, 120)
        self.show()

class Cells(TerminalApp):
    ENABLE_COMMAND_PALETTE = False
    def get_default_screen(self):
        return Main()

Cells().run()
"""
"""4,800 cells, no two neighbours of one style: the dearest screen there is."""
PAINT = 1000
"""Bytes after the switch to the alternate screen that only a paint can be."""
SILENCE = 0.15
"""Seconds without a byte after which the first paint is over."""


class Times(NamedTuple):
    """Milliseconds of one measurement, repeated."""

    least: float
    median: float
    p95: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Times:
        ordered = sorted(samples)
        return cls(ordered[0], statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))])


def paint(program: PtyProgram) -> float:
    """Wait for the first paint. Returns the milliseconds from the start of the process to its last byte."""
    program.wait_for(lambda: len(program.log.partition(b"\x1b[?1049h")[2]) > PAINT)
    return (program.settle(SILENCE) - program.started) * 1e3


def first_paints(commands: dict[str, Sequence[str]], rounds: int) -> dict[str, Times]:
    """From the start of the process to the last byte of the first paint, all commands in turn."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            with PtyProgram(command, emulate=False) as program:
                samples[name].append(paint(program))
    return {name: Times.of(each) for name, each in samples.items()}


def key_presses(command: Sequence[str], keys: Sequence[str], rounds: int) -> dict[str, Times]:
    """From a key press to the last byte painted for it, all keys in turn; AssertionError if one paints nothing."""
    samples: dict[str, list[float]] = {key: [] for key in keys}
    with PtyProgram(command, emulate=False) as program:
        paint(program)
        for _ in range(rounds):
            for key in keys:
                samples[key].append(program.respond(key))
    return {key: Times.of(each) for key, each in samples.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.screen", description=__doc__)
    parser.add_argument("files", nargs="*", default=["xor"], help="network files or samples to open (default: xor)")
    parser.add_argument("--rounds", type=int, default=9, help="first paints of each (default: 9)")
    parser.add_argument("--presses", type=int, default=40, help="presses of each key (default: 40)")
    parser.add_argument("--keys", default="s,i, ", help='keys to press, with commas (default: "s,i, ")')
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)

    ours = {file: [PYTHON, "-m", "tuibp", file] for file in chosen.files}
    cells = [PYTHON, "-c", CELLS]
    paints = first_paints({"empty app": [PYTHON, "-c", EMPTY], "cells": cells, **ours}, chosen.rounds)
    presses = {"cells": key_presses(cells, ["a", "r"], chosen.presses)}
    for file, command in ours.items():
        presses[file] = key_presses(command, chosen.keys.split(","), chosen.presses)
    sys.stdout.write(as_json(paints, presses) if chosen.json else as_table(paints, presses))
    return 0


def as_json(paints: dict[str, Times], presses: dict[str, dict[str, Times]]) -> str:
    found = {
        "first paint": {name: times._asdict() for name, times in paints.items()},
        "key press": {name: {key: times._asdict() for key, times in keys.items()} for name, keys in presses.items()},
    }
    return json.dumps(found, indent=2) + "\n"


def as_table(paints: dict[str, Times], presses: dict[str, dict[str, Times]]) -> str:
    empty = paints["empty app"].median
    lines = [f"{'ms, 120x40':<32}{'least':>8}{'median':>8}{'p95':>8}"]
    for name, times in paints.items():
        lines.append(f"{'first paint, ' + name:<32}" + "".join(f"{each:8.1f}" for each in times))
        lines[-1] += f"  {times.median / empty:.2f}x an empty app"
    for name, keys in presses.items():
        for key, times in keys.items():
            lines.append(f"{'key ' + repr(key) + ', ' + name:<32}" + "".join(f"{each:8.1f}" for each in times))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
