"""The names in the return statement of a function: read off its text, which is parsed and never carried out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tuibp.explain.check.contract.roles import result_role


@cache
def returned_names(source: str, function: str, owner: str = "") -> tuple[str, ...]:
    """The names in the last return statement of a function: ("cost", "grads"); empty where there are none.

    Args:
        owner: the class it is a method of.
    """
    node = _definition(source, function, owner)
    returns = [] if node is None else [one for one in _own(node) if isinstance(one, ast.Return) and one.value]
    return _spelled(returns[-1].value) if returns else ()


@cache
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
