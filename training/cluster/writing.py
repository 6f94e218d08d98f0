"""Finds out before anything is built whether it can be written where it is to go."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from segue.artifacts.place.local import LocalStore
from segue.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectStore


def make_work(work: Path) -> None:
    """Make the work folder; raises ConfigError where it cannot be made or written."""
    _try_to_write(work, "--work", "name another folder")


def check_writable(store: ObjectStore) -> None:
    """Raise ConfigError for a folder that cannot be written; S3 is asked by the first that is published."""
    if isinstance(store, LocalStore):
        _try_to_write(store.root, "--artifacts", "name a folder that can be, or s3://bucket/prefix")


def _try_to_write(folder: Path, setting: str, remedy: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(setting, f"{folder} cannot be written ({why}): {remedy}.") from error
