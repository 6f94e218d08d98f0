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

from segue.domain.listening.event import Event, EventKind, stored_events
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, ListenerRecord, Target
from segue.domain.listening.feedback import AnswerEvent, Feedback
from segue.errors import StateUnavailableError
from segue.state.listening import MOST_OPINIONS, RECENT, Recorded
from segue.state.sqlite_schema import SCHEMA, UPGRADE, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_TIMEOUT_S = 4.0
_WRITE_EVENT = "INSERT OR IGNORE INTO listening_event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_WRITE_EXCLUSION = "INSERT OR IGNORE INTO exclusion_event VALUES (?, ?, ?, ?, ?, ?, ?)"
_WRITE_ANSWER = "INSERT OR IGNORE INTO answer_event VALUES (?, ?, ?, ?, ?, ?, ?)"
_MAKE_LOADED = "CREATE TABLE IF NOT EXISTS loaded (origin TEXT PRIMARY KEY) WITHOUT ROWID"
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
_READ_EXCLUSIONS = """
SELECT kind, target, value, at, event_id FROM exclusion
 WHERE user_id = ? AND kind IN ('block', 'ignore') ORDER BY at DESC, event_id DESC
"""
_KINDS = {kind.value: kind for kind in EventKind}  # calling the enum takes as long as the rest of an event


@dataclass(frozen=True, slots=True)
class _Opened:
    """A connection, its file (device, number) and its process: no handle survives a fork."""

    connection: sqlite3.Connection
    file: tuple[int, int]
    process: int

    def __del__(self) -> None:
        if self.process == os.getpid():  # a child must not close its parent's connection
            self.connection.close()


class SqliteState:
    """A `ListeningState` in a file, which the first call creates. Threads and processes can share the file.

    A connection serves one call at a time and stays open for the next: opening takes longer than reading.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Opened] = []
        # A state has no close method: its connections close when its last reference goes.
        weakref.finalize(self, _close, self._idle)

    def record(self, events: Sequence[Feedback]) -> Recorded:
        """See `ListeningState.record`. All or none are kept; half a million take seconds."""
        writes = (
            (_WRITE_EVENT, [_row(each) for each in events if isinstance(each, Event)]),
            (_WRITE_EXCLUSION, [_exclusion_row(each) for each in events if isinstance(each, Exclusion)]),
            (_WRITE_ANSWER, [_answer_row(each) for each in events if isinstance(each, AnswerEvent)]),
        )
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")  # wait for another writer now, not halfway through
            new = sum(connection.executemany(sql, rows).rowcount for sql, rows in writes if rows)
        return Recorded(new, len(events) - new)

    def is_loaded(self, origin: str) -> bool:
        """Return whether `keep_loaded` recorded these files: their events are stored, or were deleted."""
        with self._open() as connection:
            connection.execute(_MAKE_LOADED)
            found = connection.execute("SELECT 1 FROM loaded WHERE origin = ?", (origin,)).fetchone()
        return found is not None

    def keep_loaded(self, origin: str) -> None:
        """Remember files whose events were all recorded, by a digest of them."""
        with self._open() as connection:
            connection.execute(_MAKE_LOADED)
            connection.execute("INSERT OR IGNORE INTO loaded VALUES (?)", (origin,))

    def read_listener(
        self, user_id: str, limit: int = RECENT, opinions: int = MOST_OPINIONS
    ) -> ListenerRecord:
        """See `ListeningState.read_listener`."""
        with self._open() as connection:
            exclusions = _exclusions(user_id, connection.execute(_READ_EXCLUSIONS, (user_id,)))
            events = _events(user_id, connection.execute(_READ_LATEST, (user_id, limit)))
            if events and len(events) == limit:
                place = (user_id, _instant(events[-1]), events[-1].event_id, opinions)
                events += _events(user_id, connection.execute(_READ_OLDER_OPINIONS, place))
            return ListenerRecord(events, exclusions)

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
        if opened.connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            opened.connection.executescript(UPGRADE)
        return opened

    def _make(self) -> None:
        # Two processes that set WAL at once do not wait for each other, one fails: so the file appears whole.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
        try:
            with closing(sqlite3.connect(unfinished)) as connection:
                connection.executescript(SCHEMA + UPGRADE)
            with suppress(FileExistsError):
                os.link(unfinished, self._path)
        finally:
            unfinished.unlink(missing_ok=True)


def _close(idle: list[_Opened]) -> None:
    for opened in idle:
        opened.connection.close()


def _instant(event: Feedback) -> str:
    return event.at.isoformat(timespec="microseconds")


def _exclusion_row(event: Exclusion) -> tuple[str, ...]:
    head = (event.user_id, event.event_id, _instant(event))
    return (*head, event.kind.value, event.target.value, event.value, event.key)


def _answer_row(event: AnswerEvent) -> tuple[str | int, ...]:
    head = (event.user_id, event.event_id, _instant(event))
    return (*head, event.kind.value, event.track_id, event.request_id, event.position)


def _exclusions(user_id: str, rows: Iterable[tuple[str, str, str, str, str]]) -> list[Exclusion]:
    return [
        Exclusion(user_id, ExclusionKind(kind), Target(target), value, datetime.fromisoformat(at), event_id)
        for kind, target, value, at, event_id in rows
    ]


def _row(event: Event) -> tuple[str | int | float | None, ...]:
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
