"""A recipe from arrays, held to the rules of the network file, and texts made safe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.formats.files import GOOD, opened
from tuibp.engine.build import build
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import quoted, safe
from tuibp.errors import CombinedError, InputError

X = np.array([[0.05, 0.10], [0.5, 1.0]])
Y = np.array([[0.01, 0.99], [1.0, 0.0]])
W, B = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([0.35, 0.35])


def test_the_same_recipe_as_from_a_file() -> None:
    built = build(
        X,
        Y,
        layers=[(W, B, "sigmoid"), {"units": 2, "activation": "tanh", "init": {"biases": 0.1}}],
        cost="half-squared-error",
        reduction="sum",
        optimizer={"kind": "adam", "lr": 0.01, "betas": [0.8, 0.99], "eps": 1e-7},
        epochs=3,
        batch=32,
        shuffle=False,
        train_biases=False,
        seed=7,
        title="Two layers",
    )
    read = opened(GOOD)
    assert built.initial.flat.tobytes() == read.initial.flat.tobytes()
    assert built.train.x.tobytes() == read.train.x.tobytes()
    assert built.plan == read.plan
    assert built.network.sizes == read.network.sizes
    assert built.title == read.title


def test_lists_texts_and_numpy_numbers() -> None:
    recipe = build(
        np.array([0, 1, 2, 3], dtype=np.int8),
        ["b", "a", "b", "a"],
        layers=[{"units": np.int64(2), "activation": "softmax"}],
        lr=np.float64(0.5),
        split=0.5,
        normalize="minmax",
        features=["hour"],
    )
    assert recipe.train.classes == ("a", "b")
    assert recipe.train.features == ("hour",)
    assert recipe.test is not None
    assert recipe.train.N == recipe.test.N == 2


FAULTS: list[tuple[Callable[[], Recipe], str]] = [
    (lambda: build([[1.0, 2.0], [3.0]], Y, layers=[(2, "tanh")]), "x[1]: row 1 of x has 1 number"),
    (lambda: build(X, [[1.0, np.nan], [0.0, 1.0]], layers=[(2, "tanh")]), "y[0][1]: y[0][1] is nan"),
    (lambda: build(X, [1, 2, 3], layers=[(1, "tanh")]), "y: x has 2 rows, y has 3"),
    (lambda: build(X + 1j, Y, layers=[(2, "tanh")]), "x: x holds complex128 values"),
    (lambda: build(X, Y, layers=[(3, "tanh")]), 'layers[0]["units"]: the last layer has 3 units'),
    (lambda: build(X, Y, layers=[(2, "tanhh")]), 'did you mean "tanh"'),
    (lambda: build(X, Y, layers=[(W[:, :1], B, "tanh")]), "W has shape (2, 1), layer 1 wants (2, 2)"),
    (lambda: build(X, Y, layers=[]), "layers: the network has no layers"),
    (lambda: build(X, Y, layers=[5]), "layers[0]: layer 1 must be a table, not 5"),  # type: ignore[list-item]
    (lambda: build(X, Y, layers=[(2, "tanh")], lr=-1), "lr: lr = -1 is out of range"),
    (lambda: build(X, Y, layers=[(2, "tanh")], cost="mse"), 'cost: cost "mse" is not known'),
    (lambda: build(X, Y, layers=[(2, "tanh")], one_hot=True), "one_hot: "),
    (lambda: build(X, Y, layers=[(2, "tanh")], optimizer={"kind": "adam", "x": 1}), 'optimizer["x"]'),
    (lambda: build(X, Y, layers=[(2, "tanh")], split=2), "split: "),
    (lambda: build(X[:1], Y[:1], layers=[(2, "tanh")], split=0.5), "x: a single sample cannot be split"),
    (lambda: build(X, Y, layers=[(2, "tanh")], features=["a"]), "1 feature names for 2 columns"),
    (lambda: build(X, Y, layers=[(2, "tanh")], dtype="float16"), "dtype: "),
    (lambda: build(X, Y * 1e300, layers=[(2, "tanh")], dtype="float32"), "leaves the range of float32"),
    (
        lambda: build(X, Y, layers=[(W * 1e300, B, "tanh")], dtype="float32"),
        'layers[0]["W"]: W of layer 1 leaves the range of float32',
    ),
    (lambda: build(X, Y, layers=[(1000, "tanh")] * 60 + [(2, "tanh")]), "more than 50 million"),
    (lambda: build(X, Y, layers=[(1, "tanh")] * 1001), "the network has 1001 layers"),
]


@pytest.mark.parametrize(("call", "words"), FAULTS)
def test_faults_name_the_argument(call: Callable[[], Recipe], words: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert words in str(caught.value)


def test_faults_together() -> None:
    with pytest.raises(CombinedError) as caught:
        build(X, Y, layers=[(2, "tan")], epochs=0, seed=-1)
    assert [error.where for error in caught.value.errors] == ["seed", 'layers[0]["activation"]', "epochs"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("σ′ ∂C Häß", "σ′ ∂C Häß"),
        ("\x1b]0;title\x07", "]0;title"),
        ("\x9b31m", "31m"),
        ("a\u202eb\u200dc\ufeff", "abc"),
        ("日本", "??"),
        ("e\u0301", "e?"),
        ("🙂", "?"),
        ("a\r\n\tb", "a   b"),
        ("  a  ", "a"),
        ("x" * 50, "x" * 39 + "…"),
        ("\x1b" * 1000, "…"),
        ("\ud800", ""),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(safe(text)) == shown


def test_quoted_is_short() -> None:
    for value in (10**5000, "x" * 10**6, [1] * 10**6, {"a": 1}, None, 1e300, -(10**30)):
        assert len(quoted(value)) <= 50
