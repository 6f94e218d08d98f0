"""What is live, for people and monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.artifacts.manifest import format_instant
from segue.artifacts.store import read_manifest, resolve_if_any
from segue.errors import CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError
from segue.serving.contracts import LiveModel
from segue.serving.telemetry import logger

if TYPE_CHECKING:
    from segue.artifacts.object_store import ObjectReader


def describe_live(store: ObjectReader, family: str) -> LiveModel | None:
    """Describe a family's champion, or return None when nothing was promoted yet.

    Its manifest is read and held to the alias's hash; its files are not, as that takes reading them all.

    Raises
    ------
    StoreUnavailableError
        The store does not answer, so nobody can tell.
    """
    live = resolve_if_any(store, family)
    if live is None:
        return None
    target, since = live.alias.target, format_instant(live.alias.set_at)
    try:
        read_manifest(store, family, target.version, expected_sha256=target.manifest_sha256)
    except (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError):
        logger.exception("the live version cannot be served", extra={"family": family})
        return LiveModel(version=target.version, live_since=since, servable=False)
    return LiveModel(version=target.version, live_since=since, servable=True)
