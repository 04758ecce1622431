"""`tuibp print`: what stands where, and why something is not there yet."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tuibp.cli import main
from tuibp.cli.files import open_recipe


def _out(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["print", *words]) == 0
    return capsys.readouterr().out


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_out(capsys, *words, "--json"))
    return document


def test_tensors_cells_and_scalars(capsys: pytest.CaptureFixture[str]) -> None:
    # x = (1, 1): z[1] = (0.8 - 0.9 + 0.2, -1 + 0.7 - 0.1, 0.6 + 0.4 + 0.3) = (0.1, -0.4, 1.3);
    # z[2] = 0.6 tanh 0.1 + 0.5 tanh(-0.4) - 0.8 tanh 1.3 + 0.1 = -0.719552; a[2] = 0.327492, C = a[2]^2 = 0.107251.
    assert _out(capsys, "xor", "--at", "e0.b0.s0.bwd2", "W[1]", "a[2]", "cost", "W[1][0,1]", "epoch") == (
        "at e0.b0.s0.bwd2.dC_da (t = 8)\n"
        "W[1]   weights: to row i, from column j, shape (3, 2)\n"
        "  0   0.8  -0.9\n"
        "  1    -1   0.7\n"
        "  2   0.6   0.4\n"
        "a[2]   activations, shape (1)\n"
        "  0   0.3274915966\n"
        "cost = 0.1072507458   cost of the sample\n"
        "W[1][0,1] = -0.9\n"
        "epoch = 0   the epoch\n"
    )


def test_mazur_prints_his_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cost = 0.2983711088 " in _out(capsys, "mazur", "--at", "e0.b0.s0.bwd2", "cost")
    assert _json(capsys, "mazur", "--at", "e0.end", "W[2][0,0]")["values"]["W[2][0,0]"] == pytest.approx(
        0.35891648, abs=5e-9
    )


def test_json_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    document = _json(capsys, "digits", "W[1]", "t", "delta[2]", "--at", "e0.b0.s3.bwd1")
    assert (document["at"], document["values"]["t"]) == ("e0.b0.s3.bwd1.dC_da", document["t"])
    np.testing.assert_array_equal(document["values"]["W[1]"], open_recipe("digits").initial.W[1])
    assert list(document["values"]) == ["W[1]", "t", "db[2]"]


def test_json_has_words_for_what_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "exploding", "--at", "end", "ecost")["values"] == {"ecost": "nan"}


def test_a_big_tensor_shows_its_edges_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = _out(capsys, "digits", "W[1]")
    assert "(the edges of 32 rows and 64 columns; --all prints all of it)" in text
    lines = text.splitlines()[2:-1]
    assert len(lines) == 13
    assert len({len(line) for line in lines}) == 1
    whole = _out(capsys, "digits", "W[1]", "--all").splitlines()[2:]
    assert len(whole) == 32
    assert all(len(line.split()) == 65 for line in whole)


def test_the_start_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert _out(capsys, "xor", "b[2]").startswith("at e0.shuffle (t = 0)\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a[2]"], "at e0.shuffle a[2] is not computed yet: it is written at fwd2.a; give a later position with --at"),
        (["W[1]", "cost", "gW[1]"], "cost is not computed yet"),
        (["a[9]"], "a[9] does not exist; the layers of a are 0..2"),
        (["W[1,2]"], "the first bracket is the layer"),
        (["wat"], 'no variable "wat"'),
        (["W[2][5,5]"], "its cells are [0,0] to [0,2]"),
        (["cost", "--at", "e99"], "there is no epoch 99"),
    ],
)
def test_what_cannot_be_printed(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print", "xor", *words]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert said in caught.err
