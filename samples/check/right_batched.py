"""Two layers and softmax on a whole batch, samples are rows: this one is right, too.

Try it: tuibp check samples/check/right_batched.py
"""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss_and_gradients(params, X, Y):
    """Mean cross-entropy of the batch and its gradients; X is (m, features), Y is (m, classes)."""
    m = len(X)
    Z1 = X @ params["W1"] + params["b1"]
    A1 = np.tanh(Z1)
    P = softmax(A1 @ params["W2"] + params["b2"])
    loss = -np.sum(Y * np.log(P)) / m

    dZ2 = (P - Y) / m  # softmax with cross-entropy: no derivative of the activation is left
    dZ1 = (dZ2 @ params["W2"].T) * (1 - A1**2)
    grads = {
        "W2": A1.T @ dZ2,
        "b2": dZ2.sum(axis=0),
        "W1": X.T @ dZ1,
        "b1": dZ1.sum(axis=0),
    }
    return loss, grads
