"""The state: all that one batch hands to the next."""

from __future__ import annotations

from dataclasses import dataclass

from tuibp.engine.arrays import Array, Memory
from tuibp.engine.network import Network, Parameters
from tuibp.engine.recipe import Recipe


@dataclass(frozen=True, eq=False)
class State:
    """Parameters and the optimizer's slots."""

    block: Array
    """(1 + slots, size): row 0 is the flat parameter vector, the others the slots; the unit that keyframes copy."""
    params: Parameters
    slots: tuple[Array, ...]

    @classmethod
    def around(cls, network: Network, block: Array) -> State:
        """Views into a block; nothing is copied."""
        return cls(block, Parameters.around(network, block[0]), tuple(block[1:]))

    @classmethod
    def empty(cls, recipe: Recipe, memory: Memory | None = None) -> State:
        """A state whose numbers mean nothing yet.

        Args:
            memory: where it comes from; new memory where none is given.
        """
        shape = 1 + len(recipe.plan.optimizer.slots), recipe.network.layout.size
        return cls.around(recipe.network, (memory or Memory()).empty(shape, recipe.network.dtype))

    @classmethod
    def initial(cls, recipe: Recipe) -> State:
        """The state at t = 0: the recipe's parameters, slots of zero."""
        state = cls.empty(recipe)
        state.block[0] = recipe.initial.flat
        state.block[1:] = 0.0
        return state
