"""What is to be called: the function or method that computes the gradients, and what it needs beside it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuibp.engine.text import safe
from tuibp.errors import InputError
from tuibp.explain.check.contract.calls import Class, Function, Inventory
from tuibp.explain.check.contract.roles import Role, argument_role

ADAPTER = "tuibp_check"
"""A function of this name is preferred to all others."""

_ONCE = r"step|sample|one|batch|mini_?batch|weights|once"
_COST = r"(nn_?)?(loss|cost|objective)(_?(fn|func|function))?"
_BACKWARD = (
    ADAPTER,
    r"back_?prop",
    r"back_?propagat(e|ion)",
    r"backward(_?(prop|propagation|pass))?",
    r"bprop|backwards",
    r"(compute_?|calc(ulate)?_?|get_?)?(grads?|gradients?)(_?(loss|cost|fn|function))?",
    r"(loss|cost)_?(and_?)?grads?.*|nabla.*",
    r".*back_?prop.*",
    r".*backward.*",
    r".*grad.*",
    _COST,
    rf"(train|update|fit|learn|step|sgd|optimi[sz]e)(_?({_ONCE}))?",
    r".*(train|update|mini_?batch|learn|fit).*",
)
"""Names of functions that compute gradients, the likeliest first."""
_FORWARD = re.compile(
    r"(forward|feed_?forward|forward_?(prop|pass|propagat\w+)|propagate(_?forward)?|fprop|predict\w*|think|activate|"
    r"\w*forward\w*|compute_?(output|activations)|run|output|query)"
)


@dataclass(frozen=True, eq=False)
class Target:
    """Something that may be called."""

    function: Function
    owner: Class | None = None
    forward: Function | None = None
    """Called first: of the same class, or of the module."""

    @property
    def title(self) -> str:
        """How it is called."""
        return f"{self.owner.name}.{self.function.name}" if self.owner else self.function.name


def rank(name: str) -> int:
    """How likely a function of a name computes gradients, 0 the likeliest; -1 where it does not look like it."""
    word = name.strip("_").lower()
    return next((k for k, pattern in enumerate(_BACKWARD) if re.fullmatch(pattern, word)), -1)


def _has(function: Function, *names: str) -> bool:
    """Whether an argument has one of some roles."""
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    return any(role is not None and role.name in names for role in roles)


def _takes_data(function: Function) -> bool:
    roles = [argument_role(parameter.name) for parameter in function.parameters]
    return any(role is not None and role.name in ("x", "y", "pairs", "forward", "params", "W") for role in roles)


def _takes_all(function: Function) -> bool:
    """Whether a function takes a sample, its target and weights: whatever it is called, it may compute gradients."""
    names = {role.name for p in function.parameters for role in [argument_role(p.name)] if role is not None}
    return names >= {"x", "y"} and bool(names & {"W", "params"})


_ORDERS = (
    ("x", "y", "weights", "biases"), ("weights", "biases", "x", "y"), ("biases", "weights", "y", "x"),
    ("x", "y", "params"), ("params", "x", "y"), ("x", "y", "weights"), ("weights", "x", "y"),
)  # fmt: skip
"""What arguments may be whose names say nothing, the likeliest first."""


def _meant(function: Function) -> list[Function]:
    """A function whose arguments have names that say nothing, with the names that they may stand for."""
    needed = [p for p in function.parameters if not p.has_default and not p.variadic]
    silent = [p for p in needed if argument_role(p.name) is None]
    silent = [p for p in needed if p in silent or (silent and p.name == "p")]  # which stands for parameters elsewhere
    told = {role.name for p in needed if p not in silent for role in [argument_role(p.name)] if role is not None}
    if not silent:
        return []
    found = []
    for order in _ORDERS:
        missing = [word for word in order if (argument_role(word) or Role("")).name not in told]
        if len(missing) == len(silent) and len(missing) + len(told) == len(order):
            names = dict(zip((p.name for p in silent), missing, strict=True))
            found.append(replace(function, parameters=tuple(
                replace(p, name=names.get(p.name, p.name)) for p in function.parameters
            )))  # fmt: skip
    return found


def _forward_of(functions: Sequence[Function], backward: Function) -> Function | None:
    found = [
        f for f in functions
        if f.name != backward.name and _FORWARD.fullmatch(f.name.strip("_").lower()) and "back" not in f.name.lower()
    ]  # fmt: skip
    exact = [f for f in found if "forward" in f.name.lower()]
    words = backward.name.lower().replace("backward", "forward").replace("back", "forward")
    exact.sort(key=lambda f: f.name.lower() != words)  # L_model_forward goes with L_model_backward
    return (exact or found or [None])[0]  # type: ignore[list-item]


def targets(inventory: Inventory, name: str = "") -> list[Target]:
    """What may be called, the likeliest first.

    Args:
        name: what the user has named: a function, a class, or Class.method; empty where they have not.

    Raises:
        InputError: there is nothing of that name, or nothing that looks like it.
    """
    ranked: list[tuple[int, int, Target]] = []
    nameless: list[Target] = []
    functions = list(inventory.functions.values())
    for function in functions:
        k = rank(function.name)
        if k >= 0 and _takes_data(function):
            # What has no target may be a part of it: linear_backward(dZ, cache).
            ranked.append(
                (k, 0 if _has(function, "y", "pairs") else 2, Target(function, None, _forward_of(functions, function)))
            )
        if k >= 0:
            nameless += [Target(meant) for meant in _meant(function)]
    for owner in inventory.classes.values():
        methods = list(owner.methods.values())
        for method in methods:
            k = rank(method.name)
            cost = re.fullmatch(_COST, method.name.strip("_").lower()) is not None
            if k >= 0 and not method.name.startswith("__") and (not cost or _has(method, "x", "pairs")):
                ranked.append((k, 1, Target(method, owner, _forward_of(methods, method))))
    found = [target for *_, target in sorted(ranked, key=lambda one: one[:2])]
    if not found and not nameless:
        found = [Target(function) for function in functions if _takes_all(function)]
    return _chosen(inventory, name, found) if name else [*found, *nameless] or _nothing(inventory)


def _chosen(inventory: Inventory, name: str, found: list[Target]) -> list[Target]:
    """What the user has named."""
    head, _, method = name.partition(".")
    functions = list(inventory.functions.values())
    if name in inventory.functions:
        function = inventory.functions[name]
        named = Target(function, None, _forward_of(functions, function))
        return [named, *(Target(meant) for meant in _meant(function))]
    if head in inventory.classes:
        owner = inventory.classes[head]
        if method and method in owner.methods:
            return [
                Target(owner.methods[method], owner, _forward_of(list(owner.methods.values()), owner.methods[method]))
            ]
        inside = [target for target in found if target.owner is owner]
        if inside and not method:
            return inside
        hint = f"its methods are {', '.join(one for one in owner.methods if not one.startswith('__'))}"
        raise InputError(
            f"class {safe(head, 40)} has no method {safe(method or 'that computes gradients', 40)}", hint=hint
        )
    known = [*inventory.functions, *inventory.classes]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known[:8])}" if known else "it is empty"
    raise InputError(f"the file has no function or class {safe(name, 40)}", hint=hint)


def _nothing(inventory: Inventory) -> list[Target]:
    known = [*inventory.functions, *inventory.classes]
    which = f"name it, as FILE.py:{known[0]}; " if known else "a script cannot be called; "
    raise InputError(
        "no function or class here looks like one that computes gradients",
        hint=f"{which}write backprop(x, y, weights, biases), or see tuibp check --template",
    )
