"""Artifacts in a folder, with the same guarantees as S3: for laptops, tests and air-gapped stores."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from segue.artifacts.place.object_store import CHUNK_BYTES, ObjectInfo, Stored
from segue.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTIAL = ".partial-"
_LEFTOVER_AGE_S = 86_400


class LocalStore:
    """An `ObjectStore` on a local folder; an etag is the SHA-256 of the content."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.location = str(self.root)

    def get(self, key: str, *, unless_etag: str | None = None) -> Stored | None:
        """See `ObjectReader.get`."""
        with _translated(self._path(key)):
            body = self._path(key).read_bytes()
        etag = hashlib.sha256(body).hexdigest()
        return None if etag == unless_etag else Stored(body, etag)

    @contextlib.contextmanager
    def stream(self, key: str) -> Iterator[Iterator[bytes]]:
        """See `ObjectReader.stream`."""
        path = self._path(key)
        with _translated(path):
            file = path.open("rb")
        with file:
            yield _chunks(file, path)

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        """See `ObjectStore.put`. The object appears whole or not at all, also after a power cut."""
        path = self._path(key)
        partial = path.with_name(f"{path.name}{_PARTIAL}{uuid.uuid4().hex}")
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                etag = _write_synced(partial, body)
                if if_match is None:
                    self._link_once(partial, path)
                else:
                    self._swap(partial, path, if_match)
            finally:
                partial.unlink(missing_ok=True)
        return etag

    def list_objects(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_objects`, and of the whole, what killed writers left a day ago goes."""
        if not prefix:
            self._sweep()
        start = self.root / prefix.rpartition("/")[0]
        found = (Path(folder, name) for folder, _, names in os.walk(start) for name in names)
        keys = (path.relative_to(self.root).as_posix() for path in found)
        for key in sorted(key for key in keys if key.startswith(prefix) and not self._is_internal(key)):
            with contextlib.suppress(FileNotFoundError):
                status = (self.root / key).stat()
                yield ObjectInfo(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def _sweep(self) -> None:
        for path in self.root.rglob(f"*{_PARTIAL}*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LEFTOVER_AGE_S:
                    path.unlink()

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`; folders left empty go too, as on S3."""
        path = self._path(key)
        with _translated(path):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a folder that still holds something stays
            for folder in path.parents[: len(Path(key).parts) - 1]:
                folder.rmdir()

    def _path(self, key: str) -> Path:
        if ".." in key.split("/") or not key or key.startswith("/"):
            raise ObjectNotFoundError(f"{key!r} is not a key inside {self.location}")
        return self.root / key

    @staticmethod
    def _is_internal(key: str) -> bool:
        name = key.rsplit("/", 1)[-1]
        return _PARTIAL in name or name.endswith(".lock")

    @staticmethod
    def _link_once(partial: Path, path: Path) -> None:
        try:
            os.link(partial, path)  # atomic, and fails where rename would overwrite
        except FileExistsError as error:
            raise PreconditionFailedError(f"{path.name} exists already in {path.parent}") from error

    def _swap(self, partial: Path, path: Path, if_match: str) -> None:
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != if_match:
                raise PreconditionFailedError(f"{path.name} in {path.parent} changed since it was read")
            partial.replace(path)


def _chunks(file: BinaryIO, path: Path) -> Iterator[bytes]:
    with _translated(path):
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _write_synced(path: Path, body: bytes | Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as target:
        if isinstance(body, Path):
            with body.open("rb") as source:
                shutil.copyfileobj(source, target, CHUNK_BYTES)
            with body.open("rb") as source:
                digest = hashlib.file_digest(source, "sha256")
        else:
            target.write(body)
            digest.update(body)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise ObjectNotFoundError(f"nothing at {path}") from error
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror or error}") from error
