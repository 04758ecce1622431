"""`tuibp check` on programs in the styles that people write in: each is read, and its mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_check import RIGHT, Captured, checked

BACKWARD_ONLY = """
import numpy as np
def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    A1, A2 = cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m,
            "dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m}
"""
LAYERS_WITH_NAMES = """
import numpy as np
class Net:
    def __init__(self, n_inputs, hidden_sizes, n_outputs):
        (n_hidden,) = hidden_sizes
        self.W_hidden, self.b_hidden = np.zeros((n_hidden, n_inputs)), np.zeros(n_hidden)
        self.W_out, self.b_out = np.zeros((n_outputs, n_hidden)), np.zeros(n_outputs)
    def backprop(self, x, y):
        h = np.tanh(self.W_hidden @ x + self.b_hidden)
        d_out = self.W_out @ h + self.b_out - y
        d_hidden = self.W_out.T @ d_out * (1 - h**2)
        return {"W_out": np.outer(d_out, h), "b_out": d_out, "W_hidden": np.outer(d_hidden, x), "b_hidden": d_hidden}
"""
ONE_VECTOR = """
import numpy as np
def backprop(X, Y, weights, biases):
    (U, V), (b, c) = weights, biases
    H = np.tanh(X @ U + b)
    D = H @ V + c - Y
    E = D @ V.T * (1 - H**2)
    parts = [X.T @ E, H.T @ D, E.sum(axis=0), D.sum(axis=0)]
    return np.concatenate([part.ravel() for part in parts])
"""
NAMELESS = """
import numpy as np
def gradient(p, q, r, s):
    h = np.tanh(r[0] @ p + s[0])
    d = r[1] @ h + s[1] - q
    e = r[1].T @ d * (1 - h**2)
    return [np.outer(e, p), np.outer(d, h)], [e, d]
"""
FORWARD = """
def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    return A2, {"Z1": Z1, "A1": A1, "A2": A2}
"""
MODULE_LEVEL = """
import numpy as np
W1, b1 = np.ones((5, 4)), np.ones((5, 1))
W2, b2 = np.ones((2, 5)), np.ones((2, 1))
def forward(x):
    z = W1 @ x + b1
    h = np.maximum(z, 0)
    return z, h, W2 @ h + b2
def backward(x, y, z, h, out):
    d = out - y
    e = W2.T @ d * (z > 0)
    return e @ x.T, e.sum(axis=1, keepdims=True), d @ h.T, d.sum(axis=1, keepdims=True)
"""
BIAS_IN_FRONT = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
def backprop(Theta, X, y):
    one = np.ones((len(X), 1))
    a = [np.hstack((one, X))]
    for T in Theta:
        a.append(np.hstack((one, sigmoid(a[-1] @ T.T))))
    d, grads = a[-1][:, 1:] - y, []
    for T, h in zip(Theta[::-1], a[-2::-1]):
        grads.insert(0, d.T @ h / len(X))
        d = d @ T[:, 1:] * h[:, 1:] * (1 - h[:, 1:])
    return grads
"""
LAYER_OBJECTS = """
import numpy as np
class Linear:
    def __init__(self, n_in, n_out):
        self.weight, self.bias = np.zeros((n_out, n_in)), np.zeros(n_out)
    def __call__(self, x):
        self.x = x
        return x @ self.weight.T + self.bias
    def backward(self, g):
        self.grad_weight, self.grad_bias = g.T @ self.x, g.sum(axis=0)
        return g @ self.weight
class Model:
    def __init__(self, n_in, n_hidden, n_out):
        self.fc1, self.fc2 = Linear(n_in, n_hidden), Linear(n_hidden, n_out)
    def forward(self, x):
        self.h = np.tanh(self.fc1(x))
        return self.fc2(self.h)
    def backward(self, x, y):
        self.fc1.backward(self.fc2.backward(self.forward(x) - y) * (1 - self.h**2))
"""
HALF_NAMED = """
import numpy as np
def forward(x, params):
    W1, b1, W2, b2 = params
    z = x @ W1 + b1
    h = np.maximum(z, 0)
    e = np.exp(h @ W2 + b2)
    return e / e.sum(axis=1, keepdims=True), (x, z, h, e / e.sum(axis=1, keepdims=True))
def backward(y, cache, params):
    W1, b1, W2, b2 = params
    x, z, h, p = cache
    d = (p - np.eye(p.shape[1])[y]) / x.shape[0]
    dW2, db2 = h.T @ d, d.sum(0)
    e = d @ W2.T * (z > 0)
    return x.T @ e, e.sum(0), dW2, db2
"""
LISTED = RIGHT.replace("a, z = [x]", "assert isinstance(x, list); x = np.array(x); a, z = [x]")
STYLES = [
    (BACKWARD_ONLY, "no forward pass"),
    (BACKWARD_ONLY + FORWARD, "output sigmoid, cost binary-cross-entropy"),
    (BIAS_IN_FRONT, "the bias is the first column of W"),
    (LAYER_OBJECTS, "Model.backward; batches, samples are rows"),
    (HALF_NAMED, "A batch gives the mean"),
    (MODULE_LEVEL, "builds its own sizes, 4-5-2"),
    (LAYERS_WITH_NAMES, "Net.backprop"),
    (ONE_VECTOR, "W is (in, out)"),
    (NAMELESS, "gradient"),
    (LISTED, "a list of numbers"),
]


@pytest.mark.parametrize(("source", "said"), STYLES, ids=range(len(STYLES)))
def test_styles_that_people_write_in(tmp_path: Path, capsys: Captured, source: str, said: str) -> None:
    code, out, _ = checked(tmp_path, capsys, source)
    assert code == 0 and "RIGHT" in out and said in " ".join(out.split()), out


WRONG_STYLES = [
    (BACKWARD_ONLY.replace(" * (1 - A1**2)", ""), "slope-missing"),
    (LAYERS_WITH_NAMES.replace("(1 - h**2)", "(1 - h)**2"), None),
    (BIAS_IN_FRONT.replace("T[:, 1:] *", "T[:, :-1] *"), "bias-column-not-removed"),
    (LAYER_OBJECTS.replace("(1 - self.h**2)", "(1 - self.h)"), "slope-half-written"),
    (HALF_NAMED.replace("(z > 0)", "(d @ W2.T > 0)"), "relu-mask-on-the-gradient"),
    (ONE_VECTOR.replace("D @ V.T * (1 - H**2)", "D @ V.T"), "slope-missing"),
    (ONE_VECTOR.replace("sum(axis=0)", "sum(axis=1)"), "db-summed-over-units"),
    (NAMELESS.replace("r[1] @ h + s[1] - q", "q - (r[1] @ h + s[1])"), "sign-flipped"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "name"), WRONG_STYLES, ids=range(len(WRONG_STYLES)))
def test_mistakes_in_these_styles(tmp_path: Path, capsys: Captured, source: str, name: str | None) -> None:
    code, out, _ = checked(tmp_path, capsys, source, "--json")
    names = {one["name"] for some in json.loads(out)["mistakes"] for one in some}
    assert code == 1 and (name is None or names == {name}), out


UNTOUCHED = """
import numpy as np
def helper(a): return a * (1 - a)
def backprop(x, y, weights, biases):
    a = [x]
    for W, b in zip(weights, biases):
        a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
    d = (a[-1] - y) * helper(a[-1])
    dW, db = [], []
    for l in range(len(weights) - 1, -1, -1):
        dW.insert(0, np.outer(d, a[l]))
        db.insert(0, d)
        if l:
            d = (weights[l].T @ dd) * helper(a[l])
    return dW, db
"""


def test_what_fails_at_its_recursion_is_not_right_for_one_layer(tmp_path: Path, capsys: Captured) -> None:
    code, out, _ = checked(tmp_path, capsys, UNTOUCHED)
    assert code == 1 and "NameError: name 'dd' is not defined" in out and "line 14" in out
    not_transposed = UNTOUCHED.replace("weights[l].T @ dd", "weights[l] @ d")
    code, out, _ = checked(tmp_path, capsys, not_transposed)
    assert code == 1 and "not transposed" in out
