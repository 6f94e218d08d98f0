"""Describe the live version of a family, for users and monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.artifacts.family import CATALOGUE
from segue.artifacts.manifest import format_instant
from segue.artifacts.release import CHAMPION, alias_key, read_manifest, resolve_if_any
from segue.errors import UnservableError
from segue.serving.api.contract import LiveModel
from segue.serving.api.telemetry import logger
from segue.serving.live.family import failed_to_load, held

if TYPE_CHECKING:
    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectReader
    from segue.artifacts.release import LiveAlias


def describe_live(store: ObjectReader, family: str) -> LiveModel | None:
    """Describe a family's champion; None if no version was promoted.

    The manifest is compared with the alias's hash, and the manifests that it pins are read too. Files are not
    read, because this takes long, but versions that this process could not load are reported.

    Raises
    ------
    StoreUnavailableError
        The store does not answer.
    """
    alias = alias_key(family, CHAMPION)
    promote = f"`segue models promote {family} {{version}} --reason …`"
    try:
        live = resolve_if_any(store, family)
    except UnservableError:
        logger.exception("the alias cannot be read", extra={"family": family})
        lost = LiveModel(version=None, live_since=None, previous=None, servable=False, missing=[family])
        why, remedy = f"the alias of {family} is damaged", f"Restore {alias}, or delete it and run {promote}."
        return _held_model(store, family, [family], why, remedy) or lost
    if live is None:
        why, remedy = f"the alias of {family} is gone", f"Restore {alias}, or run {promote}."
        return _held_model(store, family, [family], why, remedy)
    target = live.alias.target
    missing = _missing(store, family, target.version, target.manifest_sha256)
    model = LiveModel(
        version=target.version,
        live_since=format_instant(live.alias.set_at),
        previous=live.alias.previous.version if live.alias.previous else None,
        servable=not {family, CATALOGUE} & set(missing),  # any other member can be replaced
        missing=missing,
    )
    if model.servable:
        return model
    why = f"{target.version}, which the alias of {family} names, is damaged ({', '.join(missing)})"
    remedy = f"Restore its files, or run {promote.format(version='VERSION')} with an intact version."
    return _held_model(store, family, missing, why, remedy) or model


def _held_model(
    store: ObjectReader, family: str, missing: list[str], why: str, remedy: str
) -> LiveModel | None:
    """Describe the version that this process has in memory and still uses; None if it has none."""
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
        problem=f"{why}: {target.version} answers from memory until this process is restarted. "
        f"{remedy.format(version=target.version)}",
    )


def describe_pinned(store: ObjectReader, family: str, live: LiveAlias, hybrid: Manifest) -> LiveModel | None:
    """Describe the version of a member that the live hybrid pins, which may differ from the member's alias.

    None if the member was never trained.
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
    if failed_to_load(store, family, version):  # functions share a process on a laptop
        return None
    try:
        return read_manifest(store, family, version, expected_sha256=sha256)
    except UnservableError:
        logger.exception("a version cannot be served", extra={"family": family, "version": version})
        return None
