"""What a place for artifacts must offer: create-once and compare-and-swap writes, conditional reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A small object as it was read; ``etag`` names exactly this content for a conditional write."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One row of a listing."""

    key: str
    bytes: int
    modified_at: datetime


class ObjectReader(Protocol):
    """Reading, all that a Lambda function may do. Keys are '/'-separated and relative to the location.

    Every method raises StoreUnavailableError when the store does not answer or refuses, and
    ObjectNotFoundError when there is nothing under the key.
    """

    location: str

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        """Return a small object, or None while its etag is still ``unless_etag``."""

    def stream(self, key: str) -> AbstractContextManager[Iterator[bytes]]:
        """Open an object of any size as chunks of at most ``CHUNK_BYTES``."""


class ObjectStore(ObjectReader, Protocol):
    """Reading and writing."""

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        """Create the object, or with ``if_match`` replace exactly that content; return the new etag.

        Raises PreconditionFailedError when it exists already, or is no longer what ``if_match`` names.
        """

    def list_objects(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object whose key starts with ``prefix``, ascending by key."""

    def delete(self, key: str) -> None:
        """Delete the object; one that is gone already is no error."""
