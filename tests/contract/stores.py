"""Artifacts to publish, and stores that crash, race or count in a chosen place."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.manifest import Record, canonical_json
from segue.artifacts.release import Decision, promote, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectInfo, ObjectStore, Stored

FAMILY = "genre-preference"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def decide(reason: str = "better on the holdout") -> Decision:
    """Return a decision of a tester at noon."""
    return Decision("tester", reason, NOON)


def write_files(folder: Path, seed: int = 0) -> Path:
    """Write two arrays and a JSON file whose content ``seed`` decides."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "item_factors.npy", rng.normal(size=(7, 4)).astype(np.float32))
    np.save(folder / "item_index.npy", rng.permutation(7).astype(np.int32))
    (folder / "names.json").write_bytes(
        canonical_json({"genres": ["Bossa Nova", "Drum & Bass", "Çiftetelli"]})
    )
    return folder


def add(
    store: ObjectStore,
    tmp_path: Path,
    seed: int,
    *,
    family: str = FAMILY,
    depends_on: dict[str, str] | None = None,
    created_at: datetime | None = None,
) -> Manifest:
    """Publish the artifact of ``seed``, created ``seed`` hours after noon."""
    record = Record(params={"seed": seed}, metrics={"f1": {"value": 0.5}}, depends_on=depends_on or {})
    folder = write_files(tmp_path / f"files-{seed}", seed)
    return publish(store, family, folder, record, created_at=created_at or NOON + timedelta(hours=seed))


def add_live(store: ObjectStore, tmp_path: Path, seed: int, **more: object) -> Manifest:
    """Publish and promote."""
    manifest = add(store, tmp_path, seed, **more)  # type: ignore[arg-type]
    promote(store, manifest.family, manifest.version, decide())
    return manifest


def overwrite(store: ObjectStore, key: str, body: bytes) -> None:
    """Put other bytes under a key, as damage or a person with write access would."""
    before = store.get(key)
    assert before is not None
    store.put(key, body, if_match=before.etag)


class Crash(Exception):
    """The process died here."""


class Wrapped:
    """A store that hands everything on."""

    def __init__(self, inner: ObjectStore) -> None:
        self.inner = inner
        self.location = inner.location

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        return self.inner.get(key, unless_etag=unless_etag)

    def stream(self, key: str) -> AbstractContextManager[Iterator[bytes]]:
        return self.inner.stream(key)

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        return self.inner.put(key, body, if_match=if_match)

    def list_objects(self, prefix: str) -> Iterator[ObjectInfo]:
        return self.inner.list_objects(prefix)

    def delete(self, key: str) -> None:
        self.inner.delete(key)


class Crashing(Wrapped):
    """Dies at the ``at``-th write or deletion (from 0), before or after it takes effect, and stays dead."""

    def __init__(self, inner: ObjectStore, at: int, *, effective: bool) -> None:
        super().__init__(inner)
        self.at = at
        self.effective = effective
        self.changed: list[str] = []
        self._lock = threading.Lock()

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        self._step(key, lambda: self.inner.put(key, body, if_match=if_match))
        return self.inner.get(key).etag  # type: ignore[union-attr]

    def delete(self, key: str) -> None:
        self._step(key, lambda: self.inner.delete(key))

    def _step(self, key: str, change: Callable[[], object]) -> None:
        with self._lock:  # publish writes in parallel; a death comes between two writes
            if len(self.changed) > self.at:
                raise Crash(key)
            dies = len(self.changed) == self.at
            self.changed.append(key)
            if not dies or self.effective:
                change()
            if dies:
                raise Crash(key)


class Racing(Wrapped):
    """Holds every writer of an alias until ``parties`` of them have read it."""

    def __init__(self, inner: ObjectStore, parties: int) -> None:
        super().__init__(inner)
        self._barrier = threading.Barrier(parties, timeout=20)

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        if "/aliases/" in key:
            self._barrier.wait()
        return self.inner.put(key, body, if_match=if_match)


class Overtaken(Wrapped):
    """Lets ``rival`` move the alias right after its first reader has read it."""

    def __init__(self, inner: ObjectStore, rival: Callable[[], object]) -> None:
        super().__init__(inner)
        self._rivals = [rival]

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        try:
            return super().get(key, unless_etag=unless_etag)
        finally:
            if "/aliases/" in key and self._rivals:
                self._rivals.pop()()


class Recording(Wrapped):
    """Remembers the order of writes."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner)
        self.puts: list[str] = []

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        etag = super().put(key, body, if_match=if_match)
        self.puts.append(key)
        return etag
