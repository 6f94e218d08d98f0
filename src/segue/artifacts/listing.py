"""What a store holds: families, versions, aliases, and how two versions differ."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from segue.artifacts.manifest import check_family, is_version
from segue.artifacts.release import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.artifacts.manifest import Alias, Manifest
    from segue.artifacts.place.object_store import ObjectStore

_AT_ONCE = 16


def read_all(store: ObjectStore, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield key and content of every object under ``prefix``, ascending by key; for small ones only."""
    keys = (found.key for found in store.list_objects(prefix))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while batch := list(islice(keys, 16 * _AT_ONCE)):
            contents = pool.map(store.get, batch)
            yield from ((key, stored.body) for key, stored in zip(batch, contents, strict=True) if stored)


def list_families(store: ObjectStore) -> list[str]:
    """Name every family that has a version or an alias, ascending."""
    keys = (info.key.split("/") for info in store.list_objects(""))
    return sorted({parts[0] for parts in keys if len(parts) > 2 and parts[1] in {"versions", "aliases"}})


def list_versions(store: ObjectStore, family: str) -> list[str]:
    """Name the versions of a family, oldest first."""
    keys = (info.key.split("/") for info in store.list_objects(f"{check_family(family)}/versions/"))
    return sorted(
        parts[2] for parts in keys if len(parts) == 4 and parts[3] == "manifest.json" and is_version(parts[2])
    )


def list_aliases(store: ObjectStore, family: str) -> dict[str, Alias]:
    """Read every alias of a family, by name."""
    keys = [info.key for info in store.list_objects(f"{check_family(family)}/aliases/")]
    names = [key.rsplit("/", 1)[-1].removesuffix(".json") for key in keys if key.endswith(".json")]
    return {name: resolve(store, family, name).alias for name in sorted(names)}


def diff(one: Manifest, other: Manifest) -> dict[str, tuple[object, object]]:
    """Compare two manifests: dotted path → (in ``one``, in ``other``), for every leaf that differs."""
    left, right = (dict(leaves("", _comparable(manifest))) for manifest in (one, other))
    return {
        path: (left.get(path), right.get(path))
        for path in sorted(left.keys() | right.keys())
        if left.get(path) != right.get(path)
    }


def _comparable(manifest: Manifest) -> dict[str, object]:
    record = manifest.record
    return {
        "params": record.params,
        "metrics": record.metrics,
        "data": record.data,
        "depends_on": record.depends_on,
        "code": record.code,
        "runtime": record.runtime,
        "training": record.training,
        "files": {name: {"bytes": e.bytes, "sha256": e.sha256} for name, e in manifest.files.items()},
    }


def leaves(path: str, value: Mapping[str, object] | object) -> Iterator[tuple[str, object]]:
    """Yield (dotted path, value) for every leaf of nested mappings, under ``path``."""
    if not isinstance(value, dict):
        yield path, value
        return
    for key, below in value.items():
        yield from leaves(f"{path}.{key}" if path else key, below)
