"""What was found out about the user's code, in words: so that they can see whether they were understood."""

from __future__ import annotations

from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.contract.passed import wants

_SAMPLES = {
    ("vec", False): "one sample at a time, x of shape (n,)",
    ("plain", False): "one sample at a time, x a list of numbers",
    ("col", False): "one sample at a time, x a column (n, 1)",
    ("row", False): "one sample at a time, x a row (1, n)",
    ("col", True): "batches, samples are columns",
    ("row", True): "batches, samples are rows",
    ("vec", True): "batches",
}
_BIASES = {
    "vec": "b is (n,)",
    "col": "b is a column (n, 1)",
    "row": "b is a row (1, n)",
    "last": "the bias is the last column of W",
    "first": "the bias is the first column of W",
    "none": "there is no bias",
}


def describe(code: Handed) -> list[str]:
    """Short sentences about what is called, and how."""
    layout = code.layout
    W = "W is (in, out)" if layout.in_out else "W is (out, in)"
    samples = "a list of (x, y)" if layout.pairs else _SAMPLES[layout.sample, code.batched]
    bias = _BIASES[layout.bias].replace("column", "row") if layout.inside and layout.in_out else _BIASES[layout.bias]
    if layout.flat:
        W, bias = "one unit, w is (n,)", "b is a number" if code.biased else "there is no bias"
    told = [code.target.title, samples, W, bias]
    if wants(code.target):
        told.append("it holds no forward pass: z and a are handed over")
    if layout.label:
        told.append("y is the number of the class")
    if code.steps:
        told.append("it gives parameters after a step: gradient = (before - after) / lr")
    if code.fixed:
        told.append(f"it builds its own sizes, {'-'.join(map(str, code.fixed))}")
    return told
