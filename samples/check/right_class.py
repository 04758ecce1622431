"""A class that keeps its weights and trains itself in place: right as well.

Try it: tuibp check samples/check/right_class.py
"""

import numpy as np


class Network:
    def __init__(self, sizes):
        self.weights = [np.random.randn(n, k) for k, n in zip(sizes, sizes[1:])]
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]

    def forward(self, x):
        self.activations = [x]
        for W, b in zip(self.weights, self.biases):
            x = 1 / (1 + np.exp(-(W @ x + b)))
            self.activations.append(x)
        return x

    def train(self, x, y, learning_rate):
        """One step down the gradient of 1/2 |a - y|^2, for one sample or a batch of columns."""
        error = self.forward(x) - y
        for l in reversed(range(len(self.weights))):
            a = self.activations[l + 1]
            delta = error * a * (1 - a)
            error = self.weights[l].T @ delta  # before the weights change
            self.weights[l] -= learning_rate * delta @ self.activations[l].T
            self.biases[l] -= learning_rate * delta.sum(axis=1, keepdims=True)
