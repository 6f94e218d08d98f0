"""Merges the listens of any number of files in a scratch file on disk, so memory does not grow with them.

Two rows are one listen if they have the same artist, title, minute and milliseconds heard, and if their
seconds are equal or one of them is unknown. So overlapping exports merge, and Spotify's account data, which
has only minutes, merges with its extended history. A song started twice in a minute stays two listens.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.domain.catalogue.track_match import FoundBy, Match, Wanted
from segue.errors import SourceUnavailableError
from segue.sources.export.left_out import BadRow, Unmatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from segue.sources.export.listen import Listen

BATCH = 2000
"""Number of listens or tracks in memory at once."""

_NO_SECOND = 60
_NO_MS = -1
_SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
CREATE TABLE track (
  number INTEGER PRIMARY KEY, artist TEXT, title TEXT, album TEXT, ids TEXT,
  row INTEGER, found_by TEXT, candidates INTEGER);
CREATE TABLE listen (
  minute INTEGER, song INTEGER, ms INTEGER, second INTEGER, nth INTEGER, skipped INTEGER, track INTEGER,
  PRIMARY KEY (minute, song, ms, second, nth)) WITHOUT ROWID;
CREATE TABLE bad (file TEXT, place TEXT, why TEXT);
"""
_MERGE = f"""
DELETE FROM listen WHERE second = {_NO_SECOND} AND EXISTS (
  SELECT 1 FROM listen AS fine WHERE fine.minute = listen.minute AND fine.song = listen.song
    AND fine.ms = listen.ms AND fine.second < {_NO_SECOND})
"""
_READ = """
SELECT minute, song, ms, second, nth, skipped, row, found_by, candidates
 FROM listen JOIN track ON number = listen.track ORDER BY minute, song, ms, second, nth
"""
_UNMATCHED = """
SELECT artist, title, album, ids, count(*) AS listens FROM listen JOIN track ON number = listen.track
 WHERE row IS NULL GROUP BY number ORDER BY listens DESC, artist, title, album, ids LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Merged:
    """One listen after merging, and the track that was found for it.

    Attributes
    ----------
    listen_id : str
        The same for one listen in every file and every import.
    at_s : int
        Seconds since 1970, UTC.
    ms_played : int or None
    skipped : bool
    match : Match or None
    """

    listen_id: str
    at_s: int
    ms_played: int | None
    skipped: bool
    match: Match | None


class Spool:
    """Listens and bad rows on disk; opened by `open_spool`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, listens: Sequence[Listen]) -> int:
        """Store listens; return how many are new."""
        tracks, rows = [], []
        for listen in listens:
            ids = json.dumps(listen.ids)
            number = _digest(listen.artist, listen.title, listen.album, ids)
            tracks.append((number, listen.artist, listen.title, listen.album, ids))
            rows.append(_row(listen, number))
        self._db.executemany("INSERT OR IGNORE INTO track VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL)", tracks)
        before = self._db.total_changes
        self._db.executemany("INSERT OR IGNORE INTO listen VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return self._db.total_changes - before

    def add_bad(self, rows: Iterable[BadRow]) -> None:
        """Store bad rows."""
        self._db.executemany("INSERT INTO bad VALUES (?, ?, ?)", ((r.file, r.place, r.why) for r in rows))

    def merge(self) -> int:
        """Drop listens without a second if the same one has a second; return how many listens remain."""
        self._db.execute(_MERGE)
        return int(self._db.execute("SELECT count(*) FROM listen").fetchone()[0])

    def match(self, find: Callable[[Sequence[Wanted]], Sequence[Match | None]]) -> None:
        """Find the track of every listen; each distinct track is looked up once."""
        last = None
        columns = "SELECT number, artist, title, album, ids FROM track"
        while True:
            where, given = ("WHERE number > ?", (last,)) if last is not None else ("", ())
            tracks = self._db.execute(f"{columns} {where} ORDER BY number LIMIT {BATCH}", given).fetchall()
            if not tracks:
                return
            last = tracks[-1][0]
            wanted = [
                Wanted(artist, title, album, tuple(json.loads(ids)))
                for _, artist, title, album, ids in tracks
            ]
            self._db.executemany(
                "UPDATE track SET row = ?, found_by = ?, candidates = ? WHERE number = ?",
                (
                    (match.row, match.found_by, match.candidates, number)
                    for (number, *_), match in zip(tracks, find(wanted), strict=True)
                    if match
                ),
            )

    def merged(self) -> Iterator[Merged]:
        """Yield every listen, ordered by minute."""
        before, again = None, 0
        for minute, song, ms, second, nth, skipped, row, found_by, candidates in self._db.execute(_READ):
            again = again + 1 if (minute, song, ms) == before and not nth else 0
            before = minute, song, ms
            song_name = f"{song & (1 << 64) - 1:016x}"
            # A counted play has the time of the last play, which changes with every export: leave it out.
            name = f"{song_name}/{nth}" if nth else f"{minute}/{song_name}/{ms}"
            yield Merged(
                f"{name}/{again}" if again else name,
                minute * 60 + second % _NO_SECOND,
                None if ms == _NO_MS else ms,
                bool(skipped),
                None if row is None else Match(row, FoundBy(found_by), candidates),
            )

    def unmatched(self, limit: int = -1) -> Iterator[Unmatched]:
        """Yield the tracks that were not found, most listens first."""
        for artist, title, album, ids, listens in self._db.execute(_UNMATCHED, (limit,)):
            yield Unmatched(artist, title, album, tuple(json.loads(ids)), listens)

    def bad(self, limit: int = -1) -> Iterator[BadRow]:
        """Yield bad rows in the order they were added."""
        for row in self._db.execute("SELECT file, place, why FROM bad ORDER BY rowid LIMIT ?", (limit,)):
            yield BadRow(*row)


@contextmanager
def open_spool() -> Iterator[Spool]:
    """Open an empty spool in the system's temporary folder, and delete it afterwards.

    Raises
    ------
    SourceUnavailableError
        The disk is full: a listen takes about 150 bytes.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="segue-import-") as folder,
            closing(sqlite3.connect(Path(folder) / "spool.sqlite", isolation_level=None)) as connection,
        ):
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN")  # one transaction, never committed: many would be slow
            yield Spool(connection)
    except sqlite3.Error as error:
        raise SourceUnavailableError(
            f"the scratch file in {tempfile.gettempdir()} cannot be written ({error}): free some disk space."
        ) from error


def _row(listen: Listen, track: int) -> tuple[Any, ...]:
    minute, second = divmod(listen.at_s, 60)
    names = (listen.artist.casefold(), listen.title.casefold())
    song = _digest(*names) if all(names) else _digest(*listen.ids)
    ms = _NO_MS if listen.ms_played is None else listen.ms_played
    second = _NO_SECOND if listen.to_the_minute else second
    # Counted skips have negative numbers, so that the first play and the first skip of a song differ.
    nth = -listen.nth if listen.skipped else listen.nth
    return minute, song, ms, second, nth, listen.skipped, track


def _digest(*parts: str) -> int:
    body = "\0".join(parts).encode(errors="replace")
    return int.from_bytes(blake2b(body, digest_size=8).digest(), signed=True)
