"""The optimizer table against the papers' loops, one plain number at a time."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pytest

from tuibp.engine.arrays import Array
from tuibp.engine.calls import now
from tuibp.engine.optimizers import OPTIMIZERS, Optimizer, Rates

Float: TypeAlias = type[np.floating[Any]]
Settings: TypeAlias = Mapping[str, float]
Loop: TypeAlias = Callable[[float, list[float], float, Settings], float]

all_rows = pytest.mark.parametrize("row", OPTIMIZERS.values(), ids=lambda row: row.name)
both_dtypes = pytest.mark.parametrize("dtype", (np.float64, np.float32), ids=lambda dtype: dtype.__name__)

OTHER: dict[str, Settings] = {
    "sgd": {},
    "momentum": {"momentum": 0.5},
    "nesterov": {"momentum": 0.5},
    "rmsprop": {"rho": 0.75, "eps": 1e-2},
    "adam": {"beta1": 0.5, "beta2": 0.75, "eps": 1e-2},
}
"""Settings under which every constant of a rule shows in the result."""


def sgd(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    for g in gradients:
        w = w - lr * g
    return w


def momentum(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    velocity = 0.0
    for g in gradients:
        velocity = s["momentum"] * velocity + g
        w = w - lr * velocity
    return w


def nesterov(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    velocity = 0.0
    for g in gradients:
        velocity = s["momentum"] * velocity + g
        w = w - lr * (g + s["momentum"] * velocity)
    return w


def rmsprop(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    square = 0.0
    for g in gradients:
        square = s["rho"] * square + (1 - s["rho"]) * g**2
        w = w - lr * g / (math.sqrt(square) + s["eps"])
    return w


def adam(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    first = second = 0.0
    for t, g in enumerate(gradients, start=1):
        first = s["beta1"] * first + (1 - s["beta1"]) * g
        second = s["beta2"] * second + (1 - s["beta2"]) * g**2
        first_hat, second_hat = first / (1 - s["beta1"] ** t), second / (1 - s["beta2"] ** t)
        w = w - lr * first_hat / (math.sqrt(second_hat) + s["eps"])
    return w


def rmsprop_inside(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    square = 0.0
    for g in gradients:
        square = s["rho"] * square + (1 - s["rho"]) * g**2
        w = w - lr * g / math.sqrt(square + s["eps"])
    return w


def adam_uncorrected(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    first = second = 0.0
    for g in gradients:
        first = s["beta1"] * first + (1 - s["beta1"]) * g
        second = s["beta2"] * second + (1 - s["beta2"]) * g**2
        w = w - lr * first / (math.sqrt(second) + s["eps"])
    return w


def adam_eps_hat(w: float, gradients: list[float], lr: float, s: Settings) -> float:
    first = second = 0.0
    for t, g in enumerate(gradients, start=1):
        first = s["beta1"] * first + (1 - s["beta1"]) * g
        second = s["beta2"] * second + (1 - s["beta2"]) * g**2
        rate = lr * math.sqrt(1 - s["beta2"] ** t) / (1 - s["beta1"] ** t)
        w = w - rate * first / (math.sqrt(second) + s["eps"])
    return w


TEXTBOOK: dict[str, Loop] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
}
WRONG: list[tuple[str, Loop]] = [
    ("momentum", nesterov),
    ("nesterov", momentum),
    ("rmsprop", rmsprop_inside),
    ("adam", adam_uncorrected),
    ("adam", adam_eps_hat),
]


class Run:
    """Parameters under one optimizer, and the buffers that go with them."""

    def __init__(self, row: Optimizer, start: Array, settings: Settings) -> None:
        self.row, self.settings, self.count = row, settings, 0
        self.params, self.scratch = start.copy(), np.full_like(start, np.nan)
        self.slots = tuple(np.zeros_like(start) for _ in row.slots)

    def spend(self, gradients: Array, lr: float = 0.05) -> Run:
        """One update for each row of gradients (steps, parameters)."""
        for grad in gradients:
            self.count += 1
            rates = self.rates(lr)
            self.row.step(now, self.params, grad, self.slots, self.scratch, lr, self.settings, rates)
        return self

    def rates(self, lr: float) -> Rates:
        """The numbers of the next update."""
        return self.row.schedule(lr, self.settings, self.count)


def problem(dtype: Float = np.float64, steps: int = 5) -> tuple[Array, Array]:
    """Parameters (11,) and gradients (steps, 11) of sizes from 1e-3 to 10, one parameter without any."""
    rng = np.random.default_rng(6)
    scale = np.append(10.0 ** np.linspace(-3, 1, 10), 0.0)
    return rng.normal(size=11).astype(dtype), (rng.normal(size=(steps, 11)) * scale).astype(dtype)


def by_textbook(loop: Loop, start: Array, gradients: Array, settings: Settings) -> list[float]:
    """The loop for each parameter by itself."""
    return [loop(w, g, 0.05, settings) for w, g in zip(start.tolist(), gradients.T.tolist(), strict=True)]


def test_every_row_has_a_textbook_loop_here() -> None:
    assert TEXTBOOK.keys() == OTHER.keys() == OPTIMIZERS.keys()
    assert all(OTHER[row.name].keys() == row.defaults.keys() for row in OPTIMIZERS.values())


@all_rows
@both_dtypes
@pytest.mark.parametrize("defaults", [True, False], ids=["defaults", "other settings"])
def test_five_steps_follow_the_textbook(row: Optimizer, dtype: Float, defaults: bool) -> None:
    start, gradients = problem(dtype)
    settings = row.defaults if defaults else OTHER[row.name]
    kept = gradients.copy()
    run = Run(row, start, settings).spend(gradients)
    tolerance = 32 * float(np.finfo(dtype).eps)
    want = by_textbook(TEXTBOOK[row.name], start, gradients, settings)
    np.testing.assert_allclose(run.params, want, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(gradients, kept)
    assert run.params.dtype == dtype
    assert run.params[-1] == start[-1]  # what has no gradient, the layout's padding too, does not move


@pytest.mark.parametrize(("name", "loop"), WRONG, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_the_textbook_check_tells_variants_apart(name: str, loop: Loop) -> None:
    start, gradients = problem()
    run = Run(OPTIMIZERS[name], start, OTHER[name]).spend(gradients)
    assert np.max(np.abs(run.params - by_textbook(loop, start, gradients, OTHER[name]))) > 1e-3


def test_first_step_of_adam_by_hand() -> None:
    # m = 0.1 g, v = 0.001 g²; corrected m = g, v = g²: the step is lr g / (|g| + 1e-8), here 0.5 * 2 / (2 + 1e-8).
    run = Run(OPTIMIZERS["adam"], np.array([1.0]), OPTIMIZERS["adam"].defaults).spend(np.array([[2.0]]), lr=0.5)
    assert run.params[0] == pytest.approx(1 - 1 / (2 + 1e-8), rel=1e-15)
    assert [float(slot[0]) for slot in run.slots] == pytest.approx([0.2, 0.004], rel=1e-15)


@all_rows
def test_all_memory_lies_in_the_slots(row: Optimizer) -> None:
    start, gradients = problem()
    straight = Run(row, start, row.defaults).spend(gradients)
    first = Run(row, start, row.defaults).spend(gradients[:3])
    resumed = Run(row, first.params, row.defaults)
    resumed.count = first.count
    resumed.slots = tuple(slot.copy() for slot in first.slots)
    resumed.spend(gradients[3:])
    np.testing.assert_array_equal(resumed.params, straight.params)
    for ours, theirs in zip(resumed.slots, straight.slots, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@all_rows
def test_a_slice_moves_as_it_does_within_the_whole(row: Optimizer) -> None:
    start, gradients = problem()
    whole, part = Run(row, start, row.defaults), Run(row, start[:4], row.defaults)
    whole.spend(gradients)
    part.spend(gradients[:, :4])
    np.testing.assert_array_equal(part.params, whole.params[:4])


class ArrayRun(Run):
    """The same with the numbers of the schedule in arrays, as run mode has them."""

    def rates(self, lr: float) -> Rates:
        return [np.array(rate, self.params.dtype) for rate in super().rates(lr)]


@all_rows
@both_dtypes
def test_numbers_of_the_schedule_may_be_arrays(row: Optimizer, dtype: Float) -> None:
    start, gradients = problem(dtype, steps=20)
    floats = Run(row, start, row.defaults).spend(gradients)
    arrays = ArrayRun(row, start, row.defaults).spend(gradients)
    assert floats.params.tobytes() == arrays.params.tobytes()


def test_only_adam_counts() -> None:
    # c1 = 1 - 0.9^2 = 0.19, c2 = 1 - 0.999^2 = 0.001999: (1e-8 √c2, 0.5 √c2 / c1)
    for row in OPTIMIZERS.values():
        root = math.sqrt(0.001999)
        want = (1e-8 * root, 0.5 * root / 0.19) if row.name == "adam" else ()
        assert row.schedule(0.5, row.defaults, 2) == pytest.approx(want, rel=1e-12)


@all_rows
@both_dtypes
def test_scratch_holds_the_update_afterwards(row: Optimizer, dtype: Float) -> None:
    start, gradients = problem(dtype)
    run = Run(row, start, row.defaults).spend(gradients[:4])
    before = run.params.copy()
    run.spend(gradients[4:])
    np.testing.assert_array_equal(run.params, before - run.scratch)
    assert np.count_nonzero(run.scratch) == 10


@all_rows
@both_dtypes
def test_a_step_allocates_no_vector(row: Optimizer, dtype: Float) -> None:
    start = np.ones(20_000, dtype)
    gradients = np.ones((2, 20_000), dtype)
    run = Run(row, start, row.defaults).spend(gradients)
    tracemalloc.start()
    try:
        run.spend(gradients)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < start.nbytes / 4


@all_rows
def test_every_row_says_what_it_is(row: Optimizer) -> None:
    assert OPTIMIZERS[row.name] is row
    lines = row.formula.split("\n")
    assert [line.split(" ← ")[0] for line in lines] == [*row.slots, "θ"]
    assert row.source


@all_rows
@pytest.mark.parametrize("defaults", [True, False], ids=["defaults", "other settings"])
def test_five_steps_follow_pytorch(row: Optimizer, defaults: bool) -> None:
    torch = pytest.importorskip("torch")
    start, gradients = problem()
    s = row.defaults if defaults else OTHER[row.name]
    tensor = torch.nn.Parameter(torch.tensor(start))
    optimizer = {
        "sgd": lambda: torch.optim.SGD([tensor], lr=0.05),
        "momentum": lambda: torch.optim.SGD([tensor], lr=0.05, momentum=s["momentum"]),
        "nesterov": lambda: torch.optim.SGD([tensor], lr=0.05, momentum=s["momentum"], nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop([tensor], lr=0.05, alpha=s["rho"], eps=s["eps"]),
        "adam": lambda: torch.optim.Adam([tensor], lr=0.05, betas=(s["beta1"], s["beta2"]), eps=s["eps"]),
    }[row.name]()
    for grad in gradients:
        tensor.grad = torch.tensor(grad)
        optimizer.step()
    run = Run(row, start, s).spend(gradients)
    np.testing.assert_allclose(run.params, tensor.detach().numpy(), rtol=1e-13, atol=1e-14)
