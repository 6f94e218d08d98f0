"""Open the place that a setting names: ``s3://bucket/prefix`` or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.place.local import LocalStore
from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore


def open_store(
    location: str, *, setting: str = "SEGUE_ARTIFACTS", timeout_s: float | None = None
) -> ObjectStore:
    """Open for reading and writing.

    Parameters
    ----------
    location : str
        ``s3://bucket/prefix`` or a folder.
    setting : str
        Who named it, for the message of the error.
    timeout_s : float, optional
        Seconds to wait for S3, twice at most: for a function, which is killed when its time is over.

    Raises
    ------
    ConfigError
        The location is neither: mend the setting.
    """
    bucket, prefix = _parse(location, setting)
    if not bucket:
        return _open_folder(Path(prefix), setting)
    from segue.artifacts.place.s3 import S3Store  # boto3 takes longer to import than everything else here

    return S3Store(bucket, prefix, timeout_s=timeout_s)


def open_reader(location: str, environment: Mapping[str, str]) -> ObjectReader:
    """Open for reading, in a function; ``environment`` holds region, endpoint and credentials."""
    bucket, prefix = _parse(location, "SEGUE_ARTIFACTS")
    if not bucket:
        return _open_folder(Path(prefix), "SEGUE_ARTIFACTS")
    from segue.artifacts.place.s3_reader import S3Reader

    return S3Reader(bucket, prefix, environment)


def _open_folder(path: Path, setting: str) -> LocalStore:
    if path.exists() and not path.is_dir():
        raise ConfigError(setting, f"{path} is a file, not a folder.")
    return LocalStore(path)


def _parse(location: str, setting: str) -> tuple[str, str]:
    scheme, _, place = location.partition("://")
    bucket, _, folder = place.partition("/")
    if scheme == "s3" and bucket:
        prefix = folder.strip("/")
        return bucket, f"{prefix}/" if prefix else ""
    if not location or "://" in location:
        raise ConfigError(setting, f"{location!r} is neither a folder nor s3://bucket/prefix.")
    return "", location
