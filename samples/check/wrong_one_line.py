"""A network that trains, but badly: one line is wrong.

Try it: tuibp check samples/check/wrong_one_line.py
"""

import numpy as np


class Network:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden)
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out)
        self.b2 = np.zeros((1, n_out))

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def forward(self, X):
        self.a1 = self.sigmoid(X @ self.W1 + self.b1)
        self.a2 = self.sigmoid(self.a1 @ self.W2 + self.b2)
        return self.a2

    def backward(self, X, y):
        error2 = self.a2 - y
        delta2 = error2 * self.a2 * (1 - self.a2)
        error1 = error2 @ self.W2.T
        delta1 = error1 * self.a1 * (1 - self.a1)
        self.dW2 = self.a1.T @ delta2
        self.db2 = delta2.sum(axis=0, keepdims=True)
        self.dW1 = X.T @ delta1
        self.db1 = delta1.sum(axis=0, keepdims=True)
