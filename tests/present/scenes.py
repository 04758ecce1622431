"""Scenes for the painters' tests: every pane, many networks, and every kind of place in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from tests.recipes import Pinned, random_recipe, sized
from tuibp.cli.files import open_recipe
from tuibp.debugger.names import CellRef
from tuibp.debugger.session import Session
from tuibp.engine.dataset import dataset
from tuibp.engine.recipe import Recipe
from tuibp.present.cells import Picture, Window
from tuibp.present.curve import paint_curve
from tuibp.present.formula import paint_formula
from tuibp.present.grid import Table
from tuibp.present.header import paint_header
from tuibp.present.hints import Note, paint_hints
from tuibp.present.listing import paint_listing
from tuibp.present.network import paint_network
from tuibp.present.scene import MATRICES, Choices, Scene
from tuibp.present.tables import (
    dp_table,
    layer_table,
    matrix_table,
    paint_dp,
    paint_layer,
    paint_matrix,
)

Painter = Callable[[Scene, int, int, Window], Picture]

PAINTERS: dict[str, Painter] = {
    "program": paint_listing,
    "network": paint_network,
    "dp": paint_dp,
    "layer": paint_layer,
    "matrix": paint_matrix,
    "formula": paint_formula,
    "curve": paint_curve,
    "header": lambda scene, width, height, window: paint_header(scene, width),
    "hints": lambda scene, width, height, window: paint_hints(scene, Note("What it said. " * 5, True), "12", width),
}
"""Everything that paints a scene."""
TABLES: dict[str, Callable[[Scene], Table]] = {"dp": dp_table, "layer": layer_table, "matrix": matrix_table}
"""The panes with cells."""

SAMPLES = ("xor", "mazur", "notes", "iris", "digits", "penguins", "spiral", "deep-sigmoid", "dead-relu", "exploding")


def _odd_names(recipe: Recipe) -> Recipe:
    """The recipe with names that nobody would think of; what enters through a file has passed `safe` already."""
    train = recipe.train
    features = tuple(f"naïve ½ №{i} [/nope] [bold]" for i in range(train.x.shape[1]))
    classes = tuple(f"Größe {i} $x {{y}}" for i in range(train.y.shape[1]))
    named = dataset(train.x, train.y, features=features, classes=classes)
    return replace(recipe, title="Größe [/nope] $title {x} " * 8, train=named)


@cache
def recipes() -> dict[str, Recipe]:
    """Networks of every shape, each small enough to be stepped through."""
    rng = np.random.default_rng
    wide = Pinned(sizes=(784, 1, 3), activations=("tanh", "softmax"), cost="cross-entropy", output="softmax", N=3)
    deep = (2, *[3] * 11, 1)
    return {
        **{name: open_recipe(name) for name in SAMPLES},
        "one unit": sized(3, 2, 2, (1, 1)),
        "784 units": random_recipe(rng(1), pinned=wide),
        "12 layers": sized(2, 2, 1, deep),
        "float32": random_recipe(rng(2), pinned=Pinned(dtype="float32", optimizer="adam")),
        "gelu": random_recipe(rng(3), pinned=Pinned(sizes=(3, 4, 2), activations=("gelu", "softmax"))),
        "huge": random_recipe(
            rng(4), pinned=Pinned(sizes=(2, 3, 1), activations=("identity",) * 2, scale=1e200, lr=1e9)
        ),
        "tiny": random_recipe(rng(5), pinned=Pinned(sizes=(2, 3, 1), activations=("tanh",) * 2, scale=1e-160)),
        "names": _odd_names(sized(3, 3, 1, (3, 2, 2))),
    }


def stops(session: Session) -> Iterator[int]:
    """The start, every operation of the first sample, the rest of the first batch by layers, and later places."""
    clock = session.clock
    first = clock.batch_start(0, 1) if clock.program.K > 1 else clock.epoch_start(1) - 1
    yield from range(min(first, 3 + clock.program.ops_per_sample))
    yield from (t for t in (first - 1, first, first + 1, clock.total // 2, clock.total - 1, clock.total) if t >= 0)


def choices(scene: Scene) -> Iterator[Choices]:
    """What one may look at there."""
    yield Choices()
    L, n = scene.view.network.L, scene.view.network.sizes
    for ref in (
        CellRef("z", 1, (0,)),
        CellRef("dC_da", L, (n[L] - 1,)),
        CellRef("dC_da", 0, (0,)),
        CellRef("a", 0, (0,)),
    ):
        yield Choices(cursor=ref, pane="layer", digits=6)
    for name in MATRICES[1:]:
        yield Choices(cursor=CellRef(name, L, (0, n[L - 1] - 1)), matrix=name, pane="matrix", digits=8)
    yield Choices(place="update", pane="program")
    if scene.view.current is not None:
        yield Choices(look=scene.view.m - 1)
        yield Choices(
            look="mean", cursor=CellRef("sp", L, (0,) * (1 if scene.view.network.activation(L).elementwise else 2))
        )


def scenes(recipe: Recipe, every: int = 1) -> Iterator[Scene]:
    """Scenes of a run; `every` thins them out."""
    session = Session(recipe)
    number = 0
    for t in stops(session):
        session.go(t)
        plain = Scene.of(session)
        for chosen in choices(plain):
            number += 1
            if number % every == 0:
                yield Scene.of(session, chosen)
