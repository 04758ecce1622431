"""What every painter promises, whatever the network, the place, the choice and the size."""

from __future__ import annotations

import itertools

import pytest
from rich.cells import cell_len

from tests.present.scenes import PAINTERS, TABLES, recipes, scenes
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.names import TENSORS, CellRef
from tuibp.present.cells import Picture, Window, row_text
from tuibp.present.choosing import LOOK
from tuibp.present.help import PANES, key_text, paint_help
from tuibp.present.hints import paint_progress
from tuibp.present.listing import GUTTER, places
from tuibp.present.numbers import in_ascii
from tuibp.present.scene import Scene
from tuibp.tui.palette import Palette, palette_for

SIZES = [
    (80, 13),
    (53, 6),
    (91, 7),
    *zip((10, 11, 13, 17, 25, 40, 64, 120, 200), (1, 2, 3, 5, 8, 12, 60, 20, 4), strict=True),
]
"""Widths and heights of panes, the usual ones first."""
EVERY = {"digits": 3, "784 units": 3, "deep-sigmoid": 4, "12 layers": 7}
"""Of the larger networks only every so many scenes are painted."""
PALETTES = [palette_for(depth, dark=True) for depth in ("truecolor", "256", "mono")]


def check(picture: Picture, width: int, height: int, palettes: list[Palette] = PALETTES) -> None:
    """The picture fits, holds only printable characters of one cell, and every role of it is known."""
    assert len(picture.rows) <= height
    for row in picture.rows:
        text = row_text(row)
        assert len(text) <= width, text
        assert text.isprintable(), repr(text)
        assert cell_len(text) == len(text), repr(text)
        plain = in_ascii(text)
        assert plain.isascii() and len(plain) == len(text), repr(plain)
        for run in row:
            assert all(palette.styles[run.role] for palette in palettes)
    assert picture.more.isascii()


def check_hits(picture: Picture, scene: Scene, width: int) -> None:
    """Every hit lies in the picture, on no other, and leads to something that exists."""
    network = scene.view.network
    taken: set[tuple[int, int]] = set()
    for hit in picture.hits:
        assert 0 <= hit.y < len(picture.rows) and hit.x >= 0 and hit.width > 0 and hit.x + hit.width <= width
        cells = {(hit.y, x) for x in range(hit.x, hit.x + hit.width)}
        assert not cells & taken
        taken |= cells
        if isinstance(hit.target, CellRef):
            shape = TENSORS[hit.target.name].shape(network, hit.target.layer or 0)
            assert len(hit.target.index) == len(shape)
            assert all(0 <= i < n for i, n in zip(hit.target.index, shape, strict=True))
        elif hit.target.startswith(LOOK):
            column = hit.target.removeprefix(LOOK)
            assert column == "mean" or int(column) < scene.view.m
        else:
            assert hit.target.removeprefix(GUTTER) in itertools.chain(*places(scene.view.program))


@pytest.mark.parametrize("name", list(recipes()))
def test_painters_keep_their_promises(name: str) -> None:
    sizes = itertools.cycle(SIZES)
    windows = itertools.cycle([Window(), Window(0, 0), Window(10**6, 10**6), Window(3, 1)])
    for scene in scenes(recipes()[name], every=EVERY.get(name, 1)):
        for pane, paint in PAINTERS.items():
            width, height = next(sizes)
            picture = paint(scene, width, height, next(windows) if pane in TABLES else Window())
            check(picture, width, height, PALETTES[:1])
            check_hits(picture, scene, width)


@pytest.mark.parametrize("pane", PAINTERS)
def test_every_size(pane: str) -> None:
    session_scenes = list(scenes(recipes()["iris"], every=17))
    sizes = [(width, 7) for width in range(10, 201)] + [
        (width, height) for height in range(1, 61) for width in (10, 53)
    ]
    for number, (width, height) in enumerate(sizes):
        scene = session_scenes[number % len(session_scenes)]
        picture = PAINTERS[pane](scene, width, height, Window())
        check(picture, width, height)
        check_hits(picture, scene, width)


@pytest.mark.parametrize("pane", PANES)
def test_help_at_every_size(pane: str) -> None:
    for width, height in [(10, 1), (30, 5), (70, 20), (92, 60), (200, 100)]:
        for top in (0, 7, 10**6):
            picture = paint_help(pane, width, height, top)
            check(picture, width, height)
    lines = "\n".join(map(row_text, paint_help(pane, 92, 300).rows))
    assert PANES[pane][0] in lines
    for command in COMMANDS.values():
        assert key_text(command) in lines if command.keys else f"  :{command.name} " in lines
        assert not command.typed or f":{command.usage.split(' ')[0]}" in lines, command.name


@pytest.mark.parametrize("width", range(10, 201, 5))
def test_progress_at_every_width(width: int) -> None:
    for done, total, rate, left in [(0, 1, 0.0, 0.0), (999_999, 10**6, 123456.7, 86_399.0), (1, 3, 1e-3, 3599.6)]:
        picture = paint_progress(done, total, rate, left, width)
        check(picture, width, 1)
        assert row_text(picture.rows[0]).endswith("esc stop" if width >= 20 else "")
