"""Open the place that a setting names: ``s3://bucket/prefix`` or a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.s3 import COMMAND, FUNCTION, S3Store
from segue.aws.environment import aws_environment
from segue.errors import ConfigError

if TYPE_CHECKING:
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
        The location is neither: fix the setting.
    """
    bucket, prefix = _parse(location, setting)
    if not bucket:
        return _open_folder(Path(prefix), setting)
    return S3Store(
        bucket,
        prefix,
        aws_environment(),
        COMMAND if timeout_s is None else replace(FUNCTION, timeout_s=timeout_s),
    )


def open_reader(location: str) -> ObjectReader:
    """Open for reading, in a function."""
    bucket, prefix = _parse(location, "SEGUE_ARTIFACTS")
    if not bucket:
        return _open_folder(Path(prefix), "SEGUE_ARTIFACTS")
    return S3Store(bucket, prefix, aws_environment(), FUNCTION)


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
