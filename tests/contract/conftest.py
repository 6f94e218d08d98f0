"""The places that the store suite runs against; each test gets an empty prefix of its own."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import boto3
import pytest

from segue.artifacts.location import open_reader, open_store
from tests.conftest import OWN_AWS

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.object_store import ObjectReader, ObjectStore

AWKWARD = "prüf stand/a+b=c&d/"
"""Every key of the suite passes the percent-encoding of whoever signs it."""


# Places behind a variable join only when it is set; test_store.py skips once for each that is not.
PLACES = [
    "local",
    "moto",
    *(
        [pytest.param("localstack", marks=pytest.mark.localstack)]
        if "SEGUE_TEST_LOCALSTACK" in os.environ
        else []
    ),
    *([pytest.param("aws", marks=pytest.mark.aws)] if "SEGUE_TEST_S3" in os.environ else []),
]


@pytest.fixture(params=PLACES)
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place, as SEGUE_ARTIFACTS would name it, with AWS_* set to reach it."""
    place = request.param
    own = f"{AWKWARD}{uuid.uuid4().hex}"
    if place == "local":
        return str(tmp_path / own)
    if place == "aws":
        for name, value in OWN_AWS.items():
            monkeypatch.setenv(name, value)
        return f"{os.environ['SEGUE_TEST_S3'].rstrip('/')}/{own}"
    url = (
        os.environ["SEGUE_TEST_LOCALSTACK"] if place == "localstack" else request.getfixturevalue("s3_server")
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return f"s3://{_versioned_bucket()}/{own}"


@pytest.fixture
def store(location: str) -> ObjectStore:
    return open_store(location)


@pytest.fixture(params=["store", "reader"])
def reader(request: pytest.FixtureRequest, location: str, store: ObjectStore) -> ObjectReader:
    """What reads: the store itself, or what a function opens (plain http.client for S3)."""
    return store if request.param == "store" else open_reader(location, dict(os.environ))


def _versioned_bucket() -> str:
    s3, bucket = boto3.client("s3"), f"segue-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket
