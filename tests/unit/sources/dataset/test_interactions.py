"""Interactions: kinds, times, counts and repeats; and the events of the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.domain.listening.event import EVENT_KINDS, Event, EventKind
from segue.errors import SourceSchemaError
from segue.sources.dataset import Effect, read_interactions
from segue.sources.dataset.history import to_events
from segue.sources.dataset.location import read_lake
from segue.sources.lake import lake_key, write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.listening.interactions import Interactions
    from segue.sources.dataset import Account

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read(folder: Path, text: str) -> tuple[Interactions, Account]:
    path = folder / "events.csv"
    path.write_text(text, encoding="utf-8")
    return read_interactions(path, now=NOW)


def rows(interactions: Interactions) -> list[tuple[str, str, str, str, float, int, str]]:
    n = range(len(interactions))
    return [
        (
            str(interactions.users.item_id[interactions.user_index[i]]),
            str(interactions.items.item_id[interactions.item_index[i]]),
            EVENT_KINDS[interactions.kind[i]].value,
            str(interactions.at[i]),
            float(interactions.count[i]),
            int(interactions.ms_played[i]),
            interactions.contexts[interactions.context[i]],
        )
        for i in n
    ]


def told(account: Account, effect: Effect) -> dict[tuple[str, str], int]:
    return {(found.column, found.reason): found.count for found in account.findings if found.effect is effect}


def test_events_are_sorted_by_user_time_and_track(tmp_path: Path) -> None:
    interactions, account = read(
        tmp_path,
        "user,track,event,timestamp,ms_played,context\n"
        "v,b,Like,2024-01-02T00:00:00Z,,\n"
        "u,b,thumbs down,,-1,work\n"
        "u,c,play,1704067201000,1000,work\n"
        "u,a,SKIP,2024-01-01 00:00:01,99999999999,party\n"
        "u,b,play,2024-01-01 00:00:00,0,?\n",
    )
    assert rows(interactions) == [
        ("u", "b", "play", "2024-01-01T00:00:00", 1, 0, ""),
        ("u", "a", "skip", "2024-01-01T00:00:01", 1, -1, "party"),
        ("u", "c", "play", "2024-01-01T00:00:01", 1, 1000, "work"),
        ("u", "b", "dislike", "NaT", 1, -1, "work"),
        ("v", "b", "like", "2024-01-02T00:00:00", 1, -1, ""),
    ]
    assert interactions.contexts == ("", "party", "work")
    assert told(account, Effect.BLANKED) == {
        ("ms_played", "-1 stands for missing"): 1,
        ("ms_played", "outside 0 … 86400000"): 1,
        ("context", "stands for missing"): 1,
    }


def test_rows_that_are_no_event_are_dropped_with_the_reason(tmp_path: Path) -> None:
    interactions, account = read(
        tmp_path,
        "user_id,item_id,kind,plays,extra\nu,a,play,3,x\n,a,play,1,x\nu,?,play,1,x\nu,b,dance,1,x\nu,c,play,0,x\n"
        "u,d,play,-5,x\nu,e,,?,x\n",
    )
    assert [row[1:3] + row[4:5] for row in rows(interactions)] == [("a", "play", 3), ("e", "play", 1)]
    assert told(account, Effect.DROPPED) == {
        ("user_id", "no id"): 1,
        ("item_id", "no id"): 1,
        ("kind", "unknown kind of event"): 1,
        ("plays", "counts no event"): 2,
    }
    assert told(account, Effect.IGNORED) == {("extra", "unknown"): 1}
    assert account.rows_read - account.count(Effect.DROPPED) == len(interactions)


def test_repeats_with_a_time_are_one_event_and_without_are_many(tmp_path: Path) -> None:
    interactions, account = read(
        tmp_path,
        "user,track,at\nu,a,2024-01-01\nu,a,2024-01-01\nu,a,2024-01-02\nu,b,\nu,b,\nu,b,\nv,b,\n",
    )
    assert [row[:2] + row[3:5] for row in rows(interactions)] == [
        ("u", "a", "2024-01-01T00:00:00", 1),
        ("u", "a", "2024-01-02T00:00:00", 1),
        ("u", "b", "NaT", 3),
        ("v", "b", "NaT", 1),
    ]
    assert account.count(Effect.DROPPED) == 1
    assert account.count(Effect.MERGED) == 2


def test_an_impossible_count_counts_once_and_is_reported(tmp_path: Path) -> None:
    interactions, account = read(tmp_path, "user,track,plays\nu,a,3e38\nu,b,1000001\nu,c,1000000\nu,d,1e39\n")
    assert interactions.count.tolist() == [1, 1, 1_000_000, 1]
    assert told(account, Effect.BLANKED)["plays", "more than 1000000 times, taken as 1"] == 2


def test_repeats_that_say_how_often_are_one_row(tmp_path: Path) -> None:
    interactions, account = read(tmp_path, "user,track,weight\nu,a,5\nu,a,5\nu,a,6\n")
    assert [row[4] for row in rows(interactions)] == [5, 6]
    assert account.count(Effect.DROPPED) == 1


def test_free_text_is_not_a_situation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.sources.dataset.interactions.MOST_CONTEXTS", 1)
    interactions, account = read(tmp_path, "user,track,context\nu,a,work\nu,b,work\nu,c,my note\n")
    assert [row[6] for row in rows(interactions)] == ["work", "work", ""]
    assert account.count(Effect.BLANKED) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,at\nu,2024\n", "has no column track_id"),
        ("name,plays\nu,1\n", "has no column user_id .* and no track_id"),
        ("user,track\n?,a\n", "no row is an event"),
    ],
)
def test_a_table_without_events_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceSchemaError, match=message):
        read(tmp_path, text)


def event(user: str, track: str, number: int, **more: object) -> Event:
    at = datetime(2024, 1, 1, 0, 0, number, 999_999, tzinfo=UTC)
    return Event(user, track, EventKind.LIKE, at, f"e{number}", **more)


def lake_object(*events: Event) -> tuple[str, bytes]:
    return lake_key(events, NOW), write_lines(events)


def test_the_lake_is_read_once_from_objects_and_from_a_folder(tmp_path: Path) -> None:
    one, two = event("u", "a", 1), event("v", "b", 2, ms_played=5, context="work")
    key, body = lake_object(one, two)
    objects = [(key, body + b"broken\n"), lake_object(two), lake_object(event("x" * 999, "a", 3))]
    interactions, account = read_lake(objects, "the lake")
    assert rows(interactions) == [
        ("u", "a", "like", "2024-01-01T00:00:01", 1, -1, ""),
        ("v", "b", "like", "2024-01-01T00:00:02", 1, 5, "work"),
    ]
    assert sorted(found.reason for found in account.findings if found.effect is Effect.DROPPED) == [
        "event that was accepted before",
        "line that holds no event",
    ]
    assert account.rows_read == 5
    for name, content in objects:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    again, _ = read_interactions(tmp_path)
    assert rows(again) == rows(interactions)


def test_a_young_lake_is_empty_and_no_error() -> None:
    interactions, account = read_lake([], "the lake")
    assert (len(interactions), len(interactions.users), account.rows_read) == (0, 0, 0)
    assert interactions.at.dtype == np.dtype("datetime64[s]")


def test_events_of_a_state_are_the_latest_and_every_opinion(tmp_path: Path) -> None:
    text = "user_id,track_id,event,at\n" + "".join(
        f"u,t{second},{kind},2024-01-01T00:00:0{second}\n"
        for second, kind in enumerate(["play", "dislike", "skip", "play", "like", "play", "play"])
    )
    interactions, _ = read(tmp_path, text)
    assert [found.track_id for found in to_events(interactions, 2)] == ["t1", "t4", "t5", "t6"]
