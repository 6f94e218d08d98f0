"""The cache on disk: whole folders only, checked again at every use, and no growth."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.artifacts.cache import fetch
from segue.artifacts.file_check import open_array
from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import publish
from segue.errors import CorruptArtifactError, StoreUnavailableError
from tests.contract.stores import FAMILY, Wrapped, add

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segue.artifacts.manifest import Manifest


class Counting(Wrapped):
    """Counts the files that are read; fails where told."""

    def __init__(self, inner: LocalStore) -> None:
        super().__init__(inner)
        self.streamed = 0
        self.fails = False

    def stream(self, key: str) -> AbstractContextManager[Iterator[bytes]]:
        self.streamed += 1
        if self.fails and key.endswith("names.json"):
            raise StoreUnavailableError("the network is gone")
        return super().stream(key)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(LocalStore(tmp_path / "store"))


@pytest.fixture
def manifest(store: Counting, tmp_path: Path) -> Manifest:
    return add(store, tmp_path, 1)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _entries(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / FAMILY).iterdir())


def test_a_version_is_read_once(store: Counting, manifest: Manifest, cache: Path) -> None:
    folder = fetch(store, manifest, cache)
    assert folder == cache / FAMILY / manifest.version
    assert store.streamed == len(manifest.files)
    assert fetch(store, manifest, cache) == folder
    assert store.streamed == len(manifest.files)


def test_pages_for_people_stay_in_the_store(store: Counting, tmp_path: Path, cache: Path) -> None:
    folder = tmp_path / "with-report"
    folder.mkdir()
    (folder / "names.json").write_text("{}", encoding="utf-8")
    (folder / "report.html").write_text("<p>", encoding="utf-8")
    manifest = publish(store, FAMILY, folder, Record(), created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert [path.name for path in fetch(store, manifest, cache).iterdir()] == ["names.json"]
    fetch(store, manifest, cache)
    assert store.streamed == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["item_factors.npy", "item_index.npy", "names.json"]),
    where=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_a_flipped_bit_on_the_disk_is_fetched_anew(
    store: Counting, manifest: Manifest, cache: Path, name: str, where: float, bit: int
) -> None:
    path = fetch(store, manifest, cache) / name
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[int(where * len(whole))] ^= 1 << bit
    path.write_bytes(changed)
    fetch(store, manifest, cache)
    assert path.read_bytes() == whole
    assert _entries(cache) == [manifest.version]


@pytest.mark.parametrize("damage", ["lost", "longer", "a folder"])
def test_a_damaged_folder_is_fetched_anew(
    store: Counting, manifest: Manifest, cache: Path, damage: str
) -> None:
    path = fetch(store, manifest, cache) / "names.json"
    whole = path.read_bytes()
    path.unlink()
    if damage == "longer":
        path.write_bytes(whole + b" ")
    elif damage == "a folder":
        path.mkdir()
    fetch(store, manifest, cache)
    assert path.read_bytes() == whole


def test_a_damaged_folder_is_replaced_under_racing_readers(
    store: Counting, manifest: Manifest, cache: Path
) -> None:
    path = fetch(store, manifest, cache) / "names.json"
    whole = path.read_bytes()
    path.write_bytes(b"damaged")
    with ThreadPoolExecutor(16) as pool:
        folders = set(pool.map(lambda _: fetch(store, manifest, cache), range(16)))
    assert folders == {path.parent}
    assert path.read_bytes() == whole
    assert _entries(cache) == [manifest.version]


def test_a_damaged_folder_is_no_use_when_the_store_is_down(
    store: Counting, manifest: Manifest, cache: Path
) -> None:
    path = fetch(store, manifest, cache) / "names.json"
    path.write_bytes(b"damaged")
    store.fails = True
    with pytest.raises(StoreUnavailableError):
        fetch(store, manifest, cache)


def test_a_fetch_that_breaks_off_leaves_nothing(store: Counting, manifest: Manifest, cache: Path) -> None:
    store.fails = True
    with pytest.raises(StoreUnavailableError, match="network"):
        fetch(store, manifest, cache)
    assert _entries(cache) == []
    store.fails = False
    assert fetch(store, manifest, cache).is_dir()


def test_a_lost_file_leaves_nothing(store: Counting, manifest: Manifest, cache: Path) -> None:
    store.delete(f"{FAMILY}/versions/{manifest.version}/names.json")
    with pytest.raises(CorruptArtifactError, match=r"names\.json is missing"):
        fetch(store, manifest, cache)
    assert _entries(cache) == []


def test_the_two_versions_used_last_stay(store: Counting, tmp_path: Path, cache: Path) -> None:
    one, two, three = (add(store, tmp_path, seed) for seed in (1, 2, 3))
    fetch(store, one, cache)
    fetch(store, two, cache)
    fetch(store, one, cache)  # a rollback
    fetch(store, three, cache)
    assert _entries(cache) == [one.version, three.version]


def test_what_a_killed_reader_left_goes_after_an_hour(
    store: Counting, manifest: Manifest, cache: Path
) -> None:
    old, young = (cache / FAMILY / f"{manifest.version}.partial-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 7200,) * 2)
    fetch(store, manifest, cache)
    assert _entries(cache) == [manifest.version, young.name]


def test_a_cache_that_cannot_be_written_is_named(store: Counting, manifest: Manifest, cache: Path) -> None:
    cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreUnavailableError, match="cannot write the cache"):
        fetch(store, manifest, cache)


def test_headers_are_never_parsed_by_two_threads_at_once(tmp_path: Path, monkeypatch) -> None:
    """Python 3.11 fails with SystemError there, now and then."""
    np.save(tmp_path / "array.npy", np.arange(3))
    inside, most = 0, 0
    load = np.load

    def slow(*args, **kwargs):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return load(*args, **kwargs)

    monkeypatch.setattr(np, "load", slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_array, [tmp_path / "array.npy"] * 8))
    assert most == 1
