"""Unpacks a table from .gz, or from a .zip with one table, such as Kaggle's downloads."""

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
"""Maximum unpacked bytes of a table, which is held in memory."""

_STEP = 1 << 24
"""Number of bytes that are unpacked at a time."""

_BROKEN = (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError)
"""Errors that damaged and encrypted archives raise."""


def unpack(path: Path, suffixes: Collection[str]) -> tuple[str, bytes]:
    """Return the name of an unpacked table, in lower case, and its content.

    Parameters
    ----------
    path
        Any file, packed or not.
    suffixes
        Suffixes of tables: other files in an archive are ignored.

    Raises
    ------
    SourceSchemaError
        The archive unpacks to more than `MOST_BYTES`, or to more than both `LARGE` and `MOST_RATIO` times
        its size; or it is damaged or encrypted; or it does not hold exactly one table.
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
            f"{path} is not a complete {kind} file ({error}): write or download it again."
        ) from error
    return name, path.read_bytes()


def _only_table(path: Path, suffixes: Collection[str]) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        tables = [
            each
            for each in archive.infolist()
            if each.filename.lower().endswith(tuple(suffixes))
            and not each.filename.startswith("__MACOSX/")
            and not each.filename.rpartition("/")[2].startswith(".")
        ]
        if len(tables) != 1:
            names = listed(each.filename for each in tables or archive.infolist()) or "nothing"
            raise SourceSchemaError(
                f"{path} holds {len(tables)} tables ({names}): unpack it and give one table."
            )
        with archive.open(tables[0]) as file:
            return tables[0].filename.lower().rpartition("/")[2], _whole(path, file)


def _whole(path: Path, file: gzip.GzipFile | IO[bytes]) -> bytes:
    """Read a packed file up to the limit; the size that the archive claims does not matter."""
    body, packed = bytearray(), path.stat().st_size
    most = min(MOST_BYTES, max(LARGE, MOST_RATIO * packed))
    while part := file.read(_STEP):
        body += part
        if len(body) > most:
            raise SourceSchemaError(
                f"{path} has {packed} bytes and unpacks to more than the limit of {most}: unpack it and give "
                "the table, as Parquet if it is large."
            )
    return bytes(body)
