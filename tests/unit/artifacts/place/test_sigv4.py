"""Signatures equal botocore's; credentials come from keys or from a local endpoint, and are renewed."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from segue.artifacts.place.sigv4 import Credentials, CredentialSource, quote_key, sign_get
from segue.errors import ConfigError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
words = st.text("abcXYZ019 -_/+=\"'", max_size=20)
secrets = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789/+", min_size=1, max_size=40)
hosts = st.sampled_from(
    ["s3.eu-central-1.amazonaws.com", "bucket.s3.cn-north-1.amazonaws.com.cn", "127.0.0.1:5000"]
)
headers = st.dictionaries(st.sampled_from(["if-none-match", "range", "x-amz-request-payer"]), words)


class _Fixed(S3SigV4Auth):
    """botocore's signer at the instant that a test chose."""

    def add_auth(self, request: AWSRequest, stamp: str = "") -> None:
        request.context["timestamp"] = stamp
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        self._inject_signature_to_request(
            request, self.signature(self.string_to_sign(request, canonical), request)
        )


@given(
    key=keys,
    host=hosts,
    more=headers,
    secret=secrets,
    token=st.none() | secrets,
    region=st.sampled_from(["eu-central-1", "us-east-1", "cn-north-1"]),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_signatures_are_botocores(
    key: str, host: str, more: dict[str, str], secret: str, token: str | None, region: str, at: datetime
) -> None:
    path = quote_key(f"/bucket/{key}")
    ours = sign_get(host, path, more, region=region, keys=Credentials("AKID", secret, token), at=at)
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    request = AWSRequest("GET", f"http://{host}{path}", headers={**more, "X-Amz-Date": stamp})
    request.headers["host"] = host
    signer = _Fixed(BotoCredentials("AKID", secret, token), "s3", region)
    signer.add_auth(request, stamp)
    assert ours["authorization"] == request.headers["Authorization"]


@pytest.mark.parametrize(
    ("key", "path"),
    [("a b", "a%20b"), ("ü", "%C3%BC"), ("a/b", "a/b"), ("~-_.", "~-_."), ("+=&?#%", "%2B%3D%26%3F%23%25")],
)
def test_keys_are_encoded_as_s3_does(key: str, path: str) -> None:
    assert quote_key(key) == path


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
    monkeypatch.setattr("segue.artifacts.place.sigv4.time.time", lambda: restored)
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
def test_an_endpoint_that_fails_is_a_store_that_is_down(
    endpoint: Endpoint, status: int, answer: object
) -> None:
    endpoint.status, endpoint.answer = status, answer
    with pytest.raises(StoreUnavailableError, match="credentials endpoint"):
        CredentialSource({"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url}).get()


def test_an_endpoint_that_is_gone_is_a_store_that_is_down() -> None:
    with pytest.raises(StoreUnavailableError, match="did not answer"):
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


def test_no_credentials_name_the_variable() -> None:
    with pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID"):
        CredentialSource({}).get()
