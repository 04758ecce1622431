"""Every layout that something in the user's file may want: what detection tries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tuibp.explain.check.contract.arguments import biases_in, containers, parameters_in
from tuibp.explain.check.contract.calls import Function
from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.contract.layout import SAMPLES, Layout, layouts
from tuibp.explain.check.contract.making import hidden_in, made_of_parameters
from tuibp.explain.check.contract.roles import argument_role
from tuibp.explain.check.contract.store import Slot, bias_style
from tuibp.explain.check.observed import Failure
from tuibp.explain.check.probe import Probe


def candidates(start: Handed, probe: Probe) -> Iterator[Handed]:
    """Every layout that a target may want."""
    target = start.target
    functions = [target.function, *([target.forward] if target.forward else [])]
    if made_of_parameters(target) and target.owner is not None:
        functions = [*functions, Function(target.owner.name, target.owner.parameters)]
    handed_over = any(parameters_in(f) for f in functions)
    roles = {r.name for f in functions for p in f.parameters for r in [argument_role(p.name)] if r is not None}
    label = probe.sizes[-1] > 1 and bool(np.isin(probe.Y, (0.0, 1.0)).all())
    own = {r.name for p in target.function.parameters for r in [argument_role(p.name)] if r is not None}
    pairs = "pairs" in own and "x" not in own
    samples = SAMPLES if not _plain(start) else (*SAMPLES, "plain")
    if start.layout.container == "bare" and handed_over:
        yield from _bare(start, any(biases_in(f) for f in functions), label)
        return
    if handed_over:
        apart = any(biases_in(f) for f in functions)
        kinds = dict.fromkeys(kind for f in functions if parameters_in(f) for kind in containers(f))
        every = partial(layouts, containers=tuple(kinds), biased=None, label=label, pairs=pairs, samples=samples)
        found = [*every(apart=apart), *(every(apart=False) if "params" in roles else ())]
        if "vector" in kinds and not apart and "W" in roles:
            found += every(apart=True, containers=("vector",))
        found += [replace(layout, pairs=False, packed=True) for layout in found] if pairs else []
        if "params" in own and label and _by_unit(start):
            found = [Layout(sample="plain", container="neurons", label=True)]
        for layout in found:
            yield replace(start, layout=layout, biased=layout.bias != "none", cached={}, answers=[])
        return
    yield from _stored(start, probe, label, pairs, samples)
    if target.owner is not None and hidden_in(target.owner.parameters):
        listed = replace(start, layout=replace(start.layout, hidden_list=True), cached={}, answers=[])
        yield from _stored(listed, probe, label, pairs, samples)


def _bare(start: Handed, apart: bool, label: bool) -> Iterator[Handed]:
    """W and b of the only layer, in no container."""
    every = layouts(apart=apart, containers=("bare",), biased=None, label=label and not start.layout.flat, pairs=False)
    for layout in every:
        if start.layout.flat and (layout.in_out or layout.bias not in ("vec", "none")):
            continue
        here = replace(layout, flat=start.layout.flat)
        yield replace(start, layout=here, biased=layout.bias != "none", cached={}, answers=[])


_LISTS = re.compile(r"\+\s*\[|\]\s*\+|\.append\(\s*1|\.insert\(\s*0\s*,\s*1|isinstance\(\w+,\s*list|\.index\(")


def _by_unit(start: Handed) -> bool:
    """Whether weights lie unit by unit in dicts: then the code does without arrays."""
    source = start.inventory.source
    return "numpy" not in source and re.search(r"""\[['"]weights['"]\]""", source) is not None


def _plain(start: Handed) -> bool:
    """Whether the code may want samples as lists of numbers: it does without arrays, or joins lists."""
    source = start.inventory.source
    return "numpy" not in source or _LISTS.search(source) is not None


def _stored(start: Handed, probe: Probe, label: bool, pairs: bool, samples: tuple[str, ...]) -> Iterator[Handed]:
    """Layouts of parameters that the code keeps itself: their shapes tell."""
    names = () if start.target.owner is not None else globals_of(start)
    base = replace(start, globals=names, cached={}, answers=[])
    found = base._slots(probe)
    if isinstance(found, Failure) or not found:
        return
    style = "vec" if start.layout.flat else bias_style(found, Layout().form(probe, 1))
    inside = [slot for slot in found if slot.name == "b"] == []
    for in_out in (False, True):
        for bias in ("vec", "col", "row", "last", "first", "none"):
            layout = replace(start.layout, in_out=in_out, bias=bias, pairs=pairs)
            if in_out and layout.flat:
                continue
            if not _shaped(found, layout, probe) or (style not in (None, "none") and bias != style):
                continue
            if inside != (bias in ("last", "first", "none")):
                continue
            for sample in samples:
                here = replace(layout, sample=sample)
                for one in (here, *([replace(here, label=True)] if label else [])):
                    yield replace(base, layout=one, biased=bias != "none", cached=base.cached, answers=[])


def _shaped(found: Sequence[Slot], layout: Layout, probe: Probe) -> bool:
    """Whether slots have the shapes that a layout gives them."""
    weights = [slot for slot in found if slot.name == "W"]
    layers = {slot.layer for slot in weights}  # one may lie in two places: params["W1"] and layers["Affine1"].W
    return len(layers) == probe.L and all(slot.shape == layout.W(probe, slot.layer).shape for slot in weights)


def globals_of(start: Handed) -> tuple[str, ...]:
    """Module-level names that hold parameters."""
    roles = {name: argument_role(name) for name in start.inventory.data}
    return tuple(name for name, role in roles.items() if role is not None and role.name in ("W", "b", "params"))
