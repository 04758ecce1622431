"""`why`: every printed factor, term and share recomputes; gains multiply to the norm; the claims of zero and nan hold.

`python -m tests.explain.test_why` looks at 5,000 random cells of all samples and at 500 made cases; the suite at fewer.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from tuibp.cli.files import open_recipe, samples
from tuibp.console.console import Console
from tuibp.debugger.names import TENSORS, CellRef
from tuibp.debugger.session import Session
from tuibp.debugger.view import View
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.costs import COSTS
from tuibp.engine.dataset import dataset
from tuibp.engine.network import Layer, Network, Parameters
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.recipe import Plan, Recipe
from tuibp.errors import TuibpError
from tuibp.explain.why.gains import gains
from tuibp.explain.why.links import Link
from tuibp.explain.why.nonfinite import of_terms
from tuibp.explain.why.zero import Zero, why_zero
from tuibp.present.entries import entry
from tuibp.present.why import Why, document, why_cell

EPS = float(np.finfo(np.float64).eps)


# -- terms


def stored(view: View, link: Link) -> float | None:
    """A cell as it stands where a link leads to: looked up there, and nowhere else."""
    return entry(View(view.timeline, link.t, link.sample), link.cell)


def check(view: View, why: Why) -> None:
    """Hold an answer against the stored values, each read anew where its link leads."""
    value = entry(view, why.cell)
    assert value == why.value or (value is not None and math.isnan(value) and math.isnan(why.value))
    if not math.isfinite(why.value):
        return
    for factor in why.operands:
        assert factor.link is not None and stored(view, factor.link) == factor.value
    if not why.terms:
        return
    size = abs(why.rest)
    if why.cell.name in ("uW", "ub"):  # a difference of two parameters has no more digits than they have
        parameter = entry(view, CellRef(why.cell.name[1:], why.cell.layer, why.cell.index))
        size += 0.0 if parameter is None else abs(parameter)
    for term in why.terms:
        product = 1.0
        for factor in term.factors:
            if factor.link is not None:
                assert stored(view, factor.link) == factor.value, (why.cell, factor)
            product *= factor.value
        assert product == term.value
        size += abs(term.value)
    plain = document(why)
    terms = plain["terms"]
    assert isinstance(terms, list)
    for term, said in zip(why.terms, terms, strict=True):
        assert said["share"] is None or said["share"] == pytest.approx(term.value / why.total, rel=1e-12)
    together = math.fsum([*(term.value for term in why.terms), why.rest])
    count = len(why.terms) + why.others
    assert abs(together - why.total) <= 4 * count * EPS * max(size, 1e-300)
    # What is printed as rounding is all that stands between the terms and the stored value.
    assert why.total / why.scale + why.rounding == pytest.approx(why.value, rel=4 * EPS, abs=EPS * size)
    assert abs(why.rounding) <= 8 * count * EPS * max(size, abs(why.value)) / min(why.scale, 1.0)


def cells(view: View, rng: np.random.Generator) -> Iterator[CellRef]:
    """A cell of every kind."""
    network = view.network
    for name, row in TENSORS.items():
        layer = None if row.first is None else int(rng.integers(row.first, network.L + 1))
        shape = row.shape(network, layer or 0)
        yield CellRef(name, layer, tuple(int(rng.integers(0, n)) for n in shape))
    yield from (CellRef("cost"), CellRef("bcost"), CellRef("ecost"))


def walk(count: int, seed: int) -> int:
    """Random cells at random places of all samples; how many had an answer."""
    rng, done = np.random.default_rng(seed), 0
    views = {name: Session(open_recipe(name)) for name in samples()}
    names = list(views)
    while done < count:
        session = views[names[int(rng.integers(len(names)))]]
        few = min(session.clock.total, 4 * session.clock.batch_start(0, 1) + 50)
        view = View(session.timeline, int(rng.integers(1, few)))
        for cell in cells(view, rng):
            try:
                why = why_cell(view, cell, int(rng.integers(1, 12)))
            except TuibpError:
                continue
            if why is not None:
                check(view, why)
                done += 1
    return done


def test_every_factor_term_and_share_recomputes() -> None:
    assert walk(500, 1) >= 500


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_parameters_after_an_update(optimizer: str) -> None:
    row = OPTIMIZERS[optimizer]
    recipe = made(("tanh", "identity"), (3, 4, 2), "squared-error")
    plan = recipe.plan._replace(optimizer=row, settings=dict(row.defaults))
    session = Session(Recipe("", recipe.network, recipe.initial, recipe.train, plan))
    session.run("e1.b1.begin")
    for cell in (CellRef("W", 1, (2, 1)), CellRef("b", 2, (0,)), CellRef("uW", 2, (1, 3)), CellRef("ub", 1, (0,))):
        why = why_cell(session.view(), cell)
        assert why is not None
        check(session.view(), why)


def test_a_check_can_fail() -> None:
    session = Session(open_recipe("xor"))
    session.run("e0.b0.update")
    why = why_cell(session.view(), CellRef("z", 2, (0,)))
    assert why is not None
    object.__setattr__(why.terms[0].factors[0], "value", 1.0 + why.terms[0].factors[0].value)
    with pytest.raises(AssertionError):
        check(session.view(), why)


# -- gains


def test_gains_multiply_to_the_norm() -> None:
    for name in samples():
        session = Session(open_recipe(name))
        session.run("e0.b0.update")
        view = session.view()
        for tensor in ("db", "dC_da", "dW"):
            for layer in range(1, view.network.L + 1):
                table = gains(view, tensor, layer, "small")
                value = view.get(tensor, layer)
                assert table is not None and value is not None
                norm = float(np.linalg.norm(value))
                if math.isfinite(norm) and all(math.isfinite(step.value) for step in table.steps):
                    assert table.product == pytest.approx(norm, rel=1e-12, abs=1e-300)


def made(
    activations: tuple[str, ...],
    sizes: tuple[int, ...],
    cost: str,
    seed: int = 0,
    scale: float = 1.0,
    bias: float = 0.1,
    inputs: float = 1.0,
) -> Recipe:
    """A small network with drawn numbers."""
    rng = np.random.default_rng(seed)
    layers = tuple(Layer(n, ACTIVATIONS[a]) for n, a in zip(sizes[1:], activations, strict=True))
    network = Network(sizes[0], layers, COSTS[cost])
    W = [rng.normal(0.0, scale, (n, k)) for k, n in pairwise(sizes)]
    b = [rng.normal(0.0, bias, n) for n in sizes[1:]]
    train = dataset(inputs * rng.normal(size=(6, sizes[0])), rng.uniform(0.1, 0.9, (6, sizes[-1])))
    sgd = OPTIMIZERS["sgd"]
    plan = Plan(sgd, dict(sgd.defaults), 0.05, 2, 3, False)
    return Recipe("made", network, Parameters.of(network, W, b), train, plan)


VERDICTS = [
    (made(("sigmoid",) * 7, (3,) * 8, "squared-error"), "db[1]", "small", "Depth of sigmoid"),
    (made(("tanh", "tanh"), (3, 4, 2), "squared-error", scale=40.0), "db[1]", "small", "are saturated"),
    (made(("identity",) * 3, (3, 4, 4, 2), "squared-error", scale=0.01), "db[1]", "small", "The weights are small"),
    (
        made(("identity",) * 4, (3, 6, 6, 6, 2), "squared-error", scale=3.0, bias=0.0, inputs=1e-4),
        "db[1]",
        "big",
        "The weights are large",
    ),
    (made(("identity",), (3, 2), "squared-error", scale=90.0), "db[1]", "big", "The seed is big"),
]


@pytest.mark.parametrize(("recipe", "target", "size", "words"), VERDICTS, ids=[words for *_, words in VERDICTS])
def test_verdicts(recipe: Recipe, target: str, size: str, words: str) -> None:
    console = Console(Session(recipe))
    console.execute("goto e0.b0.update")
    assert words in "\n".join(console.execute(f"why {size} {target}").lines)


# -- zero


def holds(view: View, reason: Zero) -> None:
    """Evaluate a claim and those that it rests on, each by its own arithmetic."""
    view = View(view.timeline, view.t, reason.sample if reason.sample is not None else view.look)
    cell, network = reason.cell, view.network
    value = entry(view, cell)
    assert value == 0.0, reason
    l = cell.layer or 0
    if reason.kind == "off":
        z = view.get("z", l)
        assert z is not None and z[cell.index[0]] <= 0.0 and network.activation(l).name == "relu"
    elif reason.kind == "input":
        assert cell.name in ("x", "y", "dC_da")
    elif reason.kind == "met":
        a, y = view.get("a", network.L), view.get("y")
        assert a is not None and y is not None
        assert cell.name == "cost" or a[cell.index[0]] == y[cell.index[0]]
    elif reason.kind == "factor":
        assert reason.because
    elif reason.kind == "terms":
        why = why_cell(view, cell, 10_000)
        assert why is not None and all(term.value == 0.0 for term in why.terms)
    elif reason.kind == "cancels":
        why = why_cell(view, cell, 10_000)
        assert why is not None and any(term.value for term in why.terms)
    elif reason.kind == "underflows":
        why = why_cell(view, cell, 10_000)
        assert why is not None
        for term in why.terms:
            assert all(factor.value for factor in term.factors) or cell.name not in ("db", "dW")
    for inner in reason.because:
        holds(view, inner)


def zeros(seed: int) -> Session:
    """A network in which much is exactly zero: black inputs, units that are off, weights of zero, met targets."""
    rng = np.random.default_rng(seed)
    recipe = made(("relu", "relu", "identity"), (5, 6, 4, 2), "squared-error", seed, bias=0.8)
    x = np.where(rng.uniform(size=(6, 5)) < 0.6, 0.0, rng.integers(-2, 3, (6, 5)).astype(np.float64))
    W = [np.where(rng.uniform(size=w.shape) < 0.4, 0.0, np.round(2.0 * w)) for w in recipe.initial.W[1:]]
    b = [np.round(one) for one in recipe.initial.b[1:]]
    network = recipe.network
    params = Parameters.of(network, W, b)
    first = Session(Recipe("", network, params, dataset(x, np.ones((6, 2))), recipe.plan))
    first.run("e0.b0.update")
    outputs = [View(first.timeline, first.t, s).get("a", 3) for s in range(3)]
    y = rng.integers(-1, 2, (6, 2)).astype(np.float64)
    assert outputs[0] is not None
    y[0] = outputs[0]  # a target that is met
    session = Session(Recipe("", network, params, dataset(x, y), recipe.plan))
    session.run("e0.b0.update")
    return session


def zero_cases(count: int) -> int:
    """Claims about zero cells that hold; how many there were."""
    done = seed = 0
    kinds: set[str] = set()
    while done < count:
        seed += 1
        session = zeros(seed)
        for s in range(3):
            view = View(session.timeline, session.t, s)
            for name in ("z", "a", "sp", "dC_da", "db", "dW", "gW", "gb"):
                layer = int(np.random.default_rng(seed * 7 + s).integers(1, 4))
                array = view.get(name, layer)
                assert array is not None
                for index in np.argwhere(array == 0.0)[:2]:
                    reason = why_zero(view, CellRef(name, layer, tuple(int(i) for i in index)))
                    assert reason is not None
                    holds(view, reason)
                    kinds.add(reason.kind)
                    done += 1
    assert {"off", "factor", "terms", "met"} <= kinds, kinds
    return done


def test_claims_about_zero_hold() -> None:
    assert zero_cases(120) >= 120


def test_black_inputs_come_before_dead_units() -> None:
    console = Console(Session(open_recipe("digits")))
    console.execute("goto e1.b3.update")
    lines = console.execute("why zero gW[1][3,0]").lines
    assert "for 32 of them because a[0][0] is" in lines[0] and "input 0" in "\n".join(lines)


def test_a_claim_about_zero_can_be_false() -> None:
    session = zeros(3)
    view = View(session.timeline, session.t, 0)
    z = view.get("z", 1)
    assert z is not None and (z > 0.0).any()
    on = int(np.argmax(z))
    for kind in ("off", "terms", "input"):
        with pytest.raises(AssertionError):
            holds(view, Zero(CellRef("a", 1, (on,)), "", kind))


# -- nan


def nan_cases(count: int) -> int:
    """Sums of products that are not finite, classified: each class is evaluated."""
    rng, done = np.random.default_rng(5), 0
    while done < count:
        terms = [tuple(_factor(rng) for _ in range(2)) for _ in range(int(rng.integers(1, 6)))]
        with np.errstate(all="ignore"):
            products = [a * b for a, b in terms]
            total = math.nan if any(map(math.isnan, products)) else float(np.add.reduce(products))
        if math.isfinite(total):
            continue
        kind, blamed, _ = of_terms(terms)
        done += 1
        if kind == "0 * inf":
            assert any(0.0 in terms[k] and any(map(math.isinf, terms[k])) for k in blamed)
        elif kind == "inf - inf":
            assert {math.copysign(1.0, products[k]) for k in blamed} == {1.0, -1.0}
            assert all(math.isinf(products[k]) for k in blamed)
        elif kind == "operand":
            assert any(not math.isfinite(factor) for k in blamed for factor in terms[k])
        else:
            assert kind == "overflow" and all(math.isfinite(factor) for k in blamed for factor in terms[k])
            assert math.isinf(total)
    return done


def _factor(rng: np.random.Generator) -> float:
    choices = (0.0, math.inf, -math.inf, math.nan, 1e200, -1e200, 1e308, 1.5, -0.5, 1e-300)
    weights = np.array([2, 1, 1, 0.5, 4, 4, 3, 4, 4, 1])
    return float(rng.choice(choices, p=weights / weights.sum()))


def test_what_is_not_finite_is_classified() -> None:
    assert nan_cases(300) >= 300


def broken(**changes: object) -> Console:
    """A network that is about to break."""
    recipe = made(("relu", "identity"), (2, 2, 1), "squared-error")
    train, W = recipe.train, [w.copy() for w in recipe.initial.W[1:]]
    network = recipe.network
    if "W" in changes:
        W = changes["W"]  # type: ignore[assignment]
    if "x" in changes:
        train = dataset(np.array(changes["x"], np.float64), np.zeros((2, 1)))
    params = Parameters.of(network, W, [np.zeros(2), np.zeros(1)])
    plan = recipe.plan._replace(lr=float(str(changes.get("lr", 0.1))), batch=2, epochs=4)
    return Console(Session(Recipe("", network, params, train, plan)))


NAN = [
    (broken(x=[[1e200, 1.0], [1.0, 1.0]], W=[[[1e200, 0.0], [0.0, 1.0]], [[1.0, 1.0]]]), "overflow", "z[1][0]"),
    (broken(x=[[1e200, 1e200], [1.0, 1.0]], W=[[[1e200, -1e200], [0.0, 1.0]], [[1.0, 1.0]]]), "inf - inf", "z[1][0]"),
    (broken(x=[[1e160, 1.0], [1.0, 1.0]], W=[[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]]), "overflow", "cost"),
    (
        broken(x=[[1.0, 1.0], [1.0, 1.0]], W=[[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], lr=1e308),
        "divergence",
        "W[1][0,0]",
    ),
]


@pytest.mark.parametrize(("console", "kind", "cell"), NAN, ids=[f"{kind} {cell}" for _, kind, cell in NAN])
def test_the_first_offender_is_found_and_classified(console: Console, kind: str, cell: str) -> None:
    console.execute("goto end")
    found = console.execute("why nan").values
    assert (found["kind"], found["cell"]) == (kind, cell)
    console.execute("follow 1")
    value = entry(console.session.view(), _cell(cell, console))
    assert value is not None and not math.isfinite(value)
    console.session.go(console.session.t - 1)
    before = entry(console.session.view(), _cell(cell, console))
    assert before is None or math.isfinite(before)


def _cell(text: str, console: Console) -> CellRef:
    from tuibp.debugger.names import parse_cell

    return parse_cell(text, console.session.recipe.network)


def test_log_of_zero() -> None:
    # e^-800 is 0 in float64, so a softmax of z = (0, 800) has a = (0, 1); y = (1, 0) asks for ln 0. The cost is taken
    # by the unfused formula here: tanh below a softmax does not matter, the pair is softmax with cross-entropy, whose
    # fused cost stays finite, so the gradient -y / a is the first that does not.
    recipe = made(("softmax",), (1, 2), "cross-entropy")
    params = Parameters.of(recipe.network, [[[0.0], [800.0]]], [[0.0, 0.0]])
    train = dataset(np.ones((2, 1)), np.array([[1.0, 0.0], [1.0, 0.0]]))
    console = Console(Session(Recipe("", recipe.network, params, train, recipe.plan._replace(batch=2))))
    console.execute("goto e0.b0.update")
    found = console.execute("why nan").values
    assert (found["kind"], found["cell"]) == ("x / 0", "dC_da[1][0]")


# -- following and blaming


def test_follow_goes_there_and_comes_back() -> None:
    console = Console(Session(open_recipe("iris")))
    console.execute("goto e2.b3.s4.acc")
    start = console.session.t
    console.execute("why dC_da[1][2]")
    reply = console.execute("follow 1")
    assert reply.values["cell"] == "db[2][0]" or str(reply.values["cell"]).startswith("db[2]")
    assert console.session.position.name.startswith("e2.b3.s4.bwd2")
    console.execute("follow 1")
    console.execute("follow")
    back = console.execute("follow")
    assert console.session.t == start and back.values["cell"] == "dC_da[1][2]"
    with pytest.raises(TuibpError, match="no link has been followed"):
        console.execute("follow")


def test_blame_adds_up_what_every_batch_has_moved() -> None:
    console = Console(Session(open_recipe("iris")))
    console.execute("goto e3.b7.begin")
    found = console.execute("blame W[1][2,1]").values
    session, steps = console.session, {}
    before = float(session.recipe.initial.W[1][2, 1])
    for epoch in range(4):
        for batch in range(session.timeline.program.K if epoch < 3 else 7):
            t = session.clock.batch_start(epoch, batch + 1)
            after = float(View(session.timeline, t).state.params.W[1][2, 1])
            steps[t], before = after - before, after
    assert found["batches"] == len(steps)
    assert found["way"] == pytest.approx(math.fsum(map(abs, steps.values())), rel=1e-12)
    assert found["net"] == pytest.approx(math.fsum(steps.values()), rel=1e-9)
    blamed = found["blamed"]
    assert isinstance(blamed, list)
    largest = sorted(steps.items(), key=lambda one: -abs(one[1]))[: len(blamed)]
    assert [(one["t"], one["step"]) for one in blamed] == largest


def main() -> None:
    """The full figures."""
    told = f"{walk(5000, 2)} cells, {zero_cases(500)} zeros and {nan_cases(500)} of what is not finite: all claims hold"
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
