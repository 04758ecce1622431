"""`tuibp check` on ways to be called that published programs have, beyond lists of arrays: each page written here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_check import Captured, checked

HEAD = """
import numpy as np
def s(z): return 1 / (1 + np.exp(-z))
"""
BODY = """
    a = [x]
    for W, b in zip(Ws, bs):
        a.append(s(a[-1] @ W + b))
    d = (a[-1] - y) * a[-1] * (1 - a[-1]) / len(x)
    dWs, dbs = [], []
    for l in reversed(range(len(Ws))):
        dWs.insert(0, a[l].T @ d)
        dbs.insert(0, d.sum(axis=0))
        d = (d @ Ws[l].T) * a[l] * (1 - a[l])
"""
BY_KEYWORD = f"{HEAD}def gradients(*, x, y, weights, biases):\n    Ws, bs = weights, biases{BODY}    return dWs, dbs\n"
STARRED = f"""{HEAD}def gradients(x, y, *params):
    Ws, bs = params[0::2], params[1::2]{BODY}    return [g for both in zip(dWs, dbs) for g in both]
"""
PACKED = f"""{HEAD}def grad(params, batch):
    x, y = batch
    Ws, bs = zip(*params){BODY}    return list(zip(dWs, dbs))
"""
BY_NUMBER = """
import numpy as np
def s(z): return 1 / (1 + np.exp(-z))
def backprop(W, b, x, y):
    L, a, delta = len(W), {0: x}, {}
    for l in range(1, L + 1):
        a[l] = s(W[l] @ a[l - 1] + b[l])
    delta[L] = (a[L] - y) * a[L] * (1 - a[L])
    for l in range(L - 1, 0, -1):
        delta[l] = W[l + 1].T @ delta[l + 1] * a[l] * (1 - a[l])
    dW = {l: np.outer(delta[l], a[l - 1]) for l in delta}
    return dW, delta
"""
OPTIMIZED = """
import numpy as np
def s(z): return 1 / (1 + np.exp(-z))
def nnCostFunction(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lambda_=0.0):
    cut = hidden_layer_size * (input_layer_size + 1)
    T1 = nn_params[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    T2 = nn_params[cut:].reshape(num_labels, hidden_layer_size + 1)
    m, ones = len(X), np.ones((len(X), 1))
    a1 = np.hstack([ones, X])
    a2 = np.hstack([ones, s(a1 @ T1.T)])
    a3 = s(a2 @ T2.T)
    Y = np.eye(num_labels)[y]
    d3 = a3 - Y
    d2 = (d3 @ T2)[:, 1:] * (a2 * (1 - a2))[:, 1:]
    J = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
    return J, np.concatenate([(d2.T @ a1 / m).ravel(), (d3.T @ a2 / m).ravel()])
"""
YES_OR_NO = """
import numpy as np
def forward(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    assert A2.shape == (1, X.shape[1])
    return A2, {"A1": A1, "A2": A2}
def backward(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = parameters["W2"].T @ dZ2 * (1 - cache["A1"]**2)
    return {"dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m,
            "dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m}
"""
IN_PLACE = """
import numpy as np
def learn(streets, stops, weights_0_1, weights_1_2, alpha=0.2):
    error = 0
    for i in range(len(streets)):
        h = np.maximum(streets[i:i+1] @ weights_0_1, 0)
        d = h @ weights_1_2 - stops[i:i+1]
        e = d @ weights_1_2.T * (h > 0)
        weights_1_2 -= alpha * h.T @ d
        weights_0_1 -= alpha * streets[i:i+1].T @ e
        error += np.sum(d**2)
    return error
"""
BY_UNIT = """
from math import exp
def forward(network, row):
    values = row[:len(network[0][0]["weights"]) - 1]
    for layer in network:
        for unit in layer:
            w = unit["weights"]
            unit["out"] = 1 / (1 + exp(-(w[-1] + sum(a * b for a, b in zip(w, values)))))
        values = [unit["out"] for unit in layer]
    return values
def backward_error(network, wanted):
    for l in reversed(range(len(network))):
        for j, unit in enumerate(network[l]):
            if l == len(network) - 1:
                error = unit["out"] - wanted[j]
            else:
                error = sum(up["weights"][j] * up["delta"] for up in network[l + 1])
            unit["delta"] = error * unit["out"] * (1 - unit["out"])
def train_network(network, train, l_rate, n_epoch, n_outputs):
    for _ in range(n_epoch):
        for row in train:
            forward(network, row)
            backward_error(network, [float(k == row[-1]) for k in range(n_outputs)])
            values = row[:-1]
            for layer in network:
                for unit in layer:
                    for j, v in enumerate(values):
                        unit["weights"][j] -= l_rate * unit["delta"] * v
                    unit["weights"][-1] -= l_rate * unit["delta"]
                values = [unit["out"] for unit in layer]
"""
DEFAULTS = """
import numpy as np
class Net:
    def __init__(self, sizes, hidden="tanh", lr=0.01):
        self.lr = lr
        self.W = [np.zeros((n, k)) for k, n in zip(sizes, sizes[1:])]
        self.b = [np.zeros((n, 1)) for n in sizes[1:]]
    def train_step(self, X, Y):
        A = [X]
        for W, b in zip(self.W, self.b):
            A.append(np.tanh(W @ A[-1] + b))
        G = A[-1] - Y
        for l in reversed(range(len(self.W))):
            D = G * (1 - A[l + 1] ** 2)
            G = self.W[l].T @ D
            self.W[l] -= self.lr * D @ A[l].T
            self.b[l] -= self.lr * D.sum(axis=1, keepdims=True)
        return float(np.sum((A[-1] - Y) ** 2))
"""
OWN_RATE = """
import numpy as np
W1, b1, W2, b2 = np.zeros((3, 2)), np.zeros(3), np.zeros((1, 3)), np.zeros(1)
lr = 0.1
def train_one(x, y):
    global W1, b1, W2, b2
    h = 1 / (1 + np.exp(-(W1 @ x + b1)))
    o = 1 / (1 + np.exp(-(W2 @ h + b2)))
    d2 = (o - y) * o * (1 - o)
    d1 = W2.T @ d2 * h * (1 - h)
    W2, b2 = W2 - lr * np.outer(d2, h), b2 - lr * d2
    W1, b1 = W1 - lr * np.outer(d1, x), b1 - lr * d1
"""
TWO_PLACES = """
import numpy as np
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, std=0.01):
        self.params = {"W1": std * np.ones((input_size, hidden_size)), "b1": np.zeros(hidden_size),
                       "W2": std * np.ones((hidden_size, output_size)), "b2": np.zeros(output_size)}
        self.layers = {n: Affine(self.params["W" + n[-1]], self.params["b" + n[-1]]) for n in ("Affine1", "Affine2")}
    def gradient(self, x, t):
        one, two = self.layers.values()
        h = np.tanh(one.forward(x))
        d = (two.forward(h) - t) / len(x)
        one.backward(two.backward(d) * (1 - h**2))
        return {"W1": one.dW, "b1": one.db, "W2": two.dW, "b2": two.db}
"""
ONE_UNIT = """
import numpy as np
class NeuralNetwork:
    def __init__(self):
        self.synaptic_weights = 2 * np.random.random((3, 1)) - 1
    def train(self, training_inputs, training_outputs, training_iterations):
        for _ in range(training_iterations):
            o = 1 / (1 + np.exp(-training_inputs @ self.synaptic_weights))
            self.synaptic_weights += training_inputs.T @ ((training_outputs - o) * o * (1 - o))
"""
PAGES = [
    BY_KEYWORD, STARRED, PACKED, BY_NUMBER, OPTIMIZED, YES_OR_NO,
    IN_PLACE, BY_UNIT, DEFAULTS, OWN_RATE, TWO_PLACES, ONE_UNIT,
]  # fmt: skip


@pytest.mark.parametrize("source", PAGES, ids=range(len(PAGES)))
def test_right_pages(tmp_path: Path, capsys: Captured, source: str) -> None:
    code, out, _ = checked(tmp_path, capsys, source)
    assert code == 0 and "RIGHT" in out, out


WRONG = [
    (STARRED.replace(" * a[l] * (1 - a[l])", ""), "slope-missing"),
    (BY_NUMBER.replace("W[l + 1].T @", "W[l + 1] @"), "weights-not-transposed"),
    (OPTIMIZED.replace("(d3 @ T2)[:, 1:]", "(d3 @ T2)[:, :-1]"), "bias-column-not-removed"),
    (YES_OR_NO.replace(' * (1 - cache["A1"]**2)', ""), "slope-missing"),
    (BY_UNIT.replace('unit["out"] * (1 - unit["out"])', "1.0"), "slope-missing"),
    (DEFAULTS.replace("G = self.W[l].T @ D", "G = self.W[l].T @ G"), "raw-error-propagated"),
    (
        OWN_RATE.replace(
            """    d1 = W2.T @ d2 * h * (1 - h)
    W2, b2 = W2 - lr * np.outer(d2, h), b2 - lr * d2
""",
            """    W2, b2 = W2 - lr * np.outer(d2, h), b2 - lr * d2
    d1 = W2.T @ d2 * h * (1 - h)
""",
        ),
        "updated-weights-propagated",
    ),
]


@pytest.mark.parametrize(("source", "name"), WRONG, ids=range(len(WRONG)))
def test_mistakes_in_them(tmp_path: Path, capsys: Captured, source: str, name: str) -> None:
    code, out, _ = checked(tmp_path, capsys, source, "--json")
    named = [[one["name"] for one in some] for some in json.loads(out)["mistakes"]]
    assert code == 1 and [name] in named and len(named) <= 2, out


COUNTED = """
import numpy as np
def backprop(W1, b1, W2, b2, X, Y):
    m = Y.size
    T = np.zeros((m, Y.max() + 1))
    T[np.arange(m), Y] = 1
    Z = W1 @ X + b1
    A = np.maximum(Z, 0)
    E = np.exp(W2 @ A + b2)
    D2 = E / E.sum(axis=0) - T.T
    D1 = W2.T @ D2 * (Z > 0)
    return D1 @ X.T / m, D1.sum(axis=1, keepdims=True) / m, D2 @ A.T / m, D2.sum(axis=1, keepdims=True) / m
"""


def test_classes_that_are_counted_by_the_labels_of_the_batch(tmp_path: Path, capsys: Captured) -> None:
    code, out, _ = checked(tmp_path, capsys, COUNTED)
    assert code == 0 and "RIGHT" in out and "every sample here is of the last" in " ".join(out.split()), out
