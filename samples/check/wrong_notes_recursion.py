"""The recursive case exactly as the lecture notes print it. What is wrong with it?

Try it: tuibp check samples/check/wrong_notes_recursion.py
"""

import numpy as np


def sigma(z):
    return 1 / (1 + np.exp(-z))


def sigma_dot(z):
    return sigma(z) * (1 - sigma(z))


def backprop(x, y, weights, biases):
    L = len(weights)
    W = [None] + list(weights)  # so that W[l] is the W of layer l
    b = [None] + list(biases)
    a, z = [x], [None]
    for l in range(1, L + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(sigma(z[l]))

    dC_da, dC_db, dC_dW = {}, {}, {}
    # base case
    dC_da[L] = 2 * (a[L] - y)
    dC_db[L] = sigma_dot(z[L]) * dC_da[L]
    dC_dW[L] = np.outer(dC_db[L], a[L - 1])
    # recursive case
    for l in range(L - 1, 0, -1):
        dC_da[l] = W[l] @ (sigma_dot(z[l]) * dC_da[l + 1])
        dC_db[l] = sigma_dot(z[l]) * dC_da[l]
        dC_dW[l] = np.outer(dC_db[l], a[l - 1])
    return [dC_dW[l] for l in range(1, L + 1)], [dC_db[l] for l in range(1, L + 1)]
