"""What the connections that wait between calls must not do."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segue.domain.event import Event, EventKind
from segue.errors import StateUnavailableError
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
        assert len(state.read_recent("ann")) == number + 1
    assert n_open(path) == 1
    del state
    assert n_open(path) == 0


def test_a_file_that_takes_the_place_of_another_is_read(path: Path) -> None:
    state = SqliteState(path)
    state.record([event(1)])
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    assert state.read_recent("ann") == []
    state.record([event(2)])
    assert [each.event_id for each in SqliteState(path).read_recent("ann")] == ["e002"]


def test_after_an_error_the_next_call_begins_anew(path: Path) -> None:
    state = SqliteState(path)
    state.record([event(1)])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TABLE listening_event")
    with pytest.raises(StateUnavailableError):
        state.read_recent("ann")
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    state.record([event(3)])
    assert [each.event_id for each in state.read_recent("ann")] == ["e003"]


def test_threads_share_connections_one_call_at_a_time(path: Path) -> None:
    state = SqliteState(path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: state.record([event(number)]), range(60)))
        counts = list(pool.map(lambda _: len(state.read_recent("ann")), range(60)))
    assert counts == [60] * 60
