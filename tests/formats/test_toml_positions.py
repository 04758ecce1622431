"""The scanner of places, against marks set by hand and against tomllib itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from tests.formats.files import GOOD
from tuibp.engine.checks import Path
from tuibp.formats.toml_positions import Place, find

TEXT = """\
# [not.a.table] = 1
a = 1 # b = 2
"quoted \\"key\\"" = 'it # \\'
'literal' = "\\u0041]"
dotted.key . "x.y" = [1, [2,
  3], # ]
  { p = 4, q.r = [5, "6, 7" ] },
]
many = \"\"\"
[no.table]
no = "key" \\\"\"" \"\"\"\"
raw = '''
x = 1'''
when = [1979-05-27 07:32:00, 8]
empty = [ ]
none = {}

[ t . u ] # header
v = true
[[many.tables]]
x = [
  [1.5, 2.5],
  [3.5, nan],
]
[many.tables.sub]
y = 1
[[many.tables]]
x = -7
""".replace("many = ", "text = ")


def paths(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every path of a document with its value."""
    if path:
        yield path, value
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for key, child in children:
        yield from paths(child, (*path, key))


MARKS: dict[Path, tuple[tuple[int, int] | None, tuple[int, int]]] = {
    ("a",): ((2, 1), (2, 5)),
    ('quoted "key"',): ((3, 1), (3, 20)),
    ("literal",): ((4, 1), (4, 13)),
    ("dotted",): ((5, 1), (5, 1)),
    ("dotted", "key"): ((5, 8), (5, 8)),
    ("dotted", "key", "x.y"): ((5, 14), (5, 22)),
    ("dotted", "key", "x.y", 0): (None, (5, 23)),
    ("dotted", "key", "x.y", 1): (None, (5, 26)),
    ("dotted", "key", "x.y", 1, 1): (None, (6, 3)),
    ("dotted", "key", "x.y", 2): (None, (7, 3)),
    ("dotted", "key", "x.y", 2, "p"): ((7, 5), (7, 9)),
    ("dotted", "key", "x.y", 2, "q"): ((7, 12), (7, 12)),
    ("dotted", "key", "x.y", 2, "q", "r", 1): (None, (7, 22)),
    ("text",): ((9, 1), (9, 8)),
    ("raw",): ((12, 1), (12, 7)),
    ("when", 0): (None, (14, 9)),
    ("when", 1): (None, (14, 30)),
    ("empty",): ((15, 1), (15, 9)),
    ("none",): ((16, 1), (16, 8)),
    ("t",): ((18, 3), (18, 3)),
    ("t", "u"): ((18, 7), (18, 7)),
    ("t", "u", "v"): ((19, 1), (19, 5)),
    ("many",): ((20, 3), (20, 3)),
    ("many", "tables", 0, "x", 1, 1): (None, (23, 9)),
    ("many", "tables", 0, "sub", "y"): ((26, 1), (26, 5)),
    ("many", "tables", 1): ((27, 8), (27, 8)),
    ("many", "tables", 1, "x"): ((28, 1), (28, 5)),
}


@pytest.mark.parametrize("path", MARKS, ids=str)
def test_places(path: Path) -> None:
    key, value = MARKS[path]
    assert find(TEXT, [path]) == {path: Place(key, value)}


@pytest.mark.parametrize("text", [TEXT, GOOD], ids=["odd", "plain"])
def test_every_path_has_a_place_where_its_value_stands(text: str) -> None:
    document = dict(paths(tomllib.loads(text)))
    found = find(text, document)
    assert found.keys() == document.keys()
    lines = text.split("\n")
    for path, value in document.items():
        line, column = found[path].value
        rest = lines[line - 1][column - 1 :]
        if isinstance(value, int | float):
            assert (
                rest.startswith(str(value).lower())
                or float(rest.split(",")[0].split("]")[0].split("}")[0].split("#")[0]) == value
            )
        place = found[path].key
        if place is not None:
            name = str(path[-1] if isinstance(path[-1], str) else path[-2])
            spelled = name.replace('"', '\\"')
            at = lines[place[0] - 1][place[1] - 1 :]
            assert at.lstrip("\"'").startswith(spelled)


def test_only_wanted_paths_are_kept() -> None:
    assert find(TEXT, [("a",), ("b",), ("dotted", "key", "x.y", 9)]) == {("a",): Place((2, 1), (2, 5))}


def test_lines_with_carriage_returns() -> None:
    assert find(TEXT.replace("\n", "\r\n"), MARKS) == find(TEXT, MARKS)


@pytest.mark.parametrize(
    "text", ["[", "[[", "a", "a =", "a = [", "a = {", "= 1", "]", "a = [[[{b=", '"', "\x00", "a.", "{}", ",,,"]
)
def test_it_ends_on_what_is_not_toml(text: str) -> None:
    find(text, [("a",), ("a", 0)])
