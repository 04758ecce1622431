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
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

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
            return self._over()
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
        answer: dict[str, Any] = json.loads(line)
        return answer

    def load(self) -> Inventory | Failure:
        """Import the file."""
        answer = self.ask({"do": "load"})
        if isinstance(answer, Failure):
            return answer
        if "error" in answer:
            return _failure(answer["error"])
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
        return [_answer(one) for one in answer["answers"]]

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
        code = self._process.wait()
        self.kill()
        how = f"ended by signal {signal.Signals(-code).name}" if code < 0 else f"left with exit code {code}"
        return Failure("died", safe(f"the process that ran it {how}", 200))


def _answer(one: dict[str, Any]) -> Answer | Failure:
    if "error" in one:
        return _failure(one["error"])
    return Answer(
        [decode(result) for result in one["results"]],
        decode(one["instance"]) if "instance" in one else None,
        {key: decode(value) for key, value in one.get("after", {}).items()},
        frozenset(one["types"]),
        str(one.get("printed", "")),
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
