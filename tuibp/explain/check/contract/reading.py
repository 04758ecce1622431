"""From what the user's code gives back to tensors of ours.

Names come first: the keys of a dict, the attributes of an object, the names in the return statement. What has no name
is told by its shape: matrices like W are dW, vectors like b are db. Values are never looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.contract.found import Form, Found
from tuibp.explain.check.contract.layers import (
    add_pair,
    add_pairs,
    arrays_of,
    first_is_matrix,
    is_pair,
    layer_by_layer,
    mixed,
    of_one_tensor,
    of_one_unit,
    rolled_out,
)
from tuibp.explain.check.contract.roles import NAMED, Role, numbered, result_role


def read(value: Any, form: Form, names: Sequence[str] = ()) -> Found:
    """Whatever a call has given.

    Args:
        names: of the parts of a tuple, from the function's return statement; empty where it has none.
    """
    found = Found()
    _read(found, value, form, names, "")
    if found.reversed or form.reverse:  # what one list tells goes for the others
        for name in found.unsure:
            own = {t.layer: a for t, a in found.arrays.items() if t.name == name}
            for l, array in zip(own, reversed(list(own.values())), strict=True):
                found.arrays[Tensor(name, l)] = array
    return found


def read_named(values: Mapping[str, Any], form: Form) -> Found:
    """Attributes of an object: only gradients. What an attribute z or a holds is anybody's guess, and a wrong guess
    would be a false alarm.
    """
    found = Found()
    roles = numbered([result_role(name) for name in values], form.L)
    for role, value in zip(roles, values.values(), strict=True):
        if role is not None and role.name in ("dW", "db", "grads"):
            _by_role(found, role, value, form)
    return found


def _read(found: Found, value: Any, form: Form, names: Sequence[str], name: str) -> None:
    """Any value, with the name that it goes by."""
    named = result_role(name) if form.single and isinstance(value, np.ndarray) and value.size == 1 else None
    if named is not None and named.name in ("db", "b"):
        found.add(named.name, 1, value)
        return
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = float(value)
    if isinstance(value, float):
        found.cost = value if found.cost is None else found.cost
        return
    role = result_role(name) if name else None
    by_number = isinstance(value, dict) and bool(value) and all(key.isdigit() for key in value)
    if by_number and role is not None and role.name != "grads" and role.number is None:
        _by_role(found, role, value, form)
    elif isinstance(value, dict):
        _dict(found, value, form, name)
    elif role is not None and role.name not in ("grads",) and _by_role(found, role, value, form):
        return
    elif (
        isinstance(value, tuple)
        and len(names) == len(value)
        and any(map(_tells, names))
        and not _half_named(value, names, form)
    ):
        roles = numbered([result_role(one) for one in names], form.L)
        for part, its_name, its_role in zip(value, names, roles, strict=True):
            if its_role is not None and its_role != result_role(its_name):
                _by_role(found, its_role, part, form)
            elif result_role(its_name) is not None:
                _read(found, part, form, (), its_name)
        for part, its_name in zip(value, names, strict=True):
            if result_role(its_name) is None:
                _read(found, part, form, (), its_name)
    elif isinstance(value, list | tuple):
        _sequence(found, value, form)
    elif isinstance(value, np.ndarray):
        _array(found, value, form)


def _tells(name: str) -> bool:
    """Whether a name says that it is a gradient."""
    role = result_role(name)
    return role is not None and role.name in ("dW", "db", "grads", "W", "b", "delta")


def _half_named(value: Sequence[Any], names: Sequence[str], form: Form) -> bool:
    """Whether some layers have names and others none that is known: their shapes tell more then."""
    roles = [result_role(name) for name in names]
    if None not in roles:
        return False
    whole = len(value) == 2 * form.L and all(isinstance(part, np.ndarray) for part in value)
    return whole or any(role is not None and (role.number or 0) >= NAMED for role in roles)


def _array(found: Found, value: Array, form: Form) -> None:
    """An array that has no name."""
    if value.ndim == 3 or (value.ndim == 2 and len(value) == form.L > 1 and not form.matrix(value, 1)):
        _sequence(found, list(value), form)
    elif value.ndim == 1 and rolled_out(found, value, form):
        return
    elif value.shape == (form.L,) and found.has("dW") and not found.has("db"):
        layer_by_layer(found, "db", [np.array(number) for number in value], form)  # one number a layer
    elif form.single:
        of_one_unit(found, [value], form)
    elif form.L == 1:
        of_one_tensor(found, [value], form)


def _dict(found: Found, value: dict[str, Any], form: Form, name: str) -> None:
    """A dict: each key says what it holds; W1 in a dict of gradients is dW1."""
    keys = dict(zip(value, numbered([result_role(key) for key in value], form.L), strict=True))
    gradients = result_role(name) in (Role("grads"), None) and not any(
        role is not None and role.name == "dW" for role in keys.values()
    )
    # a0 is x, and dA0 is the error at x: neither says that layers are counted from 0.
    named = [role for role in keys.values() if role is not None and role.name not in ("a", "dC_da")]
    zero_based = any(role.number == 0 for role in named)
    for key, role in keys.items():
        inner = value[key]
        if role is None:
            if key.isdigit() and isinstance(inner, dict | list | tuple):
                add_pair(found, inner, form, int(key))
            else:
                _read(found, inner, form, (), key)
            continue
        if gradients and role.name in ("W", "b"):
            role = Role("d" + role.name, role.number)
        if zero_based and role.number is not None and role.name != "a":
            role = Role(role.name, role.number + 1)
        if not _by_role(found, role, inner, form):
            _read(found, inner, form, (), "")


def _by_role(found: Found, role: Role, value: Any, form: Form) -> bool:
    """A value whose name says what it is; whether it could be that."""
    name = role.name
    if name in ("grads", "output", "cost"):
        if isinstance(value, np.ndarray) and value.ndim == 0 and name == "cost":
            found.cost = float(value)
            return True
        if name == "output" and isinstance(value, np.ndarray) and form.vector(value, form.sizes[-1]):
            found.add("a", form.L, value)
            return True
        if name == "grads":
            _read(found, value, form, (), "")
            return True
        return False
    if role.number is not None:
        if isinstance(value, np.ndarray) and 0 <= role.number <= form.L:
            found.add(name, role.number, value)
            return True
        return False
    if isinstance(value, dict):
        numbers = {key: "".join(c for c in key if c.isdigit()) for key in value}
        first = 1 if name != "a" and any(digits and int(digits) == 0 for digits in numbers.values()) else 0
        for key, part in value.items():
            if numbers[key] and isinstance(part, np.ndarray) and int(numbers[key]) + first <= form.L:
                found.add(name, int(numbers[key]) + first, part)
        return True
    arrays = arrays_of(value, form)
    if (
        arrays is None
        and name in ("dW", "db")
        and isinstance(value, np.ndarray)
        and value.shape == (form.L,)
        and form.L > 1
    ):
        arrays = [np.array(number) for number in value]  # one number a layer: something has been summed up
    if arrays is None:
        if isinstance(value, np.ndarray) and form.L == 1:
            found.add(name, 1, value)
            return True
        return False
    return layer_by_layer(found, name, arrays, form)


def _sequence(found: Found, value: Sequence[Any], form: Form) -> None:
    """A list or tuple whose parts have no names."""
    parts = [part for part in value if part is not None]
    scalars = [part for part in parts if isinstance(part, np.ndarray) and part.ndim == 0]
    if 0 < len(scalars) < len(parts) and 1 not in form.sizes:  # (cost, gradients)
        found.cost = float(scalars[0]) if found.cost is None else found.cost
        rest = [part for part in parts if not (isinstance(part, np.ndarray) and part.ndim == 0)]
        _read(found, rest[0] if len(rest) == 1 else rest, form, (), "")
        return
    if form.single and all(isinstance(part, np.ndarray) for part in parts):
        of_one_unit(found, parts, form)
        return
    flat = [part for part in parts if isinstance(part, np.ndarray)]
    if parts and len(flat) == len(parts) and (of_one_tensor(found, flat, form) or mixed(found, flat, form)):
        return
    pairs = [part for part in parts if isinstance(part, list | tuple | dict) and is_pair(part)]
    if pairs and len(pairs) == len(parts) and len(pairs) == form.L and len(pairs[0]) != form.L:
        add_pairs(found, pairs, form)
        return
    if pairs and len(pairs) == len(parts) == form.L and first_is_matrix(pairs, form):
        add_pairs(found, pairs, form)
        return
    for part in parts:
        _read(found, part, form, (), "")
