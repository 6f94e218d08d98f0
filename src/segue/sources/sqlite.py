"""Reads an SQLite file, with one short read-only connection per read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from segue.errors import SourceError, SourceSchemaError, SourceUnavailableError
from segue.sources.schema import TABLES, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from segue.sources.store import Select

T = TypeVar("T")


def describe_tables(tables: Iterable[str]) -> str:
    """Return a statement with rows (0, table, column); only the named tables have columns.

    It does not describe other tables, because describing a broken view is an error.
    """
    wanted = ", ".join(f"'{letters}'" for table in tables for letters in spellings(table))
    return f"""
SELECT 0, m.name, p.name
  FROM sqlite_master AS m
  LEFT JOIN pragma_table_info(
       CASE WHEN REPLACE(LOWER(m.name), '_', '') IN ({wanted})
       THEN m.name END) AS p
 WHERE m.type IN ('table', 'view')
"""


class SqliteReader:
    """A `Reader` of one SQLite file.

    Every read opens the file again, which takes about 0.1 ms. So no handle is shared between threads or kept
    in a Lambda snapshot, and a file replaced by rename is seen at once.

    Parameters
    ----------
    path
        The file; only `run` opens it.
    timeout_s
        Seconds to wait for a writer's lock.

    Attributes
    ----------
    old : list of str
        Texts of the last read that are not UTF-8 and were decoded as Windows-1252.
    """

    catalogue = describe_tables(TABLES)
    placeholder = "?"

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self.name = str(path)
        self._path = path
        self._timeout_s = timeout_s
        self.old: list[str] = []

    def run(self, job: Callable[[Select], T]) -> T:
        """See `Reader.run`."""
        # as_uri percent-encodes: an unencoded "?" or "#" in a file's name would end the path.
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        old: list[str] = []

        def read_text(raw: bytes) -> str:
            try:
                return raw.decode()
            except UnicodeDecodeError:
                old.append(raw.decode("cp1252", errors="replace"))
                return old[-1]

        try:
            with closing(
                sqlite3.connect(uri, uri=True, timeout=self._timeout_s, isolation_level=None)
            ) as connection:
                connection.execute("PRAGMA query_only = ON")
                try:
                    return job(connection.execute)
                except sqlite3.OperationalError as error:
                    if not str(error).startswith("Could not decode to UTF-8"):
                        raise
                connection.text_factory = read_text  # a Python call per cell takes four times as long
                return job(connection.execute)
        except sqlite3.Error as error:
            raise self._translated(error) from error
        finally:
            self.old = old

    def close(self) -> None:
        """Do nothing: no connection stays open after a read."""

    def _translated(self, error: sqlite3.Error) -> SourceError:
        if not self._path.exists():
            return SourceUnavailableError(f"no file at {self.name}: give the path of an SQLite database.")
        if self._path.is_dir():
            return SourceUnavailableError(f"{self.name} is a folder: give the path of an SQLite database.")
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_NOTADB:
            return SourceUnavailableError(
                f"{self.name} is not an SQLite database, or is encrypted: give another file."
            )
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return SourceUnavailableError(
                f"{self.name} stayed locked by a writer for {self._timeout_s:g} s: try again, or switch it "
                "to write-ahead logging (PRAGMA journal_mode=WAL), where readers do not wait."
            )
        if code == sqlite3.SQLITE_ERROR:
            return SourceSchemaError(f"{self.name} cannot be read as a music store: {error}.")
        return SourceUnavailableError(
            f"{self.name} cannot be read: {error}. Check its permissions, and its integrity with "
            "PRAGMA integrity_check."
        )
