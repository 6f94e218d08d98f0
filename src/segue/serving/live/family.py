"""The live version of one family: refreshed by time-to-live, swapped whole, kept when the store fails."""

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
"""After a failure without any good version, the store is left alone for this long."""

_LONGEST_WAIT = 8
"""Times the time-to-live: each look that fails doubles the wait before the next one, up to this."""


def note_load(store: ObjectReader, family: str, version: str, *, failed: bool) -> None:
    """Remember for `failed_to_load` how this process's latest try to load a version ended."""
    (_failed.add if failed else _failed.discard)((store.location, family, version))


def failed_to_load(store: ObjectReader, family: str, version: str) -> bool:
    """Tell whether this process tried to load a version and found it damaged."""
    return (store.location, family, version) in _failed


def held(store: ObjectReader, family: str) -> LiveAlias | None:
    """Return the champion that this process has in memory, as its alias was read; None where it has none."""
    return _held.get((store.location, family, CHAMPION))


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
    settings : ArtifactSettings
        Where versions are cached, how often the alias is looked at, and whether a thread does so.
    on_failure : callable
        Told of a refresh that failed while a good version goes on serving.
    alias : str
        Which of the family's aliases.
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
        """Of the version that was loaded last, whether that went well or not; None where none was read."""
        self._check_at_s = 0.0
        self._wait_s = self._ttl_s

    def get(self) -> Loaded[T]:
        """Return the live value, looking for a newer one when the time-to-live is over.

        One thread, or on Lambda one caller, looks while the others go on with the version at hand; where a
        look has failed and there is no version, they are told so at once.

        Raises
        ------
        ArtifactError
            There is no version, and none has ever been loaded.
        """
        if self._loaded is None and self._failure is None:
            self._turn.wait_for(self._look_if_due)
        elif time.monotonic() >= self._check_at_s:
            self._turn.take(self._look_if_due)
        loaded = self._loaded
        if loaded is not None:
            return loaded
        if self._failure is None:
            raise AssertionError("a look ends with a version or with a failure")
        raise self._failure.with_traceback(None)  # else it would grow with each caller

    def expire(self) -> None:
        """Look at the alias on the next call: a restored snapshot may be weeks old."""
        self._check_at_s = 0.0

    def _look_if_due(self) -> None:
        if time.monotonic() < self._check_at_s:  # another caller was first
            return
        loaded, wait_s = self._loaded, self._ttl_s
        try:
            self._loaded = found = self._refreshed(loaded)
            _held[self._store.location, self._family, self._alias] = found.live
        except ArtifactError as error:
            if loaded is not None:
                wait_s = min(2 * self._wait_s, _LONGEST_WAIT * self._ttl_s)
                self._on_failure(error)
            elif not isinstance(error, CorruptArtifactError):
                # A version never changes: only a damaged one is not fetched again before the alias may move.
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
