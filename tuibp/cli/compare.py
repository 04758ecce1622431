"""`tuibp compare A B`: the first operation where two runs part."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tuibp.cli import streams
from tuibp.engine.text import safe
from tuibp.errors import EXIT_FAILED, EXIT_OK, InputError

if TYPE_CHECKING:
    from tuibp.debugger.timeline import Timeline
    from tuibp.explain.compare import Ended, Parting, Step

EXAMPLES = """\
A and B may be traces (tuibp trace FILE --output F, JSON lines or CSV), sessions FILE.tuibp, network files or samples;
a trace that another program has written can be held against the network that it is of.

exit codes: 0 equal, 1 they part, 2 one of them cannot be read

examples:
  tuibp compare mine.jsonl xor
  tuibp compare before.tuibp after.tuibp
  tuibp compare a.jsonl b.jsonl --tolerance 1e-12       traces of two machines"""

TRACES = (".jsonl", ".csv", ".json", ".ndjson")


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    for name in ("A", "B"):
        parser.add_argument(name.lower(), metavar=name, help="a trace, a session, a network file or a sample")
    parser.add_argument(
        "--tolerance", metavar="REL", type=_tolerance, default=0.0, help="relative, by tensor (0: bit for bit)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object with every digit")


def _tolerance(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise ArgumentTypeError(f'"{safe(word, 20)}" is no relative tolerance: give 0 to 1')
    return value


class Side(NamedTuple):
    """One of the two."""

    name: str
    timeline: Timeline | None
    steps: Iterator[Step]
    program: dict[str, Any]


def run(arguments: Namespace) -> int:
    """Compare, and say where they part."""
    with ExitStack() as stack:
        a, b = (_side(word, stack) for word in (arguments.a, arguments.b))
        found = _compared(a, b, arguments.tolerance)
        from tuibp.explain.compare import Parting, differences

        settings = differences(a.program, b.program) if a.program and b.program else []
        parted = isinstance(found, Parting)
        if not isinstance(found, Parting) and not found.compared:
            empty = b.name if found.longer == "a" else a.name
            raise InputError(f"{empty} holds no operation", hint="write it anew with tuibp trace FILE --output F")
        if arguments.json:
            from tuibp.formats.strict_json import dumps

            streams.put(dumps(_document(a, b, found, settings)))
        else:
            lines = _lines(a, b, found, settings)
            streams.write_lines((f"{line}\n" for line in lines), None)
    return EXIT_FAILED if parted else EXIT_OK


def _side(word: str, stack: ExitStack) -> Side:
    """Open one of the two."""
    from tuibp.cli.autosaves import is_session
    from tuibp.formats.trace import header

    if Path(word).suffix in TRACES:
        from tuibp.formats.trace_reader import read_trace

        try:
            opened = Path(word).open(encoding="utf-8", errors="replace")  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise InputError(f"{safe(word, 100)} cannot be read: {error.strerror}", hint="give a trace") from error
        file = stack.enter_context(opened)
        trace = read_trace(file, safe(word, 100))
        return Side(safe(word, 100), None, trace.steps, trace.program)
    from tuibp.cli.spill import SpillFile
    from tuibp.debugger.timeline import Timeline
    from tuibp.explain.compare import steps

    spill = stack.enter_context(closing(SpillFile()))
    if is_session(word):
        from tuibp.cli.opening import open_console

        timeline = open_console(word, spill, traces=False).console.session.timeline
    else:
        from tuibp.cli.files import open_recipe

        timeline = Timeline(open_recipe(word), spill=spill)
    head = header(timeline, 0)
    program = head["program"]
    assert isinstance(program, dict)
    program = {"sizes": head["sizes"], **program}
    return Side(safe(word, 100), timeline, steps(timeline), program)


def _compared(a: Side, b: Side, tolerance: float) -> Parting | Ended:
    """What the comparison finds; two runs of one program go on by batches as long as these are equal."""
    from tuibp.cli.progress import follow
    from tuibp.explain.compare import compare, equal_until, same_program, steps

    one, two, done = a.steps, b.steps, 0
    if a.timeline is not None and b.timeline is not None and same_program(a.timeline, b.timeline):
        batches = max((count for count, _ in follow(equal_until(a.timeline, b.timeline), "batches")), default=0)
        clock, K = a.timeline.clock, a.timeline.program.K
        # From the batch that differs on every operation; its epoch's shuffle stands just before the first of them.
        done = clock.batch_start(batches // K, batches % K) - (batches % K == 0) if batches < K * (
            a.timeline.program.epochs) else clock.total - 1  # fmt: skip
        one, two = steps(a.timeline, done), steps(b.timeline, done)
    total = a.timeline.clock.total if a.timeline else b.timeline.clock.total if b.timeline else 0
    result: list[Parting | Ended] = []

    def walked() -> Iterator[tuple[int, int]]:
        for found in compare(one, two, tolerance):
            if isinstance(found, int):
                yield done + found, max(total, done + found)
            else:
                result.append(found)

    for _ in follow(walked(), "operations"):
        pass
    return result[0]


def _lines(a: Side, b: Side, found: Parting | Ended, settings: list[str]) -> list[str]:
    from tuibp.explain.compare import Parting
    from tuibp.present.numbers import short

    lines = [f"A  {a.name}", f"B  {b.name}"]
    if settings:
        lines += ["They are set up differently:", *(f"  {words}" for words in settings)]
    if not isinstance(found, Parting):
        if found.longer:
            return [*lines, f"Equal as far as both go; {found.longer.upper()} goes on."]
        return [*lines, "Equal, operation by operation, to the end."]
    where = f" of layer {found.layer}" if found.layer is not None else ""
    lines.append(f"They part at {found.at} (t = {found.t}): {found.op}{where}.")
    if found.reason:
        lines.append(f"  {found.reason}")
    else:
        index = f"[{','.join(map(str, found.index))}]" if found.index else ""
        lines += [
            f"  {found.tensor}{index}   A {short(found.a, 17)}   B {short(found.b, 17)}",
            f"  {found.differing} of {found.size} cells differ; relative difference {found.relative:.2g}, here "
            f"{short(found.ulps, 3)} units in the last place",
        ]
    lines.append(f"  all before was equal, up to {found.last}" if found.last else "  it is the first that was compared")
    for side in (a, b):
        if side.timeline is not None:
            lines.append(f"  tuibp {side.name}, then :goto {found.at} goes there")
    return lines


def _document(a: Side, b: Side, found: Parting | Ended, settings: list[str]) -> dict[str, object]:
    from tuibp.explain.compare import Parting

    head: dict[str, object] = {"a": a.name, "b": b.name, "settings": settings}
    if not isinstance(found, Parting):
        return {**head, "equal": not found.longer, "longer": found.longer or None, "part": None}
    part = {
        "t": found.t, "at": found.at, "op": found.op, "layer": found.layer, "tensor": found.tensor or None,
        "cell": list(found.index), "a": found.a, "b": found.b, "differing": found.differing, "size": found.size,
        "relative": found.relative, "ulps": found.ulps, "last_equal": found.last or None,
        "reason": found.reason or None,
    }  # fmt: skip
    return {**head, "equal": False, "longer": None, "part": part}
