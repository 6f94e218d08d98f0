"""A collection takes what nothing reaches, manifest first, and can be interrupted anywhere."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.manifest import canonical_json
from segue.artifacts.release import alias_key, promote, read_manifest, rollback, version_prefix
from segue.artifacts.retention import RetentionPolicy, collect, find_garbage
from segue.errors import CorruptArtifactError, VersionNotFoundError
from tests.contract.stores import FAMILY, NOON, Crash, Crashing, Wrapped, add, add_live, decide, overwrite

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore

STRICT = RetentionPolicy(keep_newest=1, min_age=timedelta(0))
LATER = NOON + timedelta(days=400)


def _publish_a_history(store: ObjectStore, tmp_path: Path) -> dict[str, Manifest]:
    # Seeds are hours: whatever is pinned is older than what pins it.
    pinned = add(store, tmp_path, 1, family="vocabulary")
    unused = add(store, tmp_path, 2, family="vocabulary")
    add(store, tmp_path, 3, family="vocabulary")
    old = add_live(store, tmp_path, 4)
    previous = add_live(store, tmp_path, 5, depends_on={"vocabulary": pinned.version})
    passed_by = add(store, tmp_path, 6, depends_on={"vocabulary": unused.version})
    live = add_live(store, tmp_path, 7)
    add(store, tmp_path, 8)
    return {
        "pinned": pinned,
        "unused": unused,
        "old": old,
        "previous": previous,
        "passed_by": passed_by,
        "live": live,
    }


def _assert_every_visible_version_is_whole(store: ObjectStore) -> None:
    keys = {info.key for info in store.list_objects("")}
    manifests = [key for key in keys if key.endswith("/manifest.json")]
    for family, version in ((key.split("/")[0], key.split("/")[2]) for key in manifests):
        manifest = read_manifest(store, family, version)
        assert {f"{version_prefix(family, version)}{name}" for name in manifest.files} <= keys
        for pin in manifest.record.depends_on.items():
            assert f"{version_prefix(*pin)}manifest.json" in keys


def test_what_nothing_reaches_goes_and_the_rest_still_works(store: ObjectStore, tmp_path: Path) -> None:
    history = _publish_a_history(store, tmp_path)
    expected = {(m.family, m.version) for m in (history["unused"], history["old"], history["passed_by"])}
    assert set(find_garbage(store, now=LATER, policy=STRICT).versions) == expected
    garbage = collect(store, now=LATER, policy=STRICT)
    assert set(garbage.versions) == expected
    keys = [info.key for info in store.list_objects("")]
    assert not any(version in key for key in keys for _, version in expected)
    _assert_every_visible_version_is_whole(store)
    assert rollback(store, FAMILY, decide()).target == history["previous"].ref
    assert collect(store, now=LATER, policy=STRICT).versions == ()


def test_the_default_policy_keeps_the_young(store: ObjectStore, tmp_path: Path) -> None:
    _publish_a_history(store, tmp_path)
    before = list(store.list_objects(""))
    collect(store, now=NOON + timedelta(days=13), policy=RetentionPolicy())
    assert list(store.list_objects("")) == before


def test_after_each_deletion_every_visible_version_is_whole(store: ObjectStore, tmp_path: Path) -> None:
    history = _publish_a_history(store, tmp_path)
    deleted: list[str] = []

    class Watched(Wrapped):
        def delete(self, key: str) -> None:
            super().delete(key)
            deleted.append(key)
            _assert_every_visible_version_is_whole(store)

    collect(Watched(store), now=LATER, policy=STRICT)
    assert len(deleted) == 3 * 4
    assert [key.rsplit("/", 1)[-1] for key in deleted[::4]] == ["manifest.json"] * 3
    order = [key.split("/")[2] for key in deleted]
    assert order.index(history["passed_by"].version) < order.index(history["unused"].version)


def test_a_collection_that_dies_at_every_step_is_finished_by_later_ones(
    store: ObjectStore, tmp_path: Path
) -> None:
    history = _publish_a_history(store, tmp_path)
    deaths = 0
    while True:
        try:
            collect(Crashing(store, 0, effective=True), now=LATER, policy=STRICT)
            break
        except Crash:
            deaths += 1
            _assert_every_visible_version_is_whole(store)
    assert deaths == 3 * 4
    keys = [info.key for info in store.list_objects("")]
    gone = ("unused", "old", "passed_by")
    assert not any(history[name].version in key for name in gone for key in keys)


def test_what_a_crashed_publication_left_goes_when_it_is_old(store: ObjectStore, tmp_path: Path) -> None:
    kept = add_live(store, tmp_path, 1)
    with pytest.raises(Crash):
        add(Crashing(store, 1, effective=True), tmp_path, 2)
    left = [
        info for info in store.list_objects("") if kept.version not in info.key and "/versions/" in info.key
    ]
    assert len(left) == 2
    now = max(info.modified_at for info in left)
    young = collect(store, now=now + timedelta(days=13), policy=RetentionPolicy())
    assert young.orphans == ()
    old = collect(store, now=now + timedelta(days=15), policy=RetentionPolicy())
    assert set(old.orphans) == {info.key for info in left}
    assert not set(old.orphans) & {info.key for info in store.list_objects("")}
    add(store, tmp_path, 2)  # the same names may be used again, also in a bucket with versioning


def test_a_version_that_is_promoted_during_a_collection_survives(store: ObjectStore, tmp_path: Path) -> None:
    base = add(store, tmp_path, 1, family="vocabulary")
    add(store, tmp_path, 2, family="vocabulary")
    candidates = [add(store, tmp_path, seed, depends_on={"vocabulary": base.version}) for seed in (3, 4, 5)]
    add_live(store, tmp_path, 6)
    rescued: list[str] = []

    class Promoting(Wrapped):
        def delete(self, key: str) -> None:
            super().delete(key)
            if not rescued:
                rescued.append(next(c.version for c in candidates if c.version not in key))
                promote(store, FAMILY, rescued[0], decide("after all"), alias="challenger")

    garbage = collect(Promoting(store), now=LATER, policy=STRICT)
    assert len(garbage.versions) == 2
    assert (FAMILY, rescued[0]) not in garbage.versions
    assert ("vocabulary", base.version) not in garbage.versions
    _assert_every_visible_version_is_whole(store)
    assert fetch(store, read_manifest(store, FAMILY, rescued[0]), tmp_path / "cache").is_dir()


@pytest.mark.parametrize("field", ["version", "manifest_sha256"])
def test_an_alias_that_cannot_be_followed_stops_a_collection(
    store: ObjectStore, tmp_path: Path, field: str
) -> None:
    _publish_a_history(store, tmp_path)
    key = alias_key(FAMILY, "champion")
    stored = store.get(key)
    assert stored is not None
    alias = json.loads(stored.body)
    alias["previous"][field] = alias["previous"][field][:-8] + "00000000"
    overwrite(store, key, canonical_json(alias))
    before = list(store.list_objects(""))
    with pytest.raises((VersionNotFoundError, CorruptArtifactError)):
        collect(store, now=LATER, policy=STRICT)
    assert list(store.list_objects("")) == before
