"""Detection: which layout the user's code wants, found by trying them all on a small probe of unequal sizes.

There, what is laid out wrongly raises, or gives arrays that fit no tensor. Among those that fit, the layout is taken
under which most of the numbers are right; a wrong program is read in its right layout because its forward pass, or the
gradients of its last layer, still are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tuibp.engine.network import Network
from tuibp.explain.check.contract.arguments import UnfillableError, containers, depth_in, parameters_in
from tuibp.explain.check.contract.batched import with_batches
from tuibp.explain.check.contract.calls import Answer, Caller, Inventory
from tuibp.explain.check.contract.candidates import candidates, globals_of
from tuibp.explain.check.contract.fit import ALIKE, Score, consistent, score
from tuibp.explain.check.contract.handed import Handed, fits
from tuibp.explain.check.contract.layout import Layout
from tuibp.explain.check.contract.programs import look
from tuibp.explain.check.contract.store import sizes_of, slots
from tuibp.explain.check.contract.target import Target, targets
from tuibp.explain.check.observed import Failure, Observed
from tuibp.explain.check.probe import Probe
from tuibp.explain.check.probes import one_of_several, sized, square_of, trial_of


def detect(caller: Caller, like: Network, name: str = "", *, free: bool = False) -> Handed | Failure:
    """Find what to call and how.

    Args:
        like: the network whose activations, cost and depth the trials have.
        name: what the user has named.
        free: whether the code may be for other activations and another cost.

    Returns:
        The code, ready to be called; a Failure where nothing that was tried gave numbers.

    Raises:
        InputError: nothing in the file looks like backprop, or several things do equally.
    """
    inventory = caller.load()
    if isinstance(inventory, Failure):
        return inventory
    failures: list[Failure] = []
    for target in targets(inventory, name):
        found = _try(caller, inventory, target, like, free)
        if isinstance(found, Handed):
            return found
        if found is not None:
            failures.append(found)
    return _worst(failures)


def _worst(failures: Sequence[Failure]) -> Failure:
    """The failure that says most."""
    order = {"timeout": 0, "died": 0, "returned": 1, "exception": 2}
    if not failures:
        return Failure("returned", "nothing in the file could be called")
    return min(failures, key=lambda failure: order.get(failure.kind, 3))


def _try(caller: Caller, inventory: Inventory, target: Target, like: Network, free: bool) -> Handed | Failure | None:
    """The best layout of one target, on trials of several depths; a Failure where every layout of all fails."""
    failure: Failure | None = None
    start = Handed(caller, inventory, target, Layout())
    own = depth_in(target.function)
    depths = [own] if own else list(dict.fromkeys((like.L, 3, 2)))
    trials = [(depth, make) for depth in depths for make in (trial_of, square_of)] + ([] if own else [(1, trial_of)])
    partial: Handed | None = None
    reached: dict[Layout, tuple[int, ...]] = {}
    for depth, make in trials:
        if depth == 1 and not own and failure is not None and failure.kind == "exception":
            break  # what fails at its recursion is not right because one layer needs none
        if make is trial_of:
            reached = {}
        probe = make(like, depth)
        probe = one_of_several(probe) if free else probe
        found = _best(start, probe, reached)
        if (depth, make) == trials[0] and not own and (depth == 1 or not (isinstance(found, Handed) and found.whole)):
            # A list of arrays of one shape passes for an array: what is written for one layer takes it, too.
            single = _one_layer(start, like, free)
            if single is not None:
                return single
        if isinstance(found, Handed):
            only = bool(own) or depth != like.L or (found.whole and not _deeper(found, like, free))
            limited = replace(found, depth=depth) if only else found
            if found.whole:
                return with_batches(_without_biases(limited, probe), probe)
            partial = partial or limited
        elif found is not None:
            if found.kind in ("timeout", "died"):
                return found
            failure = failure or found
    found = _fixed(start, like, free) or partial
    if found is None and failure is not None and failure.kind == "exception":
        found = _one_output(start, like, free, depths)
    return found or failure


def _one_output(start: Handed, like: Network, free: bool, depths: Sequence[int]) -> Handed | None:
    """Code for yes and no: `assert A2.shape == (1, m)`."""
    for depth in depths:
        probe = trial_of(like, depth, 1)
        probe = one_of_several(probe) if free else probe
        found = _best(start, probe)
        if isinstance(found, Handed) and found.whole:
            limited = replace(found, outputs=1, depth=depth if depth != depths[0] or len(depths) == 1 else None)
            return with_batches(_without_biases(limited, probe), probe)
    return None


def _one_layer(start: Handed, like: Network, free: bool) -> Handed | None:
    """Code that takes W and b of one layer, in no list: logistic, linear or softmax regression, a neuron.

    It must give what every layer gives for one sample, dW = δ xᵀ: then a matrix is what it wants.
    """
    target = start.target
    if target.owner is None and not (parameters_in(target.function) and containers(target.function)[0] == "list"):
        return None
    if target.owner is not None and _deep(start, trial_of(like, 3)):
        return None
    reached: list[tuple[Score, Handed]] = []
    for n, flat in ((3, False), (1, False), (1, True)):
        probe = trial_of(like, 1, n)
        probe = one_of_several(probe) if free else probe
        found = _best(replace(start, layout=Layout(container="bare", flat=flat)), probe)
        if not isinstance(found, Handed) or not found.whole:
            continue
        level = _layered(found, found.suited(probe))
        if level:
            limited = replace(found, depth=1, outputs=1 if n == 1 else None)
            limited = with_batches(_without_biases(limited, probe), probe)
            reached.append(((level, float(limited.batched)), limited))
    if not reached:
        return None
    best = max(reached, key=lambda one: one[0])[1]
    listed = _best(start, trial_of(like, 1)) if best.outputs == 1 and target.owner is None else None
    if isinstance(listed, Handed) and _layered(listed, listed.suited(trial_of(like, 1))):
        return None  # it goes through a list, and the single row of a matrix passed for one
    return best


def _deep(start: Handed, probe: Probe) -> bool:
    """Whether an object has the weights of several layers where it is asked for them."""
    found = replace(start, cached={})._slots(probe)
    return isinstance(found, list) and len({slot.layer for slot in found if slot.name == "W"}) > 1


def _layered(found: Handed, probe: Probe) -> float:
    """How much of what comes back is as one layer gives it: see `consistent`."""
    observed = found.single(probe, 0)
    return 0.0 if isinstance(observed, Failure) else consistent(observed, probe)


def _deeper(found: Handed, like: Network, free: bool) -> bool:
    """Whether code that was found at the depth of the network takes another: else it is written for this one alone.

    Wrong code may take it only where all layers have one size, as the notes' recursion does.
    """
    other = 2 if like.L == 3 else 3
    for make in (trial_of, square_of):
        probe = make(like, other)
        probe = one_of_several(probe) if free else probe
        observed = found.single(found.suited(probe), 0)
        if isinstance(observed, Observed) and fits(observed, probe)[0] == other:
            return True
    return False


def _without_biases(found: Handed, probe: Probe) -> Handed:
    """Code that is handed biases and gives nothing for them, or leaves them as they are in a step, may not look at
    them at all: it has none then.
    """
    if not found.biased or found.layout.inside:
        return found
    single, other = (found.single(one, 0) for one in (probe, probe.bare()))
    if (
        isinstance(single, Failure)
        or isinstance(other, Failure)
        or any(t.name == "db" and value.any() for t, value in single.tensors.items())
    ):
        return found
    same = all(np.array_equal(value, other.tensors.get(t, np.empty(0))) for t, value in single.tensors.items())
    return replace(found, biased=False, layout=replace(found.layout, bias="none"), answers=[]) if same else found


def _fixed(start: Handed, like: Network, free: bool) -> Handed | None:
    """Code that builds a network of its own sizes: a probe of these sizes is made for it."""
    sizes = _own_sizes(start, like)
    if sizes is None or len(sizes) < 2:
        return None
    probe = sized(like, sizes, "a probe of your sizes")
    probe = one_of_several(probe) if free else probe
    found = _best(replace(start, fixed=sizes), probe)
    return with_batches(replace(found, fixed=sizes), probe) if isinstance(found, Handed) else None


def _own_sizes(start: Handed, like: Network) -> tuple[int, ...] | None:
    if start.target.owner is None:
        names = globals_of(start)
        found = slots({name: start.inventory.data[name] for name in names})
    else:
        try:
            answer = start.caller.run([look(start.target, trial_of(like, 2))])[0]
        except UnfillableError:
            return None
        found = slots(answer.instance) if isinstance(answer, Answer) else []
    sizes = sizes_of(found)
    if sizes is None:
        return None
    numbers, _ = sizes
    return numbers


def _best(start: Handed, probe: Probe, reached: dict[Layout, tuple[int, ...]] | None = None) -> Handed | Failure | None:
    """The layout under which most is right; a Failure where none gives numbers, None where none can be tried.

    Args:
        reached: the line that the code came to under each layout before it raised, on the trials so far: the layout
            that came furthest is meant. More is noted in it.
    """
    reached = {} if reached is None else reached
    tried: list[tuple[Handed, Observed]] = []
    failure: Failure | None = None
    every = list(candidates(start, probe))
    programs = []
    for handed in every:
        program = handed.program(handed.suited(probe), (0,))
        if isinstance(program, Failure):
            failure = failure or program
            continue
        programs.append((handed, program))
    if not programs:
        return failure
    answers = start.caller.run([program for _, program in programs])
    for (handed, _), answer in zip(programs, answers, strict=True):
        if isinstance(answer, Failure):
            failure = _clearer(failure, answer)
            reached[handed.layout] = max(reached.get(handed.layout, ()), answer.reached)
            continue
        square = len(set(probe.sizes)) == 1
        variants = list(_variants(handed, answer))
        variants += [replace(one, reverse=True, answers=[]) for one in variants] if square else []
        variants += [replace(one, apart=True, answers=[]) for one in variants] if _gives_vector(answer) else []
        for variant in variants:
            suited = variant.suited(probe)
            observed = variant._read(answer, suited, (0,))
            if isinstance(observed, Failure):
                failure = _clearer(failure, observed)
            else:
                backwards = variant.reverse or variant.found(answer, suited, (0,)).reversed
                tried.append((replace(variant, reverse=backwards, answers=[]), observed))
    if not tried:
        return failure
    scored = [(score(observed, handed.suited(probe)), handed) for handed, observed in tried]

    def order(one: tuple[Score, Handed]) -> tuple[Score, tuple[int, ...], Score]:
        whole, rest = one[0][:ALIKE], one[0][ALIKE:]
        return whole, reached.get(one[1].layout, ()), rest  # on a square trial, where everything fits

    top, best = max(scored, key=order)
    if top[0] <= 0.0:
        return failure
    return replace(best, whole=top[1] > 0.0, answers=[])


def _gives_vector(answer: Answer) -> bool:
    """Whether a vector of numbers comes back, which may hold all gradients."""
    result = answer.results[-1] if answer.results else None
    parts = result if isinstance(result, tuple) else (result,)
    return any(isinstance(part, np.ndarray) and part.ndim == 1 for part in parts)


def _clearer(old: Failure | None, new: Failure) -> Failure:
    """Of two failures that of the layout that went further into the user's code."""
    if old is None or new.kind in ("timeout", "died"):
        return new
    if "returned" in (old.kind, new.kind):  # it came to its end
        return old if old.kind == "returned" else new
    return new if new.reached > old.reached and old.kind == "exception" else old


def _variants(handed: Handed, answer: Answer) -> Iterator[Handed]:
    """What comes back read as a gradient, and as parameters after a step."""
    known = handed.rate_known(answer)
    result = answer.results[-1] if answer.results else None
    in_place = result is None or bool(answer.after)
    in_place = in_place and (bool(answer.after) or result is not None or handed.target.owner is not None)
    yield replace(handed, any_rate=in_place and not known, in_place=bool(answer.after), answers=[])
    if result is not None and (handed._argument_for("lr") or not known):
        yield replace(handed, steps=True, any_rate=not known, answers=[])
