"""Writes a file that says how a preparation ended, for a container's probe, which sees only files."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from segue.cli.writing import writing_to

if TYPE_CHECKING:
    from collections.abc import Mapping

SUCCESS, FAILURE = "success", "failure"
OPTION = "--marker-dir"


class MarkedCommand(TyperCommand):
    """A command with ``--marker-dir``: if it ends without a marker, it failed.

    The markers are cleared before the options are read, because a wrong option ends a run too.
    """

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options as every command does; the group's context closes at every end except a kill."""
        if parent is not None and (folder := _folder_in(args)) and not {"--help"} & set(args):
            clear_markers(folder)
            parent.call_on_close(lambda: _mark_failure(folder))
        return super().make_context(info_name, args, parent, **extra)


def _folder_in(args: list[str]) -> Path | None:
    """Return the last ``--marker-dir`` of a command line, in either spelling."""
    folder = ""
    for place, word in enumerate(args):
        if word == OPTION:
            folder = "".join(args[place + 1 : place + 2])
        elif word.startswith(f"{OPTION}="):
            folder = word.removeprefix(f"{OPTION}=")
    return Path(folder) if folder else None


def _mark_failure(folder: Path) -> None:
    if any((folder / name).exists() for name in (SUCCESS, FAILURE)):
        return
    error = sys.exception()
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    write_marker(folder, 1, {"error": message or type(error).__name__})


def clear_markers(folder: Path) -> None:
    """Remove the markers of an earlier run: a running or killed run has no marker."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in (SUCCESS, FAILURE):
            (folder / name).unlink(missing_ok=True)


def write_marker(folder: Path, status: int, details: Mapping[str, Any]) -> None:
    """Write ``success`` for status 0 and ``failure`` for any other, with the details as JSON."""
    path = folder / (FAILURE if status else SUCCESS)
    partial = folder / f".{path.name}"
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "status": status, **details}
    with writing_to(path):
        partial.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
