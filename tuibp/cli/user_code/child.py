"""The process that runs the user's code. It knows nothing of tuibp but the codec beside it.

It reads requests, one JSON value a line, and answers each with one. A request is a small program: make an object, set
attributes, call, call again with what the first call gave. Everything the user's code writes to the terminal goes to
a file of no name instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import json
import os
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from tuibp.cli.user_code.codec import Encoder, TooLargeError, decode

NAME = "user_backprop"
"""Of the user's module: not __main__, so that a guarded main part does not run."""
MEMORY = 8 * 2**30
"""Bytes of address space that the user's code may take."""
FILE = 2**28
"""Bytes of a file that it may write, what it prints included."""
PARAMETERS = 1_000_000
"""Numbers of a module-level value that may be parameters."""
SHOWN = 8
"""Arrays of a line that are told about."""


class Child:
    """The user's module, and what has been printed."""

    def __init__(self, path: str) -> None:
        self.path = str(Path(path).resolve())
        self.module: ModuleType | None = None
        self.calls = 0  # of the program that runs, before the one that runs
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        os.dup2(self.output.fileno(), 1)
        os.dup2(self.output.fileno(), 2)
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115

    # -- what there is

    def load(self, _: object = None) -> dict[str, Any]:
        """Import the user's file."""
        sys.path.insert(0, str(Path(self.path).parent))
        spec = importlib.util.spec_from_file_location(NAME, self.path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        np.random.seed(0)
        spec.loader.exec_module(module)
        self.module = module
        own = {name: value for name, value in vars(module).items() if not name.startswith("__")}
        functions = [
            _function(name, value) for name, value in own.items() if inspect.isfunction(value) and _ours(value)
        ]
        classes = [_class(name, value) for name, value in own.items() if inspect.isclass(value) and _ours(value)]
        data = {name: value for name, value in own.items() if not callable(value) and not isinstance(value, ModuleType)}
        return {"functions": functions, "classes": classes, "data": _held(data)}

    # -- a program

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out programs, each for itself: one that fails does not keep the others from running."""
        return {"answers": [self._guarded(partial(self._program, program)) for program in request["programs"]]}

    def _program(self, steps: list[dict[str, Any]]) -> dict[str, Any]:
        self.instance: Any = None
        self.calls = 0
        results: list[Any] = []
        answer: dict[str, Any] = {}
        for step in steps:
            if step["op"] == "make":
                cls = getattr(self.module, step["class"])
                self.instance = cls(*self._values(step["args"], results), **self._named(step, results))
            elif step["op"] == "set":
                self._set(step["path"], decode(step["value"]))
            elif step["op"] == "look":
                answer["instance"] = Encoder()(self.instance)
            else:
                answer |= self._call(step, results)
        encoder = Encoder()
        answer["results"] = [encoder(result) for result in results]
        answer["types"] = sorted(encoder.types)
        answer["kind"] = type(results[-1]).__name__ if results else ""
        return answer

    def _call(self, step: dict[str, Any], results: list[Any]) -> dict[str, Any]:
        owner = self.module if self.instance is None or not step["bound"] else self.instance
        function = getattr(owner, step["name"])
        arguments = self._values(step["args"], results)
        named = self._named(step, results)
        given: dict[object, Any] = dict(enumerate(arguments))
        given.update(named)
        before = {key: _digest(value) for key, value in given.items()}
        self.calls = len(results)
        results.append(function(*arguments, **named))
        changed = [key for key, value in given.items() if _digest(value) != before[key]]
        answer: dict[str, Any] = {"changed": [str(key) for key in changed]}
        answer["after"] = {str(key): Encoder()(given[key]) for key in changed}
        if self.instance is not None:
            answer["instance"] = Encoder()(self.instance)
        elif step.get("watch"):
            assert self.module is not None
            answer["instance"] = Encoder()({name: vars(self.module).get(name) for name in step["watch"]})
        return answer

    def _values(self, values: list[Any], results: list[Any]) -> list[Any]:
        return [self._value(value, results) for value in values]

    def _named(self, step: dict[str, Any], results: list[Any]) -> dict[str, Any]:
        return {name: self._value(value, results) for name, value in step.get("kwargs", {}).items()}

    def _value(self, value: Any, results: list[Any]) -> Any:
        if value[0] == "ref":
            found = results[value[1][0]]
            for key in value[1][1:]:
                found = found[key]
            return found
        return decode(value)

    def _set(self, path: list[Any], value: Any) -> None:
        """Overwrite an attribute, an entry of a list or of a dict, of the object or of the module."""
        owner: Any = self.module if self.instance is None else self.instance
        for key in path[:-1]:
            owner = _inside(owner, key)
        last = path[-1]
        if isinstance(owner, list):
            owner[int(last)] = value
        elif isinstance(owner, dict):
            key = next((key for key in owner if str(key) == str(last)), last)
            owner[key] = value
        elif isinstance(owner, np.ndarray):
            owner[int(last)] = value
        else:
            setattr(owner, str(last), value)

    # -- requests

    def _guarded(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do something; what the user's code raises and what it prints are part of the answer."""
        start = self.output.seek(0, os.SEEK_END)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = work()
            # Whatever the user's code raises, SystemExit and KeyboardInterrupt too, is told and not suffered.
            except BaseException as error:
                answer = {"error": self.told(error)}
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        end = self.output.seek(0, os.SEEK_END)
        if end > start:
            self.output.seek(start)
            answer["printed"] = self.output.read(300).decode("utf-8", "replace")
        return answer

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request."""
        return self._guarded(partial(self.run if request["do"] == "run" else self.load, request))

    def told(self, error: BaseException) -> dict[str, Any]:
        """An exception, the innermost line of the user's own file in it, and the shapes that stand on that line."""
        if isinstance(error, TooLargeError):
            return {"type": "", "message": f"it gives {error}"}
        lines = [line.strip() for line in "".join(traceback.format_exception_only(error)).strip().splitlines()]
        message = (lines[-1] if isinstance(error, SyntaxError) else " / ".join(filter(None, lines)))[:400]
        told: dict[str, Any] = {"type": type(error).__name__, "message": message}
        if isinstance(error, SyntaxError) and error.filename == self.path:
            return {**told, "line": error.lineno, "code": (error.text or "").strip()[:200]}
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == self.path]
        numbers = [number for frame, number in traceback.walk_tb(error.__traceback__)
                   if frame.f_code.co_filename == self.path]  # fmt: skip
        if frames:
            told |= {"line": numbers[-1], "lines": [self.calls, *numbers], "function": frames[-1].f_code.co_name}
            told["code"] = _line(self.path, numbers[-1])
            told["shapes"] = _shapes(frames[-1], told["code"])
        return told


def _held(data: dict[str, Any]) -> Any:
    """What stands in the module; values that are too large are no parameters, but data, and left out."""
    found = []
    for name, value in data.items():
        with contextlib.suppress(TooLargeError):
            found.append([name[:60], Encoder(numbers=PARAMETERS)(value)])
    return ["dict", found]


def _inside(owner: Any, key: Any) -> Any:
    if isinstance(owner, list | tuple):
        return owner[int(key)]
    if isinstance(owner, dict):
        return next(value for name, value in owner.items() if str(name) == str(key))
    return getattr(owner, str(key))


def _ours(value: Any) -> bool:
    return getattr(value, "__module__", None) == NAME


def _parameters(function: Any) -> list[dict[str, Any]]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [
        {
            "name": parameter.name,
            "default": None if parameter.default is inspect.Parameter.empty else Encoder()(parameter.default),
            "kind": parameter.kind.name,
        }
        for parameter in parameters
    ]


def _function(name: str, function: Any) -> dict[str, Any]:
    return {"name": name, "parameters": _parameters(function), "line": function.__code__.co_firstlineno}


def _class(name: str, cls: Any) -> dict[str, Any]:
    methods = [
        _function(method, value)
        for base in reversed(cls.__mro__[:-1])
        for method, value in vars(base).items()
        if inspect.isfunction(value)
    ]
    makes: list[dict[str, Any]] = next(
        (method["parameters"][1:] for method in reversed(methods) if method["name"] == "__init__"), []
    )
    return {"name": name, "parameters": makes, "methods": {method["name"]: method for method in methods}}


def _digest(value: Any) -> str:
    """Changes whenever any number in a value does."""
    return hashlib.blake2b(json.dumps(Encoder()(value)).encode(), digest_size=16).hexdigest()


def _line(path: str, number: int) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()[:200]
    except (OSError, IndexError):
        return ""


def _shapes(frame: FrameType, code: str) -> dict[str, list[int]]:
    """The arrays that a line speaks of, by name, with their shapes; entries of lists by the index that stands there."""
    found: dict[str, list[int]] = {}
    names = {**frame.f_globals, **frame.f_locals}
    for match in re.finditer(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\[[^\[\]]*\])*", code):
        text = match[0].removesuffix(".T")
        value = _named_value(text, names)
        if isinstance(value, np.ndarray) and text not in found and len(found) < SHOWN:
            found[text] = list(value.shape)
    return found


def _named_value(text: str, names: dict[str, Any]) -> Any:
    """The value of a name with attributes and plain indices, looked up step by step: nothing is evaluated."""
    parts = re.findall(r"\w+|\[[^\[\]]*\]", text.replace(".", " "))
    try:
        value = names[parts[0]]
        for part in parts[1:]:
            if not part.startswith("["):
                value = getattr(value, part)
                continue
            index = _index(part[1:-1].strip(), names)
            value = value[index]
    except Exception:
        return None
    return value


def _index(text: str, names: dict[str, Any]) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    match = re.fullmatch(r"(-?)(\w+)\s*(?:([+-])\s*(\d+))?", text)
    if match is None or match[2] not in names:
        return text.strip("'\"")
    value = names[match[2]]
    if not isinstance(value, int):
        return value
    return (-value if match[1] else value) + (int(f"{match[3]}{match[4]}") if match[4] else 0)


def _bound() -> None:
    """Hold memory within bounds, where the platform can."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, FILE)):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Answer requests until there are none."""
    _bound()
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    child = Child(sys.argv[1])
    np.seterr(all="ignore")
    for line in requests:
        answers.write(json.dumps(child.answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
