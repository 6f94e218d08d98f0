"""Fetch a version to local disk: in parallel, hashed as it streams, and visible only when whole."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from segue.artifacts.store import check_digest, version_prefix
from segue.errors import CorruptArtifactError, ObjectNotFoundError, StoreUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.manifest import FileEntry, Manifest
    from segue.artifacts.object_store import ObjectReader

_PARALLEL = 8
_KEPT_VERSIONS = 2
"""The live version and the one before, so that a rollback reads no bytes from the store."""


def fetch(store: ObjectReader, manifest: Manifest, cache: Path) -> Path:
    """Return a folder with the verified files of a version, from ``cache`` if they are there already.

    Files stream into a folder of a unique name, which is renamed when every hash agrees; of two
    racing readers one rename wins and both use its folder. A cached folder is hashed again, as a disk
    may have changed under it, and fetched anew if it did.

    Raises
    ------
    CorruptArtifactError
        A file in the store is missing or not what the manifest promised; nothing is kept of it.
    StoreUnavailableError
        The store did not answer, or the disk is full.
    """
    folder = cache / manifest.family / manifest.version
    if folder.is_dir():
        try:
            _verify_folder(folder, manifest)
        except CorruptArtifactError:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return folder
    partial = folder.with_name(f"{folder.name}.partial-{uuid.uuid4().hex}")
    try:
        partial.mkdir(parents=True)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for _ in pool.map(lambda name: _download(store, manifest, name, partial), manifest.files):
                pass
        check_arrays(partial, manifest)
        with contextlib.suppress(OSError):  # another reader renamed first; its folder passed the same checks
            partial.rename(folder)
    except OSError as error:
        raise StoreUnavailableError(f"cannot write the cache {cache}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _evict(folder)
    return folder


def check_arrays(folder: Path, manifest: Manifest) -> None:
    """Hold every ``.npy`` file to the manifest's dtype and shape, and floats to be finite."""
    arrays = {name: entry for name, entry in manifest.files.items() if entry.shape is not None}
    if not arrays:
        return
    import numpy as np

    for name, entry in arrays.items():
        try:
            array = np.load(folder / name, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise CorruptArtifactError(f"{name} is not a .npy array: {error}") from error
        if (array.dtype.name, array.shape) != (entry.dtype, entry.shape):
            raise CorruptArtifactError(
                f"{name} is {array.dtype.name} {array.shape}, the manifest says {entry.dtype} {entry.shape}"
            )
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            raise CorruptArtifactError(f"{name} holds NaN or infinite values")


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
    check_digest(name, manifest.files[name], digest.hexdigest(), size)


def _verify_folder(folder: Path, manifest: Manifest) -> None:
    def check(item: tuple[str, FileEntry]) -> None:
        name, entry = item
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CorruptArtifactError(f"{name}: {error}") from error
        check_digest(name, entry, found, (folder / name).stat().st_size)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for _ in pool.map(check, manifest.files.items()):
            pass


def _evict(current: Path) -> None:
    # By age of use, not by version: after a rollback the older version is the live one.
    current.touch()
    versions = [path for path in current.parent.iterdir() if ".partial-" not in path.name]
    with contextlib.suppress(FileNotFoundError):  # another process evicts too
        versions.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in versions[_KEPT_VERSIONS:]:
        shutil.rmtree(path, ignore_errors=True)
