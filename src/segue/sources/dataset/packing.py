"""Takes a table out of what it is packed in: .gz, or a .zip that holds one table, as Kaggle delivers them."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError
from segue.sources.schema import listed

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

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
        The archive is damaged or encrypted, or holds no table or several: the message names them.
    OSError
        The file cannot be read.
    """
    name = path.name.lower()
    try:
        if name.endswith(".gz"):
            with gzip.open(path) as file:
                return name.removesuffix(".gz"), file.read()
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
        return found[0].filename.lower().rpartition("/")[2], archive.read(found[0])
