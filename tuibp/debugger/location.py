"""Names of positions and of places in the program, read and found.

A position is one integer; its names are `e2.b17.s4.bwd1.dW`, `t=1234567`, `1234567`, `41%`, `start`, `end`, and
relative `+500`, `-3b`, `+1e` (o l p s b e: operation, layer, pass, sample, batch, epoch). A location is a place in
the listing, such as `bwd 1` or `update`, which comes round again and again.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from tuibp.debugger.foreign import PLACE_WORDS
from tuibp.debugger.position import Clock, Position
from tuibp.engine.operations import OPERATIONS, Level
from tuibp.engine.text import safe
from tuibp.errors import PositionError

LEVEL_LETTERS = {
    "o": Level.OP,
    "l": Level.LAYER,
    "p": Level.PASS,
    "s": Level.SAMPLE,
    "b": Level.BATCH,
    "e": Level.EPOCH,
}
_RELATIVE = re.compile(r"([+-])\s*(\d{1,18})\s*([olpsbe]?)$")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)\s*%$")
_NUMBER = re.compile(r"(?:t\s*=\s*)?(\d{1,19})$")
_PART = re.compile(r"([ebs])(\d{1,18})$")
_LAYER = re.compile(r"(fwd|bwd)(\d{1,6})$")
_OPS = {"delta": "db", "δ": "db", "dC/da": "dC_da", "∂C/∂a": "dC_da", "C": "cost"} | {name: name for name in OPERATIONS}
_FIRST = {"fwd": "z", "bwd": "dC_da"}
_PLACES = "write bwd 1, fwd 2.a, cost or update"
_HINT = "write e2.b17.s4.bwd1.dW, t=500, 41%, +3b, start or end"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the listing: all positions at which one operation is next, as the values of an increasing function."""

    name: str
    count: int
    """How often it comes in the whole run."""
    at: Callable[[int], int]
    """at(n): the position of its n-th coming, n in 0 .. count-1."""

    def after(self, t: int, n: int = 1) -> int | None:
        """Its n-th coming after position t; None where the run ends before."""
        index = bisect_right(range(self.count), t, key=self.at) + n - 1
        return self.at(index) if index < self.count else None

    def before(self, t: int, n: int = 1) -> int | None:
        """Its n-th coming before position t; None where there is none."""
        index = bisect_left(range(self.count), t, key=self.at) - n
        return self.at(index) if index >= 0 else None


def _bad(text: str, reason: str, hint: str = _HINT) -> PositionError:
    return PositionError(f'"{safe(text, 60)}": {reason}', hint=hint)


def _words(text: str) -> list[str]:
    """Split at dots and blanks; "bwd 1" becomes one word."""
    joined = re.sub(r"\b(fwd|bwd|[ebs])\s+(\d)", r"\1\2", text.strip())
    return [word for word in re.split(r"[.\s]+", joined) if word]


def _op_name(text: str, words: list[str], L: int, hint: str = _HINT) -> str:
    """The name of an operation from what is left of a position: ["bwd1", "dW"], ["bwd1"], ["cost"]."""
    match = _LAYER.match(words[0])
    if match:
        direction, layer = match[1], int(match[2])
        if not 1 <= layer <= L:
            raise _bad(text, f"there is no layer {layer}", f"the layers are 1..{L}")
        names = [op for op in OPERATIONS if OPERATIONS[op].frame is Level.LAYER]
        names = names[:2] if direction == "fwd" else names[2:]
        part = _OPS.get(words[1], words[1]) if len(words) > 1 else _FIRST[direction]
        if part not in names or len(words) > 2:
            raise _bad(
                text, f'{direction} has no operation "{safe(" ".join(words[1:]), 30)}"', f"it has {' '.join(names)}"
            )
        return f"{direction}{layer}.{part}"
    name = _OPS.get(words[0])
    if name is None or len(words) > 1:
        near = difflib.get_close_matches(words[0], _OPS, n=1)
        meant = PLACE_WORDS.get(words[0])
        hint = f"write {meant}" if meant else f"did you mean {near[0]}?" if near else hint
        raise _bad(text, f'no operation "{safe(" ".join(words), 30)}"', hint)
    if OPERATIONS[name].frame is Level.LAYER:
        direction = "fwd" if name in ("z", "a") else "bwd"
        raise _bad(text, f"{name} belongs to a layer", f"write {direction}{L}.{name}")
    return name


def parse_location(text: str, clock: Clock) -> Location:
    """Read a place in the listing such as `bwd 1`, `fwd2.a`, `cost`, `update`.

    Raises:
        PositionError: no such operation or layer.
    """
    words = _words(text) if len(text) <= 200 else []
    if not words:
        raise _bad(text, "is not a place in the program", _PLACES)
    return location(_op_name(text, words, clock.program.L, _PLACES), clock)


def location(name: str, clock: Clock) -> Location:
    """The location of an operation of the program, by its name."""
    program = clock.program
    N, K, m = program.N, program.K, program.m

    def of_sample(n: int) -> int:
        epoch, row = divmod(n, N)
        return clock.sample_start(epoch, row // m, row % m) + offset

    def of_batch(n: int) -> int:
        epoch, batch = divmod(n, K)
        return (
            clock.batch_start(epoch, batch)
            if name == "begin"
            else (clock.sample_start(epoch, batch, program.batch_size(batch)) + (name == "update"))
        )

    for index, op in enumerate(program.sample_ops):
        if op.name == name:
            offset = index
            return Location(name, program.epochs * N, of_sample)
    if name in ("begin", "grad", "update"):
        return Location(name, program.epochs * K, of_batch)
    last = program.ops_per_epoch - 1 if name == "end" else 0
    return Location(name, program.epochs, lambda epoch: clock.epoch_start(epoch) + last)


def parse_position(text: str, clock: Clock, t: int = 0) -> int:
    """Read the name of a position.

    Args:
        text: see the module.
        t: where we are: relative names count from here, and what a name leaves out (its epoch, its batch) is taken
            from here.

    Returns:
        A position in 0..T.

    Raises:
        PositionError: not a position, or one that this run does not have.
    """
    word = text.strip()
    if len(word) > 200:
        raise _bad(text, "is not a position")
    if word == "start":
        return 0
    if word in ("end", "T"):
        return clock.total
    if match := _RELATIVE.match(word):
        direction, count, level = match.groups()
        if count.strip("0") == "":
            return t
        sign = 1 if direction == "+" else -1
        if level == "b":
            return clock.move_batches(t, sign, int(count))
        return clock.move(t, sign, LEVEL_LETTERS[level or "o"], int(count))
    if match := _PERCENT.match(word):
        share = float(match[1])
        if share > 100:
            raise _bad(text, "lies past the end", "write 0% to 100%")
        return clock.total if share == 100 else int(clock.total * share / 100)
    if match := _NUMBER.match(word):
        return _bounded(text, int(match[1]), clock.total, "position t")
    return _named(word, clock, clock.at(t))


def _bounded(text: str, value: int, highest: int, what: str) -> int:
    if value > highest:
        raise _bad(
            text,
            f"there is no {what}={value}" if what.endswith(" t") else f"there is no {what} {value}",
            f"the last is {highest}",
        )
    return value


def _named(text: str, clock: Clock, here: Position) -> int:
    """A name made of parts: e2.b17.s4.bwd1.dW and everything that is left out of it."""
    program = clock.program
    words = _words(text)
    parts: dict[str, int] = {}
    while words and (match := _PART.match(words[0])):
        kind = match[1]
        if any(kind == other or "ebs".index(kind) < "ebs".index(other) for other in parts):
            raise _bad(text, f"{words[0]} stands in the wrong place", "the order is e, b, s, then the operation")
        parts[kind] = int(match[2])
        words = words[1:]
    if not parts and not words:
        raise _bad(text, "is not a position")
    name = _op_name(text, words, program.L) if words else None
    epoch = parts.get("e", min(here.epoch, program.epochs - 1))
    if epoch == program.epochs and len(parts) < 2 and name in (None, "shuffle"):
        return clock.total
    _bounded(text, epoch, program.epochs - 1, "epoch")
    if name in ("shuffle", "end") or (name is None and "b" not in parts and "s" not in parts):
        if "b" in parts or "s" in parts:
            raise _bad(text, f"{name} belongs to an epoch, not to a batch", f"write e{epoch}.{name}")
        return clock.epoch_start(epoch) + (program.ops_per_epoch - 1 if name == "end" else 0)
    same_epoch = epoch == here.epoch
    batch = _bounded(text, parts.get("b", (here.batch or 0) if same_epoch else 0), program.K - 1, "batch")
    if name in ("begin", "grad", "update") or (name is None and "s" not in parts):
        if "s" in parts:
            raise _bad(text, f"{name} belongs to a batch, not to a sample", f"write e{epoch}.b{batch}.{name}")
        end = clock.batch_start(epoch, batch + 1)
        return {"grad": end - 2, "update": end - 1}.get(name or "", clock.batch_start(epoch, batch))
    same_batch = same_epoch and batch == here.batch
    default = min(here.sample or 0, program.batch_size(batch) - 1) if same_batch else 0
    sample = _bounded(text, parts.get("s", default), program.batch_size(batch) - 1, "sample")
    names = [op.name for op in program.sample_ops]
    return clock.sample_start(epoch, batch, sample) + (names.index(name) if name else 0)
