"""Artifacts in an S3 bucket, read and written by requests of our own (docs/adr/0013-own-aws-client.md)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from segue.artifacts.place.object_store import CHUNK_BYTES, ObjectInfo, Stored
from segue.aws.client import AwsClient, Call, Limits
from segue.aws.credentials import NoAnswerError
from segue.aws.signature import quote_key, write_query
from segue.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.aws.client import WholeAnswer

COMMAND = Limits(3, 30.0)
"""Limits for a command, which has time."""

FUNCTION = Limits(2, 2.0)
"""Limits for a function. If the store accepts and never answers, a refresh of three reads must end well
before the function's time is over: a killed function loses the good version that it serves."""

_FAILED = {http.HTTPStatus.PRECONDITION_FAILED, http.HTTPStatus.CONFLICT}
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3Store:
    """An `ObjectStore` on a bucket (versioning on) under a prefix, ending in '/' or empty.

    Parameters
    ----------
    environment : mapping
        What `AwsClient` reads: Region, endpoint and credentials.

    Raises
    ------
    ConfigError
        No Region is set.
    """

    def __init__(
        self, bucket: str, prefix: str, environment: Mapping[str, str], limits: Limits = COMMAND
    ) -> None:
        self.prefix, self.location = prefix, f"s3://{bucket}/{prefix}"
        self._client = AwsClient("s3", environment, limits, bucket=bucket)
        # A refresh has a version to serve meanwhile, so a read that timed out is not repeated.
        self._look = replace(limits, timeout_s=limits.timeout_s / 2, patient=False)

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        """See `ObjectReader.get`."""
        condition = {} if unless_etag is None else {"if-none-match": unless_etag}
        answer = self._send("GET", key, condition, look=unless_etag is not None)
        if answer.status == http.HTTPStatus.NOT_MODIFIED:
            return None
        self._check(answer.status, answer.body, key)
        return Stored(answer.body, answer.headers.get("ETag", ""))

    @contextlib.contextmanager
    def stream(self, key: str) -> Iterator[Iterator[bytes]]:
        """See `ObjectReader.stream`."""
        with self._answered(key), self._client.open(Call("GET", self._path(key))) as answer:
            if answer.status != http.HTTPStatus.OK:
                self._check(answer.status, answer.read(4096), key)
            yield self._chunks(answer, key)

    def _chunks(self, answer: http.client.HTTPResponse, key: str) -> Iterator[bytes]:
        try:
            while chunk := answer.read(CHUNK_BYTES):
                yield chunk
            if answer.length:  # the connection closed early, which http.client takes for the end
                raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailableError(f"{self.location}{key}: broke off, {error}") from error

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        """See `ObjectStore.put`. S3 checks a SHA-256 of what arrives."""
        condition = {"if-none-match": "*"} if if_match is None else {"if-match": if_match}
        checksum = {"x-amz-checksum-sha256": base64.b64encode(_sha256(body)).decode()}
        answer = self._send("PUT", key, condition | checksum, body=body)
        try:
            self._check(answer.status, answer.body, key)
        except PreconditionFailedError:
            # A write whose answer was lost is sent again, and S3 refuses because of our own object.
            if isinstance(body, bytes) and answer.repeated:
                stored = self.get(key)
                if stored is not None and stored.body == body:
                    return stored.etag
            raise
        return answer.headers.get("ETag", "")

    def list_objects(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_objects`."""
        from xml.etree import ElementTree as ET  # no function lists

        more = {"list-type": "2", "prefix": self.prefix + prefix, "encoding-type": "url"}
        while True:
            answer = self._send("GET", None, query=write_query(more))
            self._check(answer.status, answer.body, prefix)
            page = ET.fromstring(answer.body)  # noqa: S314  # written by S3
            for row in page.iter(f"{_NAMESPACE}Contents"):
                key, size, at = (
                    row.findtext(_NAMESPACE + name, "") for name in ("Key", "Size", "LastModified")
                )
                relative = unquote_plus(key).removeprefix(self.prefix)
                yield ObjectInfo(relative, int(size), datetime.fromisoformat(at))
            token = page.findtext(f"{_NAMESPACE}NextContinuationToken")
            if not token:
                return
            more["continuation-token"] = token

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`; with versioning on, the bucket keeps a recoverable copy."""
        answer = self._send("DELETE", key)
        self._check(answer.status, answer.body, key)

    def link_put(self, key: str, size: int, expires_s: int) -> str:
        """Return an address to which anyone who has it may PUT the object for a while.

        The number of bytes is part of the signature: S3 refuses any other. What is there is replaced.
        """
        with self._answered(key):
            call = Call("PUT", self._path(key), headers={"content-length": str(size)})
            return self._client.link(call, expires_s)

    def _send(
        self,
        method: str,
        key: str | None,
        headers: Mapping[str, str] | None = None,
        *,
        query: str = "",
        body: bytes | Path = b"",
        look: bool = False,
    ) -> WholeAnswer:
        path = self._client.root or "/" if key is None else self._path(key)
        with self._answered(key or ""):
            call = Call(method, path, query, headers or {}, body)
            return self._client.send(call, self._look if look else None)

    def _path(self, key: str) -> str:
        return quote_key(f"{self._client.root}/{self.prefix}{key}")

    @contextlib.contextmanager
    def _answered(self, key: str) -> Iterator[None]:
        try:
            yield
        except NoAnswerError as error:
            raise StoreUnavailableError(f"{self.location}{key}: {error}") from error

    def _check(self, status: int, body: bytes, key: str) -> None:
        if status in {http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT}:
            return
        found, place = re.search(rb"<Code>(\w+)</Code>", body), f"{self.location}{key}"
        code = found[1].decode() if found else ""
        if status == http.HTTPStatus.NOT_FOUND and code != "NoSuchBucket":
            raise ObjectNotFoundError(f"nothing at {place}")
        if status in _FAILED:
            raise PreconditionFailedError(f"{place} exists already, or changed since it was read")
        raise StoreUnavailableError(
            f"{place}: S3 answered {status} {code or body[:300].decode(errors='replace')}"
        )


def _sha256(body: bytes | Path) -> bytes:
    if isinstance(body, bytes):
        return hashlib.sha256(body).digest()
    with body.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
