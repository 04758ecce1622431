"""The other end of the user's process: starts it, holds it to its time, and tells of its death."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tuibp.cli.user_code.codec import decode, encode
from tuibp.engine.text import safe
from tuibp.explain.check.contract.calls import (
    Answer,
    Call,
    Class,
    Function,
    Inventory,
    Look,
    Make,
    Parameter,
    Program,
    Ref,
    Set,
)
from tuibp.explain.check.observed import Failure

HOME = Path(__file__).parents[3]
"""Where tuibp itself lies."""
MEDDLED = "your code has written into the pipe by which it is asked"
T = TypeVar("T")
ENDING = 1.0
"""Seconds that a process may take to end whose pipe is closed."""


class UserProcess:
    """Runs one file of the user's (a `Caller`); every request of a check goes to the same process."""

    def __init__(self, path: Path, time_limit: float) -> None:
        """
        Args:
            time_limit: seconds that all requests together may take.
        """
        self._path, self._limit = path, time_limit
        self._left = time_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._lost: Failure | None = None
        """Why there is no process any more, where it is not its time that was up."""

    def __enter__(self) -> UserProcess:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
        environment["PYTHONPATH"] = os.pathsep.join([str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tuibp.cli.user_code.child", str(self._path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def kill(self) -> None:
        """End the process and all that it has started."""
        process = self._process
        if process is None:
            return
        self._process = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | Failure:
        """One request."""
        if self._process is None:
            return self._lost or self._over()
        assert self._process.stdin is not None
        started = time.monotonic()
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._read(started + self._left)
        except BrokenPipeError:
            return self._died()
        self._left -= time.monotonic() - started
        if line is None:
            self.kill()
            return self._over()
        if not line:
            return self._died()
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not answer.keys() & {"error", "functions", "answers"}:
            self.kill()
            self._lost = Failure("died", MEDDLED)
            return self._lost
        return answer

    def load(self) -> Inventory | Failure:
        """Import the file."""
        answer = self.ask({"do": "load"})
        if isinstance(answer, Failure):
            return answer
        if "error" in answer:
            return _failure(answer["error"])
        return self._told(partial(self._inventory, answer))

    def _told(self, read: Callable[[], T]) -> T | Failure:
        """What an answer says; one that is no answer has been written by the user's code."""
        try:
            return read()
        except (ValueError, TypeError, LookupError):
            self.kill()
            self._lost = Failure("died", MEDDLED)
            return self._lost

    def _inventory(self, answer: dict[str, Any]) -> Inventory:
        functions = {one["name"]: _function(one) for one in answer["functions"]}
        classes = {
            one["name"]: Class(
                one["name"],
                _parameters(one["parameters"]),
                {name: _function(method, bound=True) for name, method in one["methods"].items()},
            )
            for one in answer["classes"]
        }
        source = self._path.read_text(encoding="utf-8", errors="replace")
        return Inventory(functions, classes, decode(answer["data"]), source)

    def run(self, programs: Sequence[Program]) -> list[Answer | Failure]:
        """Carry programs out."""
        answer = self.ask({"do": "run", "programs": [[_step(step) for step in program] for program in programs]})
        if isinstance(answer, Failure):
            return [answer] * len(programs)
        if "error" in answer:
            return [_failure(answer["error"])] * len(programs)

        def read() -> list[Answer | Failure]:
            return [_answer(one) for one, _ in zip(answer["answers"], programs, strict=True)]

        found = self._told(read)
        return [found] * len(programs) if isinstance(found, Failure) else found

    def _read(self, until: float) -> bytes | None:
        """A line; b"" where the process has ended, None where its time is up."""
        assert self._process is not None and self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0.0 or not select.select([descriptor], [], [], left)[0]:
                return None
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                return b""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _over(self) -> Failure:
        return Failure("timeout", f"it has not returned within {self._limit:g} s; --time-limit gives it longer")

    def _died(self) -> Failure:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=ENDING)
        except subprocess.TimeoutExpired:  # it has closed its pipes and goes on
            how = "has closed the pipe by which it is asked"
        else:
            how = f"ended by signal {_signal(-code)}" if code < 0 else f"left with exit code {code}"
        self.kill()
        self._lost = Failure("died", safe(f"the process that ran it {how}", 200))
        return self._lost


def _signal(number: int) -> str:
    """Its name; real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _answer(one: dict[str, Any]) -> Answer | Failure:
    if "error" in one:
        return _failure(one["error"])
    return Answer(
        [decode(result) for result in one["results"]],
        decode(one["instance"]) if "instance" in one else None,
        {key: decode(value) for key, value in one.get("after", {}).items()},
        frozenset(one["types"]),
        str(one.get("printed", "")),
        safe(str(one.get("kind", "")), 60),
    )


def _failure(error: dict[str, Any]) -> Failure:
    shapes = {safe(name, 40): tuple(shape) for name, shape in error.get("shapes", {}).items()}
    return Failure(
        "exception", safe(error["message"], 300), error.get("line"), safe(error.get("code", ""), 160), shapes,
        tuple(error.get("lines", ())),
    )  # fmt: skip


def _parameters(parameters: list[dict[str, Any]]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            one["name"],
            one["default"] is not None,
            None if one["default"] is None else decode(one["default"]),
            one["kind"].startswith("VAR"),
            one["kind"] in ("KEYWORD_ONLY", "VAR_KEYWORD"),
        )
        for one in parameters
    )


def _function(one: dict[str, Any], bound: bool = False) -> Function:
    return Function(one["name"], _parameters(one["parameters"][1 if bound else 0 :]), one["line"])


def _step(step: Make | Set | Call | Look) -> dict[str, Any]:
    if isinstance(step, Look):
        return {"op": "look"}
    if isinstance(step, Set):
        return {"op": "set", "path": list(step.path), "value": encode(step.value)}
    given = {"args": [_given(value) for value in step.args]}
    given_by_name = {name: _given(value) for name, value in step.kwargs.items()}
    if isinstance(step, Make):
        return {"op": "make", "class": step.name, **given, "kwargs": given_by_name}
    return {"op": "call", "name": step.name, **given, "kwargs": given_by_name, "bound": step.bound,
            "watch": list(step.watch)}  # fmt: skip


def _given(value: Any) -> Any:
    return ["ref", [value.call, *value.path]] if isinstance(value, Ref) else encode(value)
