"""S3 as commands and as functions read it, against a server that breaks off, or answers too late."""

from __future__ import annotations

import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from segue.artifacts.place.s3 import COMMAND, FUNCTION, S3Store
from segue.aws.connection import drop_connections
from segue.errors import PreconditionFailedError, StoreUnavailableError
from tests.conftest import FAKE_AWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.aws.client import Limits

BODY = b"0123456789" * 1000
Fault = Literal["cut", "503", "403", "lost answer", "another wins"]


class Server(ThreadingHTTPServer):
    """An S3 of one object per path, with faults to come, one a request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.paths: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def next_fault(self) -> Fault | None:
        return self.faults.pop(0) if self.faults else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        fault = self.server.next_fault()
        if fault in {"503", "403"}:
            self._answer(int(fault), b"<Error><Code>Sorry</Code></Error>")
        elif fault == "cut":
            self._answer(200, BODY, sent=len(BODY) // 2)
            self.close_connection = True
        else:
            self._answer(200, self.server.objects.get(self.path, BODY))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault, objects = self.server.next_fault(), self.server.objects
        if self.path in objects:
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        elif fault == "another wins":
            objects[self.path] = b"somebody else's"
            self.close_connection = True
        else:
            objects[self.path] = body
            if fault == "lost answer":
                self.close_connection = True
            else:
                self._answer(200, b"")

    def _answer(self, status: int, body: bytes, sent: int | None = None) -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as started:
        threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01}).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.url)
        yield started
        started.shutdown()


@pytest.fixture(params=[COMMAND, FUNCTION], ids=["command", "function"])
def limits(request: pytest.FixtureRequest) -> Limits:
    return request.param


@pytest.fixture
def reader(limits: Limits, server: Server) -> Iterator[S3Store]:
    yield S3Store("bucket", "a b/", {**FAKE_AWS, "AWS_ENDPOINT_URL": server.url}, limits)
    drop_connections()


@pytest.fixture
def store(server: Server) -> Iterator[S3Store]:
    yield S3Store("bucket", "", {**FAKE_AWS, "AWS_ENDPOINT_URL": server.url})
    drop_connections()


def test_a_stream_that_breaks_off_is_no_short_file(server: Server, reader: S3Store) -> None:
    server.faults = ["cut"]
    with pytest.raises(StoreUnavailableError, match="s3://bucket/a b/key"), reader.stream("key") as chunks:
        b"".join(chunks)


def test_a_small_object_that_breaks_off_is_unavailable(server: Server, reader: S3Store) -> None:
    server.faults = ["cut"] * 3
    with pytest.raises(StoreUnavailableError, match="s3://bucket/a b/key"):
        reader.get("key")


def test_a_stumble_is_tried_again(server: Server, reader: S3Store) -> None:
    server.faults = ["503"]
    stored = reader.get("key")
    assert stored is not None
    assert stored.body == BODY
    assert server.paths == ["/bucket/a%20b/key"] * 2


def test_stumbles_that_go_on_are_an_outage(server: Server, reader: S3Store, limits: Limits) -> None:
    server.faults = ["503"] * 3
    with pytest.raises(StoreUnavailableError):
        reader.get("key")
    assert len(server.paths) == limits.attempts


def test_three_reads_of_a_store_that_never_answers_end_before_a_function_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        }
        started_s = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            S3Store("bucket", "", environment, FUNCTION).get("key")
        took_s = time.monotonic() - started_s
    template = (Path(__file__).parents[4] / "template.yaml").read_text(encoding="utf-8")
    function_s = int(re.findall(r"^    Timeout: (\d+)$", template, re.MULTILINE)[0])
    assert 3 * took_s < function_s


def test_a_refusal_is_not_tried_again(server: Server, reader: S3Store) -> None:
    server.faults = ["403"]
    with pytest.raises(StoreUnavailableError, match=r"403|Sorry"):
        reader.get("key")
    assert len(server.paths) == 1


def test_our_own_write_whose_answer_was_lost_is_a_success(server: Server, store: S3Store) -> None:
    server.faults = ["lost answer"]
    assert store.put("key.json", b"ours") == '"1"'
    assert server.objects == {"/bucket/key.json": b"ours"}


def test_a_repeated_write_that_another_won_is_not_ours(server: Server, store: S3Store) -> None:
    server.faults = ["another wins"]
    with pytest.raises(PreconditionFailedError):
        store.put("key.json", b"ours")
    assert server.objects == {"/bucket/key.json": b"somebody else's"}


def test_the_same_content_written_by_another_is_not_ours(server: Server, store: S3Store) -> None:
    server.objects["/bucket/key.json"] = b"same"
    with pytest.raises(PreconditionFailedError):
        store.put("key.json", b"same")


@pytest.mark.parametrize(
    ("bucket", "environment", "host", "path"),
    [
        ("plain", {}, "plain.s3.eu-central-1.amazonaws.com", "/p/"),
        ("with.dots", {}, "s3.eu-central-1.amazonaws.com", "/with.dots/p/"),
        ("plain", {"AWS_REGION": "cn-north-1"}, "plain.s3.cn-north-1.amazonaws.com.cn", "/p/"),
        ("plain", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "127.0.0.1:9", "/plain/p/"),
    ],
)
def test_a_bucket_is_addressed_as_aws_does(
    bucket: str, environment: dict[str, str], host: str, path: str
) -> None:
    client = S3Store(bucket, "p/", {"AWS_REGION": "eu-central-1", **environment})._client
    assert (client.host, f"{client.root}/p/") == (host, path)
