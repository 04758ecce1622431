"""What a forward pass would have handed on, for code that is only the backward pass: made here, from the reference.

A file may hold no forward pass: `backward_propagation(parameters, cache, X, Y)` of a course, with the forward pass in
another cell. Its z and a are then ours, for the activations of the probe.
"""

from __future__ import annotations

import re
from typing import Any

from tuibp.engine.arrays import Array
from tuibp.explain.check.contract.calls import Function
from tuibp.explain.check.contract.layout import Layout
from tuibp.explain.check.contract.roles import argument_role
from tuibp.explain.check.contract.target import Target
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.reference import Pass, reference

_ONE = re.compile(r"([azho])_?(\d+)|(?:hidden|h)(?:_?(?:layer|output|activation)s?)*()", re.I)
_OUTPUT = re.compile(
    r"out(put)?s?|o|y_?hat|y_?pred|pred(iction)?s?|probs?|a_?l|(network|final)_?outputs?|results?", re.I
)
_LISTS = {
    "a": re.compile(r"activations?|acts?|a_?list|a_?s|hs|layer_outputs?|values", re.I),
    "z": re.compile(r"z_?s|z_?list|pre_?activations?", re.I),
}
_CACHE = re.compile(r"caches?|memor(y|ies)|tape|ctx|forward_?(pass|cache|result|output)|intermediates?", re.I)


def wants(target: Target) -> bool:
    """Whether the code is handed what a forward pass gives, and holds none."""
    return target.forward is None and target.owner is None and _asked(target.function)


def _asked(function: Function) -> bool:
    roles = [argument_role(parameter.name) for parameter in function.parameters if not parameter.has_default]
    return any(role is not None and role.name == "forward" for role in roles)


def passed(name: str, layout: Layout, probe: Probe, samples: tuple[int, ...]) -> Any:
    """What an argument of a name stands for; None where that is not known.

    Args:
        name: Z1, A2, cache, activations, y_hat.
    """
    right, word = reference(probe, samples), name.strip("_")
    match = _ONE.fullmatch(word)
    if match is not None:
        kind = "z" if (match[1] or "a").lower() == "z" else "a"
        return _layer(right, kind, int(match[2] or 1), layout)
    if _OUTPUT.fullmatch(word):
        return _layer(right, "a", probe.L, layout)
    for kind, pattern in _LISTS.items():
        if pattern.fullmatch(word):
            return [_layer(right, kind, l, layout) for l in range(kind == "z", probe.L + 1)]
    if not _CACHE.fullmatch(word):
        return None
    cache = {f"{kind.upper()}{l}": _layer(right, kind, l, layout) for kind in "az" for l in range(probe.L + 1)}
    return {name: value for name, value in cache.items() if value is not None} | {"X": cache["A0"]}


def _layer(right: Pass, kind: str, l: int, layout: Layout) -> Any:
    matrix: Array | None = (right.z if kind == "z" else right.a).get(l)
    return None if matrix is None else layout.of(matrix, tuple(range(matrix.shape[1])))
