"""The user's code under one layout: what it gives for any probe, in our orientation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tuibp.engine.arrays import Array
from tuibp.explain.check.contract.arguments import UnfillableError
from tuibp.explain.check.contract.calls import Answer, Call, Caller, Inventory, Program
from tuibp.explain.check.contract.found import Found
from tuibp.explain.check.contract.layout import Layout
from tuibp.explain.check.contract.making import made_of_parameters
from tuibp.explain.check.contract.programs import look, numbers, program
from tuibp.explain.check.contract.reading import read, read_named
from tuibp.explain.check.contract.returned import returned_names
from tuibp.explain.check.contract.roles import argument_role
from tuibp.explain.check.contract.store import Slot, changed, layers_of, slots
from tuibp.explain.check.contract.target import Target
from tuibp.explain.check.observed import Failure, Observed, Remark
from tuibp.explain.check.probe import Probe


@dataclass(eq=False)
class Handed:
    """A target and a layout; `single` and `batch` are what the diagnosis calls."""

    caller: Caller
    inventory: Inventory
    target: Target
    layout: Layout
    globals: tuple[str, ...] = ()
    """Module-level names that hold the parameters."""
    fixed: tuple[int, ...] | None = None
    """Sizes that the code builds itself, whatever it is asked for."""
    depth: int | None = None
    """Layers that it is written for; None for any."""
    outputs: int | None = None
    """Output units that it is written for; None for any."""
    last_class: bool = False
    """Whether it runs only where the last class is among the labels, because it counts the classes by them."""
    batched: bool = False
    """Whether several samples may be handed over at once."""
    biased: bool = True
    """Whether it has biases."""
    any_rate: bool = False
    """Whether it hands back a step whose rate is not known."""
    whole: bool = True
    """Whether it gives dW of every layer."""
    in_place: bool = False
    """Whether it changes the parameters that it is handed."""
    reverse: bool = False
    """Whether its lists begin with the last layer."""
    apart: bool = False
    """Whether a vector of all gradients holds all W before all b."""
    steps: bool = False
    """Whether it hands back parameters after a step, and not a gradient."""
    cached: dict[tuple[int, ...], list[Slot] | Failure] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    """What has been answered so far, for the remarks."""

    # -- what the diagnosis asks for

    def single(self, probe: Probe, s: int) -> Observed | Failure:
        """One sample."""
        return self.observe(probe, [(s,)])[0]

    def singles(self, probe: Probe, samples: Sequence[int]) -> list[Observed | Failure]:
        """Several samples, each for itself, in one go."""
        return self.observe(probe, [(s,) for s in samples])

    def batch(self, probe: Probe, samples: tuple[int, ...]) -> Observed | Failure | None:
        """Several at once."""
        return self.observe(probe, [samples])[0] if self.batched else None

    def suited(self, probe: Probe) -> Probe:
        """A probe as the code can have it: without biases where it knows none."""
        return probe if self.biased else probe.bare()

    def observe(self, probe: Probe, many: Sequence[tuple[int, ...]]) -> list[Observed | Failure]:
        """Calls with some samples each."""
        programs: list[Program] = []
        for samples in many:
            made = self.program(probe, samples)
            if isinstance(made, Failure):
                return [made] * len(many)
            programs.append(made)
        answers = self.caller.run(programs)
        return [self._read(answer, probe, samples) for answer, samples in zip(answers, many, strict=True)]

    def program(self, probe: Probe, samples: tuple[int, ...]) -> Program | Failure:
        """The calls for some samples."""
        found = self._slots(probe)
        if isinstance(found, Failure):
            return found
        forward = self.target.forward
        names = () if forward is None else returned_names(self.inventory.source, forward.name, self._owner)
        try:
            own = [] if made_of_parameters(self.target) else found
            return program(self.target, self.layout, probe, samples, own, names, self.globals)
        except UnfillableError as error:
            return Failure("returned", f"nothing that I know fits the argument {error.name}")

    @property
    def _owner(self) -> str:
        return self.target.owner.name if self.target.owner else ""

    def _slots(self, probe: Probe) -> list[Slot] | Failure:
        """Where the parameters lie, in an object made for the sizes of a probe, or in the module."""
        if probe.sizes not in self.cached:
            self.cached[probe.sizes] = self._find_slots(probe)
        return self.cached[probe.sizes]

    def _find_slots(self, probe: Probe) -> list[Slot] | Failure:
        if self.target.owner is None:
            data = {name: self.inventory.data[name] for name in self.globals}
            return slots(data)
        try:
            layout = replace(Layout(sample="row"), hidden_list=self.layout.hidden_list)
            layout = self.layout if made_of_parameters(self.target) else layout
            answer = self.caller.run([look(self.target, probe, layout)])[0]
        except UnfillableError as error:
            return Failure("returned", f"nothing that I know fits the argument {error.name} of {self._owner}")
        return answer if isinstance(answer, Failure) else slots(answer.instance)

    # -- reading

    def _read(self, answer: Answer | Failure, probe: Probe, samples: tuple[int, ...]) -> Observed | Failure:
        if isinstance(answer, Failure):
            return answer
        self.answers.append(answer)
        found = self.found(answer, probe, samples)
        observed = self.layout.observed(found, probe, samples, probe, self.rate(answer, probe))
        if not any(tensor.name == "dW" for tensor in observed.tensors):
            return Failure("returned", f"{self.target.title} returns {_told(answer)}")
        return observed

    def found(self, answer: Answer, probe: Probe, samples: tuple[int, ...]) -> Found:
        """What an answer holds: the result, else attributes with telling names, else parameters that have changed."""
        form = replace(self.layout.form(probe, len(samples)), reverse=self.reverse, apart=self.apart)
        names = returned_names(self.inventory.source, self.target.function.name, self._owner)
        result = answer.results[-1] if answer.results else None
        found = Found()
        if result is not None:
            value = result
            if len(names) == 1 and names[0] and not isinstance(result, tuple):
                value, names = (result,), names
            found = read(value, form, names)
        if self.steps:
            found = _as_parameters(found)
        if not found.has("dW") and isinstance(answer.instance, dict):
            own = read_named(_flat(answer.instance), form)
            for tensor, array in own.arrays.items():
                found.add(tensor.name, tensor.layer or 0, array)
        if not found.has("dW"):
            where = self._slots(probe)
            moved = changed(where if isinstance(where, list) else [], answer.instance)
            if result is not None and not self._moved(moved, probe):
                moved = Found()
            if not moved.arrays:
                moved = self._changed_arguments(answer, probe, samples)
            if not moved.arrays and result is None and self.in_place:
                moved = self._unchanged(probe)
            for tensor, array in moved.arrays.items():
                found.add(tensor.name, tensor.layer or 0, array)
        return found

    def _moved(self, found: Found, probe: Probe) -> bool:
        """Whether any parameter is another than before: beside a result, a step that changes nothing is none."""
        for tensor, value in found.arrays.items():
            before = self.layout.W(probe, tensor.layer or 0) if tensor.name == "W" else (
                self.layout.b(probe, tensor.layer or 0))  # fmt: skip
            if before.size != value.size or not np.array_equal(before.ravel(), value.ravel()):
                return True
        return False

    def _unchanged(self, probe: Probe) -> Found:
        """A step that has changed nothing: its gradient is zero."""
        found = Found()
        for l in range(1, probe.L + 1):
            found.add("W", l, self.layout.W(probe, l))
            if self.biased and not self.layout.inside:
                found.add("b", l, self.layout.b(probe, l))
        return found

    def _changed_arguments(self, answer: Answer, probe: Probe, samples: tuple[int, ...]) -> Found:
        """Weights and biases that were handed over and have been changed in place."""
        form = self.layout.form(probe, len(samples))
        parameters = [parameter.name for parameter in self.target.function.parameters]
        after = {parameters[int(key)] if key.isdigit() and int(key) < len(parameters) else key: value
                 for key, value in answer.after.items()}  # fmt: skip
        given: dict[str, Any] = {}
        for name, value in after.items():
            role = argument_role(name)
            if role is not None and role.name in ("W", "b"):
                given[role.name if role.number is None else f"{role.name}{role.number}"] = value
            elif role is not None and role.name == "params":
                given["params"] = value
        if self.layout.container == "neurons":
            return _units(given.get("params"))
        return _as_parameters(read(given, form)) if given else Found()

    def rate(self, answer: Answer, probe: Probe) -> float:
        """The rate of a step that is handed back."""
        if self._argument_for("lr"):
            return probe.lr
        held = {**numbers(self.inventory.data), **numbers(answer.instance)}
        for name, value in held.items():
            role = argument_role(name)
            if role is not None and role.name == "lr" and value:
                return value
        return 1.0

    def own_rate(self, probe: Probe) -> float | None:
        """The rate of its step that the code brings itself; None where it takes ours, or gives gradients."""
        if self._argument_for("lr") or self.any_rate:
            return None
        self.single(self.suited(probe), 0)
        return self.rate(self.answers[-1], probe) if self.answers and self.rate_known(self.answers[-1]) else None

    def rate_known(self, answer: Answer) -> bool:
        """Whether that is more than a guess."""
        held = {**numbers(self.inventory.data), **numbers(answer.instance)}
        roles = [argument_role(name) for name in held]
        return self._argument_for("lr") or any(role is not None and role.name == "lr" for role in roles)

    def _argument_for(self, name: str) -> bool:
        makes = self.target.owner.parameters if self.target.owner else ()
        roles = [argument_role(parameter.name) for parameter in (*self.target.function.parameters, *makes)]
        return any(role is not None and role.name == name for role in roles)

    # -- how it behaves

    def remarks(self, probe: Probe) -> list[Remark]:
        """Prints, changes its arguments, is random, keeps state, gives single precision or lists."""
        found: list[Remark] = []
        title = self.target.title
        if any(answer.printed for answer in self.answers):
            found.append(Remark("prints", f"{title} prints; tuibp has kept that to itself"))
        types = frozenset().union(*(answer.types for answer in self.answers)) if self.answers else frozenset()
        for kind, digits in (("float16", 2), ("float32", 4)):
            if kind in types:
                found.append(Remark(kind, f"{title} gives {kind}: compared to {digits} digits only"))
                break
        if self.last_class:
            words = (
                f"{title} makes as many classes as the labels of a batch count to: every sample here is of the last one"
            )
            found.append(Remark("classes-from-the-batch", words))
        if "list" in types:
            found.append(Remark("lists", f"{title} gives lists of numbers, not arrays: read as arrays"))
        mutated = {key for answer in self.answers for key in answer.after}
        mutated = {key for key in mutated if self._data_argument(key)} if self._updates else mutated
        if mutated:
            names = ", ".join(sorted(self._parameter_name(key) for key in mutated))
            found.append(Remark("mutates", f"{title} changes its arguments: {names}"))
        twice = self._twice(probe)
        return [*found, *([twice] if twice else [])]

    @property
    def _updates(self) -> bool:
        names = (argument_role(parameter.name) for parameter in self.target.function.parameters)
        return self.steps or any(role is not None and role.name == "lr" for role in names)

    def _parameter_name(self, key: str) -> str:
        parameters = self.target.function.parameters
        return parameters[int(key)].name if key.isdigit() and int(key) < len(parameters) else key

    def _data_argument(self, key: str) -> bool:
        role = argument_role(self._parameter_name(key))
        return role is not None and role.name in ("x", "y", "pairs")

    def _twice(self, probe: Probe) -> Remark | None:
        """The same call twice, in the process as it stands, and twice on one object."""
        made = self.program(probe, (0,))
        if isinstance(made, Failure):
            return None
        again = list(made)
        if isinstance(again[-1], Call) and self.target.owner is not None and not self.steps:
            calls = [step for step in again if isinstance(step, Call)]
            again = [*again, *calls]
        first, second, on_one = self.caller.run([made, made, again])
        if isinstance(first, Failure) or isinstance(second, Failure):
            return None
        if not _same(first.results[-1:], second.results[-1:]) or not _same(first.instance, second.instance):
            words = "gives other numbers when it is called again: it draws random numbers, or keeps something"
            return Remark("random", f"{self.target.title} {words}")
        if isinstance(on_one, Answer) and len(again) > len(made) and not self._in_place(first, probe):
            both = [self.found(answer, probe, (0,)) for answer in (first, on_one)]
            one, two = (dict(self.layout.observed(found, probe, (0,), probe, 1.0).tensors) for found in both)
            if not _same(one, two):
                words = "gives another gradient when it is called again on one object: a sum is not set back to 0"
                return Remark("state", f"{self.target.title} {words}")
        return None

    def _in_place(self, answer: Answer, probe: Probe) -> bool:
        return not self.found(answer, probe, (0,)).has("dW")

    def under(self, layout: Layout) -> Handed:
        """The same with another layout."""
        return replace(self, layout=layout, answers=[])


def _as_parameters(found: Found) -> Found:
    """What was read as gradients is the parameters themselves."""
    result = Found(cost=found.cost)
    for tensor, array in found.arrays.items():
        name = {"dW": "W", "db": "b"}.get(tensor.name, tensor.name)
        result.add(name, tensor.layer or 0, array)
    return result


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    """Attributes, and those of objects one level down where they are not lists of layers: layers[1].dW is dW2."""
    found: dict[str, Any] = dict(tree)
    for l, layer in enumerate(layers_of(tree).values(), start=1):
        found |= {f"{key}{l}": part for key, part in layer.items() if isinstance(part, np.ndarray)}
    for value in tree.values():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            layers = [one for one in value if any((argument_role(key) or _NONE).name == "W" for key in one)]
            for l, one in enumerate(layers, start=1):
                found |= {f"{key}{l}": part for key, part in one.items() if isinstance(part, np.ndarray)}
    return found


class _None:
    name = ""


_NONE = _None()


def _same(one: Any, two: Any) -> bool:
    """Whether two results hold the same numbers."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        return one.shape == two.shape and bool(np.array_equal(one, two, equal_nan=True))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        return len(one) == len(two) and all(_same(a, b) for a, b in zip(one, two, strict=True))
    return type(one) is type(two) and (one == two or one != one)


def fits(observed: Observed, probe: Probe) -> tuple[int, int]:
    """How many layers have a dW of the shape of W, and how many a db of the shape of b."""
    weights = biases = 0
    for tensor, value in observed.tensors.items():
        l = tensor.layer or 0
        weights += tensor.name == "dW" and value.shape == (probe.sizes[l], probe.sizes[l - 1])
        biases += tensor.name == "db" and value.size in (probe.sizes[l], probe.sizes[l] * len(observed.samples))
    return weights, biases


def array(value: Any) -> Array:
    """For tests: any numbers as an array."""
    return np.asarray(value, dtype=np.float64)


def _units(network: Any) -> Found:
    """Parameters that lie unit by unit in dicts, the bias behind the weights."""
    found = Found()
    for l, layer in enumerate(network if isinstance(network, list) else [], start=1):
        units = [unit.get("weights") for unit in layer if isinstance(unit, dict)]
        rows = [row for row in units if isinstance(row, np.ndarray) and row.ndim == 1]
        if rows and len(rows) == len(units) and len({row.shape for row in rows}) == 1:
            matrix = np.stack(rows)
            found.add("W", l, matrix[:, :-1])
            found.add("b", l, matrix[:, -1])
    return found


def _told(answer: Answer) -> str:
    """What came back, in which there is no gradient."""
    result = answer.results[-1] if answer.results else None
    if answer.kind in ("", "NoneType"):
        return "None"
    if answer.kind == "coroutine":
        return "a coroutine, and nobody awaits it"
    shape = f" of shape ({', '.join(map(str, result.shape))})" if isinstance(result, np.ndarray) and result.ndim else ""
    return f"an object of type {answer.kind}{shape}, in which nothing could be read as the gradient of W"
