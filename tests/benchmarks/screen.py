"""How long the screen takes, seen from outside through a pseudo-terminal: `python -m tests.benchmarks.screen --help`.

Reported, never asserted: the numbers mean something only beside each other. Whatever is compared is measured in turn,
so that a busy moment of the machine hits all of it, and medians are shown. Modules must be compiled already: with
PYTHONDONTWRITEBYTECODE set a start measures the compiler.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.terminal.pty_driver import PYTHON, ROOT, PtyProgram

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
NETWORK = """tuibp = 1
title = "{title}"
[data]
{data}
{layers}
[cost]
kind = "{cost}"
[train]
epochs = 1000000
batch = {batch}
"""
HEADLESS = """
import sys, time
from tuibp.cli import environment
environment.prepare()
from tuibp.cli.files import open_recipe
from tuibp.cli.spill import SpillFile
from tuibp.debugger.timeline import Timeline
timeline = Timeline(open_recipe(sys.argv[1]), spill=SpillFile())
start, seconds = time.perf_counter(), float(sys.argv[2])
for done, _ in timeline.travel(timeline.clock.total):
    if time.perf_counter() > start + seconds:
        break
print(done / (time.perf_counter() - start))
"""
"""The loop of `tuibp run`, for some seconds: batches a second."""
PAINT = 1000
"""Bytes after the switch to the alternate screen that only a paint can be."""
SILENCE = 0.15
"""Seconds without a byte after which the first paint is over."""
PATIENCE = 30.0
"""Seconds after which a benchmark gives up."""
TUIBP = [PYTHON, "-m", "tuibp"]
EMPTY_APP = "empty app"
KEYS = ("s", "i", " ")
STOPPED = "Stopped at "
RUNNING = " stop"
LOOKING = (
    ("\t", "\u25b8 4 layer"),
    ("z", "\u25b8 4 layer"),
    ("z", "\u25b8 4 layer"),
    ("?", "help: arrows"),
    ("q", "\u25b8 4 layer"),
    ("\x1b[Z", "\u25b8 3 DP table"),
)
"""Keys to press during a run, and what is seen when each has been answered: the next pane, which fills the screen and
does not, the help and the screen again, the pane before.
"""


class Network(NamedTuple):
    """A network file to measure with."""

    file: Path
    batches: int
    """Of an epoch."""

    @property
    def command(self) -> list[str]:
        """Opens it."""
        return [*TUIBP, str(self.file)]


class Times(NamedTuple):
    """Milliseconds of one measurement, repeated."""

    least: float
    median: float
    p95: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Times:
        ordered = sorted(samples)
        return cls(ordered[0], statistics.median(ordered), ordered[math.ceil(0.95 * len(ordered)) - 1])


def write_networks(folder: Path) -> dict[str, Network]:
    """A 2-2-1 of XOR, and a 784-512-512-10 with 1280 samples in an npz archive, once more with a compressed one; each
    to be trained for hours.
    """
    rng = np.random.default_rng(0)
    x, y = rng.random((1280, 784)), np.eye(10)[rng.integers(10, size=1280)]
    np.savez(folder / "wide.npz", x=x, y=y)
    np.savez_compressed(folder / "packed.npz", x=x, y=y)

    def layers(*sizes: int, hidden: str, last: str) -> str:
        names = [*[hidden] * (len(sizes) - 1), last]
        rows = (f'[[layer]]\nunits = {n}\nactivation = "{name}"' for n, name in zip(sizes, names, strict=True))
        return "\n".join(rows)

    texts = {
        "small": NETWORK.format(
            title="small", data='generate = { kind = "xor" }', layers=layers(2, 1, hidden="tanh", last="sigmoid"),
            cost="squared-error", batch=2,
        ),
        **{
            name: NETWORK.format(
                title=name, data=f'npz = {{ path = "{name}.npz", x = "x", y = "y" }}',
                layers=layers(512, 512, 10, hidden="relu", last="softmax"), cost="cross-entropy", batch=128,
            )
            for name in ("wide", "packed")
        },
    }  # fmt: skip
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return {name: Network(folder / f"{name}.toml", 2 if name == "small" else 10) for name in texts}


COMPILED = {"PYTHONDONTWRITEBYTECODE": None, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "tuibp-compiled")}
"""Modules are compiled once, whatever the environment says: a start is not to be one of a compiler."""


def paint(program: PtyProgram) -> float:
    """Wait for the first paint. Returns the milliseconds from the start of the process to its last byte."""
    program.wait_for(lambda: len(program.log.partition(b"\x1b[?1049h")[2]) > PAINT, PATIENCE)
    return (program.settle(SILENCE) - program.started) * 1e3


def first_paints(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Times]:
    """From the start of the process to the last byte of the first paint, all commands in turn."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            with PtyProgram(command, emulate=False, env=COMPILED) as program:
                samples[name].append(paint(program))
    return {name: Times.of(each) for name, each in samples.items()}


def key_presses(commands: Mapping[str, Sequence[str]], keys: Sequence[str], rounds: int) -> dict[str, dict[str, Times]]:
    """From a key press to the last byte painted for it, all keys and all commands in turn; AssertionError if one paints
    nothing.
    """
    samples: dict[str, dict[str, list[float]]] = {name: {key: [] for key in keys} for name in commands}
    programs = {name: PtyProgram(command, emulate=False, env=COMPILED) for name, command in commands.items()}
    for program in programs.values():
        paint(program)
    for _ in range(rounds):
        for key in keys:
            for name, program in programs.items():
                samples[name][key].append(program.respond(key))
    for program in programs.values():
        program.__exit__(None, None, None)
    return {name: {key: Times.of(each) for key, each in keyed.items()} for name, keyed in samples.items()}


def answered(program: PtyProgram, key: str, text: str) -> float:
    """Milliseconds from a key press until a text is among what is painted afterwards."""
    while program.read(0):
        pass
    seen, start, sought = len(program.log), time.perf_counter(), text.encode()
    program.press(key)
    while sought not in program.log[seen:]:
        if not program.read(PATIENCE):
            raise AssertionError(f"no answer to {key!r}\n{program.screen_text()}")
    return (time.perf_counter() - start) * 1e3


def during_a_run(command: Sequence[str], rounds: int) -> dict[str, Times]:
    """From a key to its answer while a run goes on: any key that looks around, and esc and ctrl+c to "Stopped"."""
    looking: list[float] = []
    stopping: dict[str, list[float]] = {"\x1b": [], "\x03": []}
    with PtyProgram(command, emulate=False, env=COMPILED) as program:
        paint(program)
        for _ in range(rounds):
            for stop, samples in stopping.items():
                answered(program, "c", RUNNING)
                looking += [answered(program, key, text) for key, text in LOOKING]
                samples.append(answered(program, stop, STOPPED))
                program.settle(SILENCE)
    esc, interrupt = stopping.values()
    return {"looking around": Times.of(looking), "esc": Times.of(esc), "ctrl+c": Times.of(interrupt)}


def beside(network: Network, seconds: float) -> float:
    """Batches a second of a run beside the screen."""
    with PtyProgram(network.command, emulate=False, env=COMPILED) as program:
        paint(program)
        start = time.perf_counter()
        program.press("c")
        while time.perf_counter() < start + seconds:
            program.read(0.05)
        ran = time.perf_counter() - start
        answered(program, "\x03", STOPPED)
        program.settle(SILENCE)
    place = re.search(STOPPED.encode() + rb"e(\d+)(?:\.b(\d+))?", program.log)
    assert place is not None, program.screen_text()
    return (int(place[1]) * network.batches + int(place[2] or 0)) / ran


def headless(network: Network, seconds: float) -> float:
    """Batches a second of the same run without a screen."""
    command = [PYTHON, "-c", HEADLESS, str(network.file), str(seconds)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def speeds(network: Network, seconds: float, rounds: int) -> dict[str, float]:
    """Batches a second without and beside the screen, and the share: medians of runs in turn."""
    pairs = [(headless(network, seconds), beside(network, seconds)) for _ in range(rounds)]
    without, with_screen = (statistics.median(each) for each in zip(*pairs, strict=True))
    share = statistics.median(one / other for other, one in pairs)
    return {"headless": without, "beside the screen": with_screen, "share": share}


def measure(quick: bool = False) -> dict[str, Any]:
    """Everything: figures by name, {"value", "unit", "target"} each. Quick takes less than a minute."""
    rounds, presses, stops, seconds, runs = (5, 12, 2, 2.0, 2) if quick else (9, 30, 4, 2.0, 3)
    with tempfile.TemporaryDirectory() as folder:
        networks = write_networks(Path(folder))
        ours = {name: network.command for name, network in networks.items()}
        paints = first_paints({EMPTY_APP: [PYTHON, "-c", EMPTY], "xor": [*TUIBP, "xor"], **ours}, rounds)
        del networks["packed"], ours["packed"]
        keys = key_presses(ours, KEYS, presses)
        answers = {name: during_a_run(command, stops) for name, command in ours.items()}
        runs_of = {name: speeds(network, seconds, runs) for name, network in networks.items()}
    return {**_of_paints(paints), **_of_keys(keys), **_of_answers(answers), **_of_runs(runs_of)}


def _figure(value: float, unit: str = "ms", target: str | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit, "target": target}


def _of_paints(paints: dict[str, Times]) -> dict[str, Any]:
    empty = paints[EMPTY_APP].median
    found = {f"first paint, {name}": _figure(times.median) for name, times in paints.items()}
    for name in ("xor", "wide", "packed"):
        found[f"first paint, {name}, over an empty app"] = _figure(paints[name].median / empty, "x", "<= 1.6")
    return found


def _of_keys(keys: dict[str, dict[str, Times]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, keyed in keys.items():
        for key, times in keyed.items():
            found[f"key {key!r} to last byte, {name}, median"] = _figure(times.median, target="<= 16")
            found[f"key {key!r} to last byte, {name}, p95"] = _figure(times.p95, target="<= 25")
    small, wide = (statistics.mean(times.median for times in keys[name].values()) for name in ("small", "wide"))
    return found | {"keys, wide over small": _figure(wide / small, "x", "<= 1.2")}


def _of_answers(answers: dict[str, dict[str, Times]]) -> dict[str, Any]:
    return {
        f"during a run, {name}: {key}, {what}": _figure(value, target="<= 50")
        for name, keyed in answers.items()
        for key, times in keyed.items()
        for what, value in (("median", times.median), ("p95", times.p95))
    }


def _of_runs(runs: dict[str, dict[str, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, speed in runs.items():
        found |= {f"run, {name}, {how}": _figure(speed[how], "batches/s") for how in ("headless", "beside the screen")}
        found[f"run, {name}, beside the screen over headless"] = _figure(speed["share"], "x", ">= 0.9")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the screen alone, and the time of its dearest picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.screen", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute, less exact")
    chosen = parser.parse_args(arguments)
    found = measure(chosen.quick)
    for key, times in key_presses({"cells": [PYTHON, "-c", CELLS]}, ["a", "r"], 20)["cells"].items():
        found[f"4,800 cells of all styles, key {key!r}"] = _figure(times.median)
    for name, figure in found.items():
        target = f"  ({figure['target']})" if figure["target"] else ""
        sys.stdout.write(f"{name:<52}{figure['value']:12.2f} {figure['unit']}{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
