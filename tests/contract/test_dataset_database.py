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

from segue.domain.listening.event import EVENT_KINDS
from segue.errors import SourceSchemaError
from segue.sources.dataset import Effect, read_catalogue, read_friends, read_interactions
from segue.sources.store import open_store
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
        ("repeats another pair, in either direction", 2),
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


PORT = """
CREATE TABLE customers (CustomerId INTEGER, Email TEXT);
CREATE TABLE invoices (id INTEGER, CustomerId INTEGER, InvoiceDate TEXT);
CREATE TABLE {lines} (id INTEGER, InvoiceId INTEGER, TrackId INTEGER, UnitPrice NUMERIC, Quantity INTEGER);
CREATE TABLE tracks (id INTEGER, Name TEXT, album_id INTEGER, genre_id INTEGER);
CREATE TABLE albums (id INTEGER, title TEXT, artist_id INTEGER);
CREATE TABLE artists (id INTEGER, name TEXT);
CREATE TABLE genres (id INTEGER, description TEXT);
INSERT INTO customers VALUES (7, 'x');
INSERT INTO invoices VALUES (1, 7, '2024-01-01 00:00:00');
INSERT INTO {lines} VALUES (1, 1, 5, 0.99, 2);
INSERT INTO tracks VALUES (5, 'One', 3, 2);
INSERT INTO albums VALUES (3, 'High', 4);
INSERT INTO artists VALUES (4, 'AC/DC');
INSERT INTO genres VALUES (2, 'Rock');
"""


@pytest.mark.parametrize("lines", ["invoice_items", "invoice_item", "InvoiceLines"])
def test_every_command_reads_the_plurals_of_ports(store: Callable[[str], str], lines: str) -> None:
    path = store(PORT.format(lines=lines))
    catalogue, _ = read_catalogue(path)
    assert (catalogue.name[0], catalogue.album[0]) == ("One", "High")
    assert (catalogue.artists.of(0), catalogue.genres.of(0)) == (("AC/DC",), ("Rock",))
    assert pairs(path) == [("7", "5", "purchase", 2)]
    with open_store(path) as database:
        purchases = database.read_purchases()
    assert (purchases.genres, purchases.customers.tolist(), purchases.quantity.tolist()) == (
        ("Rock",),
        [7],
        [2],
    )


def test_chinooks_own_name_goes_before_the_plural(store: Callable[[str], str]) -> None:
    view = "CREATE VIEW genre AS SELECT id AS genre_id, upper(description) AS name FROM genres;"
    path = store(PORT.format(lines="invoice_items") + view)
    with open_store(path) as database:
        assert database.read_purchases().genres == ("ROCK",)
    assert read_catalogue(path)[0].genres.of(0) == ("ROCK",)


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ("CREATE TABLE genre (genre_id INTEGER, colour TEXT);", "has no column name"),
        ("CREATE TABLE genres (colour TEXT);", "has no column genre_id and no name"),
        ("CREATE TABLE track_genre (track_id INTEGER);", "has no column genre_id"),
        ("CREATE TABLE artist (artist_id INTEGER);", "has no column name"),
        ("CREATE TABLE album (title TEXT);", "has no column album_id"),
        ("CREATE TABLE track_feature (energy REAL);", "has no column track_id"),
    ],
)
def test_a_table_that_lacks_a_column_is_left_out_and_told(
    store: Callable[[str], str], beside: str, why: str
) -> None:
    track = "CREATE TABLE track (track_id INTEGER, name TEXT, genre_id INTEGER, album_id INTEGER);"
    path = store(f"{track} INSERT INTO track VALUES (1, 'One', 2, 3); {beside}")
    catalogue, account = read_catalogue(path)
    assert (catalogue.name[0], catalogue.genres.of(0)) == ("One", ())
    assert [found.reason for found in account.findings if found.column.startswith("table ")] == [why]


def test_a_column_that_is_needed_is_named(store: Callable[[str], str]) -> None:
    lines = "CREATE TABLE invoice_line (invoice_id INTEGER, track_id INTEGER);"
    path = store(f"CREATE TABLE invoice (customer_id INTEGER, total REAL); {lines}")
    with pytest.raises(SourceSchemaError, match=r"table invoice, has no column invoice_id \(or id\)"):
        read_interactions(path)
