"""The variants of the clustered tracks; each is loaded on first use, and the live one can replace it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from segue.artifacts.codec.clustering import load_clustering
from segue.artifacts.family import CLUSTERS, VARIANTS, made_by, variant_alias
from segue.artifacts.place.location import open_reader
from segue.artifacts.release import CHAMPION, resolve_if_any
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.errors import (
    AliasNotFoundError,
    ArtifactError,
    CorruptArtifactError,
    InvalidInputError,
    UnservableError,
    VariantUnservableError,
)
from segue.serving.api.telemetry import logger, refresh_failed
from segue.serving.live.family import Live, Loaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.domain.cluster.clustering import Clustering
    from segue.serving.settings.environment import ArtifactSettings

_AT_ONCE = 2
"""Number of variants in memory besides the live one; a third replaces the least recently used."""
_LIVE = "the live variant"


class LiveClusterings:
    """Follows the live variant, and other variants from their first use."""

    def __init__(
        self, settings: ArtifactSettings, on_failure: Callable[[ArtifactError], None] = refresh_failed
    ) -> None:
        self._store = open_reader(settings.location)
        self._settings, self._on_failure = settings, on_failure
        self._champion = self._follow(CHAMPION)
        self._others: dict[str, Live[Clustering]] = {}

    def get(self) -> Loaded[Clustering]:
        """Return the live variant.

        Raises
        ------
        VariantUnservableError
            Its files are damaged or missing.
        ArtifactError
            No variant is live, or the store does not answer.
        """
        try:
            return self._champion.get()
        except UnservableError as error:
            raise _unservable(self._live_name()) from error

    def of(self, variant: str) -> tuple[Loaded[Clustering], str]:
        """Return a variant and an empty text, or the live variant and why it is used instead.

        Raises
        ------
        InvalidInputError
            The variant does not exist; the message names those that do.
        AliasNotFoundError
            There are no variants; prepare them.
        ArtifactError
            Neither the variant nor the live one can be served.
        """
        try:
            if variant not in VARIANTS:
                raise self._missing(variant)
            return self._other(variant).get(), ""
        except AliasNotFoundError as error:
            self._others.pop(variant, None)
            raise self._unknown(variant) from error
        except ArtifactError as error:
            logger.warning("a variant cannot be served", extra={"variant": variant, "reason": str(error)})
            try:
                live = self.get()
            except ArtifactError:
                if not isinstance(error, UnservableError):
                    raise error from None
                raise _unservable(variant, self._live_name()) from error
            return live, f"{variant} cannot be served now; the live {live.value.variant} is used instead"

    def knowing(self, track_id: str) -> str | None:
        """Return a variant that contains a track, the live one first; None if there is none."""
        for name in ("", *VARIANTS):
            with suppress(ArtifactError, InvalidInputError):
                clustering = (self.of(name)[0] if name else self.get()).value
                if clustering.vocabulary.index_of([track_id])[0] != UNKNOWN_ITEM:
                    return clustering.variant
        return None

    def expire(self) -> None:
        """Read the aliases on the next call."""
        for live in (self._champion, *self._others.values()):
            live.expire()

    def _live_name(self) -> str:
        tried = self._champion.tried
        return str(tried.record.params.get("variant", _LIVE)) if tried else _LIVE

    def _other(self, variant: str) -> Live[Clustering]:
        live = self._others.pop(variant, None) or self._follow(variant_alias(variant))
        self._others[variant] = live  # the last one is the most recently used
        for oldest in list(self._others)[:-_AT_ONCE]:
            self._others.pop(oldest, None)
        return live

    def _unknown(self, variant: str) -> InvalidInputError | AliasNotFoundError:
        existing = [name for name in VARIANTS if self._exists(name)]
        if not existing:
            return self._missing(CHAMPION)
        problem = "is not built" if variant in VARIANTS else "does not exist"
        return InvalidInputError(f"variant: {variant!r} {problem}; use one of {', '.join(existing)}.")

    def _missing(self, alias: str) -> AliasNotFoundError:
        return AliasNotFoundError(CLUSTERS, alias, self._store.location, made_by(CLUSTERS))

    def _exists(self, variant: str) -> bool:
        try:
            return resolve_if_any(self._store, CLUSTERS, variant_alias(variant)) is not None
        except UnservableError:
            return True  # the variant exists, but cannot be read

    def _follow(self, alias: str) -> Live[Clustering]:
        return Live(self._store, CLUSTERS, _load, self._settings, on_failure=self._on_failure, alias=alias)


def _unservable(*variants: str) -> VariantUnservableError:
    named = " and ".join(dict.fromkeys(variants))
    return VariantUnservableError(
        f"{named} cannot be served: files of the {CLUSTERS} are damaged or missing. The operator of this "
        f"service can roll back (`segue models rollback {CLUSTERS}`), promote another variant "
        f"(`segue models promote {CLUSTERS} VARIANT`) or make it again (`{made_by(CLUSTERS)}`)."
    )


def _load(folder: Path, manifest: Manifest) -> Clustering:
    clustering = load_clustering(folder)
    named = manifest.record.params.get("variant")
    if clustering.variant != named:
        raise CorruptArtifactError(f"{manifest.version} is {clustering.variant}, its manifest says {named}")
    return clustering
