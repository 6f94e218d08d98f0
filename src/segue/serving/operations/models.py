"""Describe the live version of every family, and the variants of the clustered tracks."""

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
from segue.errors import UnservableError
from segue.serving.api.contract import LiveModel  # noqa: TC001  # Pydantic reads the annotation
from segue.serving.api.telemetry import logger
from segue.serving.live.family import failed_to_load
from segue.serving.operations.health import describe_live, describe_pinned

if TYPE_CHECKING:
    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectReader

_AT_ONCE = 8


class VariantState(StrEnum):
    """States of a variant."""

    LIVE = "live"
    """The variant answers, also requests without a variant."""
    READY = "ready"
    """The variant answers if it is requested."""
    DAMAGED = "damaged"
    """The variant cannot be read or loaded; the live one is used instead, if it is another."""


class Variant(BaseModel):
    """A variant of the clustered tracks, by its current version."""

    state: VariantState = Field(
        description="live: answers also without a requested variant; ready: answers if requested; damaged: "
        "the live one is used instead, if it is another"
    )
    version: str | None = Field(description="null if its alias cannot be read")
    since: str | None
    previous: str | None = Field(description="the version before, to roll back to")
    metrics: dict[str, Any] = Field(description="metrics of its training: clusters, share of noise, …")


class ModelsResponse(BaseModel):
    """The live version of each family, and the variants that can be requested."""

    families: dict[str, LiveModel | None] = Field(
        description="null if no version was promoted; for a hybrid's members, the versions that it pins, "
        "which are served and rolled back together with it"
    )
    variants: dict[str, Variant | None] = Field(
        description=f"variants of {CLUSTERS}; null if the variant was never prepared"
    )


def describe_models(store: ObjectReader) -> ModelsResponse:
    """Describe every family and variant; raise StoreUnavailableError if the store does not answer.

    Manifests are compared with the alias's hash. Files are not read, because this takes long, but versions
    that this process could not load are reported.
    """
    families, run = (*FAMILIES, *PINNED), read_run(store)

    def describe(family: str) -> LiveModel | None:
        if run is not None and family in PINNED:
            return describe_pinned(store, family, *run)
        return describe_live(store, family)

    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a round trip each
        described = pool.map(describe, families)
        live = live_variant(store)
        variants = pool.map(partial(_variant, store, live), VARIANTS)
        return ModelsResponse(
            families=dict(zip(families, described, strict=True)),
            variants=dict(zip(VARIANTS, variants, strict=True)),
        )


def _variant(store: ObjectReader, live: str, variant: str) -> Variant | None:
    alias = manifest = None
    try:
        current = resolve_if_any(store, CLUSTERS, variant_alias(variant))
        if current is None:
            return None
        alias = current.alias
        manifest = _manifest(store, alias)
    except UnservableError:
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
