"""The live version of one family: refreshed after a time-to-live, and kept if the store fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from segue.artifacts.cache import fetch
from segue.artifacts.release import CHAMPION, LiveAlias, poll, read_manifest, resolve
from segue.errors import ArtifactError, CorruptArtifactError
from segue.serving.live.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectReader
    from segue.serving.settings.environment import ArtifactSettings

T = TypeVar("T")

_failed: set[tuple[str, str, str]] = set()
_held: dict[tuple[str, str, str], LiveAlias] = {}
RETRY_S = 2.0
"""Wait after a failed refresh if no version is loaded."""

_LONGEST_WAIT = 8
"""Maximum wait between refreshes, in times-to-live; each failed refresh doubles the wait."""


def note_load(store: ObjectReader, family: str, version: str, *, failed: bool) -> None:
    """Record for `failed_to_load` whether this process could load a version."""
    (_failed.add if failed else _failed.discard)((store.location, family, version))


def failed_to_load(store: ObjectReader, family: str, version: str) -> bool:
    """Return whether this process tried to load a version and found it damaged."""
    return (store.location, family, version) in _failed


def held(store: ObjectReader, family: str) -> LiveAlias | None:
    """Return the alias of the champion that this process has in memory, or None."""
    return _held.get((store.location, family, CHAMPION))


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A value and its alias, in one object, so that a swap is atomic."""

    value: T
    live: LiveAlias

    @property
    def version(self) -> str:
        """Return the version of ``value``."""
        return self.live.alias.target.version


class Live(Generic[T]):
    """Follows a family's champion, or another of its aliases.

    Parameters
    ----------
    load : callable
        Loads the value from the folder of a verified version and its manifest.
    settings : ArtifactSettings
        The cache, the time-to-live, and whether a thread refreshes.
    on_failure : callable
        Called with the error of a refresh that failed while an older version keeps serving.
    alias : str
        Name of the alias.
    """

    def __init__(
        self,
        store: ObjectReader,
        family: str,
        load: Callable[[Path, Manifest], T],
        settings: ArtifactSettings,
        *,
        on_failure: Callable[[ArtifactError], None],
        alias: str = CHAMPION,
    ) -> None:
        self._store, self._family, self._alias, self._load = store, family, alias, load
        self._cache, self._ttl_s, self._on_failure = settings.cache, settings.refresh_ttl_s, on_failure
        self._turn = Turn(in_background=settings.in_background)
        self._loaded: Loaded[T] | None = None
        self._failure: ArtifactError | None = None
        self.tried: Manifest | None = None
        """Manifest of the version that was last tried, loaded or not; None before the first."""
        self._check_at_s = 0.0
        self._wait_s = self._ttl_s

    def get(self) -> Loaded[T]:
        """Return the live value; refresh it when the time-to-live is over.

        One thread, or on Lambda one caller, refreshes while the others use the loaded version. If none is
        loaded because a refresh failed, the others get its error at once.

        Raises
        ------
        ArtifactError
            No version has been loaded.
        """
        if self._loaded is None and self._failure is None:
            self._turn.wait_for(self._refresh_if_due)
        elif time.monotonic() >= self._check_at_s:
            self._turn.take(self._refresh_if_due)
        loaded = self._loaded
        if loaded is not None:
            return loaded
        if self._failure is None:
            raise AssertionError("a refresh ends with a version or with a failure")
        raise self._failure.with_traceback(None)  # otherwise the traceback grows with each caller

    def expire(self) -> None:
        """Read the alias on the next call, because a restored snapshot may be weeks old."""
        self._check_at_s = 0.0

    def _refresh_if_due(self) -> None:
        if time.monotonic() < self._check_at_s:  # another caller was first
            return
        loaded, wait_s = self._loaded, self._ttl_s
        try:
            self._loaded = new = self._refreshed(loaded)
            _held[self._store.location, self._family, self._alias] = new.live
        except ArtifactError as error:
            if loaded is not None:
                wait_s = min(2 * self._wait_s, _LONGEST_WAIT * self._ttl_s)
                self._on_failure(error)
            elif not isinstance(error, CorruptArtifactError):
                # A version never changes, so a damaged one is not fetched again before the time-to-live ends.
                wait_s = min(RETRY_S, self._ttl_s)
            self._failure = error
        finally:
            self._wait_s = wait_s
            self._check_at_s = time.monotonic() + wait_s

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
