"""Random lines: whatever is typed, the answer is a reply or one error, soon, and nothing in it moves a cursor.

`python -m tests.console.test_random_lines 300000 7` tries as many by hand.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

import pytest

from tests.console.some_lines import mutated, small, some_line, tried
from tests.recipes import sized
from tuibp.console.completion import complete, word_start
from tuibp.console.console import Console
from tuibp.console.language import read_line
from tuibp.debugger.session import Session
from tuibp.errors import TuibpError

LINES = 20_000
SESSION = 250
"""Lines that one console gets."""
SOON = 0.05
"""Seconds of computing that a line which runs nothing may take."""
RUNS = {"find", "count", "timeline", "diff", "run", "set", "source"}


def runs(line: str) -> bool:
    """Whether a line may run batches."""
    try:
        command = read_line(line).command
    except TuibpError:
        return False
    return command is None or command.moves or command.name in RUNS


def lines_of(console: Console, rng: random.Random, count: int) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Random lines, what each has answered, and how long it took."""
    for _ in range(count):
        line = some_line(rng)
        line = line if rng.random() < 0.2 else mutated(rng, line)
        start = time.thread_time()
        answer = tried(console, line)
        yield line, answer, time.thread_time() - start


def again(console: Console, line: str) -> float:
    """How long it takes at best: a collection of garbage may have fallen into it."""
    took = []
    for _ in range(3):
        start = time.thread_time()
        tried(console, line)
        took.append(time.thread_time() - start)
    return min(took)


def try_lines(count: int, seed: int) -> list[str]:
    """Lines that took too long; asserts all else."""
    rng, slow = random.Random(seed), []
    for _ in range(0, count, SESSION):
        console = Console(Session(sized(3, 2, 2, (2, 3, 2))))
        for line, answer, took in lines_of(console, rng, SESSION):
            assert all(part.isprintable() for text in answer for part in text.split("\n")), (line, answer)
            assert console.depth == 0
            if took > SOON and not runs(line) and again(console, line) > SOON:
                slow.append(line)
    return slow


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_typed(seed: int) -> None:
    assert try_lines(LINES // 4, seed) == []


def test_completion_of_anything() -> None:
    """Every word goes on from what stands there, and nothing is ever refused."""
    rng, console = random.Random(3), small()
    for line in ("goto e1.b1", "p cost", "mark here", "break update", "set $x = 3", "display cost", "set lr = 0.1"):
        console.execute(line)
    for _ in range(3000):
        line = mutated(rng, some_line(rng))
        cursor = rng.randrange(len(line) + 1)
        start = word_start(line, cursor)
        assert 0 <= start <= cursor
        for word in complete(console, line, cursor):
            assert word.startswith(line[start:cursor])
            assert word.isprintable()


if __name__ == "__main__":
    sys.stdout.write(f"{try_lines(int(sys.argv[1]), int(sys.argv[2]))}\n")
