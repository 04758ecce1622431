"""From a document (tables of plain values) and its data to a recipe.

The one place that knows the defaults and the checks between parts: widths, targets that a cost can take,
bounds on the size of a run. The network file and `tuibp.engine.build` both come through here, so that arrays
and files are held to the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tuibp.engine.arrays import DType
from tuibp.engine.checks import Choice, Integer, ListOf, Number, Path, Report, Table, Text, count, flag, is_number
from tuibp.engine.costs import COSTS, Cost
from tuibp.engine.dataset import NORMALISATIONS, Dataset, class_numbers, one_hot, prepare
from tuibp.engine.layers import LayerDraft, read_layers
from tuibp.engine.network import Layer, Network, Parameters, Reduction
from tuibp.engine.optimizers import OPTIMIZERS, Optimizer
from tuibp.engine.recipe import Plan, Recipe
from tuibp.engine.text import TITLE
from tuibp.errors import TuibpError

MOST_EPOCHS = 1_000_000_000
MOST_POSITIONS = 2**62
MOST_ELEMENTS = 50_000_000
MOST_CLASSES = 1_000

ROOT_KEYS = ("tuibp", "title", "seed", "dtype", "data", "layer", "cost", "train", "debug")
DATA_KEYS = ("inline", "generate", "csv", "npz", "idx", "normalize", "one-hot", "split")
TRAIN_KEYS = ("optimizer", "lr", "epochs", "batch", "shuffle", "train-biases")
DEBUG_KEYS = ("break", "watch", "catch")

DTYPES: dict[str, DType] = {"float64": np.dtype(np.float64), "float32": np.dtype(np.float32)}
REDUCTIONS: dict[str, Reduction] = {"mean": "mean", "sum": "sum"}
LEARNING_RATES = {"rmsprop": 0.01, "adam": 0.01}
"""lr where the document says nothing; 0.1 for the optimizers that are not listed."""
SETTINGS: dict[str, Number] = {
    "momentum": Number(0.0, 1.0, below=True),
    "rho": Number(0.0, 1.0, below=True),
    "beta1": Number(0.0, 1.0, below=True),
    "beta2": Number(0.0, 1.0, below=True),
    "eps": Number(0.0, 1.0, above=True),
}
"""What each setting of an optimizer may be."""
LR = Number(0.0, 1e9)
SEED = Integer(0, 2**63 - 1)
UNIT_TARGETS = {"binary-cross-entropy", "cross-entropy"}
"""Costs that take the logarithm of a probability: targets outside 0..1 give no cost with a minimum."""


class Raw(NamedTuple):
    """Data as they came in, before encoding, split and normalisation."""

    data: Dataset
    """float64; NaN in x stands for a missing value; y is (N, 1) class numbers where `text`."""
    text: bool = False
    """Whether the targets were texts, so that `data.classes` names the numbers in y."""


class _DataOptions(NamedTuple):
    """What the [data] table says beside its source."""

    normalize: str
    one_hot: bool | None
    train: float | None
    """Share of the training part; None without a split."""
    stratify: bool


def assemble(report: Report, document: Mapping[str, object], raw: Raw | None, title: str) -> Recipe | None:
    """The recipe of a document, or None where the report has a fault.

    Args:
        report: where faults are noted.
        document: tables and values as in formats.md section 1.
        raw: the data; None where they are faulty, which the report knows already.
        title: used where the document has none.
    """
    root = Table(report, (), document, ROOT_KEYS)
    root.find("tuibp", Integer(1, 1))
    title = root.read("title", Text(TITLE), title)
    seed = root.read("seed", SEED, 0)
    dtype = root.read("dtype", Choice(DTYPES), DTYPES["float64"])
    options = _data_options(root)
    data = None if raw is None else _encode(report, raw, options.one_hot)
    drafts = read_layers(report, document.get("layer"), None if raw is None else raw.data.x.shape[1])
    cost, reduction = _cost(root)
    plan = _plan(root, seed)
    debug = root.table("debug", DEBUG_KEYS)
    rule = ListOf(Text(TITLE), "texts")
    lines = {key: debug.read(key, rule, ()) for key in DEBUG_KEYS if key in debug}
    if data is not None:
        _check_targets(report, data, drafts, cost)
        _check_length(report, plan, data.N, len(drafts))
    if data is None or not report.clean():
        return None
    try:
        train, test = prepare(
            data,
            normalize=options.normalize,
            train=options.train,
            stratify=options.stratify,
            seed=seed,
            dtype=dtype,
        )
    except TuibpError as error:
        report.add(("data",), error.message, error.hint)
        return None
    network, initial = _network(report, data.x.shape[1], drafts, cost, reduction, dtype, seed)
    if not report.clean():
        return None
    return Recipe(title, network, initial, train, plan._replace(batch=min(plan.batch, train.N)), test, lines)


def _data_options(root: Table) -> _DataOptions:
    table = root.table("data", DATA_KEYS)
    choice = Choice({name: name for name in NORMALISATIONS})
    normalize = table.read("normalize", choice, "none")
    one_hot_wanted = table.find("one-hot", flag)
    share = Number(0.0, 1.0, above=True, below=True)
    value = table.values.get("split")
    if value is None or is_number(value):
        return _DataOptions(normalize, one_hot_wanted, table.find("split", share), True)
    split = table.table("split", ("train", "stratify"))
    train = split.need("train", share, "add the share of the training part, such as train = 0.8")
    return _DataOptions(normalize, one_hot_wanted, train, split.read("stratify", flag, True))


def _cost(root: Table) -> tuple[Cost, Reduction]:
    table = root.table("cost", ("kind", "reduction"))
    cost = table.read("kind", Choice(COSTS, "cost"), COSTS["squared-error"])
    return cost, table.read("reduction", Choice(REDUCTIONS), "mean")


def _plan(root: Table, seed: int) -> Plan:
    """The plan, with the batch as written: the data may hold fewer samples."""
    table = root.table("train", TRAIN_KEYS)
    optimizer, settings, lr = _optimizer(table)
    if lr is not None and "lr" in table:
        words = "lr stands in [train] and in the optimizer's table"
        root.report.add((*table.path, "lr"), words, "keep one of them", at_key=True)
    default = lr if lr is not None else LEARNING_RATES.get(optimizer.name, 0.1)
    return Plan(
        optimizer,
        settings,
        table.read("lr", LR, default),
        table.read("epochs", Integer(1, MOST_EPOCHS), 10),
        table.read("batch", Integer(1, MOST_ELEMENTS), 1),
        table.read("shuffle", flag, True),
        table.read("train-biases", flag, True),
        seed,
    )


def _optimizer(train: Table) -> tuple[Optimizer, Mapping[str, float], float | None]:
    """The optimizer, all of its settings, and lr where its table names it."""
    choice = Choice(OPTIMIZERS, "optimizer")
    if not isinstance(train.values.get("optimizer"), Mapping):
        row = train.read("optimizer", choice, OPTIMIZERS["sgd"])
        return row, row.defaults, None
    path = (*train.path, "optimizer")
    kind = train.table("optimizer", None).need("kind", choice, f"known are {', '.join(OPTIMIZERS)}")
    if kind is None:
        return OPTIMIZERS["sgd"], {}, None
    settings = dict(kind.defaults)
    betas = ("betas",) if {"beta1", "beta2"} <= settings.keys() else ()
    table = Table(train.report, path, train.values["optimizer"], ("kind", "lr", *betas, *settings), kind.name)
    for name in settings:
        settings[name] = table.read(name, SETTINGS[name], settings[name])
    pair = table.find("betas", _betas) if betas else None
    if pair is not None:
        settings["beta1"], settings["beta2"] = pair
    return kind, settings, table.find("lr", LR)


def _betas(report: Report, path: Path, value: object) -> tuple[float, float] | None:
    """Adam's two decay rates in one list."""
    pair = ListOf(SETTINGS["beta1"], "two numbers")(report, path, value)
    if isinstance(value, list | tuple) and len(value) != 2:
        words = f"betas has {count(len(value), 'number')}, there must be 2"
        report.add(path, words, "write betas = [0.9, 0.999]")
    return (pair[0], pair[1]) if pair is not None and len(pair) == 2 else None


def _encode(report: Report, raw: Raw, wanted: bool | None) -> Dataset | None:
    """The data with their targets as the network meets them: texts become one-hot unless told otherwise."""
    data, path = raw.data, ("data", "one-hot")
    if not (raw.text if wanted is None else wanted):
        if raw.text and len(data.classes) != 2:
            words = f"a target of {count(len(data.classes), 'text')} cannot be one column of numbers"
            report.add(path, words, "leave one-hot out or make it true")
            return None
        return data
    if data.y.shape[1] > 1:
        if class_numbers(data.y) is not None:
            return data
        words = f"targets of {data.y.shape[1]} columns cannot be made one-hot"
        report.add(path, words, "give one column of class numbers or leave one-hot out")
        return None
    values, numbers = np.unique(data.y[:, 0], return_inverse=True)
    if not raw.text:
        known = np.arange(len(data.classes))
        names = data.classes if np.isin(values, known).all() else tuple(f"{value:g}" for value in values)
        numbers = data.y[:, 0].astype(np.intp) if names == data.classes else numbers
    else:
        names, numbers = data.classes, data.y[:, 0].astype(np.intp)
    if len(names) > MOST_CLASSES or len(names) * data.N > MOST_ELEMENTS:
        words = f"the target has {len(names)} different values, too many for classes"
        report.add(path, words, f"at most {MOST_CLASSES} classes are allowed")
        return None
    return replace(data, y=one_hot(numbers, len(names)), classes=names)


def _check_targets(report: Report, data: Dataset, drafts: Sequence[LayerDraft], cost: Cost) -> None:
    """Whether the output layer is as wide as the targets, and the cost can take them."""
    width = data.y.shape[1]
    if drafts and drafts[-1].units not in {None, width}:
        path: Path = ("layer", len(drafts) - 1, "units")
        units = count(drafts[-1].units or 0, "unit")
        words = f"the last layer has {units}, the targets have {count(width, 'column')}"
        report.add(path, words, f"set units = {width} in the last layer")
    wrong = ((data.y < 0) | (data.y > 1)).any(axis=1)
    if cost.name in UNIT_TARGETS and bool(wrong.any()):
        s = int(np.argmax(wrong))
        found = data.y[s][(data.y[s] < 0) | (data.y[s] > 1)][0]
        words = f'cost "{cost.name}" wants targets from 0 to 1, sample {s} has {found:g}'
        report.add(("cost", "kind"), words, "scale the targets, make them one-hot, or choose squared-error")


def _check_length(report: Report, plan: Plan, N: int, L: int) -> None:
    """Whether positions fit in 62 bits; each sample has fewer than 16 operations a layer and 16 of its
    own.
    """
    if plan.epochs * N * 16 * (L + 1) >= MOST_POSITIONS:
        words = f"{plan.epochs} epochs of {N} samples are more operations than can be counted"
        report.add(("train", "epochs"), words, "give fewer epochs")


def _network(
    report: Report,
    inputs: int,
    drafts: Sequence[LayerDraft],
    cost: Cost,
    reduction: Reduction,
    dtype: DType,
    seed: int,
) -> tuple[Network, Parameters]:
    """The network and where it starts; a weight beyond the range of dtype is a fault."""
    layers = [Layer(d.units, d.activation) for d in drafts if d.units is not None and d.activation is not None]
    network = Network(inputs, tuple(layers), cost, reduction, dtype)
    initial = Parameters.zeros(network)
    for layer, draft in enumerate(drafts, start=1):
        given = draft.start(layer, seed, network.sizes[layer - 1])
        for name, array, target in zip("Wb", given, (initial.W[layer], initial.b[layer]), strict=True):
            with np.errstate(over="ignore"):
                target[...] = array
            if not bool(np.isfinite(target).all()):
                words = f"{name} of layer {layer} leaves the range of {dtype}"
                report.add(("layer", layer - 1, name), words, 'give smaller numbers or dtype = "float64"')
    return network, initial
