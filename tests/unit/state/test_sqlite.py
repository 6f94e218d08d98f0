"""What the connections that wait between calls must not do."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segue.domain.listening.event import Event, EventKind
from segue.errors import StateUnavailableError
from segue.state.listening import MOST_OPINIONS, RECENT
from segue.state.sqlite import SqliteState

HANDLES = Path("/proc/self/fd")
AT = datetime(2026, 5, 1, tzinfo=UTC)


def event(number: int) -> Event:
    return Event("ann", f"t{number}", EventKind.PLAY, AT, f"e{number:03}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


def n_open(path: Path) -> int:
    """Handles of this process on the file itself."""
    return sum(handle.resolve() == path for handle in HANDLES.iterdir())


@pytest.mark.skipif(not HANDLES.is_dir(), reason="handles are counted by /proc")
def test_one_connection_serves_calls_that_follow_each_other_and_is_closed_in_the_end(path: Path) -> None:
    state = SqliteState(path)
    for number in range(5):
        state.record([event(number)])
        assert len(state.read_listener("ann").events) == number + 1
    assert n_open(path) == 1
    del state
    assert n_open(path) == 0


def test_a_file_that_takes_the_place_of_another_is_read(path: Path) -> None:
    state = SqliteState(path)
    state.record([event(1)])
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    assert state.read_listener("ann").events == []
    state.record([event(2)])
    assert [each.event_id for each in SqliteState(path).read_listener("ann").events] == ["e002"]


def test_after_an_error_the_next_call_begins_anew(path: Path) -> None:
    state = SqliteState(path)
    state.record([event(1)])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TABLE listening_event")
    with pytest.raises(StateUnavailableError):
        state.read_listener("ann")
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    state.record([event(3)])
    assert [each.event_id for each in state.read_listener("ann").events] == ["e003"]


def test_threads_share_connections_one_call_at_a_time(path: Path) -> None:
    state = SqliteState(path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: state.record([event(number)]), range(60)))
        counts = list(pool.map(lambda _: len(state.read_listener("ann").events), range(60)))
    assert counts == [60] * 60


def test_a_file_of_an_earlier_release_is_brought_up_to_date(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript("""
        PRAGMA journal_mode = WAL;
        CREATE TABLE listening_event (
          user_id TEXT NOT NULL, event_id TEXT NOT NULL, at TEXT NOT NULL, track_id TEXT NOT NULL,
          kind TEXT NOT NULL, ms_played INTEGER, context TEXT NOT NULL, count REAL NOT NULL,
          PRIMARY KEY (user_id, event_id)) WITHOUT ROWID;
        CREATE INDEX listening_event_recency ON listening_event
         (user_id, at, event_id, track_id, kind, ms_played, context, count);
        CREATE INDEX listening_event_opinion ON listening_event (user_id, at, event_id)
         WHERE kind IN ('like', 'dislike');
        INSERT INTO listening_event VALUES
         ('ann', 'e1', '2026-05-01T00:00:00.000000+00:00', 't1', 'like', NULL, '', 1.0),
         ('ann', 'e2', '2026-05-01T00:00:01.000000+00:00', 't1', 'dislike', NULL, '', 1.0),
         ('ann', 'e3', '2026-05-01T00:00:02.000000+00:00', 't2', 'play', NULL, '', 1.0);
        """)
    for state in (SqliteState(path), SqliteState(path)):
        assert [each.event_id for each in state.read_listener("ann", 1).events] == ["e3", "e2"]
    state.record([replace(event(9), track_id="t1", kind=EventKind.LIKE, at=AT + timedelta(days=1))])
    assert [each.event_id for each in state.read_listener("ann", 1).events] == ["e009"]


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE track (id)")
    with pytest.raises(StateUnavailableError, match="no such table"):
        SqliteState(path).read_listener("ann")
    with closing(sqlite3.connect(path)) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_schema")] == ["track"]


def test_a_bounded_number_of_opinions_is_read(path: Path) -> None:
    state = SqliteState(path)
    state.record(
        [replace(event(number), kind=EventKind.LIKE) for number in range(RECENT + MOST_OPINIONS + 1)]
    )
    found = state.read_listener("ann").events
    assert len(found) == RECENT + MOST_OPINIONS
    assert "t0" not in {each.track_id for each in found}
