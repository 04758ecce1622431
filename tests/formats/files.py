"""Network files for tests: one valid file with everything, and a reader that gives no data files."""

from __future__ import annotations

from tuibp.engine.recipe import Recipe
from tuibp.errors import CombinedError, InputError, TuibpError
from tuibp.formats.network_file import load

GOOD = """\
tuibp = 1
title = "Two layers"
seed = 7
dtype = "float64"

[data]
inline = { x = [[0.05, 0.10], [0.5, 1]], y = [[0.01, 0.99], [1, 0]] }
normalize = "none"

[[layer]]
units = 2
activation = "sigmoid"
W = [[0.15, 0.20],
     [0.25, 0.30]]
b = [0.35, 0.35]

[[layer]]
units = 2
activation = "tanh"
init = { weights = "xavier-uniform", biases = 0.1 }

[cost]
kind = "half-squared-error"
reduction = "sum"

[train]
optimizer = { kind = "adam", lr = 0.01, betas = [0.8, 0.99], eps = 1e-7 }
epochs = 3
batch = 32
shuffle = false
train-biases = false

[debug]
break = ["bwd 2", "cost > 1.0"]
watch = ["norm(dW[2])"]
"""


def nothing(path: str) -> bytes:
    """The reader where no file is there."""
    raise InputError(f'there is no file "{path}"', hint="check the path")


def opened(text: str, files: dict[str, bytes] | None = None) -> Recipe:
    """The recipe of a text, with the data files it may read."""
    return load(text.encode(), "net.toml", nothing if files is None else files.__getitem__)


def faults(error: TuibpError) -> tuple[TuibpError, ...]:
    """The single errors of an error."""
    return error.errors if isinstance(error, CombinedError) else (error,)
