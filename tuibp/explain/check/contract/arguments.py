"""From a layout and a probe to a program: what is made, set and called with which arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuibp.explain.check.contract.calls import Call, Function, Look, Make, Parameter, Program, Ref, Set
from tuibp.explain.check.contract.layout import Layout, Nested
from tuibp.explain.check.contract.passed import passed, wants
from tuibp.explain.check.contract.roles import Role, argument_role
from tuibp.explain.check.contract.store import Slot, fill
from tuibp.explain.check.contract.target import Target
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
        return ("dict", "pairs", "dicts", "halves", "zero", "list")
    if depth_in(function) is not None:
        return ("list",)
    return ("list", "lead", "numbers", "dict", "lists")


# -- arguments


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
            continue
        value = _argument(function, parameter, setting)
        if value is _LEFT_OUT:
            by_place = False
        elif by_place:
            positional.append(value)
        else:
            named[parameter.name] = value
    return positional, named


_LEFT_OUT = object()


def _argument(function: Function, parameter: Parameter, setting: Setting) -> Any:
    name, role = parameter.name, argument_role(parameter.name)
    if name in setting.results:
        return setting.results[name]
    if role is not None:
        value = _by_role(role, setting, function)
        if value is not _LEFT_OUT:
            return value
    if parameter.has_default:
        return _LEFT_OUT
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
        "silent": lambda: _LEFT_OUT,
    }
    return makers[role.name]() if role.name in makers else _LEFT_OUT


def pairs(setting: Setting) -> list[tuple[Any, Any]]:
    """[(x, y), ...] of some samples."""
    layout, probe = setting.layout, setting.probe
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
    return arrays


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
    if container == "halves":
        return {"weights": W, "biases": b, "W": W, "b": b}
    return [one for both in zip(W, b, strict=True) for one in both] if b else W


# -- making an object

_UNITS = r"(_?(size|dim|dims|nodes|units|neurons|layer|n|features))?"
_COUNT = r"(n|num|no|dim|size)_?(of_?)?"
_PLACES = (
    (
        rf"(n|num|no|dim|size)_?(of_?)?(in|input|inputs|x|i|features){_UNITS}|(in|input|inputs){_UNITS}|i_?dim|dim_?in",
        0,
    ),
    (
        rf"(n|num|no|dim|size)_?(of_?)?(out|output|outputs|y|o|classes){_UNITS}|(out|output|outputs){_UNITS}|dim_?out",
        -1,
    ),
    (
        rf"{_COUNT}(hid|hidden|h)s?{_UNITS}_?1?|(hid|hidden)s?(_?layers?)?{_UNITS}_?1?|dim_?hid(den)?|"
        r"hid(den)?_?(layer_?)?(sizes|layers)",
        1,
    ),
)
"""Sizes that are handed over one by one."""


def maker(parameters: Sequence[Parameter], name: str, setting: Setting) -> Make:
    """How to make an object.

    Raises:
        UnfillableError: an argument that nothing is known to fit.
    """
    function = Function(name, tuple(parameters))
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.variadic:
            if not positional and parameter.name.lower() in ("sizes", "layers", "args", "dims", "layer_sizes"):
                positional = list(setting.probe.sizes)
            continue
        try:
            value = _maker_value(function, parameter, setting)
        except UnfillableError:
            value = _size(parameter.name, setting)
            if value is None and parameter.has_default:
                continue
            if value is None:
                raise
        if value is not _LEFT_OUT:
            named[parameter.name] = value
    return Make(name, positional, named)


def _maker_value(function: Function, parameter: Parameter, setting: Setting) -> Any:
    size = _size(parameter.name, setting)
    if size is not None:
        return size
    role = argument_role(parameter.name)
    if role is not None and role.name in ("params", "L") and not parameters_in(setting_function(function)):
        return list(setting.probe.sizes)
    return _argument(function, parameter, setting)


def made_of_parameters(target: Target) -> bool:
    """Whether weights are handed to the constructor."""
    return target.owner is not None and any(
        (argument_role(parameter.name) or Role("")).name == "W" for parameter in target.owner.parameters
    )


def setting_function(function: Function) -> Function:
    """A constructor as one that is handed weights only where it says so."""
    named = tuple(p for p in function.parameters if (argument_role(p.name) or Role("")).name == "W")
    return Function(function.name, named)


def hidden_in(parameters: Sequence[Parameter]) -> bool:
    """Whether a constructor is told the hidden layers' sizes by themselves."""
    return any(re.fullmatch(_PLACES[2][0], parameter.name.strip("_").lower()) for parameter in parameters)


def _size(name: str, setting: Setting) -> int | list[int] | None:
    probe, word = setting.probe, name.strip("_").lower()
    if re.fullmatch(_PLACES[2][0], word):
        if setting.layout.hidden_list:
            return list(probe.sizes[1:-1])
        return probe.sizes[1] if probe.L == 2 else None
    return next((probe.sizes[k] for pattern, k in _PLACES if re.fullmatch(pattern, word)), None)


# -- programs


def settings_of(found: Sequence[Slot], layout: Layout, probe: Probe) -> list[Set]:
    """Overwrite the parameters of an object by those of the probe."""
    steps = []
    for slot in found:
        if slot.layer > probe.L:
            continue
        value = layout.W(probe, slot.layer) if slot.name == "W" else layout.b(probe, slot.layer)
        steps.append(Set(slot.path, fill(slot, value)))
    return steps


def program(
    target: Target,
    layout: Layout,
    probe: Probe,
    samples: tuple[int, ...],
    found: Sequence[Slot],
    forward: Sequence[str],
    watch: tuple[str, ...] = (),
) -> Program:
    """Everything up to the call that gives the gradients.

    Args:
        found: where the parameters lie, where they are not handed over.
        forward: the names in the return statement of the forward pass.
        watch: module-level names to be told about afterwards.

    Raises:
        UnfillableError: an argument that nothing is known to fit.
    """
    setting = Setting(layout, probe, samples, {}, bare=wants(target))
    steps: list[Any] = []
    if target.owner is not None:
        steps.append(maker(target.owner.parameters, target.owner.name, setting))
    steps += settings_of(found, layout, probe)
    bound = target.owner is not None
    if target.forward is not None and (bound or _needs_forward(target.function, setting)):
        try:
            positional, named = arguments(target.forward, setting)
        except UnfillableError:
            pass
        else:
            steps.append(Call(target.forward.name, positional, named, bound))
            results = {name: Ref(0, (k,)) for k, name in enumerate(forward) if name} if len(forward) > 1 else (
                {name: Ref(0) for name in forward if name})  # fmt: skip
            given = {parameter.name for parameter in target.function.parameters}
            results = {name: ref for name, ref in results.items() if name in given and _not_ours(name, target.function)}
            whole = Ref(0, (len(forward) - 1,)) if len(forward) > 1 else Ref(0)
            setting = Setting(layout, probe, samples, results, whole)
    positional, named = arguments(target.function, setting)
    steps.append(Call(target.function.name, positional, named, bound, watch))
    return steps


def _not_ours(name: str, function: Function) -> bool:
    """Whether an argument is what the forward pass has given, whatever its name means elsewhere: y, where d is the
    target; b, where the weights are not handed over.
    """
    role = argument_role(name)
    if role is None or role.name not in ("x", "y", "W", "b", "params"):
        return True
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    if role.name == "y":
        return sum(one is not None and one.name == "y" for one in roles) > 1
    return role.name in ("W", "b") and not parameters_in(function)


def _needs_forward(function: Function, setting: Setting) -> bool:
    """Whether a function wants something that only the forward pass can give."""
    try:
        arguments(function, setting)
    except UnfillableError:
        return True
    return False


def look(target: Target, probe: Probe, layout: Layout | None = None) -> Program:
    """Make an object and look at what it holds.

    Raises:
        UnfillableError: an argument that nothing is known to fit.
    """
    assert target.owner is not None
    setting = Setting(layout or Layout(sample="row"), probe, tuple(range(min(4, probe.N))), {})
    return [maker(target.owner.parameters, target.owner.name, setting), Look()]


def numbers(tree: Any) -> dict[str, float]:
    """The plain numbers that an object or a module holds, by name."""
    if not isinstance(tree, dict):
        return {}
    return {
        name: float(value)
        for name, value in tree.items()
        if (isinstance(value, np.ndarray) and value.ndim == 0) or isinstance(value, float)
    }
