"""How an object is made: the arguments of its constructor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuibp.explain.check.contract.arguments import LEFT_OUT, Setting, UnfillableError, argument, parameters_in
from tuibp.explain.check.contract.calls import Function, Make, Parameter
from tuibp.explain.check.contract.roles import Role, argument_role
from tuibp.explain.check.contract.sizes import is_hidden, size_of
from tuibp.explain.check.contract.target import Target


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
    if isinstance(parameter.default, str):  # hidden="tanh" is no size
        return LEFT_OUT
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
    return any(is_hidden(parameter.name) for parameter in parameters)


def _size(name: str, setting: Setting) -> int | list[int] | None:
    if setting.layout.hidden_list and is_hidden(name):
        return list(setting.probe.sizes[1:-1])
    return size_of(name, setting.probe.sizes)
