"""Artifacts in an S3 bucket, read and written; the one file that knows boto3.

Functions read through `segue.artifacts.place.s3_reader`, which starts an order of magnitude faster
(docs/adr/0005).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from segue.artifacts.place.object_store import CHUNK_BYTES, ObjectInfo, Stored
from segue.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=16,
    response_checksum_validation="when_required",  # every reader holds what it reads to a hash of our own
)
_ABSENT = {"404", "NoSuchKey"}
_FAILED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class S3Store:
    """An `ObjectStore` on a bucket (versioning on) under a prefix, ending in '/' or empty.

    The endpoint is botocore's own setting, AWS_ENDPOINT_URL; so are region and credentials. With
    ``timeout_s`` a call is given up on after twice as many seconds.
    """

    def __init__(self, bucket: str, prefix: str = "", *, timeout_s: float | None = None) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.location = f"s3://{bucket}/{prefix}"
        self._client = boto3.client("s3", config=_CONFIG if timeout_s is None else _hurried(timeout_s))
        self._linker: Any = None

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        """See `ObjectReader.get`."""
        condition: dict[str, Any] = {} if unless_etag is None else {"IfNoneMatch": unless_etag}
        try:
            with self._translated(key):
                answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key, **condition)
                return Stored(answer["Body"].read(), answer["ETag"])
        except _NotModifiedError:
            return None

    @contextlib.contextmanager
    def stream(self, key: str) -> Iterator[Iterator[bytes]]:
        """See `ObjectReader.stream`."""
        with self._translated(key):
            body = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"]
            with contextlib.closing(body):
                yield body.iter_chunks(CHUNK_BYTES)

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        """See `ObjectStore.put`. S3 checks a SHA-256 of what arrives."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_match is None else {"IfMatch": if_match}
        try:
            with self._translated(key), contextlib.ExitStack() as stack:
                data = stack.enter_context(body.open("rb")) if isinstance(body, Path) else body
                answer = self._client.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + key,
                    Body=data,
                    ChecksumAlgorithm="SHA256",
                    **condition,
                )
        except PreconditionFailedError as error:
            # botocore repeats a write whose answer was lost, and S3 refuses because of our own object.
            if isinstance(body, bytes) and _was_repeated(error):
                stored = self.get(key)
                if stored is not None and stored.body == body:
                    return stored.etag
            raise
        return answer["ETag"]

    def list_objects(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_objects`."""
        with self._translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            for page in pages:
                for row in page.get("Contents", []):
                    key = row["Key"].removeprefix(self.prefix)
                    yield ObjectInfo(key, row["Size"], row["LastModified"])

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`; with versioning on, the bucket keeps a recoverable copy."""
        with self._translated(key):
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def link_put(self, key: str, size: int, expires_s: int) -> str:
        """Return an address to which whoever has it may PUT the object for a while.

        The number of bytes is part of the signature: S3 refuses any other. What is there is replaced.
        """
        if self._linker is None:
            config = Config(signature_version="s3v4", request_checksum_calculation="when_required")
            if ".amazonaws." in self._client.meta.endpoint_url:
                # Else botocore signs for the global endpoint, which sends a young bucket's uploads elsewhere.
                config = config.merge(Config(s3={"addressing_style": "virtual"}))
            self._linker = boto3.client("s3", config=config)
        with self._translated(key):
            address: str = self._linker.generate_presigned_url(
                "put_object",
                Params={"Bucket": self.bucket, "Key": self.prefix + key, "ContentLength": size},
                ExpiresIn=expires_s,
            )
        return address

    @contextlib.contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            place = f"{self.location}{key}"
            if code == "304":
                raise _NotModifiedError from error
            if code in _ABSENT:
                raise ObjectNotFoundError(f"nothing at {place}") from error
            if code in _FAILED:
                raise PreconditionFailedError(
                    f"{place} exists already, or changed since it was read"
                ) from error
            raise StoreUnavailableError(f"{place}: S3 answered {code}") from error
        except BotoCoreError as error:
            raise StoreUnavailableError(f"{self.location}{key}: {error}") from error


def _hurried(timeout_s: float) -> Config:
    attempts = Config(retries={"mode": "standard", "total_max_attempts": 2})
    return _CONFIG.merge(attempts).merge(Config(connect_timeout=timeout_s, read_timeout=timeout_s))


def _was_repeated(error: PreconditionFailedError) -> bool:
    cause = error.__cause__
    return isinstance(cause, ClientError) and cause.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


class _NotModifiedError(Exception):
    """S3 said 304: the caller's copy is still current."""
