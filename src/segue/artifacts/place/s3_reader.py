"""Read artifacts from S3 inside a function: GET only, standard library only.

A function needs two calls, a conditional GET and a streamed one. boto3 makes a cold start 1.5 to 2
times longer to offer them (docs/adr/0005-s3-reader.md).
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from segue.artifacts.place.object_store import CHUNK_BYTES, Stored
from segue.artifacts.place.sigv4 import CredentialSource, quote_key, sign_get
from segue.errors import ConfigError, ObjectNotFoundError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A refresh of three reads in a row, on a store that accepts and never answers, must end well before a
# function does: one that is killed loses the good version it would go on serving.
_ATTEMPTS = 2
_BACKOFF_S = 0.1
_TIMEOUT_S = 2.0
_LOOK_TIMEOUT_S = 1.0
"""Of a conditional read. It is not tried again after that: its caller has a version to go on with."""
_TRANSIENT = {500, 502, 503, 504}


class S3Reader:
    """An `ObjectReader` on a bucket, under a prefix ending in '/' or empty.

    Parameters
    ----------
    environment : mapping
        AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL for another S3 than AWS's own, and what
        `CredentialSource` looks for.

    Raises
    ------
    ConfigError
        No region is set.
    """

    def __init__(self, bucket: str, prefix: str, environment: Mapping[str, str]) -> None:
        self.location = f"s3://{bucket}/{prefix}"
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        if not region:
            raise ConfigError(
                "AWS_REGION", f"not set; the region of bucket {bucket} is needed to sign reads."
            )
        self._region = region
        self._credentials = CredentialSource(environment)
        endpoint = environment.get("AWS_ENDPOINT_URL")
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        parts = urlsplit(endpoint or f"https://s3.{region}.{domain}")
        self._secure, self._host = parts.scheme == "https", parts.netloc
        if endpoint or "." in bucket:  # stand-ins for S3 and TLS certificates know such buckets by path only
            self._root = f"/{bucket}/{prefix}"
        else:
            self._host, self._root = f"{bucket}.{self._host}", f"/{prefix}"

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        """See `ObjectReader.get`."""
        look = unless_etag is not None
        with self._open(key, {"if-none-match": unless_etag} if unless_etag else {}, look=look) as answer:
            if answer.status == http.HTTPStatus.NOT_MODIFIED:
                return None
            try:
                return Stored(answer.read(), answer.headers.get("ETag", ""))
            except (OSError, http.client.HTTPException) as error:
                raise StoreUnavailableError(f"{self.location}{key}: broke off, {error}") from error

    @contextlib.contextmanager
    def stream(self, key: str) -> Iterator[Iterator[bytes]]:
        """See `ObjectReader.stream`."""
        with self._open(key, {}) as answer:
            yield self._chunks(answer, key)

    def _chunks(self, answer: http.client.HTTPResponse, key: str) -> Iterator[bytes]:
        try:
            while chunk := answer.read(CHUNK_BYTES):
                yield chunk
            if answer.length:  # the connection closed early, which http.client takes for the end
                raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailableError(f"{self.location}{key}: broke off, {error}") from error

    @contextlib.contextmanager
    def _open(
        self, key: str, headers: Mapping[str, str], *, look: bool = False
    ) -> Iterator[http.client.HTTPResponse]:
        for attempt in range(1, _ATTEMPTS + 1):
            connection = self._connect(_LOOK_TIMEOUT_S if look else _TIMEOUT_S)
            try:
                try:
                    answer = self._request(connection, key, headers)
                except (OSError, http.client.HTTPException) as error:
                    if attempt == _ATTEMPTS or (look and isinstance(error, TimeoutError)):
                        raise StoreUnavailableError(f"{self.location}{key}: {error}") from error
                else:
                    if answer.status not in _TRANSIENT or attempt == _ATTEMPTS:
                        self._check(answer, key)
                        yield answer
                        return
            finally:
                connection.close()
            time.sleep(_BACKOFF_S)

    def _request(
        self, connection: http.client.HTTPConnection, key: str, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        path = quote_key(self._root + key)
        keys = self._credentials.get()
        signed = sign_get(self._host, path, headers, region=self._region, keys=keys, at=datetime.now(UTC))
        connection.request("GET", path, headers=signed)
        return connection.getresponse()

    def _check(self, answer: http.client.HTTPResponse, key: str) -> None:
        if answer.status in {http.HTTPStatus.OK, http.HTTPStatus.NOT_MODIFIED}:
            return
        body = answer.read(4096).decode(errors="replace")
        place = f"{self.location}{key}"
        if answer.status == http.HTTPStatus.NOT_FOUND and "NoSuchBucket" not in body:
            raise ObjectNotFoundError(f"nothing at {place}")
        raise StoreUnavailableError(f"{place}: S3 answered {answer.status} {body[:300]}")

    def _connect(self, timeout_s: float = _TIMEOUT_S) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(self._host, timeout=timeout_s, context=_tls())
        return http.client.HTTPConnection(self._host, timeout=timeout_s)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
