"""The network file: what a good one gives, and the place and words of every fault."""

from __future__ import annotations

import numpy as np
import pytest

from tests.formats.files import GOOD, faults, nothing, opened
from tuibp.engine.activations import ACTIVATIONS
from tuibp.engine.costs import COSTS
from tuibp.engine.initializers import INITIALIZERS
from tuibp.engine.optimizers import OPTIMIZERS
from tuibp.engine.random import stream
from tuibp.errors import CombinedError, InputError, TuibpError, UnsupportedError
from tuibp.formats import network_file
from tuibp.formats.starter import starter

MARK = "@"
"""Stands in a broken text where the fault must be reported."""


def test_everything() -> None:
    recipe = opened(GOOD)
    assert recipe.title == "Two layers"
    assert recipe.network.sizes == (2, 2, 2)
    assert [layer.activation.name for layer in recipe.network.layers] == ["sigmoid", "tanh"]
    assert (recipe.network.cost.name, recipe.network.reduction) == ("half-squared-error", "sum")
    np.testing.assert_array_equal(recipe.initial.W[1], [[0.15, 0.20], [0.25, 0.30]])
    np.testing.assert_array_equal(recipe.initial.b[2], [0.1, 0.1])
    drawn = INITIALIZERS["xavier-uniform"].draw(stream(7, "init", 2), 2, 2, 0.0)
    np.testing.assert_array_equal(recipe.initial.W[2], drawn)
    plan = recipe.plan
    assert (plan.optimizer.name, plan.lr, plan.epochs, plan.seed) == ("adam", 0.01, 3, 7)
    assert plan.settings == {"beta1": 0.8, "beta2": 0.99, "eps": 1e-7}
    assert (plan.batch, plan.shuffle, plan.train_biases) == (2, False, False)
    assert recipe.debug == {"break": ("bwd 2", "cost > 1.0"), "watch": ("norm(dW[2])",)}
    assert recipe.test is None
    np.testing.assert_array_equal(recipe.train.x, [[0.05, 0.10], [0.5, 1.0]])


def test_defaults() -> None:
    recipe = opened('data = {generate = {kind = "xor"}}\nlayer = [{units = 1, activation = "relu"}]')
    plan = recipe.plan
    assert (plan.optimizer.name, plan.lr, plan.epochs, plan.batch, plan.seed) == ("sgd", 0.1, 10, 1, 0)
    assert plan.shuffle
    assert plan.train_biases
    assert (recipe.network.cost.name, recipe.network.reduction) == ("squared-error", "mean")
    assert recipe.network.dtype == np.float64
    assert recipe.title == "net"
    drawn = INITIALIZERS["he-uniform"].draw(stream(0, "init", 1), 2, 1, 0.0)
    np.testing.assert_array_equal(recipe.initial.W[1], drawn)
    np.testing.assert_array_equal(recipe.initial.b[1], [0.0])


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark(ending: str, mark: bytes) -> None:
    raw = mark + GOOD.replace("\n", ending).encode()
    assert network_file.load(raw, "net.toml", nothing).title == "Two layers"
    broken = raw.replace(b'"tanh"', b'"tanhh"')
    with pytest.raises(InputError, match=r"net\.toml:19:14: activation \"tanhh\" is not known; did you mean"):
        network_file.load(broken, "net.toml", nothing)


def test_floats_reach_the_arrays_exactly() -> None:
    numbers = ["0.1", "-0.0", "5e-324", "1.7976931348623157e308", "0.30000000000000004", "9007199254740993"]
    text = GOOD.replace("[[0.05, 0.10], [0.5, 1]]", f"[{', '.join(numbers)}]")
    text = text.replace("[[0.01, 0.99], [1, 0]]", "[0, 0, 0, 0, 0, 0]").replace("units = 2", "units = 1")
    text = text.replace("[[0.15, 0.20],\n     [0.25, 0.30]]", "[[1.0]]").replace("[0.35, 0.35]", "[0.35]")
    recipe = opened(text)
    assert recipe.train.x[:, 0].tobytes() == np.array([float(n) for n in numbers]).tobytes()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str) -> None:
    assert opened(GOOD.replace('"tanh"', f'"{name}"')).network.activation(2).name == name


@pytest.mark.parametrize("name", COSTS)
def test_every_cost(name: str) -> None:
    assert opened(GOOD.replace('"half-squared-error"', f'"{name}"')).network.cost.name == name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str) -> None:
    start, end = GOOD.index("optimizer"), GOOD.index("epochs")
    short = opened(f'{GOOD[:start]}optimizer = "{name}"\n{GOOD[end:]}').plan
    assert short.optimizer is OPTIMIZERS[name]
    assert short.settings == OPTIMIZERS[name].defaults
    for key in OPTIMIZERS[name].defaults:
        table = f'optimizer = {{ kind = "{name}", {key} = 0.25 }}\n'
        assert opened(GOOD[:start] + table + GOOD[end:]).plan.settings[key] == 0.25


WEIGHTS = {
    **{f'"{name}"': name for name in INITIALIZERS if name != "constant"},
    "0.5": "constant",
    '{ kind = "constant", value = 0.5 }': "constant",
    '{ kind = "normal", std = 0.5 }': "normal",
    '{ kind = "uniform", limit = 0.5 }': "uniform",
    '{ weights = { kind = "normal", std = 0.5 } }': "normal",
}


@pytest.mark.parametrize(("init", "name"), WEIGHTS.items())
def test_every_initializer(init: str, name: str) -> None:
    recipe = opened(GOOD.replace('{ weights = "xavier-uniform", biases = 0.1 }', init))
    value = 1.0 if init == f'"{name}"' else 0.5
    drawn = INITIALIZERS[name].draw(stream(7, "init", 2), 2, 2, value)
    np.testing.assert_array_equal(recipe.initial.W[2], drawn)


def test_biases_may_be_drawn() -> None:
    text = GOOD.replace("biases = 0.1", 'biases = { kind = "uniform", limit = 0.25 }')
    b = opened(text).initial.b[2]
    assert b[0] != b[1]
    assert bool((np.abs(b) <= 0.25).all())


def test_float32() -> None:
    recipe = opened(GOOD.replace('"float64"', '"float32"'))
    assert recipe.train.x.dtype == recipe.train.y.dtype == recipe.initial.flat.dtype == np.float32


def test_units_may_follow_from_W() -> None:
    assert opened(GOOD.replace('units = 2\nactivation = "sigmoid"', 'activation = "sigmoid"')).network.L == 2


def test_title_is_made_safe() -> None:
    recipe = opened(GOOD.replace("Two layers", "a\\u001b[31mb\\u202Ec\\t日" + "x" * 300))
    assert recipe.title.startswith("a[31mbc ?x")
    assert len(recipe.title) == 200


INLINE = next(line for line in GOOD.split("\n") if line.startswith("inline"))
BROKEN: dict[str, tuple[str, str, str]] = {
    # what is wrong: (old text, new text with the place marked, words)
    "version": ("tuibp = 1", "tuibp = @2", "out of range"),
    "unknown root key": ("title", "@titel", 'key "titel" is not known; did you mean "title"'),
    "unknown table": ("[train]", "[@trian]", 'did you mean "train"'),
    "seed is a text": ("seed = 7", 'seed = @"7"', "seed must be a whole number"),
    "seed is true": ("seed = 7", "seed = @true", "whole number, not true"),
    "seed is negative": ("seed = 7", "seed = @-1", "out of range"),
    "seed is huge": ("seed = 7", f"seed = @{10**300}", "more than 24 digits is out of range"),
    "title is a number": ('"Two layers"', "@3", "title must be a text"),
    "dtype": ('"float64"', '@"float16"', 'did you mean "float64"'),
    "no source": ("inline = {", "inlined = {", "[data] names no source"),
    "data is a list": ("normalize = \"none\"", "normalize = @[]", "normalize must be a name"),
    "two sources": ("normalize", '@generate = "xor"\nnormalize', "names inline and generate"),
    "normalize": ('"none"', '@"zscor"', 'did you mean "zscore"'),
    "one-hot is 1": ("normalize", "one-hot = @1\nnormalize", "one-hot must be true or false"),
    "one-hot of many columns": ("normalize", "one-hot = @true\nnormalize", "2 columns cannot be made one-hot"),
    "split is too big": ("normalize", "split = @1.0\nnormalize", "above 0 and below 1"),
    "split without share": ("normalize", "@split = {}\nnormalize", "has no train"),
    "split key": ("normalize", "split = {train = 0.5, @stratified = true}\nnormalize", "stratify"),
    "x is missing": ("x = [[0.05, 0.10], [0.5, 1]], ", "", "[inline] has no x"),
    "x is a number": ("[[0.05, 0.10], [0.5, 1]]", "@1", "x must be a list of rows"),
    "x is empty": ("[[0.05, 0.10], [0.5, 1]]", "@[]", "it is empty"),
    "x is ragged": ("[0.5, 1]]", "@[0.5]]", "row 1 of x has 1 number, row 0 has 2"),
    "x holds a text": ("[0.5, 1]]", '[0.5, @"1"]]', 'x[1][1] is "1", not a number'),
    "x holds nan": ("[0.5, 1]]", "[0.5, @nan]]", "x[1][1] is nan, not a finite number"),
    "x holds inf": ("[0.5, 1]]", "[@-inf, 1]]", "x[1][0] is -inf"),
    "x holds a truth value": ("[0.5, 1]]", "[0.5, @true]]", "x[1][1] is true, not a number"),
    "x holds a huge number": ("[0.5, 1]]", f"[0.5, @{10**310}]]", "beyond the range of float64"),
    "x nests too deep": ("[0.5, 1]]", "[@[0.5], 1]]", "x[1][0] is a list"),
    "y is shorter": (", [1, 0]] }", "] }", "x has 2 rows, y has 1"),
    "units are zero": ("units = 2\nactivation = \"t", 'units = @0\nactivation = "t', "units = 0 is out of range"),
    "units are many": ("units = 2\nactivation = \"t", 'units = @1_000_000_000\nactivation = "t', "1 to 1000000"),
    "units are broken": ("units = 2\nactivation = \"t", 'units = @2.5\nactivation = "t', "whole number, not 2.5"),
    "no units": ('units = 2\nactivation = "t', 'activation = "t', "layer 2 has no units"),
    "no activation": ('activation = "tanh"\n', "", "layer 2 has no activation"),
    "activation": ('"tanh"', '@"tanhh"', 'activation "tanhh" is not known; did you mean "tanh"'),
    "activation is a number": ('"tanh"', "@3", "activation must be a name"),
    "layer key": ("init =", "@innit =", 'did you mean "init"'),
    "W is too narrow": ("[[0.15, 0.20],\n     [0.25, 0.30]]", "@[[1], [2]]", "(2, 1), layer 1 wants (2, 2)"),
    "W is too short": ("[[0.15, 0.20],\n     [0.25, 0.30]]", "@[[1, 2]]", "W has shape (1, 2)"),
    "W is ragged": ("     [0.25, 0.30]]", "     @[0.25]]", "row 1 of W has 1 number, row 0 has 2"),
    "W holds nan": ("0.30]]", "@nan]]", "W[1][1] is nan"),
    "W is flat": ("[[0.15, 0.20],\n     [0.25, 0.30]]", "[@0.15, 0.20]", "row 0 of W must be a list"),
    "b is long": ("b = [0.35, 0.35]", "b = @[1, 2, 3]", "b has 3 numbers, layer 1 has 2 units"),
    "b is nested": ("b = [0.35, 0.35]", "b = [@[1], 2]", "b[0] is a list"),
    "W and init": ("b = [0.35, 0.35]", 'init = @"zeros"', "layer 1 has both W and an init of its weights"),
    "b and init": ("b = [0.35, 0.35]", "b = [1, 2]\ninit = { biases = @0 }", "both b and an init of its biases"),
    "initializer": ('"xavier-uniform"', '@"xavier"', 'did you mean "xavier-normal"'),
    "biases by fan-in": ("biases = 0.1", 'biases = @"he-normal"', "is not known"),
    "init key": ("biases = 0.1", "@bias = 0.1", 'did you mean "biases"'),
    "constant without value": ('"xavier-uniform"', '@"constant"', "needs its value"),
    "negative std": ('"xavier-uniform"', '{ kind = "normal", std = @-1 }', "std = -1 is out of range"),
    "wrong number": ('"xavier-uniform"', '{ kind = "normal", @limit = 1 }', '"normal" takes no limit'),
    "init is a list": ('{ weights = "xavier-uniform", biases = 0.1 }', "@[]", "initializer must be a name"),
    "cost": ('"half-squared-error"', '@"mse"', 'cost "mse" is not known; known are squared-error'),
    "cost is a text": ("[cost]\nkind = ", "[cost.kind]\nname = ", "cost must be a name, not a table"),
    "reduction": ('"sum"', '@"avg"', "known are mean, sum"),
    "optimizer": ('"adam"', '@"adamm"', 'did you mean "adam"'),
    "optimizer without kind": ('kind = "adam", ', "", "[optimizer] has no kind"),
    "optimizer setting": ("eps =", "@epz =", 'key "epz" is not known in adam; did you mean "eps"'),
    "setting of another": ("eps =", "@momentum =", 'key "momentum" is not known in adam'),
    "betas": ("[0.8, 0.99]", "@[0.8]", "betas has 1 number"),
    "beta": ("[0.8, 0.99]", "[0.8, @1]", "betas[1] = 1 is out of range"),
    "lr twice": ("epochs = 3", "@lr = 1\nepochs = 3", "in [train] and in the optimizer's table"),
    "lr is negative": ("lr = 0.01", "lr = @-0.01", "lr = -0.01 is out of range"),
    "lr is nan": ("lr = 0.01", "lr = @nan", "lr = nan is out of range"),
    "lr is a text": ("lr = 0.01", 'lr = @"0.1"', "lr must be a number"),
    "epochs are zero": ("epochs = 3", "epochs = @0", "out of range"),
    "epochs are many": ("epochs = 3", "epochs = @1_000_000_001", "out of range"),
    "batch is zero": ("batch = 32", "batch = @0", "out of range"),
    "shuffle": ("shuffle = false", 'shuffle = @"no"', "shuffle must be true or false"),
    "train key": ("train-biases", "@train_biases", 'did you mean "train-biases"'),
    "debug key": ("watch =", "@wacth =", 'did you mean "watch"'),
    "debug is a text": ('["norm(dW[2])"]', '@"x"', "watch must be a list of texts"),
    "debug holds a number": ('["norm(dW[2])"]', '["x", @1]', "watch[1] must be a text"),
    "a date": ("seed = 7", "seed = @1979-05-27 07:32:00", "whole number, not 1979-05-27"),
    "outputs": ("units = 2\nactivation = \"t", 'units = @3\nactivation = "t', "has 3 units, the targets have 2"),
    "targets of cross-entropy": ("0.99], [1, 0]] }", "2.5], [1, 0]] }", "sample 0 has 2.5"),
    "generator": (INLINE, 'generate = @"spirall"', 'did you mean "spiral"'),
    "generator option": (INLINE, 'generate = { kind = "spiral", n = @0 }', "n = 0 is out of range"),
    "generator key": (INLINE, 'generate = { kind = "xor", @n = 3 }', "is not known in xor"),
    "no file": (INLINE, 'csv = { path = @"no.csv", target = "y" }', 'there is no file "no.csv"; check the path'),
    "no path": (INLINE, '@npz = { x = "x" }', "[npz] has no path"),
    "no target": (INLINE, '@csv = { path = "a.csv" }', "[csv] has no target"),
    "missing policy": (INLINE, 'csv = { path = "a.csv", target = 0, missing = @"keep" }', "is not known"),
    "column": (INLINE, 'csv = { path = "a.csv", target = @1.5 }', "a column must be a name or a number"),
    "syntax": ("seed = 7", "seed = @= 7", "this is not TOML: Invalid value"),
    "twice": ("seed = 7", "seed = 7\nseed = 8@", "this is not TOML: Cannot overwrite a value"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_every_fault_has_its_place(case: str) -> None:
    old, new, words = BROKEN[case]
    text = GOOD.replace("half-squared-error", "binary-cross-entropy") if "cross" in case else GOOD
    assert old in text
    marked = text.replace(old, new, 1)
    before = marked.split(MARK)[0]
    with pytest.raises(TuibpError) as caught:
        opened(marked.replace(MARK, ""))
    errors = faults(caught.value)
    assert len(errors) == 1 or case in {"no source", "init key"}
    assert words in str(caught.value)
    assert (errors[0].where or "").startswith("net.toml:")
    if MARK in marked:
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert f"net.toml:{line}:{column}: " in str(caught.value)


def test_all_faults_together_in_order() -> None:
    text = GOOD.replace("seed = 7", "seed = -7").replace('"tanh"', '"tan"').replace("epochs = 3", "epochs = 0")
    with pytest.raises(CombinedError) as caught:
        opened(text)
    assert [error.where for error in caught.value.errors] == ["net.toml:3:8", "net.toml:19:14", "net.toml:28:10"]
    assert str(caught.value).count("\n") == 2


def test_many_faults_are_counted() -> None:
    with pytest.raises(CombinedError) as caught:
        opened(GOOD + "".join(f"k{i} = 1\n" for i in range(500)))
    assert len(caught.value.errors) == 21
    assert "480 more errors" in str(caught.value)


UNSUPPORTED = {
    "from": GOOD.replace("init =", 'from = { path = "w.safetensors", weight = "w" }\ninit ='),
    "idx": GOOD.replace("inline = {", 'idx = { images = "a", labels = "b" } # '),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_what_is_not_supported_yet(case: str) -> None:
    with pytest.raises(UnsupportedError, match="not supported yet") as caught:
        opened(UNSUPPORTED[case])
    assert caught.value.exit_code == 3
    assert caught.value.hint
    twice = UNSUPPORTED[case].replace("b = [0.35, 0.35]", 'from = { path = "w" }')
    with pytest.raises(CombinedError) as caught_too:
        opened(twice)
    assert caught_too.value.exit_code == 3


WHOLE = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\n  \n", "the file is empty"),
    "not UTF-8": (b'tuibp = 1\nt = "\xff"', ":2:6: the file is not UTF-8"),
    "UTF-16": ("tuibp = 1".encode("utf-16"), "not UTF-8"),
    "binary": (bytes(range(256)), "not"),
    "too long": (b"#" * (network_file.MOST_BYTES + 1), "4.0 MiB"),
    "arrays within arrays": (b"x = " + b"[" * 20_000, "nested too deeply"),
    "tables within tables": (b"x = " + b"{a=" * 10_000, "nested too deeply"),
    "dotted": (b".".join([b"a"] * 100_000) + b" = 1", "nested too deeply"),
    "digits": (b"seed = " + b"9" * 10_000, "too many digits"),
    "control": (b'title = "\x1b[31m"', "not TOML"),
    "nul": (b"\0" * 100, "not TOML"),
    "half a file": (GOOD.encode()[:100], "not TOML"),
    "too many tables": (b"[a]\n" * 5_000, "more than 3,000 tables"),
    "too many escapes": (b'title = "' + b"\\u0041" * 30_000 + b'"', "more than 20,000 escapes"),
    "too many keys": (b"a.b = 1\n" * 30_000, "more than 20,000 keys"),
    "nothing of it": (b"[package]\nname = 'x'\n", "package"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_no_network_file(case: str) -> None:
    raw, words = WHOLE[case]
    with pytest.raises(TuibpError) as caught:
        network_file.load(raw, "net.toml", nothing)
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "net.toml" in str(caught.value)


def test_a_long_word_is_no_trap() -> None:
    for raw in (b"a" * 1_000_000, b"a." * 20 + b"b" * 1_000_000, b'k = "' + b"x" * 1_000_000):
        with pytest.raises(TuibpError) as caught:
            network_file.load(raw, "net.toml", nothing)
        assert len(str(caught.value)) < 1000


def test_starter_loads_with_every_alternative() -> None:
    text = starter("first.toml")
    lines = text.split("\n")
    assert opened(text).title == "first"
    for i, line in enumerate(lines):
        commented = line.removeprefix("# ")
        key = commented.split(" = ")[0]
        if line == commented or key not in {"generate", "inline", "normalize", "init", "optimizer", "split"}:
            continue
        others = [
            other for other in lines if not other.startswith((f"{key} =", "generate =" if key == "inline" else "\0"))
        ]
        others.insert(others.index(line), commented)
        assert opened("\n".join(others)).network.L == 2, i
