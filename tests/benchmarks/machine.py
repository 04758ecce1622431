"""The machine that is measured, named: figures of another one mean nothing beside these."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np

from tests.benchmarks import peers


def machine() -> dict[str, str]:
    """What a reader wants to know of it, by name."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "?")
    return {
        "CPU": f"{cpu()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": f"{np.__version__} with {blas['name']} {blas['version']}, BLAS threads: {threads}",
        "peers": ", ".join(peers.versions()) or "none installed",
    }


def cpu(info: Path = Path("/proc/cpuinfo")) -> str:
    """The model of the processor."""
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
