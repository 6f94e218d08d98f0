"""A small music store with known answers, in any spelling, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.genre_preference.purchase import NO_GENRE, Purchases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPELLINGS: dict[str, Callable[[str], str]] = {
    "snake_case": str,
    "PascalCase": lambda name: "".join(word.capitalize() for word in name.split("_")),
    "UPPER_CASE": str.upper,
}

COLUMNS = {
    "customer": {"customer_id": "INTEGER", "first_name": "VARCHAR(40)"},
    "invoice": {"invoice_id": "INTEGER", "customer_id": "INTEGER", "invoice_date": "TIMESTAMP"},
    "invoice_line": {
        "invoice_line_id": "INTEGER",
        "invoice_id": "INTEGER",
        "track_id": "INTEGER",
        "unit_price": "NUMERIC(10,4)",
        "quantity": "INTEGER",
    },
    "track": {"track_id": "INTEGER", "genre_id": "INTEGER", "unit_price": "NUMERIC(10,2)"},
    "genre": {"genre_id": "INTEGER", "name": "VARCHAR(120)"},
}

# Genres 1 and 4 share a name, 5 has none; tracks 5 and 6 carry no name, 8 points at no genre at all.
# No line was sold at its track's present price. Customer 3 has no invoice, 41 an invoice without lines.
_VALUES = {
    "customer": "(40, 'Zoë'), (1, 'Ann'), (3, 'Never'), (2, 'O''Hara'), (41, 'Empty')",
    "invoice": """
        (10, 1, '2021-01-01 00:00:00'), (11, 1, '2021-03-05 13:14:15.678'), (12, 1, '2021-06-01 08:00:00'),
        (13, 2, '2020-12-31 23:59:59'), (14, 41, '2021-02-02 02:02:02'),
        (16, 40, '2021-05-05 05:05:05'), (15, 40, '2021-05-05 05:05:05')""",
    "invoice_line": """
        (1, 10, 1, 0.99, 1), (2, 10, 4, 1.99, 2), (3, 10, 2, 0.99, 1),
        (4, 11, 6, 0.50, 1), (5, 11, 5, 0.25, 1), (6, 11, 8, 0.25, 1),
        (7, 12, 1, 0.99, -1),
        (8, 13, 3, 10.005, 1), (9, 13, 7, 0.0001, 3), (10, 13, 9, 1, 1),
        (11, 16, 2, 2, 1), (12, 15, 2, 1, 4)""",
    "track": """(1, 1, 5), (2, 2, 5), (3, 3, 5), (4, 4, 5), (5, 5, 5), (6, NULL, 5), (7, 6, 5), (8, 99, 5),
        (9, 7, 5)""",
    "genre": "(1, 'Rock'), (2, 'Jazz'), (3, 'Música'), (4, 'Rock'), (5, NULL), (6, 'alpha'), (7, 'Ölpop''s')",
}

GENRES = ("Jazz", "Música", "Rock", "alpha", "Ölpop's")
CUSTOMERS = (1, 2, 3, 40, 41)
ROWS = [
    # customer, at, genre, spend, quantity
    (1, "2021-01-01T00:00:00", 0, 9_900, 1),
    (1, "2021-01-01T00:00:00", 2, 49_700, 3),
    (1, "2021-03-05T13:14:15", NO_GENRE, 10_000, 3),
    (1, "2021-06-01T08:00:00", 2, -9_900, -1),
    (2, "2020-12-31T23:59:59", 1, 100_050, 1),
    (2, "2020-12-31T23:59:59", 3, 3, 3),
    (2, "2020-12-31T23:59:59", 4, 10_000, 1),
    (40, "2021-05-05T05:05:05", 0, 40_000, 4),
    (40, "2021-05-05T05:05:05", 0, 20_000, 1),
]


def store_script(spell: Callable[[str], str] = str, types: Mapping[str, str] | None = None) -> str:
    """Return the SQL that makes the store; ``types`` replaces the types of the columns it names."""
    statements = []
    for table, columns in COLUMNS.items():
        typed = (f'"{spell(name)}" {(types or {}).get(name, kind)}' for name, kind in columns.items())
        statements.append(f'CREATE TABLE "{spell(table)}" ({", ".join(typed)});')
        statements.append(f'INSERT INTO "{spell(table)}" VALUES {_VALUES[table]};')
    return "\n".join(statements)


def sale_script(spell: Callable[[str], str] = str) -> str:
    """Return the SQL by which customer 3 buys a first track: Jazz, for 1.50."""
    return (
        f"""INSERT INTO "{spell("invoice")}" VALUES (17, 3, '2022-02-02 02:02:02');"""
        f"""INSERT INTO "{spell("invoice_line")}" VALUES (13, 17, 2, 1.5, 1);"""
    )


def expected_purchases(customer_id: int | None = None) -> Purchases:
    """Return what must be read of one customer, or of all."""
    rows = [row for row in ROWS if customer_id in {None, row[0]}]
    customer, at, genre, spend, quantity = zip(*rows, strict=True) if rows else ((),) * 5
    return Purchases(
        customers=np.array([i for i in CUSTOMERS if customer_id in {None, i}], np.int64),
        genres=GENRES,
        customer_id=np.array(customer, np.int64),
        at=np.array(at, "datetime64[s]"),
        genre_index=np.array(genre, np.int32),
        spend=np.array(spend, np.int64),
        quantity=np.array(quantity, np.int64),
    )


def assert_same(found: Purchases, expected: Purchases) -> None:
    """Require equal genres, and columns equal in values and dtype."""
    assert found.genres == expected.genres
    for column in ("customers", "customer_id", "at", "genre_index", "spend", "quantity"):
        left, right = getattr(found, column), getattr(expected, column)
        assert left.dtype == right.dtype, column
        np.testing.assert_array_equal(left, right, err_msg=column)
