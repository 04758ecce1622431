"""From a layout and a probe to a program: what is made, set and called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tuibp.explain.check.contract.arguments import Setting, UnfillableError, arguments, parameters_in
from tuibp.explain.check.contract.calls import Call, Function, Look, Program, Ref, Set
from tuibp.explain.check.contract.layout import Layout
from tuibp.explain.check.contract.making import maker
from tuibp.explain.check.contract.passed import wants
from tuibp.explain.check.contract.roles import argument_role
from tuibp.explain.check.contract.store import Slot, fill
from tuibp.explain.check.contract.target import Target
from tuibp.explain.check.probe import Probe


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
