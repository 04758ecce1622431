"""`tuibp run`: what it reports is what the trace of the same run says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from tuibp.cli import main, progress, streams
from tuibp.cli.files import open_recipe
from tuibp.cli.progress import bar, follow
from tuibp.cli.summary import Breakage, find_breakage, thinned
from tuibp.debugger import head
from tuibp.debugger.flight_log import EpochLog
from tuibp.debugger.timeline import Timeline
from tuibp.engine import pace
from tuibp.engine.build import build
from tuibp.engine.recipe import Recipe
from tuibp.formats.trace import entries
from tuibp.present.numbers import duration


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["run", *words, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("stop", ["e0.b1", "e3", "e7.b1.s0.cost", "e2.end", "end"])
def test_epochs_are_those_of_the_trace(stop: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = _json(capsys, "xor", "--to", stop)
    timeline = Timeline(open_recipe("xor"))
    ends = [entry.writes for entry in entries(timeline, 0, report["t"]) if entry.op == "end"]
    whole = [row for row in report["epochs"] if row["samples"] == 4]
    assert [row["cost"] for row in whole][: len(ends)] == [writes["ecost"] for writes in ends]
    assert [row["accuracy"] for row in whole][: len(ends)] == [writes["accuracy"] for writes in ends]
    assert [row["epoch"] for row in report["epochs"]] == list(range(len(report["epochs"])))
    batches = sum(entry.op == "update" for entry in entries(timeline, 0, report["t"]))
    assert sum(row["samples"] for row in report["epochs"]) == 2 * batches


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    report = _json(capsys, "iris", "--to", "e2")
    assert list(report) == ["title", "sizes", "samples", "t", "position", "epochs", "test", "nonfinite", "seconds"]
    assert report["position"] == "e2.shuffle"
    assert report["test"]["samples"] + report["samples"] == 150
    assert report["nonfinite"] is None


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_real_data_are_learnt(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, name)["test"]["accuracy"] > 0.9


def test_the_text_thins_many_epochs_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "xor"]) == 0
    caught = capsys.readouterr()
    assert "one epoch in 3 of 60 is shown" in caught.out
    assert caught.out.splitlines()[0] == open_recipe("xor").title
    assert caught.out.splitlines()[-1].startswith("60 epochs, to end, in ")
    assert caught.err == ""


def test_a_run_that_ends_before_the_first_batch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "xor", "--to", "e0.b0.s1"]) == 0
    assert "No batch is complete" in capsys.readouterr().out


def test_an_epoch_left_half_way_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "xor", "--to", "e1.b1.s1"]) == 0
    assert "(2 of 4 samples)" in capsys.readouterr().out


@pytest.mark.parametrize("stop", ["end", "e9.b1", "e8"])
def test_a_very_long_run_has_rows_of_several_epochs(
    stop: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    single = _json(capsys, "xor", "--to", stop)["epochs"]
    assert all("epochs" not in row for row in single)
    monkeypatch.setattr(head, "EpochLog", lambda: EpochLog(8 * 2 * 24))
    rows = _json(capsys, "xor", "--to", stop)["epochs"]
    assert len(rows) < 9 or stop == "e9.b1"
    counts = [row.get("epochs", 1) for row in rows]
    assert [row["epoch"] for row in rows] == [sum(counts[:i]) for i in range(len(rows))]
    assert sum(counts) == len(single)
    for row, count in zip(rows, counts, strict=True):
        covered = single[row["epoch"] : row["epoch"] + count]
        assert row["samples"] == sum(one["samples"] for one in covered)
        for name in ("cost", "accuracy"):
            assert row[name] == pytest.approx(sum(one[name] * one["samples"] for one in covered) / row["samples"])
    main(["run", "xor", "--to", stop])
    text = capsys.readouterr().out
    assert ("(a line is the mean of " in text) == (max(counts) > 1)
    finished = sum(one["samples"] == 4 for one in single)
    assert f"\n{finished} epochs, to " in text


@pytest.mark.parametrize("slices", [0, 1, 3])
def test_an_interrupt_prints_what_has_been_run(
    slices: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut(steps: Iterable[tuple[int, int]], unit: str) -> Iterator[tuple[int, int]]:
        yield from islice(steps, slices)
        raise KeyboardInterrupt

    monkeypatch.setattr(pace, "MOST", 2)
    monkeypatch.setattr(progress, "follow", cut)
    assert main(["run", "xor", "--json"]) == 130
    out, err = capsys.readouterr()
    assert err == f"tuibp: interrupted at e{slices}.b1.begin\n"
    summary = json.loads(out)
    assert summary["position"] == f"e{slices}.b1.begin"
    assert [row["samples"] for row in summary["epochs"]] == [4] * slices + [2]


def test_an_interrupt_counts_though_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(steps: Iterable[tuple[int, int]], unit: str) -> Iterator[tuple[int, int]]:
        raise KeyboardInterrupt

    def gone(text: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(streams, "put", gone)
    monkeypatch.setattr(streams, "silence", lambda: None)
    assert main(["run", "xor"]) == 0
    monkeypatch.setattr(progress, "follow", cut)
    assert main(["run", "xor"]) == 130


def test_where_a_run_breaks_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "exploding"]) == 0
    assert "the first is inf in z[3], written at e1.b3.s0.fwd3.z" in capsys.readouterr().out
    assert _json(capsys, "exploding")["nonfinite"] == {"at": "e1.b3.s0.fwd3.z", "name": "z[3]", "value": "inf"}


def _brute(timeline: Timeline) -> Breakage | None:
    """The first value that is not finite, by looking at all."""
    for entry in entries(timeline, 0, timeline.clock.total):
        for name, value in entry.writes.items():
            bad = np.asarray(value)[~np.isfinite(value)]
            if bad.size:
                return Breakage(entry.at, name, repr(float(bad[0])))
    return None


def _linear(lr: float, epochs: int = 40) -> Recipe:
    x, y = [[1.0, 2.0], [-1.0, 0.5], [0.3, 0.3], [2.0, 1.0], [1.0, 1.0]], [1.0, 2.0, 3.0, 4.0, 5.0]
    return build(x, y, layers=[(2, "identity"), (1, "identity")], lr=lr, epochs=epochs, batch=2)


@pytest.mark.parametrize("lr", [0.01, 1.0, 5.0, 100.0, 1e6])
def test_the_breakage_is_found_by_halving(lr: float) -> None:
    timeline = Timeline(_linear(lr))
    list(timeline.travel(timeline.clock.total))
    assert find_breakage(timeline, timeline.clock.total) == _brute(Timeline(_linear(lr)))


def test_a_parameter_that_breaks_without_breaking_the_cost() -> None:
    # The first step of the second leaves the range of float64: W is infinite, sigmoid(inf) = 1, every cost is finite.
    recipe = build([[1.0]], [[1.0]], layers=[([[1e-9]], [0.0], "sigmoid")], lr=1e9, epochs=4, batch=1)
    broken = build([[1e305]], [[1.0]], layers=[([[1e-305]], [0.0], "sigmoid")], lr=1e9, epochs=4, batch=1)
    for candidate in (recipe, broken):
        timeline = Timeline(candidate)
        for _ in timeline.travel(timeline.clock.total):
            pass
        assert np.isfinite(timeline.log.mean_costs()).all()
    assert find_breakage(Timeline(recipe), Timeline(recipe).clock.total) is None
    timeline = Timeline(broken)
    list(timeline.travel(timeline.clock.total))
    assert find_breakage(timeline, timeline.clock.total) == Breakage("e0.b0.update", "W[1]", "inf")


@pytest.mark.parametrize(("count", "most"), [(0, 5), (1, 5), (5, 5), (6, 5), (11, 5), (10**6, 20)])
def test_thinning_keeps_the_ends(count: int, most: int) -> None:
    chosen = thinned(count, most)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= most + 1
    if count:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
    if count <= most:
        assert chosen == list(range(count))


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(follow([(1, 2), (2, 2)], "batches")) == [(1, 2), (2, 2)]
    assert capsys.readouterr().err == ""


def test_the_bar_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(streams, "is_terminal", lambda stream: True)
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    assert len(list(follow([(n, 5) for n in range(1, 6)], "batches"))) == 5
    text = capsys.readouterr().err
    assert text.count("\r") == 6
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text


@pytest.mark.parametrize("columns", [1, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("step", [(0, 10), (5, 10), (10, 10), (0, 0), (123456789, 10**12)])
def test_a_bar_fits(step: tuple[int, int], columns: int) -> None:
    assert len(bar(*step, 7.0, "batches", columns)) < columns


def test_durations() -> None:
    shown = [duration(seconds) for seconds in (0, 59.4, 59.6, 3600, 7260)]
    assert shown == ["0.0 s", "59 s", "1 min 0 s", "1 h 0 min", "2 h 1 min"]
