"""The report of a check: lines for a terminal, and plain values for machines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from tuibp.engine.text import safe
from tuibp.explain.check.observed import Failure
from tuibp.explain.check.verdict import BatchFinding, Departure, Named, Row, Verdict
from tuibp.present.numbers import short

WIDTH = 100
DIGITS = 6
TENSORS = {"delta": "δ"}
JUDGEMENTS = {
    "equal": "equal",
    "convention": "equal, in your convention",
    "follows": "follows from the above",
    "departs": "DEPARTS",
    "not given": "not given",
}


def where_words(layers: Sequence[int], L: int) -> str:
    """Where a mistake is: "at the output layer", "at layers 3 and 1"."""
    found = sorted(set(layers), reverse=True)
    if found == [L]:
        return "at the output layer"
    if found == list(range(L, 0, -1)) and L > 1:
        return "at every layer"
    if found == list(range(L - 1, 0, -1)):
        return "at the hidden layer" if L == 2 else "at every hidden layer"
    if len(found) == 1:
        return f"at layer {found[0]}"
    return f"at layers {', '.join(map(str, found[:-1]))} and {found[-1]}"


def filled(text: str, named: Named, l: int | None = None) -> str:
    """A line of the catalogue with its detail; with a layer also with its number."""
    text = text.replace("{detail}", named.detail).replace("{own}", named.own)
    if l is None:
        return text
    for shift in (-2, -1, 0, 1, 2):
        text = text.replace("[l]" if shift == 0 else f"[l{shift:+d}]", f"[{l + shift}]")
    return text.replace("[L]", f"[{named.L}]")


def report(verdict: Verdict, title: str) -> list[str]:
    """The report.

    Args:
        title: of the user's file.
    """
    lines = [f"{title}: {'; '.join(verdict.contract)}." if verdict.contract else f"{title}:"]
    lines = textwrap.wrap(lines[0], WIDTH)
    if verdict.assumed:
        lines += textwrap.wrap(f"Taken for: {verdict.assumed}. --network FILE says it otherwise.", WIDTH)
    lines += ["", *_outcome(verdict)]
    for finding in verdict.batch:
        lines += _batch(finding)
    if verdict.first is not None:
        lines += ["", *_departure(verdict.first)]
    for probed in verdict.probed:
        if probed.failure is not None:
            lines += ["", *_failure(probed.name, probed.failure)]
    if verdict.rows:
        lines += ["", *_table(verdict)]
    lines += _notes(verdict)
    return lines


def _outcome(verdict: Verdict) -> list[str]:
    if verdict.outcome == "right":
        missing = [str(row.tensor) for row in verdict.rows if row.judgement == "not given"]
        if not missing:
            return ["RIGHT  This is the gradient of the cost, on every probe."]
        told = f"RIGHT  What you give is the gradient of the cost. You do not give {', '.join(missing)}."
        return textwrap.wrap(told, WIDTH, subsequent_indent=" " * 7)
    if verdict.outcome == "failed":
        if verdict.rows:
            told = "FAILED  What your code gives has the shape of no gradient: it may want to be called in another way."
            return textwrap.wrap(f"{told} {_ADAPTER}", WIDTH, subsequent_indent=" " * 7)
        return ["FAILED  Your code gave no numbers to be checked."]
    lines: list[str] = []
    if verdict.mismatch:
        told = f"WRONG  This is another network than the file's: {verdict.mismatch}."
        if not (verdict.explanations or any(finding.mistake for finding in verdict.batch)):
            told += " For the network that it computes, it is the gradient."
        lines += textwrap.wrap(told, WIDTH, subsequent_indent=" " * 7)
    firm = _firm(verdict)
    for named in firm:
        lines += _named("WRONG", named)
    rest = [[named for named in explanation if named.mistake.name not in {f.mistake.name for f in firm}
             or named.detail not in {f.detail for f in firm}] for explanation in verdict.explanations]  # fmt: skip
    rest = [explanation for explanation in rest if explanation]
    for at, explanation in enumerate(rest[:2]):
        for named in explanation:
            lines += _named("WRONG, either" if at == 0 else "or", named)
    if len(rest) > 2:
        lines.append(f"       ({len(rest) - 2} more mistakes give the same numbers on these probes.)")
    if verdict.unexplained:
        lines += _unexplained(verdict)
    elif not (verdict.explanations or verdict.mismatch) and not any(finding.mistake for finding in verdict.batch):
        lines.append("WRONG  This is not the gradient of the cost.")
    return lines


def _firm(verdict: Verdict) -> list[Named]:
    """The mistakes that stand in every explanation."""
    if not verdict.explanations:
        return []
    keys = [{(n.mistake.name, n.detail) for n in explanation} for explanation in verdict.explanations]
    common = set.intersection(*keys)
    return [named for named in verdict.explanations[0] if (named.mistake.name, named.detail) in common]


def _unexplained(verdict: Verdict) -> list[str]:
    first = verdict.first
    also = "also " if verdict.explanations else ""
    lines = [f"WRONG  There {also}is a departure that is in no catalogue of mistakes."]
    if first is not None and first.yours is not None and not math.isfinite(first.yours):
        lines.append(f"       {first.seen} is not a number: look for an overflow, a log of 0 or a division by 0.")
    elif first is not None and first.ratio is not None:
        lines.append(f"       Your number is {_times(first.ratio)} times the right one, everywhere in this tensor.")
    return lines


def _times(ratio: float) -> str:
    """A ratio; one that is nearly 1 by what it is off."""
    off = ratio - 1.0
    if abs(off) >= 1e-4:
        return short(ratio, DIGITS)
    return f"(1 {'+' if off > 0.0 else '-'} {abs(off):.2g})"


def _named(head: str, named: Named) -> list[str]:
    l = named.layers[0] if named.layers else None
    title = f"{filled(named.mistake.title, named)}, {where_words(named.layers, named.L)}"
    indent = " " * 7
    lines = textwrap.wrap(f"{head}  {title}", WIDTH, subsequent_indent=indent)
    lines.append(f"{indent}you compute   {filled(named.mistake.algebra, named, l)}")
    lines.append(f"{indent}it should be  {filled(named.mistake.right, named, l)}")
    return lines + textwrap.wrap(
        filled(named.mistake.words, named, l), WIDTH, initial_indent=indent, subsequent_indent=indent
    )


def _batch(finding: BatchFinding) -> list[str]:
    which = (
        f" ({', '.join(finding.tensors[:4])}{', ...' if len(finding.tensors) > 4 else ''})" if finding.tensors else ""
    )
    if not finding.mistake:
        return [f"       A batch gives {finding.title}{which}."]
    lines = textwrap.wrap(f"WRONG  In a batch, {finding.title}{which}", WIDTH, subsequent_indent=" " * 7)
    return lines + textwrap.wrap(finding.words, WIDTH, initial_indent=" " * 7, subsequent_indent=" " * 7)


def _cell(departure: Departure) -> str:
    index = f"[{','.join(map(str, departure.cell))}]" if departure.cell else ""
    return f"{departure.seen}{index}"


def _departure(first: Departure) -> list[str]:
    step = "δ" if first.step == "delta" else first.step
    here = f"{first.seen.name}[{first.layer}]"
    seen = f", which shows in {_cell(first)}" if f"{first.step}[{first.layer}]" != here else f" at {_cell(first)}"
    place = f"First departure: {step}[{first.layer}]{seen}, sample {first.sample} of {first.probe}."
    lines = textwrap.wrap(place, WIDTH)
    if first.yours is None or first.expected is None:
        return [*lines, "  yours has another shape than it should have"]
    told = [f"  yours     {short(first.yours, 9)}", f"  expected  {short(first.expected, 9)}"]
    error = (
        f"relative error of the tensor {first.relative_error:.2g}"
        if math.isfinite(first.relative_error)
        else "not a number"
    )
    cells = first.pattern or f"{first.differing} of {first.size} cells"
    ratio = f"; yours is {_times(first.ratio)} times the expected" if first.ratio is not None else ""
    return [*lines, *told, f"  {error}, {cells}{ratio}"]


_ENDS = {"timeout": "it did not end", "died": "its process ended", "returned": "no gradient"}
"""How a call ended that did not raise."""
_ADAPTER = (
    "Name what is to be called, as FILE.py:name or FILE.py:Class.method, or write three lines that call it for tuibp: "
    "tuibp check --template shows how."
)


def _failure(name: str, failure: Failure) -> list[str]:
    ended = "gave no gradient" if failure.kind == "returned" else "did not come to an end"
    lines = textwrap.wrap(f"On {name} your code {ended}: {failure.message}.", WIDTH)
    if failure.message.startswith("nothing "):
        lines += textwrap.wrap(_ADAPTER, WIDTH)
    if failure.line is not None:
        lines.append(f"  line {failure.line}: {failure.code}")
    if failure.shapes:
        shapes = ", ".join(f"{name} {_shape(shape)}" for name, shape in failure.shapes.items())
        lines += textwrap.wrap(f"  shapes there: {shapes}", WIDTH, subsequent_indent="    ")
    return lines


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _table(verdict: Verdict) -> list[str]:
    rows = [_row(row) for row in verdict.rows]
    head = ("", "yours", "reference", "rel. error", "")
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(4)]
    title = f"{verdict.shown}, sample {verdict.sample}; of every tensor the cell that differs most, or the largest:"
    lines = textwrap.wrap(title[0].upper() + title[1:], WIDTH)
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(text.rjust(width) for text, width in zip(row[1:4], widths[1:], strict=True)),
        ]
        lines.append("  ".join([*cells, row[4]]).rstrip())
    return lines


def _row(row: Row) -> tuple[str, str, str, str, str]:
    judgement = JUDGEMENTS[row.judgement]
    if row.yours is None:
        return str(row.tensor), "-", "", "", judgement
    yours, reference = row.yours, row.reference
    if yours.shape != reference.shape:
        return str(row.tensor), f"shape {yours.shape}", f"shape {reference.shape}", "", judgement
    with np.errstate(all="ignore"):
        apart = np.abs(yours - reference)
        apart = np.where(np.isnan(apart), np.inf, apart)
    key = apart if row.judgement in ("departs", "follows", "convention") else np.abs(reference)
    worst = np.unravel_index(int(np.argmax(key)), key.shape)
    cell = f"{row.tensor}[{','.join(str(int(i)) for i in worst)}]"
    error = "-" if row.relative_error is None else f"{row.relative_error:.1e}"
    return cell, short(float(yours[worst]), DIGITS), short(float(reference[worst]), DIGITS), error, judgement


def _notes(verdict: Verdict) -> list[str]:
    notes = [
        f"{filled(named.mistake.title, named)}. {filled(named.mistake.words, named)}" for named in verdict.conventions
    ]
    lines: list[str] = []
    if notes:
        lines += ["", "Consistent, another convention:"]
        for note in notes:
            lines += textwrap.wrap(note[0].upper() + note[1:], WIDTH, initial_indent="  ", subsequent_indent="  ")
    if verdict.remarks:
        lines += ["", "Noticed:"]
        for remark in verdict.remarks:
            lines += textwrap.wrap(remark.message + ".", WIDTH, initial_indent="  ", subsequent_indent="  ")
    tried = [
        f"{probed.name}" + ("" if probed.failure is None else f" ({_ENDS.get(probed.failure.kind, 'it raised')})")
        for probed in verdict.probed
    ]
    if tried:
        lines += ["", *textwrap.wrap(f"Tried on {', '.join(tried)}.", WIDTH)]
    return lines


# -- for machines


def document(verdict: Verdict, file: str) -> dict[str, object]:
    """The same as plain values; the README documents the keys."""
    return {
        "format": "tuibp-check",
        "version": 1,
        "file": file,
        "outcome": verdict.outcome,
        "mistakes": [[_plain(named) for named in explanation] for explanation in verdict.explanations],
        "unexplained": verdict.unexplained,
        "conventions": [_plain(named) for named in verdict.conventions],
        "batch": [
            {"name": one.name, "title": one.title, "tensors": list(one.tensors), "mistake": one.mistake}
            for one in verdict.batch
        ],
        "first": None if verdict.first is None else _plain_departure(verdict.first),
        "table": [_plain_row(row) for row in verdict.rows],
        "probes": [
            {"name": one.name, "sizes": list(one.sizes), "mistakes": [list(names) for names in one.names],
             "unexplained": one.unexplained,
             "failure": None if one.failure is None else _plain_failure(one.failure)}
            for one in verdict.probed
        ],
        "remarks": [{"kind": remark.kind, "message": remark.message} for remark in verdict.remarks],
        "contract": list(verdict.contract),
        "assumed": verdict.assumed,
        "mismatch": verdict.mismatch,
    }  # fmt: skip


def _plain(named: Named) -> dict[str, object]:
    l = named.layers[0] if named.layers else None
    return {
        "name": named.mistake.name,
        "detail": named.detail,
        "tensor": named.mistake.step.tensor,
        "layers": list(named.layers),
        "where": where_words(named.layers, named.L),
        "title": filled(named.mistake.title, named),
        "yours": filled(named.mistake.algebra, named, l),
        "right": filled(named.mistake.right, named, l),
        "words": filled(named.mistake.words, named, l),
        "probe": named.probe,
    }


def _plain_departure(first: Departure) -> dict[str, object]:
    return {
        "tensor": first.step,
        "layer": first.layer,
        "seen": str(first.seen),
        "cell": list(first.cell),
        "yours": first.yours,
        "expected": first.expected,
        "sample": first.sample,
        "relative_error": first.relative_error,
        "ratio": first.ratio,
        "differing": first.differing,
        "size": first.size,
        "probe": first.probe,
    }


def _plain_row(row: Row) -> dict[str, object]:
    return {
        "tensor": str(row.tensor),
        "yours": row.yours,
        "reference": row.reference,
        "relative_error": row.relative_error,
        "judgement": row.judgement,
    }


def _plain_failure(failure: Failure) -> dict[str, object]:
    return {
        "kind": failure.kind,
        "message": safe(failure.message, 400),
        "line": failure.line,
        "code": failure.code,
        "shapes": {name: list(shape) for name, shape in failure.shapes.items()},
    }
