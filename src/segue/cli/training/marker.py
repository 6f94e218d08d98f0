"""Leaves a file that says how a preparation ended, for a container's probe that only sees files."""

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
    """A command with ``--marker-dir``: an end that writes no marker of its own is a failure.

    The markers are cleared before the options are read, as a wrong option ends a run too.
    """

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options as every command does; the group's context closes at every end but a kill."""
        if parent is not None and (folder := _folder_in(args)) and not {"--help"} & set(args):
            clear_markers(folder)
            parent.call_on_close(lambda: _mark_failure(folder))
        return super().make_context(info_name, args, parent, **extra)


def _folder_in(args: list[str]) -> Path | None:
    """Return the last ``--marker-dir`` of a command line, in either spelling."""
    found = ""
    for place, word in enumerate(args):
        if word == OPTION:
            found = "".join(args[place + 1 : place + 2])
        elif word.startswith(f"{OPTION}="):
            found = word.removeprefix(f"{OPTION}=")
    return Path(found) if found else None


def _mark_failure(folder: Path) -> None:
    if any((folder / name).exists() for name in (SUCCESS, FAILURE)):
        return
    error = sys.exception()
    told = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    write_marker(folder, 1, {"error": told or type(error).__name__})


def clear_markers(folder: Path) -> None:
    """Remove what an earlier run left: while a run goes on, and after it is killed, there is no marker."""
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
