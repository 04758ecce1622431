"""Words of other debuggers: whoever types one is told what to write here, and that can be typed."""

from __future__ import annotations

import pytest

from tests.console.some_lines import small
from tests.console.test_commands import run
from tuibp.console.console import Console
from tuibp.console.language import read_line
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.foreign import BARE_WORDS, COMMAND_WORDS, NAME_WORDS, PLACE_WORDS
from tuibp.debugger.location import parse_location
from tuibp.debugger.names import ALIASES, SCALARS, TENSORS
from tuibp.errors import TuibpError


@pytest.mark.parametrize("word", COMMAND_WORDS)
def test_a_command_of_another_debugger(word: str) -> None:
    line, _ = COMMAND_WORDS[word]
    assert all(word != row.name and word not in row.aliases for row in COMMANDS.values())
    command = read_line(line).command
    assert command is not None and command.name == line.split(maxsplit=1)[0].split("/")[0]
    with pytest.raises(TuibpError, match="there is no command") as told:
        small().execute(f"{word} 1")
    assert told.value.hint is not None and told.value.hint.startswith(line)


@pytest.mark.parametrize("word", NAME_WORDS)
def test_a_name_of_another_book(word: str) -> None:
    assert word not in TENSORS and word not in SCALARS and word not in ALIASES
    with pytest.raises(TuibpError) as told:
        small().execute(f"print {word} > 1")
    assert told.value.hint is not None and NAME_WORDS[word] in told.value.hint


@pytest.mark.parametrize("word", PLACE_WORDS)
def test_a_place_of_another_program(word: str) -> None:
    console = small()
    with pytest.raises(TuibpError) as told:
        console.execute(f"break {word}")
    assert told.value.hint == f"write {PLACE_WORDS[word]}"
    parse_location(PLACE_WORDS[word].split(",")[0].split(" or ")[0], console.session.clock)


@pytest.mark.parametrize("word", BARE_WORDS)
def test_a_command_that_means_more_elsewhere(word: str) -> None:
    with pytest.raises(TuibpError) as told:
        small().execute(word)
    assert told.value.hint == BARE_WORDS[word]


def test_the_input_is_still_an_expression() -> None:
    console = small()
    run(console, "advance fwd 1")
    for line in ("x", "x[0]", "x / 2", "x/2", "x > 0"):
        assert console.execute(line).lines[0].startswith("$")


def test_a_position_where_a_place_is_wanted() -> None:
    for line, hint in (("break 12", "write break at 12"), ("tbreak e1.b0", "write tbreak at e1.b0"),
                       ("break +3b if cost > 1", "write break at +3b")):  # fmt: skip
        with pytest.raises(TuibpError, match="is a position") as told:
            small().execute(line)
        assert told.value.hint == hint


def test_frames_by_number() -> None:
    console = small()
    run(console, "advance bwd 1")
    numbers = [line.split("#")[1].split()[0] for line in console.execute("where").lines if "#" in line]
    assert len(numbers) == 6
    for number in numbers:
        console.execute(f"frame {number}")
        marked = next(line for line in console.execute("where").lines if line.startswith("->"))
        assert f"#{number} " in marked and marked.endswith(f"frame {number}")
    assert console.execute("frame").lines == console.execute("frame 5").lines == ("Frame: run.",)
    with pytest.raises(TuibpError, match="there is no frame 6"):
        console.execute("frame 6")


def test_set_var_is_set() -> None:
    assert "lr = 0.25 at" in small().execute("set var lr = 0.25").lines[0]


def forgotten(console: Console) -> bool:
    """Whether the temporary stop is."""
    return not any(stop.kind == "tbreak" for stop in console.session.stops.all.values())


def test_what_stops_once_counts_once() -> None:
    console = small()
    run(console, "tbreak grad", "break update")
    assert console.execute("continue 2").values["at"] == "e0.b0.update" and forgotten(console)
    run(console, "tbreak grad")
    assert console.execute("continue 3").values["at"] == "e0.b2.update" and forgotten(console)
    run(console, "goto end", "tbreak grad")
    assert console.execute("reverse-continue 2").values["at"] == "e5.b2.grad" and forgotten(console)
