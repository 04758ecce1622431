"""`tuibp check` from outside: what it says, its exit codes, and what hostile code does to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuibp.cli import main

SAMPLES = Path(__file__).parents[2] / "samples" / "check"
RIGHT = (SAMPLES / "right_per_sample.py").read_text(encoding="utf-8")
Captured = pytest.CaptureFixture[str]


def checked(tmp_path: Path, capsys: Captured, source: str, *words: str) -> tuple[int, str, str]:
    file = tmp_path / "mine.py"
    file.write_text(source, encoding="utf-8")
    code = main(["check", str(file), *words])
    found = capsys.readouterr()
    return code, found.out, found.err


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_the_pages_that_come_with_tuibp(path: Path, capsys: Captured) -> None:
    assert main(["check", str(path), "--json"]) == path.stem.startswith("wrong")
    found = json.loads(capsys.readouterr().out)
    names = {
        "wrong_notes_recursion": {"notes-recursion-as-printed"},
        "wrong_one_line": {"raw-error-propagated"},
        "wrong_two_places": {"db-summed-over-units", "relu-mask-on-the-gradient"},
    }
    if path.stem in names:
        assert [{one["name"] for one in some} for some in found["mistakes"]] == [names[path.stem]]
    else:
        assert found["outcome"] == "right" and found["mistakes"] == []


JUNK = """

def junk():
    import os
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"[]\\n")
        except OSError:
            pass
"""
SAYS = [
    ("import sys; print('hello'); sys.stderr.write('thither')\n" + RIGHT, 0, "RIGHT"),
    (RIGHT.replace('"""Gradients of', 'print("working")\n    """Gradients of'), 0, "prints"),
    (RIGHT.replace("    # forward", "    weights[0][0, 0] = 7.0\n    # forward"), 1, "changes its arguments: weights"),
    (RIGHT.replace("sigma_prime(z[l]) * dC_da", "sigma_prime(z[l]) * dC_da * np.random.rand()"), 1, "random"),
    (RIGHT.replace("return dW, db", "return [w.astype(np.float32) for w in dW], db"), 0, "float32"),
    (RIGHT.replace("return dW, db", "return [w.tolist() for w in dW], [b.tolist() for b in db]"), 0, "lists"),
    (RIGHT.replace("return dW, db", "return None"), 1, "returns None"),
    (RIGHT.replace("return dW, db", "return 'done'"), 1, "returns an object of type str"),
    (RIGHT.replace("def backprop", "async def backprop"), 1, "returns a coroutine, and nobody awaits it"),
    (RIGHT.replace("a, z = [x], []", "raise ValueError('one\\ntwo')"), 1, "ValueError: one / two"),
    (RIGHT.replace("return dW, db", "yield dW; yield db"), 0, "RIGHT"),
    ("import numpy as np\nimages = np.zeros((60_000, 784))\n" + RIGHT, 0, "RIGHT"),
    (RIGHT.replace("a, z = [x], []", "import os; os.kill(os.getpid(), 40)"), 1, "ended by signal 40"),
    (RIGHT.replace("    # forward", "    junk()\n    # forward") + JUNK, 1, "into the pipe"),
    (RIGHT.replace("    # forward", "    return [w * 0 for w in weights], [b * 0 for b in biases]\n    # forward"), 1,
     "the error at the output is zero"),
    (RIGHT.replace("return dW, db", "return [w[:1] for w in dW], db"), 1, "another shape"),
    (RIGHT.replace("a[L] - y", "a[L] - yy"), 1, "NameError: name 'yy' is not defined"),
    (RIGHT.replace("a, z = [x], []", "a, z = [x], [][5]"), 1, "line 20: a, z = [x], [][5]"),
    ("def backprop(x, y, weights, biases)\n    return 1\n", 1, "line 1: def backprop(x, y, weights, biases)"),
    ("import no_such_module\n" + RIGHT, 1, "ModuleNotFoundError"),
    ("raise SystemExit(3)\n" + RIGHT, 1, "SystemExit"),
    (RIGHT.replace("a, z = [x], []", "import os; os._exit(9)"), 1, "exit code 9"),
    (RIGHT.replace("a, z = [x], []", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"), 1, "SIGSEGV"),
    (RIGHT.replace("return dW, db", "dW.append(dW); return dW, db"), 0, "RIGHT"),
    (RIGHT.replace("return dW, db", "return (w for w in dW), db"), 0, "RIGHT"),
    (RIGHT.replace("a, z = [x], []", "import os; os.close(1); os.close(2); a, z = [x], []"), 1, "Bad file descriptor"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code", "words"), SAYS, ids=range(len(SAYS)))
def test_what_the_code_does_is_said(tmp_path: Path, capsys: Captured, source: str, code: int, words: str) -> None:
    assert source != RIGHT or words == "RIGHT"
    found, out, err = checked(tmp_path, capsys, source)
    assert (found, err) == (code, "")
    assert words in " ".join(out.split()), out
    assert "Traceback" not in out and "hello" not in out and "thither" not in out


@pytest.mark.parametrize("loop", ["while True: pass", "import time; time.sleep(3600)"])
def test_code_that_never_returns_ends_at_its_limit(tmp_path: Path, capsys: Captured, loop: str) -> None:
    source = RIGHT.replace("a, z = [x], []", f"{loop}\n    a, z = [x], []")
    code, out, _ = checked(tmp_path, capsys, source, "--time-limit", "1")
    assert code == 1 and "has not returned within 1 s" in " ".join(out.split())
    code, out, _ = checked(tmp_path, capsys, f"{loop}\n{RIGHT}", "--time-limit", "1")
    assert code == 1 and "has not returned within 1 s" in " ".join(out.split())


REFUSED = [
    (["check"], "give your code"),
    (["check", "nowhere.py"], "there is no file nowhere.py"),
    (["check", "."], "is a folder"),
    (["check", "data.txt"], "is no Python file"),
    (["check", "empty.py"], "no function or class here looks like one that computes gradients"),
    (["check", "right.py:nothing"], "has no function or class nothing"),
    (["check", "right.py", "--time-limit", "-1"], "is no number of seconds"),
    (["check", "right.py", "--network", "nowhere"], "nowhere"),
    (["check", "--values", "mine.json"], "need the network"),
    (["check", "--values", "none.json", "--network", "mazur"], "there is no file"),
    (["check", "--values", "broken.json", "--network", "mazur"], "this is not JSON"),
    (["check", "--values", "texts.json", "--network", "mazur"], "only numbers"),
    (["check", "--values", "other.json", "--network", "mazur"], "names no tensor"),
    (["check", "--values", "digits.json", "--network", "mazur"], "too large for double precision"),
    (["check", "--values", "ragged.json", "--network", "mazur"], "the rows of dW1 have different lengths"),
    (["check", "--values", "layer.json", "--network", "mazur"], "there is no layer 3"),
    (["check", "--values", "data.txt", "--network", "mazur"], "neither .json nor .npz"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "data.txt": "1 2 3", "empty.py": "x = 1\n", "right.py": RIGHT, "broken.json": '{"dW1": [1,',
        "digits.json": f'{{"dW1": [[{"9" * 500}, 2]]}}', "ragged.json": '{"dW1": [[1, 2], [3]]}',
        "layer.json": '{"dW3": [[1, 2]]}', "other.json": '{"q": 1}', "texts.json": '{"dW1": ["a"]}', "mine.json": "{}",
    }  # fmt: skip
    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")
    assert main(words) in (2, 3)
    assert said in capsys.readouterr().err


def test_values_instead_of_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    # Mazur's worked example: gradients of sample 0 with the half squared error, as he prints them, and by hand.
    monkeypatch.chdir(tmp_path)
    assert main(["print", "mazur", "--at", "e0.b0.s0.acc", "dW[1]", "db[1]", "dW[2]", "db[2]", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)["values"]
    named = {key.replace("[", "").replace("]", ""): value for key, value in values.items()}
    Path("mine.json").write_text(json.dumps(named), encoding="utf-8")
    assert main(["check", "--values", "mine.json", "--network", "mazur"]) == 0
    assert "RIGHT" in capsys.readouterr().out
    arrays: dict[str, Any] = {key: np.array(value) for key, value in named.items()}
    np.savez("mine.npz", **arrays)
    assert main(["check", "--values", "mine.npz", "--network", "mazur"]) == 0
    capsys.readouterr()
    Path("part.json").write_text(json.dumps({"dW1": named["dW1"]}), encoding="utf-8")
    assert main(["check", "--values", "part.json", "--network", "mazur"]) == 0
    assert "You do not give db[2], dW[2], db[1]" in capsys.readouterr().out
    named["dW2"] = np.array(named["dW2"]).T.tolist()
    Path("mine.json").write_text(json.dumps(named), encoding="utf-8")
    assert main(["check", "--values", "mine.json", "--network", "mazur"]) == 1
    assert "the outer product is transposed" in capsys.readouterr().out


def test_the_template_runs_as_it_is(tmp_path: Path, capsys: Captured) -> None:
    assert main(["check", "--template"]) == 0
    code, out, _ = checked(tmp_path, capsys, capsys.readouterr().out)
    assert code == 1 and "tuibp_check" in out


def test_a_user_network_is_used(capsys: Captured) -> None:
    assert main(["check", str(SAMPLES / "right_per_sample.py"), "--network", "deep-sigmoid"]) == 0
    assert "your network" in capsys.readouterr().out
    assert main(["check", str(SAMPLES / "right_per_sample.py"), "--network", "notes"]) == 1
    assert "another network than the file's" in " ".join(capsys.readouterr().out.split())


SIGMOIDS = """
[data.inline]
x = [[0.1, 0.2, 0.3], [0.5, -0.3, 0.1]]
y = [[0.2, 0.7], [0.4, 0.1]]
[[layer]]
units = 3
activation = "relu"
[[layer]]
units = 2
activation = "identity"
"""


def test_code_for_another_network_is_right_for_its_own(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "other.toml").write_text(SIGMOIDS, encoding="utf-8")
    code, out, _ = checked(tmp_path, capsys, RIGHT, "--network", str(tmp_path / "other.toml"))
    told = " ".join(out.split())
    assert code == 1 and "another network than the file's: your code computes hidden layers sigmoid" in told, out
    assert "For the network that it computes, it is the gradient." in told


@pytest.mark.parametrize("tensor", ["dW", "db"])
def test_one_tensor_with_the_wrong_sign_is_told_apart(tmp_path: Path, capsys: Captured, tensor: str) -> None:
    source = RIGHT.replace("return dW, db", f"{tensor}[0] = -{tensor}[0]\n    return dW, db")
    code, out, _ = checked(tmp_path, capsys, source, "--json")
    (((named,),),) = [json.loads(out)["mistakes"]]
    assert (code, named["name"], named["tensor"], named["layers"]) == (1, "sign-flipped", tensor, [1])


TWO_LAYERS = (SAMPLES / "right_batched.py").read_text(encoding="utf-8")
ROWS = np.random.default_rng(7).standard_normal((8, 6)).round(3).tolist()
TANH_SOFTMAX = f"""
[data.inline]
x = {ROWS}
y = {np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 0]].tolist()}
[[layer]]
units = 5
activation = "tanh"
[[layer]]
units = 4
activation = "softmax"
[cost]
kind = "cross-entropy"
"""
PAGES = [
    ("", "", None),
    ("(1 - A1**2)", "(1 - Z1**2)", {"slope-form-on-z"}),
    (" * (1 - A1**2)", "", {"slope-missing"}),
    ("(P - Y)", "(Y - P)", {"sign-flipped"}),
    ('params["W2"].T', 'params["W2"]', {"weights-not-transposed"}),
    ("dZ1.sum(axis=0)", "dZ1.sum(axis=1)", {"db-summed-over-units"}),
    ("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)", {"softmax-over-the-wrong-axis"}),
]


@pytest.mark.parametrize(("old", "new", "names"), PAGES, ids=range(len(PAGES)))
def test_code_for_two_layers_with_a_network_of_two_layers(
    tmp_path: Path, capsys: Captured, old: str, new: str, names: set[str] | None
) -> None:
    network = tmp_path / "net.toml"
    network.write_text(TANH_SOFTMAX, encoding="utf-8")
    source = TWO_LAYERS.replace(old, new) if old else TWO_LAYERS
    code, out, _ = checked(tmp_path, capsys, source, "--network", str(network), "--json")
    found = json.loads(out)
    assert code == (names is not None), found
    assert [{one["name"] for one in some} for some in found["mistakes"]] == ([] if names is None else [names])
