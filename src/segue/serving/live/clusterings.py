"""The variants of the clustered tracks: each loaded when first asked for, the live one standing in."""

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
    UnsupportedSchemaError,
    VariantUnservableError,
    VersionNotFoundError,
)
from segue.serving.api.telemetry import logger, refresh_failed
from segue.serving.live.family import Live, Loaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.domain.cluster.clustering import Clustering
    from segue.serving.settings.environment import ArtifactSettings

_UNSERVABLE = (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError)
_AT_ONCE = 2
"""Variants kept open beside the live one; of a third, the one that was not asked for longest is closed."""
_LIVE = "the live variant"


class LiveClusterings:
    """Follow the live variant, and any other from when it is first asked for."""

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
            Its files are damaged or missing: roll back, promote another, or prepare.
        ArtifactError
            There is none, or the store does not answer.
        """
        try:
            return self._champion.get()
        except _UNSERVABLE as error:
            raise _unservable(self._live_name()) from error

    def of(self, variant: str) -> tuple[Loaded[Clustering], str]:
        """Return a variant, or the live one in its place and why.

        Raises
        ------
        InvalidInputError
            There is no such variant: ask for one that the message names.
        AliasNotFoundError
            There are none at all: prepare them.
        ArtifactError
            Neither it nor the live one can be served.
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
                found = self.get()
            except ArtifactError:
                if not isinstance(error, _UNSERVABLE):
                    raise error from None
                raise _unservable(variant, self._live_name()) from error
            return found, f"{variant} cannot be served now; {found.value.variant}, which is live, stands in"

    def knowing(self, track_id: str) -> str | None:
        """Return a variant that has a track, the live one before others; None where none can be read."""
        for name in ("", *VARIANTS):
            with suppress(ArtifactError, InvalidInputError):
                clustering = (self.of(name)[0] if name else self.get()).value
                if clustering.vocabulary.index_of([track_id])[0] != UNKNOWN_ITEM:
                    return clustering.variant
        return None

    def expire(self) -> None:
        """Look at the aliases on the next call."""
        for live in (self._champion, *self._others.values()):
            live.expire()

    def _live_name(self) -> str:
        tried = self._champion.tried
        return str(tried.record.params.get("variant", _LIVE)) if tried else _LIVE

    def _other(self, variant: str) -> Live[Clustering]:
        live = self._others.pop(variant, None) or self._follow(variant_alias(variant))
        self._others[variant] = live  # the last is the latest
        for oldest in list(self._others)[:-_AT_ONCE]:
            self._others.pop(oldest, None)
        return live

    def _unknown(self, variant: str) -> InvalidInputError | AliasNotFoundError:
        there = [name for name in VARIANTS if self._exists(name)]
        if not there:
            return self._missing(CHAMPION)
        return InvalidInputError(f"variant: there is no {variant!r}; ask for one of {', '.join(there)}.")

    def _missing(self, alias: str) -> AliasNotFoundError:
        return AliasNotFoundError(CLUSTERS, alias, self._store.location, made_by(CLUSTERS))

    def _exists(self, variant: str) -> bool:
        try:
            return resolve_if_any(self._store, CLUSTERS, variant_alias(variant)) is not None
        except _UNSERVABLE:
            return True  # it cannot be read, and is there

    def _follow(self, alias: str) -> Live[Clustering]:
        return Live(
            self._store,
            CLUSTERS,
            _load,
            self._settings,
            on_failure=self._on_failure,
            alias=alias,
        )


def _unservable(*variants: str) -> VariantUnservableError:
    named = " and ".join(dict.fromkeys(variants))
    return VariantUnservableError(
        f"{named} cannot be served: files of the {CLUSTERS} are damaged or missing. Whoever runs this "
        f"service can mend it: roll back (`segue models rollback {CLUSTERS}`), promote another "
        f"(`segue models promote {CLUSTERS} VARIANT`) or make it anew (`{made_by(CLUSTERS)}`)."
    )


def _load(folder: Path, manifest: Manifest) -> Clustering:
    found = load_clustering(folder)
    if found.variant != manifest.record.params.get("variant"):
        raise CorruptArtifactError(f"{manifest.version} holds {found.variant}, its manifest says otherwise")
    return found
