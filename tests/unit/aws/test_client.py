"""Requests to AWS against a server that stumbles, and that closes connections while nobody uses them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import snapshot_restore_py

from segue.aws.client import AwsClient, Call, Limits, RefusedError
from segue.aws.connection import drop_connections
from segue.aws.credentials import NoAnswerError
from tests.conftest import FAKE_AWS

if TYPE_CHECKING:
    from collections.abc import Iterator

THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}
MISSING = {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no table"}


class Service(ThreadingHTTPServer):
    """Answers with what is next in ``answers``; None closes the connection without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, object] | None] = []
        self.targets: list[str | None] = []
        self.connections: set[object] = set()
        self.close_after_answer = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.targets.append(self.headers.get("X-Amz-Target"))
        self.server.connections.add(self.client_address)
        answer = self.server.answers.pop(0) if self.server.answers else (200, {"found": True})
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # The server closes without notice. The flag is read first: the client may change it after the answer.
        self.close_connection = self.server.close_after_answer
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as started:
        threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield started
        drop_connections()
        started.shutdown()


@pytest.fixture
def client(service: Service) -> AwsClient:
    url = f"http://127.0.0.1:{service.server_port}"
    return AwsClient("dynamodb", {**FAKE_AWS, "AWS_ENDPOINT_URL": url}, Limits(2, 2.0))


def ask(client: AwsClient) -> dict[str, object]:
    return client.call("DynamoDB_20120810.Query", {"TableName": "t"}, "1.0")


def test_calls_go_over_one_connection(service: Service, client: AwsClient) -> None:
    assert [ask(client) for _ in range(3)] == [{"found": True}] * 3
    assert service.targets == ["DynamoDB_20120810.Query"] * 3
    assert len(service.connections) == 1


def test_threads_have_connections_of_their_own(service: Service, client: AwsClient) -> None:
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        for _ in range(5):
            ask(client)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(service.targets) == 20
    assert 1 <= len(service.connections) <= 4


def test_a_connection_that_was_closed_meanwhile_costs_no_attempt(service: Service, client: AwsClient) -> None:
    service.close_after_answer = True
    ask(client)
    service.close_after_answer = False
    time.sleep(0.05)  # until the server's end of it is closed
    service.answers = [(503, {})]  # the one attempt that may fail
    assert ask(client) == {"found": True}
    assert len(service.connections) == 2


def test_a_restored_function_uses_no_connection_of_its_snapshot(service: Service, client: AwsClient) -> None:
    from segue.serving.api.http import http_api, lambda_entry

    lambda_entry(http_api("restored"))
    ask(client)
    for run, given, named in snapshot_restore_py.get_after_restore():
        run(*given, **named)
    ask(client)
    assert len(service.connections) == 2


def test_a_connection_that_was_idle_for_long_is_not_used(
    service: Service, client: AwsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)
    thawed = time.time() + 60
    monkeypatch.setattr("segue.aws.connection.time.time", lambda: thawed)
    ask(client)
    assert len(service.connections) == 2


@pytest.mark.parametrize("stumble", [(400, THROTTLED), (500, {}), (503, b"<html>"), (429, {}), None])
def test_a_stumble_is_tried_again(
    service: Service, client: AwsClient, stumble: tuple[int, object] | None
) -> None:
    service.answers = [stumble]
    assert ask(client) == {"found": True}
    assert len(service.targets) == 2


def test_throttling_that_goes_on_is_said(service: Service, client: AwsClient) -> None:
    service.answers = [(400, THROTTLED)] * 3
    with pytest.raises(RefusedError, match="ProvisionedThroughputExceededException"):
        ask(client)
    assert len(service.targets) == 2


def test_nobody_who_answers_is_said(service: Service, client: AwsClient) -> None:
    service.answers = [None] * 3
    with pytest.raises(NoAnswerError, match="without response"):
        ask(client)
    assert len(service.targets) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [((400, MISSING), "ResourceNotFoundException"), ((403, b"<html>no</html>"), "403"), ((400, {}), "400")],
)
def test_a_refusal_is_not_tried_again(
    service: Service, client: AwsClient, answer: tuple[int, object], code: str
) -> None:
    service.answers = [answer]
    with pytest.raises(RefusedError) as raised:
        ask(client)
    assert raised.value.code == code
    assert len(service.targets) == 1


def test_content_that_looks_like_throttling_is_no_throttling(service: Service, client: AwsClient) -> None:
    item = {"value": {"S": '"__type":"x#ThrottlingException"'}}
    service.answers = [(400, MISSING | {"Item": item}), (400, {"Item": item} | MISSING)]
    for _ in range(2):
        with pytest.raises(RefusedError, match="no table"):
            ask(client)
    assert len(service.targets) == 2


def test_an_answer_that_was_not_read_to_its_end_is_not_kept(service: Service, client: AwsClient) -> None:
    with client.open(Call("POST", "/", body=b"{}")) as answer:
        assert answer.status == 200
    ask(client)
    assert len(service.connections) == 2


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({}, "dynamodb.eu-central-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "dynamodb.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_DYNAMODB": "http://b:1"}, "b:1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}, "dynamodb.us-east-1.amazonaws.com"),
    ],
)
def test_a_service_is_reached_where_the_environment_says(environment: dict[str, str], host: str) -> None:
    assert AwsClient("dynamodb", FAKE_AWS | environment, Limits(1, 1.0)).host == host
