"""Imports as deployed, on S3 and DynamoDB, in two functions."""

from __future__ import annotations

import http.client
import json
import os
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest

from segue.artifacts.place.location import open_store
from segue.state.location import open_state
from tests.contract.state_table import create_table
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import read_event
from tests.small_recommender import catalogue
from tests.unit.sources.export.exports import extended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.runtime.bundle import Bundle
    from tests.runtime.conftest import Published

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def places(s3_server: str, published_model: Published) -> Iterator[dict[str, str]]:
    """Buckets and a table, in the variables that lead to them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        where = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
        buckets = {name: f"{name}-{uuid.uuid4().hex}" for name in ("lake", "uploads")}
        for bucket in buckets.values():
            boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        yield published_model.variables | {
            "SEGUE_STATE": f"dynamodb://{create_table(f'state-{uuid.uuid4().hex}')}",
            "SEGUE_LAKE": f"s3://{buckets['lake']}",
            "SEGUE_UPLOADS": f"s3://{buckets['uploads']}",
        }


@pytest.fixture(scope="module")
def functions(
    build: Callable[[str], Bundle], places: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Emulator]]:
    started: dict[str, Emulator] = {}
    for name in ("import_upload", "import_worker"):
        started[name] = Emulator(build(name), places, tmp_path_factory.mktemp(name) / "log").__enter__()
    yield started
    for emulator in started.values():
        emulator.__exit__()


def ask(emulator: Emulator, case: str, **changes: Any) -> dict[str, Any]:
    answer = emulator.invoke(read_event(f"import_upload/{case}") | changes)
    assert "statusCode" in answer, f"{answer}\n{emulator.log}"
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def test_an_upload_reaches_table_lake_and_report(
    functions: dict[str, Emulator], places: dict[str, str]
) -> None:
    tracks = catalogue()
    rows = [
        extended(f"2026-01-{place + 1:02}T12:05:37Z", tracks.artists.of(place)[0], tracks.name[place])
        for place in range(10)
    ]
    body = json.dumps(rows).encode()
    request = {"user_id": "new", "format": "spotify", "file_name": "endsong_0.json", "size_bytes": len(body)}
    started = ask(functions["import_upload"], "spotify", body=json.dumps(request))
    link = urlsplit(started["upload"]["url"])
    connection = http.client.HTTPConnection(link.netloc)
    connection.request("PUT", f"{link.path}?{link.query}", body)
    assert connection.getresponse().status == 200
    connection.close()
    event = read_event("import_worker/uploaded")
    event["detail"]["object"]["key"] = f"uploads/{started['import_id']}"
    for _ in range(2):  # as EventBridge may
        assert functions["import_worker"].invoke(event) is None, functions["import_worker"].log
    path = f"/import/{started['import_id']}"
    found = ask(functions["import_upload"], "unknown_import", path=path)
    assert (found["state"], found["report"]["matched"], found["report"]["new"]) == ("done", 10, 10)
    assert len(open_state(places["SEGUE_STATE"]).read_listener("new").events) == 10
    assert len(list(open_store(places["SEGUE_LAKE"]).list_objects("events/"))) == 1
    assert list(open_store(places["SEGUE_UPLOADS"]).list_objects("uploads/")) == []


def test_an_upload_of_nobody_is_deleted(functions: dict[str, Emulator], places: dict[str, str]) -> None:
    event = read_event("import_worker/uploaded")
    uploads = open_store(places["SEGUE_UPLOADS"])
    uploads.put(event["detail"]["object"]["key"], b"[]")
    assert functions["import_worker"].invoke(event) is None
    assert list(uploads.list_objects("uploads/")) == []
