"""The layer tables of a document: what each layer is and where its weights start.

Reads tables of the shape the network file gives its [[layer]] (design: formats.md section 1), whether they
come from a file or from arrays. Sizes are checked against their bounds before any weight is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tuibp.engine.activations import ACTIVATIONS, Activation
from tuibp.engine.array_checks import read_array
from tuibp.engine.arrays import Array
from tuibp.engine.checks import Choice, Integer, Number, Path, Report, Table, count, is_number
from tuibp.engine.initializers import INITIALIZERS, Initializer
from tuibp.engine.random import stream
from tuibp.engine.text import quoted
from tuibp.errors import UnsupportedError

MOST_UNITS = 1_000_000
MOST_LAYERS = 1_000
MOST_PARAMETERS = 50_000_000
LAYER_KEYS = ("units", "activation", "W", "b", "init", "from")

SCALES: dict[str, tuple[str, float | None]] = {
    "constant": ("value", None),
    "normal": ("std", 1.0),
    "uniform": ("limit", 1.0),
}
"""The one number of an initializer: its key in files and its default. uniform draws from -limit to limit."""

RECTIFIERS = {"relu", "leaky-relu", "elu", "silu", "gelu", "gelu-tanh", "softplus"}
"""Activations whose weights start he-uniform where the document says nothing; all others start
xavier-uniform.
"""
BIAS_KINDS = {name: INITIALIZERS[name] for name in ("zeros", "constant", "normal", "uniform")}
"""The initializers of biases: the others scale by a fan-in that a bias does not have."""


class Draw(NamedTuple):
    """An initializer with its number."""

    initializer: Initializer
    value: float = 0.0

    def __call__(self, rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        """(fan_out, fan_in) float64."""
        return self.initializer.draw(rng, fan_in, fan_out, self.value)


class LayerDraft(NamedTuple):
    """One layer as read; None stands for what is absent or was wrong."""

    units: int | None
    activation: Activation | None
    W: Array | Draw | None
    """(n_l, n_{l-1}) as given, or how to draw it; None where it was wrong."""
    b: Array | Draw | None
    """(n_l,) as given, or how to draw it."""

    def start(self, layer: int, seed: int, fan_in: int) -> tuple[Array, Array]:
        """W[l] (n_l, fan_in) and b[l] (n_l,) as training starts; only for a draft without faults."""
        units = self.units or 0
        # Made only where it is wanted: a network whose weights are all given loads no random numbers.
        rng = stream(seed, "init", layer) if isinstance(self.W, Draw) or isinstance(self.b, Draw) else None
        W = self.W(rng, fan_in, units) if rng is not None and isinstance(self.W, Draw) else self.W
        b = self.b(rng, 1, units)[:, 0] if rng is not None and isinstance(self.b, Draw) else self.b
        assert not isinstance(W, Draw) and not isinstance(b, Draw)
        return (np.zeros((units, fan_in)) if W is None else W), (np.zeros(units) if b is None else b)


def read_layers(report: Report, value: object, inputs: int | None) -> list[LayerDraft]:
    """The layers of the document's `layer` tables.

    Args:
        report: where faults are noted.
        value: the list of tables.
        inputs: n_0; None where the data are faulty, so that the width of W[1] cannot be checked.
    """
    path: Path = ("layer",)
    if not isinstance(value, list | tuple) or not value:
        report.add(path, "the network has no layers", "add a [[layer]] table with units and activation")
        return []
    if len(value) > MOST_LAYERS:
        report.add(path, f"the network has {len(value)} layers", f"at most {MOST_LAYERS} are allowed")
        return []
    drafts: list[LayerDraft] = []
    fan_in = inputs
    for i, table in enumerate(value):
        draft = _layer(report, (*path, i), table, fan_in)
        drafts.append(draft)
        fan_in = draft.units
    _bound_parameters(report, inputs, drafts)
    return drafts


def _bound_parameters(report: Report, inputs: int | None, drafts: Sequence[LayerDraft]) -> None:
    sizes = [inputs, *(draft.units for draft in drafts)]
    total = 0
    for layer, (before, units) in enumerate(pairwise(sizes), start=1):
        total += ((before or 0) + 1) * (units or 0)
        if total > MOST_PARAMETERS:
            words = f"the network has more than {MOST_PARAMETERS // 1_000_000} million weights and biases"
            report.add(("layer", layer - 1, "units"), words, "give the layers fewer units")
            return


def _layer(report: Report, path: Path, value: object, fan_in: int | None) -> LayerDraft:
    """One layer table; fan_in is None where the layer before is faulty."""
    table = Table(report, path, value, LAYER_KEYS)
    if not isinstance(value, Mapping):
        return LayerDraft(None, None, None, None)
    activation = table.need("activation", Choice(ACTIVATIONS), f"known are {', '.join(ACTIVATIONS)}")
    if "from" in table:
        hint = "give W and b in this file, or an init"
        words = "weights from another file are not supported yet"
        report.add((*path, "from"), words, hint, at_key=True, error=UnsupportedError)
    init = _init(table, activation)
    W = read_array(report, (*path, "W"), table.values["W"], 2) if "W" in table else init[0]
    b = read_array(report, (*path, "b"), table.values["b"], 1) if "b" in table else init[1]
    units = _units(table, W, b)
    if isinstance(W, np.ndarray) and not _fits_W(report, (*path, "W"), W, units, fan_in):
        W = None
    if isinstance(b, np.ndarray) and units is not None and b.size != units:
        words = f"b has {count(b.size, 'number')}, {_title(path)} has {count(units, 'unit')}"
        report.add((*path, "b"), words, f"give {count(units, 'number')}")
    return LayerDraft(units, activation, W, b)


def _units(table: Table, W: Array | Draw | None, b: Array | Draw | None) -> int | None:
    """n_l as given, or else as many as W or b has rows."""
    if "units" not in table:
        for given in (W, b):
            if isinstance(given, np.ndarray):
                return int(given.shape[0])
        if not {"W", "b", "from"} & set(table.values):
            hint = "add units, the number of its neurons"
            table.report.add(table.path, f"{_title(table.path)} has no units", hint, at_key=True)
        return None
    return table.find("units", Integer(1, MOST_UNITS))


def _fits_W(report: Report, path: Path, W: Array, units: int | None, fan_in: int | None) -> bool:
    """Whether W has a row for each unit and a column for each unit of the layer before."""
    rows, columns = W.shape
    wanted = (rows if units is None else units, columns if fan_in is None else fan_in)
    if W.shape == wanted:
        return True
    turned = " (it is the transpose)" if W.shape == wanted[::-1] else ""
    before = "inputs" if path[1] == 0 else "units before"
    words = f"W has shape ({rows}, {columns}), {_title(path[:2])} wants ({wanted[0]}, {wanted[1]}){turned}"
    report.add(path, words, f"give one row for each of its units, in it one number for each of the {before}")
    return False


def _init(table: Table, activation: Activation | None) -> tuple[Draw | None, Draw | None]:
    """How weights and biases start where the table gives no arrays; None where init was wrong."""
    rectifier = activation is not None and activation.name in RECTIFIERS
    weights: Draw | None = Draw(INITIALIZERS["he-uniform" if rectifier else "xavier-uniform"])
    biases: Draw | None = Draw(INITIALIZERS["zeros"])
    if "init" not in table:
        return weights, biases
    path, value = (*table.path, "init"), table.values["init"]
    parts = Table(table.report, path, value, ("weights", "biases")) if _is_pair(value) else None
    given = {"weights": value} if parts is None else parts.values
    for part, array in (("weights", "W"), ("biases", "b")):
        if part in given and array in table:
            at = path if parts is None else (*path, part)
            words = f"{_title(table.path)} has both {array} and an init of its {part}"
            table.report.add(at, words, f"leave out {array} or that init")
    if "weights" in given:
        at = path if parts is None else (*path, "weights")
        weights = _draw(table.report, at, given["weights"], INITIALIZERS)
    if "biases" in given:
        biases = _draw(table.report, (*path, "biases"), given["biases"], BIAS_KINDS)
    return weights, biases


def _is_pair(value: object) -> bool:
    """Whether an init is a table of weights and biases, and not an initializer with its number."""
    return isinstance(value, Mapping) and "kind" not in value


def _draw(report: Report, path: Path, value: object, rows: Mapping[str, Initializer]) -> Draw | None:
    """A name, a number (all parameters alike), or a table of a kind with its number."""
    if is_number(value):
        number = Number()(report, path, value)
        return None if number is None else Draw(INITIALIZERS["constant"], number)
    choice = Choice(rows, f"initializer of {path[-1]}" if path[-1] == "biases" else "initializer")
    if not isinstance(value, Mapping):
        row = choice(report, path, value)
        options: Table | None = None
    else:
        options = Table(report, path, value, ("kind", *(key for key, _ in SCALES.values())))
        row = options.need("kind", choice, f"known are {', '.join(rows)}")
    if row is None:
        return None
    key, default = SCALES.get(row.name, ("", 0.0))
    for other in options.values if options else {}:
        if other not in {"kind", key} and any(other == name for name, _ in SCALES.values()):
            hint = f"its key is {key}" if key else "leave it out"
            report.add((*path, other), f"{quoted(row.name)} takes no {other}", hint, at_key=True)
    if default is None and (options is None or key not in options):
        report.add(path, f'initializer "{row.name}" needs its {key}', "write the number itself, such as 0.1")
    low = 0.0 if row.name != "constant" else -1e300
    value = default or 0.0
    return Draw(row, value if options is None else options.read(key, Number(low), value))


def _title(path: Path) -> str:
    """The layer in words; layers are numbered from 1."""
    return f"layer {int(path[1]) + 1}"
