"""A recipe from arrays: what a student writes in ten lines.

Comes through the same checks as the network file (`engine.assemble`); a fault is an InputError that names the
argument. The arrays that are given are copied and never written to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tuibp.engine.array_checks import read_array
from tuibp.engine.assemble import Raw, assemble
from tuibp.engine.checks import Problem, Report
from tuibp.engine.dataset import dataset
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import quoted, safe
from tuibp.errors import InputError

LayerSpec: TypeAlias = Mapping[str, object] | tuple[int, str] | tuple[npt.ArrayLike, npt.ArrayLike, str]
"""(units, activation), or (W, b, activation), or a mapping with the keys of a [[layer]] table."""


def build(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    layers: Sequence[LayerSpec],
    cost: str = "squared-error",
    reduction: str = "mean",
    optimizer: str | Mapping[str, object] = "sgd",
    lr: float | None = None,
    epochs: int = 10,
    batch: int = 1,
    shuffle: bool = True,
    train_biases: bool = True,
    normalize: str = "none",
    one_hot: bool | None = None,
    split: float | Mapping[str, object] | None = None,
    seed: int = 0,
    dtype: str = "float64",
    title: str = "",
    features: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> Recipe:
    """Build a network, its data and its plan.

    Args:
        x: (N, n_0) samples as rows; a flat list is N samples of one feature.
        y: (N, n_L) targets as rows, N numbers, or N texts (classes, one-hot unless `one_hot` is False).
        layers: layer 1 to layer L, each (units, activation), (W, b, activation) with W (n_l, n_{l-1}) and
            b (n_l,), or a mapping such as {"units": 3, "activation": "tanh", "init": "zeros"}.
        cost: and all others up to `title` as the keys of the network file (design: formats.md section 1).
        features: n_0 names of the inputs.
        classes: names of the classes 0, 1, ... where y holds class numbers.

    Raises:
        InputError: a value cannot be used; CombinedError where there are several.

    >>> recipe = build([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], layers=[(2, "tanh"), (1, "sigmoid")])
    >>> recipe.network.sizes, recipe.train.N
    ((2, 2, 1), 4)
    """
    for name, value in (("layers", layers), ("features", features), ("classes", classes)):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InputError(f"{quoted(value)} is not a list", hint=f"write {name}=[...]", where=name)
    report = Report()
    raw = _raw(report, x, y, features, classes)
    train = {
        "optimizer": optimizer,
        "lr": lr,
        "epochs": epochs,
        "batch": batch,
        "shuffle": shuffle,
        "train-biases": train_biases,
    }
    document: dict[str, object] = {
        "title": title,
        "seed": seed,
        "dtype": dtype,
        "data": _given({"normalize": normalize, "one-hot": one_hot, "split": split}),
        "layer": [_table(layer) for layer in layers],
        "cost": {"kind": cost, "reduction": reduction},
        "train": _given(train),
    }
    recipe = assemble(report, document, raw, "")
    if recipe is None:
        report.fail([p.error(p.message, hint=p.hint, where=argument(p)) for p in report.problems])
    return recipe


def _given(values: Mapping[str, object]) -> dict[str, object]:
    """The values that are not None: a document has no None, it leaves the key out."""
    return {key: value for key, value in values.items() if value is not None}


def _table(layer: object) -> object:
    """The layer as a [[layer]] table; what is none is left for the checks to report."""
    if isinstance(layer, tuple) and len(layer) == 2:
        return {"units": layer[0], "activation": layer[1]}
    if isinstance(layer, tuple) and len(layer) == 3:
        W, b, activation = layer
        return {"W": _plain(W), "b": _plain(b), "activation": activation}
    if isinstance(layer, Mapping):
        return {key: _plain(value) if key in {"W", "b"} else value for key, value in layer.items()}
    return layer


def _plain(value: object) -> object:
    """Array-likes, such as a tensor or a data frame, as arrays; all else as it is."""
    return np.asarray(value) if hasattr(value, "__array__") else value


def _raw(report: Report, x: object, y: object, features: Sequence[str], classes: Sequence[str]) -> Raw | None:
    """x and y as data; None where the report has the fault."""
    inputs = read_array(report, ("data", "x"), _plain(x), 2, column=True)
    given = _plain(y)
    listed = given.tolist() if isinstance(given, np.ndarray) else given
    text = isinstance(listed, list | tuple) and bool(listed) and all(isinstance(v, str) for v in listed)
    if text and isinstance(listed, list | tuple):
        classes = sorted({str(v) for v in listed})
        given = [classes.index(str(v)) for v in listed]
    targets = read_array(report, ("data", "y"), given, 2, column=True)
    if inputs is None or targets is None:
        return None
    if len(inputs) != len(targets):
        report.add(("data", "y"), f"x has {len(inputs)} rows, y has {len(targets)}", "give a target for each sample")
        return None
    if features and len(features) != inputs.shape[1]:
        words = f"{len(features)} feature names for {inputs.shape[1]} columns of x"
        report.add(("data", "features"), words, "give one name for each column")
        return None
    names = [safe(str(name)) for name in features]
    return Raw(dataset(inputs, targets, names, [safe(str(name)) for name in classes]), text)


ARGUMENTS = {"layer": "layers", "train-biases": "train_biases", "one-hot": "one_hot"}
"""Arguments of `build` that are spelled otherwise than in the document."""


def argument(problem: Problem) -> str:
    """The argument of `build` at which a problem lies, such as layers[0]["W"][1]."""
    head, *rest = problem.path if problem.path not in {(), ("data",)} else ("x",)
    if head in {"data", "train", "cost", "debug"} and rest:
        head, *rest = rest if rest[0] != "kind" else ("cost",)
    inside = (f"[{part}]" if isinstance(part, int) else f'["{safe(part)}"]' for part in rest)
    return ARGUMENTS.get(str(head), str(head)) + "".join(inside)
