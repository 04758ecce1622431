"""Every role can be read in every palette, and what matters is distinct."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from rich.console import Console
from rich.style import Style
from textual.theme import Theme

from tuibp.present.cells import MODIFIERS, ROLES
from tuibp.tui.palette import (
    HEAT,
    READABLE,
    Palette,
    contrast,
    depth_of,
    luminance,
    palette_for,
    themes_for,
)

PALETTES = [palette_for(depth, dark) for depth in ("truecolor", "256", "mono") for dark in (True, False)]
COLOURED = [palette for palette in PALETTES if palette.depth != "mono"]
BASES = [role for role in ROLES if role != "heat"] + [*HEAT]
MIXES = [" ".join(words) for words in product(BASES, MODIFIERS)] + BASES


def colours(style: Style) -> tuple[str, str]:
    assert style.color is not None
    assert style.bgcolor is not None
    return style.color.name, style.bgcolor.name


@pytest.mark.parametrize("palette", COLOURED, ids=str)
def test_text_can_be_read(palette: Palette) -> None:
    for role in MIXES:
        assert contrast(*colours(palette.styles[role])) >= READABLE, role


@pytest.mark.parametrize("palette", COLOURED, ids=str)
def test_a_base_role_keeps_the_colour_chosen_for_it(palette: Palette) -> None:
    """A colour that cannot be read on the screen's background would silently become that of plain text."""
    plain = {"text", "value", "title", "pc"}
    taken = [colours(palette.styles[role])[0] for role in ROLES if role not in {*plain, "heat"}]
    assert colours(palette.styles["text"])[0] not in taken


@pytest.mark.parametrize("palette", PALETTES, ids=str)
def test_the_cursor_is_unmistakable(palette: Palette) -> None:
    """Wherever the cursor stands, no cell without the cursor looks like it."""
    with_cursor = {palette.styles[f"{role} cursor"] for role in MIXES}
    assert with_cursor.isdisjoint(palette.styles[role] for role in MIXES if "cursor" not in role)


@pytest.mark.parametrize("palette", PALETTES, ids=str)
def test_modifiers_can_be_told_apart(palette: Palette) -> None:
    for base in ("value", "heat+3", "heat-8", "heat0"):
        styles = [palette.styles[base], *(palette.styles[f"{base} {name}"] for name in MODIFIERS)]
        for one, other in combinations(styles, 2):
            assert one != other, base


@pytest.mark.parametrize("palette", PALETTES, ids=str)
def test_what_was_just_written_is_lit_on_any_heat(palette: Palette) -> None:
    for base in HEAT:
        lit = palette.styles[f"{base} active"]
        assert lit.bold
        assert lit.underline
    assert palette.styles["value active read"] == palette.styles["value read active"]


@pytest.mark.parametrize("palette", COLOURED, ids=str)
def test_heat_diverges_from_the_background(palette: Palette) -> None:
    backgrounds = [palette.heat(level) for level in HEAT.values()]
    assert len(set(backgrounds)) == (17 if palette.depth == "truecolor" else 9)
    assert palette.heat(0) == colours(palette.styles["text"])[1]
    if palette.depth == "truecolor":
        sign = 1 if palette.dark else -1
        light = [sign * luminance(background) for background in backgrounds]
        assert light[:9] == sorted(light[:9], reverse=True)
        assert light[8:] == sorted(light[8:])


def test_without_colour_there_are_attributes_only() -> None:
    for palette in PALETTES[-2:]:
        for role in MIXES:
            assert colours(palette.styles[role]) == ("default", "default")
        assert palette.styles["heat+8"] == palette.styles["heat-8"], "the text prints the sign"
        assert palette.styles["value cursor"].reverse


@pytest.mark.parametrize("role", ["nonsense", "value nonsense", "heat+9", "heat", ""])
@pytest.mark.parametrize("palette", PALETTES, ids=str)
def test_an_unknown_role_is_a_fault(palette: Palette, role: str) -> None:
    with pytest.raises(KeyError):
        palette.styles[role]


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "mono"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm"}, "mono"),
        ({"TERM": "linux"}, "mono"),
        ({"TERM": "dumb"}, "mono"),
    ],
)
def test_the_depth_of_a_terminal(environ: dict[str, str], depth: str) -> None:
    console = Console(force_terminal=True, legacy_windows=False, _environ=environ)
    assert depth_of(environ, console) == depth


@pytest.mark.parametrize("theme", [*themes_for("truecolor"), *themes_for("mono")], ids=lambda theme: theme.name)
def test_a_theme_has_a_variable_for_every_role(theme: Theme) -> None:
    generated = theme.to_color_system().generate()
    assert generated["border"]
    for role in ROLES.keys() - {"heat"}:
        colour = theme.variables[f"role-{role}"]
        if not theme.ansi and role != "pc":
            assert theme.background is not None
            assert contrast(colour, theme.background) >= READABLE
