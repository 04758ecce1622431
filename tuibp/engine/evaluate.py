"""How well given parameters do on given data: a forward pass over all samples, nothing learnt and nothing kept.

It uses the kernels that train, a chunk of columns at a time, so that memory does not grow with the data.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuibp.engine import kernels
from tuibp.engine.calls import now
from tuibp.engine.dataset import Dataset
from tuibp.engine.metrics import count_correct, judge_of
from tuibp.engine.network import Parameters
from tuibp.engine.recipe import Recipe
from tuibp.engine.state import State
from tuibp.engine.workspace import Slots, Workspace

CHUNK = 256
"""Samples that are computed at once."""


def evaluate(recipe: Recipe, params: Parameters, dataset: Dataset) -> tuple[float, float | None]:
    """The mean cost of the samples of `dataset`, and the share of them that is classified right.

    Args:
        recipe: gives the network; the targets of its training part say how an answer is judged.
        params: of the layout of `recipe.network`; not written to.
        dataset: at least one sample, of the widths of the network.

    Returns:
        Mean cost, which is nan or infinite where a sample's is; accuracy in 0..1, or None where targets are no labels.
    """
    judge = judge_of(recipe.train.y)
    subject = replace(recipe, train=dataset)
    state = State(params.flat[np.newaxis], params, ())
    cost, correct = 0.0, 0
    ws: Workspace | None = None
    for start in range(0, dataset.N, CHUNK):
        indices = np.arange(start, min(start + CHUNK, dataset.N), dtype=np.intp)
        if ws is None or ws.m != indices.size:
            ws = Workspace(Slots(subject, indices.size), 0, state, state)
        ws.begin(indices, 1)
        _forward(ws)
        with np.errstate(all="ignore"):
            cost += float(np.add.reduce(ws.C, dtype=np.float64))
        correct += 0 if judge is None else int(count_correct(judge, ws.A[-1], ws.Y))
    return cost / dataset.N, None if judge is None else correct / dataset.N


def _forward(ws: Workspace) -> None:
    """Activations and cost of all samples of the workspace."""
    with np.errstate(all="ignore"):
        kernels.load(now, ws, 0)
        for layer in range(1, ws.network.L + 1):
            kernels.pre_activation(now, ws, layer)
            kernels.activation(now, ws, layer)
        kernels.cost(now, ws, 0)
