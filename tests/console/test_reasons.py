"""why zero, why nan, why small: what was set by hand, single precision, logarithms, and what is no product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tuibp.cli import main

Captured = pytest.CaptureFixture[str]
SINGLE = """
dtype = "float32"
[data.inline]
x = [[1e20, 1e20]]
y = [[1.0]]
[[layer]]
units = 1
activation = "identity"
W = [[1e20, -1e20]]
b = [0.0]
[[layer]]
units = 1
activation = "sigmoid"
W = [[1.0]]
b = [0.0]
"""
OUTSIDE = """
[data.inline]
x = [[2.0]]
y = [[0.0]]
[[layer]]
units = 1
activation = "identity"
W = [[1.0]]
b = [0.0]
[cost]
kind = "binary-cross-entropy"
"""


def said(capsys: Captured, *lines: str, network: str = "xor") -> str:
    words = [word for line in lines for word in ("-ex", line)]
    main([network, "--batch", *words])
    found = capsys.readouterr()
    return found.out + found.err


def test_what_was_set_by_hand_needs_no_other_reason(capsys: Captured) -> None:
    out = said(capsys, "goto e0.b0.s0.fwd2.z", "set a[1][1] = 0", "why zero a[1][1]")
    assert "a[1][1] is 0 because it was set by hand at e0.b0.s0.fwd2.z" in out and "underflow" not in out
    out = said(capsys, "goto e0.b0.s0.fwd2.z", "set W[2][0,1] = 0", "why zero W[2][0,1]")
    assert "W[2][0,1] is 0 because it was set by hand" in out and "is not 0 but 0" not in out
    out = said(capsys, "goto e0.b0.s0.fwd2.z", "set a[1][2] = nan", "why nan", "next", "why nan")
    assert out.count("a[1][2] is nan because it was set by hand at e0.b0.s0.fwd2.z") == 2


def test_a_number_that_is_older_than_what_it_follows_from(capsys: Captured, tmp_path: Path) -> None:
    dead = OUTSIDE.replace("x = [[2.0]]", "x = [[0.0]]").replace("binary-cross-entropy", "squared-error")
    (tmp_path / "dead.toml").write_text(dead, encoding="utf-8")
    lines = ("goto e0.b0.s0.fwd1.a", "set W[1][0,0] = 5", "why zero z[1][0]")
    out = said(capsys, *lines, network=str(tmp_path / "dead.toml"))
    assert "z[1][0] was computed before a number that it follows from was set by hand (~)" in out, out


def test_single_precision_overflows_where_double_does_not(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "single.toml").write_text(SINGLE, encoding="utf-8")
    assert main(["why", str(tmp_path / "single.toml"), "--at", "e0.b0.s0.fwd1.a", "nan"]) == 0
    assert "inf - inf: terms that overflow to both signs" in capsys.readouterr().out


def test_the_logarithm_of_a_negative_number(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(OUTSIDE, encoding="utf-8")
    assert main(["why", str(tmp_path / "outside.toml"), "--at", "e0.b0.s0.bwd1.dC_da", "nan"]) == 0
    assert "the logarithm of a negative number" in capsys.readouterr().out


def test_there_is_no_product_of_gains_with_nan_in_it(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "single.toml").write_text(SINGLE, encoding="utf-8")
    assert main(["why", str(tmp_path / "single.toml"), "--at", "e0.b0.update", "small", "dW[1]"]) == 0
    out = capsys.readouterr().out
    assert "is not finite, so there is no product of gains: why nan finds where it began" in out or "decades" in out


def test_the_reasons_of_a_zero_for_machines(capsys: Captured) -> None:
    assert main(["why", "digits", "--at", "e0.b0.update", "zero", "dW[1][0,0]", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["cell"] for one in found["because"]} >= {"x[0]"} and all("kind" in one for one in found["because"])


def test_a_gradient_check_reads_what_was_set(capsys: Captured) -> None:
    out = said(capsys, "goto e0.b0.s0.fwd2.z", "set W[2][0,1] = 3", "goto e0.b0.update", "gradcheck",
               "gradcheck W[2][0,1]")  # fmt: skip
    assert "-0.0412095   -0.0412095" in out and "at W[2][0,1] = 3" in out


def test_a_trace_without_operations_is_no_equal(capsys: Captured, tmp_path: Path) -> None:
    assert main(["trace", "xor", "--to", "e0.b1", "--output", str(tmp_path / "a.jsonl")]) == 0
    head = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "head.jsonl").write_text(head + "\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "head.jsonl"), "xor"]) == 2
    assert "holds no operation" in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "empty.csv"), "xor"]) == 2
    assert "the file is empty" in capsys.readouterr().err
    assert main(["compare", "xor", "mazur"]) == 1
    assert "sizes: [2, 3, 1] and [2, 2, 2]" in capsys.readouterr().out
