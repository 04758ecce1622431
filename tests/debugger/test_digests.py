"""Digests: equal where the numbers are, and where they are not the difference is said with its place and size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.recipes import sized
from tuibp.debugger.digests import compare, digest, take
from tuibp.debugger.timeline import Timeline
from tuibp.engine.state import State

RECIPE = sized(8, 3, 4, (2, 3, 1))
LINE = Timeline(RECIPE)
HERE = [take(LINE, 2, batch) for batch in range(LINE.batches)]


def test_a_digest_is_that_of_the_state_at_the_beginning_of_the_batch() -> None:
    state = State.initial(RECIPE)
    assert HERE[0].digest == digest(state.block)
    assert HERE[0].cost is None
    assert HERE[0].norms == tuple(float(np.linalg.norm(W)) for W in state.params.W[1:])
    assert len({one.digest for one in HERE}) == LINE.batches
    for one in HERE[1:]:
        row = LINE.log.at(one.batch - 1)
        assert one.cost == pytest.approx(row.cost / row.samples, rel=1e-12)
    assert {one.timeline for one in HERE} == {2}


def test_a_digest_counts_every_bit_in_either_byte_order() -> None:
    block = np.array([[1.0, 0.0]])
    assert digest(block) == digest(block.astype(">f8")) == digest(np.asfortranarray(block))
    assert digest(block) != digest(np.array([[1.0, -0.0]]))
    assert digest(block) != digest(np.nextafter(block, 2))
    assert len(digest(block)) == 32


def test_equal_runs() -> None:
    assert compare(Timeline(RECIPE), []) == []
    assert compare(Timeline(RECIPE), HERE[:1]) == ["Computed here as there, bit for bit (1 place compared)."]
    assert compare(Timeline(RECIPE), HERE[::-1]) == ["Computed here as there, bit for bit (12 places compared)."]


def test_what_differs_is_said() -> None:
    there = [replace(one, digest="0" * 32) for one in HERE]
    first, second = there[4].norms
    other = replace(there[4], norms=(first, second * (1 + 8e-6)))
    (said,) = compare(LINE, [there[7], other, HERE[1]])
    assert said.startswith("Computed on another machine: at e1.b1 W[2] has norm ")
    assert said.endswith(" there (relative difference 8e-06).")
    here, _, away = said.partition(" here, ")
    assert here.split()[-1] != away.split()[0]
    (said,) = compare(LINE, there[3:5])
    assert said == "Computed on another machine: at e1.b0 some last digits differ, but no norm of W and no cost."
    assert there[5].cost is not None
    (said,) = compare(LINE, [replace(there[5], cost=there[5].cost * 2)])
    assert "at e1.b2 the batch before has cost" in said
    assert "(relative difference 0.5)" in said
    (said,) = compare(LINE, [replace(there[5], norms=(float("nan"), second))])
    assert said.endswith(" here, nan there.")


def test_digests_of_another_run() -> None:
    assert compare(LINE, [replace(HERE[0], batch=12)]) == ["The digest of batch 12 belongs to another run."]
    assert compare(LINE, [HERE[0], replace(HERE[3], norms=())]) == ["The digest of batch 3 belongs to another run."]
