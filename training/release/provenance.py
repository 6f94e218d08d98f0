"""Where a version comes from: its code, the packages, the time and memory of the training."""

from __future__ import annotations

import platform
import resource
import shutil
import subprocess
import sys
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import segue
from segue.artifacts.family import FORMAT

_PACKAGES = ("numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime")
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


def code(family: str) -> dict[str, Any]:
    """Return Segue's version, the layout of the family's files and, in a git checkout, its commit.

    ``dirty`` says whether files differ from the commit.
    """
    return {"version": segue.__version__, "format": FORMAT[family], **_commit()}


def runtime() -> dict[str, str]:
    """Return the versions of Python and of the packages that made the files."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def effort(started_s: float) -> dict[str, Any]:
    """Return seconds since ``started_s`` (of `time.monotonic`) and the process's peak memory in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
    return {"seconds": round(time.monotonic() - started_s, 3), "peak_memory_bytes": peak}


@cache
def _commit() -> dict[str, Any]:
    """Ask git once: what this process runs is what it has loaded, and one run names one commit."""
    git = shutil.which("git")
    if git is None:
        return {}
    asked = [git, "status", "--porcelain=v2", "--branch"]
    run = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)  # noqa: S603
    lines = run.stdout.splitlines()
    shas = [line.split()[2] for line in lines if line.startswith("# branch.oid ")]
    if not shas or shas[0] == "(initial)":  # no checkout, or one without a commit
        return {}
    return {"git_sha": shas[0], "dirty": not all(line.startswith("#") for line in lines)}
