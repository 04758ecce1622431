"""The program of SGD written out with plain loops, as the design page prints it: what arithmetic must equal."""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.engine.operations import Level

SIZES = [(L, N, batch, epochs) for L in (1, 2, 3) for N in (1, 2, 3, 4, 5) for batch in (1, 2, 3, 4, 5) if batch <= N
         for epochs in (1, 2, 3)]  # fmt: skip
"""(L, N, batch, epochs) of many small programs."""

Frames = dict[Level, tuple[int, ...]]


@dataclass(frozen=True)
class Line:
    """One operation of a whole run, in its place."""

    name: str
    level: Level
    """Of the boundary before it."""
    epoch: int
    batch: int | None
    sample: int | None
    op: str
    inside: Frames
    """Its frames, each by the indices that tell it from its siblings."""


def listing(L: int, N: int, batch: int, epochs: int) -> list[Line]:
    """Every operation of the run, in order."""
    lines: list[Line] = []

    def add(
        level: Level, op: str, e: int, b: int | None = None, s: int | None = None, way: str = "", l: int = 0
    ) -> None:
        inside: Frames = {Level.RUN: (), Level.EPOCH: (e,)}
        name = f"e{e}"
        if b is not None:
            inside[Level.BATCH] = (e, b)
            name += f".b{b}"
            if s is not None:
                inside[Level.SAMPLE] = (e, b, s)
                name += f".s{s}"
                if way:
                    inside[Level.PASS] = (e, b, s, way == "bwd")
                    inside[Level.LAYER] = (e, b, s, way == "bwd", l)
                    op = f"{way}{l}.{op}"
        lines.append(Line(f"{name}.{op}", level, e, b, s, op, inside))

    for e in range(epochs):
        add(Level.EPOCH, "shuffle", e)
        for b, first in enumerate(range(0, N, batch)):
            add(Level.BATCH, "begin", e, b)
            for s in range(min(batch, N - first)):
                add(Level.SAMPLE, "load", e, b, s)
                for l in range(1, L + 1):
                    add(Level.PASS if l == 1 else Level.LAYER, "z", e, b, s, "fwd", l)
                    add(Level.OP, "a", e, b, s, "fwd", l)
                add(Level.PASS, "cost", e, b, s)
                for l in range(L, 0, -1):
                    add(Level.PASS if l == L else Level.LAYER, "dC_da", e, b, s, "bwd", l)
                    for op in ("sp", "db", "dW"):
                        add(Level.OP, op, e, b, s, "bwd", l)
                add(Level.PASS, "acc", e, b, s)
            add(Level.SAMPLE, "grad", e, b)
            add(Level.SAMPLE, "update", e, b)
        add(Level.BATCH, "end", e)
    return lines
