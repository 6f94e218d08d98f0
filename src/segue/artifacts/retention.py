"""Which versions may go: reachability from the aliases, as in ``git gc``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from segue.artifacts.listing import list_aliases, list_families
from segue.artifacts.manifest import is_version
from segue.artifacts.release import read_manifest, version_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from segue.artifacts.manifest import Alias, Manifest, VersionRef
    from segue.artifacts.place.object_store import ObjectStore

    Key = tuple[str, str]  # family, version


ORPHAN_AGE = timedelta(days=1)
"""Files without a manifest are left alone for a day at least: their publication may still be at work."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """What is kept besides what aliases reach: the newest versions of a family, and young ones."""

    keep_newest: int = 5
    min_age: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Garbage:
    """What a collection removes.

    Attributes
    ----------
    versions : tuple of (family, version)
        Whole versions that nothing needs.
    orphans : tuple of str
        Keys left by publications and collections that crashed, older than the policy's age.
    """

    versions: tuple[Key, ...]
    orphans: tuple[str, ...]


def expired(
    manifests: Mapping[Key, Manifest],
    aliases: Mapping[str, Iterable[Alias]],
    *,
    now: datetime,
    policy: RetentionPolicy,
) -> list[Key]:
    """Name the versions that no alias reaches, that are old, and that are not among the newest.

    Roots are each alias's version and its ``previous``, the newest of each family and the young; what
    a root depends on, however old, is kept with it.
    """
    roots = {(family, ref.version) for family, ref in _pointers(aliases)}
    for family in {family for family, _ in manifests}:
        newest_first = sorted((key for key in manifests if key[0] == family), reverse=True)
        roots.update(newest_first[: policy.keep_newest])
    roots.update(key for key, manifest in manifests.items() if now - manifest.created_at < policy.min_age)
    return sorted(manifests.keys() - _reachable(roots, manifests))


def find_garbage(store: ObjectStore, *, now: datetime, policy: RetentionPolicy) -> Garbage:
    """Read the whole store and say what `collect` would delete."""
    return _find(store, {}, now, policy)


def collect(store: ObjectStore, *, now: datetime, policy: RetentionPolicy) -> Garbage:
    """Delete what `find_garbage` names and return it; each version's manifest goes first.

    Dependants go before what they depend on, and everything is looked at again before each version
    goes, so that one promoted meanwhile survives with all it depends on; a collection that is
    interrupted leaves orphans, which a later one removes.

    Raises
    ------
    VersionNotFoundError, CorruptArtifactError, UnsupportedSchemaError
        An alias or a manifest cannot be followed, so what it reaches is unknown: fix it first.
    """
    known: dict[Key, Manifest] = {}  # manifests never change: each is read once
    garbage = _find(store, known, now, policy)
    removed = []
    for key in _dependants_first(garbage.versions, known):
        if key not in _find(store, known, now, policy).versions:
            continue
        prefix = version_prefix(*key)
        store.delete(f"{prefix}manifest.json")
        for name in known.pop(key).files:
            store.delete(prefix + name)
        removed.append(key)
    still = set(_find(store, known, now, policy).orphans)
    orphans = tuple(orphan for orphan in garbage.orphans if orphan in still)
    for orphan in orphans:
        store.delete(orphan)
    return Garbage(tuple(removed), orphans)


def _find(store: ObjectStore, known: dict[Key, Manifest], now: datetime, policy: RetentionPolicy) -> Garbage:
    objects = list(store.list_objects(""))
    present = {_version_of(info.key) for info in objects if info.key.endswith("/manifest.json")}
    for key in present - known.keys():
        if key is not None:
            known[key] = read_manifest(store, *key)
    aliases = {family: list(list_aliases(store, family).values()) for family in list_families(store)}
    for family, ref in _pointers(aliases):
        if (family, ref.version) not in known or known[family, ref.version].ref != ref:
            known[family, ref.version] = read_manifest(
                store, family, ref.version, expected_sha256=ref.manifest_sha256
            )
    age = max(policy.min_age, ORPHAN_AGE)
    orphans = (
        info.key
        for info in objects
        if (key := _version_of(info.key)) and key not in present and now - info.modified_at >= age
    )
    versions = expired(known, aliases, now=now, policy=policy)
    return Garbage(tuple(versions), tuple(orphans))


def _pointers(aliases: Mapping[str, Iterable[Alias]]) -> Iterator[tuple[str, VersionRef]]:
    for family, pointers in aliases.items():
        for alias in pointers:
            yield from ((family, ref) for ref in (alias.target, alias.previous) if ref is not None)


def _dependants_first(keys: Iterable[Key], manifests: Mapping[Key, Manifest]) -> list[Key]:
    graph = {key: set(manifests[key].record.depends_on.items()) for key in keys}
    return [key for key in reversed(list(TopologicalSorter(graph).static_order())) if key in graph]


def _version_of(object_key: str) -> Key | None:
    parts = object_key.split("/")
    return (
        (parts[0], parts[2]) if len(parts) == 4 and parts[1] == "versions" and is_version(parts[2]) else None
    )


def _reachable(roots: set[Key], manifests: Mapping[Key, Manifest]) -> set[Key]:
    found: set[Key] = set()
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(manifests[key].record.depends_on.items() if key in manifests else ())
    return found
