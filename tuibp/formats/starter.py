"""The text of the network file that `tuibp new` writes: it runs as it is, and shows every key once.

Holds text only; a test loads it, and loads it again with each of its commented alternatives.
"""

from __future__ import annotations

from tuibp.engine.text import TITLE, safe

_TEXT = """\
# A network file of tuibp. Open it with `tuibp {name}`; what stands behind # is an alternative or a remark.
tuibp = 1                       # version of this format
title = "{title}"
seed = 0                        # of all random numbers: one file, one run
dtype = "float64"               # or "float32"

# ---- The data: exactly one source. Samples are rows.
[data]
generate = {{ kind = "xor" }}     # and, or, parity, circle, gauss, spiral, moons, sine, plane
# generate = {{ kind = "spiral", n = 200, noise = 0.03, classes = 2 }}
# inline = {{ x = [[0, 0], [0, 1], [1, 0], [1, 1]], y = [[0], [1], [1], [0]] }}
# csv = {{ path = "iris.csv", target = "species" }}      # the path is relative to this file
#                               # more keys of csv: columns = ["a", "b"], categorical = ["island"],
#                               # delimiter = ";", header = false, missing = "drop", "mean" or "error"
# npz = {{ path = "data.npz", x = "x", y = "y" }}
# normalize = "zscore"          # or "minmax", "none"; measured on the training part only
# one-hot = true                # one output a class; targets that are texts are one-hot anyway
# split = {{ train = 0.8, stratify = true }}             # keep a test part back

# ---- The layers: layer 1 first, the output layer last, which is as wide as the targets.
# activation: identity, sigmoid, tanh, relu, leaky-relu, elu, selu, softplus, silu, gelu, gelu-tanh,
# hard-tanh, softmax
[[layer]]
units = 3
activation = "tanh"
# Without W and init, weights start he-uniform before relu and its kin, xavier-uniform otherwise, and biases at 0.
init = {{ weights = "xavier-uniform", biases = 0.1 }}
# init = "he-normal"            # of the weights: zeros, normal, uniform, xavier-*, he-*, lecun-*, or a number
# init = {{ weights = {{ kind = "normal", std = 0.5 }}, biases = {{ kind = "uniform", limit = 0.1 }} }}

[[layer]]
units = 1
activation = "sigmoid"
W = [[0.5, -0.4, 0.3]]          # W[i][j]: to unit i of this layer, from unit j of the layer before
b = [0.1]                       # W or b may stand in place of init

# ---- What is made small.
[cost]
kind = "squared-error"          # half-squared-error, mean-squared-error, binary-cross-entropy, cross-entropy
reduction = "mean"              # of a batch; "sum" is the lecture notes' step

# ---- How.
[train]
optimizer = "sgd"               # momentum, nesterov, rmsprop, adam
# optimizer = {{ kind = "momentum", momentum = 0.9 }}    # nesterov the same
# optimizer = {{ kind = "rmsprop", rho = 0.99, eps = 1e-8 }}
# optimizer = {{ kind = "adam", betas = [0.9, 0.999], eps = 1e-8 }}
lr = 0.5                        # if left out: 0.01 for rmsprop and adam, 0.1 for the others
epochs = 500
batch = 1                       # samples a batch
shuffle = true                  # a new random partition every epoch
train-biases = true
"""


def starter(name: str) -> str:
    """The text of a new network file.

    Args:
        name: of the file to be written, such as "first.toml".
    """
    shown = safe(name, TITLE).replace("\\", "/").rsplit("/", 1)[-1]
    title = shown.removesuffix(".toml").replace('"', "'")
    return _TEXT.format(name=shown, title=title)
