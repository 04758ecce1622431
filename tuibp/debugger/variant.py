"""A recipe with another plan: the same network from the same initial numbers, trained on the same data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, cast

from tuibp.debugger.timeline import Timeline
from tuibp.engine.recipe import Plan, Recipe
from tuibp.engine.text import safe
from tuibp.errors import InputError

Test: TypeAlias = Callable[[Recipe, object], bool]


def _real(value: object, least: float, below: float = math.inf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value < min(below, 1e308)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_PLAN: dict[str, tuple[Test, str]] = {
    "lr": (lambda _, value: _real(value, 0.0), "a finite number from 0 on"),
    "epochs": (lambda _, value: _whole(value, 1), "a whole number from 1 on"),
    "batch": (
        lambda recipe, value: isinstance(value, int) and _whole(value, 1) and value <= recipe.train.N,
        "a whole number from 1 to the number of samples",
    ),
    "seed": (lambda _, value: _whole(value, 0), "a whole number from 0 on"),
    "shuffle": (lambda _, value: isinstance(value, bool), "True or False"),
    "train_biases": (lambda _, value: isinstance(value, bool), "True or False"),
}
"""What of a plan can be another: whether a value will do, and which would."""
_SETTING: tuple[Test, str] = (lambda _, value: _real(value, 0.0, 1.0), "a number from 0 on, below 1")
_EPS: tuple[Test, str] = (lambda _, value: _real(value, 5e-324, 1.0), "a number above 0, below 1")


def variant(recipe: Recipe, changes: Mapping[str, object]) -> Recipe:
    """The recipe with some of its plan changed.

    Args:
        changes: by name: lr, epochs, batch, seed (of the shuffle; the initial numbers stay), shuffle, train_biases, and
            the settings of its optimizer.

    Raises:
        InputError: there is no such setting, or it cannot have that value.
    """
    plan: dict[str, Any] = recipe.plan._asdict()
    settings = plan["settings"] = dict(recipe.plan.settings)
    if not changes:
        raise InputError("nothing is to be different", hint="write for example lr=0.1")
    for name, value in changes.items():
        if name in settings:
            test, wanted = _SETTING if name != "eps" else _EPS
        elif name in _PLAN:
            test, wanted = _PLAN[name]
        else:
            known = ", ".join([*_PLAN, *settings])
            raise InputError(f"a run has no setting {safe(name, 40)}", hint=f"those of this one are {known}")
        if not test(recipe, value):
            raise InputError(f"{name} cannot be {safe(repr(value), 40)}", hint=f"it takes {wanted}")
        changed: dict[str, Any] = settings if name in settings else plan
        if isinstance(value, int) and (name in settings or name == "lr"):
            value = float(value)
        changed[name] = value
    return replace(recipe, plan=Plan(**plan))


def beside(timeline: Timeline, changes: Mapping[str, object], budget: int) -> Timeline:
    """A run beside another one, from the same start with some of its plan changed; its label says what.

    Args:
        budget: bytes of its keyframes.

    Raises:
        InputError: as `variant`.
    """
    run, first = Timeline(variant(timeline.recipe, changes), budget), timeline
    while first.parent is not None:
        first = first.parent
    run.changes = {**first.changes, **cast("dict[str, float]", changes)}
    run.label = f"{', '.join(f'{name} = {value}' for name, value in changes.items())} from start"
    return run
