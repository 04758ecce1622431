"""The adapter that a user fills in where their code cannot be called as it stands."""

TEMPLATE = '''\
"""Tells tuibp how to call my backprop: `tuibp check THIS_FILE.py --network my.toml`."""

import numpy as np

# from my_code import my_backprop


def tuibp_check(x, y, weights, biases):
    """One sample.

    x        (n_0,) input          weights  [W1, ..., WL], W of layer l is (n_l, n_{l-1})
    y        (n_L,) target         biases   [b1, ..., bL], b of layer l is (n_l,)

    Return the gradients, first layer first, each of the shape of its W or b. "z", "a", "dC_da" and "delta", lists as
    well, may be left out: the more you return, the nearer the first wrong line is told.
    """
    dW = [np.zeros_like(W) for W in weights]
    db = [np.zeros_like(b) for b in biases]

    # ... call your own code here, and bring its numbers into this order ...

    return {"dW": dW, "db": db}
'''
"""A file that runs as it is."""
