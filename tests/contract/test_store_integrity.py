"""Damage anywhere in a store is refused: no flipped bit, cut, loss or foreign schema reaches a reader."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.artifacts.cache import fetch
from segue.artifacts.listing import list_versions
from segue.artifacts.manifest import FileEntry, Manifest, Record, build_version, canonical_json
from segue.artifacts.release import (
    LiveAlias,
    alias_key,
    promote,
    read_manifest,
    resolve,
    rollback,
    version_prefix,
)
from segue.errors import CorruptArtifactError, InvalidInputError, SegueError, UnsupportedSchemaError
from tests.contract.stores import FAMILY, NOON, add, add_live, decide, overwrite

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore

FILES = ["item_factors.npy", "item_index.npy", "names.json"]

# The store is published to once and mended after every example; tests/unit/artifacts tries many more.
flips = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _flip(body: bytes, where: float, bit: int) -> bytes:
    changed = bytearray(body)
    changed[int(where * len(body))] ^= 1 << bit
    return bytes(changed)


def _load_live(reader: ObjectReader, cache: Path) -> tuple[LiveAlias, dict[str, bytes]]:
    live = resolve(reader, FAMILY)
    target = live.alias.target
    manifest = read_manifest(reader, FAMILY, target.version, expected_sha256=target.manifest_sha256)
    return live, {path.name: path.read_bytes() for path in fetch(reader, manifest, cache).iterdir()}


@flips
@given(
    name=st.sampled_from([*FILES, "manifest.json"]),
    where=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_a_flipped_bit_in_a_version_is_refused(
    store: ObjectStore, tmp_path: Path, name: str, where: float, bit: int
) -> None:
    if not list_versions(store, FAMILY):
        add_live(store, tmp_path, 1)
    (version,) = list_versions(store, FAMILY)
    key = f"{version_prefix(FAMILY, version)}{name}"
    whole = store.get(key)
    assert whole is not None
    overwrite(store, key, _flip(whole.body, where, bit))
    try:
        with pytest.raises((CorruptArtifactError, UnsupportedSchemaError)):
            _load_live(store, tmp_path / "cache")
        assert not list((tmp_path / "cache").rglob("*.*"))
        # Without the alias's hash, as for a first promotion or a pinned dependency:
        with pytest.raises((CorruptArtifactError, UnsupportedSchemaError)):
            promote(store, FAMILY, version, decide(), alias="challenger")
        with pytest.raises((CorruptArtifactError, UnsupportedSchemaError)):
            fetch(store, read_manifest(store, FAMILY, version), tmp_path / "cache")
    finally:
        overwrite(store, key, whole.body)
    assert (f"{FAMILY}/aliases/challenger.json") not in {row.key for row in store.list_objects("")}


@flips
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_an_alias_leads_to_its_own_version_or_nowhere(
    store: ObjectStore, tmp_path: Path, where: float, bit: int
) -> None:
    key = alias_key(FAMILY, "champion")
    if not list_versions(store, FAMILY):
        add_live(store, tmp_path, 1)
        add_live(store, tmp_path, 2)
    whole = store.get(key)
    assert whole is not None
    right = {path.name: path.read_bytes() for path in (tmp_path / "files-2").iterdir()}
    overwrite(store, key, _flip(whole.body, where, bit))
    try:
        try:
            _, files = _load_live(store, tmp_path / "cache")
        except SegueError:
            pass
        else:  # the bit was in the reason, the name or the instant
            assert files == right
        with contextlib.suppress(SegueError):
            assert rollback(store, FAMILY, decide()).target.version == list_versions(store, FAMILY)[0]
    finally:
        overwrite(store, key, whole.body)


@pytest.mark.parametrize("name", ["item_factors.npy", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "longer", "lost"])
def test_a_damaged_file_is_refused(
    store: ObjectStore, reader: ObjectReader, tmp_path: Path, name: str, damage: str
) -> None:
    manifest = add_live(store, tmp_path, 1)
    key = f"{version_prefix(FAMILY, manifest.version)}{name}"
    stored = store.get(key)
    assert stored is not None
    if damage == "lost":
        store.delete(key)
    else:
        overwrite(store, key, {"cut": stored.body[:-1], "emptied": b"", "longer": stored.body + b" "}[damage])
    with pytest.raises(SegueError) as refused:
        _load_live(reader, tmp_path / "cache")
    assert refused.value.code == (
        "version_not_found" if (damage, name) == ("lost", "manifest.json") else "corrupt_artifact"
    )
    with pytest.raises(SegueError):
        promote(store, FAMILY, manifest.version, decide("again"), alias="challenger")


def test_two_versions_that_swap_files_or_manifests_are_refused(store: ObjectStore, tmp_path: Path) -> None:
    one, two = add_live(store, tmp_path, 1), add(store, tmp_path, 2)
    for name in ("names.json", "manifest.json", "item_factors.npy"):
        stored = store.get(f"{version_prefix(FAMILY, two.version)}{name}")
        assert stored is not None
        overwrite(store, f"{version_prefix(FAMILY, one.version)}{name}", stored.body)
    with pytest.raises(CorruptArtifactError, match="its manifest is of"):
        read_manifest(store, FAMILY, one.version)
    with pytest.raises(CorruptArtifactError, match="after its promotion"):
        _load_live(store, tmp_path / "cache")


def test_a_damaged_dependency_stops_a_promotion_and_a_rollback(store: ObjectStore, tmp_path: Path) -> None:
    base = add(store, tmp_path, 1, family="vocabulary")
    middle = add(store, tmp_path, 2, family="factors", depends_on={"vocabulary": base.version})
    top = add_live(store, tmp_path, 3, depends_on={"factors": middle.version})
    add_live(store, tmp_path, 4)
    key = f"{version_prefix('vocabulary', base.version)}names.json"
    overwrite(store, key, b"{}")
    with pytest.raises(CorruptArtifactError, match=r"names\.json"):
        promote(store, FAMILY, top.version, decide())
    with pytest.raises(CorruptArtifactError, match=r"names\.json"):
        rollback(store, FAMILY, decide())


@pytest.mark.parametrize(("schema", "remedy"), [(2, "deploy the functions before"), (0, "retrain")])
@pytest.mark.parametrize("what", ["manifest", "alias"])
def test_another_schema_names_its_own_remedy(
    store: ObjectStore, reader: ObjectReader, tmp_path: Path, schema: int, remedy: str, what: str
) -> None:
    manifest = add_live(store, tmp_path, 1)
    prefix = version_prefix(FAMILY, manifest.version)
    key = f"{prefix}manifest.json" if what == "manifest" else alias_key(FAMILY, "champion")
    stored = store.get(key)
    assert stored is not None
    other = {**json.loads(stored.body), "schema_version": schema, "layout": "not ours to know"}
    overwrite(store, key, canonical_json(other))
    if what == "manifest":  # as its own publisher would have promoted it
        alias = json.loads(store.get(alias_key(FAMILY, "champion")).body)  # type: ignore[union-attr]
        alias["manifest_sha256"] = hashlib.sha256(canonical_json(other)).hexdigest()
        overwrite(store, alias_key(FAMILY, "champion"), canonical_json(alias))
    with pytest.raises(UnsupportedSchemaError, match=remedy):
        _load_live(reader, tmp_path / "cache")
    if what == "manifest":
        with pytest.raises(UnsupportedSchemaError, match=remedy):
            promote(store, FAMILY, manifest.version, decide(), alias="challenger")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([0.5, np.nan]), {"dtype": "float64", "shape": (2,)}),
        (np.array([0.5, np.inf], np.float32), {"dtype": "float32", "shape": (2,)}),
        (np.zeros(2, np.float32), {"dtype": "float32", "shape": (1, 2)}),
        (np.zeros(2, np.float32), {"dtype": "float64", "shape": (2,)}),
        (None, {"dtype": "float64", "shape": (2,)}),
    ],
    ids=["NaN", "infinite", "shape", "dtype", "not an array"],
)
def test_an_array_that_another_publisher_let_through_is_refused(
    store: ObjectStore, tmp_path: Path, array: np.ndarray | None, said: dict[str, object]
) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"")
    if array is not None:
        np.save(path, array)
    body = path.read_bytes()
    files = {"a.npy": FileEntry(hashlib.sha256(body).hexdigest(), len(body), **said)}  # type: ignore[arg-type]
    version = build_version(NOON, FAMILY, files, Record())
    manifest = Manifest(FAMILY, version, NOON, files, Record())
    store.put(f"{version_prefix(FAMILY, version)}a.npy", body)
    store.put(f"{version_prefix(FAMILY, version)}manifest.json", manifest.to_bytes())
    with pytest.raises(CorruptArtifactError, match=r"a\.npy"):
        fetch(store, read_manifest(store, FAMILY, version), tmp_path / "cache")
    assert not list((tmp_path / "cache" / FAMILY).iterdir())


def test_a_family_or_version_that_leaves_its_folder_is_refused(store: ObjectStore) -> None:
    with pytest.raises(InvalidInputError):
        resolve(store, "../genre-preference")
    with pytest.raises(InvalidInputError):
        read_manifest(store, FAMILY, "../../aliases")
