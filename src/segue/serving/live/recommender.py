"""The live recommender: the hybrid, or what is live of its members where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from segue.artifacts.family import CATALOGUE, HYBRID
from segue.artifacts.place.location import open_reader
from segue.artifacts.recommender import load_hybrid, load_members, load_vocabulary_of
from segue.errors import (
    AliasNotFoundError,
    ArtifactError,
    CorruptArtifactError,
    UnsupportedSchemaError,
    VersionNotFoundError,
)
from segue.serving.api.telemetry import logger, refresh_failed
from segue.serving.api.tier import Tier
from segue.serving.live.family import Live, Loaded, note_load
from segue.serving.live.turn import Latest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.recommender import OpenIndex
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.recommend.recommender import Recommender
    from segue.serving.settings.environment import ArtifactSettings

T = TypeVar("T")
_UNSERVABLE = (AliasNotFoundError, CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError)


class LiveRecommender:
    """Follow the hybrid's champion; without one that can be served, the catalogue's and its members'.

    ``open_index`` opens the index of a large catalogue's content, for who is asked for similar tracks.
    Members that ``tier`` does not open are not fetched.
    """

    def __init__(
        self,
        settings: ArtifactSettings,
        on_failure: Callable[[ArtifactError], None] = refresh_failed,
        open_index: OpenIndex | None = None,
        tier: Tier = Tier.PRO,
    ) -> None:
        store, cache = open_reader(settings.location), settings.cache
        self.in_background = settings.in_background

        def hybrid(folder: Path, manifest: Manifest) -> Recommender:
            found = _told(load_hybrid(store, cache, folder, manifest, open_index, tier.draws_as))
            for family, version in manifest.record.depends_on.items():
                note_load(store, family, version, failed=family in found.missing)
            return found

        def members(_: Path, manifest: Manifest) -> Recommender:
            return _told(load_members(store, cache, manifest, self._why, tier.draws_as))

        def follow(family: str, load: Callable[[Path, Manifest], Recommender]) -> Live[Recommender]:
            return Live(store, family, load, settings, on_failure=on_failure)

        self._hybrid, self._members = follow(HYBRID, hybrid), follow(CATALOGUE, members)
        self._store, self._cache = store, cache
        self._said, self._why = "", ""

    def get(self) -> Loaded[Recommender]:
        """Return the live recommender, looking for a newer one when the time-to-live is over.

        Raises
        ------
        ArtifactError
            Neither a hybrid nor a catalogue can be served.
        """
        try:
            return self._hybrid.get()
        except _UNSERVABLE as error:
            if str(error) != self._said:  # once, not at every request
                logger.warning("no hybrid can be served", extra={"reason": str(error)})
                self._said = str(error)
                never = isinstance(error, AliasNotFoundError)
                self._why = "none is live" if never else "the live version is missing or damaged"
            try:
                return self._members.get()
            except AliasNotFoundError:
                raise error from None

    def expire(self) -> None:
        """Look at the aliases on the next call."""
        self._hybrid.expire()
        self._members.expire()

    def vocabulary(self, version: str) -> Vocabulary:
        """Return the tracks that a version had, live or not; VersionNotFoundError if it is gone."""
        return load_vocabulary_of(self._store, self._cache, version)


class LiveDerived(Generic[T]):
    """What is computed from a live recommender once for each of its versions."""

    def __init__(self, source: LiveRecommender, derive: Callable[[Recommender], T]) -> None:
        self._source, self._derive = source, derive
        self._latest = Latest[Loaded[T]](in_background=source.in_background)

    def get(self) -> Loaded[T]:
        """Return it for the version that is live; raises as `LiveRecommender.get` does."""
        found = self._source.get()
        return self._latest.of((found.value,), lambda: Loaded(self._derive(found.value), found.live))

    def expire(self) -> None:
        """Look at the aliases on the next call."""
        self._source.expire()


def _told(model: Recommender) -> Recommender:
    for family, reason in model.missing.items():
        logger.warning("a member cannot be served", extra={"family": family, "reason": reason})
    return model
