"""A batch of columns, and two mistakes: one in the recursion, one in the biases.

Try it: tuibp check samples/check/wrong_two_places.py
"""

import numpy as np


def relu(z):
    return np.maximum(0, z)


def backward(X, Y, W, b):
    m = X.shape[1]
    A, Z = [X], []
    for l in range(len(W)):
        Z.append(W[l] @ A[-1] + b[l])
        A.append(relu(Z[-1]) if l < len(W) - 1 else Z[-1])  # the output is linear

    dW, db = [None] * len(W), [None] * len(W)
    dA = A[-1] - Y
    for l in reversed(range(len(W))):
        dZ = dA if l == len(W) - 1 else dA * (dA > 0)
        dW[l] = dZ @ A[l].T / m
        db[l] = np.sum(dZ) / m
        dA = W[l].T @ dZ
    return dW, db
