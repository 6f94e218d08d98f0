"""The live recommender: the hybrid, or its live members if there is no hybrid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from segue.artifacts.family import CATALOGUE, HYBRID
from segue.artifacts.place.location import open_reader
from segue.artifacts.recommender import load_hybrid, load_members, load_vocabulary_of
from segue.errors import AliasNotFoundError, ArtifactError, UnservableError
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


class LiveRecommender:
    """Follows the hybrid's champion; if it cannot be served, the champions of the catalogue and the members.

    ``open_index`` opens the content index of a large catalogue, which similar tracks need. Members that
    ``tier`` does not include are not fetched.
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
            model = _with_warnings(load_hybrid(store, cache, folder, manifest, open_index, tier.draws_as))
            for family, version in manifest.record.depends_on.items():
                note_load(store, family, version, failed=family in model.missing)
            return model

        def members(_: Path, manifest: Manifest) -> Recommender:
            return _with_warnings(load_members(store, cache, manifest, self._why, tier.draws_as))

        def follow(family: str, load: Callable[[Path, Manifest], Recommender]) -> Live[Recommender]:
            return Live(store, family, load, settings, on_failure=on_failure)

        self._hybrid, self._members = follow(HYBRID, hybrid), follow(CATALOGUE, members)
        self._store, self._cache = store, cache
        self._logged, self._why = "", ""

    def get(self) -> Loaded[Recommender]:
        """Return the live recommender; look for a newer one when the time-to-live is over.

        Raises
        ------
        ArtifactError
            Neither a hybrid nor a catalogue can be served.
        """
        try:
            return self._hybrid.get()
        except (AliasNotFoundError, UnservableError) as error:
            if str(error) != self._logged:  # logged once, not at every request
                logger.warning("no hybrid can be served", extra={"reason": str(error)})
                self._logged = str(error)
                never = isinstance(error, AliasNotFoundError)
                self._why = "none is live" if never else "the live version is missing or damaged"
            try:
                return self._members.get()
            except AliasNotFoundError:
                raise error from None

    def expire(self) -> None:
        """Read the aliases on the next call."""
        self._hybrid.expire()
        self._members.expire()

    def vocabulary(self, version: str) -> Vocabulary:
        """Return the tracks of any version; raise VersionNotFoundError if it was deleted."""
        return load_vocabulary_of(self._store, self._cache, version)


class LiveDerived(Generic[T]):
    """A value that is computed once for each version of the live recommender."""

    def __init__(self, source: LiveRecommender, derive: Callable[[Recommender], T]) -> None:
        self._source, self._derive = source, derive
        self._latest = Latest[Loaded[T]](in_background=source.in_background)

    def get(self) -> Loaded[T]:
        """Return the value for the live version; raise the errors of `LiveRecommender.get`."""
        model = self._source.get()
        return self._latest.of((model.value,), lambda: Loaded(self._derive(model.value), model.live))

    def expire(self) -> None:
        """Read the aliases on the next call."""
        self._source.expire()


def _with_warnings(model: Recommender) -> Recommender:
    for family, reason in model.missing.items():
        logger.warning("a member cannot be served", extra={"family": family, "reason": reason})
    return model
