"""Jobs: links, records, who may read them, and a worker that is told of one upload many times."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.location import open_store
from segue.errors import (
    AliasNotFoundError,
    ImportNotFoundError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StateUnavailableError,
)
from segue.serving.api.http import local_api
from segue.serving.imports import worker as worker_module
from segue.serving.imports.contract import ImportRequest, ImportState
from segue.serving.imports.job import (
    ATTEMPTS,
    LAST_ATTEMPT,
    LINK_S,
    STALE,
    UPLOADS,
    change_job,
    read_job,
    start,
)
from segue.serving.imports.worker import ImportWorker
from segue.serving.server.local_upload import resume_imports, upload_routes
from segue.serving.settings.environment import ArtifactSettings
from segue.sources.export.service import FORMATS
from segue.state.location import open_state
from tests.small_recommender import catalogue
from tests.unit.sources.export.exports import extended

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectStore
    from tests.small_recommender import Trained

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOCAL = "http://127.0.0.1:8000/"


def request(body: bytes = b"x", **fields: Any) -> ImportRequest:
    return ImportRequest.model_validate(
        {"user_id": "me", "format": "spotify", "file_name": "my data.zip", "size_bytes": len(body)} | fields
    )


def export(n: int = 3) -> bytes:
    """A zip with listens of the small catalogue's first tracks, and one of none."""
    tracks = catalogue()
    rows = [
        extended(f"2023-01-31T1{place}:05:37Z", tracks.artists.of(place)[0], tracks.name[place])
        for place in range(n)
    ]
    rows.append(extended("2023-01-31T20:05:37Z", "Nobody", "Nothing"))
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("MyData/Streaming_History_Audio_2023.json", json.dumps(rows))
    return body.getvalue()


def zipped(name: str) -> bytes:
    """A zip of one file, an empty list."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(name, "[]")
    return body.getvalue()


@pytest.fixture
def uploads(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "uploads")


def build_worker(uploads: ObjectStore, trained: Trained, tmp_path: Path, state: Any = None) -> ImportWorker:
    return ImportWorker(
        uploads,
        ArtifactSettings(str(trained.folder), tmp_path / "cache", 60.0),
        state or open_state(str(tmp_path / "state.sqlite")),
        LocalStore(tmp_path / "lake"),
    )


def announced(uploads: ObjectStore, body: bytes, **fields: Any) -> str:
    import_id = start(uploads, request(body, **fields), "key", NOW, LOCAL).import_id
    uploads.put(UPLOADS + import_id, body)
    return import_id


# --- records -----------------------------------------------------------------------------------------


def test_ids_cannot_be_guessed_and_links_are_short_lived(uploads: LocalStore) -> None:
    started = [start(uploads, request(), "key", NOW, LOCAL) for _ in range(20)]
    assert len({each.import_id for each in started}) == 20
    for each in started:
        assert re.fullmatch("[0-9a-f]{32}", each.import_id)
        assert each.upload.url == f"http://127.0.0.1:8000/import/{each.import_id}/file"
        assert each.upload.expires_at == NOW + timedelta(seconds=LINK_S)
        assert each.state is ImportState.WAITING


def test_an_import_is_shown_to_the_key_that_asked_for_it_only(uploads: LocalStore) -> None:
    import_id = start(uploads, request(), "key", NOW, LOCAL).import_id
    assert read_job(uploads, import_id, "key").request.user_id == "me"
    for key in ("other", ""):
        with pytest.raises(ImportNotFoundError):
            read_job(uploads, import_id, key)


@pytest.mark.parametrize("import_id", ["", "x", "0" * 32, "../jobs", "0" * 31 + "/", "A" * 32])
def test_other_ids_are_not_found(uploads: LocalStore, import_id: str) -> None:
    with pytest.raises(ImportNotFoundError, match="check the id"):
        read_job(uploads, import_id)


def test_a_job_that_ended_is_never_changed_and_a_race_is_lost_gracefully(uploads: LocalStore) -> None:
    import_id = start(uploads, request(), "key", NOW, LOCAL).import_id

    class Raced(LocalStore):
        lost = 2

        def put(self, key: str, body: Any, *, if_match: str | None = None) -> str:
            if if_match and self.lost:
                self.lost -= 1
                raise PreconditionFailedError(key)
            return super().put(key, body, if_match=if_match)

    raced = Raced(uploads.root)
    assert change_job(raced, import_id, state=ImportState.DONE).state is ImportState.DONE
    assert change_job(uploads, import_id, state=ImportState.RUNNING).state is ImportState.DONE
    other = start(uploads, request(), "key", NOW, LOCAL).import_id
    raced.lost = 99
    with pytest.raises(PreconditionFailedError):
        change_job(raced, other, state=ImportState.DONE)


@pytest.mark.parametrize(
    ("state", "words"),
    [(ImportState.WAITING, "Nothing was uploaded"), (ImportState.RUNNING, "stopped before")],
)
def test_what_gives_no_sign_of_life_has_failed(uploads: LocalStore, state: ImportState, words: str) -> None:
    import_id = start(uploads, request(), "key", NOW, LOCAL).import_id
    job = change_job(uploads, import_id, state=state)
    assert job.answer(NOW + STALE).state is state
    late = job.answer(NOW + STALE + timedelta(seconds=1))
    assert late.state is ImportState.FAILED
    assert words in str(late.error)


def test_the_last_attempt_is_waited_for_as_long_as_a_function_may_run(uploads: LocalStore) -> None:
    import_id = start(uploads, request(), "key", NOW, LOCAL).import_id
    job = change_job(uploads, import_id, state=ImportState.RUNNING, attempts=ATTEMPTS)
    assert job.answer(NOW + LAST_ATTEMPT).state is ImportState.RUNNING
    assert job.answer(NOW + LAST_ATTEMPT + timedelta(seconds=1)).state is ImportState.FAILED


# --- the link on S3 ----------------------------------------------------------------------------------


def test_a_link_on_s3_allows_one_object_of_one_size_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = open_store("s3://some-bucket", setting="SEGUE_UPLOADS")
    link = urlsplit(store.link_put("uploads/abc", 1234, 900))
    query = parse_qs(link.query)
    assert (link.scheme, link.netloc) == ("https", "some-bucket.s3.eu-central-1.amazonaws.com")
    assert link.path == "/uploads/abc"
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert not [name for name in query if "checksum" in name.lower()]
    assert store.link_put("uploads/abc", 1235, 900).rpartition("=")[2] != query["X-Amz-Signature"][0]


def test_a_file_goes_from_the_link_on_s3_into_the_state(
    s3_server: str, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import http.client

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    bucket = f"uploads-{tmp_path.name}".replace("_", "-").lower()[:60].rstrip("-")
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    uploads = open_store(f"s3://{bucket}", setting="SEGUE_UPLOADS")
    body = export()
    started = start(uploads, request(body), "key", NOW, "unused")
    link = urlsplit(started.upload.url)
    connection = http.client.HTTPConnection(link.netloc)
    connection.request(started.upload.method, f"{link.path}?{link.query}", body)
    assert connection.getresponse().status == 200
    connection.close()
    worker = build_worker(uploads, trained, tmp_path)
    worker.run(UPLOADS + started.import_id)
    answer = read_job(uploads, started.import_id, "key").answer(NOW)
    assert answer.state is ImportState.DONE
    assert answer.report is not None
    assert answer.report.new == 3
    with pytest.raises(ObjectNotFoundError):
        uploads.get(UPLOADS + started.import_id)


# --- the worker --------------------------------------------------------------------------------------


def test_an_upload_is_imported_reported_and_deleted(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    import_id = announced(uploads, export())
    worker = build_worker(uploads, trained, tmp_path)
    worker.run(UPLOADS + import_id)
    answer = read_job(uploads, import_id).answer(NOW)
    assert (answer.state, answer.error) == (ImportState.DONE, None)
    assert answer.report is not None
    assert [file.name for file in answer.report.files] == [
        "my data.zip/MyData/Streaming_History_Audio_2023.json"
    ]
    assert (answer.report.matched, answer.report.unmatched, answer.report.new) == (3, 1, 3)
    assert len(open_state(str(tmp_path / "state.sqlite")).read_listener("me").events) == 3
    assert [info.key for info in uploads.list_objects(UPLOADS)] == []
    assert len(list(LocalStore(tmp_path / "lake").list_objects("events/"))) == 1
    json.dumps(answer.model_dump(mode="json"))


def test_being_told_again_changes_nothing(uploads: LocalStore, trained: Trained, tmp_path: Path) -> None:
    body = export()
    import_id = announced(uploads, body)
    worker = build_worker(uploads, trained, tmp_path)
    worker.run(UPLOADS + import_id)
    before = read_job(uploads, import_id)
    worker.run(UPLOADS + import_id)
    uploads.put(UPLOADS + import_id, body)  # and whoever kept the link cannot begin another import with it
    worker.run(UPLOADS + import_id)
    assert read_job(uploads, import_id) == before
    assert [info.key for info in uploads.list_objects(UPLOADS)] == []


def test_an_upload_that_nobody_asked_for_is_deleted(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    for key in (f"{UPLOADS}{'0' * 32}", f"{UPLOADS}x.zip"):
        uploads.put(key, b"[]")
        build_worker(uploads, trained, tmp_path).run(key)
    assert list(uploads.list_objects("")) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not json", "my data.zip: it begins with 'not json'"),
        (b"PK\x03\x04", "not a complete zip"),
        (b"[]", "my data.zip: it holds no listens: give StreamingHistory"),
        (zipped("Playlist1.json"), "my data.zip: it contains no listens: give StreamingHistory"),
    ],
)
def test_a_file_that_cannot_be_read_has_failed_and_says_why(
    uploads: LocalStore, trained: Trained, tmp_path: Path, body: bytes, words: str
) -> None:
    import_id = announced(uploads, body)
    build_worker(uploads, trained, tmp_path).run(UPLOADS + import_id)
    answer = read_job(uploads, import_id).answer(NOW)
    assert answer.state is ImportState.FAILED
    assert words in str(answer.error)
    assert [info.key for info in uploads.list_objects(UPLOADS)] == []


def test_more_than_the_limit_is_not_read(
    uploads: LocalStore, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "MOST_BYTES", 10)
    import_id = announced(uploads, b"[" + b" " * 20 + b"]")
    build_worker(uploads, trained, tmp_path).run(UPLOADS + import_id)
    assert "larger than 10 bytes" in str(read_job(uploads, import_id).error)


def test_an_outage_is_tried_again_and_after_the_last_time_it_has_failed(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    class Away:
        def record(self, events: object) -> None:
            raise StateUnavailableError("away")

    import_id = announced(uploads, export())
    for attempt in range(1, ATTEMPTS + 1):
        assert read_job(uploads, import_id).state is not ImportState.FAILED
        with pytest.raises(StateUnavailableError):
            build_worker(uploads, trained, tmp_path, Away()).run(UPLOADS + import_id)
        assert read_job(uploads, import_id).attempts == attempt
    job = read_job(uploads, import_id)
    assert job.state is ImportState.FAILED
    assert "on our side" in str(job.error)
    assert "away" not in str(job.error)
    assert [info.key for info in uploads.list_objects(UPLOADS)] == []


def test_an_outage_that_passes_is_made_up_for(uploads: LocalStore, trained: Trained, tmp_path: Path) -> None:
    import_id = announced(uploads, export())
    settings = ArtifactSettings(str(tmp_path / "nothing"), tmp_path / "cache", 60.0)
    state, lake = open_state(str(tmp_path / "state.sqlite")), LocalStore(tmp_path / "lake")
    with pytest.raises(AliasNotFoundError):
        ImportWorker(uploads, settings, state, lake).run(UPLOADS + import_id)
    assert read_job(uploads, import_id).state is ImportState.RUNNING
    build_worker(uploads, trained, tmp_path).run(UPLOADS + import_id)
    assert read_job(uploads, import_id).state is ImportState.DONE


class Broken:
    """A state with a fault that nobody foresaw."""

    def record(self, events: object) -> None:
        raise ZeroDivisionError


def test_an_error_that_nobody_foresaw_makes_the_import_failed_at_once(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    import_id = announced(uploads, export())
    with pytest.raises(ZeroDivisionError):
        build_worker(uploads, trained, tmp_path, Broken()).run(UPLOADS + import_id)
    job = read_job(uploads, import_id)
    assert (job.state, job.attempts) == (ImportState.FAILED, 1)
    assert "does not expect" in str(job.error)
    assert list(uploads.list_objects(UPLOADS)) == []


def test_an_import_whose_attempts_were_all_cut_off_has_failed(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    import_id = announced(uploads, export())
    change_job(uploads, import_id, state=ImportState.RUNNING, attempts=ATTEMPTS)  # as a kill leaves it
    build_worker(uploads, trained, tmp_path).run(UPLOADS + import_id)
    assert read_job(uploads, import_id).state is ImportState.FAILED
    assert list(uploads.list_objects(UPLOADS)) == []


# --- on a laptop -------------------------------------------------------------------------------------


@pytest.fixture
def client(uploads: LocalStore, trained: Trained, tmp_path: Path) -> TestClient:
    api = local_api([])
    api.include_router(upload_routes(uploads, build_worker(uploads, trained, tmp_path)))
    return TestClient(api)


def test_a_put_to_the_local_link_begins_the_import(uploads: LocalStore, client: TestClient) -> None:
    body = export()
    now = datetime.now(UTC)
    started = start(uploads, request(body), "", now, "http://testserver/")
    assert started.upload.expires_at == now + timedelta(seconds=LINK_S)
    assert client.put(started.upload.url, content=body).status_code == 204
    job = read_job(uploads, started.import_id, "")
    assert job.state is ImportState.DONE
    assert job.report is not None
    assert job.report["new"] == 3
    again = client.put(started.upload.url, content=body)
    assert (again.status_code, again.json()["code"]) == (422, "invalid_input")


def test_a_server_that_starts_again_ends_what_an_earlier_one_left(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    left = [announced(uploads, export()) for _ in range(2)]
    change_job(uploads, left[0], state=ImportState.RUNNING, attempts=1)
    resume_imports(uploads, build_worker(uploads, trained, tmp_path)).join()
    assert {read_job(uploads, import_id).state for import_id in left} == {ImportState.DONE}
    assert list(uploads.list_objects(UPLOADS)) == []


def test_an_error_that_nobody_foresaw_is_told_on_a_laptop_too(
    uploads: LocalStore, trained: Trained, tmp_path: Path
) -> None:
    api = local_api([])
    api.include_router(upload_routes(uploads, build_worker(uploads, trained, tmp_path, Broken())))
    body = export()
    started = start(uploads, request(body), "", datetime.now(UTC), "http://testserver/")
    client = TestClient(api, raise_server_exceptions=False)
    assert client.put(started.upload.url, content=body).status_code == 204
    assert read_job(uploads, started.import_id).state is ImportState.FAILED


def test_a_link_that_expired_takes_nothing(uploads: LocalStore, client: TestClient) -> None:
    body = export()
    then = datetime.now(UTC) - timedelta(seconds=LINK_S + 1)
    started = start(uploads, request(body), "", then, "http://testserver/")
    answer = client.put(started.upload.url, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert f"expired at {started.upload.expires_at:%Y-%m-%dT%H:%M:%SZ}" in answer.json()["detail"]
    assert "start another import" in answer.json()["detail"]
    assert read_job(uploads, started.import_id).state is ImportState.WAITING
    assert list(uploads.list_objects(UPLOADS)) == []


@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_a_file_of_another_size_is_refused(uploads: LocalStore, client: TestClient, change: int) -> None:
    body = export()
    asked = request(body, size_bytes=len(body) + change)
    started = start(uploads, asked, "", datetime.now(UTC), "http://testserver/")
    answer = client.put(started.upload.url, content=body)
    assert answer.status_code == 422
    assert f"but size_bytes was {len(body) + change}" in answer.json()["detail"]
    assert read_job(uploads, started.import_id).state is ImportState.WAITING
    assert list(uploads.list_objects(UPLOADS)) == []


def test_an_id_that_nobody_was_given_takes_nothing(client: TestClient, uploads: LocalStore) -> None:
    assert client.put(f"/import/{'0' * 32}/file", content=b"x").status_code == 404
    assert list(uploads.list_objects("")) == []


def test_formats_are_those_of_the_readers() -> None:
    assert {request(format=name).format for name in FORMATS} == set(FORMATS)
    with pytest.raises(ValidationError, match="must be one of apple-music, "):
        request(format="napster")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+02:00", "UTC"])
def test_a_request_may_name_its_zone(zone: str) -> None:
    assert request(zone=zone).zone == zone
    with pytest.raises(ValidationError, match="give a name such as Europe/Berlin"):
        request(zone="Nowhere")
