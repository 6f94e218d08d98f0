"""Publish, resolve, promote and roll back versions of a family (docs/artifact-format.md).

A version exists if and only if its manifest does: files go first, the manifest last, each created
once. An alias moves by one compare-and-swap. So a crash at any step leaves what was live, live.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.artifacts.family import made_by
from segue.artifacts.file_check import check_digest, describe, digest
from segue.artifacts.manifest import (
    Alias,
    FileEntry,
    Manifest,
    Record,
    VersionRef,
    build_version,
    check_family,
    check_file_name,
    check_version,
    parse_alias,
    parse_manifest,
)
from segue.errors import (
    AliasMovedError,
    AliasNotFoundError,
    CorruptArtifactError,
    InvalidInputError,
    ObjectNotFoundError,
    PreconditionFailedError,
    PublishError,
    VersionExistsError,
    VersionNotFoundError,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore

CHAMPION = "champion"
_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Decision:
    """Who moves an alias, why (for readers of the history) and when (aware)."""

    set_by: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class LiveAlias:
    """An alias as it was read; ``etag`` makes the next write conditional on it."""

    alias: Alias
    etag: str


def version_prefix(family: str, version: str) -> str:
    """Key prefix of one version's files, ending in '/'."""
    return f"{check_family(family)}/versions/{check_version(version)}/"


def alias_key(family: str, alias: str) -> str:
    """Key of an alias."""
    return f"{check_family(family)}/aliases/{check_family(alias)}.json"


def publish(
    store: ObjectStore, family: str, folder: Path, record: Record, *, created_at: datetime
) -> Manifest:
    """Publish the files of ``folder`` as a new version of ``family``; nothing is live by that.

    Raises
    ------
    InvalidInputError
        The folder is empty or holds a file that artifacts do not take (another format, an array with NaN
        or of objects), or the record is not plain JSON.
    VersionExistsError
        The same content was published in the same second.
    VersionNotFoundError
        ``record.depends_on`` names a version that is not there.
    """
    paths = {check_file_name(path.name): path for path in sorted(folder.iterdir())}
    if not paths:
        raise InvalidInputError(f"{folder} is empty: an artifact has at least one file.")
    for other, version in record.depends_on.items():
        read_manifest(store, other, version)
    files = {name: describe(path) for name, path in paths.items()}
    version = build_version(created_at, family, files, record)
    manifest = Manifest(family, version, created_at.replace(microsecond=0), files, record)
    body, prefix = _readable(manifest), version_prefix(family, version)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(lambda name: _put_once(store, prefix + name, paths[name], files[name]), paths))
    try:
        store.put(f"{prefix}manifest.json", body)
    except PreconditionFailedError as error:
        raise VersionExistsError(f"{family} {version} exists: versions are immutable.") from error
    return manifest


def resolve(store: ObjectReader, family: str, alias: str = CHAMPION) -> LiveAlias:
    """Read which version an alias names.

    Raises
    ------
    AliasNotFoundError
        Nothing was ever promoted under it.
    """
    live = poll(store, family, alias, unless_etag=None)
    if live is None:  # only a conditional read may answer "unchanged"
        raise CorruptArtifactError(f"{store.location} {family} {alias}: answered 304 unasked")
    return live


def resolve_if_any(store: ObjectReader, family: str, alias: str = CHAMPION) -> LiveAlias | None:
    """Read which version an alias names, or None when nothing was promoted under it yet."""
    try:
        return resolve(store, family, alias)
    except AliasNotFoundError:
        return None


def poll(store: ObjectReader, family: str, alias: str, *, unless_etag: str | None) -> LiveAlias | None:
    """Read an alias if it moved since ``unless_etag``, else return None; raises as `resolve` does."""
    try:
        stored = store.get(alias_key(family, alias), unless_etag=unless_etag)
    except ObjectNotFoundError as error:
        raise AliasNotFoundError(family, alias, store.location, made_by(family)) from error
    return None if stored is None else LiveAlias(parse_alias(stored.body), stored.etag)


def read_manifest(
    store: ObjectReader, family: str, version: str, *, expected_sha256: str | None = None
) -> Manifest:
    """Read a version's manifest and hold it to the hash that the alias gave.

    Raises
    ------
    VersionNotFoundError
        There is no such version.
    CorruptArtifactError
        The manifest is not the one that was promoted, or is none.
    UnsupportedSchemaError
        It was written by a newer or a much older Segue.
    """
    try:
        stored = store.get(f"{version_prefix(family, version)}manifest.json")
    except ObjectNotFoundError as error:
        raise VersionNotFoundError(family, version) from error
    body = b"" if stored is None else stored.body
    found = hashlib.sha256(body).hexdigest()
    if expected_sha256 not in {None, found}:
        raise CorruptArtifactError(
            f"{family} {version}: its manifest changed after its promotion, or is damaged (sha256 {found}). "
            f"Go back with `segue models rollback {family} --reason …`, or promote another version."
        )
    manifest = parse_manifest(body)
    if (manifest.family, manifest.version) != (family, version):
        raise CorruptArtifactError(
            f"{family} {version}: its manifest is of {manifest.family} {manifest.version}"
        )
    return manifest


def promote(
    store: ObjectStore, family: str, version: str, decision: Decision, *, alias: str = CHAMPION
) -> Alias:
    """Point ``alias`` at ``version``, after a check of every byte of the version and its dependencies.

    Raises
    ------
    AliasMovedError
        Another writer moved the alias since we read it: look again, then decide again.
    CorruptArtifactError
        A file is missing or not what the manifest promised.
    VersionNotFoundError
        There is no such version, or one it depends on is gone.
    """
    return promote_over(store, family, version, decision, resolve_if_any(store, family, alias), alias=alias)


def promote_over(
    store: ObjectStore,
    family: str,
    version: str,
    decision: Decision,
    live: LiveAlias | None,
    *,
    alias: str = CHAMPION,
) -> Alias:
    """Promote only if ``alias`` has not moved since ``live`` was read, so the comparison is still valid.

    None stands for an alias that nothing was promoted under. Raises as `promote` does.
    """
    manifest = read_manifest(store, family, version)
    _verify_with_dependencies(store, manifest)
    return move(store, family, alias, live, manifest.ref, decision)


def rollback(store: ObjectStore, family: str, decision: Decision, *, alias: str = CHAMPION) -> Alias:
    """Point ``alias`` back at the version before; a second rollback undoes the first.

    Raises
    ------
    PublishError
        There is no version before.
    AliasMovedError, CorruptArtifactError, VersionNotFoundError
        As `promote`.
    """
    live = resolve(store, family, alias)
    target = live.alias.previous
    if target is None:
        raise PublishError(
            f"{family} {alias} has had one version only ({live.alias.target.version}): "
            f"promote another with `segue models promote {family} VERSION`."
        )
    manifest = read_manifest(store, family, target.version, expected_sha256=target.manifest_sha256)
    _verify_with_dependencies(store, manifest)
    return move(store, family, alias, live, target, decision)


def verify(store: ObjectReader, manifest: Manifest) -> None:
    """Read every file of a version once and hold it to the manifest; raises CorruptArtifactError."""
    prefix = version_prefix(manifest.family, manifest.version)

    def check(name: str) -> None:
        try:
            with store.stream(prefix + name) as chunks:
                check_digest(name, manifest.files[name], *digest(chunks))
        except ObjectNotFoundError as error:
            raise CorruptArtifactError(f"{prefix}{name} is missing") from error

    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(check, manifest.files))


def _verify_with_dependencies(store: ObjectReader, manifest: Manifest) -> None:
    waiting, checked = [manifest], set()
    while waiting:
        one = waiting.pop()
        if one.version not in checked:
            checked.add(one.version)
            verify(store, one)
            waiting += (read_manifest(store, *pin) for pin in one.record.depends_on.items())


def _readable(manifest: Manifest) -> bytes:
    # Keys like 2 and 10 sort in one order as numbers and in another as the text that JSON makes of them.
    body = manifest.to_bytes()
    try:
        parse_manifest(body)
    except CorruptArtifactError as error:
        raise InvalidInputError(
            f"the record changes on its way through JSON ({error}): use str keys."
        ) from error
    return body


def _put_once(store: ObjectStore, key: str, path: Path, entry: FileEntry) -> None:
    try:
        store.put(key, path)
    except PreconditionFailedError as error:
        # A crashed publish of the same content in the same second left this file: use it if it is whole.
        with store.stream(key) as chunks:
            if digest(chunks) != (entry.sha256, entry.bytes):
                raise VersionExistsError(f"{key} exists with other content; publish again.") from error


def move(
    store: ObjectStore,
    family: str,
    alias: str,
    live: LiveAlias | None,
    target: VersionRef,
    decision: Decision,
) -> Alias:
    """Write an alias, if it still is what ``live`` read; ``target`` was verified."""
    if not decision.reason.strip():
        raise InvalidInputError("reason is empty: say why, for readers of the history.")
    if live is not None and live.alias.target == target:
        return live.alias
    previous = None if live is None else live.alias.target
    moved = Alias(target, previous, decision.set_at, decision.set_by, decision.reason)
    try:
        store.put(alias_key(family, alias), moved.to_bytes(), if_match=None if live is None else live.etag)
    except (PreconditionFailedError, ObjectNotFoundError) as error:
        raise AliasMovedError(
            f"{family} {alias} was moved by somebody else meanwhile: read it again, then decide again."
        ) from error
    return moved
