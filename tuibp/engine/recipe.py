"""The recipe: everything that a run is a pure function of.

A position t on the run of one recipe has one state, whoever computes it and whenever (design: machine.md). What the
recipe holds is never written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tuibp.engine.dataset import Dataset
from tuibp.engine.network import Network, Parameters
from tuibp.engine.optimizers import Optimizer


class Plan(NamedTuple):
    """How the network is trained."""

    optimizer: Optimizer
    settings: Mapping[str, float]
    """The optimizer's own numbers by name, all of them present, such as {"momentum": 0.9}."""
    lr: float
    """The learning rate eta."""
    epochs: int
    """E, at least 1."""
    batch: int
    """Samples a batch, 1..N; the last batch of an epoch may be shorter."""
    shuffle: bool = True
    """Whether every epoch draws a random partition; if not, samples come in the order of the data."""
    train_biases: bool = True
    """Whether the update changes b; gb is computed and shown either way."""
    seed: int = 0
    """Seed of every random stream (engine.random)."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """A network, where it starts, its data and its plan."""

    title: str
    network: Network
    initial: Parameters
    """W and b at t = 0."""
    train: Dataset
    """The samples that epochs go through, already normalised."""
    plan: Plan
    test: Dataset | None = None
    """Samples held back, normalised with the statistics of the training part; None without a split."""
    debug: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines of the file's [debug] table by key, as written."""

    def __post_init__(self) -> None:
        for array in (self.initial.flat, *self.initial.W, *self.initial.b, *self.initial.joint):
            array.flags.writeable = False
