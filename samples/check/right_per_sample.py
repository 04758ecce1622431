"""Backpropagation as in the lecture notes, one sample at a time: this one is right.

Try it: tuibp check samples/check/right_per_sample.py
"""

import numpy as np


def sigma(z):
    return 1 / (1 + np.exp(-z))


def sigma_prime(z):
    return sigma(z) * (1 - sigma(z))


def backprop(x, y, weights, biases):
    """Gradients of C = sum (a - y)^2 with respect to every weight and bias."""
    # forward: z = W a + b, a = sigma(z)
    a, z = [x], []
    for W, b in zip(weights, biases):
        z.append(W @ a[-1] + b)
        a.append(sigma(z[-1]))

    # backward: the DP table, from the last layer to the first
    L = len(weights)
    dW, db = [None] * L, [None] * L
    dC_da = 2 * (a[L] - y)
    for l in range(L - 1, -1, -1):
        delta = sigma_prime(z[l]) * dC_da
        dW[l] = np.outer(delta, a[l])
        db[l] = delta
        dC_da = weights[l].T @ delta
    return dW, db
