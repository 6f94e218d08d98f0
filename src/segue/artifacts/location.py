"""Open the place that a setting names: ``s3://bucket/prefix`` or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.local import LocalStore
from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.artifacts.object_store import ObjectReader, ObjectStore


def open_store(location: str) -> ObjectStore:
    """Open for reading and writing; raises ConfigError for a location that is neither."""
    bucket, prefix = _parse(location)
    if not bucket:
        return _open_folder(Path(prefix))
    from segue.artifacts.s3 import S3Store  # boto3 takes longer to import than everything else here

    return S3Store(bucket, prefix)


def open_reader(location: str, environment: Mapping[str, str]) -> ObjectReader:
    """Open for reading, in a function; ``environment`` holds region, endpoint and credentials."""
    bucket, prefix = _parse(location)
    if not bucket:
        return _open_folder(Path(prefix))
    from segue.artifacts.s3_reader import S3Reader

    return S3Reader(bucket, prefix, environment)


def _open_folder(path: Path) -> LocalStore:
    if path.exists() and not path.is_dir():
        raise ConfigError("SEGUE_ARTIFACTS", f"{path} is a file, not a folder.")
    return LocalStore(path)


def _parse(location: str) -> tuple[str, str]:
    scheme, _, place = location.partition("://")
    bucket, _, folder = place.partition("/")
    if scheme == "s3" and bucket:
        prefix = folder.strip("/")
        return bucket, f"{prefix}/" if prefix else ""
    if not location or "://" in location:
        raise ConfigError("SEGUE_ARTIFACTS", f"{location!r} is neither a folder nor s3://bucket/prefix.")
    return "", location
