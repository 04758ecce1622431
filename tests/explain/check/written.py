"""Pages of backprop as people write them, put together from parts: every layout with every way to hand things back.

A page is text. Its parts are chosen apart from each other, so that a few lines here stand for some ten thousand
programs; a mistake is one of its lines written wrongly.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

HEAD = """import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def relu(z):
    return np.maximum(0, z)

def softmax(z):
    e = np.exp(z - z.max(axis={axis}, keepdims=True))
    return e / e.sum(axis={axis}, keepdims=True)

"""

SLOPES = {"sigmoid": "{a} * (1 - {a})", "tanh": "1 - {a} ** 2", "relu": "({z} > 0)"}
CALLS = {"sigmoid": "sigmoid", "tanh": "np.tanh", "relu": "relu", "identity": "", "softmax": "softmax"}


@dataclass(frozen=True)
class Page:
    """The parts of a program."""

    sample: str = "vec"
    """vec, col, row."""
    in_out: bool = False
    bias: str = "vec"
    """vec, col, row, none."""
    takes: str = "lists"
    """lists, swapped, pairs, dict, attributes, globals."""
    gives: str = "tuple"
    """tuple, swapped, lists, dict, keys, pairs, reversed, cost, step, deltas."""
    reduce: str = "sum"
    """sum or mean, of a batch; per-sample code does not care."""
    hidden: str = "sigmoid"
    output: str = "sigmoid"
    cost: str = "half-squared-error"
    wrong: str = ""
    """The name of a line that is wrong."""

    @property
    def batched(self) -> bool:
        """Whether it is meant for several samples."""
        return self.sample != "vec" and self.reduce != "one"


def text(page: Page) -> str:
    """The program."""
    body = "\n".join(f"    {line}" for line in _body(page))
    head = HEAD.replace("{axis}", {"vec": "0", "col": "0", "row": "1"}[page.sample])
    arguments = {
        "lists": "x, y, weights, biases", "swapped": "weights, biases, x, y", "pairs": "x, y, params",
        "dict": "X, Y, parameters", "attributes": "self, x, y", "globals": "x, y",
    }[page.takes]  # fmt: skip
    if page.bias == "none":
        arguments = arguments.replace(", biases", "").replace("biases, ", "")
    if page.gives == "step":
        arguments += ", lr"
    if page.takes == "attributes":
        inner = "\n".join(f"    {line}" for line in body.splitlines())
        shape = "(k, n)" if page.in_out else "(n, k)"
        make = f"[np.random.randn{shape} for k, n in zip(sizes, sizes[1:])]"
        zero = {"vec": "n", "col": "(n, 1)", "row": "(1, n)", "none": ""}[page.bias]
        biases = f"        self.biases = [np.zeros({zero}) for n in sizes[1:]]\n" if zero else ""
        return (
            f"{head}class Net:\n    def __init__(self, sizes):\n        self.weights = {make}\n{biases}\n"
            f"    def backprop({arguments}):\n{inner}\n"
        )
    return f"{head}def backprop({arguments}):\n{body}\n"


def _body(page: Page) -> Iterator[str]:
    yield from _unpack(page)
    yield "L = len(W)"
    yield "a, z = [x], []"
    yield "for l in range(L):"
    yield f"    z.append({_times(page, 'W[l]', 'a[l]')}{'' if page.bias == 'none' else ' + b[l]'})"
    hidden, output = (f"{CALLS[name]}(z[l])" if CALLS[name] else "z[l]" for name in (page.hidden, page.output))
    yield f"    a.append({hidden} if l < L - 1 else {output})"
    yield from _backward(page)
    yield from _return(page)


def _times(page: Page, W: str, v: str) -> str:
    if page.sample == "row":
        return f"{v} @ {W}" if page.in_out else f"{v} @ {W}.T"
    return f"{W}.T @ {v}" if page.in_out else f"{W} @ {v}"


def _back(page: Page, W: str, v: str) -> str:
    """Wᵀ δ."""
    if page.sample == "row":
        return f"{v} @ {W}.T" if page.in_out else f"{v} @ {W}"
    return f"{W} @ {v}" if page.in_out else f"{W}.T @ {v}"


def _unpack(page: Page) -> Iterator[str]:
    none = page.bias == "none"
    if page.takes in ("lists", "swapped"):
        yield "W" + ("" if none else ", b") + " = weights" + ("" if none else ", biases")
    elif page.takes == "pairs":
        yield "W = [p[0] for p in params]" if not none else "W = list(params)"
        if not none:
            yield "b = [p[1] for p in params]"
    elif page.takes == "dict":
        yield "x, y = X, Y"
        yield "n = sum(k.startswith('W') for k in parameters)"
        yield "W = [parameters[f'W{l}'] for l in range(1, n + 1)]"
        if not none:
            yield "b = [parameters[f'b{l}'] for l in range(1, n + 1)]"
    elif page.takes == "attributes":
        yield "W = self.weights"
        if not none:
            yield "b = self.biases"


def _slope(page: Page, name: str, a: str = "a[l + 1]", z: str = "z[l]") -> str:
    return SLOPES[name].format(a=a, z=z)


def _backward(page: Page) -> Iterator[str]:
    wrong = page.wrong
    yield "dW, db, deltas = [None] * L, [None] * L, [None] * L"
    error = {"half-squared-error": "a[L] - y", "squared-error": "2 * (a[L] - y)"}.get(page.cost, "a[L] - y")
    if wrong == "sign-flipped":
        error = "y - a[L]"
    yield f"error = {error}"
    yield "for l in reversed(range(L)):"
    fused = page.cost in ("cross-entropy", "binary-cross-entropy") or page.output == "identity"
    last = "error" if fused else f"error * ({_slope(page, page.output)})"
    slope = _slope(page, page.hidden)
    if wrong == "slope-form-on-z":
        slope = _slope(page, page.hidden, a="z[l]")
    if wrong == "slope-twice":
        slope = f"({slope}) * ({slope})"
    hidden = "error" if wrong == "slope-missing" else f"error * ({slope})"
    if wrong == "slope-missing-at-the-output":
        last = "error"
    yield f"    delta = {last} if l == L - 1 else {hidden}"
    yield "    deltas[l] = delta"
    m = {"vec": "1", "col": "x.shape[1]", "row": "x.shape[0]"}[page.sample]
    over = f" / {m}" if page.reduce == "mean" else ""
    yield f"    dW[l] = {_outer(page)}{over}"
    total = {"vec": "delta", "col": "delta.sum(axis=1, keepdims=True)", "row": "delta.sum(axis=0, keepdims=True)"}
    flat = total[page.sample] if page.bias != "vec" or page.sample == "vec" else {
        "col": "delta.sum(axis=1)", "row": "delta.sum(axis=0)"}[page.sample]  # fmt: skip
    if wrong == "db-summed-over-units":
        flat = "np.sum(delta)"
    if wrong == "bias-forgotten":
        flat = f"0 * ({flat})"
    yield f"    db[l] = {flat}{over}"
    if wrong == "updated-weights-propagated":
        yield "    W[l] -= lr * dW[l]"
    source = "error" if wrong == "raw-error-propagated" else "delta"
    matrix = f"{'W[l]'}.T" if wrong == "weights-not-transposed" else "W[l]"
    yield f"    error = {_back(page, matrix, source)}".replace(".T.T", "")


def _outer(page: Page) -> str:
    below = "a[l + 1]" if page.wrong == "wrong-activations-in-dW a[l]" else "a[l]"
    turned = page.wrong == "outer-product-transposed"
    pair = (below, "delta") if page.in_out != turned else ("delta", below)
    if page.sample == "vec":
        return f"np.outer({pair[0]}, {pair[1]})"
    return f"{pair[0]}.T @ {pair[1]}" if page.sample == "row" else f"{pair[0]} @ {pair[1]}.T"


def _return(page: Page) -> Iterator[str]:
    none = page.bias == "none"
    if page.gives == "step":
        yield "for l in range(L):"
        if page.wrong != "updated-weights-propagated":
            yield "    W[l] -= lr * dW[l]"
        yield "    pass" if none else "    b[l] -= lr * db[l]"
        return
    values = {
        "tuple": "dW, db", "swapped": "db, dW", "lists": "[dW, db]", "dict": "{'dW': dW, 'db': db}",
        "keys": "{**{f'dW{l + 1}': dW[l] for l in range(L)}, **{f'db{l + 1}': db[l] for l in range(L)}}",
        "pairs": "list(zip(dW, db))", "reversed": "dW[::-1], db[::-1]", "cost": "np.sum((a[L] - y) ** 2), dW, db",
        "deltas": "{'dW': dW, 'db': db, 'delta': deltas, 'z': z, 'a': a}",
    }  # fmt: skip
    alone = {"dict": "{'dW': dW}", "keys": "{f'dW{l + 1}': dW[l] for l in range(L)}", "cost": "0.0, dW",
             "deltas": "{'dW': dW, 'delta': deltas}", "reversed": "dW[::-1]"}  # fmt: skip
    yield f"return {alone.get(page.gives, 'dW') if none else values[page.gives]}"


BIASES = {"vec": ("vec", "none"), "col": ("col", "none"), "row": ("row", "vec", "none")}
"""The biases that go with samples of a shape."""
NETWORKS = (
    ("sigmoid", "sigmoid", "half-squared-error"),
    ("tanh", "sigmoid", "binary-cross-entropy"),
    ("relu", "softmax", "cross-entropy"),
    ("tanh", "identity", "squared-error"),
)
TAKES = ("lists", "swapped", "pairs", "dict", "attributes")
GIVES = ("tuple", "swapped", "lists", "dict", "keys", "pairs", "reversed", "cost", "step", "deltas")


def pages() -> Iterator[Page]:
    """All that are right, but for the networks, which are dealt out among them."""
    deal = itertools.cycle(NETWORKS)
    for sample in ("vec", "col", "row"):
        for in_out, bias, takes, gives in itertools.product((False, True), BIASES[sample], TAKES, GIVES):
            for reduce in ("sum", "mean") if sample != "vec" else ("sum",):
                hidden, output, cost = next(deal)
                yield Page(sample, in_out, bias, takes, gives, reduce, hidden, output, cost)


def some(count: int, seed: int) -> list[Page]:
    """Some of them, evenly mixed."""
    everything = list(pages())
    return random.Random(seed).sample(everything, count)


WRONG = (
    "sign-flipped", "slope-form-on-z", "slope-twice", "slope-missing", "slope-missing-at-the-output",
    "db-summed-over-units", "bias-forgotten", "updated-weights-propagated", "raw-error-propagated",
    "weights-not-transposed", "wrong-activations-in-dW a[l]", "outer-product-transposed",
)  # fmt: skip
"""Lines that can be written wrongly, by the name of the mistake."""


def possible(page: Page, wrong: str) -> Page | None:
    """A page with a mistake; None where the mistake cannot be made, or is none, there."""
    smooth = page.hidden in ("sigmoid", "tanh")
    refused = {
        "slope-form-on-z": not smooth, "slope-twice": not smooth,
        "slope-missing-at-the-output": page.output != "sigmoid" or "squared" not in page.cost,
        "db-summed-over-units": page.bias == "none" or page.gives in ("pairs", "step"),
        "bias-forgotten": page.bias == "none",
        "updated-weights-propagated": page.gives != "step",
        "raw-error-propagated": page.output != "sigmoid" or "squared" not in page.cost,
        "sign-flipped": page.cost == "squared-error",
    }  # fmt: skip
    return None if refused.get(wrong, False) else replace(page, wrong=wrong)
