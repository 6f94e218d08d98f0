"""What every artifact store promises: whole versions, one winner, and a way back."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.artifacts.cache import fetch
from segue.artifacts.listing import list_versions
from segue.artifacts.manifest import Record
from segue.artifacts.place.location import open_reader, open_store
from segue.artifacts.release import promote, publish, read_manifest, resolve, version_prefix
from segue.errors import (
    InvalidInputError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreUnavailableError,
    VersionExistsError,
    VersionNotFoundError,
)
from tests.contract.stores import (
    FAMILY,
    NOON,
    Crash,
    Crashing,
    Recording,
    add,
    add_live,
    decide,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore

WRITES = 4  # two arrays, one JSON file, the manifest
CRASHES = [(at, effective) for at in range(WRITES) for effective in (False, True)]


@pytest.mark.parametrize(
    "variable",
    [
        pytest.param("SEGUE_TEST_LOCALSTACK", marks=pytest.mark.localstack),
        pytest.param("SEGUE_TEST_S3", marks=pytest.mark.aws),
    ],
)
def test_the_suite_runs_where_a_variable_points(variable: str) -> None:
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set: this suite did not run there")
    assert "://" in os.environ[variable]


# --- objects -------------------------------------------------------------------------------------


def test_an_object_is_created_once(store: ObjectStore) -> None:
    etag = store.put("a/b.json", b"1")
    with pytest.raises(PreconditionFailedError):
        store.put("a/b.json", b"2")
    stored = store.get("a/b.json")
    assert stored is not None
    assert (stored.body, stored.etag) == (b"1", etag)


def test_a_replacement_names_what_it_replaces(store: ObjectStore) -> None:
    first = store.put("a/b.json", b"1")
    second = store.put("a/b.json", b"2", if_match=first)
    with pytest.raises(PreconditionFailedError):
        store.put("a/b.json", b"3", if_match=first)
    assert store.get("a/b.json", unless_etag=second) is None
    with pytest.raises(ObjectNotFoundError):
        store.put("a/none.json", b"3", if_match=first)


def test_objects_read_back(store: ObjectStore, reader: ObjectReader, tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes((5 << 20) + 3)
    (tmp_path / "content").write_bytes(content)
    etag = store.put("a/ü b+c.npy", tmp_path / "content")
    with reader.stream("a/ü b+c.npy") as chunks:
        assert b"".join(chunks) == content
    stored = reader.get("a/ü b+c.npy")
    assert stored is not None
    assert (stored.body, stored.etag) == (content, etag)
    assert reader.get("a/ü b+c.npy", unless_etag=etag) is None
    assert reader.get("a/ü b+c.npy", unless_etag='"other"') is not None


@pytest.mark.parametrize("key", ["a/c.json", "a", "a/b.json/c"])
def test_nothing_under_a_key(store: ObjectStore, reader: ObjectReader, key: str) -> None:
    store.put("a/b.json", b"1")
    with pytest.raises(ObjectNotFoundError):
        reader.get(key)
    with pytest.raises(ObjectNotFoundError), reader.stream(key):
        pass


def test_objects_are_listed_in_order_and_deleted(store: ObjectStore) -> None:
    for key in ("a/c.json", "ab/x.json", "a/b/d.json", "a/ü.json"):
        store.put(key, b"123")
    rows = list(store.list_objects("a/"))
    assert [row.key for row in rows] == ["a/b/d.json", "a/c.json", "a/ü.json"]
    assert {row.bytes for row in rows} == {3}
    assert abs(rows[0].modified_at.timestamp() - time.time()) < 60
    store.delete("a/c.json")
    store.delete("a/c.json")
    assert [row.key for row in store.list_objects("a")] == ["a/b/d.json", "a/ü.json", "ab/x.json"]
    store.put("a/c.json", b"a deleted object may be created again")


# --- publish -------------------------------------------------------------------------------------


def test_published_files_come_back_mapped_and_equal(
    store: ObjectStore, reader: ObjectReader, tmp_path: Path
) -> None:
    manifest = add_live(store, tmp_path, 1)
    live = resolve(reader, FAMILY).alias
    assert live.target == manifest.ref
    read = read_manifest(reader, FAMILY, live.target.version, expected_sha256=live.target.manifest_sha256)
    assert read == manifest
    folder = fetch(reader, read, tmp_path / "cache")
    assert sorted(path.name for path in folder.iterdir()) == sorted(manifest.files)
    for name in manifest.files:
        assert (folder / name).read_bytes() == (tmp_path / "files-1" / name).read_bytes()
    assert read.files["item_factors.npy"].shape == (7, 4)
    assert read.files["item_index.npy"].dtype == "int32"


def test_the_manifest_is_written_last(store: ObjectStore, tmp_path: Path) -> None:
    recording = Recording(store)
    manifest = add(recording, tmp_path, 1)
    assert recording.puts[-1] == f"{version_prefix(FAMILY, manifest.version)}manifest.json"
    assert len(recording.puts) == WRITES


def test_a_version_is_created_once(store: ObjectStore, tmp_path: Path) -> None:
    manifest = add(store, tmp_path, 1)
    with pytest.raises(VersionExistsError, match=manifest.version):
        add(store, tmp_path, 1)
    later = add(store, tmp_path, 1, created_at=NOON + timedelta(days=1))
    assert list_versions(store, FAMILY) == [manifest.version, later.version]


@pytest.mark.parametrize(("at", "effective"), CRASHES)
def test_a_crash_while_publishing_changes_nothing_that_is_visible(
    store: ObjectStore, tmp_path: Path, at: int, effective: bool
) -> None:
    old = add_live(store, tmp_path, 1)
    crashing = Crashing(store, at, effective=effective)
    with pytest.raises(Crash):
        add(crashing, tmp_path, 2)
    published = at == WRITES - 1 and effective  # the manifest was written, only the answer was lost
    assert len(list_versions(store, FAMILY)) == 1 + published
    assert resolve(store, FAMILY).alias.target == old.ref
    fetch(store, old, tmp_path / "cache")
    if published:
        with pytest.raises(VersionExistsError):
            add(store, tmp_path, 2)
    else:
        add(store, tmp_path, 2)  # also over the files that the crash left
    again = add(store, tmp_path, 2, created_at=NOON + timedelta(days=1))
    assert list_versions(store, FAMILY)[-1] == again.version
    promote(store, FAMILY, again.version, decide())
    fetch(store, again, tmp_path / "cache")


def test_a_file_that_a_crash_left_with_other_content_is_not_taken_over(
    store: ObjectStore, tmp_path: Path
) -> None:
    manifest = add(store, tmp_path / "elsewhere", 1, created_at=NOON - timedelta(days=1))
    twin = manifest.version.replace("20261120", "20261121")
    store.put(f"{version_prefix(FAMILY, twin)}names.json", b"{}")
    with pytest.raises(VersionExistsError, match="other content"):
        add(store, tmp_path, 1, created_at=NOON)
    assert list_versions(store, FAMILY) == [manifest.version]


@pytest.mark.parametrize(
    "change", ["missing dependency", "empty", "pickle", "nan", "objects", "record", "int keys"]
)
def test_what_cannot_be_served_is_not_published(store: ObjectStore, tmp_path: Path, change: str) -> None:
    folder, record = write_files(tmp_path / "files"), Record()
    refused: type[Exception] = InvalidInputError
    if change == "missing dependency":
        record, refused = Record(depends_on={"taste": "20261121T120000Z-00000000"}), VersionNotFoundError
    elif change == "empty":
        (folder := tmp_path / "none").mkdir()
    elif change == "pickle":
        (folder / "model.joblib").write_bytes(b"")
    elif change == "nan":
        np.save(folder / "item_factors.npy", np.array([1.0, np.nan]))
    elif change == "objects":
        np.save(folder / "item_factors.npy", np.array([None]), allow_pickle=True)
    elif change == "record":
        record = Record(metrics={"f1": float("nan")})
    else:
        record = Record(metrics={"fold": dict.fromkeys(range(11), 0.5)})
    with pytest.raises(refused):
        publish(store, FAMILY, folder, record, created_at=NOON)
    assert list(store.list_objects("")) == []


# --- readers -------------------------------------------------------------------------------------


def test_sixteen_readers_share_one_folder(store: ObjectStore, reader: ObjectReader, tmp_path: Path) -> None:
    manifest = add(store, tmp_path, 1)
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(16) as pool:
        folders = set(pool.map(lambda _: fetch(reader, manifest, cache), range(16)))
    assert folders == {cache / FAMILY / manifest.version}
    assert [path.name for path in (cache / FAMILY).iterdir()] == [manifest.version]
    for name, entry in manifest.files.items():
        assert hashlib.sha256((folders.copy().pop() / name).read_bytes()).hexdigest() == entry.sha256


@pytest.mark.parametrize("kind", ["store", "reader"])
def test_a_store_that_is_down_is_named_soon(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        place = "s3://bucket/prefix"
        reader = open_store(place) if kind == "store" else open_reader(place)
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="s3://bucket/prefix/"):
            resolve(reader, FAMILY)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["store", "reader"])
def test_a_bucket_that_does_not_exist_is_no_missing_alias(
    s3_server: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    place = "s3://no-such-bucket/prefix"
    reader = open_store(place) if kind == "store" else open_reader(place)
    with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
        resolve(reader, FAMILY)
