"""Sizes that are handed over one by one: n_inputs, hidden_layer_size, num_labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS = r"(_?(size|dim|dims|nodes|units|neurons|layer|n|features)){0,2}"
_COUNT = r"(n|num|no|dim|size)_?(of_?)?"
PLACES = (
    (
        rf"(n|num|no|dim|size)_?(of_?)?(in|input|inputs|x|i|features){_UNITS}|(in|input|inputs){_UNITS}|i_?dim|dim_?in",
        0,
    ),
    (
        rf"(n|num|no|dim|size)_?(of_?)?(out|output|outputs|y|o|classes|labels){_UNITS}|(out|output|outputs){_UNITS}|dim_?out",
        -1,
    ),
    (
        rf"{_COUNT}(hid|hidden|h)s?{_UNITS}_?1?|(hid|hidden)s?(_?layers?)?{_UNITS}_?1?|dim_?hid(den)?|"
        r"hid(den)?_?(layer_?)?(sizes|layers)",
        1,
    ),
)
"""Sizes that are handed over one by one."""


def is_hidden(name: str) -> bool:
    """Whether an argument is the size of the hidden layer, or the sizes of all of them."""
    return re.fullmatch(PLACES[2][0], name.strip("_").lower()) is not None


def size_of(name: str, sizes: Sequence[int]) -> int | None:
    """The size that an argument of a name stands for; None where it is none, or none that is known."""
    if is_hidden(name):
        return sizes[1] if len(sizes) == 3 else None
    word = name.strip("_").lower()
    return next((sizes[k] for pattern, k in PLACES if re.fullmatch(pattern, word)), None)
