"""Leaves a file that says how a preparation ended, for a container's probe that only sees files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segue.cli.writing import writing_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUCCESS, FAILURE = "success", "failure"


def clear_markers(folder: Path) -> None:
    """Remove what an earlier run left: a run that is killed leaves no marker."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in (SUCCESS, FAILURE):
            (folder / name).unlink(missing_ok=True)


def write_marker(folder: Path, status: int, told: Mapping[str, Any]) -> None:
    """Write ``success`` for status 0 and ``failure`` for any other, with what is told, as JSON."""
    path = folder / (FAILURE if status else SUCCESS)
    partial = folder / f".{path.name}"
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "status": status, **told}
    with writing_to(path):
        partial.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
