"""A music store in the Chinook schema for the runtime tests and the cold-start benchmark.

Customers are loyal: four of five purchases are of their favourite genre, and half of them favour Rock.
Customer 12 favours Rock, customer 13 never bought anything.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GENRES = ("Rock", "Jazz", "Metal", "Latin", "Blues", "Classical")
NO_PURCHASES = 13
_FAVOURITES = ("Rock", "Rock", "Rock", "Jazz", "Metal", "Latin")
_SCHEMA = """
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, first_name TEXT);
CREATE TABLE invoice (invoice_id INTEGER PRIMARY KEY, customer_id INTEGER, invoice_date TEXT);
CREATE TABLE invoice_line (invoice_line_id INTEGER PRIMARY KEY, invoice_id INTEGER, track_id INTEGER,
                           unit_price NUMERIC, quantity INTEGER);
CREATE TABLE track (track_id INTEGER PRIMARY KEY, genre_id INTEGER, unit_price NUMERIC);
CREATE TABLE genre (genre_id INTEGER PRIMARY KEY, name TEXT);
CREATE INDEX invoice_of ON invoice (customer_id);
CREATE INDEX line_of ON invoice_line (invoice_id);
"""


def write_store(path: Path, customers: int = 150, seed: int = 1) -> Path:
    """Write the SQLite file; every customer but one buys three tracks a month for a year."""
    random = Random(seed)  # noqa: S311
    genre_id = {name: row for row, name in enumerate(GENRES, 1)}
    invoices: list[tuple[int, int, str]] = []
    lines: list[tuple[int, int, int]] = []
    for customer in (c for c in range(1, customers + 1) if c != NO_PURCHASES):
        favourite = genre_id[_FAVOURITES[customer % len(_FAVOURITES)]]
        for month in range(12):
            at = datetime(2026, 1, 1) + timedelta(days=30 * month + random.randrange(28))  # noqa: DTZ001
            invoices.append((len(invoices) + 1, customer, at.isoformat(" ")))
            for _ in range(3):
                genre = favourite if random.random() < 0.8 else random.randrange(1, len(GENRES) + 1)
                lines.append((len(lines) + 1, len(invoices), genre))
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_SCHEMA)
        database.executemany("INSERT INTO genre VALUES (?, ?)", enumerate(GENRES, 1))
        database.executemany(  # one track a genre is as good as many: only the genre counts
            "INSERT INTO track VALUES (?, ?, 0.99)", [(row, row) for row in genre_id.values()]
        )
        database.executemany(
            "INSERT INTO customer VALUES (?, ?)", [(c, f"Customer {c}") for c in range(1, customers + 1)]
        )
        database.executemany("INSERT INTO invoice VALUES (?, ?, ?)", invoices)
        database.executemany("INSERT INTO invoice_line VALUES (?, ?, ?, 0.99, 1)", lines)
    return path
