"""Where a version comes from: the code, the packages, the time and memory it took."""

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
    return {"version": segue.__version__, "format": FORMAT[family], **_checkout()}


def runtime() -> dict[str, str]:
    """Return the versions of Python and of the packages that made the files."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def effort(started_s: float) -> dict[str, Any]:
    """Return seconds since ``started_s`` (of `time.monotonic`) and the process's peak memory in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
    return {"seconds": round(time.monotonic() - started_s, 3), "peak_memory_bytes": peak}


@cache
def _checkout() -> dict[str, Any]:
    """Ask git once: what this process runs is what it has loaded, and one run names one commit."""
    sha = _git("rev-parse", "HEAD")
    return {"git_sha": sha, "dirty": bool(_git("status", "--porcelain"))} if sha else {}


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    folder = Path(__file__).parent
    run = subprocess.run([git, *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return run.stdout.strip() if run.returncode == 0 else ""
