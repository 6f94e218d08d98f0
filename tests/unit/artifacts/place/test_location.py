"""What a setting may name, and what opens for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.location import open_reader, open_store
from segue.artifacts.place.s3 import S3Store
from segue.errors import ConfigError


@pytest.mark.parametrize(
    ("location", "opened"),
    [
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/", "s3://bucket/"),
        ("s3://bucket/a/b", "s3://bucket/a/b/"),
        ("s3://bucket/a/b/", "s3://bucket/a/b/"),
        ("s3://bucket/a b/ü?c#d+e%20", "s3://bucket/a b/ü?c#d+e%20/"),
    ],
)
def test_a_bucket_with_a_prefix(location: str, opened: str) -> None:
    store, reader = open_store(location), open_reader(location)
    assert isinstance(store, S3Store)
    assert isinstance(reader, S3Store)
    assert store.location == reader.location == opened


@pytest.mark.parametrize("location", ["var/artifacts", "../artifacts", "/srv/artifacts", "s3/bucket"])
def test_a_folder(location: str) -> None:
    store = open_store(location)
    assert isinstance(store, LocalStore)
    assert store.location == open_reader(location).location == str(Path(location).absolute())


@pytest.mark.parametrize("location", ["", "s3://", "s3:///prefix", "https://bucket/prefix", "S4://bucket"])
def test_anything_else_names_the_variable(location: str) -> None:
    with pytest.raises(ConfigError, match="SEGUE_ARTIFACTS"):
        open_store(location)
    with pytest.raises(ConfigError, match="SEGUE_ARTIFACTS"):
        open_reader(location)


def test_a_missing_region_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigError, match="AWS_REGION"):
        open_reader("s3://bucket")
