"""Where an object, or a module, keeps its weights and biases: found in what it holds, by name and by shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.contract.found import Form, Found
from tuibp.explain.check.contract.roles import argument_role

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Slot:
    """One array of parameters."""

    path: Path
    name: str
    """W or b."""
    layer: int
    shape: tuple[int, ...]


def slots(tree: Any) -> list[Slot]:
    """The arrays of parameters in what an object holds, layer by layer; empty where there are none."""
    if not isinstance(tree, dict):
        return []
    found = list(_named(tree, ()))
    if not any(slot.name == "W" for slot in found):
        found = list(_by_shape(tree))
    return _numbered(found)


def _numbered(found: list[Slot]) -> list[Slot]:
    """Layers from 1 on, whatever they were counted from."""
    result = []
    for name in ("W", "b"):
        own = sorted((slot for slot in found if slot.name == name), key=lambda slot: slot.layer)
        numbers = {layer: k for k, layer in enumerate(sorted({slot.layer for slot in own}), start=1)}
        result += [Slot(slot.path, name, numbers[slot.layer], slot.shape) for slot in own]
    return result


_SUFFIXED = re.compile(
    r"(?:(w|weights?|theta|kernel)|(b|bias(?:es)?))_?(?:[a-z]{1,3}|hid(?:den)?|out(?:put)?|in(?:put)?)", re.I
)
"""W_hid, weight_out, b_h: parameters whose layer has a name; they count in the order in which they stand."""


def layers_of(tree: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Attributes that are layers, objects with a W of their own, from the input up: fc1, fc2; empty where there is one
    only.
    """
    found = {key: value for key, value in tree.items() if isinstance(value, dict) and _has_weights(value)}
    return found if len(found) > 1 else {}


def _has_weights(value: dict[str, Any]) -> bool:
    roles = [argument_role(key) for key, part in value.items() if isinstance(part, np.ndarray) and part.ndim == 2]
    return any(role is not None and role.name == "W" and role.number is None for role in roles)


def _named(tree: dict[str, Any], path: Path) -> Iterator[Slot]:
    seen = {"W": 0, "b": 0}
    own = layers_of(tree)
    for l, (key, layer) in enumerate(own.items(), start=1):
        yield from (replace(slot, layer=l) for slot in _named(layer, (*path, key)))
    tree = {key: value for key, value in tree.items() if key not in own}
    for key, value in tree.items():
        role = argument_role(key)
        here = (*path, key)
        match = _SUFFIXED.fullmatch(key.strip("_")) if role is None and isinstance(value, np.ndarray) else None
        if match is not None:
            name = "W" if match[1] else "b"
            if value.ndim == 2 or name == "b":
                seen[name] += 1
                yield Slot(here, name, seen[name], value.shape)
        elif role is not None and role.name in ("W", "b"):
            yield from _layers(value, here, role.name, role.number)
        elif isinstance(value, dict) and len(path) < 2:
            yield from _named(value, here)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            yield from _objects(value, here)
        elif (
            isinstance(value, list) and value and all(isinstance(one, list | tuple) and len(one) == 2 for one in value)
        ):
            for l, pair in enumerate(value, start=1):
                for k, part in enumerate(pair):
                    if isinstance(part, np.ndarray):
                        yield Slot((*here, l - 1, k), "W" if k == 0 else "b", l, part.shape)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def _objects(value: list[dict[str, Any]], path: Path) -> Iterator[Slot]:
    """Layers that are objects of their own; those without weights, such as activations, have no number."""
    l = 0
    for at, inner in enumerate(value):
        parts = [(key, part, argument_role(key)) for key, part in inner.items() if isinstance(part, np.ndarray)]
        own = [(key, part, role.name) for key, part, role in parts if role is not None and role.name in ("W", "b")]
        if any(name == "W" for *_, name in own):
            l += 1
            for key, part, name in own:
                yield Slot((*path, at, key), name, l, part.shape)


def _layers(value: Any, path: Path, name: str, number: int | None) -> Iterator[Slot]:
    """The layers of one attribute."""
    if isinstance(value, np.ndarray) and value.ndim <= 2:
        yield Slot(path, name, 1 if number is None else number, value.shape)
    elif isinstance(value, np.ndarray):
        for k, one in enumerate(value):
            yield Slot((*path, k), name, k + 1, one.shape)
    elif isinstance(value, dict):
        for key, one in value.items():
            digits = "".join(c for c in key if c.isdigit())
            if digits and isinstance(one, np.ndarray):
                yield Slot((*path, key), name, int(digits), one.shape)
    elif isinstance(value, list | tuple):
        for k, one in enumerate(value):
            if isinstance(one, np.ndarray) and one.size:
                yield Slot((*path, k), name, k + 1, one.shape)


def _by_shape(tree: dict[str, Any]) -> Iterator[Slot]:
    """Matrices that follow on each other, whatever they are called."""
    matrices = [(key, value) for key, value in tree.items() if isinstance(value, np.ndarray) and value.ndim == 2]
    matrices = [(key, value) for key, value in matrices if min(value.shape) > 0]
    for one, two in pairwise(matrices):
        if not set(one[1].shape) & set(two[1].shape):
            return
    for l, (key, value) in enumerate(matrices, start=1):
        yield Slot((key,), "W", l, value.shape)


def sizes_of(found: list[Slot]) -> tuple[tuple[int, ...], bool] | None:
    """The sizes of a network from the shapes of its weights, and whether these are (in, out); None where they do not
    follow on each other.
    """
    shapes = [slot.shape for slot in found if slot.name == "W"]
    if not shapes or any(len(shape) != 2 for shape in shapes):
        return None
    for in_out in (True, False):
        ends = [shape if in_out else shape[::-1] for shape in shapes]
        if all(a[1] == b[0] for a, b in pairwise(ends)):
            return (ends[0][0], *(end[1] for end in ends)), in_out
    return None


def bias_style(found: list[Slot], form: Form) -> str | None:
    """How biases lie: vec, col, row, or none; None where their shapes fit nothing."""
    biases = [slot for slot in found if slot.name == "b"]
    if not biases:
        return "none"
    styles = set()
    for slot in biases:
        n = form.sizes[slot.layer] if slot.layer <= form.L else 0
        style = {(n,): "vec", (n, 1): "col", (1, n): "row"}.get(slot.shape)
        if slot.shape != (1, 1):  # which may be a row as well as a column
            styles.add(style)
    return styles.pop() if len(styles) == 1 else None


def at(tree: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        if isinstance(tree, dict):
            tree = tree.get(str(key))
            continue
        many = isinstance(tree, list | tuple) or (isinstance(tree, np.ndarray) and tree.ndim > 0)
        if not many or not isinstance(key, int) or key >= len(tree):
            return None
        tree = tree[key]
    return tree


def changed(found: list[Slot], tree: Any) -> Found:
    """The parameters as they stand after a call, W and b by layer."""
    result = Found()
    for slot in found:
        value = at(tree, slot.path)
        if isinstance(value, np.ndarray):
            result.add(slot.name, slot.layer, value)
    return result


def fill(slot: Slot, value: Array) -> Array:
    """A parameter in the shape that the slot has, where it fits."""
    return value.reshape(slot.shape) if value.size == np.prod(slot.shape) else value
