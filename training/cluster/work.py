"""The work folder: the names within, and whether it and the artifacts can be written before a build."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from segue.artifacts.place.local import LocalStore
from segue.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectStore

INPUT = "input"
"""What a variant is made of, as it was read."""

ARTIFACT = "artifact"
"""The finished files."""

RECORD = "record.json"
"""What the manifest is to say of them."""


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
