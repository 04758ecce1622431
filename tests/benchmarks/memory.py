"""How much memory a run takes up, in a process of its own: `python -m tests.benchmarks.memory 0 100000 16`.

The first number is that of the network in `nets.NETS`; then come batches and megabytes of keyframes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.nets import NETS, Net, Problem

ROOT = Path(__file__).parents[2]
PAGES = Path("/proc/self/statm")
"""Where Linux says it; elsewhere nothing is measured."""
MB = 2**20


class Growth(NamedTuple):
    """Megabytes that a process has more than before the run."""

    peak: float
    """The most that was seen."""
    half: float
    """When half of the batches had been run."""
    end: float


def growth(net: Net, batches: int, budget: int) -> Growth | None:
    """Of a run with `budget` megabytes of keyframes; None where the system does not say."""
    if not PAGES.is_file():
        return None
    words = [sys.executable, "-m", "tests.benchmarks.memory", *map(str, (NETS.index(net), batches, budget))]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return Growth(*json.loads(done.stdout))


def resident() -> float:
    """Megabytes of this process in memory."""
    return int(PAGES.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def watch(net: Net, batches: int, budget: int) -> Growth:
    """Run it here, and look every now and then."""
    from tests.benchmarks.ours import recipe_of, start_of
    from tuibp.debugger.timeline import Timeline

    recipe = recipe_of(Problem(net))
    before = resident()
    timeline = Timeline(recipe, budget * MB)
    peak, levels = before, []
    for stop in (batches // 2, batches):
        for count, _ in enumerate(timeline.travel(start_of(timeline, stop))):
            if count % 100 == 0:
                peak = max(peak, resident())
        levels.append(resident())
    return Growth(max(peak, *levels) - before, levels[0] - before, levels[1] - before)


if __name__ == "__main__":
    index, *numbers = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(watch(NETS[index], *numbers)))
