"""Credentials come from keys, from a runtime's endpoint, or from a person's profile, and are renewed."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from segue.aws.client import AwsClient, Limits
from segue.aws.credentials import Credentials, CredentialSource, NoAnswerError
from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_fixed_keys_win() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
    }
    assert CredentialSource(environment).get() == Credentials("AKID", "secret", "token")


class Endpoint:
    """A credentials endpoint; ``answer`` is what it says next."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.answer: Any = None
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.requests.append((self.path, self.headers.get("Authorization")))
                body = json.dumps(endpoint.answer).encode()
                self.send_response(endpoint.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v2/credentials?id=7"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def grant(self, key: str, seconds: float) -> None:
        until = datetime.fromtimestamp(time.time() + seconds, UTC)
        self.answer = {
            "AccessKeyId": key,
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        }


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    started = Endpoint()
    yield started
    started.server.shutdown()
    started.server.server_close()


def test_the_endpoint_is_asked_once_until_its_keys_expire(endpoint: Endpoint) -> None:
    source = CredentialSource(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "bearer"}
    )
    endpoint.grant("first", 3600)
    assert source.get().access_key == source.get().access_key == "first"
    assert endpoint.requests == [("/v2/credentials?id=7", "bearer")]


def test_keys_that_end_soon_are_renewed(endpoint: Endpoint) -> None:
    source = CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url})
    endpoint.grant("first", 60)
    assert source.get().access_key == "first"
    endpoint.grant("second", 3600)
    assert (source.get().access_key, source.get().token) == ("second", "t")
    assert [token for _, token in endpoint.requests] == [None, None]


def test_keys_that_a_snapshot_carried_past_their_end_are_renewed(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url})
    endpoint.grant("first", 3600)
    source.get()
    restored = time.time() + 86_400
    monkeypatch.setattr("segue.aws.credentials.time.time", lambda: restored)
    endpoint.answer["AccessKeyId"] = "second"
    assert source.get().access_key == "second"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, {}),
        (200, {}),
        (200, []),
        (200, None),
        (200, {"AccessKeyId": "a", "SecretAccessKey": "s", "Expiration": "soon"}),
    ],
)
def test_an_endpoint_that_fails_is_no_answer(endpoint: Endpoint, status: int, answer: object) -> None:
    endpoint.status, endpoint.answer = status, answer
    with pytest.raises(NoAnswerError, match="credentials endpoint"):
        CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url}).get()


def test_an_endpoint_that_is_gone_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match="did not answer"):
        CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"}).get()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://localhost.example.com/",
        "http://169.254.169.254/",
        "http://127.0.0.1:80@example.com/",
        "http://10.0.0.1:8080/x",
    ],
)
def test_a_token_is_not_sent_to_a_stranger_over_plain_http(url: str) -> None:
    with pytest.raises(ConfigError, match="not a local address"):
        CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}).get()


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which botocore finds none either."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    return monkeypatch


def test_no_credentials_name_the_variable(no_keys: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"AWS_ACCESS_KEY_ID: no AWS credentials: .* AWS_PROFILE"):
        CredentialSource({}).get()


def test_a_profile_is_found_where_the_environment_has_no_keys(
    no_keys: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(
        "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = s\naws_session_token = t\n"
    )
    (tmp_path / "config").write_text("[profile work]\nregion = ap-southeast-2\n")
    no_keys.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    no_keys.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    no_keys.setenv("AWS_PROFILE", "work")
    found = CredentialSource({}).get()
    assert (found.access_key, found.secret_key, found.token) == ("AKIDWORK", "s", "t")
    no_keys.delenv("AWS_DEFAULT_REGION")
    client = AwsClient("dynamodb", {}, Limits(1, 1.0))
    assert client.host == "dynamodb.ap-southeast-2.amazonaws.com"


def test_a_profile_that_is_not_there_is_said(no_keys: pytest.MonkeyPatch) -> None:
    no_keys.setenv("AWS_PROFILE", "absent")
    with pytest.raises(ConfigError, match="absent"):
        CredentialSource({}).get()


def test_a_token_is_read_anew_from_its_file(endpoint: Endpoint, tmp_path: Path) -> None:
    token = tmp_path / "token"
    source = CredentialSource(
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        }
    )
    endpoint.grant("first", 60)  # ends soon, so the endpoint is asked each time
    for text in ("one", "two"):
        token.write_text(f"{text}\n")
        source.get()
    assert [token for _, token in endpoint.requests] == ["one", "two"]
