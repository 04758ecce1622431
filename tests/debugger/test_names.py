"""The names of tensors, cells and scalars: every one is read, every mistake has its remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.debugger.straight import labels
from tests.recipes import sized
from tuibp.debugger.names import SCALARS, TENSORS, CellRef, parse_cell
from tuibp.errors import NameInputError

RECIPE = sized(5, 2, 2, (2, 3, 2))


def test_names_of_cells() -> None:
    network = RECIPE.network
    good = {
        "W[2][0,1]": ("W", 2, (0, 1)), " a[0] ": ("a", 0, ()), "delta[1][2]": ("db", 1, (2,)), "δ[1]": ("db", 1, ()),
        "y": ("y", None, ()), "y[1]": ("y", None, (1,)), "cost": ("cost", None, ()), "C": ("cost", None, ()),
        "dC/da[0][1]": ("dC_da", 0, (1,)), "σ′[2]": ("sp", 2, ()), "eta": ("lr", None, ()),
        "W[1] [2, 1]": ("W", 1, (2, 1)),
    }  # fmt: skip
    for text, want in good.items():
        ref = parse_cell(text, network)
        assert ref == CellRef(*want)
        assert parse_cell(str(ref), network) == ref
    for _, name, layer in labels(RECIPE):
        assert parse_cell(str(CellRef(name, layer)), network) == CellRef(name, layer)
    bad = {
        "W": "l in 1..2", "z[0]": "layers of z are 1..2", "a[3]": "layers of a are 0..2", "W[0,1]": "W[2][0,1]",
        "W[2][2,0]": "[0,0] to [1,2]", "W[2][0]": "[0,0] to [1,2]", "a[1][3]": "[0] to [2]", "cost[1]": "write cost",
        "q[1]": "names are", "wW[1]": "did you mean", "a[x]": "W[2][0,1]", "a[1": "W[2][0,1]", "": "W[2][0,1]",
        "a[-1]": "layers of a", "a[1][-1]": "[0] to [2]", "a[1][0][0]": "a[layer][cell]", "y[0][0]": "y[cell]",
        "\x1b[31m": "W[2][0,1]", "a[" + "9" * 190 + "]": "layers of a",
    }  # fmt: skip
    for text, words in bad.items():
        with pytest.raises(NameInputError) as caught:
            parse_cell(text, network)
        assert words in str(caught.value), text
        assert "\x1b" not in str(caught.value)


def test_the_table_of_tensors() -> None:
    for name, row in TENSORS.items():
        assert name == row.name
        assert row.meaning
        assert row.symbol
    aliases = [alias for row in TENSORS.values() for alias in row.aliases]
    aliases += [alias for _, both in SCALARS.values() for alias in both]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & (set(TENSORS) | set(SCALARS))


PIECES = st.sampled_from(
    ["W", "a", "dC_da", "y", "cost", "[", "]", "[1]", "[2]", "[0,1]", ",", "-1", "9" * 30, " ", "²", "٣", "δ"]
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join)))
def test_only_a_name_error_ever(text: str) -> None:
    try:
        ref = parse_cell(text, RECIPE.network)
    except NameInputError as error:
        assert error.hint
    else:
        assert parse_cell(str(ref), RECIPE.network) == ref
