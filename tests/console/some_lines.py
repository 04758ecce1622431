"""Consoles to try lines on, and random lines: mostly such as a user may mean, some not."""

from __future__ import annotations

import random

from tests.recipes import sized
from tuibp.cli.files import open_source
from tuibp.console.console import Console, Origin
from tuibp.debugger.foreign import COMMAND_WORDS
from tuibp.debugger.session import Session
from tuibp.engine.recipe import Recipe
from tuibp.errors import TuibpError

RECIPE: Recipe = sized(5, 2, 6, (2, 3, 2))
"""Five samples in batches of two, six epochs: 30 samples."""


def console_of(name: str) -> Console:
    """A console on a network file or sample, which can be saved."""
    source = open_source(name)
    return Console(Session(source.recipe), origin=Origin(source.name, source.text, source.folder, source.data))


def small() -> Console:
    """A console on a small network without a file."""
    return Console(Session(RECIPE), origin=Origin("small.toml", "", "/", {}))


EXPRESSIONS = (
    "cost", "bcost", "ecost", "lr", "t", "epoch", "W[1]", "W[2]", "W[2][0,1]", "W[1][0,:]", "a[L]", "a[0]", "z[l]",
    "gW[l]", "norm(gW[1])", "max(abs(W[2]))", "db[2][0]", "cost - prev(cost)", "avg(bcost, 3)", "sum(a[1])", "x", "y",
    "uW[2]", "argmax(a[L])", "$", "$$", "$1", "$x", "$ + 1", "exp(a[1])", "dead(1)", "mean(W[1]) * 2", "1/0", "nan",
)  # fmt: skip
TESTS = (
    "cost > 0.2", "cost < bcost", "epoch == 2", "any(a[1] < 0)", "W[2][0,1] > 0", "norm(gW[1]) < 0.1", "t % 7 == 0",
    "all(isfinite(W[1]))", "sample == 1 and epoch > 0", "not cost > 1", "$1 > 0", "cost == 0.25",
)  # fmt: skip
PLACES = ("bwd 1", "fwd 2", "update", "begin", "cost", "fwd1.a", "grad", "load", "shuffle", "bwd", "fwd2.z")
POSITIONS = ("e1", "e0.b1", "t=20", "41%", "+3b", "-1e", "+7", "start", "end", "e2.b1.s0", "'a", "'b", "$1", "$", "-2s")
STEPS = (
    "step", "s", "next", "n", "stepi", "finish", "sample", "batch", "epoch", "rs", "reverse-next", "reverse-stepi",
    "reverse-sample", "reverse-batch", "reverse-epoch", "back", "forward", "c", "rc", "step 3", "sample 2", "batch 2",
    "back 2", "c 2",
)  # fmt: skip
LOOKS = ("where", "when", "up", "down", "list", "marks", "notes", "show", "timeline", "display", "info net",
         "info data", "info locals", "info stops", "info displays", "info values", "info marks", "info notes",
         "info catches", "info timelines", "info frames", "help",
         "help step", "help expressions", "apropos back")  # fmt: skip
OTHERS = ("save/k", "load", "save", "source", *COMMAND_WORDS)
"""Words that change nothing here, or mean something elsewhere only."""
CELLS = (
    "W[2][0,1]",
    "W[1]",
    "b[1]",
    "b[2][0]",
    "lr",
    "a[1][0]",
    "x[0]",
    "z[2]",
    "gW[1][0,0]",
    "db[1]",
    "cost",
    "gb[2]",
)
CATCHES = (
    "nan",
    "vanish",
    "explode",
    "dead",
    "saturate",
    "ratio",
    "rise",
    "vanish norm(gW[l]) < 0.3",
    "ratio ratio(1) > 0",
)


def some_line(rng: random.Random) -> str:
    """A line."""
    expression, test, place = rng.choice(EXPRESSIONS), rng.choice(TESTS), rng.choice(PLACES)
    number, name = rng.randrange(6), rng.choice("ab")
    return rng.choice(
        (
            rng.choice(STEPS), rng.choice(STEPS), rng.choice(STEPS), rng.choice(LOOKS),
            f"goto {rng.choice(POSITIONS)}", f"goto {rng.choice(POSITIONS)}",
            f"until {place}", f"advance {place}", f"reverse-until {place}", f"last {expression}",
            f"print {expression}", expression, f"p/{rng.choice(('6', '3e', 'x', 's', 'h', 'a'))} {expression}",
            f"print {test}",
            f"display {expression}", f"display/3 {expression}", f"undisplay {number}",
            f"mark {name}", f"note seen {number}", f"frame {number}", f"{rng.choice(OTHERS)} {number}",
            f"break {place}", f"break {place} if {test}", f"tbreak {place}", f"watch {test}", f"watch {expression}",
            f"break at {rng.choice(POSITIONS[:9])}", f"catch {rng.choice(CATCHES)}",
            f"watch {test} do print {expression}; when", f"break {place} do mark {name}",
            f"delete {number}", f"disable {number}", f"enable {number}",
            f"set {rng.choice(CELLS)} = {rng.choice(('0.5', '0', '-1', expression, 'W[1]', 'b[1] * 2'))}",
            f"set $x = {expression}", f"set digits {rng.choice((4, 6, 10))}", f"set width {rng.choice((60, 100))}",
            f"run with lr={rng.choice(('0.1', '2', 'lr*2'))}", "run with seed=3 epochs=2", "run with batch=3",
            f"timeline {rng.randrange(4)}", f"diff 0 {rng.randrange(3)}", f"diff {rng.randrange(3)}",
            f"find {test}", f"find/3 {expression}", f"count {test}", f"list {place}",
            f"assert {test}", f"assert {expression} == {expression} 1e-9", "echo hello", "# a comment", "",
        )
    )  # fmt: skip


ALPHABET = "abWzl[]()0123456789,.:$'\"#/+-*%^=<>! \t\\\x1b\n\u202e\u00b2δ\0é漢nanife"


def mutated(rng: random.Random, line: str) -> str:
    """A line with a few characters changed, taken away or put in, or with another line behind it."""
    characters = list(line)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        at = rng.randrange(len(characters) + 1)
        how = rng.randrange(4)
        if how == 0:
            characters.insert(at, rng.choice(ALPHABET))
        elif how == 1 and at < len(characters):
            del characters[at]
        elif how == 2 and at < len(characters):
            characters[at] = rng.choice(ALPHABET)
        else:
            characters[at:at] = rng.choice((" ", "if ", "do ", "[", "9" * 20, "W[", "((((", "1e999 ", "all ", "/x "))
    return "".join(characters)


def tried(console: Console, line: str) -> tuple[str, ...]:
    """What a line answers, an error in its own words; the same for two consoles that are alike."""
    try:
        reply = console.execute(line)
    except TuibpError as error:
        return ("error", str(error))
    return (*reply.lines, str(reply.moved), str(reply.quit), str(reply.failed), repr(reply.values))
