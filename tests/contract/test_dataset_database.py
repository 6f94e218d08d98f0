"""Every database gives the same catalogue, events and friends."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import psycopg
import pytest

from segue.domain.event import EVENT_KINDS
from segue.errors import SourceSchemaError
from segue.sources.dataset import Effect, read_catalogue, read_friends, read_interactions
from tests.contract.dataset_store import CHINOOK, MORE

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN = "CREATE VIEW broken AS SELECT * FROM nowhere;"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes a database of a script, and tells where it is."""

    def in_sqlite(script: str) -> str:
        with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
            connection.executescript(script + BROKEN)  # as databases have them
        return str(tmp_path / "store.db")

    def in_postgresql(script: str) -> str:
        url, schema = request.getfixturevalue("postgresql"), f"s{uuid.uuid4().hex}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}; {script}")
        return f"{url}&options={quote(f'-csearch_path={schema}')}"

    return in_sqlite if request.param == "sqlite" else in_postgresql


def pairs(location: str) -> list[tuple[str, str, str, float]]:
    interactions, _ = read_interactions(location)
    return [
        (
            str(interactions.users.item_id[interactions.user_index[i]]),
            str(interactions.items.item_id[interactions.item_index[i]]),
            EVENT_KINDS[interactions.kind[i]].value,
            float(interactions.count[i]),
        )
        for i in range(len(interactions))
    ]


def test_a_chinook_store_has_a_catalogue_and_purchases(store: Callable[[str], str]) -> None:
    path = store(CHINOOK)
    catalogue, _ = read_catalogue(path)
    assert catalogue.vocabulary.item_id.tolist() == ["1", "10", "2"]
    assert list(catalogue.name) == ["One", "Ten", "Two"]
    assert list(catalogue.album) == ["High", "", "Low"]
    assert [catalogue.artists.of(row) for row in range(3)] == [("AC;DC",), (), ()]
    assert [catalogue.genres.of(row) for row in range(3)] == [("Rock",), (), ("Jazz",)]
    assert catalogue.duration_s[0] == 1.5
    assert np.isnan(catalogue.duration_s[1:]).all()
    assert catalogue.low_level_names == ()
    assert pairs(path) == [("7", "1", "purchase", 2), ("7", "2", "purchase", 1), ("8", "10", "purchase", 1)]
    friends, account = read_friends(path)
    assert (len(friends.users), account.result) == (0, "0 friendships of 0 users")


def test_tables_beside_chinook_add_features_genres_events_and_friends(store: Callable[[str], str]) -> None:
    path = store(CHINOOK + MORE)
    catalogue, account = read_catalogue(path)
    assert [catalogue.genres.of(row) for row in range(3)] == [("Rock", "Jazz"), ("Jazz",), ("Jazz", "Rock")]
    assert catalogue.audio[0, :3].tolist() == pytest.approx([0.5, np.nan, 11], nan_ok=True)
    assert np.isnan(catalogue.audio[1:]).all()
    assert catalogue.duration_s[0] == 1.5  # what both tables say is the track's
    assert catalogue.low_level_names == ("sheen",)
    assert catalogue.low_level[:2, 0].tolist() == [0.25, 0.5]
    assert account.count(Effect.BLANKED) == 3
    # The purchase that stands in both is one, and keeps the word of the interactions.
    assert pairs(path) == [
        ("7", "1", "purchase", 1),
        ("7", "2", "purchase", 1),
        ("8", "10", "purchase", 1),
        ("9", "2", "play", 1),
    ]
    friends, account = read_friends(path)
    assert [friends.users.item_id[friends.of(row)].tolist() for row in range(3)] == [["8", "9"], ["7"], ["7"]]
    assert [(found.reason, found.count) for found in account.findings] == [
        ("is their own friend", 1),
        ("repeats another pair, either way round", 2),
    ]


def test_a_table_of_interactions_is_enough(store: Callable[[str], str]) -> None:
    path = store(
        "CREATE TABLE Interaction (user_id TEXT, item TEXT, at TIMESTAMP, count INTEGER);"
        "INSERT INTO Interaction VALUES ('u', 'a', NULL, NULL), ('v', 'b', '2024-01-01 00:00:01', 3);"
    )
    assert pairs(path) == [("u", "a", "play", 1), ("v", "b", "play", 3)]
    assert str(read_interactions(path)[0].at[1]) == "2024-01-01T00:00:01"
    with pytest.raises(SourceSchemaError, match="has no table `track`"):
        read_catalogue(path)
