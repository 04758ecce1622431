"""What `info`, `where` and `list` say: exact texts of small runs, and what must hold for any."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.present.scenes import recipes, stops
from tuibp.cli.files import open_recipe
from tuibp.debugger.names import TENSORS
from tuibp.debugger.session import Session
from tuibp.errors import PositionError
from tuibp.present.info import info_data, info_locals, info_net, list_lines, where_lines
from tuibp.present.numbers import in_ascii


def _at(name: str, position: str) -> Session:
    session = Session(open_recipe(name))
    session.run(position)
    return session


def test_the_network_of_xor() -> None:
    # Norms of the initial W[1] = (0.8 -0.9; -1 0.7; 0.6 0.4): root of 3.46; b[1] = (0.2, -0.1, 0.3): root of 0.14;
    # W[2] = (0.6, 0.5, -0.8): root of 1.25. An epoch has N (6L + 3) + 3K + 2 = 4 * 15 + 6 + 2 = 68 operations.
    assert info_net(_at("xor", "e1")) == [
        "XOR: watch the hidden layer bend the plane",
        "  layer  units  activation  parameters  norm of W  norm of b at t=0",
        "      0      2  input",
        "      1      3  tanh                 9    1.86011          0.374166",
        "      2      1  sigmoid              4    1.11803               0.1",
        "  parameters  13",
        "  cost        squared-error",
        "  optimizer   sgd",
        "  lr          1",
        "  epochs      60",
        "  batch       2 samples of N = 4, K = 2 an epoch",
        "  reduction   mean over the batch",
        "  positions   T = 4080, 15 operations a sample",
        "  dtype       float64",
        "  seed        3, shuffled every epoch",
    ]


def test_what_only_some_networks_have() -> None:
    digits = "\n".join(info_net(_at("digits", "start")))
    # 1438 = 44 * 32 + 30.
    assert "K = 45 an epoch, the last of 30" in digits
    assert "momentum, momentum 0.9" in digits
    assert "cross-entropy, its δ fused with softmax" in digits
    mazur = "\n".join(info_net(_at("mazur", "start")))
    assert "12, the biases are not trained" in mazur
    assert "in the order of the data" in mazur


def test_the_data_of_xor_and_iris() -> None:
    assert info_data(_at("xor", "start")) == [
        "XOR: watch the hidden layer bend the plane",
        "  training    4 samples",
        "  test        none",
        "  features    2: x0, x1",
        "  targets     0 or 1",
        "  classes     0 2, 1 2",
        "  sample 0    x0=0, x1=0",
        "  its target  y[0]=0   (0)",
    ]
    # 150 flowers, 50 of each kind, four fifths of them trained with.
    iris = info_data(_at("iris", "end"))
    assert iris[1:3] == ["  training    120 samples", "  test        30 samples"]
    assert iris[5:7] == [
        "  classes     setosa 40, versicolor 40, virginica 40",
        "  in the test setosa 10, versicolor 10, virginica 10",
    ]
    assert iris[-1].endswith("(setosa)")


def test_targets_that_are_numbers_have_no_classes() -> None:
    text = info_data(_at("mazur", "start"))
    assert "  targets     2 numbers, from 0.01 to 0.99" in text
    assert not any("classes" in line for line in text)


def test_the_notes_of_the_data_are_told() -> None:
    notes = recipes()["penguins"].train.notes
    assert notes
    words = " ".join(" ".join(info_data(_at("penguins", "start"))).split())
    assert all(note in words for note in notes)


def test_many_features_are_counted() -> None:
    text = " ".join(info_data(_at("digits", "start")))
    assert "64: p00, p01" in text
    # 64 - 12
    assert text.count("and 52 more") == 2


def test_locals_of_xor_before_the_second_layer() -> None:
    # x = (1, 1): z[1] = (0.1, -0.4, 1.3), a[1] its tanh = (0.0997, -0.3799, 0.8617); see tests/cli/test_print.py.
    assert info_locals(_at("xor", "e0.b0.s0.fwd2"), width=400) == [
        "  t = 5   epoch = 0   batch = 0   sample = 0   lr = 1",
        "        shape       min    mean     max",
        "  a[0]  (2)           1       1       1",
        "  a[1]  (3)     -0.3799  0.1938  0.8617",
        "  z[1]  (3)        -0.4  0.3333     1.3",
        "  W[1]  (3, 2)       -1     0.1     0.8",
        "  W[2]  (1, 3)     -0.8     0.1     0.6",
        "  b[1]  (3)        -0.1  0.1333     0.3",
        "  b[2]  (1)         0.1     0.1     0.1",
        "  x     (2)           1       1       1",
        "  y     (1)           0       0       0",
        "  not computed yet: z[2] at fwd2.z, a[2] at fwd2.a, cost at cost, dC_da[2] at bwd2.dC_da, sp[2] at bwd2.sp, "
        "db[2] at bwd2.db, dW[2] at bwd2.dW, dC_da[1] at bwd1.dC_da, sp[1] at bwd1.sp, "
        "dC_da[0] db[1] at bwd1.db, dW[1] at bwd1.dW, bcost ecost at acc, gW[1] gW[2] gb[1] gb[2] at grad, "
        "uW[1] uW[2] ub[1] ub[2] at update",
    ]


def test_locals_say_what_is_not_finite_and_what_is_not_open() -> None:
    text = info_locals(_at("exploding", "end"))
    assert "  W[1]      (3, 2)        -       -        -  6 nan" in text
    assert text[0] == "  t = 1750   epoch = 4   lr = 0.3   cost = nan   bcost = nan   ecost = nan"
    assert text[-1] == "  not open here: batch sample"


@pytest.mark.parametrize("name", ["notes", "iris", "12 layers"])
def test_every_tensor_is_named_once(name: str) -> None:
    """Either with its numbers or with where it is written, and where it is written it then has numbers."""
    session = Session(recipes()[name])
    network = session.recipe.network
    wanted = {
        row.name if row.first is None else f"{row.name}[{layer}]"
        for row in TENSORS.values()
        for layer in ([0] if row.first is None else range(row.first, network.L + 1))
    }
    scalars = {"cost", "bcost", "ecost"}
    for t in list(stops(session))[::5]:
        session.go(t)
        text = info_locals(session, width=10**6)
        known = {line.split()[0] for line in text[2:] if "(" in line}
        missing = next((line.partition(": ")[2] for line in text if "not computed yet" in line), "")
        written: list[str] = []
        for part in filter(None, missing.split(", ")):
            names, _, op = part.partition(" at ")
            assert op in {op.name for op in session.clock.program.batch_ops}
            written += names.split()
        assert len(written) == len(set(written))
        assert known | set(written) - scalars == wanted and not known & set(written)


def test_the_frames_of_xor() -> None:
    session = _at("xor", "e0.b0.s0.fwd2")
    # begin is t = 1, load 2, and each layer forward has two operations; the whole run 4080.
    assert where_lines(session) == [
        "->  #0  fwd 2 (layer)  ops 5..6     0 of 2 done     frame 0",
        "    #1  fwd pass       ops 3..6     2 of 4 done     frame 1",
        "    #2  sample 0       ops 2..16    3 of 15 done    frame 2",
        "    #3  batch 0        ops 1..33    4 of 33 done    frame 3",
        "    #4  epoch 0        ops 0..67    5 of 68 done    frame 4",
        "    #5  run            ops 0..4079  5 of 4080 done  frame 5",
        "next: e0.b0.s0.fwd2.z   t = 5   pre-activations",
        "      z² = W² a¹ + b²",
    ]
    session.select_outer()
    session.select_outer()
    assert [line[:2] for line in where_lines(session)[:4]] == ["  ", "  ", "->", "  "]


def test_the_frames_at_the_end() -> None:
    assert where_lines(_at("xor", "end")) == [
        "->  #0  run  ops 0..4079  4080 of 4080 done  frame 0",
        "the run has ended at t = 4080: nothing comes next",
    ]


def test_the_listing_of_xor() -> None:
    session = _at("xor", "e0.b0.s0.bwd1.db")
    assert list_lines(session, breaks={"cost", "bwd1.dW"}) == [
        "    1  for epoch 0..59",
        "    2    shuffle",
        "    3    for batch 0..1",
        "    4      begin",
        "    5      for sample 0..1",
        "    6        load    a⁰ y",
        "    7        fwd 1   z  a",
        "    8        fwd 2   z  a",
        " ●  9        cost    C",
        "   10        bwd 2   ∂a  σ′  δ  ∂W",
        "▶● 11        bwd 1   ∂a  σ′ [δ] ∂W",
        "   12        acc     + batch",
        "   13      grad    ∇W ∇b",
        "   14      update  W b",
        "   15    end",
    ]


def test_the_listing_around_a_place() -> None:
    session = _at("xor", "e0.b0.s0.bwd1.db")
    around = [
        "    9        cost    C",
        "   10        bwd 2   ∂a  σ′  δ  ∂W",
        "▶  11        bwd 1   ∂a  σ′ [δ] ∂W",
        "   (lines 9 to 11 of 15)",
    ]
    for place in (None, "bwd 1", "11"):
        assert list_lines(session, place, count=3)[0] == "   10        bwd 2   ∂a  σ′  δ  ∂W"
    assert list_lines(session, "10", count=3) == around
    assert list_lines(session, "bwd2.sp", count=3) == around
    assert list_lines(session, "1", count=2)[0] == "    1  for epoch 0..59"
    assert list_lines(_at("xor", "end"), count=1) == ["   15    end", "   (lines 15 to 15 of 15)"]


@pytest.mark.parametrize("around", ["0", "16", "9" * 50, "bwd 3", "wat", "\x1b"])
def test_no_such_place_in_the_listing(around: str) -> None:
    with pytest.raises(PositionError) as caught:
        list_lines(_at("xor", "start"), around)
    assert str(caught.value).isprintable()


LINES: dict[str, Callable[[Session, int], list[str]]] = {
    "net": info_net,
    "data": info_data,
    "locals": info_locals,
    "where": where_lines,
    "list": lambda session, width: list_lines(session, breaks=("cost",), width=width),
}


@pytest.mark.parametrize("name", recipes())
def test_every_line_fits_and_has_plain_characters(name: str) -> None:
    session = Session(recipes()[name])
    for t in list(stops(session))[::7]:
        session.go(t)
        for kind, lines in LINES.items():
            for width in (60, 100):
                for line in lines(session, width):
                    assert len(line) <= width, kind
                    assert line.isprintable() and line == line.rstrip(), kind
                    assert "?" not in in_ascii(line) or name == "names", kind
