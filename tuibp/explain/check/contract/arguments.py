"""The arguments of a call: what each parameter is handed, by the role that its name has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuibp.explain.check.contract.calls import Function, Parameter, Ref
from tuibp.explain.check.contract.layout import Layout, Nested
from tuibp.explain.check.contract.passed import passed
from tuibp.explain.check.contract.roles import Role, argument_role
from tuibp.explain.check.contract.sizes import size_of
from tuibp.explain.check.probe import Probe


class UnfillableError(Exception):
    """An argument that nothing is known to fit."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, eq=False)
class Setting:
    """All that arguments are made of."""

    layout: Layout
    probe: Probe
    samples: tuple[int, ...]
    results: Mapping[str, Ref]
    """What the forward pass has given, by name."""
    whole: Ref | None = None
    """All that it has given."""
    bare: bool = False
    """Whether there is no forward pass to call: what it would have given is made here."""


def parameters_in(function: Function) -> bool:
    """Whether a function is handed the weights."""
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    return any(role is not None and (role.name == "W" or role.name == "params") for role in roles)


def biases_in(function: Function) -> bool:
    """Whether it is handed biases."""
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    return any(role is not None and role.name in ("b", "params") for role in roles)


def depth_in(function: Function) -> int | None:
    """How many layers a function is written for: W1, b1, W2, b2 are two; None where it takes lists."""
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    numbers = {role.number for role in roles if role is not None and role.name == "W" and role.number is not None}
    return len(numbers) or None


def containers(function: Function) -> tuple[str, ...]:
    """The containers that a function's parameters may want, the common ones first."""
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    if any(role is not None and role.name == "params" for role in roles):
        return ("dict", "pairs", "dicts", "halves", "zero", "list", "vector")
    if depth_in(function) is not None:
        return ("list",)
    return ("list", "lead", "numbers", "dict", "lists", "vector")


def arguments(function: Function, setting: Setting) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call, all by name but those that stand first.

    Raises:
        UnfillableError: one of them.
    """
    positional: list[Any] = []
    named: dict[str, Any] = {}
    by_place = True
    for parameter in function.parameters:
        if parameter.variadic:
            if by_place and not parameter.keyword and parameters_in(Function("", (parameter,))):
                positional += _one_after_the_other(setting)
            continue
        value = argument(function, parameter, setting)
        if value is LEFT_OUT or parameter.keyword:
            by_place = False
        if value is LEFT_OUT:
            continue
        if by_place:
            positional.append(value)
        else:
            named[parameter.name] = value
    return positional, named


LEFT_OUT = object()
"""Stands for an argument that is not given."""


def argument(function: Function, parameter: Parameter, setting: Setting) -> Any:
    name, role = parameter.name, argument_role(parameter.name)
    if name in setting.results:
        return setting.results[name]
    if role is None and not parameter.has_default:
        size = size_of(name, setting.probe.sizes)
        if size is not None:
            return size
    if role is not None:
        value = _by_role(role, setting, function)
        if value is not LEFT_OUT:
            return value
    if parameter.has_default:
        return LEFT_OUT
    if role is not None and role.name == "forward":
        value = passed(name, setting.layout, setting.probe, setting.samples) if setting.bare else setting.whole
        if value is not None:
            return value
    raise UnfillableError(name)


def _by_role(role: Role, setting: Setting, function: Function) -> Any:
    layout, probe, samples = setting.layout, setting.probe, setting.samples
    makers: dict[str, Callable[[], Any]] = {
        "x": lambda: layout.of(probe.X, samples),
        "y": lambda: layout.target(probe, samples),
        "pairs": lambda: pairs(setting),
        "W": lambda: _parameter("W", role.number, setting, function),
        "b": lambda: _parameter("b", role.number, setting, function),
        "params": lambda: _all_parameters(setting),
        "lr": lambda: probe.lr,
        "zero": lambda: 0.0,
        "one": lambda: 1,
        "m": lambda: len(samples),
        "L": lambda: probe.L,
        "sizes": lambda: list(probe.sizes),
        "silent": lambda: LEFT_OUT,
    }
    return makers[role.name]() if role.name in makers else LEFT_OUT


def pairs(setting: Setting) -> Any:
    """[(x, y), ...] of some samples, or (X, Y)."""
    layout, probe, samples = setting.layout, setting.probe, setting.samples
    if layout.container == "neurons":  # rows of a table, the class in the last column
        return [[*probe.X[:, s].tolist(), int(probe.Y[:, s].argmax())] for s in samples]
    if layout.packed:
        return layout.of(probe.X, samples), layout.target(probe, samples)
    return [(layout.of(probe.X, (s,)), layout.target(probe, (s,))) for s in setting.samples]


def _parameter(name: str, number: int | None, setting: Setting, function: Function) -> Any:
    """W, or W2 of W1, W2, ...: counted as the function counts them."""
    layout, probe = setting.layout, setting.probe
    of = layout.W if name == "W" else layout.b
    if number is not None:
        roles = [argument_role(parameter.name) for parameter in function.parameters]
        numbers = sorted({r.number for r in roles if r is not None and r.name == name and r.number is not None})
        return of(probe, numbers.index(number) + 1)
    arrays = [of(probe, l) for l in range(1, probe.L + 1)]
    if layout.container == "bare":
        return arrays[0]
    if layout.container == "lead":
        return [None, *arrays]
    if layout.container == "dict":
        return {f"{name}{l}": array for l, array in enumerate(arrays, start=1)}
    if layout.container == "numbers":
        return dict(enumerate(arrays, start=1))
    if layout.container == "lists":
        return [Nested(array) for array in arrays]
    if layout.container == "vector":
        return _rolled(setting)
    return arrays


def _one_after_the_other(setting: Setting) -> list[Any]:
    """W1, b1, W2, b2, ..., for *params."""
    layout, probe = setting.layout, setting.probe
    apart, found = not layout.inside and layout.bias != "none", []
    for l in range(1, probe.L + 1):
        found += [layout.W(probe, l), layout.b(probe, l)] if apart else [layout.W(probe, l)]
    return found


def _rolled(setting: Setting) -> Any:
    """The same in one vector, as an optimizer wants it: costFunction(theta, ...)."""
    return np.concatenate([array.ravel() for array in _one_after_the_other(setting)])


def _all_parameters(setting: Setting) -> Any:
    layout, probe = setting.layout, setting.probe
    layers = range(1, probe.L + 1)
    W = [layout.W(probe, l) for l in layers]
    b = [] if layout.inside or layout.bias == "none" else [layout.b(probe, l) for l in layers]
    container = layout.container
    if container in ("dict", "zero"):
        first = 1 if container == "dict" else 0
        return {f"W{l}": one for l, one in enumerate(W, start=first)} | {
            f"b{l}": one for l, one in enumerate(b, start=first)
        }
    if container == "pairs":
        return list(zip(W, b, strict=True)) if b else W
    if container == "dicts":
        return [{"W": W[k], "b": b[k]} if b else {"W": W[k]} for k in range(probe.L)]
    if container == "vector":
        return _rolled(setting)
    if container == "neurons":
        return [[{"weights": [*w, b]} for w, b in zip(probe.W[l].tolist(), probe.b[l].tolist(), strict=True)]
                for l in layers]  # fmt: skip
    if container == "halves":
        return {"weights": W, "biases": b, "W": W, "b": b}
    return _one_after_the_other(setting)
