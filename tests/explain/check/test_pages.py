"""Pages of backprop in every layout, run as the user's own: `python -m tests.explain.check.test_pages N` tries many."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from tests.explain.check.written import WRONG, Page, pages, possible, some, text
from tests.explain.test_why import made
from tuibp.cli.user_code.process import UserProcess
from tuibp.engine.dataset import dataset
from tuibp.engine.recipe import Recipe
from tuibp.explain.check.check import check
from tuibp.explain.check.verdict import Verdict

SHAPES = ((4, 5, 3, 2), (3, 4, 2), (3, 3, 3, 3), (2, 4, 3))


def network_of(page: Page, sizes: tuple[int, ...]) -> Recipe:
    """The network that a page is written for."""
    names = (page.hidden,) * (len(sizes) - 2) + (page.output,)
    recipe = made(names, sizes, page.cost, bias=0.0 if page.bias == "none" else 0.3)
    if "cross-entropy" not in page.cost:
        return recipe
    classes = np.eye(sizes[-1])[np.arange(recipe.train.N) % sizes[-1]]
    return replace(recipe, train=dataset(np.array(recipe.train.x), classes))


def verdict_of(page: Page, folder: Path, sizes: tuple[int, ...] | None = None) -> Verdict:
    """What the check says of a page, on a network of some sizes, or without one."""
    file = folder / "page.py"
    file.write_text(text(page), encoding="utf-8")
    with UserProcess(file, 30.0) as process:
        return check(process, None if sizes is None else network_of(page, sizes))


def is_named(page: Page, verdict: Verdict) -> bool:
    """Whether the mistake of a page is one of at most two explanations."""
    wanted = "slope-missing" if page.wrong == "slope-missing-at-the-output" else page.wrong.split()[0]
    found = [{one.mistake.name for one in explanation} for explanation in verdict.explanations]
    return verdict.outcome == "wrong" and not verdict.unexplained and len(found) <= 2 and {wanted} in found


def spoiled(count: int, seed: int) -> list[Page]:
    """Pages with a line written wrongly."""
    rng, found = random.Random(seed), []
    for page in some(len(list(pages())), seed):
        wrong = possible(page, rng.choice(WRONG))
        if wrong is not None:
            found.append(wrong)
    return found[:count]


@pytest.mark.parametrize(("page", "sizes"), list(zip(some(16, 3), (*SHAPES, None) * 4, strict=False)), ids=str)
def test_a_right_page_is_called_right(page: Page, sizes: tuple[int, ...] | None, tmp_path: Path) -> None:
    verdict = verdict_of(page, tmp_path, sizes)
    assert verdict.outcome == "right", verdict.explanations
    assert not any(finding.mistake for finding in verdict.batch)


@pytest.mark.parametrize(("page", "sizes"), list(zip(spoiled(16, 4), SHAPES * 4, strict=True)), ids=str)
def test_a_wrong_page_is_named(page: Page, sizes: tuple[int, ...], tmp_path: Path) -> None:
    verdict = verdict_of(page, tmp_path, sizes)
    assert is_named(page, verdict), [[one.mistake.name for one in some] for some in verdict.explanations]


def main(count: int) -> None:
    """As many right pages and as many wrong ones."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder, start = Path(name), time.perf_counter()
        shapes = cycle(SHAPES)
        right = [page for page in some(count, 11) if verdict_of(page, folder, next(shapes)).outcome != "right"]
        wrong = [page for page in spoiled(count, 12) if not is_named(page, verdict_of(page, folder, next(shapes)))]
        for page in (*right, *wrong):
            sys.stdout.write(f"{page}\n")
        seconds = time.perf_counter() - start
        sys.stdout.write(
            f"{len(right)} of {count} right pages not called so, {len(wrong)} of {count} wrong ones not named; "
        )
        sys.stdout.write(f"{seconds / 2 / count:.2f} s a page\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
