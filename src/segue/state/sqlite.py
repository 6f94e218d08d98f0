"""Listening state in one SQLite file: for laptops, tests and single servers."""

from __future__ import annotations

import os
import sqlite3
import uuid
import weakref
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segue.domain.event import Event, EventKind, stored_events
from segue.errors import StateUnavailableError
from segue.state.listening import MOST_OPINIONS, RECENT, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_TIMEOUT_S = 4.0
# Instants are ISO 8601 in UTC to the microsecond, which sort as text.
_SCHEMA = """
PRAGMA journal_mode = WAL; -- readers do not wait for a writer
CREATE TABLE listening_event (
  user_id TEXT NOT NULL, event_id TEXT NOT NULL, at TEXT NOT NULL, track_id TEXT NOT NULL,
  kind TEXT NOT NULL, ms_played INTEGER, context TEXT NOT NULL, count REAL NOT NULL,
  PRIMARY KEY (user_id, event_id)) WITHOUT ROWID;
-- With all columns: a history is read from the index alone, without a look at the table for each event.
CREATE INDEX listening_event_recency ON listening_event
 (user_id, at, event_id, track_id, kind, ms_played, context, count);
"""
_VERSION = 1
# A file of an earlier release is brought up to date by the first connection; two at once do no harm.
_UPGRADE = f"""
BEGIN IMMEDIATE;
-- The last opinion of each track: a listener with a hundred thousand is read as fast as any other.
CREATE TABLE IF NOT EXISTS opinion (
  user_id TEXT NOT NULL, track_id TEXT NOT NULL, at TEXT NOT NULL, event_id TEXT NOT NULL,
  PRIMARY KEY (user_id, track_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS opinion_recency ON opinion (user_id, at, event_id);
-- A trigger, as only the table knows which events are new: a repeated id changes no opinion.
CREATE TRIGGER IF NOT EXISTS listening_event_opinion_last AFTER INSERT ON listening_event
 WHEN new.kind IN ('like', 'dislike') BEGIN
  INSERT INTO opinion VALUES (new.user_id, new.track_id, new.at, new.event_id)
   ON CONFLICT DO UPDATE SET at = excluded.at, event_id = excluded.event_id
   WHERE (excluded.at, excluded.event_id) > (at, event_id);
 END;
INSERT OR IGNORE INTO opinion SELECT user_id, track_id, at, event_id FROM listening_event
 WHERE kind IN ('like', 'dislike') ORDER BY at DESC, event_id DESC;
DROP INDEX IF EXISTS listening_event_opinion;
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_WRITE = "INSERT OR IGNORE INTO listening_event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# Without the user, who is known: a column less is a third of the time of a long history.
_READ_LATEST = """
SELECT event_id, at, track_id, kind, ms_played, context, count FROM listening_event
 WHERE user_id = ? ORDER BY at DESC, event_id DESC LIMIT ?
"""
_READ_OLDER_OPINIONS = """
SELECT e.event_id, e.at, e.track_id, kind, ms_played, context, count
 FROM opinion o JOIN listening_event e ON e.user_id = o.user_id AND e.event_id = o.event_id
 WHERE o.user_id = ? AND (o.at, o.event_id) < (?, ?) ORDER BY o.at DESC, o.event_id DESC LIMIT ?
"""
_KINDS = {kind.value: kind for kind in EventKind}  # calling the enum takes as long as the rest of an event


@dataclass(frozen=True, slots=True)
class _Opened:
    """A connection, to which file (device, number) by which process: no handle survives a fork."""

    connection: sqlite3.Connection
    file: tuple[int, int]
    process: int

    def __del__(self) -> None:
        if self.process == os.getpid():  # a child would end what its parent is still at
            self.connection.close()


_Row = tuple[str, str, str, str, str, int | None, str, float]


class SqliteState:
    """A `ListeningState` in a file, which the first call makes; any number of threads and processes may.

    A connection serves one call at a time and stays open for the next: opening takes longer than reading.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Opened] = []
        # Nobody closes a state: its connections are closed when the last reference to it goes.
        weakref.finalize(self, _close, self._idle)

    def record(self, events: Sequence[Event]) -> Recorded:
        """See `ListeningState.record`. All or none are kept; half a million take seconds."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")  # wait for another writer now, not halfway through
            new = connection.executemany(_WRITE, map(_row, events)).rowcount if events else 0
        return Recorded(new, len(events) - new)

    def read_recent(self, user_id: str, limit: int = RECENT, opinions: int = MOST_OPINIONS) -> list[Event]:
        """See `ListeningState.read_recent`."""
        with self._open() as connection:
            latest = _events(user_id, connection.execute(_READ_LATEST, (user_id, limit)))
            if len(latest) < limit:
                return latest
            oldest = latest[-1]
            place = (user_id, _instant(oldest), oldest.event_id, opinions)
            return latest + _events(user_id, connection.execute(_READ_OLDER_OPINIONS, place))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            opened = self._take()
            try:
                with opened.connection:
                    yield opened.connection
            except BaseException:
                opened.connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StateUnavailableError(
                f"{self._path}: {error}. SEGUE_STATE must name a writable file that Segue made, or a new one."
            ) from error
        self._idle.append(opened)

    def _take(self) -> _Opened:
        """Return a connection that is free, or a new one, to the very file that has the name now."""
        if not self._path.exists():
            self._make()
        found = self._path.stat()
        mine = ((found.st_dev, found.st_ino), os.getpid())
        with suppress(IndexError):
            if ((idle := self._idle.pop()).file, idle.process) == mine:
                return idle
            idle.connection.close()
        opened = _Opened(sqlite3.connect(self._path, timeout=_TIMEOUT_S, check_same_thread=False), *mine)
        if opened.connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
            opened.connection.executescript(_UPGRADE)
        return opened

    def _make(self) -> None:
        # Two processes that set WAL at once do not wait for each other, one fails: so the file appears whole.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
        try:
            with closing(sqlite3.connect(unfinished)) as connection:
                connection.executescript(_SCHEMA + _UPGRADE)
            with suppress(FileExistsError):
                os.link(unfinished, self._path)
        finally:
            unfinished.unlink(missing_ok=True)


def _close(idle: list[_Opened]) -> None:
    for opened in idle:
        opened.connection.close()


def _instant(event: Event) -> str:
    return event.at.isoformat(timespec="microseconds")


def _row(event: Event) -> _Row:
    return (
        event.user_id,
        event.event_id,
        _instant(event),
        event.track_id,
        event.kind.value,
        event.ms_played,
        event.context,
        event.count,
    )


def _events(user_id: str, rows: Iterable[tuple[str, str, str, str, int | None, str, float]]) -> list[Event]:
    if not (columns := tuple(zip(*rows, strict=True))):
        return []
    ids, times, tracks, kinds, ms, contexts, counts = columns
    at, kind = map(datetime.fromisoformat, times), map(_KINDS.__getitem__, kinds)
    return stored_events(user_id, zip(ids, at, tracks, kind, ms, contexts, counts, strict=True))
