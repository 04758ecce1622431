"""How an object is made: the arguments of its constructor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tuibp.explain.check.contract.arguments import LEFT_OUT, Setting, UnfillableError, argument, parameters_in
from tuibp.explain.check.contract.calls import Function, Make, Parameter
from tuibp.explain.check.contract.roles import Role, argument_role
from tuibp.explain.check.contract.target import Target

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
        if value is not LEFT_OUT:
            named[parameter.name] = value
    return Make(name, positional, named)


def _maker_value(function: Function, parameter: Parameter, setting: Setting) -> Any:
    size = _size(parameter.name, setting)
    if size is not None:
        return size
    role = argument_role(parameter.name)
    if role is not None and role.name in ("params", "L") and not parameters_in(setting_function(function)):
        return list(setting.probe.sizes)
    return argument(function, parameter, setting)


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
