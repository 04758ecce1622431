"""A gradient check as lines, and as plain values."""

from __future__ import annotations

import math

from tuibp.explain.gradcheck.cell import CellCheck
from tuibp.explain.gradcheck.check import GradientCheck, Line
from tuibp.present.numbers import short

DIGITS = 7


def check_lines(check: GradientCheck, worst: int = 1) -> list[tuple[str, tuple[str, tuple[int, ...]] | None]]:
    """A table, a line a tensor; each with the cell that it leads to.

    Args:
        worst: entries of a tensor that are told.
    """
    rows = [row for line in check.lines for row in _rows(line, worst)]
    head = ("tensor", "checked", "kinks", "rel. error", "", "worst cell", "program", "difference")
    widths = [max(len(row[0][k]) for row in ((head, None), *rows)) for k in range(len(head))]
    texts: list[tuple[str, tuple[str, tuple[int, ...]] | None]] = [(_joined(head, widths), None)]
    texts += [(_joined(row, widths), cell) for row, cell in rows]
    return texts


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    left = (0, 4, 5)
    cells = [text.ljust(w) if k in left else text.rjust(w) for k, (text, w) in enumerate(zip(row, widths, strict=True))]
    return "  ".join(cells).rstrip()


def _rows(line: Line, worst: int) -> list[tuple[tuple[str, ...], tuple[str, tuple[int, ...]] | None]]:
    error = "nan" if math.isnan(line.relative_error) else f"{line.relative_error:.1e}"
    first = (str(line.tensor), str(line.checked), str(line.skipped or "-"), error, line.status)
    rows: list[tuple[tuple[str, ...], tuple[str, tuple[int, ...]] | None]] = []
    for k, one in enumerate(line.worst[:worst]):
        cell = f"{line.tensor}[{','.join(map(str, one.index))}]"
        numbers = short(one.analytic, DIGITS), short(one.numeric, DIGITS)
        rows.append(((*(first if k == 0 else ("",) * 5), cell, *numbers), (str(line.tensor), one.index)))
    return rows or [((*first, "", "", ""), None)]


def summary(check: GradientCheck) -> str:
    """One sentence."""
    failed = [str(line.tensor) for line in check.lines if line.status == "fail"]
    broken = [str(line.tensor) for line in check.lines if line.status == "not finite"]
    skipped = sum(line.skipped for line in check.lines)
    kinks = f" {skipped} at a kink were skipped." if skipped else ""
    single = " The network computes in float32; it was checked in float64." if check.single else ""
    if broken:
        return (
            f"{', '.join(broken)}: not finite, so there is nothing to compare; why nan tells where that began.{single}"
        )
    if failed:
        return f"{', '.join(failed)} is not the gradient of the cost.{kinks}{single}"
    worst = max((line.relative_error for line in check.lines), default=0.0)
    what = f"All {check.parameters} derivatives are those of the cost"
    return f"{what}: relative error at most {worst:.1e}, tensor by tensor.{kinks}{single}"


def cell_lines(check: CellCheck, name: str) -> list[str]:
    """The check of one cell."""
    cost = "C" if check.samples == 1 else "the cost of the batch"
    costs = f"{short(check.above, 14)} - {short(check.below, 14)}"
    return [
        f"dC/d{check.cell} at {check.cell} = {short(check.value, DIGITS)}, h = {short(check.h, 3)}:",
        f"  program     {short(check.analytic, 12):>18}   {name}",
        f"  difference  {short(check.numeric, 12):>18}   ({costs}) / 2h of {cost}",
        "  h to either side crosses a kink of an activation: skipped, a difference says nothing of the slope there"
        if check.status == "skipped"
        else f"  relative error {check.relative_error:.1e}: {check.status}",
    ]


def document(check: GradientCheck) -> dict[str, object]:
    """Everything, as plain values."""
    return {
        "passed": check.passed,
        "samples": check.m,
        "reduction": check.reduction,
        "float32": check.single,
        "tensors": [
            {
                "tensor": str(line.tensor), "shape": list(line.shape), "checked": line.checked,
                "skipped": line.skipped, "relative_error": line.relative_error, "status": line.status,
                "worst": [{"index": list(one.index), "program": one.analytic, "difference": one.numeric}
                          for one in line.worst],
            }
            for line in check.lines
        ],
    }  # fmt: skip


def cell_document(check: CellCheck) -> dict[str, object]:
    """The check of one cell."""
    return {
        "cell": str(check.cell), "program": check.analytic, "difference": check.numeric, "h": check.h,
        "above": check.above, "below": check.below, "relative_error": check.relative_error, "status": check.status,
    }  # fmt: skip
