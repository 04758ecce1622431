"""Arrays without a number, and the layers that they belong to: told by their shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.contract.found import Form, Found
from tuibp.explain.check.contract.roles import result_role


def rolled_out(found: Found, vector: Array, form: Form) -> bool:
    """One vector of all gradients, W[1], b[1], W[2], ... or W[1], W[2], ..., b[1], ...: rolled out again.

    Biases that have been summed over the wrong axis are one number a layer, or one a sample.
    """
    layers = range(1, form.L + 1)
    shapes = {("dW", l): (form.sizes[l], form.sizes[l - 1] + form.inside) for l in layers}
    if form.in_out:
        shapes = {name: shape[::-1] for name, shape in shapes.items()}
    order = [("dW", l) for l in layers] if form.inside else [(name, l) for l in layers for name in ("dW", "db")]
    if form.apart:
        order.sort(key=lambda one: one[0] == "db")
    for width in (None, 1, form.m, 0):  # 0: there are none
        wanted = [shapes.get(one, (form.sizes[one[1]] if width is None else width,)) for one in order]
        sizes = [int(np.prod(shape)) for shape in wanted]
        if vector.size == sum(sizes) > 0:
            parts = np.split(vector, np.cumsum(sizes)[:-1])
            for (name, l), shape, part in zip(order, wanted, parts, strict=True):
                if part.size:
                    found.add(name, l, part.reshape(shape))
            return True
    return False


def add_pair(found: Found, value: Any, form: Form, l: int) -> None:
    """(dW, db), or a dict of them, of one layer."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        role = result_role(str(key))
        if not isinstance(part, np.ndarray):
            continue
        if role is not None and role.name in ("dW", "db", "W", "b", "delta", "z", "a", "dC_da"):
            found.add({"W": "dW", "b": "db"}.get(role.name, role.name), l, part)
        else:
            first = Tensor("dW", l) not in found.arrays
            found.add("dW" if first and _like_matrix(part, form, l) else "db", l, part)


def _like_matrix(array: Array, form: Form, l: int) -> bool:
    """Whether an array may be a dW[l], if of a wrong shape."""
    one_sample = form.m == 1 or not form.vector(array, form.sizes[l])
    return form.matrix(array, l) or (one_sample and array.ndim == 2 and min(array.shape) > 1)


def arrays_of(value: Any, form: Form) -> list[Array] | None:
    """A list of arrays, one a layer, placeholders left out; None where it is something else."""
    if isinstance(value, np.ndarray):
        value = list(value) if value.ndim >= 2 and len(value) in (form.L, form.L + 1) and form.L > 1 else None
    if not isinstance(value, list | tuple):
        return None
    items = [item for item in value if isinstance(item, np.ndarray)]
    rest = [item for item in value if not isinstance(item, np.ndarray)]
    if any(item is not None and item != [] and item != () and item != "" for item in rest):
        return None
    return items


def layer_by_layer(found: Found, name: str, arrays: list[Array], form: Form) -> bool:
    """Give every array its layer: in order, from the last layer first, or behind a placeholder for layer 0."""
    L = form.L
    if len(arrays) == L + 1 and name != "a":
        arrays = arrays[1:] if not _fits(name, arrays[0], form, 1) or arrays[0].size <= 1 else arrays[:-1]
    first = 1
    if len(arrays) == L + 1:
        first = 0
    if len(arrays) != L + 1 - first:
        return False
    order = list(range(first, L + 1))
    forth = all(_fits(name, a, form, l) for a, l in zip(arrays, order, strict=True))
    back = all(_fits(name, a, form, l) for a, l in zip(arrays, reversed(order), strict=True))
    if back and (form.reverse or not forth) and name in ("dW", "db", "delta", "dC_da"):
        order.reverse()
        found.reversed = found.reversed or not forth
    elif not forth and not back:
        found.unsure.append(name)
    for array, l in zip(arrays, order, strict=True):
        found.add(name, l, array)
    return True


def _fits(name: str, array: Array, form: Form, l: int) -> bool:
    return form.matrix(array, l) if name in ("dW", "W") else form.vector(array, form.sizes[l])


def of_one_unit(found: Found, parts: list[Array], form: Form) -> None:
    """dW has as many numbers as there are inputs, db one; a number before it is the cost."""
    numbers: list[Array] = []
    for part in parts:
        if part.size == form.sizes[0] + form.inside and not found.has("dW"):
            found.add("dW", 1, part)
        elif part.size == 1:
            numbers.append(part)
    if numbers and not found.has("db"):
        found.add("db", 1, numbers[-1])
    if len(numbers) > 1 and found.cost is None:
        found.cost = float(numbers[0].item())


def is_pair(part: Any) -> bool:
    values = list(part.values()) if isinstance(part, dict) else list(part)
    return 1 <= len(values) <= 8 and all(isinstance(one, np.ndarray) for one in values)


def first_is_matrix(pairs: Sequence[Any], form: Form) -> bool:
    """Whether every part is (dW, db) of a layer, and not a list of the dW of all layers."""

    def both(pair: Any, l: int) -> bool:
        values = list(pair.values()) if isinstance(pair, dict) else list(pair)
        return any(_like_matrix(v, form, l) for v in values) and any(form.vector(v, form.sizes[l]) for v in values)

    order = range(1, form.L + 1)
    return isinstance(pairs[0], dict) or all(both(p, l) for p, l in zip(pairs, order, strict=True)) or all(
        both(p, l) for p, l in zip(pairs, reversed(order), strict=True))  # fmt: skip


def add_pairs(found: Found, pairs: Sequence[Any], form: Form) -> None:
    order = list(range(1, form.L + 1))

    def fit(like: Callable[[Array, int], bool], layers: Iterable[int]) -> bool:
        return all(
            any(like(v, l) for v in (pair.values() if isinstance(pair, dict) else pair))
            for pair, l in zip(pairs, layers, strict=True)
        )

    forth, back = fit(form.matrix, order), fit(form.matrix, reversed(order))
    if not forth and not back:  # dW is of a wrong shape: db may tell
        forth, back = (fit(lambda v, l: v.size == form.sizes[l], some) for some in (order, order[::-1]))
    if back and (form.reverse or not forth):
        order.reverse()
        found.reversed = found.reversed or not forth
    for pair, l in zip(pairs, order, strict=True):
        add_pair(found, pair, form, l)


def of_one_tensor(found: Found, arrays: list[Array], form: Form) -> bool:
    """A list with an array for every layer: dW where they are matrices, else the next vector that is not there yet."""
    L = form.L
    if len(arrays) not in (L, L + 1):
        return False
    inner = arrays[-L:]
    for order in (range(1, L + 1), range(L, 0, -1)):
        if all(form.matrix(a, l) for a, l in zip(inner, order, strict=True)) and not found.has("dW"):
            return layer_by_layer(found, "dW", arrays, form)
    if len(arrays) == L + 1:
        if all(form.vector(a, n) for a, n in zip(arrays, form.sizes, strict=True)):
            return layer_by_layer(found, "a", arrays, form)
        return False
    if L == 1 and form.matrix(arrays[0], 1) and found.has("dW"):
        return False
    for name in ("db", "delta"):
        fits = all(a.size <= max(form.sizes) * max(form.m, 1) for a in arrays)
        if fits and not found.has(name) and not (L > 1 and all(a.ndim == 2 and min(a.shape) > 1 for a in arrays)):
            return layer_by_layer(found, name, arrays, form)
    if not found.has("dW"):  # of no shape that we know: the diagnosis tells
        return layer_by_layer(found, "dW", arrays, form)
    return False


def mixed(found: Found, arrays: list[Array], form: Form) -> bool:
    """dW1, db1, dW2, db2, or dW1, dW2, db1, db2, without names."""
    L = form.L
    if len(arrays) != 2 * L or (L == 1 and not form.matrix(arrays[0], 1) and not form.matrix(arrays[1], 1)):
        return False
    matrices = [k for k, a in enumerate(arrays) if (a.ndim == 2 and min(a.shape) > 1) or _only_matrix(a, form)]
    if len(matrices) != L:
        matrices = list(range(L)) if form.matrix(arrays[1], 2 if L > 1 else 1) else list(range(0, 2 * L, 2))
    vectors = [k for k in range(2 * L) if k not in matrices]
    layer_by_layer(found, "dW", [arrays[k] for k in matrices], form)
    layer_by_layer(found, "db", [arrays[k] for k in vectors], form)
    return True


def _only_matrix(array: Array, form: Form) -> bool:
    """Whether an array may be a W of one row or column and no b."""
    fits = [l for l in range(1, form.L + 1) if form.matrix(array, l)]
    return bool(fits) and not any(form.vector(array, n) for n in form.sizes[1:])
