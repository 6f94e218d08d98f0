"""The live version of one family: refreshed by time-to-live, swapped whole, kept when the store fails."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from segue.artifacts.cache import fetch
from segue.artifacts.store import CHAMPION, LiveAlias, poll, read_manifest, resolve
from segue.errors import ArtifactError, CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.object_store import ObjectReader

T = TypeVar("T")

_failed: set[tuple[str, str, str]] = set()
RETRY_S = 2.0
"""After a failure without any good version, the store is left alone for this long."""


def note_load(store: ObjectReader, family: str, version: str, *, failed: bool) -> None:
    """Remember for `failed_to_load` how this process's latest try to load a version ended."""
    (_failed.add if failed else _failed.discard)((store.location, family, version))


def failed_to_load(store: ObjectReader, family: str, version: str) -> bool:
    """Tell whether this process tried to load a version and found it damaged."""
    return (store.location, family, version) in _failed


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A value and the alias that named it; one reference, so a reader never sees half a swap."""

    value: T
    live: LiveAlias

    @property
    def version(self) -> str:
        """The version that ``value`` was loaded from."""
        return self.live.alias.target.version


class Live(Generic[T]):
    """Follow a family's champion, or another of its aliases.

    Parameters
    ----------
    load : callable
        From the folder of a verified version, and its manifest, to the value.
    ttl_s : float
        Seconds between looks at the alias. Looking happens on a call, as Lambda freezes all else.
    on_failure : callable
        Told of a refresh that failed while a good version goes on serving.
    alias : str
        Which of the family's aliases.
    """

    def __init__(  # noqa: PLR0913  # what to follow, and how
        self,
        store: ObjectReader,
        family: str,
        load: Callable[[Path, Manifest], T],
        *,
        cache: Path,
        ttl_s: float,
        on_failure: Callable[[ArtifactError], None],
        alias: str = CHAMPION,
    ) -> None:
        self._store, self._family, self._alias, self._load = store, family, alias, load
        self._cache, self._ttl_s, self._on_failure = cache, ttl_s, on_failure
        self._lock = threading.Lock()
        self._loaded: Loaded[T] | None = None
        self._failure: ArtifactError | None = None
        self.tried: Manifest | None = None
        """Of the version that was loaded last, whether that went well or not; None where none was read."""
        self._check_at_s = 0.0

    def get(self) -> Loaded[T]:
        """Return the live value, looking for a newer one when the time-to-live is over.

        One caller refreshes while the others go on with the version at hand.

        Raises
        ------
        ArtifactError
            There is no version, and none has ever been loaded.
        """
        loaded = self._loaded
        if loaded is None:
            with self._lock:
                return self._first()
        if time.monotonic() >= self._check_at_s and self._lock.acquire(blocking=False):
            try:
                loaded = self._loaded = self._refreshed(loaded)
            except ArtifactError as error:
                self._on_failure(error)
            finally:
                self._check_at_s = time.monotonic() + self._ttl_s
                self._lock.release()
        return loaded

    def expire(self) -> None:
        """Look at the alias on the next call: a restored snapshot may be weeks old."""
        self._check_at_s = 0.0

    def _first(self) -> Loaded[T]:
        if self._loaded is not None:  # another caller was first
            return self._loaded
        if self._failure is not None and time.monotonic() < self._check_at_s:
            raise self._failure
        try:
            self._loaded = self._refreshed(None)
        except ArtifactError as error:
            # A version never changes: a damaged one is fetched again when the alias may have moved.
            damaged = isinstance(error, CorruptArtifactError)
            wait_s = self._ttl_s if damaged else min(RETRY_S, self._ttl_s)
            self._failure, self._check_at_s = error, time.monotonic() + wait_s
            raise
        self._check_at_s = time.monotonic() + self._ttl_s
        return self._loaded

    def _refreshed(self, old: Loaded[T] | None) -> Loaded[T]:
        live = resolve(self._store, self._family, self._alias) if old is None else self._poll(old)
        if old is not None and live.alias.target == old.live.alias.target:
            return Loaded(old.value, live)
        target = live.alias.target
        self.tried = manifest = read_manifest(
            self._store, self._family, target.version, expected_sha256=target.manifest_sha256
        )
        try:
            value = self._load(fetch(self._store, manifest, self._cache), manifest)
        except CorruptArtifactError:
            note_load(self._store, self._family, target.version, failed=True)
            raise
        note_load(self._store, self._family, target.version, failed=False)
        return Loaded(value, live)

    def _poll(self, old: Loaded[T]) -> LiveAlias:
        return poll(self._store, self._family, self._alias, unless_etag=old.live.etag) or old.live
