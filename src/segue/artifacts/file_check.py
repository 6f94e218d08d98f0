"""The bytes of one artifact file: described for a manifest, and held to that description."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segue.artifacts.manifest import FileEntry
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_PIECE = 1 << 20
_PARSING = threading.Lock()


def describe(path: Path) -> FileEntry:
    """Return what a manifest says of a file; InvalidInputError for an array that `open_array` refuses."""
    with path.open("rb") as file:
        entry = FileEntry(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())
    if path.suffix != ".npy":
        return entry
    try:
        array = open_array(path)
    except CorruptArtifactError as error:
        raise InvalidInputError(f"{error}: no reader would load it.") from error
    return replace(entry, dtype=array.dtype.name, shape=array.shape)


def digest(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return the SHA-256, in hex, and the number of bytes of a file that arrives in chunks."""
    hashed, size = hashlib.sha256(), 0
    for chunk in chunks:
        hashed.update(chunk)
        size += len(chunk)
    return hashed.hexdigest(), size


def check_digest(name: str, entry: FileEntry, sha256: str, size: int) -> None:
    """Raise CorruptArtifactError unless a file's SHA-256 and size are those of its manifest entry."""
    if (sha256, size) != (entry.sha256, entry.bytes):
        raise CorruptArtifactError(
            f"{name}: {size} bytes with sha256 {sha256}, the manifest says {entry.bytes} with {entry.sha256}"
        )


def check_array(path: Path, entry: FileEntry) -> None:
    """Raise CorruptArtifactError unless a ``.npy`` file has its manifest entry's dtype and shape."""
    array = open_array(path)
    if (array.dtype.name, array.shape) != (entry.dtype, entry.shape):
        raise CorruptArtifactError(
            f"{path.name} is {array.dtype.name} {array.shape}, the manifest says {entry.dtype} {entry.shape}"
        )


def open_array(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file read-only.

    Raises
    ------
    CorruptArtifactError
        It is no such file, holds Python objects (which run code when loaded), or NaN or infinite values.
    """
    import numpy as np

    array = _map(path)
    if array.dtype.kind not in "fc":
        return array
    flat = array.ravel(order="K")  # a mask of the whole would be a quarter of its size
    if not all(np.isfinite(flat[i : i + _PIECE]).all() for i in range(0, flat.size, _PIECE)):
        raise CorruptArtifactError(f"{path.name} holds NaN or infinite values")
    # Pages that were read for this check alone would count as the process's memory: a new mapping has none.
    return _map(path)


def _map(path: Path) -> NDArray[Any]:
    import numpy as np

    try:
        # numpy reads the header with Python's parser. That of 3.11 counts the depth of all threads together,
        # and now and then fails with SystemError where they parse at once: files are fetched side by side.
        with _PARSING:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        # A plain view of the mapping: slicing a memmap itself takes ten times as long, in every answer.
        return np.asarray(mapped)
    except (ValueError, EOFError) as error:
        raise CorruptArtifactError(f"{path.name} is not a plain .npy array ({error})") from error
