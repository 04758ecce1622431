"""CSV: what is read, what is dropped, and the place of every fault."""

from __future__ import annotations

import numpy as np
import pytest

from tests.formats.files import opened
from tuibp.errors import CombinedError, InputError, TuibpError
from tuibp.formats.csv_data import Options, read_csv

FLOWERS = "len,width,species\n1.5,2,b\n3,4,a\n5,6,b\n"
MOST = 1000


def read(text: str, target: str | int | tuple[str | int, ...] = "species", **more: object) -> tuple[np.ndarray, ...]:
    """x, y, and the names of features and classes."""
    targets = target if isinstance(target, tuple) else (target,)
    raw = read_csv(text.encode(), "f.csv", Options(targets, **more), MOST)  # type: ignore[arg-type]
    return raw.data.x, raw.data.y, np.array(raw.data.features), np.array(raw.data.classes)


def test_texts_become_classes_in_sorted_order() -> None:
    x, y, features, classes = read(FLOWERS)
    np.testing.assert_array_equal(x, [[1.5, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(y, [[1], [0], [1]])
    assert list(features) == ["len", "width"]
    assert list(classes) == ["a", "b"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_and_line_ends(delimiter: str, ending: str, mark: str) -> None:
    text = mark + FLOWERS.replace(",", delimiter).replace("\n", ending)
    np.testing.assert_array_equal(read(text)[0], [[1.5, 2], [3, 4], [5, 6]])


def test_without_header_columns_have_numbers() -> None:
    text = FLOWERS.split("\n", 1)[1]
    for target in (2, -1):
        x, y, features, _ = read(text, target)
        assert x.shape == (3, 2)
        np.testing.assert_array_equal(y, [[1], [0], [1]])
        assert list(features) == ["c0", "c1"]


def test_header_may_be_forced() -> None:
    assert read("1,2\n3,4\n", 1, header=True)[0].shape == (1, 1)
    assert read("1,2\n3,4\n", 1)[0].shape == (2, 1)


def test_numbers_stay_numbers() -> None:
    x, y, _, classes = read("a,b,c\n1,2,3\n4,5,6.5\n", ("b", "c"))
    np.testing.assert_array_equal(x, [[1], [4]])
    np.testing.assert_array_equal(y, [[2, 3], [5, 6.5]])
    assert len(classes) == 0


def test_columns_are_chosen_and_ordered() -> None:
    x, _, features, _ = read("a,name,b,y\n1,u,2,0\n3,v,4,1\n", "y", columns=("b", 0))
    np.testing.assert_array_equal(x, [[2, 1], [4, 3]])
    assert list(features) == ["b", "a"]


def test_categories_become_columns() -> None:
    x, _, features, _ = read("a,isle,y\n1,T,0\n2,B,1\n3,T,0\n", "y", categorical=("isle",))
    np.testing.assert_array_equal(x, [[1, 0, 1], [2, 1, 0], [3, 0, 1]])
    assert list(features) == ["a", "isle=B", "isle=T"]


def test_quoted_fields() -> None:
    x, _, features, _ = read('"a, ""b""","y"\n"1.5", "0"\n\n"2\n",1\n', "y")
    np.testing.assert_array_equal(x, [[1.5], [2]])
    assert list(features) == ['a, "b"']


HOLES = "a,b,y\n1,2,u\n?,4,u\n5,NA,v\n6,7,\n8,9,v\n"


def test_rows_with_holes_are_dropped_and_counted() -> None:
    raw = read_csv(HOLES.encode(), "f.csv", Options(("y",)), MOST)
    np.testing.assert_array_equal(raw.data.x, [[1, 2], [8, 9]])
    assert raw.data.notes == ("3 of 5 rows of f.csv were dropped: missing values",)


def test_holes_become_the_mean_of_the_training_part() -> None:
    x, y, *_ = read(HOLES, "y", missing="mean")
    np.testing.assert_array_equal(x, [[1, 2], [np.nan, 4], [5, np.nan], [8, 9]])
    assert y.shape == (4, 1)
    rows = "".join(f"{i},{'' if i % 3 == 0 else i * i},{'uv'[i % 2]}\n" for i in range(12))
    network = 'layer = [{ units = 2, activation = "softmax" }]\n[data]\nsplit = 0.5\n'
    network += 'csv = { path = "f.csv", target = "y", missing = "mean" }'
    recipe = opened(network, {"f.csv": b"i,square,y\n" + rows.encode()})
    assert recipe.test is not None
    mean = np.mean([float(square) for i, square in recipe.train.x if i % 3])
    for part in (recipe.train, recipe.test):
        for i, square in part.x:
            assert square == (i * i if i % 3 else mean)


def test_holes_in_categories_become_shares() -> None:
    network = 'layer = [{ units = 2, activation = "softmax" }]\n[data]\n'
    network += 'csv = { path = "f.csv", target = "y", missing = "mean", categorical = ["c"] }'
    recipe = opened(network, {"f.csv": b"c,y\nu,a\nu,b\nv,a\n,b\n"})
    np.testing.assert_array_equal(recipe.train.x, [[1, 0], [1, 0], [0, 1], [2 / 3, 1 / 3]])


def test_one_hot_and_its_refusal() -> None:
    network = 'layer = [{{ units = {units}, activation = "sigmoid" }}]\n[data]\none-hot = {one_hot}\n'
    network += 'csv = {{ path = "f.csv", target = "y" }}'
    numbers, texts = {"f.csv": b"x,y\n1,7\n2,3\n3,7\n"}, {"f.csv": b"x,y\n1,u\n2,t\n3,u\n"}
    for files, names in ((numbers, ("3", "7")), (texts, ("t", "u"))):
        train = opened(network.format(units=2, one_hot="true"), files).train
        np.testing.assert_array_equal(train.y, [[0, 1], [1, 0], [0, 1]])
        assert train.classes == names
    train = opened(network.format(units=1, one_hot="false"), texts).train
    np.testing.assert_array_equal(train.y, [[1], [0], [1]])
    assert train.classes == ("t", "u")
    with pytest.raises(InputError, match=r"net\.toml:3:11: a target of 3 texts cannot be one column"):
        opened(network.format(units=1, one_hot="false"), {"f.csv": b"x,y\n1,u\n2,t\n3,s\n"})


BROKEN: dict[str, tuple[str | bytes, dict[str, object], str]] = {
    "a word among numbers": ("a,species\n1,u\n2,v\nx1,u\n", {}, 'f.csv:4:1: "x1" in column "a" is not a finite number'),
    "a later column": ('a,b,species\n1,"2,3",u\n', {}, 'f.csv:2:3: "2,3" in column "b"'),
    "after a quoted line end": ('a,b,species\n1,2,"u\nv"\n1,x,u\n', {}, 'f.csv:4:3: "x" in column "b"'),
    "infinity": ("a,species\ninf,u\n", {}, 'f.csv:2:1: "inf"'),
    "a number too big": ("a,species\n1e999,u\n", {}, 'f.csv:2:1: "1e999"'),
    "an underscore": ("a,species\n1_0,u\n", {}, '"1_0" in column "a"'),
    "too few fields": ("a,b,species\n1,2,u\n1,u\n", {}, "f.csv:3:3: the row has 2 fields, the first row has 3"),
    "too many fields": ("a,species\n1,u\n1,2,u\n", {}, "f.csv:3:5: the row has 3 fields, the first row has 2"),
    "no such target": ("a,specis\n1,u\n", {}, 'f.csv:1:1: there is no column "species"; did you mean "specis"?'),
    "no such number": ("a,b\n1,2\n", {"target": (2,)}, "there is no column 2; columns are 0 to 1"),
    "no such feature": ("a,species\n1,u\n", {"columns": ("b",)}, 'there is no column "b"'),
    "a name twice": ("a,a,species\n1,2,u\n", {"columns": ("a",)}, 'f.csv:1:3: column "a" stands twice'),
    "a target as feature": ("a,species\n1,u\n", {"columns": ("species",)}, "is a target and a feature"),
    "no features": ("species\nu\n", {}, "there is no feature column"),
    "a hole": ("a,species\n1,u\n,u\n", {"missing": "error"}, 'f.csv:3:1: column "a" has no value here'),
    "all dropped": ("a,species\n,u\n", {}, "f.csv: the file has no samples; 1 of 1 rows were dropped"),
    "only a header": ("a,species\n", {}, "f.csv: the file has no samples"),
    "empty": ("", {}, "f.csv: the file is empty"),
    "blank": ("\n\n", {}, "f.csv: the file is empty"),
    "a slip in a target": ("a,species\n1,1\n2,2\n3,oops\n", {}, 'f.csv:4:3: "oops" in target column "species"'),
    "texts in two targets": ("a,b,species\n1,2,u\n", {"target": ("b", "species")}, 'f.csv:2:5: "u" in target'),
    "an open quote": ('a,species\n1,"u\n', {}, "f.csv:2: the row cannot be read"),
    "a quote within": ('a,species\n1,"u"v\n', {}, "f.csv:2: the row cannot be read"),
    "a long field": ("a,species\n" + "1" * 200_000 + ",u\n", {}, "the row cannot be read"),
    "too many values": ("a,species\n" + "1,u\n" * (MOST + 1), {}, "more than 1000 values"),
    "categories": ("a,species\n" + "".join(f"v{i},u\n" for i in range(40)), {"categorical": ("a",)}, "categories"),
    "not UTF-8": (b"a,species\n1,\xff\n", {}, "f.csv:2:3: the file is not UTF-8"),
    "escapes in a header": ("\x1b[2Ja\u202e,specis\n1,u\n", {}, "there is no column"),
    "escapes in a cell": ("a,species\n\x1b[2J,u\n", {}, '"[2J" in column "a"'),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_every_fault_has_its_place(case: str) -> None:
    text, more, words = BROKEN[case]
    target = more.get("target", ("species",))
    rest = {key: value for key, value in more.items() if key != "target"}
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InputError) as caught:
        read_csv(raw, "f.csv", Options(target, **rest), MOST)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_faults_are_reported_together_up_to_a_limit() -> None:
    with pytest.raises(CombinedError) as caught:
        read("a,species\n" + "x,u\n" * 100)
    assert len(caught.value.errors) == 20
    assert [error.where for error in caught.value.errors[:2]] == ["f.csv:2:1", "f.csv:3:1"]


def test_names_are_made_safe() -> None:
    _, _, features, classes = read("\x1b[31mlen\u202e,日本,species\n1,2,\x1b[2Ja\n3,4,b\n")
    assert list(features) == ["[31mlen", "??"]
    assert list(classes) == ["[2Ja", "b"]


def test_faults_of_data_and_of_the_network_file_together() -> None:
    network = 'seed = -1\nlayer = [{ units = 2, activation = "softmax" }]\n'
    network += 'data.csv = { path = "f.csv", target = "y" }'
    with pytest.raises(TuibpError) as caught:
        opened(network, {"f.csv": b"x,y\nq,u\n"})
    assert "net.toml:1:8: seed = -1" in str(caught.value)
    assert 'f.csv:2:1: "q"' in str(caught.value)
