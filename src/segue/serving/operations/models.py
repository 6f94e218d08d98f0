"""What can answer: every family's live version, and the variants of the clustered tracks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from segue.artifacts.companion import live_variant, read_run
from segue.artifacts.family import CLUSTERS, FAMILIES, PINNED, VARIANTS, variant_alias
from segue.artifacts.manifest import format_instant
from segue.artifacts.release import read_manifest, resolve_if_any
from segue.errors import CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError
from segue.serving.api.contract import LiveModel  # noqa: TC001  # Pydantic reads the annotation
from segue.serving.api.telemetry import logger
from segue.serving.live.family import failed_to_load
from segue.serving.operations.health import describe_live, describe_pinned

if TYPE_CHECKING:
    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectReader

_AT_ONCE = 8
_UNSERVABLE = (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError)


class VariantState(StrEnum):
    """What would happen if a variant were asked for."""

    LIVE = "live"
    """It answers, also where no variant is named."""
    READY = "ready"
    """It answers where it is named."""
    DAMAGED = "damaged"
    """It cannot be read, or could not be loaded: the live one stands in, where it is another."""


class Variant(BaseModel):
    """A variant of the clustered tracks, by its current version."""

    state: VariantState = Field(
        description="live: answers also where no variant is named; ready: where it is; damaged: the live one "
        "stands in for it, where that is another"
    )
    version: str | None = Field(description="null where its alias cannot be read")
    since: str | None
    previous: str | None = Field(description="the version before, to roll back to")
    metrics: dict[str, Any] = Field(description="measured when it was made: clusters, share of noise, …")


class ModelsResponse(BaseModel):
    """What is live, by family, and which variants there are to ask for."""

    families: dict[str, LiveModel | None] = Field(
        description="null for one that nobody has promoted; of a hybrid's members those that it pins, as "
        "they are served and rolled back with it"
    )
    variants: dict[str, Variant | None] = Field(
        description=f"of {CLUSTERS}; null for one that nobody has prepared"
    )


def describe_models(store: ObjectReader) -> ModelsResponse:
    """Describe every family and variant; raises StoreUnavailableError where nobody can tell.

    Manifests are held to their alias's hash; files are not read, as that takes reading them all, but what
    this process failed to load is told.
    """
    families, run = (*FAMILIES, *PINNED), read_run(store)

    def describe(family: str) -> LiveModel | None:
        if run is not None and family in PINNED:
            return describe_pinned(store, family, *run)
        return describe_live(store, family)

    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a round trip each
        described = pool.map(describe, families)
        live = live_variant(store)
        found = pool.map(partial(_variant, store, live), VARIANTS)
        return ModelsResponse(
            families=dict(zip(families, described, strict=True)),
            variants=dict(zip(VARIANTS, found, strict=True)),
        )


def _variant(store: ObjectReader, live: str, variant: str) -> Variant | None:
    alias = manifest = None
    try:
        found = resolve_if_any(store, CLUSTERS, variant_alias(variant))
        if found is None:
            return None
        alias = found.alias
        manifest = _manifest(store, alias)
    except _UNSERVABLE:
        logger.exception("a variant cannot be read", extra={"variant": variant})
    damaged = manifest is None or failed_to_load(store, CLUSTERS, manifest.version)
    servable = VariantState.LIVE if variant == live else VariantState.READY
    return Variant(
        state=VariantState.DAMAGED if damaged else servable,
        version=alias.target.version if alias else None,
        since=format_instant(alias.set_at) if alias else None,
        previous=alias.previous.version if alias and alias.previous else None,
        metrics=dict(manifest.record.metrics) if manifest else {},
    )


def _manifest(store: ObjectReader, alias: Alias) -> Manifest:
    target = alias.target
    return read_manifest(store, CLUSTERS, target.version, expected_sha256=target.manifest_sha256)
