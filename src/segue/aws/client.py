"""Send signed requests to one AWS service: retries, time limits, kept connections."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from segue.aws.connection import Connections
from segue.aws.credentials import CredentialSource, NoAnswerError
from segue.aws.signature import Service, SignedRequest, sign_headers, sign_query
from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BACKOFF_S = 0.1
_TRANSIENT = {429, 500, 502, 503, 504}
_THROTTLED = {b"ThrottlingException", b"ProvisionedThroughputExceededException", b"RequestLimitExceeded"}
"""Codes that JSON services send with status 400, and that a second attempt may not meet again."""

_CODE = re.compile(rb'"__type"\s*:\s*"(?:[^"#]*#)?(\w+)"')


class RefusedError(Exception):
    """The service refused the request; ``code`` is AWS's own, ``answer`` the whole of what it said."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        self.answer = answer
        self.code = str(answer.get("__type", status)).rpartition("#")[2]
        super().__init__(f"{self.code}: {answer.get('message') or answer.get('Message') or ''}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an answer is waited for.

    Attributes
    ----------
    attempts : int
        How often a request is sent before it is given up.
    timeout_s : float
        Seconds to connect, and between two pieces of the answer.
    patient : bool
        Whether a request that timed out is sent again.
    """

    attempts: int
    timeout_s: float
    patient: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is signed: ``path`` and ``query`` percent-encoded, header names lower-case."""

    method: str
    path: str = "/"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path = b""


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer read to its end; ``repeated`` tells that the request was sent more than once."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool


@dataclass(frozen=True, slots=True)
class _OpenCall:
    connection: http.client.HTTPConnection
    answer: http.client.HTTPResponse


class AwsClient:
    """Sends requests to one service in one Region.

    Parameters
    ----------
    service : str
        Its name in signatures: ``s3``, ``dynamodb``, ``secretsmanager``.
    environment : mapping
        AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL (or AWS_ENDPOINT_URL_S3, …) for another endpoint
        than AWS's own, AWS_CA_BUNDLE, and what `CredentialSource` looks for.
    bucket : str
        For S3: the host names the bucket if the bucket's name allows this.

    Raises
    ------
    ConfigError
        No Region is set.
    """

    def __init__(
        self, service: str, environment: Mapping[str, str], limits: Limits, *, bucket: str = ""
    ) -> None:
        self._limits, self._keys = limits, CredentialSource(environment)
        self._service = Service(service, _region(environment))
        endpoint = environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environment.get(
            "AWS_ENDPOINT_URL"
        )
        region = self._service.region
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        parts = urlsplit(endpoint or f"https://{service}.{region}.{domain}")
        self.host, self.root, self._scheme = parts.netloc, parts.path.rstrip("/"), parts.scheme
        if endpoint or "." in bucket:  # stand-ins for S3 and TLS certificates know such buckets by path only
            self.root += f"/{bucket}" if bucket else ""
        elif bucket:
            self.host = f"{bucket}.{self.host}"
        self._connections = Connections(
            self.host, environment.get("AWS_CA_BUNDLE"), secure=self._scheme == "https"
        )

    def send(self, call: Call, limits: Limits | None = None) -> WholeAnswer:
        """Send a request, and again while the service is overloaded or unreachable; read the answer.

        Raises
        ------
        NoAnswerError
            Nobody answered, or the answer broke off.
        ConfigError
            There are no credentials.
        """
        opened, body, repeated = self._sent(call, limits or self._limits, whole=True)
        return WholeAnswer(opened.answer.status, opened.answer.headers, body, repeated)  # type: ignore[arg-type]  # a Message has get

    @contextlib.contextmanager
    def open(self, call: Call) -> Iterator[http.client.HTTPResponse]:
        """Send a request as `send` does, and give its answer before the body is read."""
        opened, _, _ = self._sent(call, self._limits, whole=False)
        try:
            yield opened.answer
        finally:
            self._done(opened)

    def call(self, target: str, request: Mapping[str, Any], version: str) -> dict[str, Any]:
        """Call an operation of a service that speaks JSON, as ``DynamoDB_20120810.Query``.

        Raises
        ------
        RefusedError
            The service refused it.
        NoAnswerError
            Nobody answered.
        """
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
        answer = self.send(Call("POST", f"{self.root}/", headers=headers, body=json.dumps(request).encode()))
        try:
            found = json.loads(answer.body or b"{}")
        except ValueError:
            found = {"message": answer.body[:300].decode(errors="replace")}
        if answer.status != http.HTTPStatus.OK:
            raise RefusedError(answer.status, found)
        return dict(found)

    def link(self, call: Call, expires_s: int) -> str:
        """Return an address that anybody may send the request to for a while; its body is not signed."""
        request = SignedRequest(call.method, self.host, call.path, call.headers)
        query = sign_query(request, self._service, self._keys.get(), datetime.now(UTC), expires_s)
        return f"{self._scheme}://{self.host}{call.path}?{query}"

    def _sent(self, call: Call, limits: Limits, *, whole: bool) -> tuple[_OpenCall, bytes, bool]:
        digest = _sha256(call.body)
        left, repeated = limits.attempts, False
        while True:
            connection, kept = self._connections.take(limits.timeout_s)
            try:
                opened = _OpenCall(connection, self._exchange(connection, call, digest))
                body = opened.answer.read() if whole else b""
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if kept and isinstance(error, ConnectionError):
                    self._connections.drop()  # closed by the server while it was idle: no attempt of ours
                    repeated = True
                    continue
                left -= 1
                if not left or (isinstance(error, TimeoutError) and not limits.patient):
                    raise NoAnswerError(str(error) or type(error).__name__) from error
            else:
                left -= 1
                again = left > 0 and _is_transient(opened.answer.status, body)
                if whole or again:
                    self._done(opened)
                if not again:
                    return opened, body, repeated
            repeated = True
            time.sleep(_BACKOFF_S * 2 ** (limits.attempts - left - 1))

    def _exchange(
        self, connection: http.client.HTTPConnection, call: Call, digest: str
    ) -> http.client.HTTPResponse:
        request = SignedRequest(call.method, self.host, call.path, call.headers, call.query, digest)
        headers = sign_headers(request, self._service, self._keys.get(), datetime.now(UTC))
        address = f"{call.path}?{call.query}" if call.query else call.path
        if isinstance(call.body, Path):
            headers["content-length"] = str(call.body.stat().st_size)
            with call.body.open("rb") as file:
                connection.request(call.method, address, body=file, headers=headers)
        else:
            connection.request(call.method, address, body=call.body or None, headers=headers)
        return connection.getresponse()

    def _done(self, opened: _OpenCall) -> None:
        answer = opened.answer
        if not answer.will_close and (answer.isclosed() or answer.length == 0):
            answer.close()
            self._connections.give_back(opened.connection)
        else:
            opened.connection.close()


def _is_transient(status: int, body: bytes) -> bool:
    if status != http.HTTPStatus.BAD_REQUEST:
        return status in _TRANSIENT
    code = _CODE.search(body)
    return code is not None and code[1] in _THROTTLED


def _sha256(body: bytes | Path) -> str:
    if isinstance(body, bytes):
        return hashlib.sha256(body).hexdigest()
    with body.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _region(environment: Mapping[str, str]) -> str:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        from segue.aws.profile import find_region  # botocore is slow to import

        region = find_region()
    if not region:
        raise ConfigError("AWS_REGION", "not set; the Region is needed to reach AWS and to sign requests.")
    return region
