"""From a role to a style: the one place where a colour is chosen.

A palette belongs to a colour depth and to a dark or a light screen. A ramp of 17 hues that is even in true
colour becomes nine odd ones when a terminal rounds it to 256 colours and five unreadable ones at 16, so each
depth has a table of its own and nothing is left to rounding. Without colour a palette uses attributes only.
Colour never carries a meaning alone: the text prints the sign and the state too, so that no palette has to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, NamedTuple

from rich.color import Color
from rich.console import Console
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

Depth = Literal["truecolor", "256", "mono"]
HEAT = {f"heat{level:+d}" if level else "heat0": level for level in range(-8, 9)}
"""The roles of signed magnitudes and their levels, from the most negative to the most positive."""
READABLE = 4.5
"""The least contrast of text: WCAG 2.2, success criterion 1.4.3."""


class Tone(NamedTuple):
    """One colour: what true colour shows, and the entry of the xterm cube chosen for 256 colours."""

    rgb: str
    cube: int

    def at(self, depth: Depth) -> str:
        """The colour in the spelling of rich."""
        return self.rgb if depth == "truecolor" else f"color({self.cube})"


class Ink(NamedTuple):
    """How a role or a modifier draws: a tone that is None leaves what lies below; attributes add up."""

    fg: Tone | None = None
    bg: Tone | None = None
    attributes: str = ""


class Scheme(NamedTuple):
    """All tones of a dark or of a light screen."""

    background: Tone
    panel: Tone
    frame: Tone
    inks: Mapping[str, Ink]
    marks: Mapping[str, Ink]
    heat: tuple[Tone, ...]
    """Nine stops from the most positive to the most negative; the middle one is the background."""


_BLACK, _WHITE = Tone("#000000", 16), Tone("#ffffff", 231)

_DARK_DIM = Tone("#9e9e9e", 247)
_DARK = Scheme(
    background=Tone("#1e1e1e", 234),
    panel=Tone("#2a2a2a", 235),
    frame=Tone("#6c6c6c", 242),
    inks={
        "text": Ink(Tone("#d4d4d4", 252)),
        "dim": Ink(_DARK_DIM),
        "title": Ink(_WHITE, None, "bold"),
        "value": Ink(Tone("#eeeeee", 255)),
        "key": Ink(Tone("#f0e442", 227), None, "bold"),
        "pending": Ink(Tone("#8f8f8f", 245)),
        "ready": Ink(Tone("#f0e442", 227)),
        "pc": Ink(_BLACK, Tone("#f0e442", 227), "bold"),
        "good": Ink(Tone("#5fd7af", 79)),
        "bad": Ink(Tone("#ff87af", 211), None, "bold"),
        "accent": Ink(Tone("#d0b0ff", 183)),
        "curve": Ink(Tone("#56b4e9", 117)),
        "curve2": Ink(Tone("#e69f00", 214)),
    },
    marks={
        "stale": Ink(_DARK_DIM, Tone("#1e1e1e", 234), "italic"),
        "read": Ink(None, Tone("#3a3a4e", 237), "italic"),
        "active": Ink(_WHITE, Tone("#514b00", 58), "bold underline"),
        "same": Ink(_BLACK, Tone("#a8a8a8", 248)),
        "cursor": Ink(_BLACK, _WHITE, "bold"),
    },
    heat=(
        Tone("#e69f00", 214),
        Tone("#a07326", 172),
        Tone("#6b5129", 136),
        Tone("#3d3324", 94),
        Tone("#1e1e1e", 234),
        Tone("#2a363e", 24),
        Tone("#38586c", 31),
        Tone("#4680a2", 74),
        Tone("#56b4e9", 117),
    ),
)

_LIGHT_DIM = Tone("#5f5f5f", 59)
_LIGHT = Scheme(
    background=Tone("#f7f7f7", 255),
    panel=Tone("#e4e4e4", 254),
    frame=Tone("#8a8a8a", 245),
    inks={
        "text": Ink(Tone("#262626", 235)),
        "dim": Ink(_LIGHT_DIM),
        "title": Ink(_BLACK, None, "bold"),
        "value": Ink(Tone("#121212", 233)),
        "key": Ink(Tone("#7a4a00", 58), None, "bold"),
        "pending": Ink(Tone("#6b6b6b", 241)),
        "ready": Ink(Tone("#7a4a00", 58)),
        "pc": Ink(_BLACK, Tone("#ffd75f", 221), "bold"),
        "good": Ink(Tone("#00663f", 22)),
        "bad": Ink(Tone("#af005f", 125), None, "bold"),
        "accent": Ink(Tone("#5f2fa8", 55)),
        "curve": Ink(Tone("#1f5f9f", 25)),
        "curve2": Ink(Tone("#a84000", 94)),
    },
    marks={
        "stale": Ink(_LIGHT_DIM, Tone("#f7f7f7", 255), "italic"),
        "read": Ink(None, Tone("#dcdcec", 253), "italic"),
        "active": Ink(_BLACK, Tone("#fff1a8", 229), "bold underline"),
        "same": Ink(_WHITE, Tone("#6c6c6c", 242)),
        "cursor": Ink(_WHITE, _BLACK, "bold"),
    },
    heat=(
        Tone("#b3262e", 124),
        Tone("#d0604f", 167),
        Tone("#ea9a7f", 216),
        Tone("#f7d0bd", 224),
        Tone("#f7f7f7", 255),
        Tone("#cfe2ef", 189),
        Tone("#97c3df", 110),
        Tone("#4e95c4", 68),
        Tone("#2367a8", 25),
    ),
)

_MONO = {
    "text": "",
    "dim": "dim",
    "title": "bold",
    "value": "",
    "key": "bold",
    "pending": "dim",
    "ready": "underline",
    "pc": "bold",
    "good": "",
    "bad": "bold",
    "accent": "",
    "curve": "",
    "curve2": "dim",
    "stale": "dim italic",
    "read": "underline",
    "active": "bold underline",
    "same": "bold italic",
    "cursor": "reverse bold",
}
"""Attributes of roles and modifiers on a screen without colour, where only the cursor is reversed."""

_ORDER = {name: place for place, name in enumerate(("stale", "read", "active", "same", "cursor"))}
"""Where two modifiers set a colour the later one wins."""
_COVER = frozenset({"stale", "same", "cursor"})
"""Modifiers that hide the heat: a cursor shows on every cell, and what is no longer true has no magnitude."""


@cache
def luminance(color: str) -> float:
    """The luminance of a colour, between 0 and 1. Source: WCAG 2.2, definition of relative luminance."""
    parts = [part / 255 for part in Color.parse(color).get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, between 1 and 21. Source: WCAG 2.2, definition of contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class _Styles(dict[str, Style]):
    """The styles asked for so far: a painter uses a few dozen of the thousands of combinations."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def __missing__(self, role: str) -> Style:
        style = self[role] = self._palette.mix(role)
        return style


@dataclass(frozen=True, eq=False)
class Palette:
    """The styles of all roles at one depth on a dark or a light screen."""

    depth: Depth
    dark: bool
    styles: _Styles = field(init=False, repr=False)
    """`styles["heat+3 active"]`: a role, then modifiers in any order; KeyError for a word nobody knows."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "styles", _Styles(self))

    def heat(self, level: int) -> str:
        """The background of a level from -8 to +8; in true colour an odd level lies between two stops."""
        stops = self._scheme.heat
        if self.depth != "truecolor":
            steps = (abs(level) + 1) // 2
            return stops[4 - steps if level > 0 else 4 + steps].at(self.depth)
        above, below = stops[(8 - level) // 2], stops[(9 - level) // 2]
        channels = zip(*(Color.parse(tone.rgb).get_truecolor() for tone in (above, below)), strict=True)
        return "#" + "".join(f"{(one + other) // 2:02x}" for one, other in channels)

    def mix(self, role: str) -> Style:
        """The style of a role: the base word first, then the modifiers over it."""
        base, *modifiers = role.split() or [""]
        level = HEAT.get(base, 0)
        if base in HEAT:
            base = "text"
        if self.depth == "mono":
            return Style.parse(" ".join(["default on default", *(_MONO[word] for word in (base, *modifiers))]))
        scheme = self._scheme
        ink = scheme.inks[base]
        fg, attributes = ink.fg, [ink.attributes]
        bg = self.heat(level) if level else (ink.bg or scheme.background).at(self.depth)
        for name in sorted(modifiers, key=_ORDER.__getitem__):
            mark = scheme.marks[name]
            attributes.append(mark.attributes)
            if mark.bg is not None and (not level or name in _COVER):
                # nan and infinities keep their colour wherever they are written
                fg = fg if base == "bad" and name not in _COVER else mark.fg or fg
                bg = mark.bg.at(self.depth)
        return Style.parse(" ".join([self._readable(fg, bg), "on", bg, *attributes]))

    @property
    def _scheme(self) -> Scheme:
        return _DARK if self.dark else _LIGHT

    def _readable(self, wanted: Tone | None, background: str) -> str:
        """The wanted colour if it is readable on the background, else text, black or white, whichever is."""
        tones = [tone.at(self.depth) for tone in (wanted, self._scheme.inks["text"].fg, _BLACK, _WHITE) if tone]
        return next(tone for tone in tones if contrast(tone, background) >= READABLE)


@cache
def palette_for(depth: Depth, dark: bool) -> Palette:
    """The palette of a depth on a dark or light screen: one object, so that all widgets share its styles."""
    return Palette(depth, dark)


def depth_of(environ: Mapping[str, str], console: Console) -> Depth:
    """How much colour to use: none if NO_COLOR is set and not empty, else what the console has found."""
    if environ.get("NO_COLOR"):
        return "mono"
    depths: dict[str | None, Depth] = {"truecolor": "truecolor", "256": "256"}
    return depths.get(console.color_system, "mono")


def _theme(name: str, scheme: Scheme, dark: bool) -> Theme:
    inks = {role: ink.fg.rgb for role, ink in scheme.inks.items() if ink.fg}
    return Theme(
        name=name,
        dark=dark,
        primary=inks["accent"],
        secondary=inks["dim"],
        accent=inks["accent"],
        warning=inks["key"],
        error=inks["bad"],
        success=inks["good"],
        foreground=inks["text"],
        background=scheme.background.rgb,
        surface=scheme.background.rgb,
        panel=scheme.panel.rgb,
        variables={
            "border": inks["key"],
            "border-blurred": scheme.frame.rgb,
            "footer-key-foreground": inks["key"],
            **{f"role-{role}": color for role, color in inks.items()},
        },
    )


DARK_THEME = _theme("tuibp-dark", _DARK, dark=True)
LIGHT_THEME = _theme("tuibp-light", _LIGHT, dark=False)
_ANSI = BUILTIN_THEMES["ansi-dark"]
MONO_THEME = replace(
    _ANSI,
    name="tuibp-mono",
    variables={**_ANSI.variables, **dict.fromkeys((f"role-{role}" for role in _DARK.inks), "ansi_default")},
)
"""Leaves every colour to the terminal."""


def themes_for(depth: Depth) -> tuple[Theme, ...]:
    """The themes for textual's own widgets that go with the palettes of a depth."""
    return (MONO_THEME,) if depth == "mono" else (DARK_THEME, LIGHT_THEME)
