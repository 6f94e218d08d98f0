"""Which exit statuses of a step `make` passes over, and which end it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("target", ["train", "prepare"])
@pytest.mark.parametrize(
    ("status", "passes"), [(0, True), (3, True), (4, True), (1, False), (2, False), (139, False)]
)
def test_only_named_reasons_pass(target: str, status: int, passes: bool, tmp_path: Path) -> None:
    for name in ("Makefile", "build.mk"):
        shutil.copy2(ROOT / name, tmp_path / name)
    command = tmp_path / ".venv" / "bin" / "segue"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    command.chmod(0o755)
    made = ["--old-file=.venv/.serving", "--old-file=sample"]  # neither an environment nor a store is needed
    done = subprocess.run(["make", *made, target], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (done.returncode == 0) is passes
