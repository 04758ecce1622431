"""What the README shows of the app, made from it: `python -m tests.readme` writes the picture and the key table anew.

`tests/test_readme.py` holds the README to it, and runs every command in it.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tuibp.debugger.commands import COMMANDS, GROUPS
from tuibp.present.help import key_text

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / ".readme" / "tuibp.svg"
SIZE = (112, 34)
KEYS = ("right_square_bracket", *["space"] * 9)
"""To the backward pass of the second epoch's first sample."""


def key_table() -> str:
    """The table of commands and their keys, by group, from COMMANDS; what has no key is typed."""
    lines = ["| key | command | what it does |", "|---|---|---|"]
    for group in GROUPS:
        for command in COMMANDS.values():
            if command.group == group and (command.keys or command.typed):
                keys = " ".join(f"`{key}`" for key in key_text(command).split()) or f"`:{command.name}`"
                lines.append(f"| {keys} | {command.name} | {command.help} |".replace("||", "| |"))
    return "\n".join(lines)


async def frame() -> tuple[str, list[str]]:
    """The picture, and the lines of text in it."""
    from tuibp.cli.files import open_recipe
    from tuibp.console.console import Console
    from tuibp.debugger.session import Session
    from tuibp.tui.app import TuibpApp

    app = TuibpApp(Console(Session(open_recipe("xor"))))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*KEYS)
        await pilot.pause()
        svg = app.export_screenshot(title="tuibp")
        lines = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    # The font comes from the reader's machine: a picture in a README asks no other server for anything.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code,monospace", "Fira Code,DejaVu Sans Mono,Menlo,Consolas,monospace"), lines


def picture_text(svg: str) -> str:
    """All characters of a picture, in order, blanks left out."""
    import html

    return "".join(html.unescape(re.sub(r"<[^>]+>", "", part)) for part in re.findall(r"<text.*?</text>", svg)).replace(
        "\N{NO-BREAK SPACE}", ""
    )


def with_keys(text: str) -> str:
    """The README with its key table made anew."""
    table = f"<!-- keys -->\n{key_table()}\n<!-- /keys -->"
    return re.sub(r"<!-- keys -->.*<!-- /keys -->", lambda _: table, text, flags=re.DOTALL)


def main() -> None:
    """Write both."""
    from tuibp.tui.terminal import prepare_environment

    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    prepare_environment(os.environ)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(asyncio.run(frame())[0], encoding="utf-8")
    README.write_text(with_keys(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
