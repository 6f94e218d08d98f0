"""What is live, for people and monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.artifacts.family import CATALOGUE
from segue.artifacts.manifest import format_instant
from segue.artifacts.release import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError
from segue.serving.api.contract import LiveModel
from segue.serving.api.telemetry import logger
from segue.serving.live.family import failed_to_load, held

if TYPE_CHECKING:
    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectReader
    from segue.artifacts.release import LiveAlias


_UNSERVABLE = (CorruptArtifactError, UnsupportedSchemaError, VersionNotFoundError)


def describe_live(store: ObjectReader, family: str) -> LiveModel | None:
    """Describe a family's champion, or return None when nothing was promoted yet.

    Its manifest is read and held to the alias's hash, and the manifests that it pins are read too;
    files are not, as that takes reading them all, but what this process failed to load is told.

    Raises
    ------
    StoreUnavailableError
        The store does not answer, so nobody can tell.
    """
    alias = alias_key(family, CHAMPION)
    promote = f"`segue models promote {family} {{version}} --reason …`"
    try:
        live = resolve_if_any(store, family)
    except _UNSERVABLE:
        logger.exception("the alias cannot be read", extra={"family": family})
        lost = LiveModel(version=None, live_since=None, previous=None, servable=False, missing=[family])
        why, remedy = f"the alias of {family} is damaged", f"Restore {alias}, or delete it and run {promote}."
        return _held_model(store, family, [family], why, remedy) or lost
    if live is None:
        why, remedy = f"the alias of {family} is gone", f"Restore {alias}, or run {promote}."
        return _held_model(store, family, [family], why, remedy)
    target = live.alias.target
    missing = _missing(store, family, target.version, target.manifest_sha256)
    found = LiveModel(
        version=target.version,
        live_since=format_instant(live.alias.set_at),
        previous=live.alias.previous.version if live.alias.previous else None,
        servable=not {family, CATALOGUE} & set(missing),  # any other member is stood in for
        missing=missing,
    )
    if found.servable:
        return found
    why = f"{target.version}, which the alias of {family} names, is damaged ({', '.join(missing)})"
    remedy = f"Restore its files, or run {promote.format(version='VERSION')} with one that is whole."
    return _held_model(store, family, missing, why, remedy) or found


def _held_model(
    store: ObjectReader, family: str, missing: list[str], why: str, remedy: str
) -> LiveModel | None:
    """Describe what this process still answers from while it cannot follow the alias; None without it."""
    serving = held(store, family)
    if serving is None:
        return None
    target, previous = serving.alias.target, serving.alias.previous
    return LiveModel(
        version=target.version,
        live_since=format_instant(serving.alias.set_at),
        previous=previous.version if previous else None,
        servable=True,
        missing=missing,
        problem=f"{why}: requests are answered from {target.version} in memory, which a restart loses. "
        f"{remedy.format(version=target.version)}",
    )


def describe_pinned(store: ObjectReader, family: str, live: LiveAlias, hybrid: Manifest) -> LiveModel | None:
    """Describe the version of a member that the live hybrid pins: it is served, whatever its own alias says.

    None for a member that was never trained.
    """
    version = hybrid.record.depends_on.get(family)
    if version is None:
        return None
    missing = _missing(store, family, version)
    return LiveModel(
        version=version,
        live_since=format_instant(live.alias.set_at),
        previous=None,
        servable=not {family, CATALOGUE} & set(missing),
        missing=missing,
    )


def _missing(store: ObjectReader, family: str, version: str, sha256: str | None = None) -> list[str]:
    manifest = _read(store, family, version, sha256)
    if manifest is None:
        return [family]
    pins = manifest.record.depends_on.items()
    return sorted(other for other, version in pins if _read(store, other, version) is None)


def _read(store: ObjectReader, family: str, version: str, sha256: str | None = None) -> Manifest | None:
    if failed_to_load(store, family, version):  # known where functions share a process, as on a laptop
        return None
    try:
        return read_manifest(store, family, version, expected_sha256=sha256)
    except _UNSERVABLE:
        logger.exception("a version cannot be served", extra={"family": family, "version": version})
        return None
