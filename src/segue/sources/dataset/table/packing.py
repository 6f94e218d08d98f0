"""Takes a table out of what it is packed in: .gz, or a .zip that holds one table, as Kaggle delivers them."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError
from segue.sources.export.part import LARGE, MOST_RATIO
from segue.sources.schema import listed

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import IO

MOST_BYTES = 4 << 30
"""Of a table, unpacked: it is held in memory whole."""

_STEP = 1 << 24
"""Bytes that are unpacked at once."""

_BROKEN = (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError)
"""What damaged and encrypted archives raise."""


def unpack(path: Path, suffixes: Collection[str]) -> tuple[str, bytes]:
    """Return the name of a table without its packing, in lower case, and its content.

    Parameters
    ----------
    path
        A packed file, or any other.
    suffixes
        Of tables: what else is in an archive counts for nothing.

    Raises
    ------
    SourceSchemaError
        The archive unpacks to more than `MOST_BYTES`, or to more than `MOST_RATIO` times its size where
        that is more than `LARGE`; or it is damaged or encrypted, or holds no table or several:
        the message names them.
    OSError
        The file cannot be read.
    """
    name = path.name.lower()
    try:
        if name.endswith(".gz"):
            with gzip.open(path) as file:
                return name.removesuffix(".gz"), _whole(path, file)
        if name.endswith(".zip"):
            return _only_table(path, suffixes)
    except _BROKEN as error:
        kind = name[name.rindex(".") :]
        raise SourceSchemaError(
            f"{path} is no whole {kind} file ({error}): write or download it again."
        ) from error
    return name, path.read_bytes()


def _only_table(path: Path, suffixes: Collection[str]) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        found = [
            each
            for each in archive.infolist()
            if each.filename.lower().endswith(tuple(suffixes))
            and not each.filename.startswith("__MACOSX/")
            and not each.filename.rpartition("/")[2].startswith(".")
        ]
        if len(found) != 1:
            names = listed(each.filename for each in found or archive.infolist()) or "nothing"
            raise SourceSchemaError(
                f"{path} holds {len(found)} tables ({names}): unpack it, and give the table that is meant."
            )
        with archive.open(found[0]) as file:
            return found[0].filename.lower().rpartition("/")[2], _whole(path, file)


def _whole(path: Path, file: gzip.GzipFile | IO[bytes]) -> bytes:
    """Read what is unpacked, whatever size the archive claims it has."""
    body, packed = bytearray(), path.stat().st_size
    most = min(MOST_BYTES, max(LARGE, MOST_RATIO * packed))
    while part := file.read(_STEP):
        body += part
        if len(body) > most:
            raise SourceSchemaError(
                f"{path} has {packed} bytes and unpacks to more than {most}, the most that is read of it: "
                "unpack it and give the table, as Parquet where it is large."
            )
    return bytes(body)
