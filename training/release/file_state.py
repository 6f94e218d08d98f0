"""Size and time of files: files with equal ones are not read again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_JOURNAL = "-wal"
"""Suffix of the file in which SQLite keeps the latest writes for a while."""


def file_states(locations: Iterable[str]) -> dict[str, list[int]] | None:
    """Return size and time of every file by its path; a folder stands for all files within it.

    Returns None for a URL, and if a file cannot be read.
    """
    found = {}
    try:
        for location in locations:
            if "://" in location:
                return None
            path = Path(location).absolute()  # "." has no name
            journal = path.with_name(path.name + _JOURNAL)
            within = [path, journal] if journal.exists() else [path]
            for file in sorted(path.rglob("*")) if path.is_dir() else within:
                state = file.stat()
                found[str(file)] = [state.st_size, state.st_mtime_ns]
    except OSError:
        return None
    return found


def origin_of(locations: Sequence[str], asked: Mapping[str, Any]) -> str:
    """Return a digest of the files' size and time, the options and the recipe of the code.

    Empty for a database behind a URL, whose data can change without such a trace.
    """
    states = file_states(locations)
    if states is None:
        return ""
    named = json.dumps([list(locations), dict(asked), states], sort_keys=True)
    return f"sha256:{hashlib.sha256(named.encode()).hexdigest()}"
