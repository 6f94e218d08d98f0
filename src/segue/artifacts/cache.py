"""Fetch a version to local disk: in parallel, hashed as it streams, and visible only when whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from segue.artifacts.family import FORMAT
from segue.artifacts.file_check import check_array, check_digest
from segue.artifacts.release import version_prefix
from segue.errors import (
    CorruptArtifactError,
    ObjectNotFoundError,
    StoreUnavailableError,
    UnsupportedSchemaError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.manifest import FileEntry, Manifest
    from segue.artifacts.place.object_store import ObjectReader

_PARALLEL = 8
_WORTH_THREADS = 8 << 20
"""Bytes; less is hashed sooner than eight threads start."""
_PARTIAL = ".partial-"
_LEFTOVER_AGE_NS = 3600 * 10**9
_KEPT_VERSIONS = 2
"""The live version and the one before, so that a rollback reads no bytes from the store."""


def fetch(store: ObjectReader, manifest: Manifest, cache: Path) -> Path:
    """Return a folder with the verified files of a version, from ``cache`` if they are there already.

    Files stream into a folder of a unique name, which is renamed when every hash agrees; of two
    racing readers one rename wins and both use its folder. A cached folder is hashed again, as a disk
    may have changed under it, and replaced if it did. Pages for people (``.html``) stay in the store.

    Raises
    ------
    CorruptArtifactError
        A file in the store is missing or not what the manifest promised; the cache keeps nothing.
    UnsupportedSchemaError
        The files have a newer layout than this code reads.
    StoreUnavailableError
        The store did not answer, or the disk is full.
    """
    _check_format(manifest)
    folder = cache / manifest.family / manifest.version
    if folder.is_dir() and _is_whole(folder, manifest):
        _touch(folder)
        return folder
    partial = _unique(folder)
    try:
        partial.mkdir(parents=True)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for _ in pool.map(lambda name: _download(store, manifest, name, partial), _served(manifest)):
                pass
        _settle(partial, folder, manifest)
    except OSError as error:
        raise StoreUnavailableError(f"cannot write the cache {cache}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _evict(folder)
    return folder


def _check_format(manifest: Manifest) -> None:
    newest, found = FORMAT.get(manifest.family), manifest.record.code.get("format", 1)
    if newest is None:
        return
    if type(found) is not int or found < 1:
        raise CorruptArtifactError(f"{manifest.family} {manifest.version}: code.format is {found!r}")
    if found > newest:
        raise UnsupportedSchemaError(found, tuple(range(1, newest + 1)), f"{manifest.family} format")


def _served(manifest: Manifest) -> dict[str, FileEntry]:
    return {name: entry for name, entry in manifest.files.items() if not name.endswith(".html")}


def _download(store: ObjectReader, manifest: Manifest, name: str, folder: Path) -> None:
    digest, size = hashlib.sha256(), 0
    key = version_prefix(manifest.family, manifest.version) + name
    try:
        with store.stream(key) as chunks, (folder / name).open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += file.write(chunk)
    except ObjectNotFoundError as error:
        raise CorruptArtifactError(f"{key} is missing") from error
    entry = manifest.files[name]
    check_digest(name, entry, digest.hexdigest(), size)
    if entry.shape is not None:
        check_array(folder / name, entry)


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    def check(item: tuple[str, FileEntry]) -> None:
        name, entry = item
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            check_digest(name, entry, found, file.tell())

    served = _served(manifest)
    try:
        if sum(entry.bytes for entry in served.values()) < _WORTH_THREADS:
            for item in served.items():
                check(item)
            return True
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for _ in pool.map(check, served.items()):
                pass
    except (CorruptArtifactError, OSError):
        return False
    return True


def _settle(partial: Path, folder: Path, manifest: Manifest) -> None:
    for _ in range(_PARALLEL):
        with contextlib.suppress(OSError):
            partial.rename(folder)
            return
        # The name is taken: by a racing reader's folder, which serves as well, or by a damaged one.
        if _is_whole(folder, manifest):
            return
        _remove(folder)
    raise StoreUnavailableError(f"{folder} can neither be used nor replaced: clear the cache.")


def _remove(folder: Path) -> None:
    aside = _unique(folder)  # renamed first, so that nobody meets half a folder under its name
    with contextlib.suppress(OSError):
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _unique(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_PARTIAL}{uuid.uuid4().hex}")


def _touch(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # another reader replaced or evicted it
        now = time.time_ns()  # the kernel's own stamp counts in steps of some milliseconds
        os.utime(folder, ns=(now, now))


def _evict(current: Path) -> None:
    # By age of use, not by version: after a rollback the older version is the live one.
    _touch(current)
    used: dict[Path, int] = {}
    for path in current.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another reader evicts too
            used[path] = path.stat().st_mtime_ns
    leftovers = [path for path in used if _PARTIAL in path.name]
    versions = sorted(used.keys() - {current, *leftovers}, key=lambda path: used[path], reverse=True)
    for path in versions[_KEPT_VERSIONS - 1 :]:
        _remove(path)
    for path in leftovers:  # of a reader that was killed; a young one may still be at work
        if time.time_ns() - used[path] > _LEFTOVER_AGE_NS:
            shutil.rmtree(path, ignore_errors=True)
