"""From what the user's code gives back to tensors of ours.

Names come first: the keys of a dict, the attributes of an object, the names in the return statement. What has no name
is told by its shape: matrices like W are dW, vectors like b are db. Values are never looked at here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.engine.operations import Tensor
from tuibp.explain.check.contract.roles import NAMED, Role, numbered, result_role

Sizes = tuple[int, ...]


@dataclass(eq=False)
class Found:
    """Tensors as they are read, in the user's own orientation."""

    arrays: dict[Tensor, Array] = field(default_factory=dict)
    """Names are those of `observed.NAMES`, and W and b for parameters that come back changed."""
    cost: float | None = None
    reversed: bool = False
    """Whether a list has been read from its end, because the shapes say so."""
    unsure: list[str] = field(default_factory=list)
    """Tensors whose shapes say nothing about their order."""

    def add(self, name: str, layer: int, array: Array) -> None:
        """What is found first stays."""
        self.arrays.setdefault(Tensor(name, layer), array)

    def has(self, name: str) -> bool:
        """Whether any layer of a tensor is there."""
        return any(tensor.name == name for tensor in self.arrays)


@dataclass(frozen=True)
class Form:
    """What is known of the shapes that the user's code works with."""

    sizes: Sizes
    m: int
    """Samples of the call."""
    inside: bool
    """Whether the bias is a row or column of W."""
    reverse: bool = False
    """Whether lists begin with the last layer, where shapes do not tell."""
    in_out: bool = False
    """Whether W is (in, out), which a vector of all gradients does not tell."""
    apart: bool = False
    """Whether such a vector holds all W before all b."""

    @property
    def L(self) -> int:
        """The number of the output layer."""
        return len(self.sizes) - 1

    def matrix(self, array: Array, l: int) -> bool:
        """Whether an array has the size of W[l], either way round."""
        n, k = self.sizes[l], self.sizes[l - 1] + self.inside
        return array.ndim == 2 and sorted(array.shape) == sorted((n, k))

    @property
    def single(self) -> bool:
        """Whether there is one unit in all: its db is a number, and its dW may be a vector."""
        return self.L == 1 and self.sizes[1] == 1

    def vector(self, array: Array, n: int) -> bool:
        """Whether an array is a vector of n units, for one sample or for each of the batch."""
        if array.ndim == 1:
            return len(array) == n
        return array.ndim == 2 and array.shape in ((n, 1), (1, n), (n, self.m), (self.m, n))


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
    if isinstance(value, dict):
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
    elif value.ndim == 1 and _flat(found, value, form):
        return
    elif value.shape == (form.L,) and found.has("dW") and not found.has("db"):
        _layers(found, "db", [np.array(number) for number in value], form)  # one number a layer
    elif form.single:
        _of_one_unit(found, [value], form)
    elif form.L == 1:
        _of_one_tensor(found, [value], form)


def _flat(found: Found, vector: Array, form: Form) -> bool:
    """One vector of all gradients, W[1], b[1], W[2], ... or W[1], W[2], ..., b[1], ...: rolled out again.

    Biases that have been summed over the wrong axis are one number a layer, or one a sample.
    """
    layers = range(1, form.L + 1)
    shapes = {("dW", l): (form.sizes[l], form.sizes[l - 1] + form.inside) for l in layers}
    if form.in_out:
        shapes = {name: shape[::-1] for name, shape in shapes.items()}
    order = [("dW", l) for l in layers] if form.inside else [(name, l) for l in layers for name in ("dW", "db")]
    if form.apart:
        order.sort(key=lambda one: one[0] == "db")
    for width in (None, 1, form.m):
        wanted = [shapes.get(one, (form.sizes[one[1]] if width is None else width,)) for one in order]
        sizes = [int(np.prod(shape)) for shape in wanted]
        if vector.size == sum(sizes) > 0:
            parts = np.split(vector, np.cumsum(sizes)[:-1])
            for (name, l), shape, part in zip(order, wanted, parts, strict=True):
                found.add(name, l, part.reshape(shape))
            return True
    return False


def _dict(found: Found, value: dict[str, Any], form: Form, name: str) -> None:
    """A dict: each key says what it holds; W1 in a dict of gradients is dW1."""
    keys = dict(zip(value, numbered([result_role(key) for key in value], form.L), strict=True))
    gradients = result_role(name) in (Role("grads"), None) and not any(
        role is not None and role.name == "dW" for role in keys.values()
    )
    zero_based = any(role is not None and role.number == 0 and role.name != "a" for role in keys.values())
    for key, role in keys.items():
        inner = value[key]
        if role is None:
            if key.isdigit() and isinstance(inner, dict | list | tuple):
                _pair(found, inner, form, int(key))
            else:
                _read(found, inner, form, (), key)
            continue
        if gradients and role.name in ("W", "b"):
            role = Role("d" + role.name, role.number)
        if zero_based and role.number is not None and role.name != "a":
            role = Role(role.name, role.number + 1)
        if not _by_role(found, role, inner, form):
            _read(found, inner, form, (), "")


def _pair(found: Found, value: Any, form: Form, l: int) -> None:
    """(dW, db), or a dict of them, of one layer."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        role = result_role(str(key))
        if not isinstance(part, np.ndarray):
            continue
        if role is not None and role.name in ("dW", "db", "W", "b", "delta", "z", "a", "dC_da"):
            found.add({"W": "dW", "b": "db"}.get(role.name, role.name), l, part)
        else:
            first = Tensor("dW", l) not in found.arrays
            found.add("dW" if first and _like_matrix(part, form, l) else "db", l, part)


def _like_matrix(array: Array, form: Form, l: int) -> bool:
    """Whether an array may be a dW[l], if of a wrong shape."""
    one_sample = form.m == 1 or not form.vector(array, form.sizes[l])
    return form.matrix(array, l) or (one_sample and array.ndim == 2 and min(array.shape) > 1)


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
        for key, part in value.items():
            digits = "".join(c for c in key if c.isdigit())
            if digits and isinstance(part, np.ndarray) and int(digits) <= form.L:
                found.add(name, int(digits), part)
        return True
    arrays = _arrays(value, form)
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
    return _layers(found, name, arrays, form)


def _arrays(value: Any, form: Form) -> list[Array] | None:
    """A list of arrays, one a layer, placeholders left out; None where it is something else."""
    if isinstance(value, np.ndarray):
        value = list(value) if value.ndim >= 2 and len(value) in (form.L, form.L + 1) and form.L > 1 else None
    if not isinstance(value, list | tuple):
        return None
    items = [item for item in value if isinstance(item, np.ndarray)]
    rest = [item for item in value if not isinstance(item, np.ndarray)]
    if any(item is not None and item != [] and item != () and item != "" for item in rest):
        return None
    return items


def _layers(found: Found, name: str, arrays: list[Array], form: Form) -> bool:
    """Give every array its layer: in order, from the last layer first, or behind a placeholder for layer 0."""
    L = form.L
    if len(arrays) == L + 1 and name != "a":
        arrays = arrays[1:] if not _fits(name, arrays[0], form, 1) or arrays[0].size <= 1 else arrays[:-1]
    first = 1
    if len(arrays) == L + 1:
        first = 0
    if len(arrays) != L + 1 - first:
        return False
    order = list(range(first, L + 1))
    forth = all(_fits(name, a, form, l) for a, l in zip(arrays, order, strict=True))
    back = all(_fits(name, a, form, l) for a, l in zip(arrays, reversed(order), strict=True))
    if back and (form.reverse or not forth) and name in ("dW", "db", "delta", "dC_da"):
        order.reverse()
        found.reversed = found.reversed or not forth
    elif not forth and not back:
        found.unsure.append(name)
    for array, l in zip(arrays, order, strict=True):
        found.add(name, l, array)
    return True


def _fits(name: str, array: Array, form: Form, l: int) -> bool:
    return form.matrix(array, l) if name in ("dW", "W") else form.vector(array, form.sizes[l])


# -- sequences without names


def _sequence(found: Found, value: Sequence[Any], form: Form) -> None:
    """A list or tuple whose parts have no names."""
    parts = [part for part in value if part is not None]
    if form.single and all(isinstance(part, np.ndarray) for part in parts):
        _of_one_unit(found, parts, form)
        return
    flat = [part for part in parts if isinstance(part, np.ndarray)]
    if parts and len(flat) == len(parts) and (_of_one_tensor(found, flat, form) or _mixed(found, flat, form)):
        return
    pairs = [part for part in parts if isinstance(part, list | tuple | dict) and _is_pair(part)]
    if pairs and len(pairs) == len(parts) and len(pairs) == form.L and len(pairs[0]) != form.L:
        _pairs(found, pairs, form)
        return
    if pairs and len(pairs) == len(parts) == form.L and _first_is_matrix(pairs, form):
        _pairs(found, pairs, form)
        return
    for part in parts:
        _read(found, part, form, (), "")


def _of_one_unit(found: Found, parts: list[Array], form: Form) -> None:
    """dW has as many numbers as there are inputs, db one; a number before it is the cost."""
    numbers: list[Array] = []
    for part in parts:
        if part.size == form.sizes[0] + form.inside and not found.has("dW"):
            found.add("dW", 1, part)
        elif part.size == 1:
            numbers.append(part)
    if numbers and not found.has("db"):
        found.add("db", 1, numbers[-1])
    if len(numbers) > 1 and found.cost is None:
        found.cost = float(numbers[0].item())


def _is_pair(part: Any) -> bool:
    values = list(part.values()) if isinstance(part, dict) else list(part)
    return 1 <= len(values) <= 8 and all(isinstance(one, np.ndarray) for one in values)


def _first_is_matrix(pairs: Sequence[Any], form: Form) -> bool:
    """Whether every part is (dW, db) of a layer, and not a list of the dW of all layers."""

    def both(pair: Any, l: int) -> bool:
        values = list(pair.values()) if isinstance(pair, dict) else list(pair)
        return any(_like_matrix(v, form, l) for v in values) and any(form.vector(v, form.sizes[l]) for v in values)

    order = range(1, form.L + 1)
    return isinstance(pairs[0], dict) or all(both(p, l) for p, l in zip(pairs, order, strict=True)) or all(
        both(p, l) for p, l in zip(pairs, reversed(order), strict=True))  # fmt: skip


def _pairs(found: Found, pairs: Sequence[Any], form: Form) -> None:
    order = list(range(1, form.L + 1))

    def fit(like: Callable[[Array, int], bool], layers: Iterable[int]) -> bool:
        return all(
            any(like(v, l) for v in (pair.values() if isinstance(pair, dict) else pair))
            for pair, l in zip(pairs, layers, strict=True)
        )

    forth, back = fit(form.matrix, order), fit(form.matrix, reversed(order))
    if not forth and not back:  # dW is of a wrong shape: db may tell
        forth, back = (fit(lambda v, l: v.size == form.sizes[l], some) for some in (order, order[::-1]))
    if back and (form.reverse or not forth):
        order.reverse()
        found.reversed = found.reversed or not forth
    for pair, l in zip(pairs, order, strict=True):
        _pair(found, pair, form, l)


def _of_one_tensor(found: Found, arrays: list[Array], form: Form) -> bool:
    """A list with an array for every layer: dW where they are matrices, else the next vector that is not there yet."""
    L = form.L
    if len(arrays) not in (L, L + 1):
        return False
    inner = arrays[-L:]
    for order in (range(1, L + 1), range(L, 0, -1)):
        if all(form.matrix(a, l) for a, l in zip(inner, order, strict=True)) and not found.has("dW"):
            return _layers(found, "dW", arrays, form)
    if len(arrays) == L + 1:
        if all(form.vector(a, n) for a, n in zip(arrays, form.sizes, strict=True)):
            return _layers(found, "a", arrays, form)
        return False
    if L == 1 and form.matrix(arrays[0], 1) and found.has("dW"):
        return False
    for name in ("db", "delta"):
        fits = all(a.size <= max(form.sizes) * max(form.m, 1) for a in arrays)
        if fits and not found.has(name) and not (L > 1 and all(a.ndim == 2 and min(a.shape) > 1 for a in arrays)):
            return _layers(found, name, arrays, form)
    if not found.has("dW"):  # of no shape that we know: the diagnosis tells
        return _layers(found, "dW", arrays, form)
    return False


def _mixed(found: Found, arrays: list[Array], form: Form) -> bool:
    """dW1, db1, dW2, db2, or dW1, dW2, db1, db2, without names."""
    L = form.L
    if len(arrays) != 2 * L or (L == 1 and not form.matrix(arrays[0], 1) and not form.matrix(arrays[1], 1)):
        return False
    matrices = [k for k, a in enumerate(arrays) if (a.ndim == 2 and min(a.shape) > 1) or _only_matrix(a, form)]
    if len(matrices) != L:
        matrices = list(range(L)) if form.matrix(arrays[1], 2 if L > 1 else 1) else list(range(0, 2 * L, 2))
    vectors = [k for k in range(2 * L) if k not in matrices]
    _layers(found, "dW", [arrays[k] for k in matrices], form)
    _layers(found, "db", [arrays[k] for k in vectors], form)
    return True


def _only_matrix(array: Array, form: Form) -> bool:
    """Whether an array may be a W of one row or column and no b."""
    fits = [l for l in range(1, form.L + 1) if form.matrix(array, l)]
    return bool(fits) and not any(form.vector(array, n) for n in form.sizes[1:])


# -- the return statement


def returned_names(source: str, function: str, owner: str = "") -> tuple[str, ...]:
    """The names in the last return statement of a function: ("cost", "grads"); empty where there are none.

    Args:
        owner: the class it is a method of.
    """
    node = _definition(source, function, owner)
    returns = [] if node is None else [one for one in _own(node) if isinstance(one, ast.Return) and one.value]
    return _spelled(returns[-1].value) if returns else ()


def function_source(source: str, function: str, owner: str = "") -> str:
    """The text of a function; empty where there is none."""
    node = _definition(source, function, owner)
    return "" if node is None else ast.get_source_segment(source, node) or ""


def _definition(source: str, function: str, owner: str) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = (node for node in _bodies(tree, owner) if isinstance(node, ast.FunctionDef) and node.name == function)
    return next(found, None)


def _bodies(tree: ast.Module, owner: str) -> Iterator[ast.stmt]:
    for node in tree.body:
        if not owner:
            yield node
        elif isinstance(node, ast.ClassDef) and node.name == owner:
            yield from node.body


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            todo = [*ast.iter_child_nodes(node), *todo]


def _spelled(value: ast.expr | None) -> tuple[str, ...]:
    parts = value.elts if isinstance(value, ast.Tuple) else [] if value is None else [value]
    return tuple(_name(part) for part in parts)


def _name(node: ast.expr) -> str:
    """The last name in an expression: self.dW is dW, dW[::-1] is dW, np.array(dW) is dW."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        inner = node.slice
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            return inner.value
        return _name(node.value)
    if isinstance(node, ast.Call) and len(node.args) == 1:
        return _name(node.args[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult):
        return _scaled(node)
    return ""


def _scaled(node: ast.BinOp) -> str:
    """The name in dW / m, in 2 * dW; none in delta * x, which is another thing."""
    left, right = _name(node.left), _name(node.right)
    if isinstance(node.op, ast.Div) or isinstance(node.right, ast.Constant):
        return left
    if isinstance(node.left, ast.Constant):
        return right
    told = [name for name in (left, right) if result_role(name) is not None]
    return told[0] if len(told) == 1 else ""
