"""What an expression means at a console, and what it is worth where that stands."""

from __future__ import annotations

from tuibp.console.console import Console, Place, layer_at
from tuibp.debugger.expressions import binding
from tuibp.debugger.expressions.binding import Scope, mentions_layer
from tuibp.debugger.expressions.evaluate import Values
from tuibp.debugger.expressions.parsing import parse
from tuibp.debugger.expressions.past import everything
from tuibp.debugger.expressions.syntax import ExpressionError, text_of, with_layer
from tuibp.debugger.expressions.typed import Leaf, Typed
from tuibp.debugger.names import SCALARS, TENSORS
from tuibp.debugger.sweep import value_at
from tuibp.errors import NameInputError


def bind(console: Console, text: str) -> Typed:
    """An expression as it is meant here.

    Raises:
        ExpressionError: it means nothing.
    """
    scope = Scope(console.session.recipe.network, console.layer, console.recall)
    return binding.bind(parse(text), text, scope)


def value(console: Console, text: str) -> Values:
    """What an expression is worth here.

    Raises:
        TuibpError: it means nothing, or is not computed yet.
    """
    node = bind(console, text)
    found = value_at(console.session.timeline, node, console.session.t)
    if found is None:
        raise _undefined(console, text, node)
    return found


def _undefined(console: Console, text: str, node: Typed) -> NameInputError:
    view, here = console.session.view(), f"at {console.session.position.name}"
    for leaf in everything(node):
        name: str = getattr(leaf, "name", "")
        tensor = isinstance(leaf, Leaf)
        layer = leaf.layer if isinstance(leaf, Leaf) else None
        if tensor and view.defined(name, layer):
            continue
        if tensor or (name in SCALARS and view.scalar(name) is None):
            op = view.writer(name, layer)
            hint = f"advance {op.name}, then step" if op is not None else None
            return NameInputError(f"{here} {view.why_undefined(name, layer, _as_written(name, text))}", hint=hint)
    return NameInputError(f"{here} {text} is not defined yet", hint="prev and avg want a past")


def spelled(console: Console, text: str) -> str:
    """An expression with its layer written out, so that it means the same anywhere."""
    node = parse(text)
    return text_of(with_layer(node, console.layer)) if console.layer and mentions_layer(node) else text


def holds(console: Console, text: str) -> bool:
    """Whether a test holds here; undefined means false.

    Raises:
        ExpressionError: it is no test.
    """
    node = bind(console, text)
    if not node.boolean:
        raise ExpressionError("this is no test", text, 0, "compare it, such as cost < 0.1")
    if node.shape:
        raise ExpressionError("this is a test for every entry", text, 0, "wrap it in any(...) or all(...)")
    found = value_at(console.session.timeline, node, console.session.t)
    return found is not None and bool(found)


def value_there(console: Console, text: str, place: Place) -> Values | None:
    """What an expression is worth somewhere else; None where it is undefined."""
    timeline = console.session.timelines[place.timeline]
    scope = Scope(timeline.recipe.network, layer_at(timeline.clock, place.t), console.recall)
    return value_at(timeline, binding.bind(parse(text), text, scope), place.t)


def _as_written(name: str, text: str) -> str:
    """A tensor under the name that a text has for it."""
    aliases = TENSORS[name].aliases if name in TENSORS else ()
    return next((alias for alias in aliases if alias in text), name)
