"""`tuibp check` on code of one layer: regressions and neurons take W and b themselves, and no lists of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_check import Captured, checked
from tuibp.cli import main

COURSE = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return {"dw": 1 / m * np.dot(X, (A - Y).T), "db": 1 / m * np.sum(A - Y)}, cost
"""
ROWS = """
import numpy as np
def gradient(w, b, X, y):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    dw = X.T @ (p - y) / len(y)
    db = np.mean(p - y)
    return dw, db
"""
SOFTMAX = """
import numpy as np
def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
def grad(W, b, X, Y):
    P = softmax(X @ W + b)
    return X.T @ (P - Y) / len(X), (P - Y).mean(axis=0)
"""
LINEAR = """
import numpy as np
def compute_gradient(x, y, w, b):
    e = np.dot(w, x) + b - y
    return e * x, e
"""
LAYER = """
import numpy as np
def backprop(x, y, w, b):
    a = np.tanh(w @ x + b)
    delta = (a - y) * (1 - a**2)
    return np.outer(delta, x), delta
"""
NEURON = """
import numpy as np
class Neuron:
    def __init__(self, n_inputs):
        self.weights, self.bias = np.random.randn(n_inputs), 0.0
    def forward(self, x):
        self.a = 1 / (1 + np.exp(-(np.dot(self.weights, x) + self.bias)))
        return self.a
    def backward(self, x, y):
        a = self.forward(x)
        d = (a - y) * a * (1 - a)
        return d * x, d
"""
STEP = """
import numpy as np
class Perceptron:
    def __init__(self, n):
        self.W, self.b = np.zeros((n, 1)), np.zeros((1,))
    def train_step(self, X, Y, lr=0.1):
        dZ = 1 / (1 + np.exp(-(X @ self.W + self.b))) - Y
        self.W -= lr * X.T @ dZ / len(X)
        self.b -= lr * dZ.sum(axis=0) / len(X)
"""
ONE_LAYER = [COURSE, ROWS, SOFTMAX, LINEAR, LAYER, NEURON, STEP]
NETWORK = """
[data.inline]
x = [[0.1, 0.2], [0.5, -0.3], [-0.7, 0.4], [0.9, 0.8]]
y = [[0], [1], [1], [0]]
[[layer]]
units = 1
activation = "sigmoid"
[cost]
kind = "binary-cross-entropy"
"""


@pytest.mark.parametrize("source", ONE_LAYER, ids=range(len(ONE_LAYER)))
def test_right_code_of_one_layer_is_right(tmp_path: Path, capsys: Captured, source: str) -> None:
    code, out, _ = checked(tmp_path, capsys, source)
    assert code == 0 and "RIGHT" in out, out


@pytest.mark.parametrize("source", [COURSE, ROWS, STEP], ids=range(3))
def test_a_network_of_one_layer(tmp_path: Path, capsys: Captured, source: str) -> None:
    (tmp_path / "one.toml").write_text(NETWORK, encoding="utf-8")
    code, out, _ = checked(tmp_path, capsys, source, "--network", str(tmp_path / "one.toml"))
    assert code == 0 and "RIGHT" in out, out


def test_a_network_of_more_layers_is_refused(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ROWS, encoding="utf-8")
    assert main(["check", str(file), "--network", "xor"]) == 2
    assert "your code is written for 1 layer, the network file has 2" in capsys.readouterr().err


WRONG = [
    (COURSE.replace("A - Y", "Y - A"), {"sign-flipped"}),
    (LAYER.replace("(1 - a**2)", "(1 - a)"), {"slope-half-written"}),
    (STEP.replace("-= lr", "+= lr"), {"sign-flipped"}),
]


@pytest.mark.parametrize(("source", "names"), WRONG, ids=range(len(WRONG)))
def test_mistakes_in_one_layer(tmp_path: Path, capsys: Captured, source: str, names: set[str]) -> None:
    code, out, _ = checked(tmp_path, capsys, source, "--json")
    found = json.loads(out)
    assert code == 1 and {one["name"] for some in found["mistakes"] for one in some} == names, out


def test_a_batch_that_sums_one_tensor_and_averages_the_other(tmp_path: Path, capsys: Captured) -> None:
    code, out, _ = checked(tmp_path, capsys, ROWS.replace("np.mean", "np.sum"))
    assert code == 1 and "the tensors are not reduced alike" in " ".join(out.split()), out


def test_code_that_fails_with_more_layers_is_not_right_because_one_works(tmp_path: Path, capsys: Captured) -> None:
    right = (Path(__file__).parents[2] / "samples" / "check" / "right_class.py").read_text(encoding="utf-8")
    source = right.replace("a = self.activations[l + 1]", "a = self.activations[min(l + 2, len(self.weights))]")
    code, out, _ = checked(tmp_path, capsys, source, "--json")
    found = json.loads(out)
    assert code == 1 and found["outcome"] == "wrong" and found["first"]["tensor"] == "delta", out
