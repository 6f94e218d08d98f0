"""What only a folder can get wrong."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segue.artifacts.place.local import LocalStore
from segue.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError


def test_a_root_may_lead_through_its_parent(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    store = LocalStore(tmp_path / "here" / ".." / "there")
    store.put("a/b.json", b"1")
    assert (tmp_path / "there" / "a" / "b.json").read_bytes() == b"1"
    assert [info.key for info in store.list_objects("a/")] == ["a/b.json"]


@pytest.mark.parametrize("key", ["../secret", "a/../../secret", "/etc/passwd", ""])
def test_a_key_stays_inside(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"1")
    store = LocalStore(tmp_path / "store")
    with pytest.raises(ObjectNotFoundError):
        store.get(key)
    with pytest.raises(ObjectNotFoundError):
        store.put(key, b"2")


def test_a_write_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a/b.json", b"1")
    with pytest.raises(PreconditionFailedError):
        store.put("a/b.json", b"2")
    with pytest.raises(ObjectNotFoundError):
        store.put("a/b.npy", tmp_path / "no-such-file")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_a_partial_file_of_a_killed_writer_is_no_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a/b.json", b"1")
    (tmp_path / "a" / "c.json.partial-0").write_bytes(b"hal")
    assert [info.key for info in store.list_objects("")] == ["a/b.json"]


def test_folders_that_become_empty_go_and_the_root_stays(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.put("a/b/c.json", b"1")
    store.put("a/d.json", b"1")
    store.delete("a/b/c.json")
    assert [path.name for path in (tmp_path / "store" / "a").iterdir()] == ["d.json"]
    store.delete("a/d.json")
    assert list((tmp_path / "store").iterdir()) == []


def test_of_many_writers_one_swaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    rename = Path.replace

    def rename_late(path: Path, target: Path) -> Path:  # whoever compares meanwhile would find the old etag
        time.sleep(0.02)
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", rename_late)
    etag = store.put("a.json", b"0")

    def swap(number: int) -> str | None:
        try:
            return LocalStore(tmp_path).put("a.json", b"%d" % number, if_match=etag)
        except PreconditionFailedError:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [winner for winner in pool.map(swap, range(1, 9)) if winner]
    stored = store.get("a.json")
    assert stored is not None
    assert winners == [stored.etag]


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"a file")
    with pytest.raises(StoreUnavailableError):
        LocalStore(tmp_path / "store").put("a.json", b"1")


def test_a_root_that_is_not_there_is_empty(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "none")
    assert list(store.list_objects("")) == []
    with pytest.raises(ObjectNotFoundError):
        store.get("a.json")
